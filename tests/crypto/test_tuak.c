/* SPDX-License-Identifier: Apache-2.0 */
/* TUAK against the test sets of 3GPP TS 35.233 clauses 6 and 7, and Keccak-f[1600] alone against
 * the SHA-3 of another library. */
#include "tests/crypto/backends.h"

#include <openssl/evp.h>

#include "crypto/keccak.h"
#include "crypto/tuak.h"

struct mac_set {
    const char *set, *k, *rand, *sqn, *amf, *top;
    uint8_t iterations;
    const char *topc, *f1, *f1star;
};

struct key_set {
    const char *set, *k, *rand, *top;
    uint8_t iterations;
    const char *res, *ck, *ik, *ak, *ak_star;
};

static const struct mac_set mac_sets[] = {
    {"6.1", "abababababababababababababababab", "42424242424242424242424242424242", "111111111111",
     "ffff", "5555555555555555555555555555555555555555555555555555555555555555", 1,
     "bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff", "f9a54e6aeaa8618d",
     "e94b4dc6c7297df3"},
    {"6.2", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
     "0123456789abcdef0123456789abcdef", "0123456789ab", "abcd",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", 1,
     "305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524",
     "c0b8c2d4148ec7aa5f1d78a97e4d1d58", "ef81af7290f7842c6ceafa537fa0745b"},
    {"6.3", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
     "0123456789abcdef0123456789abcdef", "0123456789ab", "abcd",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", 1,
     "305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524",
     "d97b75a1776065271b1e212bc3b1bf173f438b21e6c64a55a96c372e085e5cc5",
     "427bbf07c6e3a86c54f8c5216499f3909a6fd4a164c9fe235b1550258111b821"},
    {"6.4", "b8da837a50652d6ac7c97da14f6acc61", "6887e55425a966bd86c9661a5fa72be8", "0dea2ee2c5af",
     "df1e", "0952be13556c32ebc58195d9dd930493e12a9003669988ffde5fa1f0fe35cc01", 1,
     "2bc16eb657a68e1f446f08f57c0efb1d493527a2e652ce281eb6ca0e4487760a",
     "749214087958dd8f58bfcdf869d8ae3f", "619e865afe80e382aee13063f9dfb56d"},
    {"6.5", "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
     "c570aac68cde651fb1e3088322498bef", "c89bb71f3a41", "297d",
     "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e", 1,
     "3c6052e41532a28a47aa3cbb89f223e8f3aaa976aecd48bc3e7d6165a55eff62", "d7340dad02b4cb01",
     "c6021e2e66accb15"},
    {"6.6", "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
     "c570aac68cde651fb1e3088322498bef", "c89bb71f3a41", "297d",
     "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e", 2,
     "b04a66f26c62fcd6c82de22a179ab65506ecf47f56245cd149966cfa9cec7a51",
     "90d2289ed1ca1c3dbc2247bb480d431ac71d2e4a7677f6e997cfddb0cbad88b7",
     "427355dbac30e825063aba61b556e87583abac638e3ab01c4c884ad9d458dc2f"},
};
static const struct key_set key_sets[] = {
    {"7.1", "abababababababababababababababab", "42424242424242424242424242424242",
     "5555555555555555555555555555555555555555555555555555555555555555", 1, "657acd64",
     "d71a1e5c6caffe986a26f783e5c78be1", "be849fa2564f869aecee6f62d4337e72", "719f1e9b9054",
     "e7af6b3d0e38"},
    {"7.2", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
     "0123456789abcdef0123456789abcdef",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", 1, "e9d749dc4eea0035",
     "a4cb6f6529ab17f8337f27baa8234d47", "2274155ccf4199d5e2abcbf621907f90", "480a9345cc1e",
     "f84eb338848c"},
    {"7.3", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
     "0123456789abcdef0123456789abcdef",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", 1, "07021c73e7635c7d",
     "4d59ac796834eb85d11fa148a5058c3c",
     "126d47500136fdc5ddfd14f19ebf16749ce4b6435323fbb5715a3a796a6082bd", "1d6622c4e59a",
     "f84eb338848c"},
    {"7.4", "b8da837a50652d6ac7c97da14f6acc61", "6887e55425a966bd86c9661a5fa72be8",
     "0952be13556c32ebc58195d9dd930493e12a9003669988ffde5fa1f0fe35cc01", 1,
     "4041ce438e3e38e8aa96562eed83ac43", "3e3bc01bea0cd914c4c2c83ce2d92757",
     "666a8e6f577b1aa77b7fd53cebb8a3d6", "1f880d005119", "45e617d77fe5"},
    {"7.5", "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
     "c570aac68cde651fb1e3088322498bef",
     "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e", 1,
     "84d89b41db1867ffd4c7ba1d82163f4d526a20fbae5418fbb526940b1eeb905c",
     "d419676afe5ab58c1d8bee0d43523a4d2f52ef0b31a4676a0c334427a988fe65",
     "205533e505661b61d05cc0eac87818f4", "d7b3d2d4980a", "ca9655264986"},
    {"7.6", "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
     "c570aac68cde651fb1e3088322498bef",
     "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e", 2,
     "d67e6e64590d22eecba7324afa4af4460c93f01b24506d6e12047d789a94c867",
     "ede57edfc57cdffe1aae75066a1b7479bbc3837438e88d37a801cccc9f972b89",
     "48ed9299126e5057402fe01f9201cf25249f9c5c0ed2afcf084755daff1d3999", "6aae8d18c448",
     "8c5f33b61f4e"},
};

static struct kb_tuak challenge(const char *k, const char *rand, const char *top,
                                uint8_t iterations)
{
    struct kb_tuak t = {.iterations = iterations};
    uint8_t bytes[32];

    t.k_len = (uint8_t)unhex(k, t.k, sizeof(t.k));
    unhex(rand, t.rand, sizeof(t.rand));
    unhex(top, bytes, sizeof(bytes));
    kb_tuak_topc(kb_span(t.k, t.k_len), bytes, iterations, t.topc);
    return t;
}

static void topc_f1_and_f1star_are_those_of_the_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mac_sets) / sizeof(mac_sets[0]); i++) {
        const struct mac_set *set = &mac_sets[i];
        struct kb_tuak t = challenge(set->k, set->rand, set->top, set->iterations);
        size_t mac_len = strlen(set->f1) / 2;
        uint8_t sqn[6], amf[2], mac[32];

        unhex(set->sqn, sqn, 6);
        unhex(set->amf, amf, 2);
        assert_hex(t.topc, 32, set->topc);
        kb_tuak_f1(&t, false, sqn, amf, mac, mac_len);
        assert_hex(mac, mac_len, set->f1);
        kb_tuak_f1(&t, true, sqn, amf, mac, mac_len);
        assert_hex(mac, mac_len, set->f1star);
    }
}

static void res_ck_ik_ak_and_f5star_are_those_of_the_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(key_sets) / sizeof(key_sets[0]); i++) {
        const struct key_set *set = &key_sets[i];
        struct kb_tuak t = challenge(set->k, set->rand, set->top, set->iterations);
        size_t res_len = strlen(set->res) / 2, ck_len = strlen(set->ck) / 2,
               ik_len = strlen(set->ik) / 2;
        uint8_t res[32], ck[32], ik[32], ak[6];

        assert_true(kb_tuak_takes(t.k_len, 8, res_len, ck_len, ik_len));
        kb_tuak_f2345(&t, res, res_len, ck, ck_len, ik, ik_len, ak);
        assert_hex(res, res_len, set->res);
        assert_hex(ck, ck_len, set->ck);
        assert_hex(ik, ik_len, set->ik);
        assert_hex(ak, 6, set->ak);
        kb_tuak_f5star(&t, ak);
        assert_hex(ak, 6, set->ak_star);
    }
}

static void lengths_it_does_not_have_are_told(void **state)
{
    (void)state;
    assert_true(kb_tuak_takes(32, 32, 32, 32, 32));
    assert_false(kb_tuak_takes(24, 8, 8, 16, 16));
    assert_false(kb_tuak_takes(16, 4, 8, 16, 16));
    assert_false(kb_tuak_takes(16, 8, 6, 16, 16));
    assert_false(kb_tuak_takes(16, 8, 8, 24, 16));
    assert_false(kb_tuak_takes(16, 8, 8, 16, 8));
}

/* FIPS 202: SHA3-256 of a message of one block is one permutation, its rate 136 bytes. */
static void the_permutation_makes_sha3(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (size_t len = 0; len < 136; len++) {
        uint8_t message[136], block[KB_KECCAK_STATE] = {0}, digest[32];

        fill_from_seed(&seed, message, sizeof(message));
        memcpy(block, message, len);
        block[len] ^= 0x06;
        block[135] ^= 0x80;
        kb_keccak(block);
        assert_true(EVP_Digest(message, len, digest, NULL, EVP_sha3_256(), NULL));
        assert_memory_equal(block, digest, sizeof(digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_permutation_makes_sha3),
        cmocka_unit_test(topc_f1_and_f1star_are_those_of_the_sets),
        cmocka_unit_test(res_ck_ik_ak_and_f5star_are_those_of_the_sets),
        cmocka_unit_test(lengths_it_does_not_have_are_told),
    };

    return cmocka_run_group_tests_name("TUAK", tests, NULL, NULL);
}
