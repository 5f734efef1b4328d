/* SPDX-License-Identifier: Apache-2.0 */
/* The answer blocks of SELECT and STATUS (3GPP TS 51.011 clauses 9.2.1 and 9.3). */
#include "card/files/access.h"
#include "card/files/tree.h"
#include "card/gsm/inside.h"

enum {
    TYPE_MF = 0x01,
    TYPE_DF = 0x02,
    TYPE_EF = 0x04,
    CLOCK_STOP = 0x01,       /* allowed, at either level; 13/8 MHz is enough for the algorithm */
    SUPPLY = 0x30,           /* bits 5 and 6: 3 V and 1.8 V (TS 11.18) */
    CHV1_DISABLED = 0x80,    /* of the file characteristics */
    INCREASE_ALLOWED = 0x40, /* byte 8 of a cyclic EF */
    NOT_INVALIDATED = 0x01,  /* of the file status */
    READABLE = 0x04,         /* also when it is invalidated */
    OF_DF = 9,               /* bytes behind the length, byte 13 */
    OF_EF = 2
};

/* Access condition levels. */
enum { ALWAYS = 0, CHV1 = 1, CHV2 = 2, ADMINISTRATIVE = 4, OTHER = 14, NEVER = 15 };

static unsigned level_of_reference(uint8_t reference)
{
    if (reference == KB_GSM_CHV1)
        return CHV1;
    if (reference == KB_GSM_CHV2)
        return CHV2;
    if (reference >= 0x0A && reference <= 0x0E)
        return ADMINISTRATIVE + reference - 0x0Au;
    if (reference >= 0x8A && reference <= 0x8E)
        return ADMINISTRATIVE + 5 + reference - 0x8Au;
    return OTHER;
}

/* One level has to stand for a rule: of PINs that are all wanted the highest, of PINs one of which
 * is wanted the lowest. */
static unsigned level(struct kb_card *card, const struct kb_file *file, enum kb_operation operation)
{
    uint8_t pins;
    enum kb_rule_mode mode = kb_access_rule(card, file, operation, &pins);
    unsigned found = mode == KB_RULE_ANY ? NEVER : ALWAYS;

    if (mode == KB_RULE_NEVER)
        return NEVER;
    for (uint8_t i = 0; i < KB_PINS && mode != KB_RULE_ALWAYS; i++) {
        unsigned one = level_of_reference(card->pin_of_reference[i]);

        if (pins & 1u << i && (mode == KB_RULE_ANY) == (one < found))
            found = one;
    }
    return found;
}

static void put_levels(struct kb_card *card, const struct kb_file *file, struct kb_writer *out)
{
    kb_wr_u8(out, (uint8_t)(level(card, file, KB_OP_READ) << 4 | level(card, file, KB_OP_UPDATE)));
    kb_wr_u8(out, (uint8_t)(level(card, file, KB_OP_INCREASE) << 4));
    kb_wr_u8(out, (uint8_t)(level(card, file, KB_OP_ACTIVATE) << 4 |
                            level(card, file, KB_OP_DEACTIVATE)));
}

static void put_ef(struct kb_card *card, const struct kb_file *file, struct kb_writer *out)
{
    bool is_cyclic = file->kind == KB_FILE_CYCLIC;
    bool is_invalidated = file->lcs != KB_LCS_ACTIVATED || kb_gsm_is_withheld(card);

    kb_wr_u8(out, TYPE_EF);
    kb_wr_u8(out, is_cyclic && level(card, file, KB_OP_INCREASE) != NEVER ? INCREASE_ALLOWED : 0);
    put_levels(card, file, out);
    kb_wr_u8(out, (uint8_t)((is_invalidated ? 0 : NOT_INVALIDATED) |
                            (file->flags & KB_FILE_READABLE ? READABLE : 0)));
    kb_wr_u8(out, OF_EF);
    kb_wr_u8(out, is_cyclic ? 3 : kb_file_has_records(file));
    kb_wr_u8(out, file->record_size);
}

static uint8_t byte_of(unsigned count)
{
    return (uint8_t)(count < 255 ? count : 255);
}

/* How many DFs and EFs lie directly in a DF. Applications are none of this world's. */
static void put_children(struct kb_card *card, const struct kb_file *df, struct kb_writer *out)
{
    unsigned dfs = 0, efs = 0;
    struct kb_file child;
    uint32_t entry;

    for (size_t at = 0; (entry = kb_tree_next(card, df, &at)) != 0;) {
        if (kb_tree_load(card, kb_tree_object_of(entry), &child))
            continue;
        dfs += child.kind == KB_FILE_DF;
        efs += !kb_file_is_df(&child);
    }
    kb_wr_u8(out, byte_of(dfs));
    kb_wr_u8(out, byte_of(efs));
}

/* How many codes the card has, and the status of CHV1, CHV2 and their unblocking codes. */
static void put_codes(struct kb_card *card, struct kb_writer *out)
{
    uint8_t status[4] = {0};
    unsigned count = 0;

    for (uint8_t i = 0; i < KB_PINS; i++) {
        unsigned level = level_of_reference(card->pin_of_reference[i]);
        uint8_t tries[2];

        if (!card->pin_of_reference[i] || kb_pin_tries(card, i, tries))
            continue;
        count += 1u + (tries[1] != 0);
        for (size_t k = 0; k < 2 && level <= CHV2; k++)
            status[2 * (level - CHV1) + k] = tries[k];
    }
    kb_wr_u8(out, byte_of(count));
    kb_wr_u8(out, 0);
    kb_wr_copy(out, status, sizeof(status));
}

static void put_df(struct kb_card *card, const struct kb_file *file, struct kb_writer *out)
{
    int chv1 = kb_pin_find(card, KB_GSM_CHV1);
    uint8_t off = card->pins_disabled | card->pins_replaced;

    kb_wr_u8(out, file->kind == KB_FILE_MF ? TYPE_MF : TYPE_DF);
    kb_wr_fill(out, 0, 5);
    kb_wr_u8(out, OF_DF);
    kb_wr_u8(out,
             (uint8_t)(CLOCK_STOP | SUPPLY | (chv1 >= 0 && off & 1u << chv1 ? CHV1_DISABLED : 0)));
    put_children(card, file, out);
    put_codes(card, out);
}

void kb_gsm_describe(struct kb_card *card, const struct kb_file *file, struct kb_writer *out)
{
    bool is_df = kb_file_is_df(file);

    /* No memory is set aside for a DF. */
    kb_wr_fill(out, 0, 2);
    kb_wr_u16(out, is_df ? 0 : file->size);
    kb_wr_u16(out, file->fid);
    if (is_df)
        put_df(card, file, out);
    else
        put_ef(card, file, out);
}
