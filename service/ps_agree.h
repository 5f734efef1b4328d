/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's side of an agreement with one card: its two steps, the keys that come of it, and
 * what is sealed under one of them. */
#ifndef KB_SERVICE_PS_AGREE_H
#define KB_SERVICE_PS_AGREE_H

#include "agree/agree.h"
#include "service/ps.h"
#include "service/ps_trust.h"

/* Who agrees with whom; what it points to has to stay. */
struct kb_ps_parties {
    const struct kb_ps_config *config;
    const struct kb_ps_makers *makers;
    struct kb_span id_sc;
    struct kb_span credential; /* the card's token, of edhoc */
    uint8_t agreement;         /* enum kb_session_agreement */
    int64_t now;
};

enum { KB_PS_KEY = 16, KB_PS_PACKET_KEYS = 3 * KB_PS_KEY };

struct kb_ps_keys {
    uint8_t k[KB_PS_KEY], opc[KB_PS_KEY];
    uint8_t packets[KB_PS_PACKET_KEYS]; /* KIc, KID, KIK of key set 2 */
    uint8_t identity[KB_PS_KEY];        /* seals what follows */
};

/* Takes the card's first message. KB_REASON_NONE: answer holds message_2 and saved the agreement,
 * or, where is_offer, answer tells which suites there are and nothing is saved. Otherwise: why it
 * is refused; answer holds nothing. */
enum kb_session_reason kb_ps_agree_first(const struct kb_ps_parties *parties,
                                         struct kb_span message, struct kb_writer *answer,
                                         struct kb_writer *saved, bool *is_offer);

/* Takes the card's last message. The caller wipes the keys. */
enum kb_session_reason kb_ps_agree_last(const struct kb_ps_parties *parties, struct kb_span saved,
                                        struct kb_span message, struct kb_ps_keys *keys);

/* Writes the sealed text and its tag (wire/session.h, enum kb_sealed_what). */
enum kb_err kb_ps_seal(const struct kb_crypto *crypto, const uint8_t key[KB_PS_KEY],
                       enum kb_sealed_what what, uint32_t session, struct kb_span text,
                       struct kb_writer *sealed);
/* KB_ERR_INTEGRITY; KB_ERR_TOO_LONG: more than cap bytes. */
enum kb_err kb_ps_unseal(const struct kb_crypto *crypto, const uint8_t key[KB_PS_KEY],
                         enum kb_sealed_what what, uint32_t session, struct kb_span sealed,
                         uint8_t *text, size_t cap, size_t *len);

#endif
