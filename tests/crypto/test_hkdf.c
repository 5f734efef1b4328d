/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 against RFC 4231 and HKDF against RFC 5869, on both backends. */
#include "tests/crypto/backends.h"

#include "crypto/hkdf.h"
#include "crypto/hmac.h"

/* RFC 4231 clauses 4.2-4.4, 4.7 and 4.8; the keys of the last two are 131 bytes AA. */
static const struct {
    const char *key, *data, *mac;
} macs[] = {
    {"0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B", "4869205468657265",
     "B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7"},
    {"4A656665", "7768617420646F2079612077616E7420666F72206E6F7468696E673F",
     "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     "DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD"
     "DDDDDDDDDD",
     "773EA91E36800E46854DB8EBD09181A72959098B3EF8C122D9635514CED565FE"},
    {NULL,
     "54657374205573696E67204C6172676572205468616E20426C6F636B2D53697A65204B6579202D2048617368204B"
     "6579204669727374",
     "60E431591EE0B67F0D8A26AACBF5B77F8E0BC6213728C5140546040F0EE37F54"},
    {NULL,
     "5468697320697320612074657374207573696E672061206C6172676572207468616E20626C6F636B2D73697A6520"
     "6B657920616E642061206C6172676572207468616E20626C6F636B2D73697A6520646174612E20546865206B6579"
     "206E6565647320746F20626520686173686564206265666F7265206265696E6720757365642062792074686520484"
     "D"
     "414320616C676F726974686D2E",
     "9B09FFA71B942FCB27635FBCD5B0E944BFDC63644F0713938A7F51535C3A35E2"},
};

static void the_macs_are_those_of_rfc_4231(void **state)
{
    for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
        uint8_t key[131], data[160], mac[KB_SHA256_SIZE];
        size_t key_len = sizeof(key), len = unhex(macs[i].data, data, sizeof(data));

        memset(key, 0xAA, sizeof(key));
        if (macs[i].key)
            key_len = unhex(macs[i].key, key, sizeof(key));
        for (size_t first = 0; first <= len; first += 7) {
            struct kb_hmac hmac;

            kb_hmac_start(&hmac, backend_of(state), kb_span(key, key_len));
            kb_hmac_update(&hmac, kb_span(data, first));
            kb_hmac_update(&hmac, kb_span(data + first, len - first));
            assert_int_equal(kb_hmac_finish(&hmac, mac), KB_OK);
            assert_hex(mac, sizeof(mac), macs[i].mac);
        }
    }
}

/* RFC 5869 appendices A.1-A.3. The inputs of A.2 count up from 00, 60 and B0. */
static const struct {
    const char *secret, *salt, *info, *prk, *out;
} keys[] = {
    {"0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B", "000102030405060708090A0B0C",
     "F0F1F2F3F4F5F6F7F8F9", "077709362C2E32DF0DDC3F0DC47BBA6390B6C73BB50F9C3122EC844AD7C2B3E5",
     "3CB25F25FAACD57A90434F64D0362F2A2D2D0A90CF1A5A4C5DB02D56ECC4C5BF34007208D5B887185865"},
    {NULL, NULL, NULL, "06A6B88C5853361A06104C9CEB35B45CEF760014904671014A193F40C15FC244",
     "B11E398DC80327A1C8E7F78C596A49344F012EDA2D4EFAD8A050CC4C19AFA97C59045A99CAC7827271CB41C65E59"
     "0E09DA3275600C2F09B8367793A9ACA3DB71CC30C58179EC3E87C14C01D5C1F3434F1D87"},
    {"0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B", "", "",
     "19EF24A32C717B167F33A91D6F648BDF96596776AFDB6377AC434C1C293CCB04",
     "8DA4E775A563C18F715F802A063C5A31B8A11F5C5EE1879EC3454E5F3C738D2D9D201395FAA4B61A96C8"},
};

static size_t input(const char *hex, uint8_t first, uint8_t bytes[80])
{
    if (hex)
        return unhex(hex, bytes, 80);
    for (size_t i = 0; i < 80; i++)
        bytes[i] = (uint8_t)(first + i);
    return 80;
}

static void the_keys_are_those_of_rfc_5869(void **state)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        uint8_t secret[80], salt[80], info[80], prk[KB_SHA256_SIZE], out[82];
        size_t secret_len = input(keys[i].secret, 0x00, secret);
        size_t salt_len = input(keys[i].salt, 0x60, salt);
        size_t info_len = input(keys[i].info, 0xB0, info);
        size_t out_len = strlen(keys[i].out) / 2;
        struct kb_span parts[] = {kb_span(info, info_len / 3),
                                  kb_span(info + info_len / 3, info_len - info_len / 3)};

        assert_int_equal(kb_hkdf_extract(backend_of(state), kb_span(salt, salt_len),
                                         kb_span(secret, secret_len), prk),
                         KB_OK);
        assert_hex(prk, sizeof(prk), keys[i].prk);
        assert_int_equal(
            kb_hkdf_expand(backend_of(state), kb_span(prk, sizeof(prk)), parts, 2, out, out_len),
            KB_OK);
        assert_hex(out, out_len, keys[i].out);
    }
}

static void more_than_255_blocks_are_refused(void **state)
{
    static uint8_t out[KB_HKDF_OUT_MAX + 1];
    const uint8_t prk[KB_SHA256_SIZE] = {1};
    struct kb_span key = kb_span(prk, sizeof(prk));

    assert_int_equal(kb_hkdf_expand(backend_of(state), key, NULL, 0, out, 0), KB_ERR_RANGE);
    assert_int_equal(kb_hkdf_expand(backend_of(state), key, NULL, 0, out, KB_HKDF_OUT_MAX), KB_OK);
    assert_int_equal(kb_hkdf_expand(backend_of(state), key, NULL, 0, out, sizeof(out)),
                     KB_ERR_RANGE);
}

static unsigned calls_left;

static enum kb_err failing_update(struct kb_sha256 *sha, const void *data, size_t len)
{
    if (calls_left == 0)
        return KB_ERR_CRYPTO;
    calls_left--;
    return kb_crypto_openssl.sha256_update(sha, data, len);
}

static void a_failing_hash_gives_no_key(void **state)
{
    static const uint8_t zeros[40];
    struct kb_crypto port = kb_crypto_openssl;
    const uint8_t prk[KB_SHA256_SIZE] = {1};
    struct kb_span info = kb_span(prk, 5);
    enum kb_err err;
    unsigned calls = 0;

    (void)state;
    port.sha256_update = failing_update;
    do {
        uint8_t out[40];

        memset(out, 0xEE, sizeof(out));
        calls_left = calls++;
        err = kb_hkdf_expand(&port, kb_span(prk, sizeof(prk)), &info, 1, out, sizeof(out));
        if (err)
            assert_memory_equal(out, zeros, sizeof(out));
    } while (err);
    assert_int_equal(calls, 12); /* two blocks: pad, info, counter, pad, hash, and T(1) once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_macs_are_those_of_rfc_4231),
        BOTH(the_keys_are_those_of_rfc_5869),
        BOTH(more_than_255_blocks_are_refused),
        cmocka_unit_test(a_failing_hash_gives_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
