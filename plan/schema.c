/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings by tables of keys. */
#include "plan/schema.h"

#include <stdio.h>
#include <string.h>

#include "plan/words.h"
#include "wire/hex.h"

enum { KEYS_MAX = 24 };

static const char *kind_text(const yaml_node_t *node)
{
    if (node->type == YAML_SEQUENCE_NODE)
        return "a list";
    if (node->type == YAML_MAPPING_NODE)
        return "a mapping";
    return node->data.scalar.length ? "a single value" : "empty";
}

static const struct kb_key *find_key(const struct kb_key *keys, const char *name)
{
    for (; keys->name; keys++) {
        if (!strcmp(keys->name, name))
            return keys;
    }
    return NULL;
}

static enum kb_err unknown_key(struct kb_yaml *yaml, const yaml_node_t *node,
                               const struct kb_key *keys, const char *name)
{
    const char *words[KEYS_MAX + 1] = {0};
    const char *nearest;
    char list[240];

    for (size_t i = 0; i < KEYS_MAX && keys[i].name; i++)
        words[i] = keys[i].name;
    nearest = kb_words_nearest(name, words);
    if (nearest)
        return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "unknown key '%s'; did you mean '%s'?",
                            kb_schema_shown(name).text, nearest);
    kb_words_list(words, list, sizeof list);
    return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "unknown key '%s'; known here are %s",
                        kb_schema_shown(name).text, list);
}

/* Every key of the mapping is known and there once. */
static enum kb_err check_keys(struct kb_yaml *yaml, const yaml_node_t *mapping,
                              const struct kb_key *keys)
{
    int seen[KEYS_MAX] = {0};

    for (size_t i = 0; i < kb_yaml_count(mapping); i++) {
        const yaml_node_t *node = kb_yaml_key(yaml, mapping, i);
        const char *name = kb_yaml_text(node);
        const struct kb_key *key = name ? find_key(keys, name) : NULL;

        if (!name)
            return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "a key is %s; a key is a word",
                                kind_text(node));
        if (!key)
            return unknown_key(yaml, node, keys, name);
        if (seen[key - keys])
            return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED,
                                "key '%s' is there twice, first on line %d; keep one of them", name,
                                seen[key - keys]);
        seen[key - keys] = kb_yaml_line(node);
    }
    return KB_OK;
}

static enum kb_err read_flag(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                             bool *out)
{
    static const char *const words[] = {"no", "yes", "false", "true", NULL};
    unsigned word = 0;
    enum kb_err err = kb_schema_word(yaml, node, what, words, &word);

    *out = word & 1;
    return err;
}

static enum kb_err read_node(struct kb_yaml *yaml, const yaml_node_t *node,
                             const struct kb_key *key, const yaml_node_t **out)
{
    static const struct {
        yaml_node_type_t type;
        const char *text;
    } shapes[] = {
        [KB_KEY_SCALAR] = {YAML_SCALAR_NODE, "a single value"},
        [KB_KEY_LIST] = {YAML_SEQUENCE_NODE, "a list"},
        [KB_KEY_MAP] = {YAML_MAPPING_NODE, "a mapping (key: value)"},
    };
    size_t count = kb_yaml_count(node);

    *out = node;
    if (key->kind == KB_KEY_ANY)
        return KB_OK;
    if (node->type != shapes[key->kind].type || (key->kind == KB_KEY_SCALAR && !kb_yaml_text(node)))
        return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "%s is %s; it should be %s", key->name,
                            kind_text(node), shapes[key->kind].text);
    if (key->kind == KB_KEY_LIST && key->max && (count < key->min || count > key->max))
        return kb_yaml_fail(yaml, node, KB_ERR_RANGE, "%s has %zu elements; it may have %u to %u",
                            key->name, count, key->min, key->max);
    return KB_OK;
}

static enum kb_err read_key(struct kb_yaml *yaml, const yaml_node_t *node, const struct kb_key *key,
                            void *out)
{
    uint8_t *member = (uint8_t *)out + key->offset;

    switch (key->kind) {
    case KB_KEY_NUMBER:
        return kb_schema_number(yaml, node, key->name, key->min, key->max, (void *)member);
    case KB_KEY_FLAG:
        return read_flag(yaml, node, key->name, (void *)member);
    case KB_KEY_WORD:
        return kb_schema_word(yaml, node, key->name, key->words, (void *)member);
    default:
        return read_node(yaml, node, key, (void *)member);
    }
}

enum kb_err kb_schema_read(struct kb_yaml *yaml, const yaml_node_t *mapping,
                           const struct kb_key *keys, void *out)
{
    enum kb_err err;

    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return kb_yaml_fail(yaml, mapping, KB_ERR_MALFORMED,
                            "this is %s; it should be a mapping (key: value)",
                            mapping ? kind_text(mapping) : "empty");
    err = check_keys(yaml, mapping, keys);
    for (; !err && keys->name; keys++) {
        const yaml_node_t *node = kb_yaml_find(yaml, mapping, keys->name);

        if (node)
            err = read_key(yaml, node, keys, out);
        else if (keys->is_required)
            err = kb_yaml_fail(yaml, mapping, KB_ERR_ABSENT, "key '%s' is missing; add it",
                               keys->name);
    }
    return err;
}

enum kb_err kb_schema_format(struct kb_yaml *yaml, const char *kind)
{
    const yaml_node_t *root = kb_yaml_root(yaml);
    const yaml_node_t *node = kb_yaml_find(yaml, root, "format");
    const char *text = kb_yaml_text(node);
    char wanted[40];

    snprintf(wanted, sizeof wanted, "keyborn-%s-1", kind);
    if (root->type != YAML_MAPPING_NODE || !text)
        return kb_yaml_fail(yaml, root, KB_ERR_MALFORMED,
                            "this is no keyborn %s; it should begin with 'format: %s'", kind,
                            wanted);
    if (strcmp(text, wanted) == 0)
        return KB_OK;
    return kb_yaml_fail(
        yaml, node, strncmp(text, wanted, strlen(wanted) - 1) ? KB_ERR_MALFORMED : KB_ERR_VERSION,
        "format is '%s'; this program reads '%s'", kb_schema_shown(text).text, wanted);
}

/* --- Single values --- */

static enum kb_err need_text(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                             const char **text)
{
    *text = kb_yaml_text(node);
    if (*text)
        return KB_OK;
    return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "%s is %s; it should be a single value", what,
                        node ? kind_text(node) : "missing");
}

enum kb_err kb_schema_word(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                           const char *const *words, unsigned *out)
{
    const char *text, *nearest;
    char list[240];
    enum kb_err err = need_text(yaml, node, what, &text);

    if (err)
        return err;
    for (unsigned i = 0; words[i]; i++) {
        if (!strcmp(words[i], text)) {
            *out = i;
            return KB_OK;
        }
    }
    nearest = kb_words_nearest(text, words);
    kb_words_list(words, list, sizeof list);
    return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "%s is '%s'; %s%s%sit may be %s", what,
                        kb_schema_shown(text).text, nearest ? "did you mean '" : "",
                        nearest ? nearest : "", nearest ? "'? " : "", list);
}

enum kb_err kb_schema_number(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                             uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    const char *text;
    enum kb_err err = need_text(yaml, node, what, &text);
    size_t digits;

    if (err)
        return err;
    digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && value <= UINT32_MAX; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    if (text[digits])
        return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED,
                            "%s is '%s'; it should be a decimal number from %u to %u", what,
                            kb_schema_shown(text).text, min, max);
    if (value < min || value > max)
        return kb_yaml_fail(yaml, node, KB_ERR_RANGE, "%s is %s; it should be %u to %u", what,
                            kb_schema_shown(text).text, min, max);
    *out = (uint32_t)value;
    return KB_OK;
}

enum kb_err kb_schema_hex(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                          size_t min, size_t max, uint8_t *out, size_t *len)
{
    const char *text;
    enum kb_err err = need_text(yaml, node, what, &text);

    if (err)
        return err;
    err = kb_hex_decode(kb_span(text, strlen(text)), out, max, len);
    if (err == KB_ERR_MALFORMED)
        return kb_yaml_fail(yaml, node, err,
                            "%s is not hexadecimal; it should be pairs of the digits 0-9 and A-F",
                            what);
    if (!err && *len >= min)
        return KB_OK;
    if (min == max)
        return kb_yaml_fail(yaml, node, KB_ERR_RANGE, "%s should be %zu bytes in hexadecimal", what,
                            max);
    return kb_yaml_fail(yaml, node, KB_ERR_RANGE, "%s should be %zu to %zu bytes in hexadecimal",
                        what, min, max);
}

enum kb_err kb_schema_digits(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                             size_t min, size_t max, char *out)
{
    const char *text;
    enum kb_err err = need_text(yaml, node, what, &text);
    size_t len;

    if (err)
        return err;
    len = strspn(text, "0123456789");
    if ((text[len] || len != min) && min == max)
        return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "%s should be %zu decimal digits", what,
                            min);
    if (text[len] || len < min || len > max)
        return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED, "%s should be %zu to %zu decimal digits",
                            what, min, max);
    memcpy(out, text, len + 1);
    return KB_OK;
}

static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return strspn(text, letters) > 0 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               strlen(text);
}

enum kb_err kb_schema_name(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                           char *out, size_t size)
{
    const char *text;
    enum kb_err err = need_text(yaml, node, what, &text);

    if (err)
        return err;
    if (!is_name(text))
        return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED,
                            "%s is '%s'; it should be a letter, then letters, digits, '-', '_' or "
                            "'.'",
                            what, kb_schema_shown(text).text);
    if (strlen(text) >= size)
        return kb_yaml_fail(yaml, node, KB_ERR_TOO_LONG, "%s is longer than %zu characters", what,
                            size - 1);
    memcpy(out, text, strlen(text) + 1);
    return KB_OK;
}

enum kb_err kb_schema_text(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                           char *out, size_t size)
{
    const char *text;
    enum kb_err err = need_text(yaml, node, what, &text);

    if (err)
        return err;
    if (strlen(text) >= size)
        return kb_yaml_fail(yaml, node, KB_ERR_TOO_LONG, "%s is longer than %zu bytes", what,
                            size - 1);
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED,
                                "%s holds a control character; it should be one line of text",
                                what);
    }
    memcpy(out, text, strlen(text) + 1);
    return KB_OK;
}

struct kb_shown kb_schema_shown(const char *text)
{
    struct kb_shown shown;
    size_t cap = sizeof shown.text - 4;
    size_t i = 0;

    for (; text[i] && i < cap; i++)
        shown.text[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
    memcpy(shown.text + i, text[i] ? "..." : "", text[i] ? 4 : 1);
    return shown;
}
