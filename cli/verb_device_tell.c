/* SPDX-License-Identifier: Apache-2.0 */
/* What keyborn device prints: lines for people, or one JSON object for each thing that happens. */
#include "cli/verb_device.h"

#include "wire/hex.h"

static json_t *items_json(const struct kb_terminal_menu *menu)
{
    json_t *items = json_array();

    for (size_t i = 0; menu && i < menu->count; i++)
        json_array_append_new(items, json_string(menu->items[i].text));
    return items;
}

static json_t *ask_json(const struct kb_terminal_question *question)
{
    static const char *const kinds[] = {
        [KB_ASK_SHOW] = "read",   [KB_ASK_YES_NO] = "yes-no", [KB_ASK_KEY] = "key",
        [KB_ASK_INPUT] = "input", [KB_ASK_SELECT] = "select",
    };

    return json_pack("{s:s, s:s, s:b, s:b, s:i, s:i, s:s, s:o}", "ask", kinds[question->kind],
                     "text", question->text, "digits", question->is_digits, "hidden",
                     question->is_hidden, "min", question->min, "max", question->max, "proposal",
                     question->proposal, "items", items_json(question->choice));
}

static json_t *menu_json(const struct kb_terminal_menu *menu)
{
    return json_pack("{s:s, s:o}", "menu", menu ? menu->title : "", "items", items_json(menu));
}

static json_t *state_json(const struct kb_terminal *terminal)
{
    return json_pack("{s:b, s:s, s:s, s:s}", "on", kb_terminal_is_on(terminal), "iccid",
                     kb_terminal_iccid(terminal), "imsi", kb_terminal_imsi(terminal), "service",
                     kb_dpa_service_text(kb_terminal_service(terminal)));
}

static json_t *news_json(const struct kb_dpa *dpa, const struct kb_dpa_news *news)
{
    switch (news->what) {
    case KB_DPA_SHOW:
        return json_pack("{s:s}", "show", news->text);
    case KB_DPA_MENU:
        return menu_json(kb_dpa_menu(dpa));
    case KB_DPA_ASK:
        return ask_json(kb_dpa_question(dpa));
    case KB_DPA_MESSAGE:
        return json_pack("{s:s, s:s}", "message", news->text, "from", news->sender);
    case KB_DPA_STATE:
        break;
    }
    return state_json(kb_dpa_terminal(dpa));
}

void kb_cli_device_tell(void *ctx, const struct kb_dpa *dpa, const struct kb_dpa_news *news)
{
    struct kb_cli_device *device = ctx;

    kb_dpa_script_hear(&device->script, dpa, news);
    if (kb_cli_is_json(device->cli))
        kb_cli_result(device->cli, news_json(dpa, news));
    else
        kb_dpa_text_tell(stdout, dpa, news);
}

void kb_cli_device_trace(void *ctx, struct kb_span command, struct kb_span answer)
{
    const struct kb_cli_device *device = ctx;
    char sent[2 * KB_APDU_SHORT_MAX + 1], came[2 * KB_RESPONSE_MAX + 1];

    kb_hex_encode(command, sent);
    kb_hex_encode(answer, came);
    kb_cli_say(device->cli, "> %s\n< %s", sent, came);
    kb_cli_result(device->cli, json_pack("{s:s, s:s}", "command", sent, "answer", came));
}
