/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials that a root has taken back, in a list that it signed: a CWT (RFC 8392) with ES256 as
 * credentials are, whose claims name each one by its kid and by a fingerprint of its key. A list is
 * whole: it names all that ever were taken back, and replaces every list with a lower number.
 *
 *     { 1: issuer, 6: issued, -65537: number, -65538: [ kid, fingerprint, kid, fingerprint ... ] }
 */
#ifndef KB_AGREE_REVOKED_H
#define KB_AGREE_REVOKED_H

#include "agree/credential.h"

/* fingerprint: the first bytes of SHA-256 over the public key of a credential. */
enum { KB_REVOKED_FINGERPRINT = 16, KB_KID_MAX = 8 };

/* What it points to is the caller's, or lies in the message it was read from. */
struct kb_revoked {
    struct kb_span issuer;
    int64_t issued; /* seconds of POSIX time */
    uint64_t number;
    struct kb_span entries; /* as kb_revoked_put_entry writes them */
    uint64_t count;
};

enum kb_err kb_credential_fingerprint(const struct kb_crypto *crypto,
                                      const uint8_t public_key[KB_CURVE_SIZE],
                                      uint8_t fingerprint[KB_REVOKED_FINGERPRINT]);

void kb_revoked_put_entry(struct kb_writer *wr, struct kb_span kid,
                          const uint8_t fingerprint[KB_REVOKED_FINGERPRINT]);
/* The claims alone; kb_sign1_put signs them. */
void kb_revoked_put_claims(struct kb_writer *wr, const struct kb_revoked *list);

/*
 * Verifies a list and reads it. lowest: number of the list that was seen last, 0 when none was. The
 * list counts only when the result is KB_OK.
 *
 * KB_ERR_MALFORMED  it has another shape
 * KB_ERR_INTEGRITY  the signature is wrong
 * KB_ERR_RULE       of another issuer than the root
 * KB_ERR_VERSION    an older list than the one that was seen
 */
enum kb_err kb_revoked_read(const struct kb_crypto *crypto, const struct kb_credential_root *root,
                            uint64_t lowest, struct kb_span bytes, struct kb_revoked *list);

/* Reads a list that was verified before it was kept, or that others will verify.
 * KB_ERR_MALFORMED. */
enum kb_err kb_revoked_reread(struct kb_span bytes, struct kb_revoked *list);

/* For the judge of agree/trust.h. KB_ERR_RULE: it was taken back. A list speaks of credentials of
 * its own issuer only. */
enum kb_err kb_revoked_judge(const struct kb_crypto *crypto, const struct kb_revoked *list,
                             const struct kb_credential *credential);

#endif
