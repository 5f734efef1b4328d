/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage against the conformance test data of 3GPP TS 35.207. */
#include "tests/crypto/backends.h"

#include "crypto/milenage.h"
#include "tests/crypto/failing.h"

struct vector {
    const char *k, *rand, *sqn, *amf, *op;
    const char *opc, *f1, *f1star, *f2, *f3, *f4, *f5, *f5star;
};

/* Test sets 1-6. */
static const struct vector vectors[] = {
    {.k = "465B5CE8B199B49FAA5F0A2EE238A6BC",
     .rand = "23553CBE9637A89D218AE64DAE47BF35",
     .sqn = "FF9BB4D0B607",
     .amf = "B9B9",
     .op = "CDC202D5123E20F62B6D676AC72CB318",
     .opc = "CD63CB71954A9F4E48A5994E37A02BAF",
     .f1 = "4A9FFAC354DFAFB3",
     .f1star = "01CFAF9EC4E871E9",
     .f2 = "A54211D5E3BA50BF",
     .f3 = "B40BA9A3C58B2A05BBF0D987B21BF8CB",
     .f4 = "F769BCD751044604127672711C6D3441",
     .f5 = "AA689C648370",
     .f5star = "451E8BECA43B"},
    {.k = "0396EB317B6D1C36F19C1C84CD6FFD16",
     .rand = "C00D603103DCEE52C4478119494202E8",
     .sqn = "FD8EEF40DF7D",
     .amf = "AF17",
     .op = "FF53BADE17DF5D4E793073CE9D7579FA",
     .opc = "53C15671C60A4B731C55B4A441C0BDE2",
     .f1 = "5DF5B31807E258B0",
     .f1star = "A8C016E51EF4A343",
     .f2 = "D3A628ED988620F0",
     .f3 = "58C433FF7A7082ACD424220F2B67C556",
     .f4 = "21A8C1F929702ADB3E738488B9F5C5DA",
     .f5 = "C47783995F72",
     .f5star = "30F1197061C1"},
    {.k = "FEC86BA6EB707ED08905757B1BB44B8F",
     .rand = "9F7C8D021ACCF4DB213CCFF0C7F71A6A",
     .sqn = "9D0277595FFC",
     .amf = "725C",
     .op = "DBC59ADCB6F9A0EF735477B7FADF8374",
     .opc = "1006020F0A478BF6B699F15C062E42B3",
     .f1 = "9CABC3E99BAF7281",
     .f1star = "95814BA2B3044324",
     .f2 = "8011C48C0C214ED2",
     .f3 = "5DBDBB2954E8F3CDE665B046179A5098",
     .f4 = "59A92D3B476A0443487055CF88B2307B",
     .f5 = "33484DC2136B",
     .f5star = "DEACDD848CC6"},
    {.k = "9E5944AEA94B81165C82FBF9F32DB751",
     .rand = "CE83DBC54AC0274A157C17F80D017BD6",
     .sqn = "0B604A81ECA8",
     .amf = "9E09",
     .op = "223014C5806694C007CA1EEEF57F004F",
     .opc = "A64A507AE1A2A98BB88EB4210135DC87",
     .f1 = "74A58220CBA84C49",
     .f1star = "AC2CC74A96871837",
     .f2 = "F365CD683CD92E96",
     .f3 = "E203EDB3971574F5A94B0D61B816345D",
     .f4 = "0C4524ADEAC041C4DD830D20854FC46B",
     .f5 = "F0B9C08AD02E",
     .f5star = "6085A86C6F63"},
    {.k = "4AB1DEB05CA6CEB051FC98E77D026A84",
     .rand = "74B0CD6031A1C8339B2B6CE2B8C4A186",
     .sqn = "E880A1B580B6",
     .amf = "9F07",
     .op = "2D16C5CD1FDF6B22383584E3BEF2A8D8",
     .opc = "DCF07CBD51855290B92A07A9891E523E",
     .f1 = "49E785DD12626EF2",
     .f1star = "9E85790336BB3FA2",
     .f2 = "5860FC1BCE351E7E",
     .f3 = "7657766B373D1C2138F307E3DE9242F9",
     .f4 = "1C42E960D89B8FA99F2744E0708CCB53",
     .f5 = "31E11A609118",
     .f5star = "FE2555E54AA9"},
    {.k = "6C38A116AC280C454F59332EE35C8C4F",
     .rand = "EE6466BC96202C5A557ABBEFF8BABF63",
     .sqn = "414B98222181",
     .amf = "4464",
     .op = "1BA00A1A7C6700AC8C3FF3E96AD08725",
     .opc = "3803EF5363B947C6AAA225E58FAE3934",
     .f1 = "078ADFB488241A57",
     .f1star = "80246B8D0186BCF1",
     .f2 = "16C8233F05A0AC28",
     .f3 = "3F8C7587FE8E4B233AF676AEDE30BA3B",
     .f4 = "A7466CC1E6B2A1337D49D3B66E95D7B4",
     .f5 = "45B0F69AB06C",
     .f5star = "1F53CD2B1113"},
};

static void start(struct kb_milenage *m, const struct kb_crypto *crypto, const struct vector *v)
{
    uint8_t k[16], opc[16], rand[16];

    unhex(v->k, k, sizeof(k));
    unhex(v->opc, opc, sizeof(opc));
    unhex(v->rand, rand, sizeof(rand));
    assert_int_equal(kb_milenage_challenge(m, crypto, k, opc, rand), KB_OK);
}

static void opc_follows_from_op(void **state)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t k[16], op[16], opc[16];

        unhex(vectors[i].k, k, sizeof(k));
        unhex(vectors[i].op, op, sizeof(op));
        assert_int_equal(kb_milenage_opc(backend_of(state), k, op, opc), KB_OK);
        assert_hex(opc, sizeof(opc), vectors[i].opc);
        /* In place. */
        assert_int_equal(kb_milenage_opc(backend_of(state), k, op, op), KB_OK);
        assert_hex(op, sizeof(op), vectors[i].opc);
    }
}

static void check_f1(struct kb_milenage *m, const struct vector *v)
{
    uint8_t sqn[6], amf[2], mac_a[8], mac_s[8];

    unhex(v->sqn, sqn, sizeof(sqn));
    unhex(v->amf, amf, sizeof(amf));
    assert_int_equal(kb_milenage_f1(m, sqn, amf, mac_a, mac_s), KB_OK);
    assert_hex(mac_a, sizeof(mac_a), v->f1);
    assert_hex(mac_s, sizeof(mac_s), v->f1star);
}

static void check_f1_apart(struct kb_milenage *m, const struct vector *v)
{
    uint8_t sqn[6], amf[2], mac[8];

    unhex(v->sqn, sqn, sizeof(sqn));
    unhex(v->amf, amf, sizeof(amf));
    assert_int_equal(kb_milenage_f1(m, sqn, amf, mac, NULL), KB_OK);
    assert_hex(mac, sizeof(mac), v->f1);
    assert_int_equal(kb_milenage_f1(m, sqn, amf, NULL, mac), KB_OK);
    assert_hex(mac, sizeof(mac), v->f1star);
}

static void check_f2_f5(struct kb_milenage *m, const struct vector *v)
{
    uint8_t res[8], ak[6];

    assert_int_equal(kb_milenage_f2_f5(m, res, ak), KB_OK);
    assert_hex(res, sizeof(res), v->f2);
    assert_hex(ak, sizeof(ak), v->f5);
}

static void check_f2_f5_apart(struct kb_milenage *m, const struct vector *v)
{
    uint8_t res[8], ak[6];

    assert_int_equal(kb_milenage_f2_f5(m, NULL, ak), KB_OK);
    assert_hex(ak, sizeof(ak), v->f5);
    assert_int_equal(kb_milenage_f2_f5(m, res, NULL), KB_OK);
    assert_hex(res, sizeof(res), v->f2);
}

static void check_f3(struct kb_milenage *m, const struct vector *v)
{
    uint8_t ck[16];

    assert_int_equal(kb_milenage_f3(m, ck), KB_OK);
    assert_hex(ck, sizeof(ck), v->f3);
}

static void check_f4(struct kb_milenage *m, const struct vector *v)
{
    uint8_t ik[16];

    assert_int_equal(kb_milenage_f4(m, ik), KB_OK);
    assert_hex(ik, sizeof(ik), v->f4);
}

static void check_f5star(struct kb_milenage *m, const struct vector *v)
{
    uint8_t ak[6];

    assert_int_equal(kb_milenage_f5star(m, ak), KB_OK);
    assert_hex(ak, sizeof(ak), v->f5star);
}

static void the_functions_give_the_values_of_ts_35_207_in_any_order(void **state)
{
    static void (*const checks[])(struct kb_milenage * m, const struct vector *v) = {
        check_f1, check_f1_apart, check_f2_f5, check_f2_f5_apart, check_f3, check_f4, check_f5star};
    enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        for (size_t first = 0; first < CHECKS; first++) {
            struct kb_milenage m;

            start(&m, backend_of(state), &vectors[i]);
            for (size_t c = 0; c < CHECKS; c++)
                checks[(first + c) % CHECKS](&m, &vectors[i]);
            for (size_t c = CHECKS; c-- > 0;)
                checks[(first + c) % CHECKS](&m, &vectors[i]);
            kb_milenage_end(&m);
        }
    }
}

static void the_end_wipes_what_was_secret(void **state)
{
    static const uint8_t zeros[sizeof(struct kb_aes)];
    struct kb_milenage m;

    memset(&m, 0, sizeof(m));
    start(&m, backend_of(state), &vectors[0]);
    kb_milenage_end(&m);
    assert_memory_equal(&m.aes, zeros, sizeof(m.aes));
    assert_memory_equal(m.opc, zeros, sizeof(m.opc));
    assert_memory_equal(m.temp, zeros, sizeof(m.temp));
}

static void a_failure_of_the_port_gives_zeros(void **state)
{
    static const uint8_t zeros[16];
    struct kb_crypto port;
    struct kb_milenage m;
    uint8_t in[16] = {1}, out[16], ak[6];

    (void)state;
    for (unsigned calls = 0; calls < 2; calls++) {
        port = failing_port(calls);
        assert_int_equal(kb_milenage_opc(&port, in, in, out), KB_ERR_CRYPTO);
        assert_memory_equal(out, zeros, sizeof(zeros));
        port = failing_port(calls);
        assert_int_equal(kb_milenage_challenge(&m, &port, in, in, in), KB_ERR_CRYPTO);
        assert_memory_equal(m.opc, zeros, sizeof(m.opc));
        assert_memory_equal(m.temp, zeros, sizeof(m.temp));
    }
    port = failing_port(2);
    assert_int_equal(kb_milenage_challenge(&m, &port, in, in, in), KB_OK);
    memset(out, 0xAA, sizeof(out));
    assert_int_equal(kb_milenage_f1(&m, in, in, out, out + 8), KB_ERR_CRYPTO);
    assert_memory_equal(out, zeros, sizeof(out));
    memset(out, 0xAA, sizeof(out));
    assert_int_equal(kb_milenage_f2_f5(&m, out, ak), KB_ERR_CRYPTO);
    assert_memory_equal(out, zeros, 8);
    assert_memory_equal(ak, zeros, sizeof(ak));
    assert_int_equal(kb_milenage_f3(&m, out), KB_ERR_CRYPTO);
    assert_memory_equal(out, zeros, sizeof(out));
    memset(out, 0xAA, sizeof(out));
    assert_int_equal(kb_milenage_f4(&m, out), KB_ERR_CRYPTO);
    assert_memory_equal(out, zeros, sizeof(out));
    memset(ak, 0xAA, sizeof(ak));
    assert_int_equal(kb_milenage_f5star(&m, ak), KB_ERR_CRYPTO);
    assert_memory_equal(ak, zeros, sizeof(ak));
    kb_milenage_end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(opc_follows_from_op),
        BOTH(the_functions_give_the_values_of_ts_35_207_in_any_order),
        BOTH(the_end_wipes_what_was_secret),
        cmocka_unit_test(a_failure_of_the_port_gives_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
