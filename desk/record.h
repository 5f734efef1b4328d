/* SPDX-License-Identifier: Apache-2.0 */
/* The values of one card as they are sent, with their names and roles, in one flat buffer that is
 * sealed as a whole. Holds secrets: kb_record_free wipes it. */
#ifndef KB_DESK_RECORD_H
#define KB_DESK_RECORD_H

#include "wire/cursor.h"
#include "wire/err.h"

enum { KB_RECORD_MAX = 72 * 1024 };

struct kb_record {
    size_t len;
    uint8_t data[KB_RECORD_MAX];
};

struct kb_record_value {
    struct kb_span name, role, value;
};

/* NULL when there is no memory. */
struct kb_record *kb_record_new(void);
void kb_record_free(struct kb_record *record);
void kb_record_clear(struct kb_record *record);

/* A value with a role and an empty name is a fact of the field, and goes to no card.
 * KB_ERR_TOO_LONG: the record is full. */
enum kb_err kb_record_put(struct kb_record *record, const char *name, const char *role,
                          struct kb_span value);

/* Walks the values; start with a zeroed *at. False behind the last. */
bool kb_record_next(const struct kb_record *record, size_t *at, struct kb_record_value *out);

/* The first value with this name or role; an empty span when there is none. */
struct kb_span kb_record_name(const struct kb_record *record, const char *name);
struct kb_span kb_record_role(const struct kb_record *record, const char *role);

#endif
