/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diffie-Hellman as it stands in the books, in a group that both sides negotiate, with a MAC from
 * each over the transcript. It tells the two that they hold the same key, not who the other one is:
 * whoever relays the messages can sit in the middle. Where that matters, agree/edhoc.h is the one
 * to use.
 *
 *   message_1 = ( GROUPS_I : int / [ 2* int ], A : bstr )
 *   message_2 = ( B : bstr, MAC_2 : bstr )
 *   message_3 = ( MAC_3 : bstr )
 *
 * TH = SHA-256( "Keyborn DH" : tstr, binding : bstr, SHA-256(message_1) : bstr, B : bstr ), and
 * PRK = HKDF-Extract(TH, secret). What follows comes from PRK and TH by EDHOC_KDF, with labels as
 * EDHOC has them: MAC_2 (2) and MAC_3 (6) of 16 bytes, each an HMAC over its label and the
 * transcript, so that neither can stand for the other; and PRK_out (7).
 */
#ifndef KB_AGREE_DH_H
#define KB_AGREE_DH_H

#include "agree/dh_groups.h"
#include "agree/party.h"
#include "agree/refusal.h"
#include "agree/schedule.h"

enum { KB_DH_MAC_SIZE = 16, KB_DH_MESSAGE_MAX = KB_DH_SHARE_MAX + 40 };

struct kb_dh_config {
    const struct kb_crypto *crypto;
    struct kb_random random;
    const int16_t *groups; /* numbers in order of preference, at most KB_OFFER_MAX */
    size_t group_count;
    struct kb_span binding; /* what both sides know of the session: who with whom, and what for */
};

/* For one agreement. Holds no pointer but that to the configuration, which has to stay. */
struct kb_dh {
    const struct kb_dh_config *config;
    uint8_t role;  /* enum kb_agree_role */
    uint8_t state; /* enum kb_agree_state */
    bool has_retried;
    int16_t group;
    uint8_t private_key[KB_DH_PRIVATE_MAX];
    uint8_t th[KB_TH_SIZE];   /* SHA-256(message_1), then TH */
    uint8_t prk[KB_PRK_SIZE]; /* PRK, then PRK_out */
};

/* True when a party with this configuration runs that group. */
bool kb_dh_supports(const void *config, int16_t group);

/* KB_ERR_USAGE: no group that is known, or too many. */
enum kb_err kb_dh_start(struct kb_dh *dh, enum kb_agree_role role,
                        const struct kb_dh_config *config);

/* As kb_edhoc_step, with KB_DH_MESSAGE_MAX bytes of room. KB_ERR_INTEGRITY: a MAC is wrong, or the
 * peer's value is none of the group or degenerate. */
enum kb_err kb_dh_step(struct kb_dh *dh, struct kb_span message, struct kb_writer *out);

/* As kb_edhoc_export and kb_edhoc_update. */
enum kb_err kb_dh_export(const struct kb_dh *dh, uint16_t label, struct kb_span context,
                         uint8_t *out, size_t out_len);
enum kb_err kb_dh_update(struct kb_dh *dh, struct kb_span context);

void kb_dh_end(struct kb_dh *dh); /* wipes */

#endif
