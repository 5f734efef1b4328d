/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms of OpenSSL 3.0, asked for by name once in the life of the process: the look-up behind
 * EVP_aes_128_cbc() and its like is repeated with every start and costs more than a few blocks. */
#include "crypto/openssl_inside.h"

#include <openssl/crypto.h>

static const char *const names[KB_OPENSSL_CIPHERS] = {
    [KB_OPENSSL_AES_128_ECB] = "AES-128-ECB", [KB_OPENSSL_AES_192_ECB] = "AES-192-ECB",
    [KB_OPENSSL_AES_256_ECB] = "AES-256-ECB", [KB_OPENSSL_AES_128_CBC] = "AES-128-CBC",
    [KB_OPENSSL_AES_192_CBC] = "AES-192-CBC", [KB_OPENSSL_AES_256_CBC] = "AES-256-CBC",
    [KB_OPENSSL_3DES_CBC] = "DES-EDE3-CBC",   [KB_OPENSSL_AES_128_CCM] = "AES-128-CCM",
    [KB_OPENSSL_AES_256_GCM] = "AES-256-GCM",
};

/* Written once, before anybody reads. */
static EVP_CIPHER *ciphers[KB_OPENSSL_CIPHERS];
static EVP_MD *sha256;
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

static void fetch(void)
{
    for (size_t i = 0; i < KB_OPENSSL_CIPHERS; i++)
        ciphers[i] = EVP_CIPHER_fetch(NULL, names[i], NULL);
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
}

const EVP_CIPHER *kb_openssl_cipher(enum kb_openssl_cipher which)
{
    return CRYPTO_THREAD_run_once(&once, fetch) ? ciphers[which] : NULL;
}

const EVP_MD *kb_openssl_sha256(void)
{
    return CRYPTO_THREAD_run_once(&once, fetch) ? sha256 : NULL;
}
