/* SPDX-License-Identifier: Apache-2.0 */
/* Items: what the entity, or the factory itself, gives to a card. */
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"
#include "wire/bcd.h"

struct raw {
    const yaml_node_t *name, *role, *about, *tag, *command, *write, *made;
    unsigned format, check;
    uint32_t min, max, length;
    bool is_mandatory;
};

static const struct kb_key keys[] = {
    {"name", KB_KEY_SCALAR, true, offsetof(struct raw, name), 0, 0, NULL},
    {"role", KB_KEY_SCALAR, false, offsetof(struct raw, role), 0, 0, NULL},
    {"about", KB_KEY_SCALAR, false, offsetof(struct raw, about), 0, 0, NULL},
    {"tag", KB_KEY_SCALAR, false, offsetof(struct raw, tag), 0, 0, NULL},
    {"command", KB_KEY_SCALAR, false, offsetof(struct raw, command), 0, 0, NULL},
    {"format", KB_KEY_WORD, true, offsetof(struct raw, format), 0, 0, kb_words_format},
    {"length", KB_KEY_NUMBER, false, offsetof(struct raw, length), 1, KB_ITEM_MAX, NULL},
    {"min", KB_KEY_NUMBER, false, offsetof(struct raw, min), 0, KB_ITEM_MAX, NULL},
    {"max", KB_KEY_NUMBER, false, offsetof(struct raw, max), 1, KB_ITEM_MAX, NULL},
    {"check", KB_KEY_WORD, false, offsetof(struct raw, check), 0, 0, kb_words_check},
    {"mandatory", KB_KEY_FLAG, false, offsetof(struct raw, is_mandatory), 0, 0, NULL},
    {"made", KB_KEY_MAP, false, offsetof(struct raw, made), 0, 0, NULL},
    {"write", KB_KEY_LIST, true, offsetof(struct raw, write), 1, 8, NULL},
    {0},
};

/* --- What the factory makes --- */

struct made {
    const yaml_node_t *column;
    unsigned value;
    uint32_t size;
};

/* In the order of enum kb_maker_value, from KB_MAKER_ICCID. */
static const char *const values[] = {"iccid", "imsi_t", "random", "code", "diversified", NULL};

static const struct kb_key made_keys[] = {
    {"value", KB_KEY_WORD, true, offsetof(struct made, value), 0, 0, values},
    {"size", KB_KEY_NUMBER, false, offsetof(struct made, size), 1, 64, NULL},
    {"column", KB_KEY_SCALAR, false, offsetof(struct made, column), 0, 0, NULL},
    {0},
};

/* The value's own length must suit the item, or the card would refuse it. */
static enum kb_err check_made(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct kb_plan_item *item, const struct kb_plan_made_item *made)
{
    bool is_bytes = made->value == KB_MAKER_RANDOM || made->value == KB_MAKER_DIVERSIFIED;

    if (made->value == KB_MAKER_IMSI_T && !build->plan->imsi_t_prefix[0])
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "the plan has no range of temporary identities; add 'imsi_t: {}'");
    if (made->size < item->min || made->size > item->max)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "the value made has %u %s; the item takes %u to %u", made->size,
                            is_bytes ? "bytes" : "digits", item->min, item->max);
    if (is_bytes != (item->format == KB_FORMAT_BYTES))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                            "value %s goes with format %s; change one of them",
                            values[made->value - KB_MAKER_ICCID], is_bytes ? "bytes" : "digits");
    return KB_OK;
}

/* at: what the factory makes; node: the name of its column, NULL for the item's. */
static enum kb_err name_column(struct kb_plan_build *build, const yaml_node_t *at,
                               const yaml_node_t *node, const struct kb_plan_item *item,
                               struct kb_plan_made_item *made)
{
    enum kb_err err = KB_OK;

    memcpy(made->column, item->name, sizeof made->column);
    if (node)
        err = kb_schema_name(&build->yaml, node, "column", made->column, sizeof made->column);
    node = node ? node : at;
    if (!err && made->value != KB_MAKER_ICCID && !strcmp(made->column, "iccid"))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                            "column 'iccid' names the card; give it another name with 'column'");
    for (size_t i = 0; !err && i < build->plan->made_count; i++) {
        if (!strcmp(build->plan->made[i].column, made->column))
            err = kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                               "column '%s' is there twice; give each item its own", made->column);
    }
    return err;
}

static enum kb_err read_made(struct kb_plan_build *build, const struct kb_plan_field *field,
                             const struct kb_plan_item *item, const yaml_node_t *node)
{
    struct kb_plan_made_item *made = &build->plan->made[build->plan->made_count];
    struct made raw = {.size = item->max};
    enum kb_err err = kb_schema_read(&build->yaml, node, made_keys, &raw);

    if (err)
        return err;
    made->field = (uint8_t)(field - build->plan->fields);
    made->item = (uint8_t)(item - field->items);
    made->value = (enum kb_maker_value)(raw.value + KB_MAKER_ICCID);
    made->size = (uint16_t)raw.size;
    if (made->value == KB_MAKER_ICCID)
        made->size = (uint16_t)build->plan->iccid_digits;
    if (made->value == KB_MAKER_IMSI_T)
        made->size = (uint16_t)build->plan->imsi_t_digits;
    err = check_made(build, node, item, made);
    if (!err)
        err = name_column(build, node, raw.column, item, made);
    if (!err)
        build->plan->made_count++;
    return err;
}

/* --- Names --- */

static enum kb_err read_name(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_plan_field *field, struct kb_plan_item *item)
{
    enum kb_err err = kb_schema_name(&build->yaml, node, "name", item->name, sizeof item->name);
    size_t names = 0;

    for (const struct kb_plan_item *other = field->items; !err && other <= item; other++) {
        names += strlen(other->name) + 2;
        if (other < item && !strcmp(other->name, item->name))
            err = kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                               "this item is there twice, first on line %d; give each its own name",
                               other->line);
    }
    if (!err && names > KB_NAMES_MAX)
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_TOO_LONG,
                           "the names of all items of a field fit in %d bytes, two counted for "
                           "each name; shorten some",
                           KB_NAMES_MAX);
    return err;
}

/* A role of its own, or the name when that is one. A field of the maker's has none: exports are the
 * entity's business. */
static enum kb_err read_role(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_plan_field *field, struct kb_plan_item *item)
{
    const char *role = "";
    unsigned word = 0;
    enum kb_err err = KB_OK;

    if (node)
        err = kb_schema_word(&build->yaml, node, "role", kb_words_role, &word);
    if (err)
        return err;
    if (node)
        role = kb_words_role[word];
    else if (!field->is_made && kb_words_has(kb_words_role, item->name))
        role = item->name;
    for (const struct kb_plan_item *other = field->items; role[0] && other < item; other++) {
        if (!strcmp(other->role, role))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "role '%s' is that of item '%s' already; one item has it", role,
                                other->name);
    }
    memcpy(item->role, role, strlen(role) + 1);
    return KB_OK;
}

/* --- Tag or command --- */

static enum kb_err read_tag(struct kb_plan_build *build, const yaml_node_t *node,
                            const struct kb_plan_field *field, struct kb_plan_item *item)
{
    uint8_t bytes[2];
    size_t len = 0;
    enum kb_err err = kb_schema_hex(&build->yaml, node, "tag", 1, 2, bytes, &len);

    if (err)
        return err;
    item->tag = (uint16_t)(len == 2 ? bytes[0] << 8 | bytes[1] : bytes[0]);
    if (!item->tag)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "tag 00 names nothing; use for example C1");
    for (const struct kb_plan_item *other = field->items; other < item; other++) {
        if (other->tag == item->tag)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "tag %02X is that of item '%s' already; give each item its own",
                                item->tag, other->name);
    }
    return KB_OK;
}

static enum kb_err read_own_command(struct kb_plan_build *build, const yaml_node_t *node,
                                    struct kb_plan_field *field, const struct kb_plan_item *item)
{
    struct kb_plan_command command;
    enum kb_err err = kb_plan_read_header(build, node, "command", &command);

    command.action = KB_ACTION_PUT_ITEM;
    command.argument = (uint8_t)(item - field->items);
    return err ? err : kb_plan_add_command(build, field, node, &command);
}

static enum kb_err read_address(struct kb_plan_build *build, const yaml_node_t *node,
                                struct kb_plan_field *field, const struct raw *raw,
                                struct kb_plan_item *item)
{
    if (!raw->tag == !raw->command)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "an item has either a 'tag' or a 'command' of its own; %s one of them",
                            raw->tag ? "keep" : "add");
    return raw->tag ? read_tag(build, raw->tag, field, item)
                    : read_own_command(build, raw->command, field, item);
}

/* --- Limits --- */

static enum kb_err read_limits(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct raw *raw, struct kb_plan_item *item)
{
    if (raw->length && (raw->min || raw->max))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "'length' says min and max at once; keep 'length' or the other two");
    if (!raw->length && !raw->max)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "how long may the value be? Add 'length', or 'min' and 'max'");
    item->min = (uint16_t)(raw->length ? raw->length : raw->min);
    item->max = (uint16_t)(raw->length ? raw->length : raw->max);
    if (item->min > item->max)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "min is %u and max is %u; min should not be greater", item->min,
                            item->max);
    if (item->check == KB_CHECK_LUHN && item->format != KB_FORMAT_DIGITS)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                            "check luhn is for digits; use format digits or another check");
    return KB_OK;
}

/* --- One item, and all --- */

static enum kb_err read_texts(struct kb_plan_build *build, struct kb_plan_field *field,
                              const struct raw *raw, struct kb_plan_item *item)
{
    enum kb_err err = read_name(build, raw->name, field, item);

    if (!err)
        err = read_role(build, raw->role, field, item);
    if (!err && raw->about)
        err = kb_schema_text(&build->yaml, raw->about, "about", item->about, sizeof item->about);
    return err;
}

static enum kb_err check_maker(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct kb_plan_field *field, const struct raw *raw)
{
    if (field->is_made && !raw->made)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "the factory finishes this field, so it must know what to put here; "
                            "add 'made', such as {value: random}");
    if (!field->is_made && raw->made)
        return kb_yaml_fail(&build->yaml, raw->made, KB_ERR_RULE,
                            "'made' is for fields that the factory finishes; remove it, or say "
                            "'made: maker' in the field");
    return KB_OK;
}

static enum kb_err read_item(struct kb_plan_build *build, struct kb_plan_field *field,
                             const yaml_node_t *node)
{
    struct kb_plan_item *item = &field->items[field->item_count];
    struct raw raw = {0};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (err)
        return err;
    field->item_count++;
    item->line = kb_yaml_line(node);
    item->format = (uint8_t)raw.format;
    item->check = (uint8_t)raw.check;
    item->is_mandatory = raw.is_mandatory;
    err = read_texts(build, field, &raw, item);
    if (!err)
        err = read_address(build, node, field, &raw, item);
    if (!err)
        err = read_limits(build, node, &raw, item);
    if (!err)
        err = kb_plan_read_writes(build, field, item, raw.write);
    if (!err)
        err = check_maker(build, node, field, &raw);
    if (!err && raw.made)
        err = read_made(build, field, item, raw.made);
    return err;
}

enum kb_err kb_plan_read_items(struct kb_plan_build *build, struct kb_plan_field *field,
                               const yaml_node_t *items)
{
    size_t count = kb_yaml_count(items);
    enum kb_err err = KB_OK;

    build->items_used += count;
    if (build->items_used > KB_PLAN_ROWS)
        return kb_yaml_fail(&build->yaml, items, KB_ERR_TOO_LONG,
                            "more than %d items in one plan; use fewer", KB_PLAN_ROWS);
    field->items = calloc(count, sizeof *field->items);
    if (!field->items)
        return kb_yaml_fail(&build->yaml, items, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    for (size_t i = 0; !err && i < count; i++) {
        const yaml_node_t *element = kb_yaml_element(&build->yaml, items, i);
        const char *name = kb_yaml_text(kb_yaml_find(&build->yaml, element, "name"));
        size_t mark = kb_yaml_enter(&build->yaml, "items: %s",
                                    name ? kb_schema_shown(name).text : "(no name)");

        err = read_item(build, field, element);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err;
}
