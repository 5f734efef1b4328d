/* SPDX-License-Identifier: Apache-2.0 */
/* A plan from its YAML file: the parts in the order in which one may speak of another. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "card/ota/remote_keys.h"
#include "crypto/secret.h"
#include "plan/build.h"

struct parts {
    const yaml_node_t *format, *name, *memory, *atr, *iccid, *imsi_t, *pins, *access, *files,
        *states, *transitions, *fields, *air, *authentication, *remote, *domain;
};

static const struct kb_key keys[] = {
    {"format", KB_KEY_SCALAR, true, offsetof(struct parts, format), 0, 0, NULL},
    {"name", KB_KEY_SCALAR, true, offsetof(struct parts, name), 0, 0, NULL},
    {"memory", KB_KEY_MAP, false, offsetof(struct parts, memory), 0, 0, NULL},
    {"atr", KB_KEY_SCALAR, false, offsetof(struct parts, atr), 0, 0, NULL},
    {"iccid", KB_KEY_MAP, true, offsetof(struct parts, iccid), 0, 0, NULL},
    {"imsi_t", KB_KEY_MAP, false, offsetof(struct parts, imsi_t), 0, 0, NULL},
    {"pins", KB_KEY_LIST, false, offsetof(struct parts, pins), 0, KB_PINS, NULL},
    {"authentication", KB_KEY_LIST, false, offsetof(struct parts, authentication), 1,
     KB_SUBSCRIPTIONS, NULL},
    {"access", KB_KEY_MAP, true, offsetof(struct parts, access), 0, 0, NULL},
    {"files", KB_KEY_LIST, true, offsetof(struct parts, files), 1, KB_PLAN_FILES, NULL},
    {"states", KB_KEY_LIST, false, offsetof(struct parts, states), 1,
     KB_IMAGE_STATES - KB_PERSO_STATES, NULL},
    {"transitions", KB_KEY_LIST, false, offsetof(struct parts, transitions), 1, 112, NULL},
    {"fields", KB_KEY_LIST, true, offsetof(struct parts, fields), 1, KB_FIELDS, NULL},
    {"remote", KB_KEY_LIST, false, offsetof(struct parts, remote), 1, KB_REMOTE_SETS, NULL},
    {"security_domain", KB_KEY_MAP, false, offsetof(struct parts, domain), 0, 0, NULL},
    {"air", KB_KEY_MAP, false, offsetof(struct parts, air), 0, 0, NULL},
    {0},
};

void kb_plan_add_object(struct kb_plan_build *build, unsigned object, struct kb_span value)
{
    struct kb_plan_object *out = &build->plan->objects[build->plan->object_count++];

    out->object = (uint16_t)object;
    out->len = (uint8_t)value.len;
    memcpy(out->bytes, value.data, value.len);
}

static enum kb_err read_settings(struct kb_plan_build *build, const struct parts *parts)
{
    struct kb_plan *plan = build->plan;
    enum kb_err err =
        kb_schema_name(&build->yaml, parts->name, "name", plan->name, sizeof plan->name);

    if (!err)
        err = kb_plan_read_memory(build, parts->memory);
    if (!err)
        err = kb_plan_read_atr(build, parts->atr);
    if (!err)
        err = kb_plan_read_pins(build, parts->pins);
    if (!err)
        err = kb_plan_read_access(build, parts->access);
    if (!err)
        err = kb_plan_read_authentication(build, parts->authentication);
    return err;
}

static enum kb_err read_places(struct kb_plan_build *build, const struct parts *parts)
{
    enum kb_err err = kb_plan_read_files(build, parts->files);

    if (!err)
        err = kb_plan_make_arrs(build);
    if (!err)
        err = kb_plan_read_contents(build);
    if (!err)
        err = kb_plan_read_iccid(build, parts->iccid);
    if (!err)
        err = kb_plan_read_imsi_t(build, parts->imsi_t);
    return err;
}

static enum kb_err read_algorithm(struct kb_plan_build *build, const struct parts *parts)
{
    enum kb_err err = kb_plan_read_machine(build, parts->states, parts->transitions);

    if (!err)
        err = kb_plan_read_fields(build, parts->fields);
    if (!err)
        err = kb_plan_read_air(build, parts->air);
    if (!err)
        err = kb_plan_check_keys(build);
    if (!err)
        err = kb_plan_read_remote(build, parts->remote);
    if (!err)
        err = kb_plan_read_domain(build, parts->domain);
    if (!err)
        err = kb_plan_check_view(build);
    if (!err)
        err = kb_plan_check_size(build, parts->memory);
    return err;
}

static enum kb_err read_plan(struct kb_plan_build *build)
{
    struct parts parts = {0};
    enum kb_err err = kb_schema_format(&build->yaml, "plan");

    if (!err)
        err = kb_schema_read(&build->yaml, kb_yaml_root(&build->yaml), keys, &parts);
    if (!err)
        err = read_settings(build, &parts);
    if (!err)
        err = read_places(build, &parts);
    if (!err)
        err = read_algorithm(build, &parts);
    return err;
}

static enum kb_err build_plan(struct kb_plan_build *build, const char *path, struct kb_report *why)
{
    enum kb_err err;

    if (strlen(path) >= sizeof build->plan->path)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: the path is longer than %zu bytes", path,
                         sizeof build->plan->path - 1);
    memcpy(build->plan->path, path, strlen(path) + 1);
    err = kb_yaml_open(&build->yaml, path, why);
    if (err)
        return err;
    err = read_plan(build);
    kb_yaml_close(&build->yaml);
    return err;
}

enum kb_err kb_plan_load(const char *path, struct kb_plan **plan, struct kb_report *why)
{
    struct kb_plan_build *build = calloc(1, sizeof *build);
    enum kb_err err = KB_ERR_MEMORY;

    *plan = calloc(1, sizeof **plan);
    if (build && *plan) {
        build->plan = *plan;
        err = build_plan(build, path, why);
    } else {
        kb_report(why, err, "%s: %s", path, kb_err_text(err));
    }
    free(build);
    if (err) {
        kb_plan_free(*plan);
        *plan = NULL;
    }
    return err;
}

static void free_field(struct kb_plan_field *field)
{
    for (size_t i = 0; field->items && i < field->item_count; i++)
        free(field->items[i].writes);
    free(field->items);
    free(field->commands);
}

void kb_plan_free(struct kb_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; plan->files && i < plan->file_count; i++)
        free(plan->files[i].content);
    for (size_t i = 0; plan->fields && i < plan->field_count; i++)
        free_field(&plan->fields[i]);
    if (plan->pins)
        kb_wipe(plan->pins, plan->pin_count * sizeof *plan->pins);
    free(plan->files);
    free(plan->pins);
    free(plan->fields);
    free(plan->made);
    free(plan->transitions);
    free(plan);
}
