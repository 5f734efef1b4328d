/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedule of EDHOC (RFC 9528 clause 4). */
#include "agree/schedule.h"

#include <string.h>

#include "crypto/hkdf.h"
#include "crypto/secret.h"
#include "wire/cbor.h"

void kb_schedule_th_item(const uint8_t th[KB_TH_SIZE], uint8_t item[KB_TH_ITEM_SIZE])
{
    struct kb_writer wr = kb_wr(item, KB_TH_ITEM_SIZE);

    kb_cbor_put_bstr(&wr, kb_span(th, KB_TH_SIZE));
}

enum kb_err kb_schedule_hash(const struct kb_crypto *crypto, const struct kb_span *parts,
                             size_t count, uint8_t hash[KB_TH_SIZE])
{
    struct kb_sha256 sha;
    enum kb_err err = crypto->sha256_start(&sha), finished;

    if (err)
        return err;
    for (size_t i = 0; i < count && !err; i++) {
        if (parts[i].len)
            err = crypto->sha256_update(&sha, parts[i].data, parts[i].len);
    }
    finished = crypto->sha256_finish(&sha, hash);
    return err ? err : finished;
}

/* info = ( label : int, context : bstr, length : uint ), clause 4.1.2. */
enum kb_err kb_schedule_kdf(const struct kb_crypto *crypto, const uint8_t prk[KB_PRK_SIZE],
                            int64_t label, const struct kb_span *context, size_t count,
                            uint8_t *out, size_t out_len)
{
    uint8_t before[2 * KB_CBOR_HEAD_MAX], after[KB_CBOR_HEAD_MAX];
    struct kb_writer head = kb_wr(before, sizeof(before)), tail = kb_wr(after, sizeof(after));
    struct kb_span info[KB_SCHEDULE_PARTS_MAX + 2];
    size_t context_len = 0;

    if (count > KB_SCHEDULE_PARTS_MAX)
        return KB_ERR_TOO_LONG;
    for (size_t i = 0; i < count; i++) {
        info[i + 1] = context[i];
        context_len += context[i].len;
    }
    kb_cbor_put_int(&head, label);
    kb_cbor_put_head(&head, KB_CBOR_BSTR, context_len);
    kb_cbor_put_head(&tail, KB_CBOR_UINT, out_len);
    info[0] = kb_wr_span(&head);
    info[count + 1] = kb_wr_span(&tail);
    return kb_hkdf_expand(crypto, kb_span(prk, KB_PRK_SIZE), info, count + 2, out, out_len);
}

enum kb_err kb_schedule_kdf_th(const struct kb_crypto *crypto, const uint8_t prk[KB_PRK_SIZE],
                               int64_t label, const uint8_t th[KB_TH_SIZE], uint8_t *out,
                               size_t out_len)
{
    struct kb_span context = kb_span(th, KB_TH_SIZE);

    return kb_schedule_kdf(crypto, prk, label, &context, 1, out, out_len);
}

enum kb_err kb_schedule_export(const struct kb_crypto *crypto, const uint8_t prk_out[KB_PRK_SIZE],
                               uint16_t label, struct kb_span context, uint8_t *out, size_t out_len)
{
    uint8_t prk_exporter[KB_PRK_SIZE];
    enum kb_err err = kb_schedule_kdf(crypto, prk_out, KB_EDHOC_PRK_EXPORTER, NULL, 0, prk_exporter,
                                      sizeof(prk_exporter));

    if (!err)
        err = kb_schedule_kdf(crypto, prk_exporter, label, &context, 1, out, out_len);
    kb_wipe(prk_exporter, sizeof(prk_exporter));
    return err;
}

enum kb_err kb_schedule_update(const struct kb_crypto *crypto, uint8_t prk_out[KB_PRK_SIZE],
                               struct kb_span context)
{
    uint8_t updated[KB_PRK_SIZE];
    enum kb_err err = kb_schedule_kdf(crypto, prk_out, KB_EDHOC_PRK_UPDATED, &context, 1, updated,
                                      sizeof(updated));

    if (!err)
        memcpy(prk_out, updated, sizeof(updated));
    kb_wipe(updated, sizeof(updated));
    return err;
}
