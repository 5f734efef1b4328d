/* SPDX-License-Identifier: Apache-2.0 */
/* The entity view of a maker's field. */

#include "desk/maker_field.h"

#include <string.h>

static void take_item(struct kb_entity_item *out, const struct kb_plan_item *item)
{
    memcpy(out->name, item->name, sizeof out->name);
    memcpy(out->role, item->role, sizeof out->role);
    out->tag = item->tag;
    out->is_mandatory = item->is_mandatory;
    out->format = (enum kb_item_format)item->format;
    out->check = (enum kb_item_check)item->check;
    out->min = item->min;
    out->max = item->max;
}

static void take_header(uint8_t out[4], const struct kb_plan_command *command)
{
    out[0] = command->cla;
    out[1] = command->ins;
    out[2] = command->p1;
    out[3] = command->p2;
}

static void take_verify(struct kb_maker_field *field, const struct kb_plan_command *command)
{
    if (command->argument == KB_VERIFY_SCP03)
        field->view.has_scp03 = true;
    if (command->argument == KB_VERIFY_SCP03 ||
        (field->view.verify[1] && field->view.method == KB_VERIFY_CHALLENGE))
        return;
    take_header(field->view.verify, command);
    field->view.method = (enum kb_verify_method)command->argument;
}

static void take_put(struct kb_maker_field *field, const struct kb_plan_command *command)
{
    take_header(field->view.put, command);
    field->view.has_put = true;
    field->view.is_dgi = command->action == KB_ACTION_PUT_DGI;
}

static void take_item_command(struct kb_maker_field *field, const struct kb_plan_command *command)
{
    if (command->argument >= field->view.item_count)
        return;
    field->items[command->argument].has_command = true;
    take_header(field->items[command->argument].command, command);
}

static void take_command(struct kb_maker_field *field, const struct kb_plan_command *command)
{
    uint8_t *const headers[KB_PERSO_ACTIONS] = {
        [KB_ACTION_ENABLE] = field->view.enable,
        [KB_ACTION_LOCK] = field->view.lock,
        [KB_ACTION_STATE] = field->view.state,
    };

    if (command->action < KB_PERSO_ACTIONS && headers[command->action])
        take_header(headers[command->action], command);
    else if (command->action == KB_ACTION_VERIFY)
        take_verify(field, command);
    else if (command->action == KB_ACTION_PUT_ITEM)
        take_item_command(field, command);
    else if (command->action == KB_ACTION_PUT_TLV || command->action == KB_ACTION_PUT_DGI)
        take_put(field, command);
}

enum kb_err kb_maker_field_make(struct kb_maker_field *field, const struct kb_plan *plan,
                                uint8_t index, struct kb_report *why)
{
    const struct kb_plan_field *from = &plan->fields[index];

    *field = (struct kb_maker_field){.index = index};
    memcpy(field->view.name, from->name, sizeof field->view.name);
    field->view.number = from->number;
    field->view.tries = from->tries;
    field->view.items = field->items;
    field->view.item_count = from->item_count < KB_FIELD_ITEMS ? from->item_count : KB_FIELD_ITEMS;
    for (size_t i = 0; i < field->view.item_count; i++)
        take_item(&field->items[i], &from->items[i]);
    for (size_t i = 0; i < from->command_count; i++)
        take_command(field, &from->commands[i]);
    if (field->view.enable[1] && field->view.verify[1] && field->view.lock[1])
        return KB_OK;
    return kb_report(why, KB_ERR_RULE, "%s: field %s lacks a command to enable, verify or lock",
                     plan->path, from->name);
}

enum kb_err kb_maker_field_values(const struct kb_maker_field *field, const struct kb_plan *plan,
                                  const struct kb_fresh *fresh, struct kb_record *record,
                                  struct kb_report *why)
{
    enum kb_err err = KB_OK;

    kb_record_clear(record);
    for (size_t i = 0; i < plan->made_count && !err; i++) {
        const struct kb_plan_made_item *made = &plan->made[i];

        if (made->field != field->index || made->item >= field->view.item_count)
            continue;
        err = kb_record_put(record, field->items[made->item].name, field->items[made->item].role,
                            kb_span(fresh->made[i].value, fresh->made[i].len));
    }
    return err ? kb_report(why, err, "%s: %s", field->view.name, kb_err_text(err)) : KB_OK;
}
