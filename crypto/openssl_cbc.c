/* SPDX-License-Identifier: Apache-2.0 */
/* CBC of the crypto port on OpenSSL 3.0. */
#include "crypto/openssl_inside.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto/secret.h"

enum { KEY_MAX = 32, TRIPLE_DES = 3 * KB_DES_BLOCK };

static EVP_CIPHER_CTX **inside(struct kb_cbc *cbc)
{
    return (EVP_CIPHER_CTX **)(void *)cbc->opaque;
}

/* Single DES alone is gone from the default provider; triple DES with one key three times is the
 * same (SP 800-67 clause 3.1). */
static const struct {
    enum kb_cbc_cipher cipher;
    size_t key_len, library_key_len;
    enum kb_openssl_cipher which;
} ciphers[] = {
    {KB_CBC_AES, 16, 16, KB_OPENSSL_AES_128_CBC},
    {KB_CBC_AES, 24, 24, KB_OPENSSL_AES_192_CBC},
    {KB_CBC_AES, 32, 32, KB_OPENSSL_AES_256_CBC},
    {KB_CBC_DES, 8, TRIPLE_DES, KB_OPENSSL_3DES_CBC},
    {KB_CBC_DES, 16, TRIPLE_DES, KB_OPENSSL_3DES_CBC},
    {KB_CBC_DES, 24, TRIPLE_DES, KB_OPENSSL_3DES_CBC},
};

enum { CIPHERS = sizeof(ciphers) / sizeof(ciphers[0]) };

static size_t find(enum kb_cbc_cipher cipher, size_t key_len)
{
    size_t i = 0;

    while (i < CIPHERS && (ciphers[i].cipher != cipher || ciphers[i].key_len != key_len))
        i++;
    return i;
}

enum kb_err kb_openssl_cbc_start(struct kb_cbc *cbc, enum kb_cbc_cipher cipher, bool is_sealing,
                                 const uint8_t *key, size_t key_len)
{
    static const uint8_t zeros[KB_AES_BLOCK];
    size_t which = find(cipher, key_len);
    const EVP_CIPHER *found;
    EVP_CIPHER_CTX *context = NULL;
    uint8_t keys[KEY_MAX];
    bool is_ok;

    *inside(cbc) = NULL;
    if (which == CIPHERS)
        return KB_ERR_RANGE;
    for (size_t i = 0; i < ciphers[which].library_key_len; i++)
        keys[i] = key[i % key_len];
    found = kb_openssl_cipher(ciphers[which].which);
    context = EVP_CIPHER_CTX_new();
    is_ok = context && EVP_CipherInit_ex2(context, found, keys, zeros, is_sealing, NULL) &&
            EVP_CIPHER_CTX_set_padding(context, 0);
    kb_wipe(keys, sizeof(keys));
    *inside(cbc) = context;
    if (!is_ok)
        kb_openssl_cbc_end(cbc);
    return kb_openssl_verdict(is_ok);
}

enum kb_err kb_openssl_cbc_run(struct kb_cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    EVP_CIPHER_CTX *context = *inside(cbc);
    int written;

    if (len % (size_t)EVP_CIPHER_CTX_get_block_size(context))
        return KB_ERR_RANGE;
    if (len > INT_MAX)
        return KB_ERR_TOO_LONG;
    return kb_openssl_verdict(!len || EVP_CipherUpdate(context, out, &written, in, (int)len));
}

void kb_openssl_cbc_end(struct kb_cbc *cbc)
{
    EVP_CIPHER_CTX_free(*inside(cbc));
    *inside(cbc) = NULL;
}
