/* SPDX-License-Identifier: Apache-2.0 */
/* Access rules: by names of PINs in the plan, as records of EF.ARR in the card (TS 102 221 clause
 * 9.2.7, ISO/IEC 7816-4 clause 9.3.5, expanded format). */
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"
#include "wire/tlv.h"

enum {
    TAG_ACCESS_MODE = 0x80,
    TAG_ACCESS_INSTRUCTION = 0x84,
    TAG_ALWAYS = 0x90,
    TAG_NEVER = 0x97,
    TAG_OR = 0xA0,
    TAG_AND = 0xAF,
    TAG_KEY = 0xA4
};

/* What a rule may speak of: its bit in the access mode byte (ISO/IEC 7816-4 tables 16 and 17), or
 * an instruction, and whether an EF, a DF or both have it. */
static const struct operation {
    const char *name;
    uint8_t mode, instruction;
    bool is_for_ef, is_for_df;
} operations[KB_OPERATIONS] = {
    [KB_OP_READ] = {"read", 0x01, 0, true, false},
    [KB_OP_UPDATE] = {"update", 0x02, 0, true, false},
    [KB_OP_INCREASE] = {"increase", 0, 0x32, true, false},
    [KB_OP_ACTIVATE] = {"activate", 0x10, 0, true, true},
    [KB_OP_DEACTIVATE] = {"deactivate", 0x08, 0, true, true},
    [KB_OP_TERMINATE] = {"terminate", 0x20, 0, true, true},
    [KB_OP_DELETE] = {"delete", 0x40, 0, true, true},
    [KB_OP_CREATE] = {"create", 0x06, 0, false, true},
    [KB_OP_RESIZE] = {"resize", 0, 0xD4, true, true},
};

struct conditions {
    const yaml_node_t *of[KB_OPERATIONS];
};

#define OPERATION(op, word)                                                                        \
    {                                                                                              \
        word, KB_KEY_ANY, false, offsetof(struct conditions, of) + (op) * sizeof(void *), 0, 0,    \
            NULL                                                                                   \
    }

static const struct kb_key keys[] = {
    OPERATION(KB_OP_READ, "read"),
    OPERATION(KB_OP_UPDATE, "update"),
    OPERATION(KB_OP_INCREASE, "increase"),
    OPERATION(KB_OP_ACTIVATE, "activate"),
    OPERATION(KB_OP_DEACTIVATE, "deactivate"),
    OPERATION(KB_OP_TERMINATE, "terminate"),
    OPERATION(KB_OP_DELETE, "delete"),
    OPERATION(KB_OP_CREATE, "create"),
    OPERATION(KB_OP_RESIZE, "resize"),
    {0},
};

/* --- From YAML to conditions --- */

static enum kb_err read_pin_list(struct kb_plan_build *build, const yaml_node_t *list,
                                 struct kb_plan_condition *condition)
{
    size_t count = kb_yaml_count(list);

    if (!count)
        return kb_yaml_fail(&build->yaml, list, KB_ERR_MALFORMED,
                            "the list of PINs is empty; write 'never' when nobody may");
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *node = kb_yaml_element(&build->yaml, list, i);
        uint8_t pin = 0;
        enum kb_err err = kb_plan_pin_named(build, node, "PIN", &pin);

        if (err)
            return err;
        condition->pins |= (uint8_t)(1u << pin);
    }
    return KB_OK;
}

static enum kb_err read_all_of(struct kb_plan_build *build, const yaml_node_t *node,
                               struct kb_plan_condition *condition)
{
    static const struct kb_key all_keys[] = {{"all", KB_KEY_LIST, true, 0, 0, 0, NULL}, {0}};
    const yaml_node_t *list = NULL;
    enum kb_err err = kb_schema_read(&build->yaml, node, all_keys, &list);

    condition->is_all = true;
    return err ? err : read_pin_list(build, list, condition);
}

/* always | never | [pin, ...] | {all: [pin, ...]} */
static enum kb_err read_condition(struct kb_plan_build *build, const yaml_node_t *node,
                                  struct kb_plan_condition *condition)
{
    const char *text = kb_yaml_text(node);

    condition->is_given = true;
    if (node->type == YAML_SEQUENCE_NODE)
        return read_pin_list(build, node, condition);
    if (node->type == YAML_MAPPING_NODE)
        return read_all_of(build, node, condition);
    if (text && !strcmp(text, "always")) {
        condition->is_always = true;
        return KB_OK;
    }
    if (text && !strcmp(text, "never"))
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                        "'%s' is no condition; it should be always, never or a list of PINs such "
                        "as [adm1]",
                        text ? kb_schema_shown(text).text : "");
}

/* --- From conditions to a record --- */

static void put_key(struct kb_plan_build *build, struct kb_writer *wr, uint8_t pin)
{
    uint8_t reference = 0;
    size_t mark = kb_tlv_open(wr, TAG_KEY);

    for (size_t i = 0; i < build->plan->pin_count; i++) {
        if (build->plan->pins[i].index == pin)
            reference = build->plan->pins[i].object[0];
    }
    kb_tlv_put_u8(wr, 0x83, reference);
    kb_tlv_put_u8(wr, 0x95, 0x08); /* usage qualifier: user authentication by knowledge */
    kb_tlv_close(wr, mark);
}

static void put_condition(struct kb_plan_build *build, struct kb_writer *wr,
                          const struct kb_plan_condition *condition)
{
    bool is_one = !(condition->pins & (condition->pins - 1));
    size_t mark = 0;

    if (condition->is_always || !condition->pins) {
        kb_tlv_put(wr, condition->is_always ? TAG_ALWAYS : TAG_NEVER, kb_span(NULL, 0));
        return;
    }
    if (!is_one)
        mark = kb_tlv_open(wr, condition->is_all ? TAG_AND : TAG_OR);
    for (uint8_t pin = 0; pin < KB_PINS; pin++) {
        if (condition->pins & 1u << pin)
            put_key(build, wr, pin);
    }
    if (!is_one)
        kb_tlv_close(wr, mark);
}

static bool is_same(const struct kb_plan_condition *a, const struct kb_plan_condition *b)
{
    return a->is_given && b->is_given && a->is_always == b->is_always && a->pins == b->pins &&
           a->is_all == b->is_all;
}

/* One access mode DO for all operations of the byte that share a condition, one for each
 * instruction. */
static enum kb_err compile(struct kb_plan_build *build, const yaml_node_t *at,
                           const struct kb_plan_condition conditions[KB_OPERATIONS],
                           struct kb_plan_rule *rule)
{
    struct kb_writer wr = kb_wr(rule->record, sizeof rule->record);
    uint8_t done = 0;

    for (size_t op = 0; op < KB_OPERATIONS; op++) {
        uint8_t mode = 0;

        if (!conditions[op].is_given || (operations[op].mode & done))
            continue;
        for (size_t other = op; other < KB_OPERATIONS; other++) {
            if (is_same(&conditions[op], &conditions[other]))
                mode |= operations[other].mode;
        }
        if (operations[op].instruction)
            kb_tlv_put_u8(&wr, TAG_ACCESS_INSTRUCTION, operations[op].instruction);
        else
            kb_tlv_put_u8(&wr, TAG_ACCESS_MODE, mode);
        done |= operations[op].instruction ? 0 : mode;
        put_condition(build, &wr, &conditions[op]);
    }
    rule->len = (uint8_t)wr.len;
    if (wr.is_bad || !wr.len)
        return kb_yaml_fail(&build->yaml, at, KB_ERR_TOO_LONG,
                            wr.len ? "the rule needs more than %d bytes; use fewer conditions"
                                   : "the rule is empty; say who may do what, up to %d bytes",
                            KB_PLAN_RULE_MAX);
    return KB_OK;
}

static enum kb_err check_kinds(struct kb_plan_build *build, const yaml_node_t *at,
                               const struct kb_plan_condition conditions[KB_OPERATIONS],
                               struct kb_plan_rule *rule)
{
    for (size_t op = 0; op < KB_OPERATIONS; op++) {
        rule->is_for_ef |= conditions[op].is_given && !operations[op].is_for_df;
        rule->is_for_df |= conditions[op].is_given && !operations[op].is_for_ef;
    }
    if (rule->is_for_ef && rule->is_for_df)
        return kb_yaml_fail(&build->yaml, at, KB_ERR_RULE,
                            "'create' is for DFs and read, update and increase are for EFs; make "
                            "two rules of it");
    return KB_OK;
}

static enum kb_err read_rule(struct kb_plan_build *build, const yaml_node_t *key,
                             const yaml_node_t *value)
{
    struct kb_plan_rule *rule = &build->rules[build->rule_count];
    struct kb_plan_condition conditions[KB_OPERATIONS] = {0};
    struct conditions raw = {{0}};
    enum kb_err err = kb_schema_name(&build->yaml, key, "name", rule->name, sizeof rule->name);
    size_t mark = kb_yaml_enter(&build->yaml, "access: %s", rule->name);

    for (size_t i = 0; !err && i < build->rule_count; i++) {
        if (!strcmp(build->rules[i].name, rule->name))
            err = kb_yaml_fail(&build->yaml, key, KB_ERR_EXISTS,
                               "this rule is there twice; keep one of them");
    }
    if (!err)
        err = kb_schema_read(&build->yaml, value, keys, &raw);
    for (size_t op = 0; !err && op < KB_OPERATIONS; op++) {
        if (raw.of[op])
            err = read_condition(build, raw.of[op], &conditions[op]);
    }
    if (!err)
        err = check_kinds(build, value, conditions, rule);
    if (!err)
        err = compile(build, value, conditions, rule);
    kb_yaml_leave(&build->yaml, mark);
    build->rule_count++;
    return err;
}

/* The rule of an EF.ARR whose plan says nothing else: everyone may read it, nobody write. It has no
 * name and stands last. */
static void add_readable(struct kb_plan_build *build)
{
    static const uint8_t record[] = {TAG_ACCESS_MODE, 1, 0x01, TAG_ALWAYS, 0};
    struct kb_plan_rule *rule = &build->rules[build->rule_count++];

    memset(rule, 0, sizeof *rule);
    rule->is_for_ef = true;
    rule->len = sizeof record;
    memcpy(rule->record, record, sizeof record);
}

enum kb_err kb_plan_read_access(struct kb_plan_build *build, const yaml_node_t *node)
{
    size_t count = kb_yaml_count(node);
    enum kb_err err = KB_OK;

    if (!count || count >= KB_PLAN_RULES)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "access has %zu rules; it may have 1 to %d", count, KB_PLAN_RULES - 1);
    for (size_t i = 0; !err && i < count; i++)
        err = read_rule(build, kb_yaml_key(&build->yaml, node, i),
                        kb_yaml_value(&build->yaml, node, i));
    add_readable(build);
    return err;
}

enum kb_err kb_plan_rule_named(struct kb_plan_build *build, const yaml_node_t *node, uint8_t *index)
{
    const char *words[KB_PLAN_RULES + 1] = {0};
    unsigned word = 0;
    enum kb_err err;

    for (size_t i = 0; i + 1 < build->rule_count; i++)
        words[i] = build->rules[i].name;
    err = kb_schema_word(&build->yaml, node, "access", words, &word);
    *index = (uint8_t)word;
    return err;
}
