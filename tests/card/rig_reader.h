/* SPDX-License-Identifier: Apache-2.0 */
/* A rig's card as a reader sees it, so that the factory and the bureau can work on it. A cut of
 * power shows as a card that is gone. */
#ifndef KB_TESTS_CARD_RIG_READER_H
#define KB_TESTS_CARD_RIG_READER_H

#include "reader/reader.h"
#include "tests/card/rig.h"

struct rig_reader {
    struct kb_reader reader; /* first: a struct kb_reader * is one of these */
    struct rig *rig;
};

/* close does nothing: the caller owns both. */
void rig_reader_init(struct rig_reader *reader, struct rig *rig);

#endif
