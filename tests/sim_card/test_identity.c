/* SPDX-License-Identifier: Apache-2.0 */
/* GET IDENTITY (3GPP TS 31.102 clause 7.5): what the card conceals, the home network reveals with
 * the private keys of TS 33.501 annex C.4; coding of TS 24.501 clause 9.11.3.4 and TS 23.003
 * clause 28.7.3. */
#include "tests/sim_card/subscriber.h"

#include <stdio.h>

#include "crypto/suci.h"

#define KEY_A  "5A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650"
#define KEY_B  "0272DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1"
#define HOME_A "C53C22208B61860B06C62E5406A7B330C2B577AA5558981510D128247D38BD1D"
#define HOME_B "F1AB1074477EBCC7F554EA1C5FC368B1616730155E0041AC447D6301975FECDA"

/* EF.SUCI_Calc_Info: profile B with the first key, A with the second, then null; keys 27 and 30. */
#define SCHEMES_B_A_NULL "A0 (0201 0102 0000)"
#define KEYS             "A1 (80(1B) 81(" KEY_B ") 80(1E) 81(" KEY_A "))"

static struct rig rig;

static void send_ok(const char *hex)
{
    assert_int_equal(rig_send(&rig, hex), 0x9000);
}

/* A transparent file of the current DF, with what stands at its beginning. */
static void make_file(const char *fid, const char *content)
{
    char text[1024];

    snprintf(text, sizeof(text), "00E00000 (62(82(4121) 83(%s) 8A(05) 80(00C8)))", fid);
    send_ok(text);
    snprintf(text, sizeof(text), "00D60000 (%s)", content);
    send_ok(text);
}

/* Writes the beginning of a file of the USIM, which is selected afterwards. */
static void fill(const char *path, const char *content)
{
    char text[1024];

    select_usim(&rig);
    snprintf(text, sizeof(text), "00A4090C (%s)", path);
    send_ok(text);
    snprintf(text, sizeof(text), "00D60000 (%s)", content);
    send_ok(text);
    select_usim(&rig);
}

/* IMSI 001 01 0123456789, routing indicator 17, services 124 and 125. */
static int make_card(void **state)
{
    (void)state;
    make_applications(&rig);
    make_file("6F07", "08 09 10 10 10 32 54 76 98");
    make_file("6FAD", "00 00 00 02");
    send_ok("00E00000 (62(82(7821) 83(5FC0) 8A(05)))");
    make_file("4F07", SCHEMES_B_A_NULL KEYS);
    make_file("4F0A", "71 FF FF FF");
    make_file("4F09", "FF");
    select_usim(&rig);
    fill("6F38", "00000000 00000000 00000000 000000 18 00");
    return 0;
}

static uint16_t get_identity(void)
{
    return rig_send(&rig, "8078000100");
}

/* The answer in hex, up to the scheme output, which it returns. */
static struct kb_span assert_head(const char *expected)
{
    uint8_t bytes[32];
    size_t len;

    assert_int_equal(get_identity(), 0x9000);
    assert_int_equal(kb_hex_decode(kb_span(expected, strlen(expected)), bytes, sizeof(bytes), &len),
                     KB_OK);
    assert_int_equal(rig.response[0], 0xA1);
    assert_int_equal(rig.response[1], rig.response_len - 4);
    assert_memory_equal(rig.response + 2, bytes, len);
    return kb_span(rig.response + 2 + len, rig.response_len - 4 - len);
}

static size_t reveal(unsigned scheme, const char *home, struct kb_span output, uint8_t *plain)
{
    uint8_t key[32];
    size_t len;
    struct kb_writer out = kb_wr(plain, 256);

    assert_int_equal(kb_hex_decode(kb_span(home, strlen(home)), key, sizeof(key), &len), KB_OK);
    assert_int_equal(kb_suci_reveal(&kb_crypto_openssl, scheme, key, output, &out), KB_OK);
    return out.len;
}

static void assert_msin(const uint8_t *plain, size_t len, const char *expected)
{
    uint8_t bytes[16];
    size_t expected_len;

    assert_int_equal(kb_hex_decode(kb_span(expected, strlen(expected)), bytes, 16, &expected_len),
                     KB_OK);
    assert_int_equal(len, expected_len);
    assert_memory_equal(plain, bytes, len);
}

/* --- IMSI --- */

static void the_first_scheme_of_the_list_conceals_the_msin(void **state)
{
    uint8_t plain[256];
    struct kb_span output = assert_head("01 00F110 71FF 02 1B");

    (void)state;
    assert_int_equal(output.len, 33 + 5 + 8);
    assert_msin(plain, reveal(KB_SUCI_PROFILE_B, HOME_B, output, plain), "1032547698");
    fill("5FC04F07", "A0 (0102 0201)" KEYS);
    output = assert_head("01 00F110 71FF 01 1E");
    assert_int_equal(output.len, 32 + 5 + 8);
    assert_msin(plain, reveal(KB_SUCI_PROFILE_A, HOME_A, output, plain), "1032547698");
}

/* TS 33.501 clause 6.12.2: two SUCIs of one subscriber have nothing in common. */
static void every_answer_has_a_key_of_its_own(void **state)
{
    uint8_t first[33];

    (void)state;
    memcpy(first, assert_head("01 00F110 71FF 02 1B").data, sizeof(first));
    assert_memory_not_equal(assert_head("01 00F110 71FF 02 1B").data, first, sizeof(first));
}

static void the_null_scheme_shows_the_msin(void **state)
{
    (void)state;
    fill("5FC04F07", "A0 (0000)");
    assert_msin(rig.response + 10, assert_head("01 00F110 71FF 00 00").len, "1032547698");
}

/* Schemes the card does not know, and schemes without their key, are passed over; without any the
 * home network has provided nothing, and the null scheme it is (TS 33.501 clause 6.12.2). */
static void what_has_no_key_is_passed_over(void **state)
{
    uint8_t plain[256];
    struct kb_span output;

    (void)state;
    fill("5FC04F07", "A0 (0C01 0200 0103 0102)" KEYS);
    output = assert_head("01 00F110 71FF 01 1E");
    assert_msin(plain, reveal(KB_SUCI_PROFILE_A, HOME_A, output, plain), "1032547698");
    fill("5FC04F07", "A0 (0101 0201) A1 (80(1B))");
    assert_head("01 00F110 71FF 00 00 1032547698");
    fill("5FC04F07", "FFFF");
    assert_head("01 00F110 71FF 00 00 1032547698");
}

/* A key that is none is not as good as no key: the card says nothing rather than all. */
static void a_broken_key_never_leads_to_the_null_scheme(void **state)
{
    static const char *const keys[] = {
        "A0 (0201 0000) A1 (80(1B) 81(" KEY_A "))", /* 32 bytes on P-256 */
        "A0 (0101 0000) A1 (80(1B) 81(" KEY_B "))", /* 33 bytes on X25519 */
        "A0 (0201 0000) A1 (80(1B) 81(05"           /* no compressed point begins so */
        "72DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1))",
        "A0 (0201 0000) A1 (80(1B) 81(02" /* X beyond the field */
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF))",
        "A0 (0101 0000) A1 (80(1B) 81(" /* a point of small order */
        "0000000000000000000000000000000000000000000000000000000000000000))",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        fill("5FC04F07", keys[i]);
        assert_int_equal(get_identity(), 0x6985);
        assert_int_equal(rig.response_len, 2);
    }
}

static void an_mnc_of_three_digits_is_not_part_of_the_msin(void **state)
{
    (void)state;
    fill("6FAD", "00 00 00 03");
    fill("5FC04F07", "A0 (0000)");
    /* 001 010 123456789: an odd number of digits is filled up by F. */
    assert_head("01 000110 71FF 00 00 21436587F9");
}

/* TS 24.501 table 9.11.3.4.1: one digit 0. */
static void without_a_routing_indicator_it_is_0(void **state)
{
    (void)state;
    fill("5FC04F07", "A0 (0000)");
    fill("5FC04F0A", "FFFFFFFF");
    assert_head("01 00F110 F0FF 00 00 1032547698");
}

/* What a terminal is not to read lies in DF.SAIP, and comes first. */
static void the_cards_own_file_comes_first(void **state)
{
    (void)state;
    send_ok("00E00000 (62(82(7821) 83(5FD0) 8A(05)))");
    make_file("4F01", "A0 (0000)");
    select_usim(&rig);
    assert_head("01 00F110 71FF 00 00 1032547698");
}

/* --- Network specific identifier, service 130 --- */

static void assert_text(const char *expected)
{
    assert_int_equal(get_identity(), 0x9000);
    assert_int_equal(rig.response[0], 0xA1);
    assert_int_equal(rig.response[1], 1 + strlen(expected));
    assert_int_equal(rig.response[2], 0x11);
    assert_memory_equal(rig.response + 3, expected, strlen(expected));
}

/* user17@example.com */
#define NAI "80 (757365723137406578616D706C652E636F6D)"

static void an_nai_has_its_user_concealed_and_its_realm_not(void **state)
{
    static const char head[] = "type1.rid17.schid2.hnkey27.ecckey";
    static const char realm[] = "@example.com";
    const char *at;
    uint8_t output[128], plain[256];
    char hex[256];
    size_t len;

    (void)state;
    fill("5FC04F09", NAI);
    fill("6F38", "00000000 00000000 00000000 000000 18 02");
    assert_int_equal(get_identity(), 0x9000);
    /* 33 bytes of key, 6 of name, 8 of MAC, in hex; the length needs two bytes. */
    assert_int_equal(rig.response_len,
                     3 + 1 + strlen(head) + 66 + 4 + 12 + 4 + 16 + strlen(realm) + 2);
    assert_int_equal(rig.response[1], 0x81);
    assert_int_equal(rig.response[3], 0x11);
    at = (const char *)rig.response + 4;
    assert_memory_equal(at, head, strlen(head));
    at += strlen(head);
    assert_memory_equal(at + 66, ".cip", 4);
    assert_memory_equal(at + 66 + 4 + 12, ".mac", 4);
    assert_memory_equal(at + 66 + 4 + 12 + 4 + 16, realm, strlen(realm));
    snprintf(hex, sizeof(hex), "%.66s%.12s%.16s", at, at + 66 + 4, at + 66 + 4 + 12 + 4);
    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), output, sizeof(output), &len), KB_OK);
    len = reveal(KB_SUCI_PROFILE_B, HOME_B, kb_span(output, len), plain);
    assert_int_equal(len, 6);
    assert_memory_equal(plain, "user17", 6);
}

/* The example of TS 23.003 clause 28.7.3, but for its routing indicator. */
static void an_nai_under_the_null_scheme_is_readable(void **state)
{
    (void)state;
    fill("5FC04F09", NAI);
    fill("5FC04F0A", "7698 FFFF");
    fill("5FC04F07", "A0 (0000)");
    fill("6F38", "00000000 00000000 00000000 000000 18 02");
    assert_text("type1.rid6789.schid0.useriduser17@example.com");
    fill("5FC04F0A", "76F8 FFFF");
    assert_text("type1.rid678.schid0.useriduser17@example.com");
    fill("5FC04F09", "80 (757365723137)");
    assert_text("type1.rid678.schid0.useriduser17");
}

static void an_identifier_of_a_line_is_not_this_cards(void **state)
{
    (void)state;
    fill("5FC04F09", "81 (757365723137)");
    fill("6F38", "00000000 00000000 00000000 000000 18 02");
    assert_int_equal(get_identity(), 0x6985);
}

/* --- Refusals --- */

static void it_takes_both_services(void **state)
{
    (void)state;
    fill("6F38", "00000000 00000000 00000000 000000 08 00");
    assert_int_equal(get_identity(), 0x6985);
    fill("6F38", "00000000 00000000 00000000 000000 10 00");
    assert_int_equal(get_identity(), 0x6985);
    fill("6F38", "00000000 00000000 00000000 000000 18 00");
    assert_int_equal(get_identity(), 0x9000);
    select_isim(&rig);
    assert_int_equal(get_identity(), 0x6985);
    send_ok("00A4000C023F00");
    assert_int_equal(get_identity(), 0x6985);
}

static void it_takes_the_pin(void **state)
{
    (void)state;
    send_ok("80440020 (01010A03 31323334FFFFFFFF 3132333435363738)");
    send_ok("80440028 (030A01)");
    rig_secure(&rig);
    select_usim(&rig);
    assert_int_equal(get_identity(), 0x6982);
    send_ok("00200001 08 31323334FFFFFFFF");
    assert_int_equal(get_identity(), 0x9000);
}

static void a_wrong_shape_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rig_send(&rig, "8078000000"), 0x6A86);
    assert_int_equal(rig_send(&rig, "8078000200"), 0x6A86);
    assert_int_equal(rig_send(&rig, "8078010100"), 0x6A86);
    assert_int_equal(rig_send(&rig, "80780001 01 00 00"), 0x6700);
    fill("6F07", "FFFFFFFFFFFFFFFFFF");
    assert_int_equal(get_identity(), 0x6985);
}

static enum kb_err no_random(void *ctx, void *out, size_t len)
{
    (void)ctx, (void)out, (void)len;
    return KB_ERR_RANDOM;
}

static void without_random_numbers_nothing_is_shown(void **state)
{
    (void)state;
    rig.port.random = no_random;
    assert_int_equal(get_identity(), 0x6F00);
    assert_int_equal(rig.response_len, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_scheme_of_the_list_conceals_the_msin, make_card),
        cmocka_unit_test_setup(every_answer_has_a_key_of_its_own, make_card),
        cmocka_unit_test_setup(the_null_scheme_shows_the_msin, make_card),
        cmocka_unit_test_setup(what_has_no_key_is_passed_over, make_card),
        cmocka_unit_test_setup(a_broken_key_never_leads_to_the_null_scheme, make_card),
        cmocka_unit_test_setup(an_mnc_of_three_digits_is_not_part_of_the_msin, make_card),
        cmocka_unit_test_setup(without_a_routing_indicator_it_is_0, make_card),
        cmocka_unit_test_setup(the_cards_own_file_comes_first, make_card),
        cmocka_unit_test_setup(an_nai_has_its_user_concealed_and_its_realm_not, make_card),
        cmocka_unit_test_setup(an_nai_under_the_null_scheme_is_readable, make_card),
        cmocka_unit_test_setup(an_identifier_of_a_line_is_not_this_cards, make_card),
        cmocka_unit_test_setup(it_takes_both_services, make_card),
        cmocka_unit_test_setup(it_takes_the_pin, make_card),
        cmocka_unit_test_setup(a_wrong_shape_is_refused, make_card),
        cmocka_unit_test_setup(without_random_numbers_nothing_is_shown, make_card),
    };

    return cmocka_run_group_tests_name("GET IDENTITY", tests, NULL, NULL);
}
