/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/toolkit/sending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/hex.h"

static const uint8_t counter_zero[KB_CNTR_SIZE];

static void put(struct rig *rig, uint16_t id, const void *bytes, size_t len)
{
    assert_int_equal(kb_nvm_put(&rig->card.nvm, id, bytes, len), KB_OK);
}

void sender_put_keys(struct rig *rig, const uint8_t kic[16], const uint8_t kid[16])
{
    put(rig, KB_OBJ_SECRET + KB_SECRET_KIC, kic, 16);
    put(rig, KB_OBJ_SECRET + KB_SECRET_KID, kid, 16);
}

void sender_start(struct sender *sender, struct rig *rig)
{
    memset(sender, 0, sizeof(*sender));
    sender->keys.number = KB_OTA_KEY_SET;
    sender->keys.cc_len = 8;
    sender->keys.kic.algorithm = sender->keys.kid.algorithm = KB_ALGORITHM_AES;
    sender->keys.kic.len = sender->keys.kid.len = 16;
    memcpy(sender->keys.kic.value, "the key for KIc.", 16);
    memcpy(sender->keys.kid.value, "the key for KID.", 16);
    sender_put_keys(rig, sender->keys.kic.value, sender->keys.kid.value);
    put(rig, KB_OBJ_CNTR_IN, counter_zero, sizeof(counter_zero));
    put(rig, KB_OBJ_CNTR_OUT, counter_zero, sizeof(counter_zero));
}

void sender_seal(struct sender *sender)
{
    struct kb_writer wr = kb_wr(sender->packet, sizeof(sender->packet));

    assert_int_equal(kb_ota_protect(&kb_crypto_mbedtls, &sender->keys, &sender->command, &wr),
                     KB_OK);
    sender->len = wr.len;
    sender->reference++;
}

void sender_make(struct sender *sender, uint8_t spi1, uint8_t spi2, struct kb_span data)
{
    sender->command = (struct kb_ota_command){.bearer = KB_PACKET_SMS,
                                              .spi = {spi1, spi2},
                                              .cntr = ++sender->cntr,
                                              .data = data,
                                              .keys = &sender->keys};
    memcpy(sender->command.tar, asking.target.tar, KB_TAR_SIZE);
    kb_ota_command_name_keys(&sender->command, &sender->keys);
    sender_seal(sender);
}

static struct kb_sms_split split_of(const struct sender *sender)
{
    return (struct kb_sms_split){.contents = kb_span(sender->packet, sender->len),
                                 .packet = KB_SMS_COMMAND_PACKET,
                                 .reference = (uint16_t)(sender->reference & 0xFF)};
}

unsigned sender_parts(const struct sender *sender)
{
    struct kb_sms_split split = split_of(sender);

    return kb_sms_split_count(&split);
}

uint16_t sender_send_user_data(struct rig *rig, struct kb_span user_data, uint8_t pid, uint8_t dcs)
{
    struct kb_sms sms = {.kind = KB_SMS_DELIVER,
                         .flags = KB_SMS_HAS_HEADER | KB_SMS_NO_MORE,
                         .pid = pid,
                         .dcs = dcs,
                         .user_data = user_data};
    struct kb_cat_envelope envelope = {
        .tag = KB_CAT_SMS_PP_DOWNLOAD, .source = KB_CAT_NETWORK, .destination = KB_CAT_UICC};
    uint8_t tpdu[KB_SMS_MAX], bytes[KB_CAT_MAX], command[KB_APDU_SHORT_MAX];
    struct kb_writer tpdu_wr = kb_wr(tpdu, sizeof(tpdu)), wr = kb_wr(bytes, sizeof(bytes));
    struct kb_writer apdu_wr = kb_wr(command, sizeof(command));
    struct kb_apdu apdu = {.cla = 0x80, .ins = 0xC2, .has_le = true, .ne = 256};

    kb_sms_address_set(&sms.address, 0x91, kb_span("12345678", 8));
    kb_sms_write(&tpdu_wr, &sms);
    envelope.with.tpdu = kb_wr_span(&tpdu_wr);
    kb_cat_add(&envelope.with, KB_CAT_TPDU);
    kb_cat_envelope_write(&wr, &envelope);
    apdu.data = kb_wr_span(&wr);
    kb_apdu_write(&apdu_wr, &apdu);
    assert_false(tpdu_wr.is_bad || wr.is_bad || apdu_wr.is_bad);
    return rig_send_bytes(rig, kb_wr_span(&apdu_wr));
}

uint16_t sender_send(struct sender *sender, struct rig *rig, unsigned part)
{
    struct kb_sms_split split = split_of(sender);
    uint8_t user_data[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(user_data, sizeof(user_data));

    kb_sms_split_write(&split, part, &wr);
    assert_false(wr.is_bad);
    return sender_send_user_data(rig, kb_wr_span(&wr), KB_SMS_PID_USIM_DOWNLOAD,
                                 KB_SMS_DCS_USIM_8BIT);
}

uint16_t sender_send_all(struct sender *sender, struct rig *rig)
{
    uint16_t sw = 0;

    for (unsigned i = 1; i <= sender_parts(sender); i++)
        sw = sender_send(sender, rig, i);
    return sw;
}

void assert_answer(const struct rig *rig, const char *hex)
{
    char got[2 * KB_RESPONSE_MAX + 1];

    kb_hex_encode(kb_span(rig->response, rig->response_len - 2), got);
    assert_string_equal(got, hex);
}

void assert_report(const struct sender *sender, struct kb_span user_data,
                   enum kb_packet_status status, const char *data_hex)
{
    uint8_t packet[KB_SMS_USER_DATA];
    char hex[2 * sizeof(packet) + 1];
    struct kb_ota_response response;

    assert_true(user_data.len > 3 && user_data.len <= sizeof(packet));
    assert_memory_equal(user_data.data, "\x02\x71\x00", 3);
    memcpy(packet, user_data.data + 3, user_data.len - 3);
    assert_int_equal(kb_ota_open_response(&kb_crypto_mbedtls, &sender->keys, &sender->command,
                                          packet, user_data.len - 3, &response),
                     KB_OK);
    assert_int_equal(response.status, status);
    kb_hex_encode(response.data, hex);
    assert_string_equal(hex, data_hex);
}
