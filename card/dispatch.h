/* SPDX-License-Identifier: Apache-2.0 */
/* From a command to the room that knows it. */
#ifndef KB_CARD_DISPATCH_H
#define KB_CARD_DISPATCH_H

#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

/* Runs a command of the standards or of the maker in the channel in use. cmd->cla is
 * KB_CLA_INTERINDUSTRY or KB_CLA_PROPRIETARY, without channel. false: there is no such command. */
bool kb_dispatch_run(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                     enum kb_sw *sw);

/* The same for a command with a whole class byte, that of a plan among them; its channel is open
 * and in use. */
enum kb_sw kb_dispatch(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

#endif
