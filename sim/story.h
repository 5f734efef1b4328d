/* SPDX-License-Identifier: Apache-2.0 */
/* The personalization of one card, told step by step: every message on every link, and at the end
 * the two keys, seen by their fingerprints, and the search for them in all that was sent. */
#ifndef KB_SIM_STORY_H
#define KB_SIM_STORY_H

#include "agree/export.h"
#include "sim/world.h"

enum { KB_STORY_WORDS = 160 };

struct kb_story_end {
    struct kb_world_result result;
    char id_sc[KB_ID_SC_MAX + 1];
    char imsi_t[16], imsi_o[16]; /* before and after */
    bool has_keys;
    uint8_t card_fingerprint[KB_FINGERPRINT_SIZE], register_fingerprint[KB_FINGERPRINT_SIZE];
    uint64_t messages, bytes;   /* that were searched for K and OPc: all links but the one inside
                                   of the operator */
    bool was_found;             /* one of them shows there */
    bool was_found_in_register; /* it shows between PS and register, as it must */
};

/* Runs a world with one card and, unless the configuration says more, one operator. tell may be
 * NULL; what it gets is valid during the call. */
enum kb_err kb_story_tell(const struct kb_world_config *config, kb_sim_observe *tell, void *ctx,
                          struct kb_story_end *end, struct kb_report *why);

/* What a message is, in words: "AGREE, message_2 (88 bytes)", "part 1 of 2 of a secured packet". Of
 * what is sealed no more than that. */
void kb_story_words(const struct kb_sim_crossing *crossing, char words[KB_STORY_WORDS]);

/* The same for the link between terminal and card: proactive commands and envelopes. False:
 * neither, and nothing that is worth telling. */
bool kb_story_card_words(const struct kb_sim_crossing *crossing, char words[KB_STORY_WORDS]);

#endif
