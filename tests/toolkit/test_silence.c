/* SPDX-License-Identifier: Apache-2.0 */
/* What is not authentic gets no answer and leaves no trace; what is authentic counts once, wherever
 * the power goes (Nohl 2013; Simjacker). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "card/ota/counter.h"
#include "tests/toolkit/sending.h"

enum { SEEDS = 3 };

static struct rig rig, saved;
static struct sender sender;

static int start(void **state)
{
    (void)state;
    rig_blank(&rig);
    rig.port.application = &asking;
    asking_clear();
    sender_start(&sender, &rig);
    assert_int_equal(rig_send(&rig, "80100000 (FF)"), 0x9000);
    asking_heard();
    memcpy(saved.memory, rig.memory, sizeof(saved.memory));
    return 0;
}

static struct kb_span data(void)
{
    return kb_span("AT+CSIM of death", 16);
}

/* No data, no command announced, nothing written, nobody told. */
static void assert_silence(uint16_t sw)
{
    assert_int_equal(sw, 0x9000);
    assert_int_equal(rig.response_len, 2);
    assert_string_equal(asking_heard(), "");
    assert_false(kb_inbox_has_report(&rig.card));
    assert_memory_equal(saved.memory, rig.memory, sizeof(saved.memory));
    for (size_t i = 0; i + data().len <= sizeof(rig.card); i++)
        if (!memcmp((const uint8_t *)&rig.card + i, data().data, data().len))
            fail_msg("data of a packet are left in the card");
}

/* Every SPI with which a packet can be sent without knowing a key, to the card's TAR, to the
 * service's, to those of card managers and of toolkits known to be open; PoR wanted in every way.
 */
static void no_tar_and_no_spi_answers_without_a_key(void **state)
{
    static const uint8_t tars[][KB_TAR_SIZE] = {
        {0xB0, 0x00, 0x11}, {0x4B, 0x42, 0x01}, {0x4B, 0x42, 0x02}, {0x00, 0x00, 0x00},
        {0xB0, 0x00, 0x00}, {0xB0, 0x00, 0x10}, {0x50, 0x53, 0x45}, {0xBF, 0xFF, 0xFF}};
    static const uint8_t key_bytes[] = {0x00, 0x12, 0x15, 0x19, 0x22, 0xF2};

    (void)state;
    for (unsigned spi1 = 0; spi1 < 0x100; spi1++) {
        for (unsigned spi2 = 0; spi2 < 0x40; spi2 += 1 + spi1 % 3) {
            uint8_t user_data[KB_SMS_USER_DATA];
            struct kb_writer wr = kb_wr(user_data, sizeof(user_data));
            uint8_t key = key_bytes[(spi1 + spi2) % sizeof(key_bytes)];

            kb_wr_copy(&wr, "\x02\x70\x00\x00\x26\x15", 6);
            kb_wr_u8(&wr, (uint8_t)spi1);
            kb_wr_u8(&wr, (uint8_t)spi2);
            kb_wr_u8(&wr, key);
            kb_wr_u8(&wr, key);
            kb_wr_copy(&wr, tars[(spi1 + spi2) % 8], KB_TAR_SIZE);
            kb_wr_copy(&wr, "\xFF\xFF\xFF\xFF\xF0\x00", 6);
            kb_wr_fill(&wr, 0xA5, 8);
            kb_wr_copy(&wr, data().data, data().len);
            assert_silence(sender_send_user_data(&rig, kb_wr_span(&wr), 0x7F, 0xF6));
        }
    }
}

/* With RC instead of CC, or without either, anybody could have made them: the checksum is right. */
static void what_anybody_can_make_is_not_answered(void **state)
{
    (void)state;
    for (unsigned spi1 = 0; spi1 < 0x20; spi1++) {
        if ((spi1 & 0x03) >= CC)
            continue;
        for (unsigned spi2 = 0; spi2 < 0x40; spi2++) {
            struct kb_ota_command command = {.spi = {(uint8_t)spi1, (uint8_t)spi2},
                                             .cntr = 1,
                                             .keys = &sender.keys,
                                             .data = data()};
            struct kb_writer wr = kb_wr(sender.packet, sizeof(sender.packet));

            memcpy(command.tar, asking.target.tar, KB_TAR_SIZE);
            kb_ota_command_name_keys(&command, &sender.keys);
            if (kb_ota_protect(&kb_crypto_mbedtls, &sender.keys, &command, &wr))
                continue; /* an SPI that means nothing */
            sender.len = wr.len;
            assert_silence(sender_send(&sender, &rig, 1));
        }
    }
}

static void a_packet_with_one_bit_wrong_is_not_answered(void **state)
{
    (void)state;
    sender_make(&sender, FULL, POR_DELIVER, data());
    for (size_t bit = 0; bit < 8 * sender.len; bit++) {
        sender.packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_silence(sender_send(&sender, &rig, 1));
        sender.packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
    assert_report(&sender, kb_span(rig.response, rig.response_len - 2), KB_STATUS_POR_OK, "");
}

static void a_packet_cut_at_any_length_is_not_answered(void **state)
{
    size_t len;

    (void)state;
    sender_make(&sender, FULL, POR_DELIVER, data());
    len = sender.len;
    for (sender.len = 0; sender.len < len; sender.len++)
        assert_silence(sender_send(&sender, &rig, 1));
}

/* Sealed for the service, by the card's own keys: what the card sent does not come back to it. */
static void a_packet_of_the_card_is_not_taken_by_it(void **state)
{
    struct kb_writer wr = kb_wr(sender.packet, sizeof(sender.packet));

    (void)state;
    assert_int_equal(kb_ota_send(&rig.card, KB_PACKET_SMS, data(), &wr), KB_OK);
    sender.len = wr.len;
    memcpy(saved.memory, rig.memory, sizeof(saved.memory));
    assert_silence(sender_send(&sender, &rig, 1));
}

static void a_message_that_is_no_download_is_not_read(void **state)
{
    static const uint8_t others[][2] = {{0x00, 0xF6}, {0x7F, 0x04}, {0x7F, 0xF5}, {0x7F, 0xF7},
                                        {0x41, 0xF6}, {0x7F, 0x14}, {0x7F, 0x08}};
    uint8_t user_data[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(user_data, sizeof(user_data));

    (void)state;
    sender_make(&sender, FULL, POR_DELIVER, data());
    kb_wr_copy(&wr, "\x02\x70\x00", 3);
    kb_wr_copy(&wr, sender.packet, sender.len);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_silence(sender_send_user_data(&rig, kb_wr_span(&wr), others[i][0], others[i][1]));
    user_data[1] = KB_SMS_RESPONSE_PACKET;
    assert_silence(sender_send_user_data(&rig, kb_wr_span(&wr), 0x7F, 0xF6));
    user_data[1] = KB_SMS_COMMAND_PACKET;
    /* Eight bits and class 2 have two codings (3GPP TS 23.038 clause 4). */
    assert_int_equal(sender_send_user_data(&rig, kb_wr_span(&wr), 0x7F, 0x16), 0x9000);
    assert_string_equal(asking_heard(), "packet 41542B4353494D206F66206465617468");
}

static void a_card_without_keys_or_counters_takes_nothing(void **state)
{
    static const uint16_t objects[] = {KB_OBJ_SECRET + KB_SECRET_KIC, KB_OBJ_SECRET + KB_SECRET_KID,
                                       KB_OBJ_CNTR_IN};

    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        start(state);
        assert_int_equal(kb_nvm_delete(&rig.card.nvm, objects[i]), KB_OK);
        memcpy(saved.memory, rig.memory, sizeof(saved.memory));
        sender_make(&sender, FULL, POR_NEVER, data());
        assert_silence(sender_send(&sender, &rig, 1));
    }
}

/* --- Power --- */

/* Sends the packet with power cut at the operation; false when it ran to its end. */
static bool send_cut(uint64_t cut, uint64_t seed)
{
    memcpy(rig.memory, saved.memory, sizeof(rig.memory));
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    asking_heard();
    kb_flash_fault_arm(&rig.fault, cut, seed);
    sender_send(&sender, &rig, 1);
    return rig.fault.is_off;
}

/* Whatever the application heard before the cut, it never hears it as new once more. */
static void a_packet_is_new_once_wherever_the_power_goes(void **state)
{
    static const char *const fresh = "packet 41542B4353494D206F66206465617468";
    uint64_t cut;

    (void)state;
    sender_make(&sender, FULL, POR_NEVER, data());
    for (cut = 1; send_cut(cut, 0); cut++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            bool was_heard, is_heard;

            send_cut(cut, seed);
            was_heard = !strcmp(asking_heard(), fresh);
            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
            asking_heard();
            sender_send(&sender, &rig, 1);
            is_heard = !strcmp(asking_heard(), fresh);
            assert_false(was_heard && is_heard);
            sender_send(&sender, &rig, 1);
            assert_string_equal(asking_heard(), "packet again");
        }
    }
    assert_true(cut > 1);
}

/* What the card sends: two packets never bear the same counter, and the service opens both. */
static uint64_t open_at_service(const struct kb_writer *wr)
{
    static const struct kb_ota_target service = {KB_TAR_SERVICE, FULL};
    struct kb_ota_receiver receiver = {&kb_crypto_mbedtls, &sender.keys, 1, &service, 1, NULL};
    struct kb_ota_stored stored = {&rig.card.nvm, KB_OBJ_CNTR_IN};
    struct kb_ota_counter counter = kb_ota_counter(&stored);
    struct kb_ota_command command;

    receiver.counter = &counter;
    assert_int_equal(kb_ota_open(&receiver, KB_PACKET_SMS, wr->data, wr->len, &command),
                     KB_OTA_ACCEPTED);
    assert_int_equal(command.data.len, data().len);
    assert_memory_equal(command.data.data, data().data, data().len);
    return command.cntr;
}

static void counters_of_the_card_go_up_wherever_the_power_goes(void **state)
{
    bool is_cut = true;

    (void)state;
    for (uint64_t cut = 1; is_cut; cut++) {
        uint8_t first[200], second[200];
        struct kb_writer one = kb_wr(first, sizeof(first)), two = kb_wr(second, sizeof(second));
        bool was_sent;

        memcpy(rig.memory, saved.memory, sizeof(rig.memory));
        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        kb_flash_fault_arm(&rig.fault, cut, cut);
        was_sent = !kb_ota_send(&rig.card, KB_PACKET_SMS, data(), &one);
        is_cut = rig.fault.is_off;
        assert_true(was_sent || !one.len);
        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        assert_int_equal(kb_ota_send(&rig.card, KB_PACKET_SMS, data(), &two), KB_OK);
        if (was_sent)
            assert_true(open_at_service(&one) < open_at_service(&two));
        else
            open_at_service(&two);
    }
}

static void a_card_without_keys_sends_nothing(void **state)
{
    uint8_t bytes[200];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(kb_nvm_delete(&rig.card.nvm, KB_OBJ_SECRET + KB_SECRET_KIC), KB_OK);
    assert_int_equal(kb_ota_send(&rig.card, KB_PACKET_SMS, data(), &wr), KB_ERR_ABSENT);
    assert_int_equal(wr.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_tar_and_no_spi_answers_without_a_key, start),
        cmocka_unit_test_setup(what_anybody_can_make_is_not_answered, start),
        cmocka_unit_test_setup(a_packet_with_one_bit_wrong_is_not_answered, start),
        cmocka_unit_test_setup(a_packet_cut_at_any_length_is_not_answered, start),
        cmocka_unit_test_setup(a_packet_of_the_card_is_not_taken_by_it, start),
        cmocka_unit_test_setup(a_message_that_is_no_download_is_not_read, start),
        cmocka_unit_test_setup(a_card_without_keys_or_counters_takes_nothing, start),
        cmocka_unit_test_setup(a_packet_is_new_once_wherever_the_power_goes, start),
        cmocka_unit_test_setup(counters_of_the_card_go_up_wherever_the_power_goes, start),
        cmocka_unit_test_setup(a_card_without_keys_sends_nothing, start),
    };

    return cmocka_run_group_tests_name("silence", tests, NULL, NULL);
}
