/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of messages: plaintexts, EAD, offers, errors (RFC 9528 clauses 3 and 6); and a port
 * that fails. */
#include "agree/edhoc_inside.h"
#include "tests/agree/rig.h"

struct sample {
    const char *why, *hex;
    enum kb_err err;
};

static const int16_t suites[] = {2};

#define MAC "480102030405060708"

/* Clauses 3.3.2, 3.5.3.2, 5.3.2. */
static void plaintexts_have_one_form_only(void **state)
{
    static const struct sample samples[] = {
        {"C_R 27, kid 32",
         "27"
         "32" MAC,
         KB_OK},
        {"identifiers of several bytes",
         "420102"
         "43010203" MAC,
         KB_OK},
        {"empty identifiers",
         "40"
         "40" MAC,
         KB_OK},
        {"a CCS",
         "27"
         "A10EA0" MAC,
         KB_OK},
        {"EAD",
         "27"
         "32" MAC "0041AA",
         KB_OK},
        {"C_R in its longer form",
         "4127"
         "32" MAC,
         KB_ERR_MALFORMED},
        {"kid in its longer form",
         "27"
         "4132" MAC,
         KB_ERR_MALFORMED},
        {"kid as a map",
         "27"
         "A1044132" MAC,
         KB_ERR_MALFORMED},
        {"C_R 24",
         "1818"
         "32" MAC,
         KB_ERR_MALFORMED},
        {"kid 24",
         "27"
         "1818" MAC,
         KB_ERR_MALFORMED},
        {"kid as text",
         "27"
         "6132" MAC,
         KB_ERR_MALFORMED},
        {"C_R of 9 bytes",
         "49010203040506070809"
         "32" MAC,
         KB_ERR_MALFORMED},
        {"MAC too short",
         "27"
         "32"
         "4701020304050607",
         KB_ERR_MALFORMED},
        {"MAC too long",
         "27"
         "32"
         "49010203040506070809",
         KB_ERR_MALFORMED},
        {"MAC cut",
         "27"
         "32"
         "48010203",
         KB_ERR_MALFORMED},
        {"no MAC",
         "27"
         "32",
         KB_ERR_MALFORMED},
        {"map out of order",
         "27"
         "A20E000D00" MAC,
         KB_ERR_MALFORMED},
        {"nothing", "", KB_ERR_MALFORMED},
    };
    struct rig rig;

    (void)state;
    rig_set_up(&rig, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_KID);
    rig_offer(&rig, suites, 1);
    rig_start_edhoc(&rig);
    rig.card.agree.as.edhoc.suite = 2;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct kb_edhoc_plaintext out;
        uint8_t bytes[64];
        size_t len = unhex(samples[i].hex, bytes, sizeof(bytes));

        if (kb_edhoc_parse(&rig.card.agree.as.edhoc, KB_EDHOC_MAC_2, kb_span(bytes, len), &out) !=
            samples[i].err)
            fail_msg("%s", samples[i].why);
    }
}

static void a_kid_becomes_a_map_again(void **state)
{
    static const char *const kids[][2] = {{"32", "A1044132"},
                                          {"00", "A1044100"},
                                          {"40", "A10440"},
                                          {"4118", "A1044118"},
                                          {"42ABCD", "A10442ABCD"}};
    struct rig rig;

    (void)state;
    rig_set_up(&rig, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_KID);
    rig_offer(&rig, suites, 1);
    rig_start_edhoc(&rig);
    rig.card.agree.as.edhoc.suite = 2;
    for (size_t i = 0; i < sizeof(kids) / sizeof(kids[0]); i++) {
        struct kb_edhoc_plaintext out;
        uint8_t bytes[32];
        size_t len = unhex(kids[i][0], bytes, sizeof(bytes));

        len += unhex(MAC, bytes + len, sizeof(bytes) - len);
        assert_int_equal(
            kb_edhoc_parse(&rig.card.agree.as.edhoc, KB_EDHOC_MAC_3, kb_span(bytes, len), &out),
            KB_OK);
        assert_hex(out.parts.id_cred.data, out.parts.id_cred.len, kids[i][1]);
    }
}

static enum kb_err know_odd_labels(void *context, unsigned message, const struct kb_ead *item)
{
    unsigned *count = context;

    assert_int_equal(message, 2);
    (*count)++;
    return item->label % 2 ? KB_OK : KB_ERR_ABSENT;
}

static void ead_is_refused_whole_or_delivered_whole(void **state)
{
    static const struct {
        const char *why, *hex;
        enum kb_err err;
        unsigned count;
    } samples[] = {
        {"nothing", "", KB_OK, 0},
        {"padding",
         "00"
         "0040"
         "0041E9",
         KB_OK, 0},
        {"known",
         "01"
         "0341AA",
         KB_OK, 2},
        {"known and critical",
         "20"
         "2241AA",
         KB_OK, 2},
        {"unknown",
         "02"
         "19FFFE40",
         KB_OK, 2},
        {"unknown and critical",
         "01"
         "21"
         "03",
         KB_ERR_RULE, 2},
        {"65535, critical", "39FFFE", KB_OK, 1},
        {"label too large", "1A00010000", KB_ERR_MALFORMED, 0},
        {"value without label",
         "01"
         "40"
         "40",
         KB_ERR_MALFORMED, 0},
        {"label of text",
         "01"
         "6161",
         KB_ERR_MALFORMED, 0},
        {"value cut",
         "01"
         "03"
         "0142AA",
         KB_ERR_MALFORMED, 0},
        {"longer form", "1801", KB_ERR_MALFORMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint8_t bytes[32];
        size_t len = unhex(samples[i].hex, bytes, sizeof(bytes));
        unsigned count = 0;

        if (kb_ead_deliver(kb_span(bytes, len), 2, know_odd_labels, &count) != samples[i].err ||
            count != samples[i].count)
            fail_msg("%s", samples[i].why);
    }
}

static void offers_of_another_shape_are_refused(void **state)
{
    static const struct sample samples[] = {
        {"one", "02", KB_OK},
        {"two", "820002", KB_OK},
        {"eight", "880001020304050607", KB_OK},
        {"private use", "37", KB_OK},
        {"none", "80", KB_ERR_MALFORMED},
        {"array of one", "8102", KB_ERR_MALFORMED},
        {"nine", "89000102030405060708", KB_ERR_MALFORMED},
        {"text inside", "82006161", KB_ERR_MALFORMED},
        {"too large", "82001A00010000", KB_ERR_MALFORMED},
        {"cut", "8200", KB_ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct kb_offer offer;
        uint8_t bytes[32];
        struct kb_cursor rd = kb_rd(kb_span(bytes, unhex(samples[i].hex, bytes, sizeof(bytes))));
        bool is_good = kb_offer_read(&rd, &offer);

        if (is_good != (samples[i].err == KB_OK) || is_good != kb_rd_is_done(&rd))
            fail_msg("%s", samples[i].why);
    }
}

static void message_1_of_another_shape_is_refused(void **state)
{
    static const char share[] =
        "58200102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20";
    static const struct {
        const char *why, *before, *behind;
        enum kb_err err;
    } samples[] = {
        {"no share", "0302", NULL, KB_ERR_MALFORMED},
        {"no identifier", "0302", "", KB_ERR_MALFORMED},
        {"identifier of 9 bytes", "0302", "49010203040506070809", KB_ERR_MALFORMED},
        {"identifier in its longer form", "0302", "410E", KB_ERR_MALFORMED},
        {"method 2", "0202", "0E", KB_ERR_RULE},
        {"method 4", "0402", "0E", KB_ERR_RULE},
        {"suites as bytes", "034102", "0E", KB_ERR_MALFORMED},
        {"EAD_1 malformed", "0302", "0E40", KB_ERR_MALFORMED},
        {"EAD_1 critical", "0302", "0E20", KB_ERR_RULE},
    };
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 1);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint8_t bytes[64], out[KB_AGREE_MESSAGE_MAX];
        struct kb_writer wr = kb_wr(out, sizeof(out));
        size_t len = unhex(samples[i].before, bytes, sizeof(bytes));

        if (samples[i].behind) {
            len += unhex(share, bytes + len, sizeof(bytes) - len);
            len += unhex(samples[i].behind, bytes + len, sizeof(bytes) - len);
        }
        rig_start_edhoc(&rig);
        if (kb_agree_step(&rig.operator_.agree, kb_span(bytes, len), &wr) != samples[i].err)
            fail_msg("%s", samples[i].why);
        assert_int_equal(wr.len, 9);
        assert_memory_equal(out, "\x01\x67refused", 9);
    }
}

static void message_2_longer_than_any_of_ours_is_refused(void **state)
{
    static uint8_t bytes[3 + KB_CURVE_SIZE + KB_EDHOC_PLAINTEXT_MAX + 1];
    uint8_t out[KB_AGREE_MESSAGE_MAX];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 1);
    for (size_t more = 0; more <= 1; more++) {
        size_t len = KB_CURVE_SIZE + KB_EDHOC_PLAINTEXT_MAX + more;
        struct kb_writer message = kb_wr(bytes, sizeof(bytes)), wr = kb_wr(out, sizeof(out));

        rig_start_edhoc(&rig);
        assert_int_equal(kb_agree_step(&rig.card.agree, kb_span(NULL, 0), &wr), KB_OK);
        kb_wr_u8(&message, 0x59);
        kb_wr_u16(&message, (uint16_t)len);
        kb_wr_fill(&message, 5, len); /* 5 in every byte is an X of P-256 or is none */
        wr = kb_wr(out, sizeof(out));
        assert_int_not_equal(kb_agree_step(&rig.card.agree, kb_wr_span(&message), &wr), KB_OK);
        assert_int_equal(kb_agree_state(&rig.card.agree), KB_AGREE_FAILED);
    }
}

static void a_configuration_that_cannot_work_is_refused(void **state)
{
    static const int16_t unknown[] = {6, 24}, many[KB_OFFER_MAX + 1] = {2};
    struct kb_agree agree;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, unknown, 2);
    assert_int_equal(kb_agree_edhoc(&agree, KB_AGREE_INITIATOR, &rig.card.edhoc), KB_ERR_USAGE);
    assert_int_equal(kb_agree_dh(&agree, KB_AGREE_INITIATOR, &rig.card.dh), KB_ERR_USAGE);
    rig_offer(&rig, many, KB_OFFER_MAX + 1);
    assert_int_equal(kb_agree_edhoc(&agree, KB_AGREE_RESPONDER, &rig.card.edhoc), KB_ERR_USAGE);
    rig_offer(&rig, suites, 1);
    rig.card.edhoc.connection = kb_span("123456789", 9);
    assert_int_equal(kb_agree_edhoc(&agree, KB_AGREE_INITIATOR, &rig.card.edhoc), KB_ERR_USAGE);
    rig.card.edhoc.connection.len = 8;
    rig.card.edhoc.identities++; /* that on X25519 alone, and suite 2 */
    rig.card.edhoc.identity_count = 1;
    assert_int_equal(kb_agree_edhoc(&agree, KB_AGREE_INITIATOR, &rig.card.edhoc), KB_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plaintexts_have_one_form_only),
        cmocka_unit_test(a_kid_becomes_a_map_again),
        cmocka_unit_test(ead_is_refused_whole_or_delivered_whole),
        cmocka_unit_test(offers_of_another_shape_are_refused),
        BOTH(message_1_of_another_shape_is_refused),
        BOTH(message_2_longer_than_any_of_ours_is_refused),
        BOTH(a_configuration_that_cannot_work_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
