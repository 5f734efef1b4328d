/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn card show: what anybody who holds the card may know of it. The fields come from the
 * card's own answer to GET PERSO STATE (docs/apdu.md clause 3). */
#include "cli/verb_card.h"

#include "card/perso/rows.h"
#include "reader/card_file.h"
#include "wire/tlv.h"

#include <string.h>

enum {
    TAG_STATE = 0xE1,
    TAG_SERIAL = 0x5A,
    TAG_FIELD = 0xA1,
    TAG_NUMBER = 0x80,
    TAG_FIELD_STATE = 0x81,
    TAG_TRIES = 0x82,
    TAG_PRESENT = 0xA3,
    TAG_MISSING = 0xA4,
    TAG_MANDATORY = 0x8D
};

static const char *life_cycle_name(uint8_t life_cycle)
{
    return life_cycle == KB_LIFE_ADMINISTRATIVE ? "ADMINISTRATIVE"
           : life_cycle == KB_LIFE_SECURED      ? "SECURED"
           : life_cycle == KB_LIFE_TERMINATED   ? "TERMINATED"
                                                : "unknown";
}

/* The plan's own coding of GET PERSO STATE. */
static bool find_state_command(struct kb_card *card, struct kb_apdu *cmd)
{
    struct kb_image image;
    struct kb_image_command row;

    if (!card->perso.image_size || kb_image_open(&card->nvm, card->perso.image_size, &image))
        return false;
    for (uint8_t i = 0; i < image.commands && !kb_image_command(&image, i, &row); i++)
        if (row.action == KB_ACTION_STATE) {
            *cmd = (struct kb_apdu){.cla = row.cla,
                                    .ins = row.ins,
                                    .p1 = row.p1,
                                    .p2 = row.p2,
                                    .has_le = true,
                                    .ne = KB_RESPONSE_DATA_MAX};
            return true;
        }
    return false;
}

static json_t *field_name(struct kb_card *card, uint8_t number)
{
    struct kb_image image;
    struct kb_image_field row;
    uint8_t name[KB_NAME_MAX];
    uint8_t len;

    if (kb_image_open(&card->nvm, card->perso.image_size, &image))
        return json_null();
    for (uint8_t i = 0; i < image.fields && !kb_image_field(&image, i, &row); i++)
        if (row.number == number && !kb_image_name(&image, row.name, name, &len))
            return json_stringn((const char *)name, len);
    return json_null();
}

static uint8_t first_byte(struct kb_span field, uint32_t tag)
{
    struct kb_span value;

    return kb_tlv_find(field, tag, &value) && value.len ? value.data[0] : 0;
}

/* Names of items; with only_mandatory those without which LOCK is refused. */
static json_t *item_names(struct kb_span field, uint32_t list, bool only_mandatory)
{
    json_t *names = json_array();
    struct kb_span items;
    struct kb_cursor rd;
    struct kb_tlv item;

    if (!kb_tlv_find(field, list, &items))
        return names;
    rd = kb_rd(items);
    while (kb_tlv_next(&rd, &item))
        if (!only_mandatory || item.tag == TAG_MANDATORY)
            json_array_append_new(names,
                                  json_stringn((const char *)item.value.data, item.value.len));
    return names;
}

static json_t *field_json(struct kb_card *card, struct kb_span field)
{
    static const char *const states[KB_PERSO_STATES] = {"IDLE",  "READY",  "ALERT",
                                                        "PERSO", "LOCKED", "BLOCKED"};
    uint8_t number = first_byte(field, TAG_NUMBER);
    uint8_t state = first_byte(field, TAG_FIELD_STATE);

    return json_pack("{s:o, s:i, s:s, s:i, s:o, s:o, s:o}", "name", field_name(card, number),
                     "number", number, "state", state < KB_PERSO_STATES ? states[state] : "OWN",
                     "tries_left", first_byte(field, TAG_TRIES), "present",
                     item_names(field, TAG_PRESENT, false), "missing",
                     item_names(field, TAG_MISSING, false), "mandatory_missing",
                     item_names(field, TAG_MISSING, true));
}

/* Asks the card; an empty array when it has no algorithm or is not yet SECURED. */
static json_t *fields_json(struct kb_card *card)
{
    uint8_t bytes[KB_APDU_SHORT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    json_t *fields = json_array();
    struct kb_apdu cmd;
    struct kb_span answer, state;
    struct kb_cursor rd;
    struct kb_tlv tlv;

    if (!find_state_command(card, &cmd))
        return fields;
    kb_apdu_write(&wr, &cmd);
    answer = kb_card_transmit(card, kb_wr_span(&wr));
    if (!kb_tlv_find(kb_span(answer.data, answer.len - 2), TAG_STATE, &state))
        return fields;
    rd = kb_rd(state);
    while (kb_tlv_next(&rd, &tlv))
        if (tlv.tag == TAG_FIELD)
            json_array_append_new(fields, field_json(card, tlv.value));
    return fields;
}

static json_t *serial_json(struct kb_card *card)
{
    char serial[20];
    uint16_t len = kb_nvm_size(&card->nvm, KB_OBJ_SERIAL);

    if (!len || len > sizeof(serial) || kb_nvm_read(&card->nvm, KB_OBJ_SERIAL, 0, serial, len))
        return json_null();
    return json_stringn(serial, len);
}

static json_t *card_json(struct kb_card *card, const struct kb_nvm_device *device)
{
    uint32_t total = device->sector_size * device->sector_count;

    return json_pack("{s:o, s:s, s:b, s:i, s:I, s:I, s:o}", "serial", serial_json(card),
                     "life_cycle", life_cycle_name(card->life_cycle), "algorithm",
                     card->perso.image_size > 0, "files", (int)kb_files_count(card), "memory",
                     (json_int_t)total, "memory_free", (json_int_t)kb_nvm_free(&card->nvm),
                     "fields", fields_json(card));
}

static void say_names(const struct kb_cli *cli, const char *what, const json_t *names)
{
    char line[512] = "";
    size_t at = 0;
    size_t i;
    json_t *name;

    json_array_foreach(names, i, name)
    {
        int more = snprintf(line + at, sizeof(line) - at, " %s", json_string_value(name));

        if (more < 0 || (size_t)more >= sizeof(line) - at)
            break;
        at += (size_t)more;
    }
    if (at)
        kb_cli_say(cli, "  %s:%s", what, line);
}

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : otherwise;
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void say_card(const struct kb_cli *cli, const json_t *card)
{
    size_t i;
    json_t *field;

    kb_cli_say(cli, "serial:      %s", text_of(card, "serial", "none"));
    kb_cli_say(cli, "life cycle:  %s", text_of(card, "life_cycle", ""));
    kb_cli_say(cli, "algorithm:   %s",
               json_is_true(json_object_get(card, "algorithm")) ? "loaded" : "none");
    kb_cli_say(cli, "files:       %lld", (long long)number_of(card, "files"));
    kb_cli_say(cli, "memory:      %lld bytes, room for %lld more",
               (long long)number_of(card, "memory"), (long long)number_of(card, "memory_free"));
    json_array_foreach(json_object_get(card, "fields"), i, field)
    {
        kb_cli_say(cli, "field %lld, %s: %s, %lld tries left",
                   (long long)number_of(field, "number"), text_of(field, "name", "without name"),
                   text_of(field, "state", ""), (long long)number_of(field, "tries_left"));
        say_names(cli, "present", json_object_get(field, "present"));
        say_names(cli, "missing", json_object_get(field, "missing"));
    }
}

enum kb_exit kb_cli_card_show(struct kb_cli *cli)
{
    struct kb_card_file *file;
    struct kb_card *card;
    struct kb_report why;
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;
    json_t *object;
    enum kb_err err;

    if (kb_card_file_open(kb_cli_operand(cli, 0), &file, &why))
        return kb_cli_fail(cli, &why);
    card = kb_card_file_card(file);
    err = kb_card_power_up(card, kb_card_file_port(file), atr, &atr_len);
    if (err) {
        kb_report(&why, err, "%s: the card does not come up: %s", kb_cli_operand(cli, 0),
                  kb_err_text(err));
        kb_card_file_close(file);
        return kb_cli_fail(cli, &why);
    }
    object = card_json(card, kb_card_file_port(file)->device);
    kb_card_file_close(file);
    say_card(cli, object);
    kb_cli_result(cli, object);
    return KB_EXIT_OK;
}
