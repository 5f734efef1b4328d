/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/gp/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/hex.h"

static const struct kb_crypto *const crypto = &kb_crypto_openssl;

/* The key set of the published exchanges, and longer ones in its manner. */
#define RISING(at)                                                                                 \
    {                                                                                              \
        (at), (at) + 1, (at) + 2, (at) + 3, (at) + 4, (at) + 5, (at) + 6, (at) + 7, (at) + 8,      \
            (at) + 9, (at) + 10, (at) + 11, (at) + 12, (at) + 13, (at) + 14, (at) + 15, (at) + 16, \
            (at) + 17, (at) + 18, (at) + 19, (at) + 20, (at) + 21, (at) + 22, (at) + 23,           \
            (at) + 24, (at) + 25, (at) + 26, (at) + 27, (at) + 28, (at) + 29, (at) + 30, (at) + 31 \
    }

const struct host_keys host_keys_128 = {16, {RISING(0x00), RISING(0x10), RISING(0x20)}};
const struct host_keys host_keys_192 = {24, {RISING(0x40), RISING(0x60), RISING(0x80)}};
const struct host_keys host_keys_256 = {32, {RISING(0x30), RISING(0x50), RISING(0x70)}};

void host_make_card(struct rig *rig, uint8_t version, const struct host_keys *keys)
{
    uint8_t object[2 + 96] = {version, 0x88};
    struct kb_writer wr = kb_wr(object, sizeof(object));

    wr.len = 2;
    rig_blank(rig);
    for (size_t i = 0; i < 3; i++)
        kb_wr_copy(&wr, keys->keys[i], keys->key_len);
    assert_int_equal(kb_nvm_put(&rig->card.nvm, KB_OBJ_GP_KEYS, object, wr.len), KB_OK);
    assert_int_equal(kb_nvm_put(&rig->card.nvm, KB_OBJ_SERIAL, "8988211990000000005", 19), KB_OK);
    rig_secure(rig);
}

static uint16_t take_answer(struct host *host)
{
    struct rig *rig = host->rig;

    host->len = rig->response_len - 2;
    memcpy(host->data, rig->response, host->len);
    return (uint16_t)(rig->response[host->len] << 8 | rig->response[host->len + 1]);
}

static uint16_t send_plain(struct host *host, uint32_t header, const void *data, size_t len)
{
    struct kb_writer wr = kb_wr(host->command, sizeof(host->command));

    kb_wr_u32(&wr, header | (uint32_t)host->channel << 24);
    kb_wr_u8(&wr, (uint8_t)len);
    kb_wr_copy(&wr, data, len);
    kb_wr_u8(&wr, 0);
    host->command_len = wr.len;
    rig_send_bytes(host->rig, kb_wr_span(&wr));
    return take_answer(host);
}

uint16_t host_select(struct host *host)
{
    static const uint8_t aid[] = {0xA0, 0, 0, 1, 0x51, 0, 0, 0};

    return send_plain(host, 0x00A40400, aid, sizeof(aid));
}

uint16_t host_initialize(struct host *host, uint8_t version, const struct host_keys *keys,
                         uint8_t mode)
{
    static const uint8_t challenge[16] = {0xB1, 0x3E, 0x5F, 0x93, 0x8F, 0xC1, 0x08, 0xC4,
                                          0x8E, 0x15, 0x52, 0xD0, 0x51, 0x3C, 0x60, 0xF3};
    const struct kb_scp03_start start = {keys->keys[0], keys->keys[1], keys->key_len,
                                         mode,          challenge,     host->data + 13};
    uint8_t cryptogram[16];
    uint16_t sw = send_plain(host, 0x80500000u | (uint32_t)version << 8, challenge, mode);

    if (sw != 0x9000)
        return sw;
    assert_int_equal(host->len, 16u + 2u * mode);
    assert_int_equal(kb_scp03_begin(&host->scp, crypto, &start, cryptogram), KB_OK);
    return memcmp(cryptogram, host->data + 13 + mode, mode) ? 0x6F01 : sw;
}

uint16_t host_authenticate(struct host *host, uint8_t level)
{
    uint8_t data[32];
    struct kb_writer wr = kb_wr(data, sizeof(data));

    assert_int_equal(kb_scp03_authenticate(&host->scp, crypto, level, &wr), KB_OK);
    return send_plain(host, 0x84820000u | (uint32_t)level << 8, data, wr.len);
}

uint16_t host_open(struct host *host, uint8_t version, const struct host_keys *keys, uint8_t level)
{
    uint16_t sw = host_initialize(host, version, keys, KB_SCP03_S8);

    return sw == 0x9000 ? host_authenticate(host, level) : sw;
}

void host_protect(struct host *host, uint32_t header, const void *data, size_t len, bool more)
{
    uint32_t cla = header >> 24 | 0x04u | (more ? 0x10u : 0);
    const uint8_t secured[4] = {(uint8_t)cla, (uint8_t)(header >> 16), (uint8_t)(header >> 8),
                                (uint8_t)header};
    struct kb_writer wr = kb_wr(host->command, sizeof(host->command));

    kb_wr_u8(&wr, (uint8_t)(cla | host->channel));
    kb_wr_copy(&wr, secured + 1, 3);
    kb_wr_u8(&wr, 0);
    assert_int_equal(kb_scp03_seal_command(&host->scp, crypto, secured, kb_span(data, len), &wr),
                     KB_OK);
    assert_true(wr.len - 5 < 256);
    host->command[4] = (uint8_t)(wr.len - 5);
    kb_wr_u8(&wr, 0);
    host->command_len = wr.len;
}

uint16_t host_transmit(struct host *host)
{
    uint16_t sw;

    rig_send_bytes(host->rig, kb_span(host->command, host->command_len));
    sw = take_answer(host);
    return kb_scp03_open_response(&host->scp, crypto, sw, host->data, &host->len) ? 0x6F02 : sw;
}

uint16_t host_send_link(struct host *host, uint32_t header, const void *data, size_t len, bool more)
{
    host_protect(host, header, data, len, more);
    return host_transmit(host);
}

uint16_t host_send(struct host *host, uint32_t header, const void *data, size_t len)
{
    return host_send_link(host, header, data, len, false);
}

uint16_t host_send_hex(struct host *host, uint32_t header, const char *hex)
{
    uint8_t data[300];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), data, sizeof(data), &len), KB_OK);
    return host_send(host, header, data, len);
}

static void put_key(const struct host_keys *by, const uint8_t *key, size_t key_len,
                    struct kb_writer *wr)
{
    size_t blocks = (key_len + 15) / 16 * 16;
    uint8_t padded[32] = {0}, check[3];
    struct kb_cbc cbc;

    memcpy(padded, key, key_len);
    assert_int_equal(crypto->cbc_start(&cbc, KB_CBC_AES, true, by->keys[2], by->key_len), KB_OK);
    assert_int_equal(crypto->cbc_run(&cbc, padded, padded, blocks), KB_OK);
    crypto->cbc_end(&cbc);
    assert_int_equal(kb_scp03_check_value(crypto, key, key_len, check), KB_OK);
    kb_wr_u8(wr, 0x88);
    kb_wr_u8(wr, (uint8_t)(1 + blocks));
    kb_wr_u8(wr, (uint8_t)key_len);
    kb_wr_copy(wr, padded, blocks);
    kb_wr_u8(wr, 3);
    kb_wr_copy(wr, check, 3);
}

size_t host_put_key_data(const struct host_keys *by, uint8_t version, const struct host_keys *keys,
                         uint8_t out[160])
{
    struct kb_writer wr = kb_wr(out, 160);

    kb_wr_u8(&wr, version);
    for (size_t i = 0; i < 3; i++)
        put_key(by, keys->keys[i], keys->key_len, &wr);
    assert_false(wr.is_bad);
    return wr.len;
}
