/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an entity view. The file comes from another company: everything is checked. */
#include <stdlib.h>
#include <string.h>

#include "plan/entity.h"
#include "plan/profile.h"
#include "plan/words.h"

/* --- Commands --- */

struct commands {
    const yaml_node_t *enable, *verify, *put, *lock, *state;
    unsigned method, data;
    bool has_scp03;
};

static const struct kb_key command_keys[] = {
    {"enable", KB_KEY_SCALAR, true, offsetof(struct commands, enable), 0, 0, NULL},
    {"verify", KB_KEY_SCALAR, true, offsetof(struct commands, verify), 0, 0, NULL},
    {"method", KB_KEY_WORD, true, offsetof(struct commands, method), 0, 0, kb_words_method},
    {"put", KB_KEY_SCALAR, false, offsetof(struct commands, put), 0, 0, NULL},
    {"data", KB_KEY_WORD, false, offsetof(struct commands, data), 0, 0, kb_words_data},
    {"lock", KB_KEY_SCALAR, true, offsetof(struct commands, lock), 0, 0, NULL},
    {"state", KB_KEY_SCALAR, true, offsetof(struct commands, state), 0, 0, NULL},
    {"scp03", KB_KEY_FLAG, false, offsetof(struct commands, has_scp03), 0, 0, NULL},
    {0},
};

static enum kb_err read_header(struct kb_yaml *yaml, const yaml_node_t *node, const char *what,
                               uint8_t header[4])
{
    size_t len;

    return node ? kb_schema_hex(yaml, node, what, 4, 4, header, &len) : KB_OK;
}

static enum kb_err read_commands(struct kb_yaml *yaml, const yaml_node_t *node,
                                 struct kb_entity_field *field)
{
    struct commands raw = {0};
    enum kb_err err = kb_schema_read(yaml, node, command_keys, &raw);

    if (!err)
        err = read_header(yaml, raw.enable, "enable", field->enable);
    if (!err)
        err = read_header(yaml, raw.verify, "verify", field->verify);
    if (!err)
        err = read_header(yaml, raw.put, "put", field->put);
    if (!err)
        err = read_header(yaml, raw.lock, "lock", field->lock);
    if (!err)
        err = read_header(yaml, raw.state, "state", field->state);
    field->has_put = raw.put != NULL;
    field->is_dgi = raw.data;
    field->method = (enum kb_verify_method)raw.method;
    field->has_scp03 = raw.has_scp03;
    return err;
}

/* --- Items --- */

struct item {
    const yaml_node_t *name, *about, *role, *tag, *command;
    unsigned format, check;
    uint32_t min, max;
    bool is_mandatory;
};

static const struct kb_key item_keys[] = {
    {"name", KB_KEY_SCALAR, true, offsetof(struct item, name), 0, 0, NULL},
    {"about", KB_KEY_SCALAR, false, offsetof(struct item, about), 0, 0, NULL},
    {"role", KB_KEY_SCALAR, false, offsetof(struct item, role), 0, 0, NULL},
    {"tag", KB_KEY_SCALAR, false, offsetof(struct item, tag), 0, 0, NULL},
    {"command", KB_KEY_SCALAR, false, offsetof(struct item, command), 0, 0, NULL},
    {"format", KB_KEY_WORD, true, offsetof(struct item, format), 0, 0, kb_words_format},
    {"check", KB_KEY_WORD, false, offsetof(struct item, check), 0, 0, kb_words_check},
    {"min", KB_KEY_NUMBER, true, offsetof(struct item, min), 0, KB_ITEM_MAX, NULL},
    {"max", KB_KEY_NUMBER, true, offsetof(struct item, max), 1, KB_ITEM_MAX, NULL},
    {"mandatory", KB_KEY_FLAG, true, offsetof(struct item, is_mandatory), 0, 0, NULL},
    {0},
};

static enum kb_err read_texts(struct kb_yaml *yaml, const struct item *raw,
                              struct kb_entity_item *item)
{
    enum kb_err err = kb_schema_name(yaml, raw->name, "name", item->name, sizeof item->name);
    unsigned role = 0;

    if (!err && raw->about)
        err = kb_schema_text(yaml, raw->about, "about", item->about, sizeof item->about);
    if (err || !raw->role)
        return err;
    err = kb_schema_word(yaml, raw->role, "role", kb_words_role, &role);
    memcpy(item->role, kb_words_role[role], strlen(kb_words_role[role]) + 1);
    return err;
}

static enum kb_err read_address(struct kb_yaml *yaml, const yaml_node_t *node,
                                const struct item *raw, const struct kb_entity_field *field,
                                struct kb_entity_item *item)
{
    uint8_t tag[2];
    size_t len = 0;
    enum kb_err err;

    item->has_command = raw->command != NULL;
    if (!raw->tag == !raw->command || (raw->tag && !field->has_put))
        return kb_yaml_fail(yaml, node, KB_ERR_MALFORMED,
                            "an item has either a 'command', or a 'tag' when the field has a "
                            "command 'put'; correct it");
    if (item->has_command)
        return read_header(yaml, raw->command, "command", item->command);
    err = kb_schema_hex(yaml, raw->tag, "tag", 1, 2, tag, &len);
    item->tag = (uint16_t)(len == 2 ? tag[0] << 8 | tag[1] : tag[0]);
    return err;
}

static enum kb_err check_item(struct kb_yaml *yaml, const yaml_node_t *node,
                              const struct kb_entity_field *field,
                              const struct kb_entity_item *item)
{
    if (item->min > item->max)
        return kb_yaml_fail(yaml, node, KB_ERR_RANGE,
                            "min is %u and max is %u; min should not be greater", item->min,
                            item->max);
    for (const struct kb_entity_item *other = field->items; other < item; other++) {
        if (!strcmp(other->name, item->name))
            return kb_yaml_fail(yaml, node, KB_ERR_EXISTS,
                                "item '%s' is there twice; keep one of them", item->name);
        if (item->tag && other->tag == item->tag)
            return kb_yaml_fail(yaml, node, KB_ERR_EXISTS,
                                "tag %02X is that of item '%s' already; correct one of them",
                                item->tag, other->name);
    }
    return KB_OK;
}

static enum kb_err read_item(struct kb_yaml *yaml, const yaml_node_t *node,
                             struct kb_entity_field *field)
{
    struct kb_entity_item *item = &field->items[field->item_count];
    struct item raw = {0};
    enum kb_err err = kb_schema_read(yaml, node, item_keys, &raw);

    if (!err)
        err = read_texts(yaml, &raw, item);
    if (!err)
        err = read_address(yaml, node, &raw, field, item);
    item->format = (enum kb_item_format)raw.format;
    item->check = (enum kb_item_check)raw.check;
    item->min = (uint16_t)raw.min;
    item->max = (uint16_t)raw.max;
    item->is_mandatory = raw.is_mandatory;
    if (!err)
        err = check_item(yaml, node, field, item);
    field->item_count++;
    return err;
}

static enum kb_err read_items(struct kb_yaml *yaml, const yaml_node_t *node,
                              struct kb_entity_field *field)
{
    size_t count = kb_yaml_count(node);
    enum kb_err err = KB_OK;

    field->items = calloc(count, sizeof *field->items);
    if (!field->items)
        return kb_yaml_fail(yaml, node, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    for (size_t i = 0; !err && i < count; i++) {
        size_t mark = kb_yaml_enter(yaml, "items: number %zu", i + 1);

        err = read_item(yaml, kb_yaml_element(yaml, node, i), field);
        kb_yaml_leave(yaml, mark);
    }
    return err;
}

/* --- Authentication --- */

struct authentication {
    const yaml_node_t *parts[KB_PROFILE_SHOWN];
};

static const struct kb_key authentication_keys[] = {KB_PROFILE_KEYS(struct authentication), {0}};

/* Views of older makers have none. */
static enum kb_err read_authentication(struct kb_yaml *yaml, const yaml_node_t *node,
                                       struct kb_entity_field *field)
{
    struct authentication raw = {{0}};
    enum kb_err err;

    field->has_profile = node != NULL;
    memcpy(field->profile, kb_profile_usual, sizeof field->profile);
    if (!node)
        return KB_OK;
    err = kb_schema_read(yaml, node, authentication_keys, &raw);
    return err ? err : kb_profile_read(yaml, node, raw.parts, KB_PROFILE_SHOWN, field->profile);
}

/* --- Fields --- */

struct field {
    const yaml_node_t *name, *commands, *authentication, *items;
    uint32_t number, tries;
};

static const struct kb_key field_keys[] = {
    {"name", KB_KEY_SCALAR, true, offsetof(struct field, name), 0, 0, NULL},
    {"number", KB_KEY_NUMBER, true, offsetof(struct field, number), 0, KB_FIELDS - 1, NULL},
    {"tries", KB_KEY_NUMBER, true, offsetof(struct field, tries), 1, 15, NULL},
    {"commands", KB_KEY_MAP, true, offsetof(struct field, commands), 0, 0, NULL},
    {"authentication", KB_KEY_MAP, false, offsetof(struct field, authentication), 0, 0, NULL},
    {"items", KB_KEY_LIST, true, offsetof(struct field, items), 1, KB_FIELD_ITEMS, NULL},
    {0},
};

static enum kb_err check_field(struct kb_yaml *yaml, const yaml_node_t *node,
                               const struct kb_entity *entity, const struct kb_entity_field *field)
{
    for (const struct kb_entity_field *other = entity->fields; other < field; other++) {
        if (!strcmp(other->name, field->name) || other->number == field->number)
            return kb_yaml_fail(yaml, node, KB_ERR_EXISTS,
                                "field '%s', number %u, is there twice; keep one of them",
                                field->name, field->number);
    }
    return KB_OK;
}

static enum kb_err read_field(struct kb_yaml *yaml, const yaml_node_t *node,
                              struct kb_entity *entity)
{
    struct kb_entity_field *field = &entity->fields[entity->field_count++];
    struct field raw = {0};
    enum kb_err err = kb_schema_read(yaml, node, field_keys, &raw);

    if (!err)
        err = kb_schema_name(yaml, raw.name, "name", field->name, sizeof field->name);
    field->number = (uint8_t)raw.number;
    field->tries = (uint8_t)raw.tries;
    if (!err)
        err = check_field(yaml, node, entity, field);
    if (!err)
        err = read_commands(yaml, raw.commands, field);
    if (!err)
        err = read_authentication(yaml, raw.authentication, field);
    if (!err)
        err = read_items(yaml, raw.items, field);
    return err;
}

/* --- The view --- */

struct view {
    const yaml_node_t *format, *plan, *fields;
};

static const struct kb_key view_keys[] = {
    {"format", KB_KEY_SCALAR, true, offsetof(struct view, format), 0, 0, NULL},
    {"plan", KB_KEY_SCALAR, true, offsetof(struct view, plan), 0, 0, NULL},
    {"fields", KB_KEY_LIST, true, offsetof(struct view, fields), 0, KB_FIELDS, NULL},
    {0},
};

static enum kb_err read_view(struct kb_yaml *yaml, struct kb_entity *entity)
{
    struct view raw = {0};
    enum kb_err err = kb_schema_format(yaml, "entity");

    if (!err)
        err = kb_schema_read(yaml, kb_yaml_root(yaml), view_keys, &raw);
    if (!err)
        err = kb_schema_name(yaml, raw.plan, "plan", entity->plan, sizeof entity->plan);
    if (err)
        return err;
    entity->fields = calloc(kb_yaml_count(raw.fields) + 1, sizeof *entity->fields);
    if (!entity->fields)
        return kb_yaml_fail(yaml, raw.fields, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    for (size_t i = 0; !err && i < kb_yaml_count(raw.fields); i++) {
        size_t mark = kb_yaml_enter(yaml, "fields: number %zu", i + 1);

        err = read_field(yaml, kb_yaml_element(yaml, raw.fields, i), entity);
        kb_yaml_leave(yaml, mark);
    }
    return err;
}

enum kb_err kb_entity_load(const char *path, struct kb_entity **entity, struct kb_report *why)
{
    struct kb_yaml yaml;
    enum kb_err err;

    *entity = calloc(1, sizeof **entity);
    if (!*entity)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", path, kb_err_text(KB_ERR_MEMORY));
    err = kb_yaml_open(&yaml, path, why);
    if (!err) {
        err = read_view(&yaml, *entity);
        kb_yaml_close(&yaml);
    }
    if (err) {
        kb_entity_free(*entity);
        *entity = NULL;
    }
    return err;
}

void kb_entity_free(struct kb_entity *entity)
{
    if (!entity)
        return;
    for (size_t i = 0; entity->fields && i < entity->field_count; i++)
        free(entity->fields[i].items);
    free(entity->fields);
    free(entity);
}

const struct kb_entity_field *kb_entity_field(const struct kb_entity *entity, const char *name)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if (!strcmp(entity->fields[i].name, name))
            return &entity->fields[i];
    }
    return NULL;
}

const struct kb_entity_item *kb_entity_item(const struct kb_entity_field *field, const char *name)
{
    for (size_t i = 0; i < field->item_count; i++) {
        if (!strcmp(field->items[i].name, name))
            return &field->items[i];
    }
    return NULL;
}
