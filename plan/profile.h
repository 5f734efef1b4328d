/* SPDX-License-Identifier: Apache-2.0 */
/* How a subscription authenticates (card/perso/profile.h), as plans and entity views say it. */
#ifndef KB_PLAN_PROFILE_H
#define KB_PLAN_PROFILE_H

#include "card/perso/profile.h"
#include "plan/schema.h"

/* The parts that an entity view tells: what answers look like. The limits of sequence numbers
 * concern nobody who counts up. */
enum { KB_PROFILE_SHOWN = KB_PROFILE_DELTA, KB_PROFILE_TEXT = 12 };

#define KB_PROFILE_KEY(type, part, word)                                                           \
    {                                                                                              \
        word, KB_KEY_SCALAR, false, offsetof(type, parts) + (part) * sizeof(void *), 0, 0, NULL    \
    }

/* Keys of a mapping that is read into type, whose member parts has a node for each part. */
#define KB_PROFILE_KEYS(type)                                                                      \
    KB_PROFILE_KEY(type, KB_PROFILE_ALGORITHM, "algorithm"),                                       \
        KB_PROFILE_KEY(type, KB_PROFILE_GSM, "gsm"), KB_PROFILE_KEY(type, KB_PROFILE_RES, "res"),  \
        KB_PROFILE_KEY(type, KB_PROFILE_CK, "ck"), KB_PROFILE_KEY(type, KB_PROFILE_IK, "ik"),      \
        KB_PROFILE_KEY(type, KB_PROFILE_MAC, "mac"),                                               \
        KB_PROFILE_KEY(type, KB_PROFILE_ITERATIONS, "iterations"),                                 \
        KB_PROFILE_KEY(type, KB_PROFILE_IND_BITS, "ind_bits")

/* Takes the first count parts, NULL where there is none, and holds them against each other. node:
 * what messages speak of. */
enum kb_err kb_profile_read(struct kb_yaml *yaml, const yaml_node_t *node,
                            const yaml_node_t *const *parts, size_t count,
                            uint8_t profile[KB_PROFILE_SIZE]);

/* One of the parts that are shown, in the words of a plan. */
void kb_profile_show(const uint8_t profile[KB_PROFILE_SIZE], uint8_t part,
                     char text[KB_PROFILE_TEXT]);

#endif
