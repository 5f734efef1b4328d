/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a field: their coding, and that none takes the place of another or of the
 * standard's. */
#include <string.h>

#include "plan/build.h"
#include "wire/hex.h"

enum { VERIFY_METHODS = KB_VERIFY_CHALLENGE + 1 };

/* --- Headers --- */

/* "XX" in place of a byte: any value. */
static const char *take_byte(const char *text, uint8_t *value, uint8_t *mask)
{
    size_t len;

    text += strspn(text, " ");
    *value = 0;
    *mask = 0;
    if (!strncmp(text, "XX", 2))
        return text + 2;
    *mask = 0xFF;
    if (strlen(text) < 2 || kb_hex_decode(kb_span(text, 2), value, 1, &len) || len != 1)
        return NULL;
    return text + 2;
}

enum kb_err kb_plan_read_header(struct kb_plan_build *build, const yaml_node_t *node,
                                const char *what, struct kb_plan_command *command)
{
    uint8_t value[4], mask[4];
    const char *text = kb_yaml_text(node);

    for (size_t i = 0; text && i < 4; i++)
        text = take_byte(text, &value[i], &mask[i]);
    if (!text || text[strspn(text, " ")] || mask[0] != 0xFF || mask[1] != 0xFF)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "%s should be CLA INS P1 P2 in hexadecimal, such as '80 48 00 00'; P1 "
                            "and P2 may be XX for any value",
                            what);
    *command = (struct kb_plan_command){.cla = value[0],
                                        .ins = value[1],
                                        .p1 = value[2],
                                        .p1_mask = mask[2],
                                        .p2 = value[3],
                                        .p2_mask = mask[3]};
    return KB_OK;
}

/* --- What a command must not be --- */

/* Proprietary classes of the basic channel (ISO/IEC 7816-4 clause 5.4.1); 10 is the chaining bit.
 */
static const uint8_t classes[] = {0x80, 0x84, 0x88, 0x8C};

/* Instructions that are somebody else's, under a mask: TS 102 221 clause 10.1.2 for class 8X, and
 * the maker's own of docs/apdu.md 2. */
static const struct {
    uint8_t ins, mask;
    const char *name;
} taken[] = {
    {0x60, 0xF0, "no instruction at all (ISO/IEC 7816-3)"},
    {0x90, 0xF0, "no instruction at all (ISO/IEC 7816-3)"},
    {0x10, 0xFF, "TERMINAL PROFILE"},
    {0x12, 0xFF, "FETCH"},
    {0x14, 0xFF, "TERMINAL RESPONSE"},
    {0x32, 0xFF, "INCREASE"},
    {0x44, 0xFF, "PUT OBJECT"},
    {0x46, 0xFF, "LOAD ALGORITHM"},
    {0x4E, 0xFF, "GENERATE KEY"},
    {0x70, 0xF0, "kept for channels, identity and capabilities"},
    {0xAA, 0xFF, "TERMINAL CAPABILITY"},
    {0xC0, 0xFF, "GET RESPONSE"},
    {0xC2, 0xFF, "ENVELOPE"},
    {0xCB, 0xFF, "RETRIEVE DATA"},
    {0xD4, 0xFF, "RESIZE FILE"},
    {0xDB, 0xFF, "SET DATA"},
    {0xF0, 0xFF, "SET STATUS"},
    {0xF2, 0xFF, "STATUS"},
};

static enum kb_err check_coding(struct kb_plan_build *build, const yaml_node_t *at,
                                const struct kb_plan_command *command)
{
    if (!memchr(classes, command->cla, sizeof classes))
        return kb_yaml_fail(&build->yaml, at, KB_ERR_RULE,
                            "class %02X is not a plan's to use; it should be 80, 84, 88 or 8C",
                            command->cla);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if ((command->ins & taken[i].mask) == taken[i].ins)
            return kb_yaml_fail(&build->yaml, at, KB_ERR_RULE,
                                "instruction %02X is %s; choose another", command->ins,
                                taken[i].name);
    }
    return KB_OK;
}

static bool overlaps(const struct kb_plan_command *a, const struct kb_plan_command *b)
{
    return a->cla == b->cla && a->ins == b->ins && !((a->p1 ^ b->p1) & a->p1_mask & b->p1_mask) &&
           !((a->p2 ^ b->p2) & a->p2_mask & b->p2_mask);
}

/* Fields share headers, because only the enabled one counts; but before that the card listens to
 * ENABLE and GET PERSO STATE of them all. */
static bool is_heard_idle(const struct kb_plan_command *command)
{
    return command->action == KB_ACTION_ENABLE || command->action == KB_ACTION_STATE;
}

static bool is_conflict(const struct kb_plan_command *a, const struct kb_plan_command *b,
                        bool is_same_field)
{
    if (!overlaps(a, b))
        return false;
    if (is_same_field)
        return true;
    if (a->action == KB_ACTION_STATE && b->action == KB_ACTION_STATE)
        return false;
    return is_heard_idle(a) || is_heard_idle(b);
}

static enum kb_err check_conflict(struct kb_plan_build *build, const yaml_node_t *at,
                                  const struct kb_plan_field *field,
                                  const struct kb_plan_command *command)
{
    for (const struct kb_plan_field *other = build->plan->fields; other <= field; other++) {
        for (size_t i = 0; i < other->command_count; i++) {
            if (is_conflict(command, &other->commands[i], other == field))
                return kb_yaml_fail(&build->yaml, at, KB_ERR_EXISTS,
                                    "the command %02X %02X %02X %02X collides with another one of "
                                    "field '%s'; choose another header",
                                    command->cla, command->ins, command->p1, command->p2,
                                    other->name);
        }
    }
    return KB_OK;
}

enum kb_err kb_plan_add_command(struct kb_plan_build *build, struct kb_plan_field *field,
                                const yaml_node_t *at, const struct kb_plan_command *command)
{
    enum kb_err err = check_coding(build, at, command);

    if (!err)
        err = check_conflict(build, at, field, command);
    if (!err && ++build->commands_used > KB_PLAN_ROWS)
        err = kb_yaml_fail(&build->yaml, at, KB_ERR_TOO_LONG,
                           "more than %d commands in one plan; use fewer", KB_PLAN_ROWS);
    if (!err)
        field->commands[field->command_count++] = *command;
    return err;
}

/* --- The commands of a field --- */

struct raw {
    const yaml_node_t *enable, *verify, *put, *lock, *state;
    bool has_scp03;
};

static const struct kb_key keys[] = {
    {"enable", KB_KEY_SCALAR, false, offsetof(struct raw, enable), 0, 0, NULL},
    {"verify", KB_KEY_LIST, false, offsetof(struct raw, verify), 1, VERIFY_METHODS, NULL},
    {"put", KB_KEY_ANY, false, offsetof(struct raw, put), 0, 0, NULL},
    {"lock", KB_KEY_SCALAR, false, offsetof(struct raw, lock), 0, 0, NULL},
    {"state", KB_KEY_SCALAR, false, offsetof(struct raw, state), 0, 0, NULL},
    {"scp03", KB_KEY_FLAG, false, offsetof(struct raw, has_scp03), 0, 0, NULL},
    {0},
};

struct kind {
    const yaml_node_t *header;
    unsigned method, data;
};

static const struct kb_key verify_keys[] = {
    {"header", KB_KEY_SCALAR, true, offsetof(struct kind, header), 0, 0, NULL},
    {"method", KB_KEY_WORD, true, offsetof(struct kind, method), 0, 0, kb_words_method},
    {0},
};

static const struct kb_key put_keys[] = {
    {"header", KB_KEY_SCALAR, true, offsetof(struct kind, header), 0, 0, NULL},
    {"data", KB_KEY_WORD, false, offsetof(struct kind, data), 0, 0, kb_words_data},
    {0},
};

/* One command: what the plan says, or the default coding of docs/apdu.md 3. */
static enum kb_err add(struct kb_plan_build *build, struct kb_plan_field *field,
                       const yaml_node_t *at, const char *name, const yaml_node_t *header,
                       struct kb_plan_command command)
{
    uint8_t action = command.action;
    uint8_t argument = command.argument;
    size_t mark = kb_yaml_enter(&build->yaml, "commands: %s", name);
    enum kb_err err = KB_OK;

    if (header)
        err = kb_plan_read_header(build, header, "the header", &command);
    command.action = action;
    command.argument = argument;
    if (!err)
        err = kb_plan_add_command(build, field, header ? header : at, &command);
    kb_yaml_leave(&build->yaml, mark);
    return err;
}

static struct kb_plan_command usual(uint8_t ins, uint8_t p1, uint8_t action, uint8_t argument)
{
    return (struct kb_plan_command){.cla = 0x80,
                                    .ins = ins,
                                    .p1 = p1,
                                    .p1_mask = 0xFF,
                                    .p2_mask = 0xFF,
                                    .action = action,
                                    .argument = argument};
}

static enum kb_err add_verify(struct kb_plan_build *build, struct kb_plan_field *field,
                              const yaml_node_t *at, const yaml_node_t *list)
{
    enum kb_err err = KB_OK;
    bool has[VERIFY_METHODS] = {false};

    for (uint8_t i = 0; !err && !list && i < VERIFY_METHODS; i++)
        err = add(build, field, at, "verify", NULL, usual(0x42, i, KB_ACTION_VERIFY, i));
    for (size_t i = 0; !err && i < kb_yaml_count(list); i++) {
        const yaml_node_t *node = kb_yaml_element(&build->yaml, list, i);
        struct kind raw = {0};

        err = kb_schema_read(&build->yaml, node, verify_keys, &raw);
        if (!err && has[raw.method])
            err = kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                               "method %s is there twice; keep one of them",
                               kb_words_method[raw.method]);
        if (err)
            break;
        has[raw.method] = true;
        err = add(build, field, at, "verify", raw.header,
                  usual(0x42, 0, KB_ACTION_VERIFY, (uint8_t)raw.method));
    }
    return err;
}

static bool has_tagged_item(const struct kb_plan_field *field)
{
    for (size_t i = 0; i < field->item_count; i++) {
        if (field->items[i].tag)
            return true;
    }
    return false;
}

/* Data groupings have names of two bytes; those of BER-TLV follow ISO/IEC 8825-1 clause 8.1.2. */
static bool is_tag(uint16_t tag, bool is_dgi)
{
    uint8_t first = (uint8_t)(tag >> 8);
    uint8_t last = (uint8_t)tag;

    if (is_dgi)
        return tag != 0xFFFF;
    if (!first)
        return last != 0xFF && (last & 0x1F) != 0x1F;
    return (first & 0x1F) == 0x1F && last >= 0x1F && last < 0x80;
}

static enum kb_err check_tags(struct kb_plan_build *build, const yaml_node_t *at,
                              const struct kb_plan_field *field, bool is_dgi)
{
    for (size_t i = 0; i < field->item_count; i++) {
        const struct kb_plan_item *item = &field->items[i];

        if (item->tag && !is_tag(item->tag, is_dgi))
            return kb_yaml_fail(&build->yaml, at, KB_ERR_MALFORMED,
                                "item '%s' (line %d) has tag %02X, which is no tag of %s",
                                item->name, item->line, item->tag,
                                is_dgi ? "data groupings; use 0001 to FFFE"
                                       : "BER-TLV; use for example C1 to DE or DF21 to DF7F");
    }
    return KB_OK;
}

static enum kb_err add_put(struct kb_plan_build *build, struct kb_plan_field *field,
                           const yaml_node_t *at, const yaml_node_t *put)
{
    struct kind raw = {.header = put};
    enum kb_err err = KB_OK;
    uint8_t action;

    if (!has_tagged_item(field)) {
        if (put)
            return kb_yaml_fail(&build->yaml, put, KB_ERR_RULE,
                                "commands: put: no item of this field has a tag; remove it");
        return KB_OK;
    }
    if (put && put->type == YAML_MAPPING_NODE)
        err = kb_schema_read(&build->yaml, put, put_keys, &raw);
    if (err)
        return err;
    action = raw.data ? KB_ACTION_PUT_DGI : KB_ACTION_PUT_TLV;
    err = check_tags(build, put ? put : at, field, action == KB_ACTION_PUT_DGI);
    return err ? err : add(build, field, at, "put", raw.header, usual(0x48, 0, action, 0));
}

/* While a field is enabled that a secure channel opens, INITIALIZE UPDATE and EXTERNAL AUTHENTICATE
 * are the channel's (GlobalPlatform Card Specification, Amendment D clause 7.1). */
static enum kb_err check_channel(struct kb_plan_build *build, const yaml_node_t *at)
{
    const struct kb_plan *plan = build->plan;
    const struct kb_plan_field *opened = NULL, *taking = NULL;

    for (const struct kb_plan_field *field = plan->fields; field < plan->fields + plan->field_count;
         field++)
        for (size_t i = 0; i < field->command_count; i++) {
            const struct kb_plan_command *command = &field->commands[i];

            if (command->action == KB_ACTION_VERIFY && command->argument == KB_VERIFY_SCP03)
                opened = field;
            else if (command->ins == 0x50 || command->ins == 0x82)
                taking = field;
        }
    if (!opened || !taking)
        return KB_OK;
    return kb_yaml_fail(&build->yaml, at, KB_ERR_RULE,
                        "field '%s' is opened by scp03, whose instructions 50 and 82 a command of "
                        "field '%s' takes; choose another instruction there",
                        opened->name, taking->name);
}

enum kb_err kb_plan_read_commands(struct kb_plan_build *build, struct kb_plan_field *field,
                                  const yaml_node_t *at, const yaml_node_t *commands)
{
    struct raw raw = {0};
    enum kb_err err = KB_OK;

    if (commands)
        err = kb_schema_read(&build->yaml, commands, keys, &raw);
    if (!err)
        err = add(build, field, at, "enable", raw.enable,
                  usual(0x40, field->number, KB_ACTION_ENABLE, 0));
    if (!err)
        err = add_verify(build, field, at, raw.verify);
    if (!err && raw.has_scp03)
        err = add(build, field, at, "scp03", NULL,
                  usual(0x42, KB_VERIFY_SCP03, KB_ACTION_VERIFY, KB_VERIFY_SCP03));
    if (!err)
        err = add_put(build, field, at, raw.put);
    if (!err)
        err = add(build, field, at, "lock", raw.lock, usual(0x4A, 0, KB_ACTION_LOCK, 0));
    if (!err)
        err = add(build, field, at, "state", raw.state, usual(0x4C, 0, KB_ACTION_STATE, 0));
    if (!err)
        err = check_channel(build, at);
    return err;
}
