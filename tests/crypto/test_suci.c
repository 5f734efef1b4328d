/* SPDX-License-Identifier: Apache-2.0 */
/* ECIES for SUCI against the test data of 3GPP TS 33.501 annex C.4. */
#include "tests/crypto/backends.h"

#include "crypto/suci.h"

struct profile {
    unsigned scheme;
    const char *home_private, *home_public, *ephemeral, *plain, *output;
};

/* output: ephemeral public key, concealed bytes, MAC. */
static const struct profile profiles[] = {
    {KB_SUCI_PROFILE_A, "c53c22208b61860b06c62e5406a7b330c2b577aa5558981510d128247d38bd1d",
     "5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650",
     "c80949f13ebe61af4ebdbd293ea4f942696b9e815d7e8f0096bbf6ed7de62256", "00012080f6",
     "b2e92f836055a255837debf850b528997ce0201cb82adfe4be1f587d07d8457d"
     "cb02352410"
     "cddd9e730ef3fa87"},
    {KB_SUCI_PROFILE_B, "f1ab1074477ebcc7f554ea1c5fc368b1616730155e0041ac447d6301975fecda",
     "0272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1",
     "99798858a1dc6a2c68637149a4b1dbfd1fdff5addd62a2142f06699ed7602529", "00012080f6",
     "039aab8376597021e855679a9778ea0b67396e68c66df32c0f41e9acca2da9b9d1"
     "46a33fc271"
     "6ac7dae96aa30a4d"},
};

enum { PROFILES = sizeof(profiles) / sizeof(profiles[0]), OUTPUT_MAX = 512 };

static void the_scheme_output_is_the_annexs(void **state)
{
    for (size_t i = 0; i < PROFILES; i++) {
        uint8_t home[KB_SUCI_PUBLIC_MAX], ephemeral[32], plain[16], bytes[OUTPUT_MAX];
        struct kb_writer out = kb_wr(bytes, sizeof(bytes));
        struct kb_span key = kb_span(home, unhex(profiles[i].home_public, home, sizeof(home)));

        unhex(profiles[i].ephemeral, ephemeral, sizeof(ephemeral));
        assert_int_equal(kb_suci_conceal(backend_of(state), profiles[i].scheme, key, ephemeral,
                                         kb_span(plain, unhex(profiles[i].plain, plain, 16)), &out),
                         KB_OK);
        assert_hex(bytes, out.len, profiles[i].output);
    }
}

static void the_home_network_reveals_it(void **state)
{
    for (size_t i = 0; i < PROFILES; i++) {
        uint8_t home[32], output[OUTPUT_MAX], plain[16];
        struct kb_writer out = kb_wr(plain, sizeof(plain));
        struct kb_span sealed = kb_span(output, unhex(profiles[i].output, output, OUTPUT_MAX));

        unhex(profiles[i].home_private, home, sizeof(home));
        assert_int_equal(kb_suci_reveal(backend_of(state), profiles[i].scheme, home, sealed, &out),
                         KB_OK);
        assert_hex(plain, out.len, profiles[i].plain);
    }
}

/* Two ephemeral keys of other bits may give the same secret; what is derived from them differs. */
static void a_changed_bit_or_a_cut_is_seen(void **state)
{
    for (size_t i = 0; i < PROFILES; i++) {
        uint8_t home[32], output[OUTPUT_MAX], plain[16];
        size_t len = unhex(profiles[i].output, output, OUTPUT_MAX);

        unhex(profiles[i].home_private, home, sizeof(home));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            struct kb_writer out = kb_wr(plain, sizeof(plain));

            output[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(kb_suci_reveal(backend_of(state), profiles[i].scheme, home,
                                            kb_span(output, len), &out),
                             KB_ERR_INTEGRITY);
            assert_int_equal(out.len, 0);
            output[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < len; cut++) {
            struct kb_writer out = kb_wr(plain, sizeof(plain));

            assert_int_not_equal(kb_suci_reveal(backend_of(state), profiles[i].scheme, home,
                                                kb_span(output, cut), &out),
                                 KB_OK);
        }
    }
}

/* Identities of every length, fresh keys: what is concealed is revealed. */
static void what_is_concealed_is_revealed(void **state)
{
    uint64_t seed = 3;

    for (size_t len = 0; len < 70; len++) {
        const struct profile *profile = &profiles[len % PROFILES];
        uint8_t home[32], key[33], ephemeral[32], plain[80], bytes[OUTPUT_MAX], back[80];
        struct kb_writer out = kb_wr(bytes, sizeof(bytes)), revealed = kb_wr(back, sizeof(back));
        size_t size = unhex(profile->home_public, key, sizeof(key));

        fill_from_seed(&seed, ephemeral, sizeof(ephemeral));
        fill_from_seed(&seed, plain, sizeof(plain));
        unhex(profile->home_private, home, sizeof(home));
        assert_int_equal(kb_suci_conceal(backend_of(state), profile->scheme, kb_span(key, size),
                                         ephemeral, kb_span(plain, len), &out),
                         KB_OK);
        assert_int_equal(out.len, kb_suci_public_size(profile->scheme) + len + KB_SUCI_MAC);
        assert_int_equal(
            kb_suci_reveal(backend_of(state), profile->scheme, home, kb_wr_span(&out), &revealed),
            KB_OK);
        assert_int_equal(revealed.len, len);
        assert_memory_equal(back, plain, len);
    }
}

/* SEC 1 clause 2.3.3: the same point, uncompressed. */
static void a_home_key_may_be_uncompressed(void **state)
{
    uint8_t home_private[32], home[65] = {0x04}, ephemeral[32], plain[5], bytes[OUTPUT_MAX];
    struct kb_writer out = kb_wr(bytes, sizeof(bytes));
    const struct profile *b = &profiles[1];

    unhex(b->home_private, home_private, 32);
    unhex(b->ephemeral, ephemeral, 32);
    unhex(b->plain, plain, sizeof(plain));
    assert_int_equal(backend_of(state)->p256_public(home_private, home + 1), KB_OK);
    assert_int_equal(kb_suci_conceal(backend_of(state), b->scheme, kb_span(home, sizeof(home)),
                                     ephemeral, kb_span(plain, sizeof(plain)), &out),
                     KB_OK);
    assert_hex(bytes, out.len, b->output);
}

static enum kb_err try(void **state, unsigned scheme, const char *home, const char *ephemeral,
                       size_t room)
{
    uint8_t key[65], number[32], bytes[OUTPUT_MAX];
    struct kb_writer out = kb_wr(bytes, room);
    size_t len = unhex(home, key, sizeof(key));
    enum kb_err err;

    unhex(ephemeral, number, sizeof(number));
    err = kb_suci_conceal(backend_of(state), scheme, kb_span(key, len), number, kb_span("12345", 5),
                          &out);
    if (err)
        assert_int_equal(out.len, 0);
    return err;
}

static void what_does_not_fit_is_refused(void **state)
{
    const struct profile *a = &profiles[0], *b = &profiles[1];

    assert_int_equal(try(state, a->scheme, a->home_public, a->ephemeral, 45), KB_OK);
    assert_int_equal(try(state, a->scheme, a->home_public, a->ephemeral, 44), KB_ERR_TOO_LONG);
    assert_int_equal(try(state, KB_SUCI_NULL, a->home_public, a->ephemeral, 99), KB_ERR_RANGE);
    assert_int_equal(try(state, 3, a->home_public, a->ephemeral, 99), KB_ERR_RANGE);
    assert_int_equal(try(state, a->scheme, b->home_public, a->ephemeral, 99), KB_ERR_RANGE);
    assert_int_equal(try(state, b->scheme, a->home_public, b->ephemeral, 99), KB_ERR_RANGE);
    /* Zero is no private key on P-256; zero is a public key on X25519 that gives nothing. */
    assert_int_equal(try(state, b->scheme, b->home_public,
                         "0000000000000000000000000000000000000000000000000000000000000000", 99),
                     KB_ERR_RANGE);
    assert_int_equal(try(state, a->scheme,
                         "0000000000000000000000000000000000000000000000000000000000000000",
                         a->ephemeral, 99),
                     KB_ERR_INTEGRITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_scheme_output_is_the_annexs), BOTH(the_home_network_reveals_it),
        BOTH(a_changed_bit_or_a_cut_is_seen),  BOTH(what_is_concealed_is_revealed),
        BOTH(a_home_key_may_be_uncompressed),  BOTH(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("SUCI", tests, NULL, NULL);
}
