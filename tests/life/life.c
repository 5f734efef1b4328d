/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/life/life.h"

#include <stdio.h>
#include <string.h>

#include "desk/card_state.h"
#include "desk/talk.h"

static uint8_t image[KB_IMAGE_MAX];

static bool say(const struct kb_report *why)
{
    fprintf(stderr, "life: %s\n", why->text);
    return false;
}

/* A value that its format and check accept, as long as it may be short. */
static size_t make_up(const struct kb_entity_item *item, uint8_t *value)
{
    size_t len = item->min ? item->min : 1;

    for (size_t i = 0; i < len; i++)
        value[i] = item->format == KB_FORMAT_BYTES ? (uint8_t)(i + 1) : (uint8_t)('2' + i % 2);
    if (item->format == KB_FORMAT_PLMNS)
        memcpy(value, "00101", len = 5);
    return len;
}

static bool make_up_values(const struct kb_maker_field *field, struct kb_record *record)
{
    uint8_t value[KB_ITEM_MAX];

    for (size_t i = 0; i < field->view.item_count; i++) {
        const struct kb_entity_item *item = &field->view.items[i];
        size_t len = make_up(item, value);

        if (kb_record_put(record, item->name, item->role, kb_span(value, len)))
            return false;
    }
    return true;
}

static bool prepare_field(struct life *life, uint8_t index)
{
    struct kb_report why = {0};
    struct kb_maker_field *field = &life->fields[index];

    life->records[index] = kb_record_new();
    if (!life->records[index] || kb_maker_field_make(field, life->plan, index, &why))
        return say(&why);
    if (!life->plan->fields[index].is_made)
        return make_up_values(field, life->records[index]);
    if (kb_maker_field_values(field, life->plan, &life->fresh, life->records[index], &why))
        return say(&why);
    return true;
}

/* A key pair, and bytes in place of the credential that would speak of it. */
static void make_key(struct kb_commands *list, const struct kb_plan *plan)
{
    static const uint8_t generate[4] = {0x80, 0x4E, 0x00, 0x00};
    static const uint8_t put[4] = {0x80, 0x44, 0x00, KB_OBJ_CREDENTIAL};
    const uint8_t curve = (uint8_t)plan->air.curve;

    if (!plan->air.has_credential)
        return;
    kb_commands_add(list, "GENERATE KEY", generate, kb_span(&curve, 1));
    kb_commands_add(list, "PUT OBJECT", put, kb_span("\x01\x07 a credential", 15));
}

bool life_prepare(struct life *life, const char *plan_path)
{
    const struct kb_fresh_source source = {.crypto = &kb_crypto_openssl};
    struct kb_writer out = kb_wr(image, sizeof(image));
    uint8_t private_key[KB_P256_PRIVATE], public_key[KB_P256_PUBLIC];
    struct kb_air_trust trust;
    struct kb_report why = {0};

    memset(life, 0, sizeof(*life));
    if (kb_plan_load(plan_path, &life->plan, &why) ||
        kb_crypto_openssl.p256_keypair(private_key, public_key) ||
        kb_plan_image(life->plan, &kb_crypto_openssl, private_key, &out, &why) ||
        kb_fresh_make(&life->fresh, life->plan, &source, 1, &why))
        return say(&why);
    kb_blueprint_common(&life->making, life->plan, public_key, kb_wr_span(&out));
    trust = (struct kb_air_trust){.operators = {kb_span("Operators", 9), public_key}};
    kb_static_key_common(&life->making, life->plan, &trust);
    kb_blueprint_card(&life->making, life->plan, &life->fresh);
    make_key(&life->making, life->plan);
    kb_blueprint_secure(&life->making);
    life->field_count = life->plan->field_count;
    for (uint8_t i = 0; i < life->field_count; i++)
        if (!prepare_field(life, i))
            return false;
    return true;
}

void life_end(struct life *life)
{
    for (size_t i = 0; i < life->field_count; i++)
        kb_record_free(life->records[i]);
    kb_commands_free(&life->making);
    kb_plan_free(life->plan);
}

/* Anything but power that fails is the test's failure. */
static bool is_power(enum kb_err err, const struct kb_report *why)
{
    if (err && err != KB_ERR_NO_CARD)
        say(why);
    return err == KB_ERR_NO_CARD;
}

bool life_make(struct life *life, struct rig *rig)
{
    struct rig_reader reader;
    struct kb_report why = {0};
    enum kb_err err;

    rig_reader_init(&reader, rig);
    err = kb_commands_send(&life->making, &reader.reader, &why);
    return !err || (is_power(err, &why) && false);
}

static enum kb_err finish_field(struct life *life, size_t index, struct kb_reader *reader,
                                struct kb_report *why)
{
    const struct kb_entity_field *view = &life->fields[index].view;
    struct kb_card_state state;
    enum kb_err err = kb_talk_power_up(reader, why);

    if (!err)
        err = kb_card_state_get(reader, view, &state, why);
    if (err || state.state == KB_PERSO_LOCKED)
        return err;
    return kb_personalize(reader, &kb_crypto_openssl, NULL, view, life->fresh.code[index],
                          life->records[index], KB_PERSONALIZE_LOCK, why);
}

bool life_personalize(struct life *life, struct rig *rig)
{
    struct rig_reader reader;
    struct kb_report why = {0};
    enum kb_err err = KB_OK;

    rig_reader_init(&reader, rig);
    for (size_t i = 0; i < life->field_count && !err; i++)
        err = finish_field(life, i, &reader.reader, &why);
    return !err || (is_power(err, &why) && false);
}
