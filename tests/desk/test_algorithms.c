/* SPDX-License-Identifier: Apache-2.0 */
/* Cards of the complete plan whose operator chooses how they authenticate: the bureau sends words
 * and numbers, and each card then proves its keys with the algorithm it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/scp03.h"
#include "desk/export.h"
#include "desk/talk.h"
#include "tests/desk/rig.h"
#include "wire/hex.h"

static int set_up(void **state)
{
    struct kb_factory_options options;
    struct kb_factory_summary summary;
    struct kb_report why = {0};

    (void)state;
    rig_enter();
    options = rig_factory(6);
    options.plan = KB_SOURCE "/examples/plans/uicc.yaml";
    if (kb_factory_make(&options, &summary, &why))
        fail_msg("%s", why.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

/* K of 16 or 32 bytes and OPc or TOPc behind it, then algorithm, GSM algorithm, RES, MAC, CK, IK,
 * iterations and bits of IND. */
#define K16 "465B5CE8B199B49FAA5F0A2EE238A6BC"
#define O16 "CD63CB71954A9F4E48A5994E37A02BAF"

/* The operator's keys of the security domain, which one row brings. */
#define SCP03_KEYS                                                                                 \
    "404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F"                             \
    "606162636465666768696A6B6C6D6E6F"

static void each_card_proves_the_algorithm_it_was_given(void **state)
{
    static const char *const choices[] = {
        K16 "," O16 ",milenage,from-3g,8,8,16,16,1,5",
        K16 "," O16 ",milenage,comp128v1,4,8,16,16,1,0",
        K16 "," O16 ",xor,comp128v2,16,8,16,16,1,3",
        K16 "," O16 O16 ",tuak,comp128v3,8,8,16,16,1,5",
        K16 O16 "," O16 O16 ",tuak,from-3g,16,16,32,16,2,5",
        K16 O16 "," O16 O16 ",tuak,from-3g,4,32,32,32,3,2",
    };
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    struct kb_report why = {0};
    FILE *file = fopen("batch.csv", "w");

    (void)state;
    assert_non_null(file);
    fputs("iccid,imsi,ki,opc,algorithm,gsm_algorithm,res_length,mac_length,ck_length,ik_length,"
          "iterations,sqn_ind,scp03_keys\n",
          file);
    for (unsigned i = 0; i < sizeof choices / sizeof *choices; i++)
        fprintf(file, "%s,00101000000000%u,%s,%s\n", rig_iccid(i + 1), i, choices[i],
                i ? "" : SCP03_KEYS);
    assert_int_equal(fclose(file), 0);
    if (kb_bureau_run(&options, &summary, &why))
        fail_msg("%s", why.text);
    assert_int_equal(summary.done, 6);
    assert_int_equal(summary.failed, 0);
}

/* Whether key set 30 of the security domain answers with a cryptogram that these keys give
 * (GlobalPlatform Amendment D clause 7.1.1). */
static bool has_keys_of_the_domain(uint64_t card)
{
    static const uint8_t select[4] = {0x00, 0xA4, 0x04, 0x00}, begin[4] = {0x80, 0x50, 0x30, 0x00};
    static const uint8_t aid[] = {0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00};
    static const uint8_t challenge[8] = {1, 2, 3};
    uint8_t keys[48], cryptogram[8];
    struct kb_report why = {0};
    struct kb_reader *reader;
    struct kb_answer answer;
    struct kb_scp03 scp;
    char path[64];
    size_t len;

    assert_int_equal(
        kb_hex_decode(kb_span(SCP03_KEYS, strlen(SCP03_KEYS)), keys, sizeof keys, &len), KB_OK);
    snprintf(path, sizeof path, "cards/%s.card", rig_iccid(card));
    assert_int_equal(kb_reader_open_file(path, &reader, &why), KB_OK);
    assert_int_equal(kb_talk_power_up(reader, &why), KB_OK);
    assert_int_equal(
        kb_talk_ok(reader, "SELECT", select, kb_span(aid, sizeof aid), true, &answer, &why), KB_OK);
    assert_int_equal(
        kb_talk_ok(reader, "INITIALIZE UPDATE", begin, kb_span(challenge, 8), true, &answer, &why),
        KB_OK);
    reader->ops->close(reader);
    assert_true(answer.len >= 29); /* diversification 10, key 3, challenge 8, cryptogram 8 */
    assert_int_equal(kb_scp03_begin(&scp, &kb_crypto_openssl,
                                    &(struct kb_scp03_start){keys, &keys[16], 16, KB_SCP03_S8,
                                                             challenge, &answer.data[13]},
                                    cryptogram),
                     KB_OK);
    return memcmp(cryptogram, &answer.data[21], 8) == 0;
}

static void the_operator_s_keys_of_the_security_domain_take_the_place_of_the_maker_s(void **state)
{
    (void)state;
    assert_true(has_keys_of_the_domain(1));
    assert_false(has_keys_of_the_domain(2));
}

/* Each format refuses what its register would take for something else. */
static void what_a_register_does_not_know_is_not_exported(void **state)
{
    struct kb_export_options options = {
        .journal = "journal", .out = "lines", .format = &kb_export_osmohlr};
    struct kb_report why = {0};
    uint64_t count;

    (void)state;
    memcpy(options.bureau_key, rig_bureau().key, sizeof options.bureau_key);
    assert_int_equal(kb_export_batch(&options, &count, &why), KB_ERR_RULE);
    assert_non_null(strstr(why.text, "OsmoHLR knows Milenage and TUAK with RES and MAC of 8"));
    assert_false(rig_has("lines"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_card_proves_the_algorithm_it_was_given),
        cmocka_unit_test(the_operator_s_keys_of_the_security_domain_take_the_place_of_the_maker_s),
        cmocka_unit_test(what_a_register_does_not_know_is_not_exported),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
