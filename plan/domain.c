/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer security domain: its key sets, which the factory draws for each card, and the card
 * production life cycle data (GlobalPlatform Card Specification 2.3.1, Amendment D). */
#include <stdio.h>
#include <string.h>

#include "plan/build.h"

enum {
    VERSION_MAX = 0x7F,
    FIELDS_FIRST = 0x38, /* versions of the keys of fields (card/gp) */
    FIELDS_LAST = FIELDS_FIRST + KB_FIELDS - 1
};

struct raw {
    const yaml_node_t *keys, *cplc;
};

static const struct kb_key domain_keys[] = {
    {"keys", KB_KEY_LIST, false, offsetof(struct raw, keys), 1, KB_PLAN_KEY_SETS, NULL},
    {"cplc", KB_KEY_SCALAR, false, offsetof(struct raw, cplc), 0, 0, NULL},
    {0},
};

struct set {
    const yaml_node_t *version;
    uint32_t length;
    unsigned value;
};

static const char *const values[] = {"random", "diversified", NULL};

static const struct kb_key set_keys[] = {
    {"version", KB_KEY_SCALAR, true, offsetof(struct set, version), 0, 0, NULL},
    {"length", KB_KEY_NUMBER, false, offsetof(struct set, length), 16, 32, NULL},
    {"made", KB_KEY_WORD, false, offsetof(struct set, value), 0, 0, values},
    {0},
};

static enum kb_err read_version(struct kb_plan_build *build, const yaml_node_t *node,
                                uint8_t *version)
{
    const struct kb_plan *plan = build->plan;
    size_t len;
    enum kb_err err = kb_schema_hex(&build->yaml, node, "version", 1, 1, version, &len);

    if (err)
        return err;
    if (!*version || *version > VERSION_MAX ||
        (*version >= FIELDS_FIRST && *version <= FIELDS_LAST))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "version is %02X; it should be 01 to 7F, but for %02X to %02X, which "
                            "are the keys of fields",
                            *version, FIELDS_FIRST, FIELDS_LAST);
    for (size_t i = 0; i < plan->key_set_count; i++)
        if (plan->key_sets[i].version == *version)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "version %02X is there twice; give each key set its own", *version);
    return KB_OK;
}

/* A value that the factory makes for itself, in a column of its own. */
static enum kb_err add_made(struct kb_plan_build *build, const yaml_node_t *node,
                            const struct set *raw, const char *column)
{
    struct kb_plan *plan = build->plan;
    struct kb_plan_made_item *made = &plan->made[plan->made_count];

    if (plan->made_count == KB_PLAN_ROWS)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_TOO_LONG,
                            "more than %d values of the maker; use fewer", KB_PLAN_ROWS);
    for (size_t i = 0; i < plan->made_count; i++)
        if (!strcmp(plan->made[i].column, column))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "column '%s' is that of an item already; rename it", column);
    *made = (struct kb_plan_made_item){.field = KB_PLAN_NO_FIELD,
                                       .value = raw->value ? KB_MAKER_DIVERSIFIED : KB_MAKER_RANDOM,
                                       .size = (uint16_t)raw->length};
    snprintf(made->column, sizeof made->column, "%s", column);
    plan->made_count++;
    return KB_OK;
}

static enum kb_err read_set(struct kb_plan_build *build, const yaml_node_t *node)
{
    static const char *const names[KB_PLAN_KEYS] = {"enc", "mac", "dek"};
    struct kb_plan_key_set *set = &build->plan->key_sets[build->plan->key_set_count];
    struct set raw = {.length = 16};
    char column[KB_NAME_MAX + 1];
    enum kb_err err = kb_schema_read(&build->yaml, node, set_keys, &raw);

    if (!err && raw.length % 8)
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                           "length is %u; an AES key has 16, 24 or 32 bytes", raw.length);
    if (!err)
        err = read_version(build, raw.version, &set->version);
    set->length = (uint8_t)raw.length;
    set->made = build->plan->made_count;
    for (size_t i = 0; i < KB_PLAN_KEYS && !err; i++) {
        snprintf(column, sizeof column, "scp03_%02x_%s", set->version, names[i]);
        err = add_made(build, node, &raw, column);
    }
    if (!err)
        build->plan->key_set_count++;
    return err;
}

static const struct kb_plan_key_set *find_set(const struct kb_plan *plan, uint16_t version)
{
    for (size_t i = 0; i < plan->key_set_count; i++)
        if (plan->key_sets[i].version == version)
            return &plan->key_sets[i];
    return NULL;
}

/* From the version of a key set to its slot in the card. */
static enum kb_err place_write(const struct kb_plan_build *build, const struct kb_plan_item *item,
                               struct kb_plan_write *write)
{
    const struct kb_plan *plan = build->plan;
    const struct kb_plan_key_set *set = find_set(plan, write->object);

    if (!set)
        return kb_report(build->yaml.why, KB_ERR_ABSENT,
                         "%s:%d: item '%s': the security domain has no key set %02X; add it to "
                         "'keys' of security_domain",
                         build->yaml.path, item->line, item->name, write->object);
    if (item->max != KB_PLAN_KEYS * set->length)
        return kb_report(build->yaml.why, KB_ERR_RANGE,
                         "%s:%d: item '%s': the keys of set %02X have %u bytes each; use 'length: "
                         "%u'",
                         build->yaml.path, item->line, item->name, set->version, set->length,
                         KB_PLAN_KEYS * set->length);
    write->object = (uint16_t)(set - plan->key_sets);
    return KB_OK;
}

static enum kb_err place_item(const struct kb_plan_build *build, struct kb_plan_item *item)
{
    enum kb_err err = KB_OK;

    for (size_t w = 0; w < item->write_count && !err; w++)
        if (item->writes[w].target == KB_TARGET_SCP03)
            err = place_write(build, item, &item->writes[w]);
    return err;
}

static enum kb_err place_writes(const struct kb_plan_build *build)
{
    enum kb_err err = KB_OK;

    for (size_t f = 0; f < build->plan->field_count && !err; f++) {
        struct kb_plan_field *field = &build->plan->fields[f];

        for (size_t i = 0; i < field->item_count && !err; i++)
            err = place_item(build, &field->items[i]);
    }
    return err;
}

enum kb_err kb_plan_read_domain(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct raw raw = {0};
    size_t mark = kb_yaml_enter(&build->yaml, "security_domain");
    enum kb_err err = node ? kb_schema_read(&build->yaml, node, domain_keys, &raw) : KB_OK;
    size_t len;

    for (size_t i = 0; !err && i < kb_yaml_count(raw.keys); i++)
        err = read_set(build, kb_yaml_element(&build->yaml, raw.keys, i));
    if (!err && raw.cplc)
        err = kb_schema_hex(&build->yaml, raw.cplc, "cplc", KB_PLAN_CPLC, KB_PLAN_CPLC,
                            build->plan->cplc, &len);
    build->plan->has_cplc = raw.cplc;
    kb_yaml_leave(&build->yaml, mark);
    return err ? err : place_writes(build);
}
