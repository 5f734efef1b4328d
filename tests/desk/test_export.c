/* SPDX-License-Identifier: Apache-2.0 */
/* Exports as the registers' own documents describe their input, from one card with the keys of 3GPP
 * TS 35.208 test set 1 and the AES-128 example of FIPS 197 appendix C.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "desk/export.h"
#include "desk/export_rows.h"
#include "desk/values.h"
#include "rig.h"
#include "wire/hex.h"

static const uint8_t bureau_key[KB_GCM_KEY] = {1, 2, 3};
static const uint8_t transport_key[KB_GCM_KEY] = {4, 5, 6};

static void put_hex(struct kb_record *record, const char *role, const char *hex)
{
    uint8_t bytes[32];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), bytes, sizeof bytes, &len), KB_OK);
    assert_int_equal(kb_record_put(record, role, role, kb_span(bytes, len)), KB_OK);
}

static void put_text(struct kb_record *record, const char *name, const char *role, const char *text)
{
    assert_int_equal(kb_record_put(record, name, role, kb_span(text, strlen(text))), KB_OK);
}

/* What make_journal adds: role and text, ended by NULL. */
static const char *const *extras;

/* A journal with one finished card; seq: highest sequence number it has accepted. */
static void make_journal(const char *ki, const char *opc, uint64_t seq)
{
    static const char iccid[] = "8988211000000000013";
    struct kb_seal seal = {&kb_crypto_openssl, {1, 2, 3}};
    struct kb_journal_batch batch = {"telecom", "telecom", "00", "00"};
    struct kb_record *record = kb_record_new();
    uint8_t *sealed = malloc(KB_JOURNAL_SEALED_MAX);
    struct kb_csv_place place = {0, 2};
    struct kb_journal *journal;
    struct kb_report why = {0};
    uint64_t first;

    remove("journal");
    assert_int_equal(kb_journal_open("journal", true, &journal, &why), KB_OK);
    assert_int_equal(kb_journal_set_batch(journal, &batch, &why), KB_OK);
    put_text(record, "imsi", "imsi", "001010123456789");
    put_text(record, "network_digits", "mnc_length", "3");
    put_text(record, "smsp", "smsp", "+46708000708");
    put_text(record, "msisdn", "msisdn", "+46700000001");
    put_text(record, "pin1", "pin1", "1234");
    put_text(record, "adm1", "adm1", "87654321");
    put_hex(record, "ki", ki);
    if (opc)
        put_hex(record, "opc", opc);
    for (size_t i = 0; extras && extras[i]; i += 2)
        put_text(record, "", extras[i], extras[i + 1]);
    assert_int_equal(kb_journal_add_card(journal, iccid, place, &first, &why), KB_OK);
    assert_int_equal(kb_journal_add_row(journal, iccid, place, &first, &why), KB_OK);
    assert_int_equal(kb_values_close(journal, &seal, iccid, record, sealed, &why), KB_OK);
    assert_int_equal(kb_journal_set_state(journal, iccid, KB_JOURNAL_DONE, NULL, &why), KB_OK);
    assert_int_equal(kb_journal_set_seq(journal, iccid, seq, &why), KB_OK);
    assert_int_equal(kb_journal_commit(journal, &why), KB_OK);
    kb_journal_close(journal);
    kb_record_free(record);
    free(sealed);
}

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    make_journal("465B5CE8B199B49FAA5F0A2EE238A6BC", "CD63CB71954A9F4E48A5994E37A02BAF", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

static struct kb_export_options options_for(const char *format)
{
    struct kb_export_options options = {
        .journal = "journal", .out = "out", .format = kb_export_format(format)};

    assert_non_null(options.format);
    memcpy(options.bureau_key, bureau_key, sizeof bureau_key);
    return options;
}

static char *export_with(const struct kb_export_options *options)
{
    struct kb_report why = {0};
    uint64_t count = 0;

    if (kb_export_batch(options, &count, &why))
        fail_msg("%s", why.text);
    assert_int_equal(count, 1);
    return rig_read(options->out, NULL);
}

static void expect(const char *format, const char *text)
{
    struct kb_export_options options = options_for(format);
    char *got = export_with(&options);

    assert_string_equal(got, text);
    free(got);
}

/* OsmoHLR user manual, control interface: subscriber.create, by-imsi-X.aud3g, by-imsi-X.msisdn. */
static void test_osmohlr_takes_commands_of_its_control_interface(void **state)
{
    (void)state;
    expect("osmohlr", "SET 1 subscriber.create 001010123456789\n"
                      "SET 3 subscriber.by-imsi-001010123456789.msisdn 46700000001\n"
                      "SET 2 subscriber.by-imsi-001010123456789.aud3g "
                      "milenage,465B5CE8B199B49FAA5F0A2EE238A6BC,opc,"
                      "CD63CB71954A9F4E48A5994E37A02BAF\n");
}

/* srsRAN 4G, user_db.csv.example: Name,Auth,IMSI,Key,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc. */
static void test_srsran_takes_ten_values_with_the_next_sequence_number(void **state)
{
    (void)state;
    expect("srsran", "# Name,Auth,IMSI,Key,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc\n"
                     "8988211000000000013,mil,001010123456789,465B5CE8B199B49FAA5F0A2EE238A6BC,opc,"
                     "CD63CB71954A9F4E48A5994E37A02BAF,8000,000000000040,9,dynamic\n");
}

/* SMSP: 3GPP TS 31.102 clause 4.2.27, indicators FD, service centre in 12 bytes. */
static void test_pysim_takes_a_table_with_names(void **state)
{
    (void)state;
    expect("pysim",
           "iccid,imsi,mcc,mnc,smsp,acc,sqn,ki,opc,pin_adm,pin1,puk1,pin2,puk2\n"
           "8988211000000000013,001010123456789,001,010,"
           "FDFFFFFFFFFFFFFFFFFFFFFFFF07916407080007F8FFFFFFFFFFFFFF,0200,000000000040,"
           "465B5CE8B199B49FAA5F0A2EE238A6BC,CD63CB71954A9F4E48A5994E37A02BAF,87654321,1234,,,\n");
}

static void test_open5gs_takes_one_document_a_line(void **state)
{
    struct kb_export_options options = options_for("open5gs");
    char *text = export_with(&options);
    json_t *document = json_loads(text, 0, NULL);
    json_t *security = json_object_get(document, "security");
    json_t *slice = json_array_get(json_object_get(document, "slice"), 0);

    (void)state;
    assert_non_null(document);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_string_equal(json_string_value(json_object_get(document, "imsi")), "001010123456789");
    assert_string_equal(json_string_value(json_object_get(security, "k")),
                        "465B5CE8B199B49FAA5F0A2EE238A6BC");
    assert_string_equal(json_string_value(json_object_get(security, "opc")),
                        "CD63CB71954A9F4E48A5994E37A02BAF");
    assert_true(json_is_null(json_object_get(security, "op")));
    assert_string_equal(json_string_value(json_object_get(security, "amf")), "8000");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(security, "sqn"), "$numberLong")), "64");
    assert_int_equal(json_integer_value(json_object_get(slice, "sst")), 1);
    json_decref(document);
    free(text);
}

/* SQN = SEQ || IND with five bits of IND (TS 33.102 annex C.3.2): the next SEQ, IND 0. */
static void test_the_sequence_number_is_the_next_one_of_the_card(void **state)
{
    struct kb_export_options options = options_for("srsran");
    char *text;

    (void)state;
    make_journal("465B5CE8B199B49FAA5F0A2EE238A6BC", "CD63CB71954A9F4E48A5994E37A02BAF", 0x1234);
    text = export_with(&options);
    assert_non_null(strstr(text, ",8000,0000000246a0,"));
    free(text);
}

/* FIPS 197 appendix C.1: key 000102...0F, plaintext 00112233...FF. */
static void test_registers_take_keys_encrypted_with_their_own(void **state)
{
    static const uint8_t at_register[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct kb_export_options options = options_for("pysim");
    char *text;

    (void)state;
    make_journal("00112233445566778899AABBCCDDEEFF", "00112233445566778899AABBCCDDEEFF", 1);
    options.register_key = at_register;
    options.register_id = "k4";
    options.transport_key = transport_key;
    text = export_with(&options);
    assert_non_null(strstr(text, ",puk2,register_key,ki_encrypted,opc_encrypted\n"));
    assert_non_null(strstr(text, ",k4,69C4E0D86A7B0430D8CDB78070B4C55A,"
                                 "69C4E0D86A7B0430D8CDB78070B4C55A\n"));
    free(text);
}

static void test_sealed_exports_show_no_key_and_open_to_the_clear_ones(void **state)
{
    static const char *const names[] = {"osmohlr", "open5gs", "srsran", "pysim"};
    static const char *const secrets[] = {"465B5CE8B199B49FAA5F0A2EE238A6BC",
                                          "CD63CB71954A9F4E48A5994E37A02BAF", "87654321"};

    (void)state;
    make_journal(secrets[0], secrets[1], 1);
    for (size_t i = 0; i < 4; i++) {
        struct kb_export_options options = options_for(names[i]);
        char *clear = export_with(&options), *sealed, *opened;
        struct kb_report why = {0};
        uint64_t count;

        options.transport_key = transport_key;
        sealed = export_with(&options);
        for (size_t k = 0; k < 3; k++)
            assert_null(strstr(sealed, secrets[k]));
        assert_int_equal(kb_export_open("out", "opened", transport_key, &count, &why), KB_OK);
        opened = rig_read("opened", NULL);
        assert_string_equal(opened, clear);
        free(clear);
        free(sealed);
        free(opened);
    }
}

#define K        "465B5CE8B199B49FAA5F0A2EE238A6BC"
#define OPC      "CD63CB71954A9F4E48A5994E37A02BAF"
#define NOT_USED "00000000000000000000000000000000"
#define OF_IMSI  "subscriber.by-imsi-001010123456789."

/* Subscribers of every algorithm, and what each format makes of them: part of a line, or of the
 * refusal. What OsmoHLR 1.5.0 takes was asked of it; the XORs of 1.6 and TUAK are in its manual. */
static const struct algorithm_row {
    const char *roles[9];
    const char *ki, *opc;
    const char *osmohlr, *open5gs, *srsran, *pysim;
    struct kb_aka_profile back; /* as OsmoHLR's lines are read */
    bool is_gsm;
} algorithm_rows[] = {
    {{"gsm_algorithm", "comp128v1"},
     K,
     OPC,
     "SET 4 " OF_IMSI "aud2g comp128v1," K "\nSET 2 " OF_IMSI "aud3g milenage," K ",opc," OPC "\n",
     "\"opc\":\"" OPC "\"",
     ",mil,",
     "!a table of pySim means Milenage",
     {KB_AKA_MILENAGE, KB_GSM_COMP128_1, 8, 16, 16, 8, 1},
     false},
    {{"gsm_algorithm", "comp128v3"},
     K,
     NULL,
     "SET 4 " OF_IMSI "aud2g comp128v3," K "\n",
     "!Open5GS knows Milenage",
     "!srsRAN knows",
     "!a table of pySim",
     {KB_AKA_XOR, KB_GSM_COMP128_3, 16, 16, 16, 8, 1},
     true},
    {{"algorithm", "xor", "res_length", "16", "gsm_algorithm", "xor"},
     K,
     NULL,
     "SET 4 " OF_IMSI "aud2g xor-2g," K "\nSET 2 " OF_IMSI "aud3g xor," K ",opc," NOT_USED "\n",
     "!Open5GS",
     "!srsRAN knows Milenage and XOR only, with RES of 8 bytes",
     "!pySim",
     {KB_AKA_XOR, KB_GSM_XOR, 16, 16, 16, 8, 1},
     false},
    {{"algorithm", "xor", "res_length", "8"},
     K,
     NULL,
     "!XOR with RES of 16 bytes",
     "!Open5GS",
     ",xor,001010123456789," K ",opc," NOT_USED ",8000,",
     "!pySim",
     {0},
     false},
    {{"algorithm", "tuak", "sqn_ind", "3"},
     K K,
     OPC OPC,
     "SET 2 " OF_IMSI "aud3g tuak," K K ",opc," OPC OPC ",3\n",
     "!Open5GS",
     "!srsRAN",
     "!pySim",
     {KB_AKA_TUAK, KB_GSM_CONVERTED, 8, 16, 16, 8, 1},
     false},
    {{"algorithm", "tuak", "iterations", "2"},
     K K,
     OPC OPC,
     "!one iteration",
     "!Open5GS",
     "!srsRAN",
     "!pySim",
     {0},
     false},
    {{"res_length", "4"},
     K,
     OPC,
     "!RES and MAC of 8",
     "!RES of 8",
     "!RES of 8",
     "!RES of 8",
     {0},
     false},
};

static void expect_part(const char *format, const char *part)
{
    struct kb_export_options options = options_for(format);
    struct kb_report why = {0};
    uint64_t count;
    char *text;

    if (part[0] != '!') {
        text = export_with(&options);
        assert_non_null(strstr(text, part));
        free(text);
        return;
    }
    options.out = "never";
    assert_int_equal(kb_export_batch(&options, &count, &why), KB_ERR_RULE);
    assert_non_null(strstr(why.text, "8988211000000000013: "));
    assert_non_null(strstr(why.text, part + 1));
    assert_false(rig_has("never"));
}

static enum kb_err compare_row(void *context, const struct kb_export_row *row,
                               struct kb_report *why)
{
    const struct algorithm_row *expected = context;

    (void)why;
    assert_memory_equal(&row->profile, &expected->back, sizeof row->profile);
    assert_int_equal(row->is_gsm, expected->is_gsm);
    assert_string_equal(row->ki, expected->ki);
    assert_string_equal(row->imsi, "001010123456789");
    return KB_OK;
}

/* Sealed as well, and read back as one subscriber. */
static void read_back(const struct algorithm_row *row)
{
    struct kb_export_options options = options_for("osmohlr");
    struct kb_report why = {0};
    char *text;

    options.transport_key = transport_key;
    text = export_with(&options);
    assert_null(strstr(text, K));
    free(text);
    if (kb_export_rows("out", transport_key, compare_row, (void *)row, &why))
        fail_msg("%s", why.text);
}

static void test_each_format_carries_the_algorithms_that_its_register_knows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof algorithm_rows / sizeof *algorithm_rows; i++) {
        const struct algorithm_row *row = &algorithm_rows[i];

        extras = row->roles;
        make_journal(row->ki, row->opc, 1);
        extras = NULL;
        expect_part("osmohlr", row->osmohlr);
        expect_part("open5gs", row->open5gs);
        expect_part("srsran", row->srsran);
        expect_part("pysim", row->pysim);
        if (row->osmohlr[0] != '!')
            read_back(row);
    }
    make_journal(K, OPC, 1);
}

/* SEQ 2 in a card whose numbers have three bits of IND (TS 33.102 annex C.3.2). */
static void test_the_next_number_goes_by_the_bits_of_ind(void **state)
{
    static const char *const three[] = {"sqn_ind", "3", NULL};
    struct kb_export_options options = options_for("srsran");
    char *text;

    (void)state;
    extras = three;
    make_journal(K, OPC, 1);
    extras = NULL;
    text = export_with(&options);
    assert_non_null(strstr(text, ",8000,000000000010,"));
    free(text);
    make_journal(K, OPC, 1);
}

static void test_halves_of_a_subscriber_that_do_not_go_together_are_refused(void **state)
{
    static const char lines[] = "SET 1 " OF_IMSI "aud2g comp128v1," OPC "\n"
                                "SET 2 " OF_IMSI "aud3g milenage," K ",opc," OPC "\n";
    struct kb_report why = {0};
    FILE *file = fopen("halves", "w");

    (void)state;
    assert_non_null(file);
    fputs(lines, file);
    fclose(file);
    assert_int_equal(kb_export_rows("halves", NULL, compare_row, NULL, &why), KB_ERR_RULE);
    assert_string_equal(why.text, "halves:2: has another key or algorithm for 2G than for 3G");
}

static void test_another_bureau_key_opens_nothing(void **state)
{
    struct kb_export_options options = options_for("srsran");
    struct kb_report why = {0};
    uint64_t count;

    (void)state;
    options.bureau_key[0] ^= 1;
    options.out = "never";
    assert_int_equal(kb_export_batch(&options, &count, &why), KB_ERR_INTEGRITY);
    assert_string_equal(why.text, "the values of 8988211000000000013 do not open: the journal "
                                  "belongs to another bureau key");
    assert_false(rig_has("never"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_osmohlr_takes_commands_of_its_control_interface),
        cmocka_unit_test(test_srsran_takes_ten_values_with_the_next_sequence_number),
        cmocka_unit_test(test_pysim_takes_a_table_with_names),
        cmocka_unit_test(test_open5gs_takes_one_document_a_line),
        cmocka_unit_test(test_the_sequence_number_is_the_next_one_of_the_card),
        cmocka_unit_test(test_registers_take_keys_encrypted_with_their_own),
        cmocka_unit_test(test_sealed_exports_show_no_key_and_open_to_the_clear_ones),
        cmocka_unit_test(test_each_format_carries_the_algorithms_that_its_register_knows),
        cmocka_unit_test(test_the_next_number_goes_by_the_bits_of_ind),
        cmocka_unit_test(test_halves_of_a_subscriber_that_do_not_go_together_are_refused),
        cmocka_unit_test(test_another_bureau_key_opens_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
