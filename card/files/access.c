/* SPDX-License-Identifier: Apache-2.0 */
/* Access rules: an EF.ARR record is read once, resolved into which PINs each operation needs, and
 * kept for the next files that refer to it. */

#include "card/files/access.h"

#include "card/card.h"
#include "card/files/tree.h"
#include "wire/tlv.h"

/* Bits of the access mode byte (ISO/IEC 7816-4 tables 16 and 17), bit 1 first. */
static const uint8_t ef_mode[7] = {KB_OP_READ,     KB_OP_UPDATE,    KB_OPERATIONS, KB_OP_DEACTIVATE,
                                   KB_OP_ACTIVATE, KB_OP_TERMINATE, KB_OP_DELETE};
static const uint8_t df_mode[7] = {KB_OPERATIONS,  KB_OP_CREATE,    KB_OP_CREATE, KB_OP_DEACTIVATE,
                                   KB_OP_ACTIVATE, KB_OP_TERMINATE, KB_OP_DELETE};

/* Instructions that an access mode DO 84 may name (TS 102 221 clause 9.2.7). */
static const struct {
    uint8_t ins;
    uint8_t operation;
} instructions[] = {
    {0x32, KB_OP_INCREASE}, {0xD4, KB_OP_RESIZE}, {0xE0, KB_OP_CREATE},
    {0xE4, KB_OP_DELETE},   {0xB0, KB_OP_READ},   {0xD6, KB_OP_UPDATE},
};

static uint16_t operations_of_mode(const struct kb_file *file, uint8_t mode)
{
    const uint8_t *table = kb_file_is_df(file) ? df_mode : ef_mode;
    uint16_t operations = 0;

    for (unsigned bit = 0; bit < 7; bit++)
        if (mode & 1u << bit && table[bit] < KB_OPERATIONS)
            operations |= (uint16_t)(1u << table[bit]);
    return operations;
}

static uint16_t operations_of_instructions(struct kb_span list)
{
    uint16_t operations = 0;

    for (size_t i = 0; i < list.len; i++)
        for (size_t k = 0; k < sizeof(instructions) / sizeof(instructions[0]); k++)
            if (list.data[i] == instructions[k].ins)
                operations |= (uint16_t)(1u << instructions[k].operation);
    return operations;
}

/* A security condition: the PINs it names; alone, or in an OR (A0) or AND (AF) template. */
struct condition {
    uint8_t mode;
    uint8_t pins;
};

static struct condition pin_condition(const struct kb_card *card, struct kb_span value)
{
    struct kb_span reference;
    int pin = -1;

    if (kb_tlv_find(value, 0x83, &reference) && reference.len == 1)
        pin = kb_pin_find(card, reference.data[0]);
    if (pin < 0)
        return (struct condition){KB_RULE_NEVER, 0};
    return (struct condition){KB_RULE_ALL, (uint8_t)(1u << pin)};
}

static struct condition simple_condition(const struct kb_card *card, const struct kb_tlv *tlv)
{
    if (tlv->tag == 0x90)
        return (struct condition){KB_RULE_ALWAYS, 0};
    if (tlv->tag == 0xA4)
        return pin_condition(card, tlv->value);
    return (struct condition){KB_RULE_NEVER, 0};
}

static struct condition any_of(const struct kb_card *card, struct kb_span list)
{
    struct kb_cursor rd = kb_rd(list);
    struct condition all = {KB_RULE_NEVER, 0};
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv)) {
        struct condition one = simple_condition(card, &tlv);

        if (one.mode == KB_RULE_ALWAYS)
            return one;
        if (one.mode == KB_RULE_ALL)
            all = (struct condition){KB_RULE_ANY, (uint8_t)(all.pins | one.pins)};
    }
    return rd.is_bad ? (struct condition){KB_RULE_NEVER, 0} : all;
}

static struct condition all_of(const struct kb_card *card, struct kb_span list)
{
    struct kb_cursor rd = kb_rd(list);
    struct condition all = {KB_RULE_ALL, 0};
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv)) {
        struct condition one = simple_condition(card, &tlv);

        if (one.mode == KB_RULE_NEVER)
            return one;
        all.pins |= one.pins;
    }
    return rd.is_bad || !all.pins ? (struct condition){KB_RULE_NEVER, 0} : all;
}

static struct condition condition_of(const struct kb_card *card, const struct kb_tlv *tlv)
{
    if (tlv->tag == 0xA0)
        return any_of(card, tlv->value);
    if (tlv->tag == 0xAF)
        return all_of(card, tlv->value);
    return simple_condition(card, tlv);
}

/* The record is a list of access mode DOs, each followed by its security condition DO; FF fills the
 * rest. */
static void resolve(const struct kb_card *card, const struct kb_file *file, struct kb_span record,
                    struct kb_rule *rule)
{
    struct kb_cursor rd = kb_rd(record);
    uint16_t operations = 0;
    struct kb_tlv tlv;

    while (kb_rd_peek(&rd) != 0xFF && kb_tlv_next(&rd, &tlv)) {
        if (tlv.tag == 0x80 && tlv.value.len == 1) {
            operations = operations_of_mode(file, tlv.value.data[0]);
        } else if (tlv.tag == 0x84) {
            operations = operations_of_instructions(tlv.value);
        } else {
            struct condition condition = condition_of(card, &tlv);

            for (unsigned op = 0; op < KB_OPERATIONS; op++) {
                if (!(operations & 1u << op))
                    continue;
                rule->operation[op].mode = condition.mode;
                rule->operation[op].pins = condition.pins;
            }
            operations = 0;
        }
    }
}

static const struct kb_rule *rule_of(struct kb_card *card, const struct kb_file *file)
{
    bool is_df = kb_file_is_df(file);
    uint16_t object = kb_tree_rule_file(card, file);
    struct kb_rule *rule;
    struct kb_file arr;
    uint8_t record[255];

    for (size_t i = 0; i < KB_RULES; i++)
        if (object && card->rules[i].arr_object == object &&
            card->rules[i].arr_record == file->arr_record && card->rules[i].is_df == is_df)
            return &card->rules[i];
    if (!object || kb_tree_load(card, object, &arr) || arr.kind != KB_FILE_LINEAR_FIXED ||
        !file->arr_record || file->arr_record > arr.record_count)
        return NULL;
    if (kb_files_read(card, &arr, (size_t)(file->arr_record - 1) * arr.record_size, record,
                      arr.record_size))
        return NULL;
    rule = &card->rules[card->rule_next];
    card->rule_next = (uint8_t)((card->rule_next + 1) % KB_RULES);
    *rule = (struct kb_rule){.arr_object = object, .arr_record = file->arr_record, .is_df = is_df};
    resolve(card, file, kb_span(record, arr.record_size), rule);
    return rule;
}

bool kb_access_granted(struct kb_card *card, const struct kb_file *file,
                       enum kb_operation operation)
{
    uint8_t satisfied = card->pins_verified | card->pins_disabled;
    const struct kb_rule *rule;
    uint8_t pins;

    if (card->life_cycle == KB_LIFE_ADMINISTRATIVE)
        return true;
    rule = rule_of(card, file);
    if (!rule)
        return false;
    pins = rule->operation[operation].pins;
    switch ((enum kb_rule_mode)rule->operation[operation].mode) {
    case KB_RULE_ALWAYS:
        return true;
    case KB_RULE_ANY:
        return pins & satisfied;
    case KB_RULE_ALL:
        return (pins & satisfied) == pins;
    case KB_RULE_NEVER:
        break;
    }
    return false;
}

bool kb_access_has_pin(const struct kb_card *card, uint8_t reference)
{
    int pin = kb_pin_find(card, reference);

    return pin >= 0 && (card->pins_verified | card->pins_disabled) & 1u << pin;
}

void kb_access_forget(struct kb_card *card, uint16_t arr_object)
{
    for (size_t i = 0; i < KB_RULES; i++)
        if (!arr_object || card->rules[i].arr_object == arr_object)
            card->rules[i].arr_object = 0;
}
