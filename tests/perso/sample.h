/* SPDX-License-Identifier: Apache-2.0 */
/* A card with files, codes and an algorithm of two fields, as a maker would leave it. */
#ifndef KB_TESTS_PERSO_SAMPLE_H
#define KB_TESTS_PERSO_SAMPLE_H

#include "tests/card/rig.h"
#include "tests/perso/image_builder.h"

enum {
    SAMPLE_TRIES = 3,       /* of the first field; the second one has a single try */
    SAMPLE_SECOND = 2,      /* number of the second field */
    SAMPLE_ITEMS_FIRST = 9, /* items of the first field */
    SAMPLE_ITEMS_SECOND = 3
};

/* Where some rows of the sample plan are. */
enum sample_item {
    ITEM_IMSI,   /* 80, mandatory: EF.IMSI and EF.ACC */
    ITEM_KI,     /* 81, mandatory, not flat: subscription 1 */
    ITEM_OPC,    /* 82: subscription 1 */
    ITEM_SPN,    /* 83: EF.SPN */
    ITEM_PIN,    /* 84: PIN object 0 */
    ITEM_PUK,    /* 85: its unblock code */
    ITEM_LONG,   /* 9F10: 600 bytes */
    ITEM_SMSP,   /* DF21: second record of EF.SMSP */
    ITEM_SERIAL, /* 86, Luhn digit: the card's identifier */
    ITEM_GROUP,  /* second field: 0101, mandatory, a record of EF.DG */
    ITEM_SECRET, /* 0102: an object; also a command of its own */
    ITEM_SLICE   /* 0103: part of another record */
};

extern const uint8_t sample_code[16], sample_code_second[16];
extern uint8_t sample_key[KB_P256_PRIVATE]; /* the maker's, made at run time by sample_make_key */

void sample_make_key(void);

/* Fills the builder with the sample plan. */
void sample_plan(struct builder *builder);

/* A blank card with files, objects and the maker's key, ADMINISTRATIVE. */
void sample_prepare(struct rig *rig);

/* Sends the image in blocks; SW of the last one that was sent, which is the first one refused. */
uint16_t sample_load(struct rig *rig, const uint8_t *image, size_t len);

/* Card with the plan loaded, SECURED and powered again. */
void sample_make(struct rig *rig, const struct builder *builder);

/* Makes to a card with the same memory; it still has to be powered. */
void sample_copy(struct rig *to, const struct rig *from);

/* One command; its answer is in rig->response. data may be NULL when len is 0. */
uint16_t sample_send(struct rig *rig, uint32_t header, const void *data, size_t len);
uint16_t sample_send_hex(struct rig *rig, uint32_t header, const char *hex);

/* A command without data that takes any answer. */
uint16_t sample_send_le(struct rig *rig, uint32_t header);

/* Commands of the first field in their usual outcomes; each asserts its SW. */
void sample_enable(struct rig *rig);
void sample_open(struct rig *rig); /* ENABLE and a right code */
void sample_put_mandatory(struct rig *rig);

/* The same for the second field. */
void sample_open_second(struct rig *rig);

/* The bytes of a file below the MF, read behind the card's back. */
void sample_read_file(struct rig *rig, uint16_t fid, size_t offset, void *out, size_t len);

/* State and tries left that GET PERSO STATE tells of a field, by its place in the plan. */
struct sample_state {
    uint8_t state;
    uint8_t tries;
};
struct sample_state sample_state(struct rig *rig, size_t field);

/* Key, plan and a finished card of it, once for a test program. */
void sample_begin(struct rig *made, struct builder *builder);

/* A fresh copy of the finished card, powered, with power that stays. */
void sample_start(struct rig *rig, const struct rig *made);

#endif
