/* SPDX-License-Identifier: Apache-2.0 */
/* AES-CCM with nonces of 13 bytes: packet vectors 1-3 of RFC 3610 clause 8, and examples that the
 * COSE working group published for both lengths of tag. */
#include "tests/crypto/backends.h"

#define RFC_KEY   "C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF"
#define RFC_AAD   "0001020304050607"
#define COSE_KEY  "849B57219DAE48DE646D07DBB533566E"
#define COSE_IV   "89F52F65A1C580933B5261A72F"
#define COSE_TEXT "546869732069732074686520636F6E74656E742E"

static const struct {
    const char *key, *nonce, *aad, *plain, *sealed, *tag;
} vectors[] = {
    {RFC_KEY, "00000003020100A0A1A2A3A4A5", RFC_AAD,
     "08090A0B0C0D0E0F101112131415161718191A1B1C1D1E",
     "588C979A61C663D2F066D0C2C0F989806D5F6B61DAC384", "17E8D12CFDF926E0"},
    {RFC_KEY, "00000004030201A0A1A2A3A4A5", RFC_AAD,
     "08090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
     "72C91A36E135F8CF291CA894085C87E3CC15C439C9E43A3B", "A091D56E10400916"},
    {RFC_KEY, "00000005040302A0A1A2A3A4A5", RFC_AAD,
     "08090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20",
     "51B1E5F44A197D1DA46B0F8E2D282AE871E838BB64DA859657", "4ADAA76FBD9FB0C5"},
    {COSE_KEY, COSE_IV, "8368456E63727970743143A1010A40", COSE_TEXT,
     "6899DA0A132BD2D2B9B10915743EE1F7B92A4680", "CBE82C6D0DC0033B"},
    {COSE_KEY, COSE_IV, "8369456E6372797074656444A101181E40", COSE_TEXT,
     "6899DA0A132BD2D2B9B10915743EE1F7B92A4680", "122D9D77E744A057A24C041740301098"},
    /* RFC 9529 clause 2.4: message_4 of the first trace has no text. */
    {"DF8CB5861E1FDFEDD3B23015A39D1E2E", "128EC658D970D7380F74FC6C27",
     "8368456E637279707430405820"
     "0EB868F263CF3555DCCD396DD8DEC29D3750D599BE42D5A41A5A37C896F294AC",
     "", "", "4F0EDEE366E5C883"},
};

struct parts {
    uint8_t key[KB_CCM_KEY], nonce[KB_CCM_NONCE], aad[64], text[64], tag[KB_CCM_TAG_MAX];
    size_t aad_len, text_len, tag_len;
};

static struct parts parts_of(size_t i)
{
    struct parts p;

    unhex(vectors[i].key, p.key, sizeof(p.key));
    unhex(vectors[i].nonce, p.nonce, sizeof(p.nonce));
    p.aad_len = unhex(vectors[i].aad, p.aad, sizeof(p.aad));
    p.text_len = unhex(vectors[i].sealed, p.text, sizeof(p.text));
    p.tag_len = unhex(vectors[i].tag, p.tag, sizeof(p.tag));
    return p;
}

static enum kb_err open_parts(void **state, const struct parts *p, uint8_t *out)
{
    return backend_of(state)->ccm_open(p->key, p->nonce, kb_span(p->aad, p->aad_len),
                                       kb_span(p->text, p->text_len), p->tag, p->tag_len, out);
}

static void texts_are_sealed_as_published(void **state)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct parts p = parts_of(i);
        uint8_t plain[64], out[64], tag[KB_CCM_TAG_MAX];
        size_t len = unhex(vectors[i].plain, plain, sizeof(plain));

        assert_int_equal(backend_of(state)->ccm_seal(p.key, p.nonce, kb_span(p.aad, p.aad_len),
                                                     kb_span(plain, len), out, tag, p.tag_len),
                         KB_OK);
        assert_int_equal(len, p.text_len);
        if (len)
            assert_memory_equal(out, p.text, len);
        assert_memory_equal(tag, p.tag, p.tag_len);
        assert_int_equal(open_parts(state, &p, out), KB_OK);
        if (len)
            assert_memory_equal(out, plain, len);
    }
}

static void one_changed_bit_anywhere_is_refused_and_nothing_is_left(void **state)
{
    static const uint8_t zeros[64];

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct parts p = parts_of(i);
        struct {
            uint8_t *bytes;
            size_t len;
        } fields[] = {{p.key, sizeof(p.key)},
                      {p.nonce, sizeof(p.nonce)},
                      {p.aad, p.aad_len},
                      {p.text, p.text_len},
                      {p.tag, p.tag_len}};

        for (size_t field = 0; field < 5; field++) {
            for (size_t bit = 0; bit < 8 * fields[field].len; bit++) {
                uint8_t out[64];

                memset(out, 0xEE, sizeof(out));
                fields[field].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_int_equal(open_parts(state, &p, out), KB_ERR_INTEGRITY);
                fields[field].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                if (p.text_len)
                    assert_memory_equal(out, zeros, p.text_len);
            }
        }
    }
}

static void other_lengths_of_tag_and_text_are_refused(void **state)
{
    static uint8_t text[65536], out[65536];
    struct parts p = parts_of(0);

    for (size_t len = 0; len <= 17; len++) {
        bool is_known = len == 8 || len == 16;

        assert_int_equal(backend_of(state)->ccm_seal(p.key, p.nonce, kb_span(NULL, 0),
                                                     kb_span(text, 5), out, p.tag, len),
                         is_known ? KB_OK : KB_ERR_RANGE);
    }
    assert_int_equal(backend_of(state)->ccm_seal(p.key, p.nonce, kb_span(NULL, 0),
                                                 kb_span(text, 65535), out, p.tag, 8),
                     KB_OK);
    assert_int_equal(backend_of(state)->ccm_seal(p.key, p.nonce, kb_span(NULL, 0),
                                                 kb_span(text, 65536), out, p.tag, 8),
                     KB_ERR_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(texts_are_sealed_as_published),
        BOTH(one_changed_bit_anywhere_is_refused_and_nothing_is_left),
        BOTH(other_lengths_of_tag_and_text_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
