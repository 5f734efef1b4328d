/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a plan: where they lie, what they are, which rule protects them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"
#include "wire/hex.h"

struct raw {
    const yaml_node_t *path, *name, *access, *aid, *content, *fill, *arr, *same_as;
    unsigned type; /* NO_TYPE: that of the file behind same_as */
    uint32_t size, reserved, record_size, records, sfi;
};

#define NO_TYPE UINT_MAX

/* In the order of enum kb_file_kind, from KB_FILE_MF. */
static const char *const types[] = {"mf",           "df",     "adf",     "transparent",
                                    "linear-fixed", "cyclic", "ber-tlv", NULL};

static const struct kb_key keys[] = {
    {"path", KB_KEY_SCALAR, true, offsetof(struct raw, path), 0, 0, NULL},
    {"name", KB_KEY_SCALAR, true, offsetof(struct raw, name), 0, 0, NULL},
    {"type", KB_KEY_WORD, false, offsetof(struct raw, type), 0, 0, types},
    {"same_as", KB_KEY_SCALAR, false, offsetof(struct raw, same_as), 0, 0, NULL},
    {"access", KB_KEY_SCALAR, false, offsetof(struct raw, access), 0, 0, NULL},
    {"size", KB_KEY_NUMBER, false, offsetof(struct raw, size), 1, 32767, NULL},
    {"reserved", KB_KEY_NUMBER, false, offsetof(struct raw, reserved), 1, 32767, NULL},
    {"record_size", KB_KEY_NUMBER, false, offsetof(struct raw, record_size), 1, 255, NULL},
    {"records", KB_KEY_NUMBER, false, offsetof(struct raw, records), 1, 254, NULL},
    {"sfi", KB_KEY_NUMBER, false, offsetof(struct raw, sfi), 1, 30, NULL},
    {"aid", KB_KEY_SCALAR, false, offsetof(struct raw, aid), 0, 0, NULL},
    {"content", KB_KEY_ANY, false, offsetof(struct raw, content), 0, 0, NULL},
    {"fill", KB_KEY_SCALAR, false, offsetof(struct raw, fill), 0, 0, NULL},
    {"arr", KB_KEY_MAP, false, offsetof(struct raw, arr), 0, 0, NULL},
    {0},
};

/* --- Paths --- */

struct kb_plan_path_text kb_plan_path_text(const struct kb_path *path)
{
    struct kb_plan_path_text out = {"3F00"};

    for (size_t i = 0; i < path->depth; i++)
        snprintf(out.text + 4 + 5 * i, 6, "/%04X", path->fid[i]);
    return out;
}

static bool is_same_path(const struct kb_path *a, const struct kb_path *b)
{
    return a->depth == b->depth && !memcmp(a->fid, b->fid, a->depth * sizeof *a->fid);
}

const struct kb_plan_file *kb_plan_file_at(const struct kb_plan *plan, const struct kb_path *path)
{
    for (size_t i = 0; i < plan->file_count; i++) {
        if (is_same_path(&plan->files[i].path, path))
            return &plan->files[i];
    }
    return NULL;
}

bool kb_plan_is_df(const struct kb_plan_file *file)
{
    return file->kind <= KB_FILE_ADF;
}

bool kb_plan_take_fid(const char **text, uint16_t *fid)
{
    uint8_t bytes[2];
    size_t len;

    if (strspn(*text, "0123456789ABCDEFabcdef") != 4)
        return false;
    if (kb_hex_decode(kb_span(*text, 4), bytes, sizeof bytes, &len))
        return false;
    *fid = (uint16_t)(bytes[0] << 8 | bytes[1]);
    *text += 4;
    return true;
}

static bool take_path(const char *text, struct kb_path *path)
{
    uint16_t fid;

    memset(path, 0, sizeof *path);
    if (!kb_plan_take_fid(&text, &fid) || fid != KB_FID_MF)
        return false;
    while (*text == '/' && path->depth < KB_FILE_DEPTH) {
        text++;
        if (!kb_plan_take_fid(&text, &path->fid[path->depth]))
            return false;
        path->depth++;
    }
    return !*text;
}

enum kb_err kb_plan_read_path(struct kb_plan_build *build, const yaml_node_t *node,
                              const char *what, struct kb_path *path)
{
    const char *text = kb_yaml_text(node);

    if (text && take_path(text, path))
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                        "%s is '%s'; it should be FIDs from the MF downward, at most %d below it, "
                        "such as 3F00/7FF0/6F07",
                        what, text ? kb_schema_shown(text).text : "", KB_FILE_DEPTH);
}

/* --- One file --- */

enum kb_err kb_plan_check_fid(struct kb_plan_build *build, const yaml_node_t *node, uint16_t fid)
{
    if (fid != KB_FID_MF && fid != KB_FID_CURRENT_ADF && fid != 0x3FFF && fid != 0xFFFF && fid)
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                        "FID %04X is reserved (TS 102 221 clause 8.2); choose another", fid);
}

/* The DF above must be there, and nothing at the path itself. */
static enum kb_err check_place(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct kb_plan_file *file)
{
    const struct kb_plan_file *there = kb_plan_file_at(build->plan, &file->path);
    struct kb_path above = file->path;
    const struct kb_plan_file *parent;

    if (there)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                            "%s is there already (%s, line %d); each FID of a DF once%s",
                            kb_plan_path_text(&file->path).text, there->name, there->line,
                            strcmp(there->name, "EF.ARR")
                                ? ""
                                : ". An EF.ARR is made by itself; see key 'arr' of its DF");
    if (!file->path.depth)
        return KB_OK;
    above.depth--;
    parent = kb_plan_file_at(build->plan, &above);
    if (!parent || !kb_plan_is_df(parent))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "the DF above, %s, %s; list it before its files",
                            kb_plan_path_text(&above).text, parent ? "is an EF" : "is not listed");
    if (above.depth && above.fid[above.depth - 1] == file->path.fid[above.depth])
        return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                            "FID %04X is that of the DF above; choose another",
                            file->path.fid[above.depth]);
    return kb_plan_check_fid(build, node, file->path.fid[above.depth]);
}

/* Which keys a type has to have, and which it must not have. */
static const struct shape {
    bool has_size, has_records, has_aid, may_have_arr, may_have_sfi;
} shapes[] = {
    [KB_FILE_MF] = {.may_have_arr = true},
    [KB_FILE_DF] = {.may_have_arr = true},
    [KB_FILE_ADF] = {.has_aid = true, .may_have_arr = true},
    [KB_FILE_TRANSPARENT] = {.has_size = true, .may_have_sfi = true},
    [KB_FILE_LINEAR_FIXED] = {.has_records = true, .may_have_sfi = true},
    [KB_FILE_CYCLIC] = {.has_records = true, .may_have_sfi = true},
    [KB_FILE_BER_TLV] = {.has_size = true, .may_have_sfi = true},
};

static enum kb_err check_shape(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct raw *raw, uint8_t kind)
{
    const struct shape *shape = &shapes[kind];
    bool has_body = shape->has_size || shape->has_records;
    const struct {
        const char *key;
        bool is_there, is_required, is_allowed;
    } parts[] = {
        {"size", raw->size, shape->has_size, shape->has_size},
        {"reserved", raw->reserved, false, kind == KB_FILE_BER_TLV},
        {"record_size", raw->record_size, shape->has_records, shape->has_records},
        {"records", raw->records, shape->has_records, shape->has_records},
        {"aid", raw->aid, shape->has_aid, shape->has_aid},
        {"arr", raw->arr, false, shape->may_have_arr},
        {"sfi", raw->sfi, false, shape->may_have_sfi},
        {"content", raw->content, false, has_body},
        {"fill", raw->fill, false, has_body && kind != KB_FILE_BER_TLV},
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].is_there && !parts[i].is_allowed)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                                "type %s has no '%s'; remove it", types[raw->type], parts[i].key);
        if (!parts[i].is_there && parts[i].is_required)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT, "type %s needs '%s'; add it",
                                types[raw->type], parts[i].key);
    }
    if (raw->reserved > raw->size)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "reserved is %u; it should not be more than size, %u", raw->reserved,
                            raw->size);
    if ((kind == KB_FILE_MF) != !strcmp(kb_yaml_text(raw->path), "3F00"))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "the MF, and no other file, has type mf and path 3F00");
    return KB_OK;
}

/* A link is another name for an EF that stands before it: it has that one's body, rule and life
 * cycle, and is no link to a link. */
static enum kb_err read_link(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct raw *raw, struct kb_plan_file *file)
{
    const struct kb_plan_file *there;
    enum kb_err err;

    if (raw->type != NO_TYPE || raw->access || raw->size || raw->reserved || raw->record_size ||
        raw->records || raw->aid || raw->content || raw->fill || raw->arr)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "a file with 'same_as' has only path, name and sfi of its own; remove "
                            "the other keys");
    err = kb_plan_read_path(build, raw->same_as, "same_as", &file->link);
    if (err)
        return err;
    there = kb_plan_file_at(build->plan, &file->link);
    if (!there || kb_plan_is_df(there) || there->is_link)
        return kb_yaml_fail(&build->yaml, raw->same_as, KB_ERR_ABSENT,
                            "same_as: %s is %s; name an EF that is listed before and has a body",
                            kb_plan_path_text(&file->link).text,
                            !there                 ? "not listed"
                            : kb_plan_is_df(there) ? "a DF"
                                                   : "a link itself");
    file->is_link = true;
    file->kind = there->kind;
    file->size = there->size;
    file->record_size = there->record_size;
    file->record_count = there->record_count;
    build->rule_of[file - build->plan->files] = build->rule_of[there - build->plan->files];
    return KB_OK;
}

static enum kb_err check_sfi(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_plan_file *file)
{
    for (size_t i = 0; file->sfi && i < build->plan->file_count; i++) {
        const struct kb_plan_file *other = &build->plan->files[i];

        if (other->sfi == file->sfi && other->path.depth == file->path.depth &&
            !memcmp(other->path.fid, file->path.fid,
                    (file->path.depth - 1u) * sizeof *file->path.fid))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "sfi %u belongs to %s of the same DF (line %d); choose a free one",
                                file->sfi, other->name, other->line);
    }
    return KB_OK;
}

static enum kb_err read_aid(struct kb_plan_build *build, const yaml_node_t *node,
                            struct kb_plan_file *file)
{
    size_t len = 0;
    enum kb_err err;

    if (!node)
        return KB_OK;
    err = kb_schema_hex(&build->yaml, node, "aid", 5, KB_AID_MAX, file->aid, &len);
    file->aid_len = (uint8_t)len;
    for (size_t i = 0; !err && i < build->plan->file_count; i++) {
        const struct kb_plan_file *other = &build->plan->files[i];

        if (other->aid_len == len && !memcmp(other->aid, file->aid, len))
            err = kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                               "aid is that of %s (line %d) already; each application has its own",
                               other->name, other->line);
    }
    return err;
}

enum kb_err kb_plan_read_rule(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct kb_plan_file *file, uint8_t *index)
{
    const struct kb_plan_rule *rule;
    enum kb_err err = kb_plan_rule_named(build, node, index);

    if (err)
        return err;
    rule = &build->rules[*index];
    if (kb_plan_is_df(file) ? rule->is_for_ef : rule->is_for_df)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                            "rule '%s' speaks of %s, which %s does not have; use a rule made for "
                            "%s",
                            rule->name, kb_plan_is_df(file) ? "read, update or increase" : "create",
                            kb_plan_is_df(file) ? "a DF" : "an EF",
                            kb_plan_is_df(file) ? "DFs" : "EFs");
    return KB_OK;
}

/* --- All files --- */

enum kb_err kb_plan_no_room(struct kb_plan_build *build, const yaml_node_t *node)
{
    return kb_yaml_fail(&build->yaml, node, KB_ERR_TOO_LONG,
                        "more than %d files, EF.ARRs counted; use fewer", KB_PLAN_FILES);
}

static enum kb_err fill_file(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct raw *raw, struct kb_plan_file *file)
{
    struct kb_yaml *yaml = &build->yaml;
    size_t index = build->plan->file_count;
    size_t len;
    enum kb_err err = kb_schema_name(yaml, raw->name, "name", file->name, sizeof file->name);

    if (!err)
        err = kb_plan_read_path(build, raw->path, "path", &file->path);
    if (!err)
        err = raw->same_as ? read_link(build, node, raw, file)
                           : check_shape(build, node, raw, file->kind);
    if (!err)
        err = check_place(build, raw->path, file);
    if (!err)
        err = check_sfi(build, kb_yaml_find(yaml, node, "sfi"), file);
    if (!err)
        err = read_aid(build, raw->aid, file);
    if (!err && !file->is_link)
        err = kb_plan_read_rule(build, raw->access, file, &build->rule_of[index]);
    build->fill_of[index] = 0xFF;
    if (!err && raw->fill)
        err = kb_schema_hex(yaml, raw->fill, "fill", 1, 1, &build->fill_of[index], &len);
    build->content_of[index] = raw->content;
    return err;
}

static enum kb_err read_file(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct kb_plan *plan = build->plan;
    struct kb_plan_file *file = &plan->files[plan->file_count];
    struct raw raw = {.type = NO_TYPE};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (!err && !raw.same_as && (raw.type == NO_TYPE || !raw.access))
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT, "key '%s' is missing; add it",
                           raw.type == NO_TYPE ? "type" : "access");
    if (err)
        return err;
    if (plan->file_count == KB_PLAN_FILES)
        return kb_plan_no_room(build, node);
    file->kind = (uint8_t)(raw.same_as ? KB_FILE_NONE : raw.type + KB_FILE_MF);
    file->line = kb_yaml_line(node);
    file->sfi = (uint8_t)raw.sfi;
    file->record_size = (uint8_t)raw.record_size;
    file->record_count = (uint8_t)raw.records;
    file->reserved = (uint16_t)raw.reserved;
    file->size = (uint16_t)(raw.records ? raw.record_size * raw.records : raw.size);
    err = fill_file(build, node, &raw, file);
    if (err)
        return err;
    plan->file_count++;
    if (file->kind != KB_FILE_MF)
        err = kb_plan_join_arr(build, raw.path, file);
    if (!err && (raw.arr || file->kind == KB_FILE_MF || file->kind == KB_FILE_ADF))
        err = kb_plan_add_arr(build, raw.arr, file);
    return err;
}

enum kb_err kb_plan_read_files(struct kb_plan_build *build, const yaml_node_t *node)
{
    enum kb_err err = KB_OK;

    build->plan->files = calloc(KB_PLAN_FILES + 1, sizeof *build->plan->files);
    if (!build->plan->files)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    for (size_t i = 0; !err && i < kb_yaml_count(node); i++) {
        const yaml_node_t *element = kb_yaml_element(&build->yaml, node, i);
        const char *name = kb_yaml_text(kb_yaml_find(&build->yaml, element, "name"));
        size_t mark = kb_yaml_enter(&build->yaml, "files: %s",
                                    name ? kb_schema_shown(name).text : "(no name)");

        err = read_file(build, element);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err;
}
