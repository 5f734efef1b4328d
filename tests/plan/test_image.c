/* SPDX-License-Identifier: Apache-2.0 */
/* The image of a plan, read by a decoder of the test's own, written from the layout that
 * card/perso/image.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plan/small_plan.h"

static unsigned char image[20000];
static size_t image_len;
static unsigned char public_key[KB_P256_PUBLIC];

static unsigned u8(size_t at)
{
    assert_true(at < image_len);
    return image[at];
}

static unsigned u16(size_t at)
{
    return u8(at) << 8 | u8(at + 1);
}

/* Where the tables start: header 20, transitions 3, fields 10, commands 8, items 14, writes 18. */
static size_t transitions_at(void)
{
    return 20;
}

static size_t fields_at(void)
{
    return transitions_at() + 3 * u8(9);
}

static size_t commands_at(void)
{
    return fields_at() + 10 * u8(10);
}

static size_t items_at(void)
{
    return commands_at() + 8 * u8(11);
}

static size_t writes_at(void)
{
    return items_at() + 14 * u8(12);
}

static size_t names_at(void)
{
    return writes_at() + 18 * u8(13);
}

static bool is_name(unsigned offset, const char *name)
{
    size_t at = names_at() + offset;

    return u8(at) == strlen(name) && !memcmp(image + at + 1, name, strlen(name));
}

/* The item row of a field with this name. */
static size_t item_row(unsigned field, const char *name)
{
    size_t row = fields_at() + 10 * field;

    for (unsigned i = 0; i < u8(row + 3); i++) {
        size_t item = items_at() + 14 * (u8(row + 2) + i);

        if (is_name(u16(item + 11), name))
            return item;
    }
    fail_msg("no item %s", name);
    return 0;
}

static size_t write_row(size_t item, unsigned index)
{
    assert_true(index < u8(item + 10));
    return writes_at() + 18 * (u8(item + 9) + index);
}

static void assert_row(size_t at, const char *hex)
{
    for (size_t i = 0; hex[2 * i]; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        assert_int_equal(u8(at + i), byte);
    }
}

static void make_image(const char *text)
{
    uint8_t key[KB_P256_PRIVATE];
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    struct kb_writer wr = kb_wr(image, sizeof image);
    enum kb_err err = text ? load_plan(text, strlen(text), path, &plan, &why)
                           : kb_plan_load(example("plans/telecom.yaml"), &plan, &why);

    if (err)
        fail_msg("%s", why.text);
    assert_int_equal(kb_crypto_openssl.p256_keypair(key, public_key), KB_OK);
    assert_int_equal(kb_plan_image(plan, &kb_crypto_openssl, key, &wr, &why), KB_OK);
    image_len = wr.len;
    kb_plan_free(plan);
}

static void the_header_tells_lengths_and_counts(void **state)
{
    (void)state;
    make_image(small_plan);
    assert_memory_equal(image, "KBPI", 4);
    assert_int_equal(u16(4), 1);
    assert_int_equal(u16(6), image_len);
    assert_int_equal(u8(8), 7);   /* states: six and WAITING */
    assert_int_equal(u8(9), 10);  /* transitions */
    assert_int_equal(u8(10), 2);  /* fields */
    assert_int_equal(u8(11), 13); /* 6 of the default coding; 6 and one of an item */
    assert_int_equal(u8(12), 8);
    assert_int_equal(u8(13), 8);
    assert_int_equal(u16(18), 0);
    assert_int_equal(names_at() + u16(14) + 4 + 64, image_len);
    assert_true(is_name(u16(16), "small"));
}

static void transitions_are_from_event_to(void **state)
{
    (void)state;
    make_image(small_plan);
    assert_row(transitions_at(), "000001" /* IDLE ENABLE READY */
                                 "000102" /* IDLE ENABLE_ALERTED ALERT */
                                 "010203" /* READY VERIFY_OK PERSO */
                                 "010306" /* READY VERIFY_WRONG WAITING */
                                 "010405" /* READY VERIFY_EXHAUSTED BLOCKED */
                                 "020203"
                                 "020306"
                                 "020405"
                                 "030503" /* PERSO PUT PERSO */
                                 "030604" /* PERSO LOCK LOCKED */);
}

static void fields_share_out_items_and_commands(void **state)
{
    (void)state;
    make_image(small_plan);
    assert_row(fields_at(), "0003000300"
                            "06");
    assert_row(fields_at() + 10, "0105030506"
                                 "07");
    assert_true(is_name(u16(fields_at() + 6), "boot"));
    assert_true(is_name(u16(fields_at() + 16), "tele"));
}

static void commands_left_out_have_the_default_coding(void **state)
{
    (void)state;
    make_image(small_plan);
    assert_row(commands_at(), "804000FF00FF0000"      /* ENABLE 80 40 field 00 */
                              "804200FF00FF0100"      /* VERIFY 80 42 00 00: the code */
                              "804201FF00FF0101"      /* VERIFY 80 42 01 00: by challenge */
                              "804800FF00FF0200"      /* PUT as BER-TLV */
                              "804A00FF00FF0500"      /* LOCK */
                              "804C00FF00FF0600");    /* GET PERSO STATE */
    assert_row(commands_at() + 48, "80D001FF02FF0402" /* item 2 of the field */
                                   "805001FF00FF0000"
                                   "845200FF01FF0101"
                                   "845200FF00FF0100"
                                   "80E260FF00000200" /* any P2 */
                                   "805E00FF00FF0500"
                                   "805C00FF00FF0600");
}

static void items_tell_tag_limits_and_writes(void **state)
{
    size_t item;

    (void)state;
    make_image(small_plan);
    item = item_row(1, "imsi");
    assert_row(item, "00C10101000E000F00"); /* mandatory digits, 14 to 15, no check */
    assert_int_equal(u8(item + 10), 1);
    /* IMSI into a file of depth 2, 7FF0/6F07, no record, offset 0, 9 bytes */
    assert_row(write_row(item, 0), "0200027FF06F070000000000000000090000");
    item = item_row(1, "ki");
    assert_row(item, "DF210100001000"
                     "1002");
    assert_row(write_row(item, 0), "000300"
                                   "0001000000000000"
                                   "00"
                                   "0000"
                                   "0010"
                                   "0000");
    item = item_row(1, "centre");
    assert_row(item, "00000004000100"
                     "1500");
    /* SMSP: the last 28 of 40 bytes of record 2 */
    assert_row(write_row(item, 0), "0800027FF06F420000000002000C001C0000");
    item = item_row(1, "pin1");
    assert_row(write_row(item, 0), "090200"
                                   "0000000000000000"
                                   "00"
                                   "0000"
                                   "0008"
                                   "0000");
    item = item_row(0, "ident");
    assert_row(write_row(item, 0), "000500"
                                   "0000000000000000"
                                   "00"
                                   "0000"
                                   "0013"
                                   "0000");
}

static void the_image_ends_with_crc_and_signature(void **state)
{
    uint32_t crc = 0xFFFFFFFF;
    size_t crc_at;
    struct kb_sha256 sha;
    uint8_t digest[32];

    (void)state;
    make_image(NULL);
    crc_at = names_at() + u16(14);
    assert_int_equal(crc_at + 4 + 64, image_len);
    for (size_t i = 0; i < crc_at; i++) {
        crc ^= image[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    crc = ~crc;
    assert_int_equal((uint32_t)u16(crc_at) << 16 | u16(crc_at + 2), crc);
    assert_int_equal(kb_crypto_mbedtls.sha256_start(&sha), KB_OK);
    assert_int_equal(kb_crypto_mbedtls.sha256_update(&sha, image, crc_at + 4), KB_OK);
    assert_int_equal(kb_crypto_mbedtls.sha256_finish(&sha, digest), KB_OK);
    assert_int_equal(kb_crypto_mbedtls.p256_verify(public_key, digest, image + crc_at + 4), KB_OK);
}

static void the_example_has_the_usual_machine(void **state)
{
    (void)state;
    make_image(NULL);
    assert_int_equal(u8(8), 6);
    assert_row(transitions_at(), "000001000102010203010302010405020203020302020405030503030604");
    assert_true(is_name(u16(16), "telecom"));
}

/* The USIM's identity goes to EF.IMSI and EF.ACC (TS 31.102 clauses 4.2.2, 4.2.15). */
static void one_item_may_have_several_places(void **state)
{
    size_t item;

    (void)state;
    make_image(NULL);
    item = item_row(1, "imsi");
    assert_int_equal(u8(item + 10), 2);
    assert_row(write_row(item, 0), "0200027FF06F070000000000000000090000");
    assert_row(write_row(item, 1), "0400027FF06F780000000000000000020000");
}

static void a_writer_without_room_is_refused(void **state)
{
    uint8_t key[KB_P256_PRIVATE] = {[31] = 1}, room[900];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;

    (void)state;
    assert_int_equal(kb_plan_load(example("plans/telecom.yaml"), &plan, &why), KB_OK);
    for (size_t cap = 0; cap <= sizeof room; cap += 50) {
        struct kb_writer wr = kb_wr(room, cap);

        assert_int_equal(kb_plan_image(plan, &kb_crypto_openssl, key, &wr, &why), KB_ERR_TOO_LONG);
    }
    kb_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_tells_lengths_and_counts),
        cmocka_unit_test(transitions_are_from_event_to),
        cmocka_unit_test(fields_share_out_items_and_commands),
        cmocka_unit_test(commands_left_out_have_the_default_coding),
        cmocka_unit_test(items_tell_tag_limits_and_writes),
        cmocka_unit_test(the_image_ends_with_crc_and_signature),
        cmocka_unit_test(the_example_has_the_usual_machine),
        cmocka_unit_test(one_item_may_have_several_places),
        cmocka_unit_test(a_writer_without_room_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
