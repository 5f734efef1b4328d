/* SPDX-License-Identifier: Apache-2.0 */
/* Which way the data of a command go. */
#include "card/transport/header.h"

#include <string.h>

#include "card/perso/rows.h"

enum { SECURED = 0x0C /* of a class byte without channel */ };

/* Commands whose P3 is Le, when the byte of the header at which has this value under this mask. */
static const struct row {
    uint8_t ins, at, mask, value, way;
} rows[] = {
    {0xB0, KB_HEADER_P1, 0x00, 0x00, KB_WAY_OUT},      /* READ BINARY */
    {0xB2, KB_HEADER_P1, 0x00, 0x00, KB_WAY_OUT},      /* READ RECORD */
    {0xC0, KB_HEADER_P1, 0x00, 0x00, KB_WAY_OUT},      /* GET RESPONSE */
    {0x12, KB_HEADER_P1, 0x00, 0x00, KB_WAY_OUT},      /* FETCH */
    {0xF2, KB_HEADER_P1, 0xF0, 0x00, KB_WAY_OUT},      /* STATUS; GET STATUS has data */
    {0x84, KB_HEADER_P1, 0x00, 0x00, KB_WAY_OUT},      /* GET CHALLENGE */
    {0xCA, KB_HEADER_P1, 0x00, 0x00, KB_WAY_OUT},      /* GET DATA */
    {0xCB, KB_HEADER_P2, 0xC0, 0x00, KB_WAY_OUT},      /* RETRIEVE DATA, next block */
    {0xCB, KB_HEADER_P2, 0xC0, 0xC0, KB_WAY_OUT},      /* RETRIEVE DATA, the same block */
    {0xA4, KB_HEADER_P1, 0xFF, 0x03, KB_WAY_OUT_ONCE}, /* SELECT, parent DF */
    {0x70, KB_HEADER_P1, 0xFF, 0x00, KB_WAY_OUT_ONCE}, /* MANAGE CHANNEL, open */
};

/* Commands with data or nothing: all others of TS 102 221, TS 102 222, TS 51.011, GlobalPlatform
 * and of the maker. */
static const uint8_t others[] = {
    0x04, 0x10, 0x14, 0x20, 0x24, 0x26, 0x28, 0x2C, 0x32, 0x44, 0x46, 0x4E, 0x50,
    0x70, 0x76, 0x78, 0x82, 0x88, 0x89, 0xA2, 0xA4, 0xAA, 0xC2, 0xCB, 0xD4, 0xD6,
    0xD8, 0xDB, 0xDC, 0xE0, 0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xF2, 0xFA, 0xFE,
};

/* AUTHENTICATE, ENVELOPE, TERMINAL RESPONSE, GENERATE KEY, LOAD ALGORITHM, GET IDENTITY. */
static const uint8_t slow[] = {0x88, 0xC2, 0x14, 0x4E, 0x46, 0x78};

static enum kb_way way_of_action(uint8_t action)
{
    if (action == KB_ACTION_ENABLE)
        return KB_WAY_OUT_ONCE;
    return action == KB_ACTION_STATE ? KB_WAY_OUT : KB_WAY_IN;
}

/* A plan chooses its own classes and instructions; a secure channel may be around them. */
static enum kb_way way_of_plan(struct kb_card *card, const struct kb_apdu *cmd)
{
    struct kb_image_command row;
    struct kb_image image;

    if (!(cmd->cla & KB_CLA_PROPRIETARY) || !card->perso.image_size ||
        kb_image_open(&card->nvm, card->perso.image_size, &image))
        return KB_WAY_UNKNOWN;
    for (uint8_t i = 0; i < image.commands; i++)
        if (!kb_image_command(&image, i, &row) && row.ins == cmd->ins &&
            (row.cla & ~SECURED) == (cmd->cla & ~SECURED))
            return way_of_action(row.action);
    return KB_WAY_UNKNOWN;
}

static enum kb_way way_of_standard(const uint8_t header[KB_HEADER])
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].ins == header[KB_HEADER_INS] &&
            (header[rows[i].at] & rows[i].mask) == rows[i].value)
            return (enum kb_way)rows[i].way;
    return memchr(others, header[KB_HEADER_INS], sizeof(others)) ? KB_WAY_IN : KB_WAY_UNKNOWN;
}

/* A command in a secure channel has a MAC for its data, and is of case 4 (GlobalPlatform Amendment
 * D clause 6.2). */
enum kb_way kb_header_way(struct kb_card *card, const uint8_t header[KB_HEADER])
{
    struct kb_apdu cmd = {.cla = header[KB_HEADER_CLA], .ins = header[KB_HEADER_INS]};
    enum kb_way way;

    if (!kb_apdu_read_class(&cmd))
        return KB_WAY_UNKNOWN;
    way = way_of_plan(card, &cmd);
    if (!way)
        way = way_of_standard(header);
    return way && cmd.cla & SECURED && header[KB_HEADER_P3] ? KB_WAY_IN : way;
}

bool kb_header_is_slow(const uint8_t header[KB_HEADER])
{
    return memchr(slow, header[KB_HEADER_INS], sizeof(slow)) != NULL;
}
