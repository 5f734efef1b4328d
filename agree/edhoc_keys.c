/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of EDHOC: where transcripts and shared secrets become keys, and what is sealed with them
 * (RFC 9528 clauses 4.1 and 5). */
#include "agree/edhoc_inside.h"

#include <string.h>

#include "crypto/hkdf.h"
#include "crypto/secret.h"
#include "wire/cbor.h"

/* PRK = Extract(salt, G_xy). */
static enum kb_err extract_shared(struct kb_edhoc *e, const uint8_t salt[KB_PRK_SIZE],
                                  const uint8_t *private_key, const uint8_t *peer)
{
    const struct kb_crypto *crypto = e->config->crypto;
    uint8_t shared[KB_CURVE_SIZE];
    enum kb_err err =
        kb_curve_shared(crypto, kb_edhoc_suite_of(e)->curve, private_key, peer, shared);

    if (!err)
        err = kb_hkdf_extract(crypto, kb_span(salt, KB_PRK_SIZE), kb_span(shared, sizeof(shared)),
                              e->prk);
    kb_wipe(shared, sizeof(shared));
    return err;
}

enum kb_err kb_edhoc_agree(struct kb_edhoc *e, const uint8_t g_y[KB_CURVE_SIZE],
                           const uint8_t peer[KB_CURVE_SIZE])
{
    uint8_t share[2 + KB_CURVE_SIZE], hash[KB_TH_ITEM_SIZE];
    const struct kb_span input[] = {kb_span(share, sizeof(share)), kb_span(hash, sizeof(hash))};
    enum kb_err err;

    kb_schedule_th_item(g_y, share); /* as long as a hash */
    kb_schedule_th_item(e->th, hash);
    err = kb_schedule_hash(e->config->crypto, input, 2, e->th);
    return err ? err : extract_shared(e, e->th, e->private_key, peer);
}

enum kb_err kb_edhoc_mix(struct kb_edhoc *e, enum kb_edhoc_label label, const uint8_t *private_key,
                         const uint8_t *peer)
{
    uint8_t salt[KB_PRK_SIZE];
    enum kb_err err =
        kb_schedule_kdf_th(e->config->crypto, e->prk, label, e->th, salt, sizeof(salt));

    if (!err)
        err = extract_shared(e, salt, private_key, peer);
    kb_wipe(salt, sizeof(salt));
    return err;
}

enum kb_err kb_edhoc_extend(struct kb_edhoc *e, struct kb_span plaintext, struct kb_span cred)
{
    uint8_t th[KB_TH_ITEM_SIZE];
    const struct kb_span input[] = {kb_span(th, sizeof(th)), plaintext, cred};

    kb_schedule_th_item(e->th, th);
    return kb_schedule_hash(e->config->crypto, input, 3, e->th);
}

enum kb_err kb_edhoc_stream(const struct kb_edhoc *e, const uint8_t prk_2e[KB_PRK_SIZE],
                            uint8_t *text, size_t len)
{
    uint8_t stream[KB_EDHOC_PLAINTEXT_MAX];
    enum kb_err err;

    if (len > sizeof(stream))
        return KB_ERR_TOO_LONG;
    err = kb_schedule_kdf_th(e->config->crypto, prk_2e, KB_EDHOC_KEYSTREAM_2, e->th, stream, len);
    for (size_t i = 0; i < len && !err; i++)
        text[i] ^= stream[i];
    kb_wipe(stream, sizeof(stream));
    return err;
}

/* A_3 and A_4: ["Encrypt0", h'', TH] (RFC 9052 clause 5.3). */
enum { ENC_STRUCTURE_HEAD = 11, ENC_STRUCTURE_SIZE = ENC_STRUCTURE_HEAD + KB_TH_ITEM_SIZE };

struct cipher {
    uint8_t key[KB_CCM_KEY];
    uint8_t iv[KB_CCM_NONCE];
    uint8_t aad[ENC_STRUCTURE_SIZE];
};

static enum kb_err make_cipher(const struct kb_edhoc *e, const uint8_t *prk,
                               enum kb_edhoc_label key_label, struct cipher *cipher)
{
    static const uint8_t head[ENC_STRUCTURE_HEAD] = {0x83, 0x68, 'E', 'n', 'c', 'r',
                                                     'y',  'p',  't', '0', 0x40};
    const struct kb_crypto *crypto = e->config->crypto;
    enum kb_err err = kb_schedule_kdf_th(crypto, prk, key_label, e->th, cipher->key, KB_CCM_KEY);

    if (!err)
        err = kb_schedule_kdf_th(crypto, prk, (int64_t)key_label + 1, e->th, cipher->iv,
                                 KB_CCM_NONCE);
    memcpy(cipher->aad, head, sizeof(head));
    kb_schedule_th_item(e->th, cipher->aad + sizeof(head));
    return err;
}

enum kb_err kb_edhoc_seal(const struct kb_edhoc *e, const uint8_t prk[KB_PRK_SIZE],
                          enum kb_edhoc_label key_label, struct kb_span plaintext,
                          struct kb_writer *out)
{
    size_t tag_len = kb_edhoc_suite_of(e)->mac_len;
    struct cipher cipher;
    enum kb_err err = make_cipher(e, prk, key_label, &cipher);
    uint8_t *sealed, *tag;

    kb_cbor_put_head(out, KB_CBOR_BSTR, plaintext.len + tag_len);
    sealed = kb_wr_reserve(out, plaintext.len);
    tag = kb_wr_reserve(out, tag_len);
    if (!err && out->is_bad)
        err = KB_ERR_TOO_LONG;
    if (!err)
        err = e->config->crypto->ccm_seal(cipher.key, cipher.iv,
                                          kb_span(cipher.aad, sizeof(cipher.aad)), plaintext,
                                          sealed, tag, tag_len);
    kb_wipe(&cipher, sizeof(cipher));
    return err;
}

enum kb_err kb_edhoc_open(const struct kb_edhoc *e, const uint8_t prk[KB_PRK_SIZE],
                          enum kb_edhoc_label key_label, struct kb_span message,
                          struct kb_writer *plaintext)
{
    size_t tag_len = kb_edhoc_suite_of(e)->mac_len;
    struct kb_cursor rd = kb_rd(message);
    struct kb_span sealed = kb_cbor_bstr(&rd);
    struct cipher cipher;
    enum kb_err err;
    uint8_t *text;

    if (!kb_rd_is_done(&rd) || sealed.len < tag_len)
        return KB_ERR_MALFORMED;
    sealed.len -= tag_len;
    text = kb_wr_reserve(plaintext, sealed.len);
    if (!text)
        return KB_ERR_TOO_LONG;
    err = make_cipher(e, prk, key_label, &cipher);
    if (!err)
        err = e->config->crypto->ccm_open(cipher.key, cipher.iv,
                                          kb_span(cipher.aad, sizeof(cipher.aad)), sealed,
                                          sealed.data + sealed.len, tag_len, text);
    kb_wipe(&cipher, sizeof(cipher));
    return err;
}

enum kb_err kb_edhoc_finish(struct kb_edhoc *e)
{
    uint8_t prk_out[KB_PRK_SIZE];
    enum kb_err err = kb_schedule_kdf_th(e->config->crypto, e->prk, KB_EDHOC_PRK_OUT, e->th,
                                         prk_out, sizeof(prk_out));

    if (!err)
        memcpy(e->prk, prk_out, sizeof(prk_out));
    kb_wipe(prk_out, sizeof(prk_out));
    kb_wipe(e->private_key, sizeof(e->private_key));
    e->state = KB_AGREE_DONE;
    return err;
}
