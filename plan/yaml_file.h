/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML file as a tree whose every node knows its line, within limits that keep hostile input
 * cheap: no NUL, no second document, bounded size, depth, nodes and anchors. Errors read
 * "file.yaml:12: where: what was wrong; what would be right".
 */
#ifndef KB_PLAN_YAML_FILE_H
#define KB_PLAN_YAML_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "wire/report.h"

enum {
    KB_YAML_FILE_MAX = 256 * 1024,
    KB_YAML_DEPTH = 12,
    KB_YAML_NODES = 20000,
    KB_YAML_ANCHORS = 32,
    KB_YAML_WHERE = 160
};

struct kb_yaml {
    const char *path;
    yaml_document_t document;
    char where[KB_YAML_WHERE]; /* "fields: telecom: items: imsi", for messages */
    struct kb_report *why;
};

/* Reads and parses the file. path and why must outlive yaml. On failure there is nothing to close.
 */
enum kb_err kb_yaml_open(struct kb_yaml *yaml, const char *path, struct kb_report *why);
void kb_yaml_close(struct kb_yaml *yaml);
const yaml_node_t *kb_yaml_root(struct kb_yaml *yaml);

/* Fills the report with file, line of the node (NULL: no line), the current place and the words. */
enum kb_err kb_yaml_fail(const struct kb_yaml *yaml, const yaml_node_t *node, enum kb_err err,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Deeper in the plan, for messages; what enter returned goes to leave. */
size_t kb_yaml_enter(struct kb_yaml *yaml, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void kb_yaml_leave(struct kb_yaml *yaml, size_t mark);

int kb_yaml_line(const yaml_node_t *node);

/* The text of a scalar; NULL when the node is none or is empty. */
const char *kb_yaml_text(const yaml_node_t *node);

/* Elements of a sequence or pairs of a mapping; 0 for a scalar. */
size_t kb_yaml_count(const yaml_node_t *node);
const yaml_node_t *kb_yaml_element(struct kb_yaml *yaml, const yaml_node_t *sequence, size_t index);
const yaml_node_t *kb_yaml_key(struct kb_yaml *yaml, const yaml_node_t *mapping, size_t index);
const yaml_node_t *kb_yaml_value(struct kb_yaml *yaml, const yaml_node_t *mapping, size_t index);

/* The value of a key; NULL when the mapping has none. */
const yaml_node_t *kb_yaml_find(struct kb_yaml *yaml, const yaml_node_t *mapping, const char *key);

#endif
