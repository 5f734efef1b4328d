/* SPDX-License-Identifier: Apache-2.0 */
/* What a card needs over the air beside its plan for it comes through the maker's own fields, and
 * the servers learn it from the columns of bootstrap.csv. */
#include <string.h>

#include "plan/air.h"

static const struct need {
    uint8_t target; /* enum kb_write_target */
    uint16_t object;
    const char *column; /* NULL: the ICCID, which is there always */
    enum kb_item_format format;
    uint16_t min, max;
    const char *what, *write;
} needs[] = {
    {KB_TARGET_SERIAL, 0, NULL, KB_FORMAT_DIGITS, 18, KB_ID_SC_MAX, "the card's identifier",
     "serial: yes"},
    {KB_TARGET_SECRET, KB_SECRET_IMSI_T, "imsi_t", KB_FORMAT_DIGITS, 6, 15,
     "the temporary identity", "secret: 3"},
    {KB_TARGET_KI, 0, "ak_t", KB_FORMAT_BYTES, 16, 16, "the temporary key", "ki: 0"},
    {KB_TARGET_OPC, 0, "opc_t", KB_FORMAT_BYTES, 16, 16, "its operator variant", "opc: 0"},
    {KB_TARGET_SECRET, KB_SECRET_ADMIN_CODE, "admin_code", KB_FORMAT_DIGITS, 4, KB_ADMIN_CODE_MAX,
     "the admin code", "secret: 0"},
    {KB_TARGET_SECRET, KB_SECRET_KIC, "kic", KB_FORMAT_BYTES, 16, 16,
     "the key that ciphers packets", "secret: 1"},
    {KB_TARGET_SECRET, KB_SECRET_KID, "kid", KB_FORMAT_BYTES, 16, 16,
     "the key that authenticates packets", "secret: 2"},
};

static bool writes_to(const struct kb_plan_item *item, const struct need *need)
{
    for (size_t i = 0; i < item->write_count; i++) {
        const struct kb_plan_write *write = &item->writes[i];

        if (write->target == need->target && write->object == need->object &&
            write->encoder == KB_ENCODE_RAW)
            return true;
    }
    return false;
}

/* The item of a maker's field that fulfils a need; NULL: none. */
static const struct kb_plan_made_item *find(const struct kb_plan *plan, const struct need *need)
{
    for (size_t i = 0; i < plan->made_count; i++) {
        const struct kb_plan_made_item *made = &plan->made[i];

        if (writes_to(&plan->fields[made->field].items[made->item], need))
            return made;
    }
    return NULL;
}

static enum kb_err check_need(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct need *need)
{
    const struct kb_plan_made_item *made = find(build->plan, need);
    const struct kb_plan_item *item;

    if (!made)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "no item with 'made' writes %s; add one to a field of the maker, with "
                            "'write: [{%s}]'",
                            need->what, need->write);
    item = &build->plan->fields[made->field].items[made->item];
    if (item->format != need->format || made->size < need->min || made->size > need->max)
        return kb_report(build->yaml.why, KB_ERR_RANGE,
                         "%s:%d: air: item '%s', %s, should have %u to %u %s", build->yaml.path,
                         item->line, item->name, need->what, need->min, need->max,
                         need->format == KB_FORMAT_BYTES ? "bytes" : "digits");
    if (need->column && strcmp(made->column, need->column) != 0)
        return kb_report(build->yaml.why, KB_ERR_RULE,
                         "%s:%d: air: the column of item '%s' should be '%s', where the servers "
                         "look for %s",
                         build->yaml.path, item->line, item->name, need->column, need->what);
    return KB_OK;
}

enum kb_err kb_plan_air_check_fields(struct kb_plan_build *build, const yaml_node_t *node)
{
    const struct kb_plan *plan = build->plan;
    enum kb_err err = KB_OK;

    if (!plan->has_imsi_t_file || !plan->has_acc_t_file)
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                           "imsi_t should name EF.IMSI and EF.ACC ('file' and 'acc'), where the "
                           "operator's identity will stand");
    for (size_t i = 0; !err && i < sizeof needs / sizeof *needs; i++)
        err = check_need(build, node, &needs[i]);
    return err;
}
