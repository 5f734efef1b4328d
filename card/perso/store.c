/* SPDX-License-Identifier: Apache-2.0 */
/* From a value to its places: encoded for a file, as it is for an object. */

#include <string.h>

#include "card/perso/profile.h"
#include "card/perso/encode.h"
#include "card/perso/prove.h"
#include "card/perso/session.h"
#include "crypto/secret.h"

enum { PADDING_AT_ONCE = 32, FILLER = 0xFF };

/* A value ready to be written: bytes, and how many FF behind them. */
struct ready {
    struct kb_span bytes;
    size_t padding;
};

/* RAW needs no room of its own and may be as long as an item; the others encode into scratch. */
static enum kb_err make_ready(const struct kb_image_write *row, struct kb_span value,
                              uint8_t scratch[KB_ENCODED_MAX], struct ready *out)
{
    *out = (struct ready){value, 0};
    if (row->encoder == KB_ENCODE_RAW) {
        if (value.len > row->length)
            return KB_ERR_TOO_LONG;
        out->padding = row->length - value.len;
        return KB_OK;
    }
    if (row->length > KB_ENCODED_MAX)
        return KB_ERR_TOO_LONG;
    out->bytes = kb_span(scratch, row->length);
    return kb_encode((enum kb_encoder)row->encoder, row->argument, value, scratch, row->length);
}

static enum kb_err pad_file(struct kb_card *card, const struct kb_file *file, size_t offset,
                            size_t len)
{
    uint8_t padding[PADDING_AT_ONCE];
    struct kb_writer wr = kb_wr(padding, sizeof padding);
    enum kb_err err = KB_OK;

    kb_wr_fill(&wr, FILLER, sizeof padding);
    while (len > 0 && !err) {
        size_t part = len < sizeof padding ? len : sizeof padding;

        err = kb_files_write(card, file, offset, padding, part);
        offset += part;
        len -= part;
    }
    return err;
}

static enum kb_err to_file(struct kb_card *card, const struct kb_image_write *row,
                           const struct ready *ready)
{
    struct kb_file file;
    size_t offset = row->offset;
    enum kb_err err = kb_prove_place(card, row, &file);

    if (err)
        return err == KB_ERR_ABSENT || err == KB_ERR_RANGE ? KB_ERR_RULE : err;
    if (row->record > 0)
        offset += (size_t)(row->record - 1) * file.record_size;
    err = kb_files_write(card, &file, offset, ready->bytes.data, ready->bytes.len);
    return err ? err : pad_file(card, &file, offset + ready->bytes.len, ready->padding);
}

/* Objects keep the value's own length. */
static enum kb_err to_secret(struct kb_card *card, const struct kb_image_write *row,
                             const struct ready *ready)
{
    if (row->object >= KB_SECRETS_OF_PLANS)
        return KB_ERR_RANGE;
    return kb_nvm_put(&card->nvm, (uint16_t)(KB_OBJ_SECRET + row->object), ready->bytes.data,
                      ready->bytes.len);
}

static enum kb_err to_pin(struct kb_card *card, const struct kb_image_write *row,
                          const struct ready *ready)
{
    uint8_t value[KB_PIN_SIZE];
    struct kb_writer wr = kb_wr(value, sizeof value);
    enum kb_err err;

    kb_wr_copy(&wr, ready->bytes.data, ready->bytes.len);
    kb_wr_fill(&wr, FILLER, ready->padding);
    if (wr.is_bad || wr.len != sizeof value || row->object >= KB_PINS)
        return KB_ERR_RANGE;
    err = kb_pin_set(card, (uint8_t)row->object, row->argument != 0, value);
    kb_wipe(value, sizeof value);
    return err;
}

static enum kb_err put_key(struct kb_card *card, uint16_t first_object,
                           const struct kb_image_write *row, const struct ready *ready)
{
    if (row->object >= KB_SUBSCRIPTIONS)
        return KB_ERR_RANGE;
    return kb_nvm_put(&card->nvm, (uint16_t)(first_object + row->object), ready->bytes.data,
                      ready->bytes.len);
}

/* A new key starts with new sequence numbers (TS 33.102 annex C). */
static enum kb_err to_ki(struct kb_card *card, const struct kb_image_write *row,
                         const struct ready *ready)
{
    enum kb_err err = put_key(card, KB_OBJ_KI, row, ready);

    return err ? err : kb_sim_restart_sqn(card, (uint8_t)row->object);
}

static enum kb_err to_opc(struct kb_card *card, const struct kb_image_write *row,
                          const struct ready *ready)
{
    return put_key(card, KB_OBJ_OPC, row, ready);
}

static enum kb_err to_serial(struct kb_card *card, const struct kb_image_write *row,
                             const struct ready *ready)
{
    (void)row;
    return kb_nvm_put(&card->nvm, KB_OBJ_SERIAL, ready->bytes.data, ready->bytes.len);
}

/* Numbers of another length of IND are other numbers (TS 33.102 annex C.1.1.1). */
static enum kb_err to_aka(struct kb_card *card, const struct kb_image_write *row,
                          const struct ready *ready)
{
    uint16_t object = (uint16_t)(KB_OBJ_AKA + row->object);
    uint8_t profile[KB_PROFILE_SIZE];
    enum kb_err err = KB_OK;

    if (row->object >= KB_SUBSCRIPTIONS || row->encoder != KB_ENCODE_AKA)
        return KB_ERR_RANGE;
    memcpy(profile, kb_profile_usual, sizeof profile);
    if (kb_nvm_size(&card->nvm, object) == sizeof profile)
        err = kb_nvm_read(&card->nvm, object, 0, profile, sizeof profile);
    kb_profile_place(row->argument, ready->bytes.data, profile);
    if (!err)
        err = kb_nvm_put(&card->nvm, object, profile, sizeof profile);
    kb_sim_reset(card);
    return err || row->argument != KB_PROFILE_IND_BITS
               ? err
               : kb_sim_restart_sqn(card, (uint8_t)row->object);
}

/* Version and kind stay. PUT KEY may have made another set of it since the image was proven. */
static enum kb_err to_scp03(struct kb_card *card, const struct kb_image_write *row,
                            const struct ready *ready)
{
    enum kb_err err = kb_prove_key_set(card, row);

    return err ? err
               : kb_nvm_patch(&card->nvm, (uint16_t)(KB_OBJ_GP_KEYS + row->object),
                              KB_KEY_SET_HEADER, ready->bytes.data, ready->bytes.len);
}

static enum kb_err (*const targets[KB_WRITE_TARGETS])(struct kb_card *card,
                                                      const struct kb_image_write *row,
                                                      const struct ready *ready) = {
    [KB_TARGET_FILE] = to_file, [KB_TARGET_SECRET] = to_secret, [KB_TARGET_PIN] = to_pin,
    [KB_TARGET_KI] = to_ki,     [KB_TARGET_OPC] = to_opc,       [KB_TARGET_SERIAL] = to_serial,
    [KB_TARGET_AKA] = to_aka,   [KB_TARGET_SCP03] = to_scp03,
};

/* A subscriber key has one of two lengths, whatever its item allows between them. */
static bool is_length_right(const struct kb_image_write *row, size_t len)
{
    bool is_key = row->target == KB_TARGET_KI || row->target == KB_TARGET_OPC;

    return !is_key || len == KB_KI_SHORT || len == KB_KI_LONG;
}

static enum kb_err do_write(struct kb_request *request, uint8_t index, struct kb_span value,
                            bool is_check)
{
    uint8_t scratch[KB_ENCODED_MAX];
    struct kb_image_write row;
    struct ready ready;
    enum kb_err err = kb_image_write(&request->image, index, &row);

    if (err)
        return err;
    err = make_ready(&row, value, scratch, &ready);
    if (!err && (row.target >= KB_WRITE_TARGETS || !is_length_right(&row, value.len)))
        err = KB_ERR_RANGE;
    if (!err && !is_check)
        err = targets[row.target](request->card, &row, &ready);
    if (row.encoder != KB_ENCODE_RAW)
        kb_wipe(scratch, sizeof scratch);
    return err;
}

static enum kb_err do_writes(struct kb_request *request, const struct kb_image_item *item,
                             struct kb_span value, bool is_check)
{
    enum kb_err err = KB_OK;

    for (uint8_t i = 0; i < item->writes && !err; i++)
        err = do_write(request, (uint8_t)(item->first_write + i), value, is_check);
    return err;
}

enum kb_err kb_store_check(struct kb_request *request, const struct kb_image_item *item,
                           struct kb_span value)
{
    return do_writes(request, item, value, true);
}

enum kb_err kb_store_value(struct kb_request *request, const struct kb_image_item *item,
                           struct kb_span value)
{
    return do_writes(request, item, value, false);
}
