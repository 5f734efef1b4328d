/* SPDX-License-Identifier: Apache-2.0 */
/* Writes algorithm images byte by byte (card/perso/image.h), right ones and lying ones, without
 * any help of the code that reads them. */
#ifndef KB_TESTS_PERSO_IMAGE_BUILDER_H
#define KB_TESTS_PERSO_IMAGE_BUILDER_H

#include "crypto/crypto.h"

enum {
    BUILDER_ROWS = 255,
    BUILDER_NAMES = 4096,
    BUILDER_IMAGE = 16384, /* more than a card takes */
    BUILDER_HEADER = 20
};

/* The tables in the order of the image. */
enum builder_table {
    BUILDER_TRANSITIONS,
    BUILDER_FIELDS,
    BUILDER_COMMANDS,
    BUILDER_ITEMS,
    BUILDER_WRITES,
    BUILDER_TABLES
};

struct builder {
    uint8_t states;
    uint16_t plan_name;
    size_t counts[BUILDER_TABLES];
    uint8_t rows[BUILDER_TABLES][BUILDER_ROWS][18];
    size_t names_len;
    uint8_t names[BUILDER_NAMES];
};

/* Adds a row of as many bytes as the table's rows have; returns it, for later changes. */
uint8_t *builder_add(struct builder *builder, enum builder_table table, const uint8_t *row);

/* Takes rows out of the end of a table. */
void builder_drop(struct builder *builder, enum builder_table table);

/* Adds a name and returns its offset. */
uint16_t builder_name(struct builder *builder, const char *name);

/* Header, tables and names; returns the length. */
size_t builder_content(const struct builder *builder, uint8_t image[BUILDER_IMAGE]);

/* Puts a signature behind len bytes, CRC included. */
size_t builder_sign(uint8_t image[BUILDER_IMAGE], size_t len,
                    const uint8_t private_key[KB_P256_PRIVATE]);

/* Puts CRC and signature behind len bytes of content; returns the length with them. The total
 * length in the header is left as it is. */
size_t builder_seal(uint8_t image[BUILDER_IMAGE], size_t len,
                    const uint8_t private_key[KB_P256_PRIVATE]);

/* Both at once. */
size_t builder_image(const struct builder *builder, const uint8_t private_key[KB_P256_PRIVATE],
                     uint8_t image[BUILDER_IMAGE]);

#endif
