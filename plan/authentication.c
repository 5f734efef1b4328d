/* SPDX-License-Identifier: Apache-2.0 */
/* How subscriptions authenticate: algorithm, lengths, sequence numbers (TS 33.102 annex C, TS
 * 35.231), and whether the keys that items bring suit the algorithm. */
#include <string.h>

#include "crypto/aka.h"
#include "plan/build.h"

struct raw {
    uint32_t subscription;
    const yaml_node_t *parts[KB_PROFILE_PARTS];
};

#define PART(part, word)                                                                           \
    {                                                                                              \
        word, KB_KEY_SCALAR, false, offsetof(struct raw, parts) + (part) * sizeof(void *), 0, 0,   \
            NULL                                                                                   \
    }

static const struct kb_key keys[] = {
    {"subscription", KB_KEY_NUMBER, true, offsetof(struct raw, subscription), 0,
     KB_SUBSCRIPTIONS - 1, NULL},
    PART(KB_PROFILE_ALGORITHM, "algorithm"),
    PART(KB_PROFILE_GSM, "gsm"),
    PART(KB_PROFILE_RES, "res"),
    PART(KB_PROFILE_CK, "ck"),
    PART(KB_PROFILE_IK, "ik"),
    PART(KB_PROFILE_MAC, "mac"),
    PART(KB_PROFILE_ITERATIONS, "iterations"),
    PART(KB_PROFILE_IND_BITS, "ind_bits"),
    PART(KB_PROFILE_DELTA, "delta"),
    PART(KB_PROFILE_AGE_LIMIT, "age_limit"),
    {0},
};

/* What a part may be, for messages. */
static const char *const values[KB_PROFILE_PARTS] = {
    [KB_PROFILE_ALGORITHM] = "milenage, tuak or xor",
    [KB_PROFILE_GSM] = "from-3g, comp128v1, comp128v2, comp128v3 or xor",
    [KB_PROFILE_RES] = "4 to 16",
    [KB_PROFILE_CK] = "16 or 32",
    [KB_PROFILE_IK] = "16 or 32",
    [KB_PROFILE_MAC] = "8, 16 or 32",
    [KB_PROFILE_ITERATIONS] = "1 to 255",
    [KB_PROFILE_IND_BITS] = "0 to 5",
    [KB_PROFILE_DELTA] = "none or 1 to 281474976710655",
    [KB_PROFILE_AGE_LIMIT] = "none or 1 to 281474976710655",
};

static enum kb_err read_part(struct kb_plan_build *build, const yaml_node_t *node, uint8_t part,
                             uint8_t profile[KB_PROFILE_SIZE])
{
    const char *text = kb_yaml_text(node);
    uint8_t encoded[KB_PROFILE_PART_MAX];
    enum kb_err err =
        kb_profile_encode(part, kb_span(text, strlen(text)), encoded, kb_profile_part_size(part));

    if (err)
        return kb_yaml_fail(&build->yaml, node, err, "%s is '%s'; it should be %s",
                            kb_words_aka[part], kb_schema_shown(text).text, values[part]);
    kb_profile_place(part, encoded, profile);
    return KB_OK;
}

/* Lengths that only go with some algorithms (crypto/aka.h). */
static enum kb_err check_profile(struct kb_plan_build *build, const yaml_node_t *node,
                                 const uint8_t profile[KB_PROFILE_SIZE])
{
    const struct kb_aka_profile lengths = {.algorithm = profile[0],
                                           .gsm = profile[1],
                                           .res_len = profile[2],
                                           .ck_len = profile[3],
                                           .ik_len = profile[4],
                                           .mac_len = profile[5],
                                           .iterations = profile[6]};

    if (!kb_aka_check(&lengths))
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                        "these lengths do not go with the algorithm: milenage has res 4 to 8, xor "
                        "4 to 16, both ck 16, ik 16 and mac 8; tuak has res 4, 8 or 16");
}

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
    for (uint8_t part = 0; part < KB_PROFILE_PARTS && !err; part++)
        if (raw.parts[part])
            err = read_part(build, raw.parts[part], part, profile->bytes);
    if (!err)
        err = check_profile(build, node, profile->bytes);
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

/* An entity that chooses the algorithm brings keys that suit it. */
static bool is_algorithm_open(const struct kb_plan *plan, uint16_t subscription)
{
    const struct kb_plan_write *write;
    struct kb_plan_walk walk = {0};

    while ((write = kb_plan_next_write(plan, &walk)) != NULL)
        if (write->target == KB_TARGET_AKA && write->argument == KB_PROFILE_ALGORITHM &&
            write->object == subscription)
            return true;
    return false;
}

/* K has 16 bytes, with TUAK 16 or 32; OPc has 16, TOPc 32. */
static bool suits(const struct kb_plan_item *item, bool is_ki, bool is_tuak)
{
    if (is_ki)
        return is_tuak || item->max == KB_KI_SHORT;
    return item->min == item->max && (item->max == KB_KI_LONG) == is_tuak;
}

static enum kb_err check_key(const struct kb_plan_build *build, const struct kb_plan_item *item,
                             const struct kb_plan_write *write)
{
    bool is_ki = write->target == KB_TARGET_KI;
    uint8_t algorithm;

    if ((!is_ki && write->target != KB_TARGET_OPC) || is_algorithm_open(build->plan, write->object))
        return KB_OK;
    algorithm = build->plan->profiles[write->object].bytes[0];
    if (suits(item, is_ki, algorithm == KB_AKA_TUAK))
        return KB_OK;
    return kb_report(build->yaml.why, KB_ERR_RULE,
                     "%s:%d: item '%s': subscription %u has algorithm %s, whose %s has %d bytes",
                     build->yaml.path, item->line, item->name, write->object,
                     kb_words_algorithm[algorithm], is_ki ? "key" : "operator variant",
                     is_ki || algorithm != KB_AKA_TUAK ? KB_KI_SHORT : KB_KI_LONG);
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
