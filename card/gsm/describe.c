/* SPDX-License-Identifier: Apache-2.0 */
/* The answer blocks of SELECT and STATUS (3GPP TS 51.011 clauses 9.2.1 and 9.3). */
#include "card/files/access.h"
#include "card/files/tree.h"
#include "card/gsm/inside.h"

/* Where things lie; the standard counts from 1. No memory is set aside for a DF (bytes 3, 4). */
enum {
    SIZE = 2,
    FID = 4,
    TYPE = 6,
    INCREASE = 7,
    LEVELS = 8,
    STATUS = 11,
    LENGTH = 12, /* of what follows */
    STRUCTURE = 13,
    RECORD = 14,
    EF_BLOCK = 15,
    CHARACTERISTICS = 13,
    DFS = 14,
    EFS = 15,
    CODES = 16,
    TRIES = 18,
    DF_BLOCK = 22
};

enum {
    TYPE_MF = 0x01,
    TYPE_DF = 0x02,
    TYPE_EF = 0x04,
    CLOCK_STOP = 0x01,       /* allowed, at either level; 13/8 MHz is enough for the algorithm */
    SUPPLY = 0x30,           /* bits 5 and 6: 3 V and 1.8 V (TS 11.18) */
    CHV1_DISABLED = 0x80,    /* of the file characteristics */
    INCREASE_ALLOWED = 0x40, /* of a cyclic EF */
    NOT_INVALIDATED = 0x01,  /* of the file status */
    READABLE = 0x04,         /* also when it is invalidated */
};

/* Access condition levels: those between the two last belong to administrative codes. */
enum { ALWAYS = 0, CHV1 = 1, CHV2 = 2, ADMINISTRATIVE = 4, OTHER = 14, NEVER = 15 };

static uint8_t level_of_reference(uint8_t reference)
{
    uint8_t local = reference >> 7, number = reference & 0x7F;

    if (number == KB_GSM_CHV1)
        return local ? CHV2 : CHV1;
    if (number >= 0x0A && number <= 0x0E)
        return (uint8_t)(ADMINISTRATIVE + number - 0x0A + (local ? 5 : 0));
    return OTHER;
}

/* One level has to stand for a rule: of PINs that are all wanted the highest, of PINs one of which
 * is wanted the lowest. */
static uint8_t level(struct kb_card *card, const struct kb_file *file, enum kb_operation operation)
{
    uint8_t pins;
    enum kb_rule_mode mode = kb_access_rule(card, file, operation, &pins);
    uint8_t found = mode == KB_RULE_ANY ? NEVER : ALWAYS;

    if (mode == KB_RULE_NEVER)
        return NEVER;
    if (mode == KB_RULE_ALWAYS)
        return ALWAYS;
    for (uint8_t i = 0; i < KB_PINS; i++) {
        uint8_t one = level_of_reference(card->pin_of_reference[i]);

        if (pins & 1u << i && (mode == KB_RULE_ANY) == (one < found))
            found = one;
    }
    return found;
}

static void describe_ef(struct kb_card *card, const struct kb_file *file, uint8_t *block)
{
    static const uint8_t operations[] = {KB_OP_READ,    KB_OP_UPDATE,   KB_OP_INCREASE,
                                         KB_OPERATIONS, KB_OP_ACTIVATE, KB_OP_DEACTIVATE};
    bool is_cyclic = file->kind == KB_FILE_CYCLIC;

    block[SIZE] = (uint8_t)(file->size >> 8);
    block[SIZE + 1] = (uint8_t)file->size;
    block[TYPE] = TYPE_EF;
    for (size_t i = 0; i < sizeof(operations); i++)
        if (operations[i] != KB_OPERATIONS)
            block[LEVELS + i / 2] |= (uint8_t)(level(card, file, operations[i]) << (i % 2 ? 0 : 4));
    if (is_cyclic && block[LEVELS + 1] != NEVER << 4)
        block[INCREASE] = INCREASE_ALLOWED;
    if (file->lcs == KB_LCS_ACTIVATED && !kb_gsm_is_withheld(card))
        block[STATUS] = NOT_INVALIDATED;
    if (file->flags & KB_FILE_READABLE)
        block[STATUS] |= READABLE;
    block[STRUCTURE] = is_cyclic ? 3 : kb_file_has_records(file);
    block[RECORD] = file->record_size;
}

static void count(uint8_t *counter)
{
    if (*counter < 0xFF)
        ++*counter;
}

/* The DFs and EFs that lie directly in a DF. Applications are none of this world's. */
static void count_children(struct kb_card *card, const struct kb_file *df, uint8_t *block)
{
    struct kb_file child;
    uint32_t entry;

    for (size_t at = 0; (entry = kb_tree_next(card, df, &at)) != 0;)
        if (!kb_tree_load(card, kb_tree_object_of(entry), &child) && child.kind != KB_FILE_ADF)
            count(&block[kb_file_is_df(&child) ? DFS : EFS]);
}

/* How many codes the card has, and the tries of CHV1, CHV2 and their unblocking codes. */
static void describe_codes(struct kb_card *card, uint8_t *block)
{
    uint8_t off = card->pins_disabled | card->pins_replaced, tries[2];

    for (uint8_t i = 0; i < KB_PINS; i++) {
        uint8_t level = level_of_reference(card->pin_of_reference[i]);

        if (!card->pin_of_reference[i] || kb_pin_tries(card, i, tries))
            continue;
        for (size_t k = 0; k < 2; k++) {
            block[CODES] = (uint8_t)(block[CODES] + (tries[k] != 0));
            if (level <= CHV2)
                block[TRIES + 2u * (level - 1u) + k] = tries[k];
        }
        if (level == CHV1 && off & 1u << i)
            block[CHARACTERISTICS] |= CHV1_DISABLED;
    }
}

void kb_gsm_describe(struct kb_card *card, const struct kb_file *file, struct kb_writer *out)
{
    size_t len = kb_file_is_df(file) ? DF_BLOCK : EF_BLOCK;
    uint8_t block[DF_BLOCK] = {0};

    block[FID] = (uint8_t)(file->fid >> 8);
    block[FID + 1] = (uint8_t)file->fid;
    block[LENGTH] = (uint8_t)(len - LENGTH - 1);
    if (len == EF_BLOCK) {
        describe_ef(card, file, block);
    } else {
        block[TYPE] = file->kind == KB_FILE_MF ? TYPE_MF : TYPE_DF;
        block[CHARACTERISTICS] = CLOCK_STOP | SUPPLY;
        count_children(card, file, block);
        describe_codes(card, block);
    }
    kb_wr_copy(out, block, len);
}
