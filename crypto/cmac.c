/* SPDX-License-Identifier: Apache-2.0 */
/* AES-CMAC (RFC 4493 clause 2; SP 800-38B clause 6). */
#include "crypto/cmac.h"

#include <string.h>

#include "crypto/secret.h"

enum { RB = 0x87, PADDING = 0x80 }; /* RFC 4493 clauses 2.3 and 2.4 */

enum kb_err kb_cmac_start(struct kb_cmac *cmac, const struct kb_crypto *crypto, const uint8_t *key,
                          size_t key_len)
{
    memset(cmac->state, 0, sizeof(cmac->state));
    cmac->crypto = crypto;
    cmac->pending_len = 0;
    cmac->err = crypto->aes_start(&cmac->aes, key, key_len);
    return cmac->err;
}

/* Absorbs the pending block. */
static void absorb(struct kb_cmac *cmac)
{
    for (size_t i = 0; i < KB_AES_BLOCK; i++)
        cmac->state[i] ^= cmac->pending[i];
    if (!cmac->err)
        cmac->err = cmac->crypto->aes_block(&cmac->aes, cmac->state, cmac->state);
    cmac->pending_len = 0;
}

void kb_cmac_update(struct kb_cmac *cmac, struct kb_span data)
{
    struct kb_cursor rd = kb_rd(data);

    while (kb_rd_left(&rd) && !cmac->err) {
        size_t room, take;

        /* The last block is treated differently, so a full one waits until more comes. */
        if (cmac->pending_len == KB_AES_BLOCK)
            absorb(cmac);
        room = KB_AES_BLOCK - cmac->pending_len;
        take = kb_rd_left(&rd) < room ? kb_rd_left(&rd) : room;
        kb_rd_copy(&rd, cmac->pending + cmac->pending_len, take);
        cmac->pending_len += take;
    }
}

/* Multiplies by x in GF(2^128), in constant time. */
static void double_block(uint8_t block[KB_AES_BLOCK])
{
    unsigned carry = 0;

    for (size_t i = KB_AES_BLOCK; i-- > 0;) {
        unsigned shifted = (unsigned)block[i] << 1 | carry;

        carry = shifted >> 8;
        block[i] = (uint8_t)shifted;
    }
    block[KB_AES_BLOCK - 1] ^= (uint8_t)(RB & (0u - carry));
}

enum kb_err kb_cmac_finish(struct kb_cmac *cmac, uint8_t tag[KB_AES_BLOCK])
{
    uint8_t subkey[KB_AES_BLOCK] = {0};
    enum kb_err err;

    if (!cmac->err)
        cmac->err = cmac->crypto->aes_block(&cmac->aes, subkey, subkey);
    double_block(subkey); /* K1 */
    if (cmac->pending_len < KB_AES_BLOCK) {
        double_block(subkey); /* K2 */
        memset(cmac->pending + cmac->pending_len, 0, KB_AES_BLOCK - cmac->pending_len);
        cmac->pending[cmac->pending_len] = PADDING;
    }
    for (size_t i = 0; i < KB_AES_BLOCK; i++)
        cmac->state[i] ^= subkey[i];
    absorb(cmac);
    err = cmac->err;
    if (err)
        memset(tag, 0, KB_AES_BLOCK);
    else
        memcpy(tag, cmac->state, KB_AES_BLOCK);
    cmac->crypto->aes_end(&cmac->aes);
    kb_wipe(subkey, sizeof(subkey));
    kb_wipe(cmac, sizeof(*cmac));
    return err;
}
