/* SPDX-License-Identifier: Apache-2.0 */
/* The key pair a card makes for itself, and the credential that its maker gives it
 * (docs/apdu.md clauses 2.2 and 2.5). */
#ifndef KB_DESK_STATIC_KEY_H
#define KB_DESK_STATIC_KEY_H

#include "agree/revoked.h"
#include "desk/commands.h"
#include "plan/plan.h"

/* The public half of a card's static key, as credentials have it. */
struct kb_static_key {
    enum kb_curve curve;
    uint8_t public_key[KB_CURVE_SIZE];
    bool is_odd; /* the sign of Y on P-256 */
};

/* What all cards of a maker know of others; spans stay the caller's. */
struct kb_air_trust {
    struct kb_credential_root operators;
    struct kb_span revoked; /* the operators' list, as it was signed; may be empty */
};

/* What is the same in all cards that are personalized over the air: plan, operators, counters, and
 * for an agreement with credentials the operators' root and its list. Nothing when the plan has no
 * section 'air'. */
void kb_static_key_common(struct kb_commands *list, const struct kb_plan *plan,
                          const struct kb_air_trust *trust);

/* GENERATE KEY in a powered card that is ADMINISTRATIVE. */
enum kb_err kb_static_key_make(struct kb_reader *reader, enum kb_curve curve,
                               struct kb_static_key *key, struct kb_report *why);

/* PUT OBJECT of the credential. */
enum kb_err kb_static_key_certify(struct kb_reader *reader, struct kb_span kid,
                                  struct kb_span token, struct kb_report *why);

#endif
