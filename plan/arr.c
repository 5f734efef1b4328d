/* SPDX-License-Identifier: Apache-2.0 */
/* EF.ARR: one in the MF, one in each application and where a plan asks for it; made from the access
 * rules that the files below it use (TS 102 221 clause 13.4). */
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"

/* --- Which one a file refers to --- */

/* The EF.ARR that the card will find from this path upward: the nearest DF above that has one. */
static size_t arr_above(const struct kb_plan_build *build, const struct kb_path *path)
{
    size_t best = 0;
    size_t best_depth = 0;

    for (size_t i = 0; i < build->arr_count; i++) {
        const struct kb_path *holder = &build->plan->files[build->arrs[i].file].path;
        size_t above = holder->depth - 1u; /* the DF of the EF.ARR */

        if (above < path->depth && above >= best_depth &&
            !memcmp(holder->fid, path->fid, above * sizeof *path->fid)) {
            best = i;
            best_depth = above;
        }
    }
    return best;
}

static uint16_t fid_of(const struct kb_plan_build *build, size_t arr)
{
    const struct kb_path *path = &build->plan->files[build->arrs[arr].file].path;

    return path->fid[path->depth - 1];
}

/* A link tells the rule of its file by FID and record of an EF.ARR, which a terminal looks for from
 * the link upward (TS 102 221 clause 9.2.7): what it finds there has to be the same rule. */
static void share_numbers(struct kb_plan_build *build, size_t one, size_t other)
{
    size_t a = build->arrs[one].numbers, b = build->arrs[other].numbers;

    if (fid_of(build, one) != fid_of(build, other))
        return;
    for (size_t i = 0; i < build->arr_count; i++)
        if (build->arrs[i].numbers == a || build->arrs[i].numbers == b)
            build->arrs[i].numbers = a < b ? a : b;
}

enum kb_err kb_plan_join_arr(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_plan_file *file)
{
    size_t arr = arr_above(build, file->is_link ? &file->link : &file->path);
    const struct kb_path *holder = &build->plan->files[build->arrs[arr].file].path;

    share_numbers(build, arr, arr_above(build, &file->path));

    build->arr_of[file - build->plan->files] = (uint8_t)arr;
    if (file->path.depth && file->path.fid[file->path.depth - 1] == holder->fid[holder->depth - 1])
        return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                            "FID %04X is that of the EF.ARR above; choose another",
                            holder->fid[holder->depth - 1]);
    return KB_OK;
}

/* --- Its own place --- */

struct arr {
    const yaml_node_t *fid, *access;
    uint32_t sfi;
};

static const struct kb_key arr_keys[] = {
    {"fid", KB_KEY_SCALAR, false, offsetof(struct arr, fid), 0, 0, NULL},
    {"sfi", KB_KEY_NUMBER, false, offsetof(struct arr, sfi), 1, 30, NULL},
    {"access", KB_KEY_SCALAR, false, offsetof(struct arr, access), 0, 0, NULL},
    {0},
};

/* TS 102 221 clause 13.4 (MF), TS 31.102 clause 4.2.55 (USIM). */
static const struct {
    uint16_t fid;
    uint8_t sfi;
} arr_defaults[] = {
    [KB_FILE_MF] = {0x2F06, 6}, [KB_FILE_DF] = {0x6F06, 23}, [KB_FILE_ADF] = {0x6F06, 23}};

static enum kb_err read_arr_fid(struct kb_plan_build *build, const yaml_node_t *node, uint16_t *fid)
{
    const char *text = kb_yaml_text(node);

    if (!node)
        return KB_OK;
    if (!kb_plan_take_fid(&text, fid) || *text)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "fid should be four hexadecimal digits, such as 6F06");
    return kb_plan_check_fid(build, node, *fid);
}

static enum kb_err read_arr(struct kb_plan_build *build, const yaml_node_t *node,
                            struct kb_plan_file *file, uint8_t *rule)
{
    struct arr raw = {.sfi = file->sfi};
    enum kb_err err = KB_OK;

    *rule = (uint8_t)(build->rule_count - 1);
    if (!node)
        return KB_OK;
    file->line = kb_yaml_line(node);
    err = kb_schema_read(&build->yaml, node, arr_keys, &raw);
    file->sfi = (uint8_t)raw.sfi;
    if (!err)
        err = read_arr_fid(build, raw.fid, &file->path.fid[file->path.depth - 1]);
    if (!err && raw.access)
        err = kb_plan_read_rule(build, raw.access, file, rule);
    return err;
}

enum kb_err kb_plan_add_arr(struct kb_plan_build *build, const yaml_node_t *node,
                            const struct kb_plan_file *df)
{
    struct kb_plan *plan = build->plan;
    struct kb_plan_file *file = &plan->files[plan->file_count];
    size_t mark;
    enum kb_err err;

    if (plan->file_count == KB_PLAN_FILES || build->arr_count == KB_PLAN_ARRS ||
        df->path.depth == KB_FILE_DEPTH)
        return kb_plan_no_room(build, node);
    *file = (struct kb_plan_file){.name = "EF.ARR",
                                  .path = df->path,
                                  .kind = KB_FILE_LINEAR_FIXED,
                                  .sfi = arr_defaults[df->kind].sfi,
                                  .line = df->line};
    file->path.fid[file->path.depth++] = arr_defaults[df->kind].fid;
    mark = kb_yaml_enter(&build->yaml, "arr");
    err = read_arr(build, node, file, &build->rule_of[plan->file_count]);
    kb_yaml_leave(&build->yaml, mark);
    build->arrs[build->arr_count].file = plan->file_count;
    build->arrs[build->arr_count].numbers = build->arr_count;
    build->arr_of[plan->file_count] = (uint8_t)build->arr_count++;
    plan->file_count++;
    return err;
}

/* --- Its records --- */

/* Gives every rule that is used through this EF.ARR, or one with the same numbers, a record, in the
 * order of the plan. */
static void number_records(struct kb_plan_build *build, size_t index)
{
    struct kb_plan_arr *arr = &build->arrs[index];
    struct kb_plan_file *file = &build->plan->files[arr->file];

    for (size_t i = 0; i < build->plan->file_count; i++) {
        if (build->arrs[build->arr_of[i]].numbers == arr->numbers)
            arr->record[build->rule_of[i]] = 1;
    }
    for (size_t i = 0; i < build->rule_count; i++) {
        if (!arr->record[i])
            continue;
        arr->record[i] = ++file->record_count;
        if (build->rules[i].len > file->record_size)
            file->record_size = build->rules[i].len;
    }
    file->size = (uint16_t)(file->record_size * file->record_count);
}

static enum kb_err write_records(struct kb_plan_build *build, const struct kb_plan_arr *arr)
{
    struct kb_plan_file *file = &build->plan->files[arr->file];

    file->content = malloc((size_t)file->size + 1);
    if (!file->content)
        return kb_yaml_fail(&build->yaml, NULL, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    file->content_len = file->size;
    memset(file->content, 0xFF, file->size);
    for (size_t i = 0; i < build->rule_count; i++) {
        if (arr->record[i])
            memcpy(file->content + (size_t)(arr->record[i] - 1) * file->record_size,
                   build->rules[i].record, build->rules[i].len);
    }
    return KB_OK;
}

enum kb_err kb_plan_make_arrs(struct kb_plan_build *build)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; !err && i < build->arr_count; i++) {
        number_records(build, i);
        err = write_records(build, &build->arrs[i]);
    }
    for (size_t i = 0; i < build->plan->file_count; i++) {
        const struct kb_plan_arr *arr = &build->arrs[build->arr_of[i]];
        const struct kb_plan_file *holder = &build->plan->files[arr->file];

        build->plan->files[i].arr_file = holder->path.fid[holder->path.depth - 1];
        build->plan->files[i].arr_record = arr->record[build->rule_of[i]];
    }
    return err;
}
