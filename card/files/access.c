/* SPDX-License-Identifier: Apache-2.0 */
/* Access rules: an EF.ARR record is read once, resolved into which PINs each operation needs, and
 * kept for the next files that refer to it. */

#include "card/files/access.h"

#include "card/card.h"
#include "card/files/tree.h"
#include "wire/tlv.h"

/* Access mode DOs: a byte, instruction codes; all others describe commands in ways this card does
 * not read. Bit 8 of the byte makes bits 7 to 4 proprietary. */
enum {
    AM_BYTE = 0x80,
    AM_INSTRUCTIONS = 0x84,
    AM_LAST = 0x8F,
    AM_STATE_MACHINE = 0x9C,
    AM_PROPRIETARY = 0x80
};

/* A mode of struct kb_rule. */
enum { MODE_BITS = 2, MODE_MASK = 3 };

/* Bits of the access mode byte (ISO/IEC 7816-4 tables 16 and 17), bit 1 first. */
static const uint8_t ef_mode[7] = {KB_OP_READ,     KB_OP_UPDATE,    KB_OPERATIONS, KB_OP_DEACTIVATE,
                                   KB_OP_ACTIVATE, KB_OP_TERMINATE, KB_OP_DELETE};
static const uint8_t df_mode[7] = {KB_OPERATIONS,    KB_OP_CREATE,   KB_OP_CREATE_DF,
                                   KB_OP_DEACTIVATE, KB_OP_ACTIVATE, KB_OP_TERMINATE,
                                   KB_OP_DELETE};

/* Instructions that an access mode DO 84 may name (TS 102 221 clause 9.2.7). */
static const struct {
    uint8_t ins;
    uint8_t operation;
} instructions[] = {
    {0x32, KB_OP_INCREASE},  {0xD4, KB_OP_RESIZE},     {0xE0, KB_OP_CREATE},
    {0xE0, KB_OP_CREATE_DF}, {0xE4, KB_OP_DELETE},     {0xB0, KB_OP_READ},
    {0xD6, KB_OP_UPDATE},    {0x04, KB_OP_DEACTIVATE}, {0x44, KB_OP_ACTIVATE},
    {0xE6, KB_OP_TERMINATE}, {0xE8, KB_OP_TERMINATE},  {0xFE, KB_OP_TERMINATE},
};

static uint16_t operations_of_mode(const struct kb_file *file, uint8_t mode)
{
    const uint8_t *table = kb_file_is_df(file) ? df_mode : ef_mode;
    unsigned bits = mode & AM_PROPRIETARY ? 3 : 7;
    uint16_t operations = 0;

    for (unsigned bit = 0; bit < bits; bit++)
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

static const struct condition never = {KB_RULE_NEVER, 0}, always = {KB_RULE_ALWAYS, 0};

static struct condition pin_condition(const struct kb_card *card, struct kb_span value)
{
    struct kb_span reference;
    int pin = -1;

    if (kb_tlv_find(value, 0x83, &reference) && reference.len == 1)
        pin = kb_pin_find(card, reference.data[0]);
    if (pin < 0)
        return never;
    return (struct condition){KB_RULE_ALL, (uint8_t)(1u << pin)};
}

static struct condition simple_condition(const struct kb_card *card, const struct kb_tlv *tlv)
{
    if (tlv->tag == 0x90)
        return always;
    if (tlv->tag == 0xA4)
        return pin_condition(card, tlv->value);
    return never;
}

/* Both at once. One of several PINs together with others is more than struct kb_rule holds, unless
 * one side says it all: then never. */
static struct condition both(struct condition a, struct condition b)
{
    if (a.mode == KB_RULE_NEVER || b.mode == KB_RULE_ALWAYS)
        return a;
    if (b.mode == KB_RULE_NEVER || a.mode == KB_RULE_ALWAYS)
        return b;
    if (a.mode == KB_RULE_ALL && b.mode == KB_RULE_ALL)
        return (struct condition){KB_RULE_ALL, a.pins | b.pins};
    if (a.mode == KB_RULE_ALL && a.pins & b.pins)
        return a;
    if (b.mode == KB_RULE_ALL && a.pins & b.pins)
        return b;
    return never;
}

static struct condition any_of(const struct kb_card *card, struct kb_span list)
{
    struct kb_cursor rd = kb_rd(list);
    struct condition any = never;
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv)) {
        struct condition one = simple_condition(card, &tlv);

        if (one.mode == KB_RULE_ALWAYS)
            return one;
        if (one.mode == KB_RULE_ALL)
            any = (struct condition){KB_RULE_ANY, any.pins | one.pins};
    }
    return rd.is_bad ? never : any;
}

static struct condition all_of(const struct kb_card *card, struct kb_span list)
{
    struct kb_cursor rd = kb_rd(list);
    struct condition all = always;
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv))
        all = both(all, simple_condition(card, &tlv));
    return rd.is_bad || !list.len ? never : all;
}

static struct condition condition_of(const struct kb_card *card, const struct kb_tlv *tlv)
{
    if (tlv->tag == 0xA0)
        return any_of(card, tlv->value);
    if (tlv->tag == 0xAF)
        return all_of(card, tlv->value);
    return simple_condition(card, tlv);
}

static bool is_access_mode(uint32_t tag)
{
    return (tag >= AM_BYTE && tag <= AM_LAST) || tag == AM_STATE_MACHINE;
}

static uint16_t operations_of(const struct kb_file *file, const struct kb_tlv *tlv)
{
    if (tlv->tag == AM_BYTE && tlv->value.len == 1)
        return operations_of_mode(file, tlv->value.data[0]);
    return tlv->tag == AM_INSTRUCTIONS ? operations_of_instructions(tlv->value) : 0;
}

static uint8_t mode_of(const struct kb_rule *rule, unsigned op)
{
    return rule->modes >> MODE_BITS * op & MODE_MASK;
}

/* Every condition attached to an operation has to hold, wherever it stands. */
static void attach(struct kb_rule *rule, unsigned op, bool is_first, struct condition condition)
{
    struct condition old = {mode_of(rule, op), rule->pins[op]};

    if (!is_first)
        condition = both(old, condition);
    rule->modes &= ~((uint32_t)MODE_MASK << MODE_BITS * op);
    rule->modes |= (uint32_t)condition.mode << MODE_BITS * op;
    rule->pins[op] = condition.pins;
}

/* The record is a list of access mode DOs, each followed by one or more security condition DOs
 * (ISO/IEC 7816-4 clause 9.3.5); FF fills the rest. What no access mode names stays never. */
static void resolve(const struct kb_card *card, const struct kb_file *file, struct kb_span record,
                    struct kb_rule *rule)
{
    struct kb_cursor rd = kb_rd(record);
    uint16_t operations = 0, seen = 0;
    struct kb_tlv tlv;

    while (kb_rd_peek(&rd) != 0xFF && kb_tlv_next(&rd, &tlv)) {
        struct condition condition;

        if (is_access_mode(tlv.tag)) {
            operations = operations_of(file, &tlv);
            continue;
        }
        condition = condition_of(card, &tlv);
        for (unsigned op = 0; op < KB_OPERATIONS; op++)
            if (operations & 1u << op)
                attach(rule, op, !(seen & 1u << op), condition);
        seen |= operations;
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
        arr.fid != file->arr_file || !file->arr_record || file->arr_record > arr.record_count)
        return NULL; /* never, also when another file has the object of one that is gone */
    if (kb_files_read(card, &arr, (size_t)(file->arr_record - 1) * arr.record_size, record,
                      arr.record_size))
        return NULL;
    rule = &card->rules[card->rule_next];
    card->rule_next = (uint8_t)((card->rule_next + 1) % KB_RULES);
    *rule = (struct kb_rule){.arr_object = object, .arr_record = file->arr_record, .is_df = is_df};
    resolve(card, file, kb_span(record, arr.record_size), rule);
    return rule;
}

enum kb_rule_mode kb_access_rule(struct kb_card *card, const struct kb_file *file,
                                 enum kb_operation operation, uint8_t *pins)
{
    const struct kb_rule *rule = rule_of(card, file);

    *pins = rule ? rule->pins[operation] : 0;
    return rule ? (enum kb_rule_mode)mode_of(rule, operation) : KB_RULE_NEVER;
}

bool kb_access_granted(struct kb_card *card, const struct kb_file *file,
                       enum kb_operation operation)
{
    uint8_t satisfied = kb_pin_satisfied(card);
    uint8_t pins;

    if (card->life_cycle == KB_LIFE_ADMINISTRATIVE)
        return true;
    switch (kb_access_rule(card, file, operation, &pins)) {
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

    return pin >= 0 && kb_pin_satisfied(card) & 1u << pin;
}

void kb_access_forget(struct kb_card *card, uint16_t arr_object)
{
    for (size_t i = 0; i < KB_RULES; i++)
        if (!arr_object || card->rules[i].arr_object == arr_object)
            card->rules[i].arr_object = 0;
}
