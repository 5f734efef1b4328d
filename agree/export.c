/* SPDX-License-Identifier: Apache-2.0 */
/* The subscriber's secrets, from an agreement. */
#include "agree/export.h"

#include <string.h>

#include "crypto/hmac.h"
#include "crypto/secret.h"
#include "wire/cbor.h"

enum { LENGTHS_MAX = 3, LEAST_KEY = 16 };

static const struct {
    enum kb_export_what what;
    uint8_t lengths[LENGTHS_MAX];
} secrets[] = {
    {KB_EXPORT_K, {16, 32}},        {KB_EXPORT_OPC, {16}},         {KB_EXPORT_TOPC, {32}},
    {KB_EXPORT_KIC, {16, 24, 32}},  {KB_EXPORT_KID, {16, 24, 32}}, {KB_EXPORT_KIK, {16, 24, 32}},
    {KB_EXPORT_IDENTITY, {16, 32}},
};

static bool has_length(enum kb_export_what what, size_t len)
{
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        for (size_t j = 0; j < LENGTHS_MAX && secrets[i].what == what; j++) {
            if (len && secrets[i].lengths[j] == len)
                return true;
        }
    }
    return false;
}

static bool is_id(struct kb_span id)
{
    return id.len && id.len <= KB_EXPORT_ID_MAX;
}

/* ( agreement : tstr, suite : int, IdSC : bstr, IdO : bstr, number : uint ) */
enum kb_err kb_export(const struct kb_agree *agree, const struct kb_export_binding *binding,
                      enum kb_export_what what, uint8_t number, uint8_t *out, size_t out_len)
{
    uint8_t context[2 * KB_EXPORT_ID_MAX + 32];
    struct kb_writer wr = kb_wr(context, sizeof(context));
    const char *name = agree->kind->name;

    kb_cbor_put_tstr(&wr, kb_span(name, strlen(name)));
    kb_cbor_put_int(&wr, kb_agree_suite(agree));
    kb_cbor_put_bstr(&wr, binding->id_sc);
    kb_cbor_put_bstr(&wr, binding->id_o);
    kb_cbor_put_int(&wr, number);
    if (wr.is_bad || !has_length(what, out_len) || !is_id(binding->id_sc) ||
        !is_id(binding->id_o)) {
        kb_wipe(out, out_len);
        return KB_ERR_RANGE;
    }
    return kb_agree_export(agree, (uint16_t)what, kb_wr_span(&wr), out, out_len);
}

enum kb_err kb_fingerprint(const struct kb_crypto *crypto, struct kb_span key,
                           uint8_t fingerprint[KB_FINGERPRINT_SIZE])
{
    uint8_t mac[KB_SHA256_SIZE];
    struct kb_hmac hmac;
    enum kb_err err;

    memset(fingerprint, 0, KB_FINGERPRINT_SIZE);
    if (key.len < LEAST_KEY)
        return KB_ERR_RANGE;
    kb_hmac_start(&hmac, crypto, key);
    kb_hmac_update(&hmac, kb_span("Keyborn fingerprint", 19));
    err = kb_hmac_finish(&hmac, mac);
    if (!err)
        memcpy(fingerprint, mac, KB_FINGERPRINT_SIZE);
    kb_wipe(mac, sizeof(mac));
    return err;
}
