/* SPDX-License-Identifier: Apache-2.0 */
/* Lists to choose from: SET UP MENU and SELECT ITEM (ETSI TS 102 223 clauses 6.4.8, 6.4.9, 6.6.7,
 * 6.6.8). */
#include <string.h>

#include "device/inside.h"
#include "device/text.h"

/* false: no item at all, or more than fit. An empty item, which removes a menu, is none. */
static bool read_items(const struct kb_cat_objects *with, struct kb_terminal_menu *menu)
{
    struct kb_cursor rd = kb_rd(with->items);
    struct kb_span text;
    uint8_t id;

    menu->count = 0;
    kb_terminal_text_decode_alpha(with->alpha, menu->title, sizeof(menu->title));
    while (kb_cat_next_item(&rd, &id, &text)) {
        if (!id)
            continue;
        if (menu->count == KB_TERMINAL_ITEMS)
            return false;
        menu->items[menu->count].id = id;
        kb_terminal_text_decode_alpha(text, menu->items[menu->count].text, KB_TERMINAL_LABEL);
        menu->count++;
    }
    return !rd.is_bad;
}

bool kb_terminal_menu_read(struct kb_span command, struct kb_terminal_menu *menu)
{
    struct kb_cat_command read;

    return !kb_cat_command_read(command, &read) && read_items(&read.with, menu) && menu->count;
}

KB_PERFORM(menu)
{
    struct kb_terminal_menu menu;

    if (!work->command->with.items.len)
        return kb_terminal_result(work, KB_CAT_VALUES_MISSING);
    if (!read_items(&work->command->with, &menu) || work->bytes.len > sizeof(terminal->menu))
        return kb_terminal_result(work, KB_CAT_BEYOND_CAPABILITIES);
    kb_terminal_unnote(terminal, KB_CAT_MENU_SELECTION, 0, 0);
    terminal->menu_len = 0;
    if (menu.count) {
        memcpy(terminal->menu, work->bytes.data, work->bytes.len);
        terminal->menu_len = (uint8_t)work->bytes.len;
    }
    terminal->port->menu(terminal->port->ctx, &menu);
    return kb_terminal_result(work, KB_CAT_OK);
}

KB_PERFORM(select)
{
    struct kb_terminal_question question = {.kind = KB_ASK_SELECT};
    struct kb_terminal_command *command = &terminal->command;
    struct kb_terminal_menu menu;

    if (!work->command->with.items.len)
        return kb_terminal_result(work, KB_CAT_VALUES_MISSING);
    if (!read_items(&work->command->with, &menu))
        return kb_terminal_result(work, KB_CAT_BEYOND_CAPABILITIES);
    if (!menu.count)
        return kb_terminal_result(work, KB_CAT_DATA_NOT_UNDERSTOOD);
    for (size_t i = 0; i < menu.count; i++)
        command->items[i] = menu.items[i].id;
    command->item_count = (uint8_t)menu.count;
    memcpy(question.text, menu.title, sizeof(menu.title));
    question.choice = &menu;
    terminal->is_asking = true;
    terminal->port->ask(terminal->port->ctx, &question);
    return KB_PERFORMING;
}

KB_FINISH(select)
{
    work->response.result = terminal->reply.result;
    if (terminal->reply.result >= KB_CAT_SESSION_TERMINATED_BY_USER)
        return;
    work->response.with.item = terminal->reply.item;
    kb_cat_add(&work->response.with, KB_CAT_ITEM);
}
