/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: who holds a static Diffie-Hellman key, as a CBOR Web Token (RFC 8392) that a root
 * signed with ES256 (COSE_Sign1, RFC 9052 clause 4.2, RFC 9053 clause 2.1). Small, with one
 * encoding only, and one step from root to leaf: a maker's root for its cards, an operators' root
 * for operators.
 */
#ifndef KB_AGREE_CREDENTIAL_H
#define KB_AGREE_CREDENTIAL_H

#include "agree/curve.h"
#include "agree/sign1.h"

enum {
    KB_CREDENTIAL_NAME_MAX = 64, /* bytes of an issuer or subject */
    KB_CREDENTIAL_CLAIMS_MAX = 256,
    KB_CREDENTIAL_MAX = KB_CREDENTIAL_CLAIMS_MAX + KB_SIGN1_OVERHEAD
};

/* Claims; what they point to is the caller's, or lies in the token they were read from. */
struct kb_credential {
    struct kb_span issuer;  /* 1 iss: name of the root; empty: none */
    struct kb_span subject; /* 2 sub: IdSC or IdO */
    int64_t expires;        /* 4 exp: seconds of POSIX time; 0: never */
    int64_t not_before;     /* 5 nbf; 0: always */
    enum kb_curve curve;    /* 8 cnf */
    uint8_t public_key[KB_CURVE_SIZE];
    bool is_odd; /* the sign of Y; written, and ignored where it is read */
};

struct kb_credential_root {
    struct kb_span name;
    const uint8_t *public_key; /* KB_P256_PUBLIC bytes */
};

/* Writes the claims alone: a CWT Claims Set (CCS), which nobody has signed. */
void kb_credential_put_claims(struct kb_writer *wr, const struct kb_credential *credential);

/* KB_ERR_MALFORMED: not deterministic, a claim of another type, no subject or no key. Claims that
 * are not known are passed over (RFC 8392 clause 3). */
enum kb_err kb_credential_read_claims(struct kb_span claims, struct kb_credential *credential);

/* Issues a token. KB_ERR_TOO_LONG: names that are too long, or no room in out. */
enum kb_err kb_credential_sign(const struct kb_crypto *crypto,
                               const uint8_t root_key[KB_P256_PRIVATE],
                               const struct kb_credential *credential, struct kb_writer *out);

/*
 * Reads a token and verifies it. now: POSIX time, or NULL for a card without a clock, which then
 * takes any. The claims count only when the result is KB_OK.
 *
 * KB_ERR_MALFORMED  it has another shape, or another algorithm than ES256
 * KB_ERR_RULE       another root issued it
 * KB_ERR_INTEGRITY  the signature is wrong
 * KB_ERR_RANGE      its time has not come, or is over
 */
enum kb_err kb_credential_verify(const struct kb_crypto *crypto,
                                 const struct kb_credential_root *root, const int64_t *now,
                                 struct kb_span token, struct kb_credential *credential);

/* ID_CRED_x of EDHOC: a header map with one parameter (RFC 9052 clause 3.1, RFC 9528 clause
 * 3.5.3.1). */
enum kb_credential_header {
    KB_CREDENTIAL_KID = 4,   /* the value is the name itself, sent as a byte string */
    KB_CREDENTIAL_KCWT = 13, /* the token */
    KB_CREDENTIAL_KCCS = 14  /* the claims */
};
void kb_credential_put_id(struct kb_writer *wr, enum kb_credential_header header,
                          struct kb_span value);
/* KB_ERR_ABSENT: another parameter. */
enum kb_err kb_credential_read_id(struct kb_span id_cred, enum kb_credential_header *header,
                                  struct kb_span *value);

#endif
