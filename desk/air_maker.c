/* SPDX-License-Identifier: Apache-2.0 */
/* Cards for the air, in memory. */

#include "desk/air_maker.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/blueprint.h"
#include "desk/ca.h"
#include "desk/maker_field.h"

struct kb_air_maker {
    const struct kb_plan *plan;
    struct kb_fresh_source source;
    char root_name[KB_CREDENTIAL_NAME_MAX];
    size_t root_name_len;
    uint8_t root_key[KB_P256_PRIVATE];
    struct kb_maker_field fields[KB_FIELDS];
    size_t field_count;
    struct kb_commands common, own, secure;
    struct kb_record *record;
    struct kb_fresh fresh; /* of the card being made */
};

/* --- Getting ready --- */

static enum kb_err make_common(struct kb_air_maker *maker,
                               const struct kb_air_maker_options *options, struct kb_report *why)
{
    uint8_t public_key[KB_P256_PUBLIC];
    uint8_t *image = malloc(KB_IMAGE_MAX);
    struct kb_writer wr = kb_wr(image, image ? KB_IMAGE_MAX : 0);
    enum kb_err err =
        image ? options->crypto->p256_public(options->maker_key, public_key) : KB_ERR_MEMORY;

    if (err)
        err = kb_report(why, err, "maker's key: %s", kb_err_text(err));
    if (!err)
        err = kb_plan_image(maker->plan, options->crypto, options->maker_key, &wr, why);
    if (!err) {
        kb_blueprint_common(&maker->common, maker->plan, public_key, kb_wr_span(&wr));
        kb_static_key_common(&maker->common, maker->plan, &options->trust);
        kb_blueprint_secure(&maker->secure);
    }
    free(image);
    return err;
}

static enum kb_err make_fields(struct kb_air_maker *maker, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < maker->plan->field_count && !err; i++)
        if (maker->plan->fields[i].is_made)
            err = kb_maker_field_make(&maker->fields[maker->field_count++], maker->plan, (uint8_t)i,
                                      why);
    maker->record = kb_record_new();
    return err || maker->record ? err : kb_report(why, KB_ERR_MEMORY, "cards: out of memory");
}

static enum kb_err take_options(struct kb_air_maker *maker,
                                const struct kb_air_maker_options *options, struct kb_report *why)
{
    maker->plan = options->plan;
    if (!options->plan->air.is_there)
        return kb_report(why, KB_ERR_RULE, "%s: has no section 'air'", options->plan->path);
    if (options->root_name.len > sizeof maker->root_name)
        return kb_report(why, KB_ERR_TOO_LONG, "the root's name is too long");
    maker->source = (struct kb_fresh_source){.crypto = options->crypto, .random = options->random};
    memcpy(maker->root_key, options->root_key, sizeof maker->root_key);
    maker->root_name_len = options->root_name.len;
    if (options->root_name.len)
        memcpy(maker->root_name, options->root_name.data, options->root_name.len);
    return KB_OK;
}

enum kb_err kb_air_maker_open(const struct kb_air_maker_options *options,
                              struct kb_air_maker **maker, struct kb_report *why)
{
    struct kb_air_maker *fresh = calloc(1, sizeof *fresh);
    enum kb_err err;

    *maker = NULL;
    if (!fresh)
        return kb_report(why, KB_ERR_MEMORY, "cards: out of memory");
    err = take_options(fresh, options, why);
    if (!err)
        err = make_fields(fresh, why);
    if (!err)
        err = make_common(fresh, options, why);
    if (err)
        kb_air_maker_close(fresh);
    else
        *maker = fresh;
    return err;
}

void kb_air_maker_close(struct kb_air_maker *maker)
{
    if (!maker)
        return;
    kb_commands_free(&maker->common);
    kb_commands_free(&maker->own);
    kb_commands_free(&maker->secure);
    kb_record_free(maker->record);
    kb_wipe(maker, sizeof *maker);
    free(maker);
}

enum kb_err kb_air_maker_model(const struct kb_air_maker *maker, struct kb_reader *reader,
                               struct kb_report *why)
{
    return kb_commands_send(&maker->common, reader, why);
}

/* --- A card --- */

static enum kb_err certify(const struct kb_air_maker *maker, struct kb_reader *reader,
                           uint64_t serial, struct kb_air_card *card, struct kb_report *why)
{
    struct kb_static_key key;
    struct kb_credential claims;
    struct kb_writer wr = kb_wr(card->credential, sizeof card->credential);
    enum kb_err err = kb_static_key_make(reader, maker->plan->air.curve, &key, why);

    if (err)
        return err;
    claims =
        (struct kb_credential){.issuer = kb_span(maker->root_name, maker->root_name_len),
                               .subject = kb_span(maker->fresh.iccid, strlen(maker->fresh.iccid)),
                               .curve = key.curve,
                               .is_odd = key.is_odd};
    memcpy(claims.public_key, key.public_key, sizeof claims.public_key);
    err = kb_credential_sign(maker->source.crypto, maker->root_key, &claims, &wr);
    if (err)
        return kb_report(why, err, "credential: %s", kb_err_text(err));
    card->credential_len = wr.len;
    card->credential_kid_len = kb_ca_kid(serial, card->credential_kid);
    return kb_static_key_certify(reader, kb_span(card->credential_kid, card->credential_kid_len),
                                 kb_wr_span(&wr), why);
}

static enum kb_err fill_fields(struct kb_air_maker *maker, struct kb_reader *reader,
                               struct kb_report *why)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < maker->field_count && !err; i++) {
        const struct kb_maker_field *field = &maker->fields[i];

        err = kb_maker_field_values(field, maker->plan, &maker->fresh, maker->record, why);
        if (!err)
            err = kb_personalize(reader, maker->source.crypto, &maker->source.random, &field->view,
                                 maker->fresh.code[field->index], maker->record,
                                 KB_PERSONALIZE_LOCK, why);
        kb_record_clear(maker->record);
    }
    return err;
}

/* The plan's compiler has seen that these columns are there (plan/air_fields.c). */
static void tell(const struct kb_air_maker *maker, struct kb_air_card *card)
{
    const struct {
        const char *column;
        void *to;
        size_t max;
    } columns[] = {{"admin_code", card->admin_code, sizeof card->admin_code - 1},
                   {"ak_t", card->ak_t, sizeof card->ak_t},
                   {"opc_t", card->opc_t, sizeof card->opc_t},
                   {"kic", card->kic, sizeof card->kic},
                   {"kid", card->kid, sizeof card->kid}};

    memcpy(card->id_sc, maker->fresh.iccid, sizeof card->id_sc);
    memcpy(card->imsi_t, maker->fresh.imsi_t, sizeof card->imsi_t);
    for (size_t i = 0; i < maker->plan->made_count; i++)
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
            if (!strcmp(maker->plan->made[i].column, columns[c].column) &&
                maker->fresh.made[i].len <= columns[c].max)
                memcpy(columns[c].to, maker->fresh.made[i].value, maker->fresh.made[i].len);
}

enum kb_err kb_air_maker_card(struct kb_air_maker *maker, struct kb_reader *reader, uint64_t serial,
                              struct kb_air_card *card, struct kb_report *why)
{
    enum kb_err err = kb_fresh_make(&maker->fresh, maker->plan, &maker->source, serial, why);

    memset(card, 0, sizeof *card);
    kb_commands_clear(&maker->own);
    if (!err) {
        kb_blueprint_card(&maker->own, maker->plan, &maker->fresh);
        err = kb_commands_send(&maker->own, reader, why);
    }
    if (!err && maker->plan->air.has_credential)
        err = certify(maker, reader, serial, card, why);
    if (!err)
        err = kb_commands_send(&maker->secure, reader, why);
    if (!err)
        err = fill_fields(maker, reader, why);
    if (!err)
        tell(maker, card);
    kb_fresh_wipe(&maker->fresh);
    return err;
}
