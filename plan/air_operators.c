/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that a card offers to its user. */
#include <string.h>

#include "plan/air.h"

struct operators {
    size_t count;
    struct entry {
        char id_o[KB_ID_O_MAX + 1], name[KB_OPERATOR_NAME_MAX + 1], code[KB_CPA_CODE_MAX + 1];
    } each[KB_SESSION_OPERATORS];
};

struct raw {
    const yaml_node_t *id, *name, *code;
};

static const struct kb_key keys[] = {
    {"id", KB_KEY_SCALAR, true, offsetof(struct raw, id), 0, 0, NULL},
    {"name", KB_KEY_SCALAR, true, offsetof(struct raw, name), 0, 0, NULL},
    {"code", KB_KEY_SCALAR, false, offsetof(struct raw, code), 0, 0, NULL},
    {0},
};

static enum kb_err check_new(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct operators *operators)
{
    const struct entry *fresh = &operators->each[operators->count];

    for (const struct entry *other = operators->each; other < fresh; other++) {
        if (!strcmp(other->id_o, fresh->id_o))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "id '%s' is there twice; name each operator once", fresh->id_o);
        if (fresh->code[0] && !strcmp(other->code, fresh->code))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "code %s is that of '%s' already; choose another one", fresh->code,
                                other->id_o);
    }
    return KB_OK;
}

static enum kb_err read_operator(struct kb_plan_build *build, const yaml_node_t *node,
                                 struct operators *operators)
{
    struct entry *fresh = &operators->each[operators->count];
    struct raw raw = {0};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (!err)
        err = kb_plan_air_id_o(build, raw.id, "id", fresh->id_o);
    if (!err)
        err = kb_plan_air_shown(build, raw.name, "name", fresh->name, sizeof fresh->name);
    if (!err && raw.code)
        err = kb_schema_digits(&build->yaml, raw.code, "code", 1, KB_CPA_CODE_MAX, fresh->code);
    if (!err)
        err = check_new(build, node, operators);
    operators->count++;
    return err;
}

static enum kb_err write_operators(struct kb_plan_build *build, const yaml_node_t *list,
                                   const struct operators *operators)
{
    struct kb_cpa_operator spans[KB_SESSION_OPERATORS] = {0};
    struct kb_plan_air *air = &build->plan->air;
    struct kb_writer wr = kb_wr(air->operators, sizeof air->operators);

    for (size_t i = 0; i < operators->count; i++) {
        const struct entry *from = &operators->each[i];

        spans[i].id_o = kb_span(from->id_o, strlen(from->id_o));
        spans[i].name = kb_span(from->name, strlen(from->name));
        spans[i].code = kb_span(from->code, strlen(from->code));
    }
    kb_cpa_operators_write(&wr, spans, operators->count);
    air->operators_len = wr.len;
    if (!wr.is_bad)
        return KB_OK;
    return kb_yaml_fail(&build->yaml, list, KB_ERR_TOO_LONG,
                        "operators need more than the %zu bytes a card has for them; use shorter "
                        "names",
                        sizeof air->operators);
}

enum kb_err kb_plan_air_operators(struct kb_plan_build *build, const yaml_node_t *list)
{
    struct operators operators = {0};
    enum kb_err err = KB_OK;

    for (size_t i = 0; !err && list && i < kb_yaml_count(list); i++) {
        size_t mark = kb_yaml_enter(&build->yaml, "operators: %zu", i + 1);

        err = read_operator(build, kb_yaml_element(&build->yaml, list, i), &operators);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err || !list ? err : write_operators(build, list, &operators);
}
