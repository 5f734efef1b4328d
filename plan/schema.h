/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a YAML mapping by a table of its keys: what each one is, whether it must be there, its
 * limits and where its value goes. Unknown and doubled keys are refused, with the key that was
 * probably meant.
 */
#ifndef KB_PLAN_SCHEMA_H
#define KB_PLAN_SCHEMA_H

#include <stdint.h>

#include "plan/yaml_file.h"
#include "wire/cursor.h"

enum kb_key_kind {
    KB_KEY_SCALAR, /* const yaml_node_t *: any text */
    KB_KEY_LIST,   /* const yaml_node_t *: a sequence */
    KB_KEY_MAP,    /* const yaml_node_t *: a mapping */
    KB_KEY_ANY,    /* const yaml_node_t *: whatever it is */
    KB_KEY_NUMBER, /* uint32_t: decimal, min .. max */
    KB_KEY_FLAG,   /* bool: yes, no, true, false */
    KB_KEY_WORD    /* unsigned: index in words */
};

struct kb_key {
    const char *name;
    enum kb_key_kind kind;
    bool is_required;
    size_t offset;     /* of the member that takes the value; left alone when the key is absent */
    uint32_t min, max; /* NUMBER: its limits; LIST: of elements, max 0 for any number */
    const char *const *words; /* WORD: ended by NULL */
};

/* keys is ended by a row without name. out is the struct that the offsets belong to. */
enum kb_err kb_schema_read(struct kb_yaml *yaml, const yaml_node_t *mapping,
                           const struct kb_key *keys, void *out);

/* The format line of a file: "keyborn-plan-1" for kind "plan". KB_ERR_VERSION for another number.
 */
enum kb_err kb_schema_format(struct kb_yaml *yaml, const char *kind);

/* The index of a word in a list ended by NULL. what: "type", for the message. */
enum kb_err kb_schema_word(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                           const char *const *words, unsigned *out);

/* A decimal number in min .. max. */
enum kb_err kb_schema_number(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                             uint32_t min, uint32_t max, uint32_t *out);

/* Hexadecimal bytes, min .. max of them. The value is not repeated in messages: it may be secret.
 */
enum kb_err kb_schema_hex(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                          size_t min, size_t max, uint8_t *out, size_t *len);

/* Decimal digits, min .. max of them, with a terminating zero. */
enum kb_err kb_schema_digits(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                             size_t min, size_t max, char *out);

/* A name: a letter, then letters, digits, "-", "_" or "."; fits in size with its terminating zero.
 */
enum kb_err kb_schema_name(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                           char *out, size_t size);

/* Printable text without line breaks; fits in size with its terminating zero. */
enum kb_err kb_schema_text(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                           char *out, size_t size);

/* Text from a file made fit for a message: shortened, without control characters. */
struct kb_shown {
    char text[44];
};
struct kb_shown kb_schema_shown(const char *text);

#endif
