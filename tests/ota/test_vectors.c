/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that others made, made again and opened. */
#include "tests/ota/rig.h"
#include "tests/ota/vectors.h"
#include "wire/sms_parts.h"

enum { SIZE = 200 };

struct bytes {
    uint8_t data[SIZE];
    size_t len;
};

static struct bytes bytes_of(const char *hex)
{
    struct bytes b;

    b.len = unhex(hex, b.data, sizeof(b.data));
    return b;
}

/* Sets the rig up for a vector; data is what its command bears. */
static struct kb_ota_command start(struct rig *rig, const struct kb_crypto *crypto,
                                   const struct ota_vector *v, const struct bytes *data)
{
    struct kb_ota_command command;
    uint8_t spi[2];

    rig_start(rig, crypto);
    if (v->is_old)
        rig_old_keys(rig, (enum kb_packet_algorithm)v->algorithm, 16);
    rig->keys.number = (uint8_t)v->number;
    unhex(v->kic, rig->keys.kic.value, 16);
    unhex(v->kid, rig->keys.kid.value, 16);
    unhex(v->tar, rig->target.tar, KB_TAR_SIZE);
    unhex(v->spi, spi, sizeof(spi));
    command = rig_command(rig, spi[0], spi[1], 0, kb_span(data->data, data->len));
    return command;
}

static void commands_are_made_byte_for_byte(void **state)
{
    for (size_t i = 0; i < OTA_VECTORS; i++) {
        const struct ota_vector *v = &ota_vectors[i];
        struct bytes data = bytes_of(v->apdu ? v->apdu : "");
        struct kb_ota_command command;
        struct rig rig;
        uint8_t out[SIZE];
        size_t len;

        if (!v->command)
            continue;
        command = start(&rig, backend_of(state), v, &data);
        len = rig_protect(&rig, &command, out, sizeof(out));
        assert_hex(out, len, v->command);
    }
}

static void commands_are_opened(void **state)
{
    for (size_t i = 0; i < OTA_VECTORS; i++) {
        const struct ota_vector *v = &ota_vectors[i];
        struct bytes data = bytes_of(v->apdu ? v->apdu : "");
        struct kb_ota_command command;
        struct rig rig;

        if (!v->command)
            continue;
        start(&rig, backend_of(state), v, &data);
        data = bytes_of(v->command);
        assert_int_equal(kb_ota_open(&rig.receiver, KB_PACKET_SMS, data.data, data.len, &command),
                         KB_OTA_ACCEPTED);
        assert_hex(command.data.data, command.data.len, v->apdu);
        assert_memory_equal(command.tar, rig.target.tar, KB_TAR_SIZE);
        assert_int_equal(command.cntr, 0);
        assert_int_equal(rig.memory.commits, 0);
    }
}

static void responses_are_made_byte_for_byte(void **state)
{
    for (size_t i = 0; i < OTA_VECTORS; i++) {
        const struct ota_vector *v = &ota_vectors[i];
        struct bytes data = bytes_of(v->response_data ? v->response_data : "");
        struct kb_ota_response response = {KB_STATUS_POR_OK, {data.data, data.len}};
        uint8_t out[SIZE];
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct kb_ota_command command;
        struct rig rig;

        if (!v->response)
            continue;
        command = start(&rig, backend_of(state), v, &data);
        assert_int_equal(kb_ota_respond(rig.crypto, &command, &response, &wr), KB_OK);
        assert_hex(out, wr.len, v->response);
    }
}

static void responses_are_opened(void **state)
{
    for (size_t i = 0; i < OTA_VECTORS; i++) {
        const struct ota_vector *v = &ota_vectors[i];
        struct bytes data = bytes_of("");
        struct kb_ota_response response;
        struct kb_ota_command command;
        struct rig rig;

        if (!v->response)
            continue;
        command = start(&rig, backend_of(state), v, &data);
        data = bytes_of(v->response);
        assert_int_equal(
            kb_ota_open_response(rig.crypto, &rig.keys, &command, data.data, data.len, &response),
            KB_OK);
        assert_int_equal(response.status, KB_STATUS_POR_OK);
        assert_hex(response.data.data, response.data.len, v->response_data);
    }
}

/* The negative vector of pySim: one byte of the response of "3DES-resp-signed" is another. */
static void a_response_that_pysim_refuses_is_refused(void **state)
{
    struct bytes data = bytes_of("");
    struct kb_ota_response response;
    struct kb_ota_command command;
    struct rig rig;
    size_t i = 0;

    while (strcmp(ota_vectors[i].name, "3DES-resp-signed") != 0)
        i++;
    command = start(&rig, backend_of(state), &ota_vectors[i], &data);
    data = bytes_of("001612B000110000000000000055F47118381175FB02612F");
    assert_int_equal(
        kb_ota_open_response(rig.crypto, &rig.keys, &command, data.data, data.len, &response),
        KB_ERR_INTEGRITY);
}

/* pySim's TPDUs count the header alone in TP-UDL (03); TS 23.040 clause 9.2.3.16 counts all. */
static void the_messages_around_the_commands_are_those_of_pysim_but_for_tp_udl(void **state)
{
    for (size_t i = 0; i < OTA_VECTORS; i++) {
        const struct ota_vector *v = &ota_vectors[i];
        struct bytes packet = bytes_of(v->command ? v->command : "");
        struct bytes expected = bytes_of(v->tpdu ? v->tpdu : "");
        struct kb_sms_split split = {.contents = {packet.data, packet.len},
                                     .packet = KB_SMS_COMMAND_PACKET};
        struct kb_sms sms = {.kind = KB_SMS_DELIVER,
                             .flags = KB_SMS_HAS_HEADER,
                             .pid = KB_SMS_PID_USIM_DOWNLOAD,
                             .dcs = KB_SMS_DCS_USIM_8BIT,
                             .time = {0x22, 0x70, 0x52}},
                      again;
        uint8_t user_data[KB_SMS_USER_DATA], tpdu[KB_SMS_MAX];
        struct kb_writer inner = kb_wr(user_data, sizeof(user_data));
        struct kb_writer outer = kb_wr(tpdu, sizeof(tpdu));

        (void)state;
        if (!v->tpdu)
            continue;
        assert_int_equal(kb_sms_split_count(&split), 1);
        kb_sms_split_write(&split, 1, &inner);
        sms.user_data = kb_wr_span(&inner);
        assert_int_equal(kb_sms_address_set(&sms.address, 0x81, kb_span("12345678", 8)), KB_OK);
        kb_sms_write(&outer, &sms);
        assert_false(outer.is_bad);
        assert_int_equal(outer.len, expected.len);
        assert_int_equal(kb_sms_parse(kb_span(expected.data, expected.len), KB_SMS_DELIVER, &again),
                         KB_ERR_MALFORMED);
        expected.data[16] = (uint8_t)(3 + packet.len);
        assert_memory_equal(tpdu, expected.data, expected.len);
        assert_int_equal(kb_sms_parse(kb_span(expected.data, expected.len), KB_SMS_DELIVER, &again),
                         KB_OK);
        assert_memory_equal(again.user_data.data + 3, packet.data, packet.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(commands_are_made_byte_for_byte),
        BOTH(commands_are_opened),
        BOTH(responses_are_made_byte_for_byte),
        BOTH(responses_are_opened),
        BOTH(a_response_that_pysim_refuses_is_refused),
        cmocka_unit_test(the_messages_around_the_commands_are_those_of_pysim_but_for_tp_udl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
