/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for, what is allowed, what is answered: every SPI, minimum levels, keys.
 */
#include "tests/ota/sending.h"

/* Whether clause 5.1 gives this SPI a meaning: RC or CC, not both, no DS, no reserved value. */
static bool is_defined(uint8_t spi1, uint8_t spi2)
{
    unsigned check = spi1 & 3, por = spi2 & 3, por_check = por ? spi2 >> 2 & 3 : 0;

    return check != 3 && por != 3 && por_check != 3 && !(check == 1 && por_check == 2) &&
           !(check == 2 && por_check == 1);
}

static void check_response(const struct rig *rig, const struct kb_ota_command *sent,
                           const struct kb_ota_command *opened)
{
    struct kb_ota_response response = {KB_STATUS_POR_OK, apdu_span()}, again;
    uint8_t packet[SIZE];
    struct kb_writer wr = kb_wr(packet, sizeof(packet));
    enum kb_err err = kb_ota_respond(rig->crypto, opened, &response, &wr);

    if (!kb_ota_wants_response(opened, KB_STATUS_SECURITY_ERROR)) {
        assert_int_equal(err, KB_ERR_USAGE);
        return;
    }
    assert_int_equal(err, KB_OK);
    assert_int_equal(kb_ota_open_response(rig->crypto, &rig->keys, sent, packet, wr.len, &again),
                     KB_OK);
    assert_int_equal(again.status, KB_STATUS_POR_OK);
    assert_int_equal(again.data.len, sizeof(apdu));
    assert_memory_equal(again.data.data, apdu, sizeof(apdu));
}

static void check_spi(struct rig *rig, uint8_t spi1, uint8_t spi2, enum kb_packet_bearer bearer)
{
    struct kb_ota_command command = rig_command(rig, spi1, spi2, 5, apdu_span()), opened;
    uint8_t packet[SIZE];
    struct kb_writer wr = kb_wr(packet, sizeof(packet));
    enum kb_err err;

    command.bearer = bearer;
    rig->memory.last = 4;
    err = kb_ota_protect(rig->crypto, &rig->keys, &command, &wr);
    assert_int_equal(err, is_defined(spi1, spi2) ? KB_OK : KB_ERR_USAGE);
    if (err) {
        assert_int_equal(wr.len, 0);
        return;
    }
    assert_true(wr.len <= kb_ota_protected_len(&command, &rig->keys));
    assert_int_equal(kb_ota_open(&rig->receiver, bearer, packet, wr.len, &opened), KB_OTA_ACCEPTED);
    assert_int_equal(opened.data.len, sizeof(apdu));
    assert_memory_equal(opened.data.data, apdu, sizeof(apdu));
    assert_int_equal(opened.cntr, 5);
    assert_int_equal(rig->memory.last, (spi1 & 3) == CC && (spi1 & 0x10) ? 5 : 4);
    check_response(rig, &command, &opened);
}

static void every_spi_that_is_defined_works_and_no_other(void **state)
{
    static const struct {
        enum kb_packet_algorithm algorithm;
        uint8_t len, cc_len;
    } keys[] = {
        {KB_ALGORITHM_AES, 16, 8},   {KB_ALGORITHM_AES, 24, 8},   {KB_ALGORITHM_AES, 32, 4},
        {KB_ALGORITHM_3DES2, 16, 8}, {KB_ALGORITHM_3DES3, 24, 8}, {KB_ALGORITHM_DES, 8, 8},
    };

    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        struct rig rig;

        rig_start(&rig, backend_of(state));
        rig_old_keys(&rig, keys[k].algorithm, keys[k].len);
        rig.keys.cc_len = keys[k].cc_len;
        rig.keys.is_old = keys[k].algorithm != KB_ALGORITHM_AES;
        for (unsigned spi = 0; spi < 0x20 * 0x40; spi++)
            check_spi(&rig, (uint8_t)(spi & 0x1F), (uint8_t)(spi >> 5),
                      k % 2 ? KB_PACKET_CHANNEL : KB_PACKET_SMS);
    }
}

/* The RCs are those of zlib, and of the CRC catalogue's CRC-16/IBM-SDLC, over the packet without
 * them. */
static void an_rc_is_the_crc_that_kid_names(void **state)
{
    static const struct {
        uint8_t kid;
        const char *packet;
    } cases[] = {
        {0x25, "00191101002225B000110000000000004617C4C400A40004023F00"},
        {0x21, "00170F01002221B00011000000000000E78900A40004023F00"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kb_ota_command command, out;
        uint8_t packet[SIZE];
        struct rig rig;
        size_t len;

        rig_start(&rig, backend_of(state));
        command = rig_command(&rig, 0x01, 0, 0, apdu_span());
        command.kic = 0x22;
        command.kid = cases[i].kid;
        len = rig_protect(&rig, &command, packet, sizeof(packet));
        assert_hex(packet, len, cases[i].packet);
        packet[len - 1] ^= 1;
        assert_int_equal(kb_ota_open(&rig.receiver, KB_PACKET_SMS, packet, len, &out),
                         KB_OTA_SILENCE);
        assert_int_equal(out.status, KB_STATUS_CHECK_FAILED);
    }
}

static void
a_packet_without_authentication_is_answered_by_silence_where_the_target_wants_it(void **state)
{
    struct rig rig;

    rig_start(&rig, backend_of(state));
    rig.target.minimum = CC;
    for (unsigned spi = 0; spi < 0x20 * 0x40; spi++) {
        uint8_t spi1 = (uint8_t)(spi & 0x1F), spi2 = (uint8_t)(spi >> 5);
        struct kb_ota_command out;

        if (!is_defined(spi1, spi2) || (spi1 & 3) == CC)
            continue;
        assert_int_equal(send_counted(&rig, spi1, spi2, 1, &out), KB_OTA_SILENCE);
        assert_int_equal(out.status, KB_STATUS_INSUFFICIENT_SECURITY);
        assert_int_equal(out.data.len, 0);
    }
    assert_int_equal(rig.memory.commits, 0);
}

/* The scans of Simjacker and its like: no key, every SPI, many targets. */
static void whoever_has_no_key_hears_nothing_whatever_spi_and_tar(void **state)
{
    struct rig rig, stranger;
    uint64_t seed = 99;

    rig_start(&rig, backend_of(state));
    rig_start(&stranger, backend_of(state));
    fill_from_seed(&seed, stranger.keys.kid.value, 16);
    fill_from_seed(&seed, stranger.keys.kic.value, 16);
    rig.target.minimum = FULL;
    for (unsigned spi = 0; spi < 0x20 * 0x40; spi++) {
        uint8_t spi1 = (uint8_t)(spi & 0x1F), spi2 = (uint8_t)(spi >> 5), packet[SIZE];
        struct kb_ota_command command = rig_command(&stranger, spi1, spi2, 1, apdu_span()), out;
        size_t len;

        if (!is_defined(spi1, spi2))
            continue;
        if (spi % 2)
            fill_from_seed(&seed, command.tar, KB_TAR_SIZE);
        len = rig_protect(&stranger, &command, packet, sizeof(packet));
        assert_int_equal(kb_ota_open(&rig.receiver, KB_PACKET_SMS, packet, len, &out),
                         KB_OTA_SILENCE);
        assert_int_equal(out.data.len, 0);
        assert_false(out.is_repeat);
    }
    assert_int_equal(rig.memory.commits, 0);
}

static void an_authentic_command_below_the_minimum_or_for_nobody_is_told_so(void **state)
{
    struct kb_ota_command out;
    struct rig rig;

    rig_start(&rig, backend_of(state));
    rig.target.minimum = FULL;
    assert_int_equal(send_counted(&rig, CC | HIGHER, POR, 1, &out), KB_OTA_REFUSED);
    assert_int_equal(out.status, KB_STATUS_INSUFFICIENT_SECURITY);
    assert_int_equal(send_counted(&rig, CC | CIPHERED, POR, 1, &out), KB_OTA_REFUSED);
    assert_int_equal(out.status, KB_STATUS_INSUFFICIENT_SECURITY);
    rig.receiver.target_count = 0;
    assert_int_equal(send_counted(&rig, FULL, POR, 1, &out), KB_OTA_REFUSED);
    assert_int_equal(out.status, KB_STATUS_TAR_UNKNOWN);
    assert_int_equal(rig.memory.commits, 0);
    rig.receiver.target_count = 1;
    assert_int_equal(send_counted(&rig, FULL, POR, 1, &out), KB_OTA_ACCEPTED);
    assert_int_equal(rig.memory.last, 1);
}

static void des_works_for_an_old_key_set_only(void **state)
{
    uint8_t packet[SIZE], copy[SIZE];
    struct kb_writer wr = kb_wr(packet, sizeof(packet));
    struct kb_ota_command command, out;
    struct rig rig;
    size_t len;

    rig_start(&rig, backend_of(state));
    rig_old_keys(&rig, KB_ALGORITHM_3DES2, 16);
    command = rig_command(&rig, CC | CIPHERED, POR, 1, apdu_span());
    len = rig_protect(&rig, &command, packet, sizeof(packet));
    memcpy(copy, packet, len);
    rig.keys.is_old = false;
    assert_int_equal(kb_ota_keys_check(&rig.keys), KB_ERR_RULE);
    assert_int_equal(kb_ota_protect(rig.crypto, &rig.keys, &command, &wr), KB_ERR_RULE);
    assert_int_equal(kb_ota_open(&rig.receiver, KB_PACKET_SMS, packet, len, &out), KB_OTA_SILENCE);
    rig.keys.is_old = true;
    assert_int_equal(kb_ota_open(&rig.receiver, KB_PACKET_SMS, copy, len, &out), KB_OTA_ACCEPTED);
}

static void key_sets_outside_of_their_limits_are_refused(void **state)
{
    static const struct kb_ota_keys good = {.number = 1,
                                            .cc_len = 8,
                                            .kic = {.algorithm = KB_ALGORITHM_AES, .len = 16},
                                            .kid = {.algorithm = KB_ALGORITHM_AES, .len = 32}};
    struct kb_ota_keys keys = good;

    (void)state;
    assert_int_equal(kb_ota_keys_check(&keys), KB_OK);
    keys.number = 0;
    assert_int_equal(kb_ota_keys_check(&keys), KB_ERR_RANGE);
    keys.number = 16;
    assert_int_equal(kb_ota_keys_check(&keys), KB_ERR_RANGE);
    keys = good;
    for (unsigned len = 0; len < 32; len++) {
        keys.cc_len = (uint8_t)len;
        assert_int_equal(kb_ota_keys_check(&keys), len == 4 || len == 8 ? KB_OK : KB_ERR_RANGE);
    }
    keys = good;
    for (unsigned len = 0; len <= 255; len++) {
        bool is_good = len == 16 || len == 24 || len == 32;

        keys.kic.len = (uint8_t)len;
        assert_int_equal(kb_ota_keys_check(&keys), is_good ? KB_OK : KB_ERR_RANGE);
    }
    keys = good;
    keys.is_old = true;
    keys.kid = (struct kb_ota_key){.algorithm = KB_ALGORITHM_DES, .len = 8};
    assert_int_equal(kb_ota_keys_check(&keys), KB_OK);
    keys.cc_len = 4;
    assert_int_equal(kb_ota_keys_check(&keys), KB_ERR_RANGE);
}

static void the_key_set_that_the_packet_names_is_used(void **state)
{
    struct kb_ota_keys sets[3];
    struct kb_ota_command out;
    struct rig rig;

    rig_start(&rig, backend_of(state));
    for (uint8_t i = 0; i < 3; i++) {
        sets[i] = rig.keys;
        sets[i].number = (uint8_t)(4 + i);
        sets[i].kid.value[0] ^= i;
        sets[i].kic.value[0] ^= i;
    }
    rig.receiver.keys = sets;
    rig.receiver.key_count = 3;
    for (uint8_t i = 0; i < 3; i++) {
        rig.keys = sets[i];
        assert_int_equal(send_counted(&rig, FULL, POR_FULL, 1u + i, &out), KB_OTA_ACCEPTED);
        assert_ptr_equal(out.keys, &sets[i]);
    }
    rig.keys.number = 9;
    assert_int_equal(send_counted(&rig, FULL, POR_FULL, 9, &out), KB_OTA_SILENCE);
}

static void a_response_is_sent_when_it_was_asked_for(void **state)
{
    static const struct {
        uint8_t spi2;
        bool on_success, on_error;
    } cases[] = {{0x00, false, false}, {0x01, true, true}, {0x02, false, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kb_ota_command command = {.spi = {0, cases[i].spi2}};

        assert_int_equal(kb_ota_wants_response(&command, KB_STATUS_POR_OK), cases[i].on_success);
        assert_int_equal(kb_ota_wants_response(&command, KB_STATUS_ANSWER_BY_SUBMIT),
                         cases[i].on_success);
        for (int status = KB_STATUS_CHECK_FAILED; status < KB_STATUS_MORE_TIME; status++)
            assert_int_equal(kb_ota_wants_response(&command, (enum kb_packet_status)status),
                             cases[i].on_error);
    }
}

static void a_response_to_another_command_is_refused(void **state)
{
    struct kb_ota_response response = {KB_STATUS_CNTR_LOW, {NULL, 0}}, out;
    struct kb_ota_command command;
    uint8_t packet[SIZE], copy[SIZE];
    struct kb_writer wr = kb_wr(packet, sizeof(packet));
    struct rig rig;

    rig_start(&rig, backend_of(state));
    command = rig_command(&rig, FULL, POR_FULL, 77, apdu_span());
    assert_int_equal(kb_ota_respond(rig.crypto, &command, &response, &wr), KB_OK);
    memcpy(copy, packet, wr.len);
    assert_int_equal(kb_ota_open_response(rig.crypto, &rig.keys, &command, copy, wr.len, &out),
                     KB_OK);
    assert_int_equal(out.status, KB_STATUS_CNTR_LOW);
    assert_int_equal(out.data.len, 0);
    command.cntr = 78;
    memcpy(copy, packet, wr.len);
    assert_int_equal(kb_ota_open_response(rig.crypto, &rig.keys, &command, copy, wr.len, &out),
                     KB_ERR_INTEGRITY);
    command.cntr = 77;
    command.tar[2] ^= 1;
    memcpy(copy, packet, wr.len);
    assert_int_equal(kb_ota_open_response(rig.crypto, &rig.keys, &command, copy, wr.len, &out),
                     KB_ERR_INTEGRITY);
}

static void what_does_not_fit_leaves_nothing_behind(void **state)
{
    struct kb_ota_command command;
    uint8_t packet[SIZE];
    struct rig rig;
    size_t needed;

    rig_start(&rig, backend_of(state));
    command = rig_command(&rig, FULL, POR, 1, apdu_span());
    needed = rig_protect(&rig, &command, packet, sizeof(packet));
    for (size_t cap = 0; cap < needed; cap++) {
        struct kb_writer wr = kb_wr(packet, cap);

        assert_int_equal(kb_ota_protect(rig.crypto, &rig.keys, &command, &wr), KB_ERR_TOO_LONG);
        assert_int_equal(wr.len, 0);
    }
    command.cntr = KB_CNTR_MAX + 1;
    assert_int_equal(kb_ota_protect(rig.crypto, &rig.keys, &command,
                                    &(struct kb_writer){packet, SIZE, 0, false}),
                     KB_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(every_spi_that_is_defined_works_and_no_other),
        BOTH(an_rc_is_the_crc_that_kid_names),
        BOTH(a_packet_without_authentication_is_answered_by_silence_where_the_target_wants_it),
        BOTH(whoever_has_no_key_hears_nothing_whatever_spi_and_tar),
        BOTH(an_authentic_command_below_the_minimum_or_for_nobody_is_told_so),
        BOTH(des_works_for_an_old_key_set_only),
        cmocka_unit_test(key_sets_outside_of_their_limits_are_refused),
        BOTH(the_key_set_that_the_packet_names_is_used),
        cmocka_unit_test(a_response_is_sent_when_it_was_asked_for),
        BOTH(a_response_to_another_command_is_refused),
        BOTH(what_does_not_fit_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
