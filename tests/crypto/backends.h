/* SPDX-License-Identifier: Apache-2.0 */
/* Both backends of the port under the same tests, and vectors as people publish them: in hex. */
#ifndef KB_TESTS_CRYPTO_BACKENDS_H
#define KB_TESTS_CRYPTO_BACKENDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "wire/hex.h"

/* One test for each backend, which it finds in its state. */
#define BOTH(test)                                                                                 \
    {#test ": mbed TLS", test, NULL, NULL, (void *)&kb_crypto_mbedtls},                            \
    {                                                                                              \
#test ": OpenSSL", test, NULL, NULL, (void *)&kb_crypto_openssl                            \
    }

static inline const struct kb_crypto *backend_of(void **state)
{
    return *state;
}

/* Returns the number of bytes. */
static inline size_t unhex(const char *text, uint8_t *out, size_t cap)
{
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(text, strlen(text)), out, cap, &len), KB_OK);
    return len;
}

static inline void assert_hex(const uint8_t *actual, size_t len, const char *expected)
{
    uint8_t bytes[512];

    assert_int_equal(unhex(expected, bytes, sizeof(bytes)), len);
    assert_memory_equal(actual, bytes, len);
}

/* Numbers from a fixed seed (xorshift64*, Vigna 2016), so that a failure comes back. */
static inline void fill_from_seed(uint64_t *seed, void *out, size_t len)
{
    struct kb_writer wr = kb_wr(out, len);

    while (wr.len < len) {
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        kb_wr_u8(&wr, (uint8_t)(*seed * 0x2545F4914F6CDD1Du >> 56));
    }
}

#endif
