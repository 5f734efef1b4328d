/* SPDX-License-Identifier: Apache-2.0 */
/* Which card a PS believes: one under a maker's root, not taken back, and the very one whose
 * attempt it is. The AS hands in its token, which proves nothing by itself. */
#ifndef KB_SERVICE_PS_TRUST_H
#define KB_SERVICE_PS_TRUST_H

#include "agree/revoked.h"
#include "agree/trust.h"

/* Makers, and what they have taken back; for a whole server. */
struct kb_ps_makers {
    const struct kb_crypto *crypto;
    const struct kb_credential_root *roots;
    size_t count;
    struct kb_revoked revoked; /* of one of them, or empty */
};

/* revoked: a signed list, or empty. KB_ERR_RULE: of none of the makers; others as kb_revoked_read.
 */
enum kb_err kb_ps_makers_open(struct kb_ps_makers *makers, const struct kb_crypto *crypto,
                              const struct kb_credential_root *roots, size_t count,
                              struct kb_span revoked);

/* One card in one step; what it points to has to stay. */
struct kb_ps_trust {
    struct kb_trust trust;
    const struct kb_ps_makers *makers;
    struct kb_span id_sc, token;
    int64_t now;
    bool has_refused; /* it was the credential that was not accepted */
};

void kb_ps_trust_start(struct kb_ps_trust *trust, const struct kb_ps_makers *makers,
                       struct kb_span id_sc, struct kb_span token, int64_t now);

/* What can be seen without a signature's check: spares a card that has no chance the way to the
 * end. KB_ERR_RULE: of another card or maker, or taken back; KB_ERR_RANGE: out of its time;
 * KB_ERR_MALFORMED. */
enum kb_err kb_ps_trust_look(const struct kb_ps_trust *trust);

/* For kb_edhoc_config.find_peer; the context is a struct kb_ps_trust. */
enum kb_err kb_ps_trust_find(void *trust, struct kb_span id_cred, struct kb_edhoc_peer *peer);

#endif
