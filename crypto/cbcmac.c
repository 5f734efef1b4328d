/* SPDX-License-Identifier: Apache-2.0 */
/* CBC-MAC with DES and triple DES. */
#include "crypto/cbcmac.h"

#include <string.h>

#include "crypto/secret.h"

enum kb_err kb_cbcmac_start(struct kb_cbcmac *mac, const struct kb_crypto *crypto,
                            const uint8_t *key, size_t key_len)
{
    mac->crypto = crypto;
    mac->pending_len = 0;
    memset(mac->last, 0, sizeof(mac->last));
    mac->err = crypto->cbc_start(&mac->cbc, KB_CBC_DES, true, key, key_len);
    return mac->err;
}

static void absorb(struct kb_cbcmac *mac)
{
    if (!mac->err)
        mac->err = mac->crypto->cbc_run(&mac->cbc, mac->pending, mac->last, KB_DES_BLOCK);
    mac->pending_len = 0;
}

void kb_cbcmac_update(struct kb_cbcmac *mac, struct kb_span data)
{
    for (size_t i = 0; i < data.len; i++) {
        mac->pending[mac->pending_len++] = data.data[i];
        if (mac->pending_len == KB_DES_BLOCK)
            absorb(mac);
    }
}

enum kb_err kb_cbcmac_finish(struct kb_cbcmac *mac, uint8_t tag[KB_DES_BLOCK])
{
    enum kb_err err;

    if (mac->pending_len) {
        memset(mac->pending + mac->pending_len, 0, KB_DES_BLOCK - mac->pending_len);
        absorb(mac);
    }
    err = mac->err;
    if (err)
        memset(tag, 0, KB_DES_BLOCK);
    else
        memcpy(tag, mac->last, KB_DES_BLOCK);
    mac->crypto->cbc_end(&mac->cbc);
    kb_wipe(mac, sizeof(*mac));
    return err;
}
