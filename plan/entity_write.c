/* SPDX-License-Identifier: Apache-2.0 */
/* The entity view of a plan, as YAML (docs/plan.md 10). Only what entity.h has a place for is
 * written, so that nothing else can slip out. */
#include <string.h>

#include "plan/build.h"
#include "plan/entity.h"
#include "plan/profile.h"

static const struct kb_plan_command *find(const struct kb_plan_field *field, uint8_t action)
{
    for (size_t i = 0; i < field->command_count; i++) {
        if (field->commands[i].action == action)
            return &field->commands[i];
    }
    return NULL;
}

/* The challenge is preferred: then the code itself never crosses the reader. */
static const struct kb_plan_command *find_verify(const struct kb_plan_field *field)
{
    const struct kb_plan_command *best = NULL;

    for (size_t i = 0; i < field->command_count; i++) {
        const struct kb_plan_command *command = &field->commands[i];

        if (command->action == KB_ACTION_VERIFY && command->argument != KB_VERIFY_SCP03 &&
            (!best || command->argument > best->argument))
            best = command;
    }
    return best;
}

static bool has_scp03(const struct kb_plan_field *field)
{
    for (size_t i = 0; i < field->command_count; i++)
        if (field->commands[i].action == KB_ACTION_VERIFY &&
            field->commands[i].argument == KB_VERIFY_SCP03)
            return true;
    return false;
}

static const struct kb_plan_command *find_own(const struct kb_plan_field *field, size_t item)
{
    for (size_t i = 0; i < field->command_count; i++) {
        if (field->commands[i].action == KB_ACTION_PUT_ITEM && field->commands[i].argument == item)
            return &field->commands[i];
    }
    return NULL;
}

/* Double-quoted YAML: only the quote and the backslash need care in printable text. */
static void put_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_command(FILE *out, const char *indent, const char *key,
                        const struct kb_plan_command *command)
{
    if (command)
        fprintf(out, "%s%s: \"%02X%02X%02X%02X\"\n", indent, key, command->cla, command->ins,
                command->p1, command->p2);
}

static void put_commands(const struct kb_plan_field *field, FILE *out)
{
    const struct kb_plan_command *put = find(field, KB_ACTION_PUT_TLV);
    const struct kb_plan_command *verify = find_verify(field);
    const char *data = kb_words_data[0];

    if (!put) {
        put = find(field, KB_ACTION_PUT_DGI);
        data = kb_words_data[1];
    }
    fprintf(out, "    commands:\n");
    put_command(out, "      ", "enable", find(field, KB_ACTION_ENABLE));
    put_command(out, "      ", "verify", verify);
    fprintf(out, "      method: %s\n", kb_words_method[verify ? verify->argument : 0]);
    put_command(out, "      ", "put", put);
    if (put)
        fprintf(out, "      data: %s\n", data);
    put_command(out, "      ", "lock", find(field, KB_ACTION_LOCK));
    put_command(out, "      ", "state", find(field, KB_ACTION_STATE));
    if (has_scp03(field))
        fprintf(out, "      scp03: yes\n");
}

/* The profile of the subscription whose key an item of the field is; NULL: there is none, or the
 * plan does not speak of it. */
static const struct kb_plan_profile *find_profile(const struct kb_plan *plan,
                                                  const struct kb_plan_field *field)
{
    struct kb_plan_walk walk = {.field = (size_t)(field - plan->fields)};
    const struct kb_plan_write *write;

    while ((write = kb_plan_next_write(plan, &walk)) != NULL && &plan->fields[walk.field] == field)
        if (write->target == KB_TARGET_KI)
            return plan->profiles[write->object].is_there ? &plan->profiles[write->object] : NULL;
    return NULL;
}

static void put_authentication(const struct kb_plan *plan, const struct kb_plan_field *field,
                               FILE *out)
{
    const struct kb_plan_profile *profile = find_profile(plan, field);
    char text[KB_PROFILE_TEXT];

    if (!profile)
        return;
    fprintf(out, "    authentication:\n");
    for (uint8_t part = 0; part < KB_PROFILE_SHOWN; part++) {
        kb_profile_show(profile->bytes, part, text);
        fprintf(out, "      %s: %s\n", kb_words_aka[part], text);
    }
}

/* An item that chooses how its subscription authenticates means that to the proof, whatever its
 * name. */
static const char *role_of(const struct kb_plan_item *item)
{
    const struct kb_plan_write *write = item->writes;

    if (!item->role[0] && write->target == KB_TARGET_AKA && write->argument < KB_PROFILE_SHOWN)
        return kb_words_aka_role[write->argument];
    return item->role;
}

/* The number of a data grouping has two bytes, also a small one. */
static int tag_digits(const struct kb_plan_field *field, uint16_t tag)
{
    return tag > 0xFF || find(field, KB_ACTION_PUT_DGI) ? 4 : 2;
}

static void put_item(const struct kb_plan_field *field, size_t index, FILE *out)
{
    const struct kb_plan_item *item = &field->items[index];

    fprintf(out, "      - name: %s\n", item->name);
    if (item->about[0]) {
        fprintf(out, "        about: ");
        put_text(out, item->about);
        fputc('\n', out);
    }
    if (role_of(item)[0])
        fprintf(out, "        role: %s\n", role_of(item));
    if (item->tag)
        fprintf(out, "        tag: \"%0*X\"\n", tag_digits(field, item->tag), item->tag);
    else
        put_command(out, "        ", "command", find_own(field, index));
    fprintf(out, "        format: %s\n", kb_words_format[item->format]);
    if (item->check)
        fprintf(out, "        check: %s\n", kb_words_check[item->check]);
    fprintf(out, "        min: %u\n        max: %u\n        mandatory: %s\n", item->min, item->max,
            item->is_mandatory ? "yes" : "no");
}

static void put_field(const struct kb_plan *plan, const struct kb_plan_field *field, FILE *out)
{
    fprintf(out, "  - name: %s\n    number: %u\n    tries: %u\n", field->name, field->number,
            field->tries);
    put_commands(field, out);
    put_authentication(plan, field, out);
    fprintf(out, "    items:\n");
    for (size_t i = 0; i < field->item_count; i++)
        put_item(field, i, out);
}

enum kb_err kb_plan_entity(const struct kb_plan *plan, FILE *out, struct kb_report *why)
{
    bool is_empty = true;

    fprintf(out,
            "# What a bureau needs to personalize cards of this plan. Names of data only: where "
            "and how\n# a card keeps them stays with its maker.\n"
            "format: keyborn-entity-1\nplan: %s\nfields:",
            plan->name);
    for (size_t i = 0; i < plan->field_count; i++) {
        if (plan->fields[i].is_made)
            continue;
        if (is_empty)
            fputc('\n', out);
        is_empty = false;
        put_field(plan, &plan->fields[i], out);
    }
    if (is_empty)
        fprintf(out, " []\n");
    if (fflush(out) || ferror(out))
        return kb_report(why, KB_ERR_IO, "%s: the entity view cannot be written", plan->path);
    return KB_OK;
}
