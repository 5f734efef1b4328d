/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values at rest and on their way out: AES-256-GCM under a key of its own, bound to the card and
 * the column they belong to, so that a sealed value moved to another place does not open.
 */
#ifndef KB_DESK_SEAL_H
#define KB_DESK_SEAL_H

#include "crypto/crypto.h"
#include "wire/report.h"

enum {
    KB_SEAL_OVERHEAD = KB_GCM_NONCE + KB_GCM_TAG, /* bytes a sealed value has more */
    KB_SEAL_TOKEN_VALUE = 64,                     /* bytes of a value that becomes a token */
    KB_SEAL_TOKEN = 256                           /* text of a token with its zero */
};

struct kb_seal {
    const struct kb_crypto *crypto;
    uint8_t key[KB_GCM_KEY];
};

/* sealed: value.len + KB_SEAL_OVERHEAD bytes: nonce, value, tag. */
enum kb_err kb_seal_close(const struct kb_seal *seal, const char *owner, const char *column,
                          struct kb_span value, uint8_t *sealed);

/* value: sealed.len - KB_SEAL_OVERHEAD bytes. KB_ERR_INTEGRITY: another key, owner or column, or
 * changed. */
enum kb_err kb_seal_open(const struct kb_seal *seal, const char *owner, const char *column,
                         struct kb_span sealed, uint8_t *value);

/* A value as text that says whose it is: "kb1:owner:column:hex". token: KB_SEAL_TOKEN bytes. */
enum kb_err kb_seal_token(const struct kb_seal *seal, const char *owner, const char *column,
                          struct kb_span value, char *token);

#endif
