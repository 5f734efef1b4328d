/* SPDX-License-Identifier: Apache-2.0 */
/* PINs and administrative codes of a plan (TS 102 221 clause 9.5). */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "plan/build.h"

struct pin {
    const yaml_node_t *name, *reference, *value, *unblock;
    uint32_t index, tries, unblock_tries;
    bool is_enabled, may_disable, is_shared;
};

static const struct kb_key keys[] = {
    {"name", KB_KEY_SCALAR, true, offsetof(struct pin, name), 0, 0, NULL},
    {"index", KB_KEY_NUMBER, false, offsetof(struct pin, index), 0, KB_PINS - 1, NULL},
    {"reference", KB_KEY_SCALAR, true, offsetof(struct pin, reference), 0, 0, NULL},
    {"tries", KB_KEY_NUMBER, false, offsetof(struct pin, tries), 1, 15, NULL},
    {"unblock_tries", KB_KEY_NUMBER, false, offsetof(struct pin, unblock_tries), 1, 15, NULL},
    {"value", KB_KEY_SCALAR, true, offsetof(struct pin, value), 0, 0, NULL},
    {"unblock", KB_KEY_SCALAR, false, offsetof(struct pin, unblock), 0, 0, NULL},
    {"enabled", KB_KEY_FLAG, false, offsetof(struct pin, is_enabled), 0, 0, NULL},
    {"may_disable", KB_KEY_FLAG, false, offsetof(struct pin, may_disable), 0, 0, NULL},
    {"shared", KB_KEY_FLAG, false, offsetof(struct pin, is_shared), 0, 0, NULL},
    {0},
};

static bool is_random(const yaml_node_t *node)
{
    const char *text = kb_yaml_text(node);

    return text && !strcmp(text, "random");
}

/* Key references of TS 102 221 clause 9.5.1, table 9.3. */
static bool is_reference(uint8_t reference)
{
    uint8_t low = reference & 0x7F;

    return (low >= 0x01 && low <= 0x08) || (low >= 0x0A && low <= 0x0E) || reference == 0x11;
}

static enum kb_err read_reference(struct kb_plan_build *build, const yaml_node_t *node,
                                  uint8_t *reference)
{
    size_t len;
    enum kb_err err = kb_schema_hex(&build->yaml, node, "reference", 1, 1, reference, &len);

    if (err)
        return err;
    if (!is_reference(*reference))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "reference is %02X; it should be 01-08 or 81-88 (PIN), 0A-0E or 8A-8E "
                            "(ADM) or 11 (universal PIN)",
                            *reference);
    for (size_t i = 0; i < build->plan->pin_count; i++) {
        if (build->plan->pins[i].object[0] == *reference)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "reference %02X belongs to another PIN of this plan already; "
                                "choose a free one",
                                *reference);
    }
    return KB_OK;
}

/* Digits padded with FF, as VERIFY PIN sends them (clause 9.5.1). */
static enum kb_err read_code(struct kb_plan_build *build, const yaml_node_t *node, const char *what,
                             size_t min, uint8_t code[KB_PIN_SIZE])
{
    char digits[KB_PIN_SIZE + 1];
    enum kb_err err = kb_schema_digits(&build->yaml, node, what, min, KB_PIN_SIZE, digits);

    if (!err)
        memcpy(code, digits, strlen(digits));
    kb_wipe(digits, sizeof digits);
    return err;
}

static enum kb_err read_codes(struct kb_plan_build *build, const struct pin *raw,
                              struct kb_plan_pin *pin)
{
    enum kb_err err = KB_OK;

    memset(pin->object + 4, 0xFF, KB_PIN_OBJECT - 4);
    pin->is_random = is_random(raw->value);
    if (raw->unblock && is_random(raw->unblock) != pin->is_random)
        return kb_yaml_fail(&build->yaml, raw->unblock, KB_ERR_MALFORMED,
                            "value and unblock should both be random or both be digits");
    if (pin->is_random)
        return KB_OK;
    err = read_code(build, raw->value, "value", 4, pin->object + 4);
    if (!err && raw->unblock)
        err = read_code(build, raw->unblock, "unblock", KB_PIN_SIZE, pin->object + 4 + KB_PIN_SIZE);
    return err;
}

static enum kb_err check_index(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct kb_plan_pin *pin)
{
    const char *name = build->pin_names[pin->index];

    if (name[0])
        return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                            "index %u belongs to '%s' already; choose a free one from 0 to %d",
                            pin->index, name, KB_PINS - 1);
    return KB_OK;
}

static enum kb_err name_pin(struct kb_plan_build *build, const struct pin *raw,
                            const struct kb_plan_pin *pin)
{
    char name[KB_NAME_MAX + 1];
    enum kb_err err = kb_schema_name(&build->yaml, raw->name, "name", name, sizeof name);

    for (size_t i = 0; !err && i < KB_PINS; i++) {
        if (!strcmp(build->pin_names[i], name))
            err = kb_yaml_fail(&build->yaml, raw->name, KB_ERR_EXISTS,
                               "name '%s' is there twice; give each PIN its own", name);
    }
    if (!err)
        memcpy(build->pin_names[pin->index], name, sizeof name);
    return err;
}

static enum kb_err read_pin(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct kb_plan_pin *pin = &build->plan->pins[build->plan->pin_count];
    struct pin raw = {.index = (uint32_t)build->plan->pin_count,
                      .tries = 3,
                      .unblock_tries = 10,
                      .is_enabled = true};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (err)
        return err;
    pin->index = (uint8_t)raw.index;
    pin->is_enabled = raw.is_enabled;
    err = read_reference(build, raw.reference, &pin->object[0]);
    pin->object[1] = (uint8_t)raw.tries;
    pin->object[2] = raw.unblock ? (uint8_t)raw.unblock_tries : 0;
    pin->object[3] =
        (uint8_t)((raw.may_disable ? KB_PIN_MAY_DISABLE : 0) |
                  (raw.unblock ? KB_PIN_HAS_UNBLOCK : 0) | (raw.is_shared ? KB_PIN_SHARED : 0));
    if (!err)
        err = read_codes(build, &raw, pin);
    if (!err)
        err = check_index(build, node, pin);
    if (!err)
        err = name_pin(build, &raw, pin);
    build->plan->pin_count++;
    return err;
}

enum kb_err kb_plan_read_pins(struct kb_plan_build *build, const yaml_node_t *node)
{
    size_t count = kb_yaml_count(node);
    enum kb_err err = KB_OK;

    build->plan->pins = calloc(count + 1, sizeof *build->plan->pins);
    if (!build->plan->pins)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    for (size_t i = 0; !err && i < count; i++) {
        const yaml_node_t *element = kb_yaml_element(&build->yaml, node, i);
        const char *name = kb_yaml_text(kb_yaml_find(&build->yaml, element, "name"));
        size_t mark = kb_yaml_enter(&build->yaml, "pins: %s",
                                    name ? kb_schema_shown(name).text : "(no name)");

        err = read_pin(build, element);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err;
}

enum kb_err kb_plan_pin_named(struct kb_plan_build *build, const yaml_node_t *node,
                              const char *what, uint8_t *index)
{
    const char *words[KB_PINS + 1] = {0};
    uint8_t index_of[KB_PINS];
    size_t count = 0;
    unsigned word = 0;
    enum kb_err err;

    for (uint8_t i = 0; i < KB_PINS; i++) {
        if (!build->pin_names[i][0])
            continue;
        index_of[count] = i;
        words[count++] = build->pin_names[i];
    }
    if (!count)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "%s: this plan declares no pins; add a list 'pins'", what);
    err = kb_schema_word(&build->yaml, node, what, words, &word);
    if (!err)
        *index = index_of[word];
    return err;
}
