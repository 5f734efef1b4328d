/* SPDX-License-Identifier: Apache-2.0 */
/* Key sets of remote management (card/ota/remote_keys.h, TS 102 225, TS 102 226). Their keys are
 * secrets that items bring. */
#include "card/ota/remote_keys.h"

#include "plan/build.h"

struct raw {
    const yaml_node_t *grants, *targets;
    uint32_t number, kic, kid;
    unsigned packets, counter;
    bool is_ciphered, is_short, is_operators;
};

#define ABSENT UINT32_MAX

static const char *const packets[] = {"aes", "triple-des", NULL};
static const char *const counters[] = {"higher", "next", NULL};

static const struct kb_key keys[] = {
    {"number", KB_KEY_NUMBER, true, offsetof(struct raw, number), 1, 15, NULL},
    {"kic", KB_KEY_NUMBER, false, offsetof(struct raw, kic), 0, KB_SECRETS_OF_PLANS - 1, NULL},
    {"kid", KB_KEY_NUMBER, false, offsetof(struct raw, kid), 0, KB_SECRETS_OF_PLANS - 1, NULL},
    {"operator", KB_KEY_FLAG, false, offsetof(struct raw, is_operators), 0, 0, NULL},
    {"packets", KB_KEY_WORD, false, offsetof(struct raw, packets), 0, 0, packets},
    {"short_cc", KB_KEY_FLAG, false, offsetof(struct raw, is_short), 0, 0, NULL},
    {"ciphered", KB_KEY_FLAG, false, offsetof(struct raw, is_ciphered), 0, 0, NULL},
    {"counter", KB_KEY_WORD, false, offsetof(struct raw, counter), 0, 0, counters},
    {"grants", KB_KEY_LIST, false, offsetof(struct raw, grants), 1, KB_PINS, NULL},
    {"targets", KB_KEY_LIST, true, offsetof(struct raw, targets), 1, KB_REMOTE_TARGETS, NULL},
    {0},
};

/* The first octet of the SPI (TS 102 225 clause 5.1.1). */
enum { SPI_CC = 0x02, SPI_CIPHERED = 0x04, SPI_COUNTER_HIGHER = 0x10, SPI_COUNTER_NEXT = 0x18 };

enum { OPERATORS_KIC = KB_OBJ_OPERATOR_KEYS - KB_OBJ_SECRET, OPERATORS_KID };

static enum kb_err read_grants(struct kb_plan_build *build, const yaml_node_t *list, uint8_t *pins)
{
    *pins = 0;
    for (size_t i = 0; i < kb_yaml_count(list); i++) {
        uint8_t pin = 0;
        enum kb_err err =
            kb_plan_pin_named(build, kb_yaml_element(&build->yaml, list, i), "PIN", &pin);

        if (err)
            return err;
        *pins |= (uint8_t)(1u << pin);
    }
    return KB_OK;
}

/* TAR, and where a script begins: the MF, or a DF or ADF right below it. */
static enum kb_err read_target(struct kb_plan_build *build, const yaml_node_t *node,
                               struct kb_writer *out)
{
    struct target {
        const yaml_node_t *tar, *start;
    } raw = {0};
    static const struct kb_key target_keys[] = {
        {"tar", KB_KEY_SCALAR, true, offsetof(struct target, tar), 0, 0, NULL},
        {"start", KB_KEY_SCALAR, true, offsetof(struct target, start), 0, 0, NULL},
        {0},
    };
    const struct kb_plan_file *file;
    uint8_t tar[KB_TAR_SIZE];
    struct kb_path path;
    size_t len;
    enum kb_err err = kb_schema_read(&build->yaml, node, target_keys, &raw);

    if (!err)
        err = kb_schema_hex(&build->yaml, raw.tar, "tar", KB_TAR_SIZE, KB_TAR_SIZE, tar, &len);
    if (!err)
        err = kb_plan_read_path(build, raw.start, "start", &path);
    if (err)
        return err;
    file = kb_plan_file_at(build->plan, &path);
    if (!file || !kb_plan_is_df(file) || path.depth > 1)
        return kb_yaml_fail(&build->yaml, raw.start, KB_ERR_ABSENT,
                            "start: %s is no MF, and no DF or ADF right below it; name one of this "
                            "plan",
                            kb_plan_path_text(&path).text);
    kb_wr_copy(out, tar, sizeof tar);
    kb_wr_u16(out, path.depth ? path.fid[0] : KB_FID_MF);
    return KB_OK;
}

static bool is_written(const struct kb_plan *plan, uint32_t secret)
{
    const struct kb_plan_write *write;
    struct kb_plan_walk walk = {0};

    while ((write = kb_plan_next_write(plan, &walk)) != NULL)
        if (write->target == KB_TARGET_SECRET && write->object == secret)
            return true;
    return false;
}

static enum kb_err check_keys(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct raw *raw)
{
    if (raw->is_operators && (raw->kic != ABSENT || raw->kid != ABSENT))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "'operator: yes' means the keys made with the operator over the air; "
                            "remove it, or kic and kid");
    if (raw->is_operators)
        return KB_OK;
    if (raw->kic == ABSENT || raw->kid == ABSENT)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "which keys? Add kic and kid, numbers of secrets that items write, or "
                            "'operator: yes'");
    if (is_written(build->plan, raw->kic) && is_written(build->plan, raw->kid))
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                        "no item writes secret %u; without a key the set takes nothing",
                        is_written(build->plan, raw->kic) ? raw->kid : raw->kic);
}

static enum kb_err read_set(struct kb_plan_build *build, const yaml_node_t *node, unsigned index)
{
    static const uint8_t zeros[5];
    struct raw raw = {.kic = ABSENT, .kid = ABSENT, .is_ciphered = true};
    uint8_t bytes[KB_REMOTE_SET_MAX], grants;
    struct kb_writer wr = kb_wr(bytes, sizeof bytes);
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (!err)
        err = check_keys(build, node, &raw);
    if (!err)
        err = read_grants(build, raw.grants, &grants);
    if (err)
        return err;
    kb_wr_u8(&wr, (uint8_t)raw.number);
    kb_wr_u8(&wr, (uint8_t)((raw.packets ? KB_REMOTE_OLD : 0) |
                            (raw.is_short ? KB_REMOTE_SHORT_CC : 0)));
    kb_wr_u8(&wr, (uint8_t)(SPI_CC | (raw.is_ciphered ? SPI_CIPHERED : 0) |
                            (raw.counter ? SPI_COUNTER_NEXT : SPI_COUNTER_HIGHER)));
    kb_wr_u8(&wr, grants);
    kb_wr_u8(&wr, (uint8_t)(raw.is_operators ? OPERATORS_KIC : raw.kic));
    kb_wr_u8(&wr, (uint8_t)(raw.is_operators ? OPERATORS_KID : raw.kid));
    for (size_t i = 0; !err && i < kb_yaml_count(raw.targets); i++)
        err = read_target(build, kb_yaml_element(&build->yaml, raw.targets, i), &wr);
    if (err)
        return err;
    kb_plan_add_object(build, KB_OBJ_REMOTE_KEYS + index, kb_wr_span(&wr));
    kb_plan_add_object(build, KB_OBJ_REMOTE_CNTR + index, kb_span(zeros, sizeof zeros));
    build->plan->remote_count++;
    return KB_OK;
}

/* Two sets of one number are told apart by their targets: those of both would be the first one's.
 */
enum kb_err kb_plan_read_remote(struct kb_plan_build *build, const yaml_node_t *node)
{
    enum kb_err err = KB_OK;

    for (unsigned i = 0; !err && i < kb_yaml_count(node); i++) {
        size_t mark = kb_yaml_enter(&build->yaml, "remote: set %u", i + 1);

        err = read_set(build, kb_yaml_element(&build->yaml, node, i), i);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err;
}
