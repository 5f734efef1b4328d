/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets of remote management: objects KB_OBJ_REMOTE_KEYS + set, each with a counter of its own
 * in KB_OBJ_REMOTE_CNTR + set (zeros from the maker). A set says what may be done with it, and
 * names its keys as secrets of the card (KB_OBJ_SECRET): one of a plan's, or those that the card
 * made with the operator, secrets 28 and 29 (KB_OBJ_OPERATOR_KEYS). A set whose keys are not there
 * yet takes nothing.
 *
 *     0     number, 1 .. 15: upper halves of KIc and KID
 *     1     flags, enum kb_remote_flag
 *     2     minimum security level, coded as the first octet of the SPI: a CC and a counter that
 *           must be higher, at least (TS 102 226 clause 6.1)
 *     3     access domain (clause 6.2): bit n: what PIN object n guards is granted
 *     4, 5  secrets that are KIc and KID
 *     6 ..  targets, KB_REMOTE_TARGET bytes each: TAR (3), FID (2) of what is selected when a
 *           script begins: 3F00 or that of an ADF or DF below the MF. No target at all: those of
 *           the card's other sets.
 */
#ifndef KB_CARD_OTA_REMOTE_KEYS_H
#define KB_CARD_OTA_REMOTE_KEYS_H

#include "card/ota/secured.h"
#include "wire/packet.h"

struct kb_card;

enum {
    KB_REMOTE_SETS = 4,
    KB_REMOTE_HEAD = 6,
    KB_REMOTE_TARGET = KB_TAR_SIZE + 2,
    KB_REMOTE_TARGETS = 8,
    KB_REMOTE_SET_MAX = KB_REMOTE_HEAD + KB_REMOTE_TARGETS * KB_REMOTE_TARGET,
    KB_REMOTE_LEAST = 0x12 /* of the minimum security level */
};

enum kb_remote_flag {
    KB_REMOTE_OLD = 0x01,     /* triple DES with two or three keys, and not AES */
    KB_REMOTE_SHORT_CC = 0x02 /* CCs of four bytes; AES only */
};

/* A set that fits a packet. keys are the caller's to wipe. */
struct kb_remote_set {
    uint8_t index;
    uint8_t grants;
    uint16_t start; /* FID */
    struct kb_ota_keys keys;
    struct kb_ota_target target;
};

/* KB_ERR_MALFORMED, KB_ERR_RANGE: not a key set as above. */
enum kb_err kb_remote_set_check(struct kb_span object);

/* The set whose number and target the packet names. false: there is none, or its keys are not
 * there; then nothing of it is in out. */
bool kb_remote_find(struct kb_card *card, const struct kb_packet *packet,
                    struct kb_remote_set *out);

/* The operator's keys are new: counters of sets whose KID is one of them begin again, as a part of
 * the caller's transaction. Under any other KID old packets are still authentic. */
enum kb_err kb_remote_restart(struct kb_card *card);

#endif
