/* SPDX-License-Identifier: Apache-2.0 */
/* Values as exports show them. */

#include <string.h>

#include "crypto/secret.h"
#include "desk/export.h"
#include "wire/hex.h"

enum { RES = 8 };

static bool is_key(const char *role)
{
    return strcmp(role, "ki") == 0 || strcmp(role, "opc") == 0;
}

bool kb_export_is_usual(const struct kb_subscriber_keys *keys)
{
    return keys->profile.algorithm == KB_AKA_MILENAGE && keys->profile.res_len == RES &&
           kb_subscriber_has_3g(keys);
}

void kb_export_put(FILE *out, const struct kb_export_card *card, const char *role)
{
    struct kb_span value = kb_record_role(card->record, role);

    /* Registers take numbers without the plus sign. */
    if (value.len && value.data[0] == '+')
        value = kb_span(&value.data[1], value.len - 1);
    fwrite(value.data, 1, value.len, out);
}

/* The value as it will stand in an opened export. text: KB_SEAL_TOKEN_VALUE + 1 bytes. */
static enum kb_err show(struct kb_span value, bool is_hex, char *text)
{
    if (value.len * (is_hex ? 2 : 1) > KB_SEAL_TOKEN_VALUE)
        return KB_ERR_TOO_LONG;
    if (is_hex) {
        kb_hex_encode(value, text);
        return KB_OK;
    }
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    return KB_OK;
}

enum kb_err kb_export_put_secret(FILE *out, const struct kb_export_card *card, const char *role)
{
    struct kb_span value = kb_record_role(card->record, role);
    char text[KB_SEAL_TOKEN_VALUE + 1], token[KB_SEAL_TOKEN];
    enum kb_err err;

    if (value.len == 0)
        return KB_OK;
    err = show(value, is_key(role), text);
    if (!err && card->seal)
        err = kb_seal_token(card->seal, card->imsi, role, kb_span(text, strlen(text)), token);
    if (!err)
        fputs(card->seal ? token : text, out);
    kb_wipe(text, sizeof text);
    return err;
}

enum kb_err kb_export_put_encrypted(FILE *out, const struct kb_export_card *card, const char *role)
{
    const struct kb_crypto *crypto = &kb_crypto_openssl;
    struct kb_span value = kb_record_role(card->record, role);
    uint8_t block[KB_AES_BLOCK];
    char hex[2 * KB_AES_BLOCK + 1];
    struct kb_aes aes;
    enum kb_err err;

    if (value.len != KB_AES_BLOCK)
        return KB_ERR_RANGE;
    err = crypto->aes_start(&aes, card->register_key, KB_AES_BLOCK);
    if (err)
        return err;
    err = crypto->aes_block(&aes, value.data, block);
    crypto->aes_end(&aes);
    if (err)
        return err;
    kb_hex_encode(kb_span(block, sizeof block), hex);
    fputs(hex, out);
    return KB_OK;
}
