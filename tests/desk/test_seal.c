/* SPDX-License-Identifier: Apache-2.0 */
/* A sealed value opens with its key, for its owner and in its column, and nowhere else. The other
 * crypto library seals and opens what this one does. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "desk/export.h"
#include "desk/key_file.h"
#include "desk/seal.h"
#include "rig.h"
#include "wire/hex.h"

#include <stdlib.h>
#include <sys/stat.h>

static const struct kb_seal seal = {&kb_crypto_openssl, {9, 8, 7}};
static const char owner[] = "8900101000000000019";

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

static void test_it_opens_for_its_owner_and_column_only(void **state)
{
    uint8_t sealed[5 + KB_SEAL_OVERHEAD], value[5];
    struct kb_span span = kb_span(sealed, sizeof sealed);
    struct kb_seal other = seal;

    (void)state;
    other.key[31] ^= 1;
    assert_int_equal(kb_seal_close(&seal, owner, "ki", kb_span("value", 5), sealed), KB_OK);
    assert_int_equal(kb_seal_open(&seal, owner, "ki", span, value), KB_OK);
    assert_memory_equal(value, "value", 5);
    assert_int_equal(kb_seal_open(&seal, owner, "opc", span, value), KB_ERR_INTEGRITY);
    assert_int_equal(kb_seal_open(&seal, "8900101000000000027", "ki", span, value),
                     KB_ERR_INTEGRITY);
    assert_int_equal(kb_seal_open(&other, owner, "ki", span, value), KB_ERR_INTEGRITY);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 0x40;
        assert_int_equal(kb_seal_open(&seal, owner, "ki", span, value), KB_ERR_INTEGRITY);
        sealed[i] ^= 0x40;
    }
    for (size_t len = 0; len < sizeof sealed; len++)
        assert_int_equal(kb_seal_open(&seal, owner, "ki", kb_span(sealed, len), value),
                         KB_ERR_INTEGRITY);
}

/* Nonce, ciphertext, tag; associated data: owner, zero, column. */
static void test_its_bytes_are_those_of_aes_gcm(void **state)
{
    static const uint8_t associated[] = "8900101000000000019\0ki";
    struct kb_span aad = kb_span(associated, sizeof associated - 1);
    uint8_t sealed[5 + KB_SEAL_OVERHEAD], value[5];

    (void)state;
    memset(sealed, 0x11, KB_GCM_NONCE);
    assert_int_equal(kb_crypto_mbedtls.gcm_seal(seal.key, sealed, aad, kb_span("value", 5),
                                                sealed + KB_GCM_NONCE, sealed + KB_GCM_NONCE + 5),
                     KB_OK);
    assert_int_equal(kb_seal_open(&seal, owner, "ki", kb_span(sealed, sizeof sealed), value),
                     KB_OK);
    assert_memory_equal(value, "value", 5);
}

/* An export of one line with a sealed value, opened. */
static enum kb_err open_export(const char *line, char **opened, struct kb_report *why)
{
    uint64_t count;
    enum kb_err err;

    rig_write("sealed", line);
    remove("clear");
    err = kb_export_open("sealed", "clear", seal.key, &count, why);
    *opened = err ? NULL : rig_read("clear", NULL);
    return err;
}

static const char table[] = "iccid,imsi,ki,opc,pin_adm\n";
static const char imsi[] = "001010000000001";

static const char *token_of(const char *of, const char *column)
{
    static char tokens[4][KB_SEAL_TOKEN];
    static unsigned next;
    char *token = tokens[next++ % 4];

    assert_int_equal(kb_seal_token(&seal, of, column, kb_span("0123ABCD", 8), token), KB_OK);
    return token;
}

static void test_a_sealed_line_opens_to_the_clear_one(void **state)
{
    char line[1024];
    struct kb_report why = {0};
    char *clear;

    (void)state;
    snprintf(line, sizeof line, "%scard,%s,%s,,%s\n", table, imsi, token_of(imsi, "ki"),
             token_of(imsi, "adm1"));
    assert_int_equal(open_export(line, &clear, &why), KB_OK);
    assert_string_equal(clear,
                        "iccid,imsi,ki,opc,pin_adm\ncard,001010000000001,0123ABCD,,0123ABCD\n");
    free(clear);
}

/* The line is a format: names of a table or nothing, then whose token goes where. */
static const struct {
    const char *format, *of, *column; /* of: IMSI */
} moved[] = {
    /* to the line of another one, also when it speaks of the right one somewhere */
    {"iccid,imsi,ki\ncard,001010000000002,%s\n", imsi, "ki"},
    {"iccid,imsi,ki\n001010000000001,001010000000002,%s\n", imsi, "ki"},
    {"iccid,imsi,ki\ncard,0010100000000012,%s\n", imsi, "ki"},
    {"iccid,imsi,imsi,ki\ncard,001010000000001,001010000000002,%s\n", imsi, "ki"},
    {"iccid,imsi,ki\n\"001010000000001\",001010000000001,%s\n", imsi, "ki"},
    {"# Name,Auth,IMSI,Key,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc\n"
     "001010000000001,mil,001010000000002,%s,opc,,8000\n",
     imsi, "ki"},
    {"# Name,Auth,Key,IMSI,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc\n"
     "card,mil,001010000000002,001010000000001,opc,%s,8000\n",
     imsi, "opc"},
    {"{\"imsi\":\"001010000000002\",\"security\":{\"k\":\"%s\"}}\n", imsi, "ki"},
    {"{\"imsi\":\"001010000000001\",\"imsi\":\"001010000000002\",\"security\":{\"k\":\"%s\"}}\n",
     imsi, "ki"},
    {"SET 2 subscriber.by-imsi-001010000000002.aud3g milenage,%s,opc,00\n", imsi, "ki"},
    {"SET 001010000000001 subscriber.by-imsi-001010000000002.aud3g milenage,00,opc,%s\n", imsi,
     "opc"},
    /* to another column */
    {"iccid,imsi,ki\ncard,001010000000001,%s\n", imsi, "opc"},
    {"%s,imsi,ki\n", imsi, "ki"},
    {"iccid,imsi,ki\n%s,001010000000001,00\n", imsi, "ki"},
    {"{\"imsi\":\"001010000000001\",\"security\":{\"k\":\"%s\"}}\n", imsi, "opc"},
    {"{\"imsi\":\"001010000000001\",\"msisdn\":\"%s\"}\n", imsi, "ki"},
    {"SET 2 subscriber.by-imsi-001010000000001.aud3g milenage,%s,opc,00\n", imsi, "opc"},
    {"SET 2 subscriber.by-imsi-001010000000001.aud3g milenage,00,opc,%s\n", imsi, "ki"},
    {"SET 2 subscriber.by-imsi-001010000000001.msisdn %s\n", imsi, "ki"},
};

static void test_a_value_moved_to_another_place_does_not_open(void **state)
{
    char line[1024];
    struct kb_report why;
    char *clear;

    (void)state;
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
        why = (struct kb_report){0};
        snprintf(line, sizeof line, moved[i].format, token_of(moved[i].of, moved[i].column));
        if (open_export(line, &clear, &why) != KB_ERR_INTEGRITY)
            fail_msg("line %zu: %s", i, why.text);
        assert_non_null(strstr(why.text, ": a sealed value does not open: another transport key, "
                                         "or a value that was moved or changed"));
        assert_false(rig_has("clear"));
    }
}

/* Whatever character of a token is changed, nothing that looks like a clear export comes out. */
static void test_a_changed_token_is_refused(void **state)
{
    const char *token = token_of(imsi, "ki");
    char line[1024];
    struct kb_report why = {0};
    char *clear;

    (void)state;
    for (size_t i = 0; i < strlen(token); i++) {
        int start = snprintf(line, sizeof line, "%scard,%s,", table, imsi);

        snprintf(&line[start], sizeof line - (size_t)start, "%s,,\n", token);
        line[start + (int)i] = line[start + (int)i] == '7' ? '8' : '7';
        assert_int_not_equal(open_export(line, &clear, &why), KB_OK);
        assert_false(rig_has("clear"));
    }
    snprintf(line, sizeof line, "%scard,%s,%.*s\n", table, imsi, (int)strlen(token) - 1, token);
    assert_int_equal(open_export(line, &clear, &why), KB_ERR_MALFORMED);
    assert_string_equal(why.text, "sealed:2: a sealed value is damaged");
}

static void test_a_key_file_is_made_once_for_its_owner_alone(void **state)
{
    uint8_t key[32], again[32];
    struct kb_report why = {0};
    struct stat info;
    bool is_new;

    (void)state;
    assert_int_equal(
        kb_key_file_need("home/k.key", &kb_crypto_openssl, kb_key_draw, key, 32, &is_new, &why),
        KB_OK);
    assert_true(is_new);
    assert_int_equal(stat("home/k.key", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(
        kb_key_file_need("home/k.key", &kb_crypto_openssl, kb_key_draw, again, 32, &is_new, &why),
        KB_OK);
    assert_false(is_new);
    assert_memory_equal(key, again, 32);
    assert_int_equal(kb_key_file_read("home/k.key", again, 16, &why), KB_ERR_MALFORMED);
    assert_string_equal(why.text, "home/k.key: should hold 32 hexadecimal digits");
    assert_int_equal(kb_key_file_read("home/none", again, 32, &why), KB_ERR_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_opens_for_its_owner_and_column_only),
        cmocka_unit_test(test_its_bytes_are_those_of_aes_gcm),
        cmocka_unit_test(test_a_sealed_line_opens_to_the_clear_one),
        cmocka_unit_test(test_a_value_moved_to_another_place_does_not_open),
        cmocka_unit_test(test_a_changed_token_is_refused),
        cmocka_unit_test(test_a_key_file_is_made_once_for_its_owner_alone),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
