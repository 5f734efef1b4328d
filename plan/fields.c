/* SPDX-License-Identifier: Apache-2.0 */
/* Application fields: each with its own number, tries, commands and items. */
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"

struct raw {
    const yaml_node_t *name, *commands, *items;
    uint32_t number, tries;
    unsigned made;
};

static const char *const makers[] = {"entity", "maker", NULL};

static const struct kb_key keys[] = {
    {"name", KB_KEY_SCALAR, true, offsetof(struct raw, name), 0, 0, NULL},
    {"number", KB_KEY_NUMBER, false, offsetof(struct raw, number), 0, KB_FIELDS - 1, NULL},
    {"tries", KB_KEY_NUMBER, false, offsetof(struct raw, tries), 1, 15, NULL},
    {"made", KB_KEY_WORD, false, offsetof(struct raw, made), 0, 0, makers},
    {"commands", KB_KEY_MAP, false, offsetof(struct raw, commands), 0, 0, NULL},
    {"items", KB_KEY_LIST, true, offsetof(struct raw, items), 1, KB_FIELD_ITEMS, NULL},
    {0},
};

static enum kb_err check_names(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct kb_plan_field *field)
{
    for (const struct kb_plan_field *other = build->plan->fields; other < field; other++) {
        if (!strcmp(other->name, field->name))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "name '%s' is there twice; give each field its own", field->name);
        if (other->number == field->number)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "number %u is that of field '%s' already; choose a free one",
                                field->number, other->name);
    }
    return KB_OK;
}

static enum kb_err read_field(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct kb_plan *plan = build->plan;
    struct kb_plan_field *field = &plan->fields[plan->field_count];
    struct raw raw = {.number = (uint32_t)plan->field_count, .tries = 3};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (err)
        return err;
    field->number = (uint8_t)raw.number;
    field->tries = (uint8_t)raw.tries;
    field->is_made = raw.made;
    /* Enable, verify by each method, put, lock, state, and one for each item. */
    field->commands = calloc(kb_yaml_count(raw.items) + 8, sizeof *field->commands);
    plan->field_count++;
    if (!field->commands)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    err = kb_schema_name(&build->yaml, raw.name, "name", field->name, sizeof field->name);
    if (!err)
        err = check_names(build, node, field);
    if (!err)
        err = kb_plan_read_items(build, field, raw.items);
    if (!err)
        err = kb_plan_read_commands(build, field, node, raw.commands);
    return err;
}

enum kb_err kb_plan_read_fields(struct kb_plan_build *build, const yaml_node_t *node)
{
    size_t count = kb_yaml_count(node);
    enum kb_err err = KB_OK;

    build->plan->fields = calloc(count, sizeof *build->plan->fields);
    build->plan->made = calloc(KB_PLAN_ROWS, sizeof *build->plan->made);
    if (!build->plan->fields || !build->plan->made)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    for (size_t i = 0; !err && i < count; i++) {
        const yaml_node_t *element = kb_yaml_element(&build->yaml, node, i);
        const char *name = kb_yaml_text(kb_yaml_find(&build->yaml, element, "name"));
        size_t mark = kb_yaml_enter(&build->yaml, "fields: %s",
                                    name ? kb_schema_shown(name).text : "(no name)");

        err = read_field(build, element);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err;
}
