/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the command table (docs/loader.md 4). */

#include "card/perso/prove.h"

/* The classes a plan may use: proprietary, basic channel, with every indication of secure messaging
 * (ISO/IEC 7816-4 clause 5.4.1). Bit 10 is left for chaining. */
static const uint8_t classes[] = {0x80, 0x84, 0x88, 0x8C};

/* Instructions that are somebody else's: a byte under a mask. */
static const struct {
    uint8_t ins;
    uint8_t mask;
} taken[] = {
    {0x60, 0xF0}, {0x90, 0xF0}, /* no instruction at all: ISO/IEC 7816-4 clause 5.4.2 */
    {0x10, 0xFF},               /* TERMINAL PROFILE; TS 102 221 clause 10.1.2, to the end of ETSI */
    {0x12, 0xFF},               /* FETCH */
    {0x14, 0xFF},               /* TERMINAL RESPONSE */
    {0x32, 0xFF},               /* INCREASE */
    {0x70, 0xF0},               /* channels, suspension, identity, capabilities and what follows */
    {0xAA, 0xFF},               /* TERMINAL CAPABILITY */
    {0xC0, 0xFF},               /* GET RESPONSE */
    {0xC2, 0xFF},               /* ENVELOPE */
    {0xCB, 0xFF},               /* RETRIEVE DATA */
    {0xDB, 0xFF},               /* SET DATA */
    {0xF2, 0xFF},               /* STATUS */
    {0xD4, 0xFF},               /* RESIZE FILE, TS 102 222 clause 6.10 */
    {0x44, 0xFF},               /* the maker's: PUT OBJECT, docs/apdu.md 2 */
    {0x46, 0xFF},               /* LOAD ALGORITHM */
    {0x4E, 0xFF},               /* GENERATE KEY */
    {0xF0, 0xFF},               /* SET STATUS */
};

static bool is_class_allowed(uint8_t cla)
{
    for (size_t i = 0; i < sizeof classes; i++) {
        if (classes[i] == cla)
            return true;
    }
    return false;
}

static bool is_instruction_allowed(uint8_t ins)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if ((ins & taken[i].mask) == taken[i].ins)
            return false;
    }
    return true;
}

static bool is_argument_allowed(const struct kb_image_command *row,
                                const struct kb_image_field *field)
{
    if (row->action == KB_ACTION_VERIFY)
        return row->argument == KB_VERIFY_CODE || row->argument == KB_VERIFY_CHALLENGE ||
               row->argument == KB_VERIFY_SCP03;
    if (row->action == KB_ACTION_PUT_ITEM)
        return row->argument < field->items;
    return row->argument == 0;
}

/* Where a secure channel opens: no plan's, but for an ENABLE, which has no data. */
static bool opens_channel(const struct kb_image_command *row)
{
    return (row->cla == 0x80 && row->ins == 0x50 && row->action != KB_ACTION_ENABLE) ||
           (row->cla == 0x84 && row->ins == 0x82);
}

static enum kb_err prove_command(const struct kb_image_command *row,
                                 const struct kb_image_field *field)
{
    if (row->action >= KB_PERSO_ACTIONS)
        return KB_ERR_RANGE;
    if (!is_class_allowed(row->cla) || !is_instruction_allowed(row->ins) || opens_channel(row))
        return KB_ERR_RULE;
    if ((row->p1 & ~row->p1_mask) || (row->p2 & ~row->p2_mask))
        return KB_ERR_MALFORMED;
    return is_argument_allowed(row, field) ? KB_OK : KB_ERR_RANGE;
}

enum kb_err kb_prove_commands(struct kb_card *card, const struct kb_image *image)
{
    (void)card;
    for (uint8_t f = 0; f < image->fields; f++) {
        struct kb_image_field field;
        enum kb_err err = kb_image_field(image, f, &field);

        for (uint8_t c = 0; c < field.commands && !err; c++) {
            struct kb_image_command row;

            err = kb_image_command(image, (uint8_t)(field.first_command + c), &row);
            if (!err)
                err = prove_command(&row, &field);
        }
        if (err)
            return err;
    }
    return KB_OK;
}

/* Some command header would match both rows. */
static bool do_overlap(const struct kb_image_command *a, const struct kb_image_command *b)
{
    return a->cla == b->cla && a->ins == b->ins &&
           ((a->p1 ^ b->p1) & a->p1_mask & b->p1_mask) == 0 &&
           ((a->p2 ^ b->p2) & a->p2_mask & b->p2_mask) == 0;
}

static bool is_enable(const struct kb_image_command *row)
{
    return row->action == KB_ACTION_ENABLE;
}

/* Rows of one field must differ, and an ENABLE, which is heard whatever field is enabled, from
 * every row of the others. field_end is where the rows of a's field end. */
static enum kb_err prove_differs(const struct kb_image *image, uint8_t index, uint8_t field_end)
{
    struct kb_image_command a, b;
    enum kb_err err = kb_image_command(image, index, &a);

    for (unsigned other = index + 1u; other < image->commands && !err; other++) {
        err = kb_image_command(image, (uint8_t)other, &b);
        if (err)
            return err;
        if (other >= field_end && !is_enable(&a) && !is_enable(&b))
            continue;
        if (do_overlap(&a, &b))
            return KB_ERR_RULE;
    }
    return err;
}

enum kb_err kb_prove_commands_differ(struct kb_card *card, const struct kb_image *image)
{
    (void)card;
    for (uint8_t f = 0; f < image->fields; f++) {
        struct kb_image_field field;
        enum kb_err err = kb_image_field(image, f, &field);
        unsigned end = (unsigned)field.first_command + field.commands;

        for (unsigned c = field.first_command; c < end && !err; c++)
            err = prove_differs(image, (uint8_t)c, (uint8_t)end);
        if (err)
            return err;
    }
    return KB_OK;
}
