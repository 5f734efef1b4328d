/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of cards: 3GPP TS 23.038, ETSI TS 102 221 annex A. Bytes of annex A's and TS 31.124's
 * examples. */
#include "tests/device/fake.h"

#include "device/text.h"

static void expect(uint8_t dcs, const char *hex, const char *text)
{
    uint8_t bytes[256];
    struct kb_cat_text coded = {.dcs = dcs};
    char out[512];
    size_t len;

    fake_bytes(hex, bytes, sizeof(bytes), &len);
    coded.bytes = kb_span(bytes, len);
    kb_terminal_text_decode(&coded, out, sizeof(out));
    assert_string_equal(out, text);
}

static void expect_alpha(const char *hex, const char *text)
{
    uint8_t bytes[256];
    char out[512];
    size_t len;

    fake_bytes(hex, bytes, sizeof(bytes), &len);
    kb_terminal_text_decode_alpha(kb_span(bytes, len), out, sizeof(out));
    assert_string_equal(out, text);
}

static void expect_coded(uint8_t dcs, const char *text, const char *hex)
{
    uint8_t bytes[256], out[256];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    size_t len;

    fake_bytes(hex, bytes, sizeof(bytes), &len);
    assert_int_equal(kb_terminal_text_encode(dcs, text, &wr), KB_OK);
    assert_int_equal(wr.len, len);
    assert_memory_equal(out, bytes, len);
}

/* "hellohello" is the example everybody packs: E8329BFD4697D9EC37. */
static void packed_text_is_read_and_written(void **state)
{
    (void)state;
    expect(0x00, "E8329BFD4697D9EC37", "hellohello");
    expect_coded(0x00, "hellohello", "E8329BFD4697D9EC37");
    expect(0x00, "D4F79BBD4ED341D4F29C0E9A01", "Toolkit Test 3");
    expect_coded(0x00, "Toolkit Test 3", "D4F79BBD4ED341D4F29C0E9A01");
}

/* TS 23.038 clause 6.1.2.3.1: seven spare bits are filled with a CR, which is no text. */
static void seven_spare_bits_are_no_character(void **state)
{
    (void)state;
    expect_coded(0x00, "1234567", "31D98C56B3DD1A");
    expect(0x00, "31D98C56B3DD1A", "1234567");
    expect(0x00, "31D98C56B3DD00", "1234567");
}

static void letters_of_the_default_alphabet_and_its_extension(void **state)
{
    (void)state;
    expect(0x04, "001011121B65", "@Δ_Φ€");
    expect(0x04, "1B281B2F1B291B3C1B3E1B3D1B401B14", "{\\}[]~|^");
    expect(0x04, "5B5C5D5E5F607B7C7D7E7F", "ÄÖÑÜ§¿äöñüà");
    expect_coded(0x04, "@Δ€{", "00101B651B28");
    expect(0x04, "41FF42", "A");
    expect(0x04, "4180", "A\xEF\xBF\xBD");
}

static void ucs2_and_its_pairs(void **state)
{
    (void)state;
    expect(0x08, "041700300041", "З0A");
    expect(0x08, "D83DDE00", "\xF0\x9F\x98\x80");
    expect(0x08, "D83D0041", "\xEF\xBF\xBD");
    expect(0x08, "DC00", "\xEF\xBF\xBD");
    expect(0x08, "001B005B", "\xEF\xBF\xBD["); /* no escapes to the screen */
    expect_coded(0x08, "ДА", "04140410");
}

/* Annex A, with the examples it gives for 81 and 82. */
static void alpha_identifiers_have_three_codings_of_ucs2(void **state)
{
    (void)state;
    expect_alpha("546F6F6C6B6974FFFF", "Toolkit");
    expect_alpha("800417041404200410", "ЗДРА");
    expect_alpha("8105139553A6A6FF", "\xE0\xA6\x95S\xE0\xA6\xA6\xE0\xA6\xA6\xE0\xA7\xBF");
    expect_alpha("820505302D82D32D31", "-\xD4\xB2\xD6\x83-1");
    expect_alpha("81", "");
    expect_alpha("8205", "");
    expect_alpha("", "");
}

static void what_a_coding_lacks_cannot_be_written(void **state)
{
    uint8_t out[16];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    assert_int_equal(kb_terminal_text_encode(0x04, "Д", &wr), KB_ERR_RANGE);
    assert_int_equal(kb_terminal_text_encode(0x08, "\xF0\x9F\x98\x80", &wr), KB_ERR_RANGE);
    assert_int_equal(kb_terminal_text_encode(0x08, "\xFF", &wr), KB_ERR_MALFORMED);
}

static void what_is_no_utf8_has_no_count(void **state)
{
    (void)state;
    assert_int_equal(kb_terminal_text_count(""), 0);
    assert_int_equal(kb_terminal_text_count("aД€\xF0\x9F\x98\x80"), 4);
    assert_int_equal(kb_terminal_text_count("a\x80"), SIZE_MAX);
    assert_int_equal(kb_terminal_text_count("\xC0\x80"), SIZE_MAX);
    assert_int_equal(kb_terminal_text_count("\xED\xA0\x80"), SIZE_MAX);
    assert_int_equal(kb_terminal_text_count("\xE2\x82"), SIZE_MAX);
    assert_int_equal(kb_terminal_text_count("\xF8\x88\x80\x80\x80"), SIZE_MAX);
}

static void long_texts_are_cut_between_characters(void **state)
{
    const uint8_t bytes[] = {0x00, 0x41, 0x04, 0x14, 0x04, 0x10};
    const struct kb_cat_text coded = {.dcs = 0x08, .bytes = {bytes, sizeof(bytes)}};
    char out[5];

    (void)state;
    kb_terminal_text_decode(&coded, out, 5);
    assert_string_equal(out, "AД");
    kb_terminal_text_decode(&coded, out, 1);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_text_is_read_and_written),
        cmocka_unit_test(seven_spare_bits_are_no_character),
        cmocka_unit_test(letters_of_the_default_alphabet_and_its_extension),
        cmocka_unit_test(ucs2_and_its_pairs),
        cmocka_unit_test(alpha_identifiers_have_three_codings_of_ucs2),
        cmocka_unit_test(what_a_coding_lacks_cannot_be_written),
        cmocka_unit_test(what_is_no_utf8_has_no_count),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };

    return cmocka_run_group_tests_name("device/text", tests, NULL, NULL);
}
