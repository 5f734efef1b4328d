/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphering and checking with a key set. */
#include "card/ota/keys.h"

#include <string.h>

#include "crypto/cbcmac.h"
#include "crypto/cmac.h"
#include "crypto/secret.h"
#include "wire/crc16.h"
#include "wire/crc32.h"

enum { NUMBER_MAX = 15, LOWER_HALF = 0x0F };

/* A key and the lengths it may have. */
static const struct {
    uint8_t algorithm, len;
} key_lengths[] = {
    {KB_ALGORITHM_AES, 16}, {KB_ALGORITHM_AES, 24},   {KB_ALGORITHM_AES, 32},
    {KB_ALGORITHM_DES, 8},  {KB_ALGORITHM_3DES2, 16}, {KB_ALGORITHM_3DES3, 24},
};

static enum kb_err check_key(const struct kb_ota_key *key, bool is_old)
{
    size_t count = sizeof(key_lengths) / sizeof(key_lengths[0]), i = 0;

    while (i < count &&
           (key_lengths[i].algorithm != key->algorithm || key_lengths[i].len != key->len))
        i++;
    if (i == count)
        return KB_ERR_RANGE;
    return key->algorithm == KB_ALGORITHM_AES || is_old ? KB_OK : KB_ERR_RULE;
}

enum kb_err kb_ota_keys_check(const struct kb_ota_keys *keys)
{
    bool is_short = keys->cc_len == 4 && keys->kid.algorithm == KB_ALGORITHM_AES;
    enum kb_err err;

    if (keys->number == 0 || keys->number > NUMBER_MAX || (keys->cc_len != 8 && !is_short))
        return KB_ERR_RANGE;
    err = check_key(&keys->kic, keys->is_old);
    return err ? err : check_key(&keys->kid, keys->is_old);
}

uint8_t kb_ota_kic(const struct kb_ota_keys *keys)
{
    return (uint8_t)(keys->number << 4 | keys->kic.algorithm);
}

uint8_t kb_ota_kid(const struct kb_ota_keys *keys)
{
    return (uint8_t)(keys->number << 4 | keys->kid.algorithm);
}

size_t kb_ota_block(const struct kb_ota_key *key)
{
    return key->algorithm == KB_ALGORITHM_AES ? KB_AES_BLOCK : KB_DES_BLOCK;
}

size_t kb_ota_check_len(const struct kb_ota_keys *keys, enum kb_packet_check check, uint8_t kid)
{
    if (check == KB_CHECK_CC)
        return keys->cc_len;
    if (check != KB_CHECK_RC)
        return 0;
    if ((kid & LOWER_HALF) == KB_ALGORITHM_CRC16)
        return 2;
    return (kid & LOWER_HALF) == KB_ALGORITHM_CRC32 ? 4 : 0;
}

enum kb_err kb_ota_cipher(const struct kb_crypto *crypto, const struct kb_ota_key *key,
                          bool is_sealing, uint8_t *bytes, size_t len)
{
    struct kb_cbc cbc;
    enum kb_err err =
        crypto->cbc_start(&cbc, key->algorithm == KB_ALGORITHM_AES ? KB_CBC_AES : KB_CBC_DES,
                          is_sealing, key->value, key->len);

    if (err)
        return err;
    err = crypto->cbc_run(&cbc, bytes, bytes, len);
    crypto->cbc_end(&cbc);
    return err;
}

static enum kb_err cmac(const struct kb_crypto *crypto, const struct kb_ota_key *key,
                        const struct kb_span *spans, size_t count, uint8_t out[KB_CHECK_MAX])
{
    uint8_t tag[KB_AES_BLOCK];
    struct kb_cmac mac;
    enum kb_err err;

    kb_cmac_start(&mac, crypto, key->value, key->len);
    for (size_t i = 0; i < count; i++)
        kb_cmac_update(&mac, spans[i]);
    err = kb_cmac_finish(&mac, tag);
    memcpy(out, tag, KB_CHECK_MAX);
    kb_wipe(tag, sizeof(tag));
    return err;
}

static enum kb_err cbc_mac(const struct kb_crypto *crypto, const struct kb_ota_key *key,
                           const struct kb_span *spans, size_t count, uint8_t out[KB_CHECK_MAX])
{
    struct kb_cbcmac mac;

    kb_cbcmac_start(&mac, crypto, key->value, key->len);
    for (size_t i = 0; i < count; i++)
        kb_cbcmac_update(&mac, spans[i]);
    return kb_cbcmac_finish(&mac, out);
}

static void redundancy(uint8_t kid, const struct kb_span *spans, size_t count,
                       uint8_t out[KB_CHECK_MAX])
{
    struct kb_writer wr = kb_wr(out, KB_CHECK_MAX);
    uint16_t crc16 = 0;
    uint32_t crc32 = 0;

    for (size_t i = 0; i < count; i++) {
        crc16 = kb_crc16(crc16, spans[i].data, spans[i].len);
        crc32 = kb_crc32(crc32, spans[i].data, spans[i].len);
    }
    if ((kid & LOWER_HALF) == KB_ALGORITHM_CRC16)
        kb_wr_u16(&wr, crc16);
    else
        kb_wr_u32(&wr, crc32);
}

enum kb_err kb_ota_check(const struct kb_crypto *crypto, const struct kb_ota_keys *keys,
                         enum kb_packet_check check, uint8_t kid, const struct kb_span *spans,
                         size_t count, uint8_t out[KB_CHECK_MAX])
{
    if (check == KB_CHECK_CC && keys->kid.algorithm == KB_ALGORITHM_AES)
        return cmac(crypto, &keys->kid, spans, count, out);
    if (check == KB_CHECK_CC)
        return cbc_mac(crypto, &keys->kid, spans, count, out);
    redundancy(kid, spans, count, out);
    return KB_OK;
}
