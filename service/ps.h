/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The personalization server of an operator: agrees on keys with cards that its trusted makers have
 * certified, takes an identity for each from its pool, tells its register, and only then the card.
 */
#ifndef KB_SERVICE_PS_H
#define KB_SERVICE_PS_H

#include "agree/trust.h"
#include "service/mail.h"
#include "service/register.h"
#include "service/store.h"
#include "wire/session.h"

struct kb_ps;

struct kb_ps_config {
    const char *path; /* as in struct kb_store_config, and so on */
    const struct kb_crypto *crypto;
    struct kb_random random;
    const uint8_t *key;
    int64_t (*now)(void *ctx);
    void *now_ctx;
    enum kb_err (*fault)(void *ctx, const char *where);
    void *fault_ctx;

    struct kb_span id_o;
    struct kb_span name;   /* for EF.SPN; may be empty */
    struct kb_span centre; /* number of the short message centre; may be empty */
    uint8_t mnc_length;

    const struct kb_edhoc_identity *identities; /* credentials under the operators' root */
    size_t identity_count;
    const struct kb_credential_root *makers; /* whose cards are taken */
    size_t maker_count;
    struct kb_span revoked; /* newest list of revoked cards, or empty */

    const int16_t *suites; /* of edhoc, best first */
    size_t suite_count;
    const int16_t *groups; /* of dh, best first; none: dh is refused */
    size_t group_count;
    const char *const *servers; /* AS that are served */
    size_t server_count;
    size_t open_max; /* agreements that may be open at a time for each AS; 0: 10000 */
};

/* Spans and arrays of the configuration stay the caller's for as long as the PS is open. */
enum kb_err kb_ps_open(const struct kb_ps_config *config, struct kb_ps **ps, struct kb_report *why);
void kb_ps_close(struct kb_ps *ps);

/* Puts identities first .. first + count - 1 into the pool, and commits; those that are there
 * already stay as they are. KB_ERR_RANGE: no 14 or 15 digits, or the last one has more. */
enum kb_err kb_ps_add_identities(struct kb_ps *ps, struct kb_span first, uint64_t count);

/* As of the AS. Mail of servers that are not listed is dropped. */
enum kb_err kb_ps_receive(struct kb_ps *ps, const struct kb_mail *mail, struct kb_report *why);
enum kb_err kb_ps_commit(struct kb_ps *ps);
enum kb_err kb_ps_outbox(struct kb_ps *ps, uint64_t after, struct kb_mail *mail, uint8_t *room);
enum kb_err kb_ps_sent(struct kb_ps *ps, uint64_t id);

enum kb_ps_identity {
    KB_PS_FREE = 0,
    KB_PS_TAKEN = 1,    /* for a card; it has not left the PS */
    KB_PS_RELEASED = 2, /* the card may have it */
    KB_PS_USED = 3,     /* the card said so, or the register saw it */
    KB_PS_RETURNING = 4 /* provably unused; being taken out of the register, then free */
};
struct kb_ps_count {
    uint64_t identities[5]; /* by enum kb_ps_identity */
};
enum kb_err kb_ps_count(struct kb_ps *ps, struct kb_ps_count *count);
struct kb_store *kb_ps_store(struct kb_ps *ps);

#endif
