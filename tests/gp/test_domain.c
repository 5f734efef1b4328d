/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuer security domain does behind its secure channel (GlobalPlatform Card Specification
 * clause 11): keys, data, life cycle, lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/gp/host.h"
#include "wire/hex.h"

enum { VERSION = 0x30 };

static struct rig rig;
static struct host host;

static void assert_data(const char *hex)
{
    uint8_t expected[300];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), expected, sizeof(expected), &len),
                     KB_OK);
    assert_int_equal(host.len, len);
    assert_memory_equal(host.data, expected, len);
}

static void start(uint8_t level)
{
    host_make_card(&rig, VERSION, &host_keys_128);
    host = (struct host){.rig = &rig};
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, level), 0x9000);
}

static void restart(uint8_t version, const struct host_keys *keys)
{
    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_open(&host, version, keys, 0x33), 0x9000);
}

static void put_key(const struct host_keys *by, uint8_t replaced, uint8_t version,
                    const struct host_keys *keys, uint16_t sw)
{
    uint8_t data[160];
    size_t len = host_put_key_data(by, version, keys, data);

    assert_int_equal(host_send(&host, 0x80D80081u | (uint32_t)replaced << 8, data, len), sw);
}

/* --- PUT KEY --- */

static void put_key_adds_a_set_and_answers_its_check_values(void **state)
{
    (void)state;
    start(0x33);
    put_key(&host_keys_128, 0x00, 0x31, &host_keys_256, 0x9000);
    assert_int_equal(host.len, 10);
    assert_int_equal(host.data[0], 0x31);
    assert_int_equal(host_send(&host, 0x80CA00E0, NULL, 0), 0x9000);
    assert_data("E024C00401308810C00402308810C00403308810C00401318820C00402318820C00403318820");
    restart(0x31, &host_keys_256);
    restart(VERSION, &host_keys_128);
}

static void put_key_replaces_a_set(void **state)
{
    static const struct host_keys *const all[] = {&host_keys_192, &host_keys_256, &host_keys_128};
    const struct host_keys *before = &host_keys_128;
    uint8_t version = VERSION;

    (void)state;
    start(0x33);
    for (size_t i = 0; i < 3; i++) {
        put_key(before, version, (uint8_t)(version + 1), all[i], 0x9000);
        before = all[i];
        version++;
        restart(version, before);
        assert_int_equal(host_initialize(&host, (uint8_t)(version - 1), before, KB_SCP03_S8),
                         0x6A88);
        restart(version, before);
    }
}

static void put_key_takes_the_set_it_authenticated_with(void **state)
{
    (void)state;
    start(0x33);
    put_key(&host_keys_128, VERSION, VERSION, &host_keys_256, 0x9000);
    restart(VERSION, &host_keys_256);
}

static void put_key_refuses(void **state)
{
    uint8_t data[160];
    size_t len;

    (void)state;
    start(0x33);
    put_key(&host_keys_128, 0x22, 0x31, &host_keys_128, 0x6A88);    /* no such set */
    put_key(&host_keys_128, 0x00, VERSION, &host_keys_128, 0x6A80); /* it is there already */
    put_key(&host_keys_128, 0x00, 0x00, &host_keys_128, 0x6A80);
    put_key(&host_keys_128, 0x00, 0x80, &host_keys_128, 0x6A80);
    put_key(&host_keys_128, 0x00, 0x3A, &host_keys_128, 0x6A80); /* a field's */
    put_key(&host_keys_256, 0x00, 0x31, &host_keys_128, 0x9485); /* under another key */
    len = host_put_key_data(&host_keys_128, 0x31, &host_keys_128, data);
    for (size_t cut = 1; cut < len; cut++)
        assert_int_equal(host_send(&host, 0x80D80081, data, cut), 0x6A80);
    data[len] = 0;
    assert_int_equal(host_send(&host, 0x80D80081, data, len + 1), 0x6A80);
    data[1] = 0x80; /* DES */
    assert_int_equal(host_send(&host, 0x80D80081, data, len), 0x9484);
    assert_int_equal(host_send(&host, 0x80D80001, data, len), 0x6A86);
    assert_int_equal(host_send(&host, 0x80CA00E0, NULL, 0), 0x9000);
    assert_data("E012C00401308810C00402308810C00403308810");
}

static void eight_sets_are_the_most(void **state)
{
    (void)state;
    start(0x33);
    for (uint8_t version = 0x01; version < 0x08; version++)
        put_key(&host_keys_128, 0x00, version, &host_keys_192, 0x9000);
    put_key(&host_keys_128, 0x00, 0x08, &host_keys_192, 0x6A84);
    put_key(&host_keys_128, 0x07, 0x08, &host_keys_192, 0x9000);
}

/* --- STORE DATA --- */

static void store_data_keeps_what_get_data_shows(void **state)
{
    (void)state;
    start(0x33);
    assert_int_equal(host_send_hex(&host, 0x80E29000, "42031234564508FFEEDDCCBBAA9988"), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80E28800, "0070044202ABCD"), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80E28800, "006603730101"), 0x9000);
    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(rig_send(&rig, "80CA004200"), 0x9000);
    assert_memory_equal(rig.response, "\x42\x02\xAB\xCD", 4);
    assert_int_equal(rig_send(&rig, "80CA004500"), 0x9000);
    assert_memory_equal(rig.response, "\x45\x08\xFF\xEE\xDD\xCC\xBB\xAA\x99\x88", 10);
    assert_int_equal(rig_send(&rig, "80CA006600"), 0x9000);
    assert_memory_equal(rig.response, "\x66\x03\x73\x01\x01", 5);
}

static void store_data_puts_blocks_together_wherever_they_were_cut(void **state)
{
    static const char all[] = "42031234564508FFEEDDCCBBAA9988";
    uint8_t data[64];
    size_t len;

    (void)state;
    assert_int_equal(kb_hex_decode(kb_span(all, strlen(all)), data, sizeof(data), &len), KB_OK);
    for (size_t cut = 1; cut < len; cut++) {
        start(0x33);
        assert_int_equal(host_send(&host, 0x80E21000, data, cut), 0x9000);
        assert_int_equal(host_send(&host, 0x80CA0042, NULL, 0), 0x6A88);
        assert_int_equal(host_send(&host, 0x80E29001, data + cut, len - cut), 0x9000);
        assert_int_equal(host_send(&host, 0x80CA0042, NULL, 0), 0x9000);
        assert_data("4203123456");
        assert_int_equal(host_send(&host, 0x80CA0045, NULL, 0), 0x9000);
        assert_data("4508FFEEDDCCBBAA9988");
    }
}

static void store_data_refuses(void **state)
{
    (void)state;
    start(0x33);
    assert_int_equal(host_send_hex(&host, 0x80E29000, "4201AA4601BB"), 0x6A88);
    assert_int_equal(host_send_hex(&host, 0x80E29000, "4201AA4502BB"), 0x6A80);
    assert_int_equal(host_send_hex(&host, 0x80E29000, "4200"), 0x6A80);
    assert_int_equal(host_send(&host, 0x80E29000, NULL, 0), 0x6700);
    assert_int_equal(host_send_hex(&host, 0x80E29800, "4201AA"), 0x6A86);
    assert_int_equal(host_send_hex(&host, 0x80E2F000, "4201AA"), 0x6A86); /* ciphered */
    assert_int_equal(host_send_hex(&host, 0x80E29001, "4201AA"), 0x6985); /* block 0 is missing */
    assert_int_equal(host_send_hex(&host, 0x80E21000, "4201"), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80E29002, "AA"), 0x6985);
    assert_int_equal(host_send_hex(&host, 0x80E29000, "9F660811223344556677"), 0x6A80);
    assert_int_equal(host_send_hex(&host, 0x80E29000, "9F66081122334455667788"), 0x6A88);
    assert_int_equal(host_send(&host, 0x80CA0042, NULL, 0), 0x6A88); /* none of it is there */
}

static void store_data_goes_on_in_the_channel_it_began_in_alone(void **state)
{
    (void)state;
    start(0x33);
    assert_int_equal(host_send_hex(&host, 0x80E21000, "4202AA"), 0x9000);
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80E29001, "BB"), 0x6985);
}

static void store_data_completes_the_production_data(void **state)
{
    uint8_t cplc[42];

    (void)state;
    start(0x33);
    memset(cplc, 0x5A, sizeof(cplc));
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_CPLC, cplc, sizeof(cplc)), KB_OK);
    assert_int_equal(
        host_send_hex(&host, 0x80E28800, "9F670801020304050607089F66081112131415161718"), 0x9000);
    assert_int_equal(host_send(&host, 0x80CA9F7F, NULL, 0), 0x9000);
    assert_int_equal(host.len, 45);
    assert_memory_equal(host.data, "\x9F\x7F\x2A\x5A", 4);
    assert_memory_equal(host.data + 3 + 25,
                        "\x5A\1\2\3\4\5\6\7\x08\x11\x12\x13\x14\x15\x16\x17\x18", 17);
}

/* --- Life cycle --- */

static void the_life_cycle_goes_forward_and_a_lock_opens_again(void **state)
{
    (void)state;
    start(0x11);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F00"), 0x9000);
    assert_data("E3134F08A0000001510000009F70010FC503980400");
    assert_int_equal(host_send(&host, 0x80F08007, NULL, 0), 0x6985);
    assert_int_equal(host_send(&host, 0x80F0800F, NULL, 0), 0x6985);
    assert_int_equal(host_send(&host, 0x80F04007, NULL, 0), 0x6A86);
    assert_int_equal(host_send(&host, 0x80F0807F, NULL, 0), 0x9000);
    assert_int_equal(host_send(&host, 0x80F0807F, NULL, 0), 0x6985);
    restart(VERSION, &host_keys_128);
    assert_int_equal(rig_send(&rig, "00A4000C023F00"), 0x6985);
    assert_int_equal(rig_send(&rig, "80F2000000"), 0x6985);
    assert_int_equal(rig_send(&rig, "00700000"), 0x6985);
    assert_int_equal(rig_send(&rig, "A0A40000023F00"), 0x6E00);
    assert_int_equal(rig_send(&rig, "80CA006600"), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80E29000, "4201AA"), 0x6985);
    assert_int_equal(host_send(&host, 0x80F0800F, NULL, 0), 0x9000);
    assert_int_equal(rig_send(&rig, "00700000"), 0x6101);
}

static void a_terminated_card_tells_its_data_and_nothing_more(void **state)
{
    (void)state;
    start(0x33);
    assert_int_equal(host_send(&host, 0x80F080FF, NULL, 0), 0x9000);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(rig_send(&rig, "00A4040008A00000015100000000"), 0x9000);
        assert_int_equal(rig_send(&rig, "80CA006600"), 0x9000);
        assert_int_equal(rig_send(&rig, "00A4000C023F00"), 0x6985);
        assert_int_equal(rig_send(&rig, "80500000081122334455667788"), 0x6985);
        assert_true(rig_power(&rig));
    }
}

static void management_wants_the_secure_channel(void **state)
{
    static const char *const commands[] = {"80D8008101FF", "80E29000034201AA", "80F0807F",
                                           "80F28002024F0000"};

    (void)state;
    start(0x33);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        assert_int_equal(rig_send(&rig, commands[i]), 0x6982);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F00"), 0x9000); /* it is open still */
    start(0x00);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        assert_int_equal(rig_send(&rig, commands[i]), 0x6982);
}

/* --- GET STATUS --- */

static void get_status_lists_domain_and_applications(void **state)
{
    (void)state;
    rig_blank(&rig);
    host_make_card(&rig, VERSION, &host_keys_128);
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_LIFE_CYCLE, "\1", 1), KB_OK);
    assert_true(rig_power(&rig));
    assert_int_equal(rig_send(&rig, "00E00000(62(82(7821)83(3F00)8A(05)8B(2F0601)))"), 0x9000);
    assert_int_equal(
        rig_send(&rig, "00E00000(62(82(7821)83(7FF0)84(A0000000871002FF01)8A(05)8B(2F0601)))"),
        0x9000);
    rig_secure(&rig);
    host = (struct host){.rig = &rig};
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_open(&host, 0x00, &host_keys_128, 0x33), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80F24002, "4F00"), 0x9000);
    assert_data("E3144F09A0000000871002FF019F700107C503000000");
    assert_int_equal(host_send_hex(&host, 0x80F24000, "4F05A000000087"), 0x9000);
    assert_data("09A0000000871002FF010700");
    assert_int_equal(host_send_hex(&host, 0x80F24002, "4F05A000000088"), 0x6A88);
    assert_int_equal(host_send_hex(&host, 0x80F22002, "4F00"), 0x6A88); /* load files */
    assert_int_equal(host_send_hex(&host, 0x80F28002, "5F00"), 0x6A80);
    assert_int_equal(host_send_hex(&host, 0x80F28003, "4F00"), 0x6985);
    assert_int_equal(host_send_hex(&host, 0x80F28004, "4F00"), 0x6A86);
    /* STATUS of the files is heard beside it. */
    assert_int_equal(rig_send(&rig, "80F2000C"), 0x9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_key_adds_a_set_and_answers_its_check_values),
        cmocka_unit_test(put_key_replaces_a_set),
        cmocka_unit_test(put_key_takes_the_set_it_authenticated_with),
        cmocka_unit_test(put_key_refuses),
        cmocka_unit_test(eight_sets_are_the_most),
        cmocka_unit_test(store_data_keeps_what_get_data_shows),
        cmocka_unit_test(store_data_puts_blocks_together_wherever_they_were_cut),
        cmocka_unit_test(store_data_refuses),
        cmocka_unit_test(store_data_goes_on_in_the_channel_it_began_in_alone),
        cmocka_unit_test(store_data_completes_the_production_data),
        cmocka_unit_test(the_life_cycle_goes_forward_and_a_lock_opens_again),
        cmocka_unit_test(a_terminated_card_tells_its_data_and_nothing_more),
        cmocka_unit_test(management_wants_the_secure_channel),
        cmocka_unit_test(get_status_lists_domain_and_applications),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
