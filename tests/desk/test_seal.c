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
    err = kb_export_open("sealed", "clear", seal.key, &count, why);
    *opened = err ? NULL : rig_read("clear", NULL);
    return err;
}

static void test_a_sealed_line_opens_to_the_clear_one(void **state)
{
    char token[KB_SEAL_TOKEN], line[1024];
    struct kb_report why = {0};
    char *clear;

    (void)state;
    assert_int_equal(kb_seal_token(&seal, "001010000000001", "ki", kb_span("0123ABCD", 8), token),
                     KB_OK);
    snprintf(line, sizeof line, "head\nname,001010000000001,%s,tail\n", token);
    assert_int_equal(open_export(line, &clear, &why), KB_OK);
    assert_string_equal(clear, "head\nname,001010000000001,0123ABCD,tail\n");
    free(clear);
}

static void test_a_value_moved_to_another_subscriber_does_not_open(void **state)
{
    char token[KB_SEAL_TOKEN], line[1024];
    struct kb_report why = {0};
    char *clear;

    (void)state;
    assert_int_equal(kb_seal_token(&seal, "001010000000001", "ki", kb_span("0123ABCD", 8), token),
                     KB_OK);
    snprintf(line, sizeof line, "name,001010000000002,%s\n", token);
    assert_int_equal(open_export(line, &clear, &why), KB_ERR_INTEGRITY);
    assert_string_equal(why.text,
                        "sealed:1: a sealed value does not open: another transport key, or "
                        "a value that was moved or changed");
    assert_false(rig_has("clear.new"));
    token[strlen(token) - 1] = '\0';
    snprintf(line, sizeof line, "\nname,001010000000001,%s\n", token);
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
        cmocka_unit_test(test_a_value_moved_to_another_subscriber_does_not_open),
        cmocka_unit_test(test_a_key_file_is_made_once_for_its_owner_alone),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
