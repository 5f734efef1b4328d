/* SPDX-License-Identifier: Apache-2.0 */
/* How subscriptions authenticate: algorithm, lengths, sequence numbers (TS 33.102 annex C, TS
 * 35.231), and whether the keys that items bring suit the algorithm. */
#include <string.h>

#include "crypto/aka.h"
#include "plan/build.h"
#include "plan/profile.h"

struct raw {
    uint32_t subscription;
    const yaml_node_t *parts[KB_PROFILE_PARTS];
};

static const struct kb_key keys[] = {
    {"subscription", KB_KEY_NUMBER, true, offsetof(struct raw, subscription), 0,
     KB_SUBSCRIPTIONS - 1, NULL},
    KB_PROFILE_KEYS(struct raw),
    KB_PROFILE_KEY(struct raw, KB_PROFILE_DELTA, "delta"),
    KB_PROFILE_KEY(struct raw, KB_PROFILE_AGE_LIMIT, "age_limit"),
    {0},
};

static enum kb_err read_profile(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct raw raw = {0};
    struct kb_plan_profile *profile;
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (err)
        return err;
    profile = &build->plan->profiles[raw.subscription];
    if (profile->is_there)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                            "subscription %u is there twice; keep one of them", raw.subscription);
    profile->is_there = true;
    err = kb_profile_read(&build->yaml, node, raw.parts, KB_PROFILE_PARTS, profile->bytes);
    if (!err)
        kb_plan_add_object(build, KB_OBJ_AKA + raw.subscription,
                           kb_span(profile->bytes, KB_PROFILE_SIZE));
    return err;
}

enum kb_err kb_plan_read_authentication(struct kb_plan_build *build, const yaml_node_t *node)
{
    size_t mark = kb_yaml_enter(&build->yaml, "authentication");
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < KB_SUBSCRIPTIONS; i++)
        memcpy(build->plan->profiles[i].bytes, kb_profile_usual, KB_PROFILE_SIZE);
    for (size_t i = 0; !err && i < kb_yaml_count(node); i++)
        err = read_profile(build, kb_yaml_element(&build->yaml, node, i));
    kb_yaml_leave(&build->yaml, mark);
    return err;
}

/* --- Keys --- */

const struct kb_plan_write *kb_plan_next_write(const struct kb_plan *plan,
                                               struct kb_plan_walk *walk)
{
    for (; walk->field < plan->field_count; walk->field++, walk->item = 0) {
        const struct kb_plan_field *field = &plan->fields[walk->field];

        for (; walk->item < field->item_count; walk->item++, walk->write = 0) {
            walk->of = &field->items[walk->item];
            if (walk->write < walk->of->write_count)
                return &walk->of->writes[walk->write++];
        }
    }
    return NULL;
}

/* Whether an item chooses this part of a subscription's profile: then the entity sees to it that
 * all suits. */
static bool is_open(const struct kb_plan *plan, uint16_t subscription, uint8_t part)
{
    const struct kb_plan_write *write;
    struct kb_plan_walk walk = {0};

    while ((write = kb_plan_next_write(plan, &walk)) != NULL)
        if (write->target == KB_TARGET_AKA && write->argument == part &&
            write->object == subscription)
            return true;
    return false;
}

static bool has_write(const struct kb_plan *plan, uint8_t target, uint16_t subscription)
{
    const struct kb_plan_write *write;
    struct kb_plan_walk walk = {0};

    while ((write = kb_plan_next_write(plan, &walk)) != NULL)
        if (write->target == target && write->object == subscription)
            return true;
    return false;
}

static enum kb_err refuse(const struct kb_plan_build *build, const struct kb_plan_item *item,
                          const struct kb_plan_write *write, const char *reason)
{
    const uint8_t *profile = build->plan->profiles[write->object].bytes;

    return kb_report(build->yaml.why, KB_ERR_RULE,
                     "%s:%d: item '%s': subscription %u has algorithm %s and gsm %s, %s",
                     build->yaml.path, item->line, item->name, write->object,
                     kb_words_algorithm[profile[KB_PROFILE_ALGORITHM]],
                     kb_words_gsm[profile[KB_PROFILE_GSM]], reason);
}

/* K has 16 bytes, with TUAK 16 or 32, of which COMP128 and XOR for GSM take 16. */
static enum kb_err check_ki(const struct kb_plan_build *build, const struct kb_plan_item *item,
                            const struct kb_plan_write *write)
{
    const struct kb_plan *plan = build->plan;
    const struct kb_plan_profile *said = &plan->profiles[write->object];
    const uint8_t *profile = said->bytes;
    bool is_converted = profile[KB_PROFILE_GSM] == KB_GSM_CONVERTED;

    if (profile[KB_PROFILE_ALGORITHM] != KB_AKA_TUAK && item->max != KB_KI_SHORT)
        return refuse(build, item, write, "whose key has 16 bytes; use 'length: 16'");
    if (!is_converted && item->min == KB_KI_LONG)
        return refuse(build, item, write,
                      "which takes a key of 16 bytes only; use 'length: 16', or gsm from-3g");
    if (said->is_there && is_converted && profile[KB_PROFILE_ALGORITHM] != KB_AKA_XOR &&
        !has_write(plan, KB_TARGET_OPC, write->object))
        return refuse(build, item, write,
                      "which cannot do without an operator variant; add an item that writes opc, "
                      "or use algorithm xor, or a gsm algorithm of its own");
    return KB_OK;
}

/* OPc has 16 bytes, TOPc 32. */
static enum kb_err check_opc(const struct kb_plan_build *build, const struct kb_plan_item *item,
                             const struct kb_plan_write *write)
{
    bool is_tuak = build->plan->profiles[write->object].bytes[KB_PROFILE_ALGORITHM] == KB_AKA_TUAK;

    if (item->min == item->max && (item->max == KB_KI_LONG) == is_tuak)
        return KB_OK;
    return refuse(build, item, write,
                  is_tuak ? "whose operator variant has 32 bytes; use 'length: 32'"
                          : "whose operator variant has 16 bytes; use 'length: 16'");
}

static enum kb_err check_key(const struct kb_plan_build *build, const struct kb_plan_item *item,
                             const struct kb_plan_write *write)
{
    bool is_ki = write->target == KB_TARGET_KI;

    if ((!is_ki && write->target != KB_TARGET_OPC) ||
        is_open(build->plan, write->object, KB_PROFILE_ALGORITHM) ||
        is_open(build->plan, write->object, KB_PROFILE_GSM))
        return KB_OK;
    return is_ki ? check_ki(build, item, write) : check_opc(build, item, write);
}

enum kb_err kb_plan_check_keys(struct kb_plan_build *build)
{
    const struct kb_plan *plan = build->plan;
    const struct kb_plan_write *write;
    struct kb_plan_walk walk = {0};
    enum kb_err err = KB_OK;

    if (plan->air.is_there && plan->profiles[1].bytes[0] != KB_AKA_MILENAGE)
        return kb_yaml_fail(&build->yaml, NULL, KB_ERR_RULE,
                            "authentication: keys made over the air are for milenage; subscription "
                            "1 should have that algorithm");
    while (!err && (write = kb_plan_next_write(plan, &walk)) != NULL)
        err = check_key(build, walk.of, write);
    return err;
}
