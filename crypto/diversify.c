/* SPDX-License-Identifier: Apache-2.0 */
/* Codes and keys of single cards from one master (SP 800-108r1 clause 4.1). */
#include "crypto/diversify.h"

#include <string.h>

#include "crypto/cmac.h"
#include "crypto/secret.h"

enum { OUT_MAX = 255 };

/* Block number index, K(i) of the standard. */
static enum kb_err derive_block(struct kb_cmac *cmac, uint8_t index, const char *label,
                                struct kb_span context, size_t out_len, uint8_t block[KB_AES_BLOCK])
{
    const uint8_t bits[2] = {(uint8_t)(8 * out_len >> 8), (uint8_t)(8 * out_len)};

    kb_cmac_update(cmac, kb_span(&index, 1));
    /* With its terminating zero, which separates it from the context. */
    kb_cmac_update(cmac, kb_span(label, strlen(label) + 1));
    kb_cmac_update(cmac, context);
    kb_cmac_update(cmac, kb_span(bits, sizeof(bits)));
    return kb_cmac_finish(cmac, block);
}

enum kb_err kb_diversify(const struct kb_crypto *crypto, const uint8_t *master, size_t master_len,
                         const char *label, struct kb_span context, uint8_t *out, size_t out_len)
{
    struct kb_writer wr = kb_wr(out, out_len);
    uint8_t block[KB_AES_BLOCK];
    struct kb_cmac cmac;
    enum kb_err err = KB_OK;

    if (out_len < 1 || out_len > OUT_MAX)
        return KB_ERR_RANGE;
    for (uint8_t index = 1; wr.len < out_len && !err; index++) {
        size_t left = out_len - wr.len;

        err = kb_cmac_start(&cmac, crypto, master, master_len);
        if (!err)
            err = derive_block(&cmac, index, label, context, out_len, block);
        if (!err)
            kb_wr_copy(&wr, block, left < sizeof(block) ? left : sizeof(block));
    }
    if (err)
        kb_wipe(out, out_len);
    kb_wipe(block, sizeof(block));
    return err;
}
