/* SPDX-License-Identifier: Apache-2.0 */
/* Secure Channel Protocol 03, what both sides share and the card's side. */
#include "crypto/scp03.h"

#include <string.h>

#include "crypto/cmac.h"
#include "crypto/secret.h"

enum {
    LABEL_ZEROS = 11,
    PADDING = 0x80, /* GlobalPlatform Card Specification clause B.2.3 */
    CHECK_BYTE = 0x01
};

/* Derivation constants (table 4-1). */
enum constant {
    CARD_CRYPTOGRAM = 0x00,
    HOST_CRYPTOGRAM = 0x01,
    CARD_CHALLENGE = 0x02,
    S_ENC = 0x04,
    S_MAC = 0x06,
    S_RMAC = 0x07
};

/* --- Derivation (clause 4.1.5) --- */

struct derivation {
    const struct kb_crypto *crypto;
    const uint8_t *key;
    size_t key_len;
    struct kb_span context[2];
};

/* out_len: up to two blocks. */
static enum kb_err derive(const struct derivation *from, enum constant constant, uint8_t *out,
                          size_t out_len)
{
    uint8_t data[LABEL_ZEROS + 5] = {[LABEL_ZEROS] = (uint8_t)constant,
                                     [LABEL_ZEROS + 2] = (uint8_t)(8 * out_len >> 8),
                                     [LABEL_ZEROS + 3] = (uint8_t)(8 * out_len)};
    struct kb_writer wr = kb_wr(out, out_len);
    uint8_t block[KB_AES_BLOCK];
    struct kb_cmac cmac;
    enum kb_err err = KB_OK;

    while (wr.len < out_len && !err) {
        size_t left = out_len - wr.len;

        data[LABEL_ZEROS + 4]++;
        err = kb_cmac_start(&cmac, from->crypto, from->key, from->key_len);
        if (err)
            break;
        kb_cmac_update(&cmac, kb_span(data, sizeof(data)));
        kb_cmac_update(&cmac, from->context[0]);
        kb_cmac_update(&cmac, from->context[1]);
        err = kb_cmac_finish(&cmac, block);
        kb_wr_copy(&wr, block, left < sizeof(block) ? left : sizeof(block));
    }
    kb_wipe(block, sizeof(block));
    return err;
}

enum kb_err kb_scp03_challenge(const struct kb_crypto *crypto, const uint8_t *enc, uint8_t key_len,
                               uint8_t mode, const uint8_t counter[KB_SCP03_COUNTER],
                               struct kb_span aid, uint8_t *out)
{
    const struct derivation from = {
        crypto, enc, key_len, {kb_span(counter, KB_SCP03_COUNTER), aid}};

    return derive(&from, CARD_CHALLENGE, out, mode);
}

enum kb_err kb_scp03_begin(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                           const struct kb_scp03_start *start, uint8_t *card_cryptogram)
{
    struct derivation from = {
        crypto,
        start->enc,
        start->key_len,
        {kb_span(start->host_challenge, start->mode), kb_span(start->card_challenge, start->mode)}};
    enum kb_err err;

    memset(scp, 0, sizeof(*scp));
    scp->key_len = start->key_len;
    scp->mode = start->mode;
    if (start->key_len > KB_SCP03_KEY_MAX)
        return KB_ERR_RANGE;
    err = derive(&from, S_ENC, scp->enc, scp->key_len);
    from.key = start->mac;
    if (!err)
        err = derive(&from, S_MAC, scp->mac, scp->key_len);
    if (!err)
        err = derive(&from, S_RMAC, scp->rmac, scp->key_len);
    from.key = scp->mac;
    if (!err)
        err = derive(&from, CARD_CRYPTOGRAM, card_cryptogram, scp->mode);
    if (!err)
        err = derive(&from, HOST_CRYPTOGRAM, scp->chaining, scp->mode);
    if (err)
        kb_wipe(scp, sizeof(*scp));
    return err;
}

enum kb_err kb_scp03_check_value(const struct kb_crypto *crypto, const uint8_t *key, size_t key_len,
                                 uint8_t out[3])
{
    uint8_t block[KB_AES_BLOCK];
    struct kb_aes aes;
    enum kb_err err = crypto->aes_start(&aes, key, key_len);

    if (err)
        return err;
    memset(block, CHECK_BYTE, sizeof(block));
    err = crypto->aes_block(&aes, block, block);
    crypto->aes_end(&aes);
    memcpy(out, block, 3);
    return err;
}

/* --- MACs and ciphering --- */

enum kb_err kb_scp03_mac_command(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                 const uint8_t header[4], struct kb_span data)
{
    size_t lc = data.len + scp->mode;
    const uint8_t length[3] = {0, (uint8_t)(lc >> 8), (uint8_t)lc};
    struct kb_cmac cmac;
    enum kb_err err = kb_cmac_start(&cmac, crypto, scp->mac, scp->key_len);

    if (err)
        return err;
    kb_cmac_update(&cmac, kb_span(scp->chaining, sizeof(scp->chaining)));
    kb_cmac_update(&cmac, kb_span(header, 4));
    kb_cmac_update(&cmac, lc > 255 ? kb_span(length, 3) : kb_span(length + 2, 1));
    kb_cmac_update(&cmac, data);
    return kb_cmac_finish(&cmac, scp->chaining);
}

enum kb_err kb_scp03_mac_response(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  struct kb_span data, uint16_t sw, uint8_t tag[KB_AES_BLOCK])
{
    const uint8_t status[2] = {(uint8_t)(sw >> 8), (uint8_t)sw};
    struct kb_cmac cmac;
    enum kb_err err = kb_cmac_start(&cmac, crypto, scp->rmac, scp->key_len);

    if (err)
        return err;
    kb_cmac_update(&cmac, kb_span(scp->chaining, sizeof(scp->chaining)));
    kb_cmac_update(&cmac, data);
    kb_cmac_update(&cmac, kb_span(status, sizeof(status)));
    return kb_cmac_finish(&cmac, tag);
}

static enum kb_err make_icv(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                            bool is_response, uint8_t icv[KB_AES_BLOCK])
{
    struct kb_writer wr = kb_wr(icv, KB_AES_BLOCK);
    struct kb_aes aes;
    enum kb_err err = crypto->aes_start(&aes, scp->enc, scp->key_len);

    if (err)
        return err;
    kb_wr_u8(&wr, is_response ? 0x80 : 0x00);
    kb_wr_fill(&wr, 0, KB_AES_BLOCK - 5);
    kb_wr_u32(&wr, scp->counter);
    err = crypto->aes_block(&aes, icv, icv);
    crypto->aes_end(&aes);
    return err;
}

/* The port's CBC starts from zeros: the vector goes into the first plain block by hand. */
enum kb_err kb_scp03_cipher(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                            bool is_response, bool is_sealing, uint8_t *data, size_t len)
{
    uint8_t icv[KB_AES_BLOCK];
    struct kb_cbc cbc;
    enum kb_err err;

    if (!len)
        return KB_OK;
    if (len % KB_AES_BLOCK)
        return KB_ERR_RANGE;
    err = make_icv(scp, crypto, is_response, icv);
    if (!err)
        err = crypto->cbc_start(&cbc, KB_CBC_AES, is_sealing, scp->enc, scp->key_len);
    if (err)
        return err;
    for (size_t i = 0; i < sizeof(icv) && is_sealing; i++)
        data[i] ^= icv[i];
    err = crypto->cbc_run(&cbc, data, data, len);
    for (size_t i = 0; i < sizeof(icv) && !is_sealing; i++)
        data[i] ^= icv[i];
    crypto->cbc_end(&cbc);
    return err;
}

/* The MAC was right, so its maker chose this padding: time tells nothing new. */
bool kb_scp03_unpad(const uint8_t *data, size_t *len)
{
    size_t at = *len;

    while (at > 0 && data[at - 1] == 0)
        at--;
    if (at == 0 || data[at - 1] != PADDING || *len - at >= KB_AES_BLOCK)
        return false;
    *len = at - 1;
    return true;
}

bool kb_scp03_is_protected(const struct kb_scp03 *scp, uint16_t sw)
{
    return scp->level & KB_SCP03_R_MAC && (sw == 0x9000 || sw >> 8 == 0x62 || sw >> 8 == 0x63);
}

/* --- The card's side --- */

enum kb_err kb_scp03_accept(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                            const uint8_t header[4], struct kb_span data)
{
    struct kb_cursor rd = kb_rd(data);
    struct kb_span cryptogram = kb_rd_span(&rd, scp->mode), mac = kb_rd_span(&rd, scp->mode);
    uint8_t expected[KB_AES_BLOCK];
    bool is_right;
    enum kb_err err;

    if (!kb_rd_is_done(&rd))
        return KB_ERR_INTEGRITY;
    memcpy(expected, scp->chaining, sizeof(expected));
    memset(scp->chaining, 0, sizeof(scp->chaining)); /* clause 6.2.3 */
    err = kb_scp03_mac_command(scp, crypto, header, cryptogram);
    is_right = kb_is_equal(cryptogram.data, expected, scp->mode);
    is_right &= kb_is_equal(mac.data, scp->chaining, scp->mode);
    kb_wipe(expected, sizeof(expected));
    if (err)
        return err;
    scp->level = is_right ? header[2] : 0;
    return is_right ? KB_OK : KB_ERR_INTEGRITY;
}

enum kb_err kb_scp03_open_command(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  const uint8_t header[4], uint8_t *data, size_t *len,
                                  const uint8_t *mac)
{
    enum kb_err err = kb_scp03_mac_command(scp, crypto, header, kb_span(data, *len));

    scp->counter++;
    if (!err && !kb_is_equal(mac, scp->chaining, scp->mode))
        err = KB_ERR_INTEGRITY;
    if (err || !*len || !(scp->level & KB_SCP03_C_DEC))
        return err;
    err = kb_scp03_cipher(scp, crypto, false, false, data, *len);
    return err || !kb_scp03_unpad(data, len) ? KB_ERR_INTEGRITY : KB_OK;
}

enum kb_err kb_scp03_seal_response(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                   uint16_t sw, struct kb_writer *out)
{
    uint8_t tag[KB_AES_BLOCK];
    enum kb_err err = KB_OK;

    if (!kb_scp03_is_protected(scp, sw))
        return KB_OK;
    if (out->len && scp->level & KB_SCP03_R_ENC) {
        kb_wr_u8(out, PADDING);
        kb_wr_fill(out, 0, (0 - out->len) % KB_AES_BLOCK);
        if (out->is_bad)
            return KB_ERR_TOO_LONG;
        err = kb_scp03_cipher(scp, crypto, true, true, out->data, out->len);
    }
    if (!err)
        err = kb_scp03_mac_response(scp, crypto, kb_wr_span(out), sw, tag);
    if (!err)
        kb_wr_copy(out, tag, scp->mode);
    return !err && out->is_bad ? KB_ERR_TOO_LONG : err;
}
