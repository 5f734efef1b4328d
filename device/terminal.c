/* SPDX-License-Identifier: Apache-2.0 */
/* On and off, the user's side, and what the device knows. */
#include "device/terminal.h"

#include <string.h>

#include "crypto/secret.h"
#include "device/inside.h"
#include "device/text.h"

size_t kb_terminal_size(void)
{
    return sizeof(struct kb_terminal);
}

struct kb_terminal *kb_terminal_init(void *memory, struct kb_reader *reader,
                                     const struct kb_terminal_port *port)
{
    struct kb_terminal *terminal = memory;

    memset(terminal, 0, sizeof(*terminal));
    terminal->reader = reader;
    terminal->port = port;
    terminal->where.service = KB_CAT_NO_SERVICE;
    return terminal;
}

enum kb_err kb_terminal_on(struct kb_terminal *terminal, struct kb_report *why)
{
    enum kb_err err;

    kb_terminal_off(terminal);
    terminal->is_running = true;
    err = kb_terminal_start(terminal, why);
    terminal->is_running = false;
    if (err) {
        kb_terminal_off(terminal);
        return err;
    }
    kb_terminal_run(terminal);
    if (terminal->phase == KB_TERMINAL_OFF)
        return kb_report(why, KB_ERR_NO_CARD, "%s: the card is gone", terminal->reader->name);
    return KB_OK;
}

void kb_terminal_off(struct kb_terminal *terminal)
{
    if (terminal->phase == KB_TERMINAL_OFF)
        return;
    kb_terminal_end_session(terminal);
    kb_terminal_lose(terminal);
    terminal->reader->ops->power_down(terminal->reader);
}

bool kb_terminal_is_on(const struct kb_terminal *terminal)
{
    return terminal->phase != KB_TERMINAL_OFF;
}

/* --- The user --- */

static bool is_digits(const char *text)
{
    return !text[strspn(text, "0123456789*#+")];
}

/* What front ends should not have let through counts as no answer. */
static bool is_allowed(const struct kb_terminal_command *command,
                       const struct kb_terminal_reply *reply)
{
    size_t count = kb_terminal_text_count(reply->text);

    if (command->item_count)
        return memchr(command->items, reply->item, command->item_count) != NULL;
    return count >= command->min && count <= command->max &&
           (!command->is_digits || is_digits(reply->text));
}

void kb_terminal_answer(struct kb_terminal *terminal, const struct kb_terminal_reply *reply)
{
    struct kb_terminal_reply *kept = &terminal->reply;

    if (!terminal->is_asking)
        return;
    terminal->is_asking = false;
    terminal->command.is_done = true;
    *kept = *reply;
    kept->text[KB_TERMINAL_INPUT_MAX] = 0;
    if (kept->result < KB_CAT_SESSION_TERMINATED_BY_USER && !is_allowed(&terminal->command, kept)) {
        kb_wipe(kept, sizeof(*kept));
        kept->result = KB_CAT_NO_RESPONSE_FROM_USER;
    }
    kb_terminal_run(terminal);
}

void kb_terminal_choose(struct kb_terminal *terminal, uint8_t item)
{
    struct kb_terminal_menu menu;

    if (!kb_terminal_menu(terminal, &menu))
        return;
    for (size_t i = 0; i < menu.count; i++)
        if (menu.items[i].id == item) {
            kb_terminal_note(terminal, KB_CAT_MENU_SELECTION, 0, item);
            kb_terminal_run(terminal);
            return;
        }
}

/* --- What the device knows --- */

const char *kb_terminal_imsi(const struct kb_terminal *terminal)
{
    return terminal->imsi;
}

const char *kb_terminal_iccid(const struct kb_terminal *terminal)
{
    return terminal->iccid;
}

enum kb_cat_service kb_terminal_service(const struct kb_terminal *terminal)
{
    return terminal->where.service;
}

bool kb_terminal_menu(const struct kb_terminal *terminal, struct kb_terminal_menu *menu)
{
    menu->count = 0;
    menu->title[0] = 0;
    return terminal->menu_len &&
           kb_terminal_menu_read(kb_span(terminal->menu, terminal->menu_len), menu);
}

bool kb_terminal_is_asking(const struct kb_terminal *terminal)
{
    return terminal->is_asking;
}
