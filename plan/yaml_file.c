/* SPDX-License-Identifier: Apache-2.0 */
/* YAML with lines and limits, on libyaml. */
#include "plan/yaml_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The file --- */

static enum kb_err read_all(FILE *file, const char *path, unsigned char **text, size_t *len,
                            struct kb_report *why)
{
    unsigned char *buffer = malloc(KB_YAML_FILE_MAX + 1);

    if (!buffer)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", path, kb_err_text(KB_ERR_MEMORY));
    *len = fread(buffer, 1, KB_YAML_FILE_MAX + 1, file);
    *text = buffer;
    if (ferror(file))
        return kb_report(why, KB_ERR_ABSENT, "%s: cannot be read: %s", path, strerror(errno));
    if (*len > KB_YAML_FILE_MAX)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: longer than %d bytes; split or shorten it",
                         path, KB_YAML_FILE_MAX);
    return KB_OK;
}

static enum kb_err read_file(const char *path, unsigned char **text, size_t *len,
                             struct kb_report *why)
{
    FILE *file = fopen(path, "rb");
    enum kb_err err;

    if (!file)
        return kb_report(why, KB_ERR_ABSENT, "%s: cannot be opened: %s", path, strerror(errno));
    err = read_all(file, path, text, len, why);
    fclose(file);
    return err;
}

/* libyaml takes a NUL for the end of the file and would say nothing about what follows. */
static enum kb_err refuse_nul(const char *path, const unsigned char *text, size_t len,
                              struct kb_report *why)
{
    size_t line = 1;

    for (size_t i = 0; i < len; i++) {
        if (!text[i])
            return kb_report(why, KB_ERR_MALFORMED,
                             "%s:%zu: the file holds a zero byte; save it as UTF-8 text", path,
                             line);
        line += text[i] == '\n';
    }
    return KB_OK;
}

/* --- Limits, checked on the stream of events before any tree is built --- */

struct tally {
    size_t depth, nodes, anchors, documents;
};

static enum kb_err parser_error(const yaml_parser_t *parser, const char *path,
                                struct kb_report *why)
{
    size_t line = parser->problem_mark.line ? parser->problem_mark.line : parser->context_mark.line;

    if (parser->error == YAML_MEMORY_ERROR)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", path, kb_err_text(KB_ERR_MEMORY));
    if (parser->error == YAML_READER_ERROR)
        line = parser->mark.line;
    return kb_report(why, KB_ERR_MALFORMED, "%s:%zu: not valid YAML: %s%s%s; correct this line",
                     path, line + 1, parser->context ? parser->context : "",
                     parser->context ? ", " : "", parser->problem ? parser->problem : "unreadable");
}

static const yaml_char_t *event_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

static void count_event(struct tally *tally, const yaml_event_t *event)
{
    yaml_event_type_t type = event->type;
    bool is_start = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;

    if (is_start)
        tally->depth++;
    if (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT)
        tally->depth--;
    if (is_start || type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT)
        tally->nodes++;
    if (event_anchor(event))
        tally->anchors++;
    if (type == YAML_DOCUMENT_START_EVENT)
        tally->documents++;
}

static enum kb_err check_tally(const struct tally *tally, const yaml_event_t *event,
                               const char *path, struct kb_report *why)
{
    size_t line = event->start_mark.line + 1;

    if (tally->depth > KB_YAML_DEPTH)
        return kb_report(why, KB_ERR_TOO_LONG, "%s:%zu: nested deeper than %d levels", path, line,
                         KB_YAML_DEPTH);
    if (tally->nodes > KB_YAML_NODES)
        return kb_report(why, KB_ERR_TOO_LONG, "%s:%zu: more than %d values in one file", path,
                         line, KB_YAML_NODES);
    if (tally->anchors > KB_YAML_ANCHORS)
        return kb_report(why, KB_ERR_TOO_LONG, "%s:%zu: more than %d anchors (&name) in one file",
                         path, line, KB_YAML_ANCHORS);
    if (tally->documents > 1)
        return kb_report(why, KB_ERR_MALFORMED,
                         "%s:%zu: a second document starts here; one file holds one document", path,
                         line);
    if (event->type == YAML_SCALAR_EVENT &&
        memchr(event->data.scalar.value, 0, event->data.scalar.length))
        return kb_report(why, KB_ERR_MALFORMED, "%s:%zu: a value holds a zero character", path,
                         line);
    return KB_OK;
}

static enum kb_err check_limits(const char *path, const unsigned char *text, size_t len,
                                struct kb_report *why)
{
    struct tally tally = {0};
    yaml_parser_t parser;
    yaml_event_t event;
    bool is_end = false;
    enum kb_err err = KB_OK;

    if (!yaml_parser_initialize(&parser))
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", path, kb_err_text(KB_ERR_MEMORY));
    yaml_parser_set_input_string(&parser, text, len);
    while (!err && !is_end) {
        if (!yaml_parser_parse(&parser, &event)) {
            err = parser_error(&parser, path, why);
            break;
        }
        is_end = event.type == YAML_STREAM_END_EVENT;
        count_event(&tally, &event);
        err = check_tally(&tally, &event, path, why);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (!err && !tally.documents)
        err = kb_report(why, KB_ERR_MALFORMED, "%s:1: the file is empty", path);
    return err;
}

static enum kb_err load_document(struct kb_yaml *yaml, const unsigned char *text, size_t len)
{
    yaml_parser_t parser;
    enum kb_err err = KB_OK;

    if (!yaml_parser_initialize(&parser))
        return kb_report(yaml->why, KB_ERR_MEMORY, "%s: %s", yaml->path,
                         kb_err_text(KB_ERR_MEMORY));
    yaml_parser_set_input_string(&parser, text, len);
    if (!yaml_parser_load(&parser, &yaml->document))
        err = parser_error(&parser, yaml->path, yaml->why);
    yaml_parser_delete(&parser);
    return err;
}

enum kb_err kb_yaml_open(struct kb_yaml *yaml, const char *path, struct kb_report *why)
{
    unsigned char *text = NULL;
    size_t len = 0;
    enum kb_err err;

    memset(yaml, 0, sizeof *yaml);
    yaml->path = path;
    yaml->why = why;
    err = read_file(path, &text, &len, why);
    if (!err)
        err = refuse_nul(path, text, len, why);
    if (!err)
        err = check_limits(path, text, len, why);
    if (!err)
        err = load_document(yaml, text, len);
    free(text);
    return err;
}

void kb_yaml_close(struct kb_yaml *yaml)
{
    yaml_document_delete(&yaml->document);
}

const yaml_node_t *kb_yaml_root(struct kb_yaml *yaml)
{
    return yaml_document_get_root_node(&yaml->document);
}

/* --- Messages --- */

enum kb_err kb_yaml_fail(const struct kb_yaml *yaml, const yaml_node_t *node, enum kb_err err,
                         const char *format, ...)
{
    char words[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return kb_report(yaml->why, err, "%s:%d: %s%s%s", yaml->path, kb_yaml_line(node), yaml->where,
                     yaml->where[0] ? ": " : "", words);
}

size_t kb_yaml_enter(struct kb_yaml *yaml, const char *format, ...)
{
    size_t mark = strlen(yaml->where);
    size_t at = mark;
    va_list arguments;

    if (at && at + 2 < sizeof yaml->where) {
        memcpy(yaml->where + at, ": ", 3);
        at += 2;
    }
    va_start(arguments, format);
    vsnprintf(yaml->where + at, sizeof yaml->where - at, format, arguments);
    va_end(arguments);
    return mark;
}

void kb_yaml_leave(struct kb_yaml *yaml, size_t mark)
{
    yaml->where[mark] = '\0';
}

/* --- The tree --- */

int kb_yaml_line(const yaml_node_t *node)
{
    return node ? (int)node->start_mark.line + 1 : 1;
}

const char *kb_yaml_text(const yaml_node_t *node)
{
    if (!node || node->type != YAML_SCALAR_NODE || !node->data.scalar.length)
        return NULL;
    return (const char *)node->data.scalar.value;
}

size_t kb_yaml_count(const yaml_node_t *node)
{
    if (node && node->type == YAML_SEQUENCE_NODE)
        return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (node && node->type == YAML_MAPPING_NODE)
        return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    return 0;
}

const yaml_node_t *kb_yaml_element(struct kb_yaml *yaml, const yaml_node_t *sequence, size_t index)
{
    return yaml_document_get_node(&yaml->document, sequence->data.sequence.items.start[index]);
}

const yaml_node_t *kb_yaml_key(struct kb_yaml *yaml, const yaml_node_t *mapping, size_t index)
{
    return yaml_document_get_node(&yaml->document, mapping->data.mapping.pairs.start[index].key);
}

const yaml_node_t *kb_yaml_value(struct kb_yaml *yaml, const yaml_node_t *mapping, size_t index)
{
    return yaml_document_get_node(&yaml->document, mapping->data.mapping.pairs.start[index].value);
}

const yaml_node_t *kb_yaml_find(struct kb_yaml *yaml, const yaml_node_t *mapping, const char *key)
{
    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (size_t i = 0; i < kb_yaml_count(mapping); i++) {
        const char *text = kb_yaml_text(kb_yaml_key(yaml, mapping, i));

        if (text && !strcmp(text, key))
            return kb_yaml_value(yaml, mapping, i);
    }
    return NULL;
}
