/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a party believes: what kb_edhoc_config.find_peer asks, for tokens under known roots. A token
 * comes with the message, or is looked up under the kid that came. */
#ifndef KB_AGREE_TRUST_H
#define KB_AGREE_TRUST_H

#include "agree/credential.h"
#include "agree/edhoc.h"

struct kb_trust {
    const struct kb_crypto *crypto;
    const struct kb_credential_root *roots;
    size_t root_count;
    const int64_t *now; /* NULL: there is no clock */

    /* The token known under a kid, or NULL when none is kept. It stays until the step is over.
     * KB_ERR_ABSENT: there is no such one. */
    enum kb_err (*look_up)(void *context, struct kb_span kid, struct kb_span *token);
    void *context;

    /* Who is acceptable beyond that (the operator that was asked for, a card that is not
     * revoked), or NULL for all. */
    enum kb_err (*judge)(void *context, const struct kb_credential *credential);

    /* Whom the last token named. It is that peer only when the step succeeded. */
    uint8_t subject[KB_CREDENTIAL_NAME_MAX];
    size_t subject_len;
};

/* For find_peer; the context is a struct kb_trust. KB_ERR_ABSENT: neither a token nor a kid that is
 * known; KB_ERR_RULE: of no root; others as kb_credential_verify and judge. */
enum kb_err kb_trust_find_peer(void *trust, struct kb_span id_cred, struct kb_edhoc_peer *peer);

#endif
