/* SPDX-License-Identifier: Apache-2.0 */
/* The entity view: all that a bureau knows of a card. Fields, commands, items, formats and limits;
 * no file, no record, no object, no encoder. Written by the plan compiler, read by the bureau. */
#ifndef KB_PLAN_ENTITY_H
#define KB_PLAN_ENTITY_H

#include "card/perso/image.h"
#include "card/perso/profile.h"
#include "wire/apdu.h"
#include "wire/report.h"

struct kb_entity_item {
    char name[KB_NAME_MAX + 1];
    char role[KB_NAME_MAX + 1];
    char about[128]; /* one line for people; empty when the plan has none */
    uint16_t tag;
    bool is_mandatory;
    bool has_command;   /* own command instead of a tag */
    uint8_t command[4]; /* CLA INS P1 P2 when has_command */
    enum kb_item_format format;
    enum kb_item_check check;
    uint16_t min, max;
};

struct kb_entity_field {
    char name[KB_NAME_MAX + 1];
    uint8_t number, tries;
    uint8_t enable[4], verify[4], put[4], lock[4], state[4]; /* CLA INS P1 P2 */
    bool has_put; /* false when every item has a command of its own */
    bool is_dgi;  /* PUT takes data groupings, else BER-TLV */
    enum kb_verify_method method;
    bool has_scp03;   /* a secure channel opens it as well */
    bool has_profile; /* the maker said how the subscription whose key is here authenticates */
    uint8_t profile[KB_PROFILE_SIZE]; /* what items with roles of the authentication may change */
    size_t item_count;
    struct kb_entity_item *items;
};

struct kb_entity {
    char plan[KB_NAME_MAX + 1];
    size_t field_count;
    struct kb_entity_field *fields; /* those left to the entity */
};

/* Reads and checks a view. On failure *entity is NULL and why names file, line and what would be
 * right. */
enum kb_err kb_entity_load(const char *path, struct kb_entity **entity, struct kb_report *why);
void kb_entity_free(struct kb_entity *entity);

/* By name; NULL when there is none. */
const struct kb_entity_field *kb_entity_field(const struct kb_entity *entity, const char *name);
const struct kb_entity_item *kb_entity_item(const struct kb_entity_field *field, const char *name);

#endif
