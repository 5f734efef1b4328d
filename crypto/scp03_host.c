/* SPDX-License-Identifier: Apache-2.0 */
/* Secure Channel Protocol 03, the side of whoever talks to a card. */
#include "crypto/scp03.h"

#include <string.h>

#include "crypto/secret.h"

enum { CLA = 0x84, INS_EXTERNAL_AUTHENTICATE = 0x82, PADDING = 0x80 };

enum kb_err kb_scp03_authenticate(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  uint8_t level, struct kb_writer *out)
{
    const uint8_t header[4] = {CLA, INS_EXTERNAL_AUTHENTICATE, level, 0x00};
    uint8_t cryptogram[KB_AES_BLOCK];
    enum kb_err err;

    memcpy(cryptogram, scp->chaining, sizeof(cryptogram));
    memset(scp->chaining, 0, sizeof(scp->chaining)); /* clause 6.2.3 */
    err = kb_scp03_mac_command(scp, crypto, header, kb_span(cryptogram, scp->mode));
    if (err)
        return err;
    kb_wr_copy(out, cryptogram, scp->mode);
    kb_wr_copy(out, scp->chaining, scp->mode);
    scp->level = level;
    return out->is_bad ? KB_ERR_TOO_LONG : KB_OK;
}

enum kb_err kb_scp03_seal_command(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  const uint8_t header[4], struct kb_span data,
                                  struct kb_writer *out)
{
    size_t start = out->len, len;
    enum kb_err err = KB_OK;

    kb_wr_copy(out, data.data, data.len);
    if (data.len && scp->level & KB_SCP03_C_DEC) {
        kb_wr_u8(out, PADDING);
        kb_wr_fill(out, 0, (start - out->len) % KB_AES_BLOCK);
    }
    if (out->is_bad)
        return KB_ERR_TOO_LONG;
    len = out->len - start;
    scp->counter++;
    if (scp->level & KB_SCP03_C_DEC)
        err = kb_scp03_cipher(scp, crypto, false, true, out->data + start, len);
    if (!err)
        err = kb_scp03_mac_command(scp, crypto, header, kb_span(out->data + start, len));
    if (!err)
        kb_wr_copy(out, scp->chaining, scp->mode);
    return !err && out->is_bad ? KB_ERR_TOO_LONG : err;
}

enum kb_err kb_scp03_open_response(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                   uint16_t sw, uint8_t *data, size_t *len)
{
    uint8_t tag[KB_AES_BLOCK];
    size_t plain = *len - scp->mode;
    enum kb_err err;

    if (!kb_scp03_is_protected(scp, sw)) /* data that should have been must not pass */
        return *len && scp->level & KB_SCP03_R_MAC ? KB_ERR_INTEGRITY : KB_OK;
    if (*len < scp->mode)
        return KB_ERR_INTEGRITY;
    err = kb_scp03_mac_response(scp, crypto, kb_span(data, plain), sw, tag);
    if (!err && !kb_is_equal(tag, data + plain, scp->mode))
        err = KB_ERR_INTEGRITY;
    *len = plain;
    if (err || !plain || !(scp->level & KB_SCP03_R_ENC))
        return err;
    err = kb_scp03_cipher(scp, crypto, true, false, data, plain);
    return err || !kb_scp03_unpad(data, len) ? KB_ERR_INTEGRITY : KB_OK;
}
