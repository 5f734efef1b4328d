/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader proves of an algorithm image before it counts (docs/loader.md): whole, the
 * maker's, and harmless, in this order. */

#include "card/perso/prove.h"

#include "card/card.h"
#include "wire/crc32.h"

enum { MAGIC = 0x4B425049 }; /* KB_IMAGE_MAGIC as a number */

static enum kb_err prove_header(struct kb_card *card, const struct kb_image *image)
{
    (void)card;
    if (image->magic != MAGIC)
        return KB_ERR_MALFORMED;
    return image->version == KB_IMAGE_VERSION ? KB_OK : KB_ERR_VERSION;
}

/* The length is told twice, and the tables, the CRC and the signature fill it without a rest. */
static enum kb_err prove_length(struct kb_card *card, const struct kb_image *image)
{
    (void)card;
    if (image->length != image->total)
        return KB_ERR_MALFORMED;
    if (image->content_end + KB_IMAGE_CRC + KB_P256_SIGNATURE != image->total)
        return KB_ERR_MALFORMED;
    return KB_OK;
}

static enum kb_err prove_crc(struct kb_card *card, const struct kb_image *image)
{
    uint8_t part[64] = {0}, stored[KB_IMAGE_CRC];
    struct kb_cursor rd = kb_rd(kb_span(stored, sizeof stored));
    uint32_t end = image->content_end, crc = 0;
    enum kb_err err = kb_image_read(image, end, stored, sizeof stored);

    (void)card;
    for (uint32_t at = 0; at < end && !err;) {
        uint32_t len = end - at < sizeof part ? end - at : (uint32_t)sizeof part;

        err = kb_image_read(image, at, part, len);
        crc = kb_crc32(crc, part, len);
        at += len;
    }
    if (err)
        return err;
    return kb_rd_u32(&rd) == crc ? KB_OK : KB_ERR_INTEGRITY;
}

static enum kb_err hash_signed_part(const struct kb_crypto *crypto, const struct kb_image *image,
                                    uint8_t digest[KB_SHA256_SIZE])
{
    uint32_t end = image->total - KB_P256_SIGNATURE;
    struct kb_sha256 sha;
    uint8_t part[64];
    enum kb_err err = crypto->sha256_start(&sha);
    enum kb_err finish_err;

    for (uint32_t at = 0; at < end && !err;) {
        uint32_t len = end - at < sizeof part ? end - at : (uint32_t)sizeof part;

        err = kb_image_read(image, at, part, len);
        if (!err)
            err = crypto->sha256_update(&sha, part, len);
        at += len;
    }
    finish_err = crypto->sha256_finish(&sha, digest);
    return err ? err : finish_err;
}

static enum kb_err prove_signature(struct kb_card *card, const struct kb_image *image)
{
    const struct kb_crypto *crypto = card->port->crypto;
    uint8_t key[KB_P256_PUBLIC], digest[KB_SHA256_SIZE], signature[KB_P256_SIGNATURE];
    enum kb_err err;

    if (kb_nvm_size(&card->nvm, KB_OBJ_MAKER_KEY) != sizeof key)
        return KB_ERR_ABSENT;
    err = kb_nvm_read(&card->nvm, KB_OBJ_MAKER_KEY, 0, key, sizeof key);
    if (!err)
        err = kb_image_read(image, image->total - (uint32_t)sizeof signature, signature,
                            sizeof signature);
    if (!err)
        err = hash_signed_part(crypto, image, digest);
    return err ? err : crypto->p256_verify(key, digest, signature);
}

static enum kb_err prove_limits(struct kb_card *card, const struct kb_image *image)
{
    uint8_t len;

    (void)card;
    if (image->states < KB_PERSO_STATES || image->states > KB_IMAGE_STATES)
        return KB_ERR_RANGE;
    if (image->fields == 0 || image->fields > KB_FIELDS)
        return KB_ERR_RANGE;
    return image->reserved == 0 && kb_prove_name(image, image->name, &len) ? KB_OK
                                                                           : KB_ERR_MALFORMED;
}

/* In order: nothing is read by its meaning before the maker's signature was checked. */
static const kb_rule_of_image rules[] = {
    prove_header,         prove_length,    prove_crc,         prove_signature,
    prove_limits,         kb_prove_fields, kb_prove_commands, kb_prove_commands_differ,
    kb_prove_transitions, kb_prove_items,  kb_prove_tags,     kb_prove_writes,
    kb_prove_places,
};

enum kb_err kb_perso_prove(struct kb_card *card, uint16_t total)
{
    struct kb_image image;
    enum kb_err err = kb_image_open(&card->nvm, total, &image);

    for (size_t i = 0; i < sizeof rules / sizeof *rules && !err; i++)
        err = rules[i](card, &image);
    return err;
}
