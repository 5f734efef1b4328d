/* SPDX-License-Identifier: Apache-2.0 */
/* What the card and the service protect their packets with: one key set for both directions, a TAR
 * and a counter for each (docs/protocol.md). Private to card/ota; the way out is kb_ota_send. */
#ifndef KB_CARD_OTA_SERVICE_H
#define KB_CARD_OTA_SERVICE_H

#include "card/ota/secured.h"

struct kb_card;

/* KB_ERR_ABSENT: the maker put no packet keys in, or none of the cipher that
 * its plan for the air says (AES, or triple DES with two keys); or that plan cannot be read. The
 * caller wipes keys. */
enum kb_err kb_ota_service_keys(struct kb_card *card, struct kb_ota_keys *keys);

#endif
