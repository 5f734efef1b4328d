/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the rows of the algorithm image where they lie, in blocks of the card's memory (image.h).
 * Every read stays inside the image; whether what it says makes sense is for prove.c to tell. */
#ifndef KB_CARD_PERSO_ROWS_H
#define KB_CARD_PERSO_ROWS_H

#include "card/perso/image.h"

/* The header, unpacked, and where each table starts. */
struct kb_image {
    struct kb_nvm *nvm;
    uint32_t magic;
    uint16_t version;
    uint16_t length; /* as the header says */
    uint16_t total;  /* bytes that were loaded */
    uint8_t states;
    uint8_t transitions;
    uint8_t fields;
    uint8_t commands;
    uint8_t items;
    uint8_t writes;
    uint16_t names_len;
    uint16_t name; /* of the plan */
    uint16_t reserved;
    uint16_t transitions_at;
    uint16_t fields_at;
    uint16_t commands_at;
    uint16_t items_at;
    uint16_t writes_at;
    uint16_t names_at;
    uint16_t content_end; /* behind the names, where the CRC is */
};

struct kb_image_transition {
    uint8_t from;
    uint8_t event;
    uint8_t to;
};

struct kb_image_field {
    uint8_t number;
    uint8_t tries;
    uint8_t first_item;
    uint8_t items;
    uint8_t first_command;
    uint8_t commands;
    uint16_t name;
    uint16_t reserved;
};

struct kb_image_command {
    uint8_t cla;
    uint8_t ins;
    uint8_t p1;
    uint8_t p1_mask;
    uint8_t p2;
    uint8_t p2_mask;
    uint8_t action;
    uint8_t argument;
};

struct kb_image_item {
    uint16_t tag;
    uint8_t flags;
    uint8_t format;
    uint16_t min;
    uint16_t max;
    uint8_t check;
    uint8_t first_write;
    uint8_t writes;
    uint16_t name;
    uint8_t reserved;
};

struct kb_image_write {
    uint8_t encoder;
    uint8_t target;
    struct kb_path path; /* FILE */
    uint16_t object;     /* the other targets */
    uint8_t record;
    uint16_t offset;
    uint16_t length;
    uint8_t argument;
    uint8_t reserved;
};

/* Reads the header of an image of total bytes. KB_ERR_MALFORMED: too short to have one, or tables
 * that go past its end. */
enum kb_err kb_image_open(struct kb_nvm *nvm, uint16_t total, struct kb_image *image);

/* Any bytes of the image. KB_ERR_RANGE past its end. */
enum kb_err kb_image_read(const struct kb_image *image, uint32_t offset, void *out, size_t len);

/* One row each; index counts from the start of the whole table. */
enum kb_err kb_image_transition(const struct kb_image *image, uint8_t index,
                                struct kb_image_transition *out);
enum kb_err kb_image_field(const struct kb_image *image, uint8_t index, struct kb_image_field *out);
enum kb_err kb_image_command(const struct kb_image *image, uint8_t index,
                             struct kb_image_command *out);
enum kb_err kb_image_item(const struct kb_image *image, uint8_t index, struct kb_image_item *out);
enum kb_err kb_image_write(const struct kb_image *image, uint8_t index, struct kb_image_write *out);

/* A name by its offset in the names. KB_ERR_RANGE: not inside them; KB_ERR_MALFORMED: empty or
 * longer than KB_NAME_MAX. */
enum kb_err kb_image_name(const struct kb_image *image, uint16_t offset, uint8_t out[KB_NAME_MAX],
                          uint8_t *len);

#endif
