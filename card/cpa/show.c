/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees and says: the menu, operators to choose from, a code to type, "are you sure",
 * and how it ended. */
#include <string.h>

#include "card/cpa/inside.h"
#include "card/perso/text.h"

enum {
    ENTRY = 1, /* the item of the menu */
    CODE_ITEM = KB_SESSION_OPERATORS + 1,
    TEXT_MAX = 120, /* bytes of UTF-8 that are shown at once */
    LIST_MAX = 512, /* bytes of a list of operators */
    UCS2 = 0x80,
    FILLER = 0xFF,
    YES = 0x01 /* TS 102 223 clause 6.4.2 */
};

/* --- Texts --- */

static void put(struct kb_writer *wr, const char *text)
{
    kb_wr_copy(wr, text, strlen(text));
}

/* UTF-8 as the terminal takes it: in the GSM default alphabet, or behind 80 in UCS2 (TS 102 221
 * annex A). */
static struct kb_span encode(struct kb_span text, struct kb_writer *scratch)
{
    size_t size = 1 + 2 * text.len;
    uint8_t *out = kb_wr_reserve(scratch, size);

    if (!out || kb_text_encode(text, out, size)) {
        scratch->is_bad = true;
        return kb_span(NULL, 0);
    }
    while (size && out[size - 1] == FILLER)
        size--;
    /* A character of UCS2 may end in what looks like filler. */
    if (out[0] == UCS2 && size % 2 == 0)
        size++;
    scratch->len = (size_t)(out - scratch->data) + size;
    return kb_span(out, size);
}

static void put_text(struct kb_cat_objects *with, const struct kb_writer *text,
                     struct kb_writer *scratch)
{
    struct kb_span bytes = encode(kb_wr_span(text), scratch);
    bool is_wide = bytes.len && bytes.data[0] == UCS2;

    with->text.dcs = is_wide ? KB_CAT_DCS_UCS2 : KB_CAT_DCS_8BIT;
    with->text.bytes = is_wide ? kb_span(bytes.data + 1, bytes.len - 1) : bytes;
    kb_cat_add(with, KB_CAT_TEXT);
}

static void put_title(struct kb_cat_objects *with, struct kb_span title, struct kb_writer *scratch)
{
    with->alpha = encode(title, scratch);
    kb_cat_add(with, KB_CAT_ALPHA);
}

static void put_item(struct kb_writer *items, uint8_t id, struct kb_span text)
{
    uint8_t bytes[1 + 2 * KB_OPERATOR_NAME_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_cat_put_item(items, id, encode(text, &wr));
    items->is_bad |= wr.is_bad;
}

static void put_items(struct kb_cat_objects *with, struct kb_writer *scratch, size_t start)
{
    with->items = kb_span(scratch->data + start, scratch->len - start);
}

/* --- The menu --- */

/* With an entry, or with none. */
static bool fill_menu(struct kb_card *card, struct kb_cat_command *command,
                      struct kb_writer *scratch)
{
    struct kb_cpa_loaded loaded;
    size_t start;

    if (kb_cpa_plan_load(card, &loaded))
        return false;
    command->type = KB_CAT_SET_UP_MENU;
    command->destination = KB_CAT_TERMINAL;
    put_title(&command->with, loaded.plan.title, scratch);
    start = scratch->len;
    if (kb_cpa_is(card, KB_CPA_HAS_MENU))
        kb_cat_put_item(scratch, 0, kb_span(NULL, 0));
    else
        put_item(scratch, ENTRY, loaded.plan.title);
    put_items(&command->with, scratch, start);
    return !scratch->is_bad;
}

static void menu_is_set(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)response;
    card->cpa.flags ^= KB_CPA_HAS_MENU;
}

static void nothing(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)card;
    (void)response;
}

const struct kb_cpa_step_row kb_cpa_menu_row = {fill_menu, menu_is_set, nothing};

void kb_cpa_entry(struct kb_card *card, uint8_t item)
{
    if (card->cpa.state == KB_CPA_IDLE && item == ENTRY)
        kb_cpa_selected(card);
}

/* --- Operators --- */

/* Those of the card's maker before an attempt, those that the service sent in one. */
static size_t load_operators(struct kb_card *card, uint8_t bytes[LIST_MAX],
                             struct kb_cpa_operator operators[KB_SESSION_OPERATORS])
{
    bool is_own = card->cpa.state == KB_CPA_IDLE;
    uint16_t object = is_own ? KB_OBJ_CPA_OPERATORS : KB_OBJ_CPA_PAIR;
    struct kb_session_operator sent[KB_SESSION_OPERATORS];
    size_t size = kb_nvm_size(&card->nvm, object), count;

    if (size > LIST_MAX || kb_nvm_read(&card->nvm, object, 0, bytes, size))
        return 0;
    if (is_own)
        return kb_cpa_operators_read(kb_span(bytes, size), operators);
    count = kb_session_operators_read(kb_span(bytes, size), sent);
    for (size_t i = 0; i < count; i++)
        operators[i] = (struct kb_cpa_operator){.id_o = sent[i].id_o, .name = sent[i].name};
    return count;
}

static bool offers_code(const struct kb_card *card)
{
    return card->cpa.state == KB_CPA_IDLE && card->cpa.starts & KB_CPA_BY_CODE;
}

static bool fill_select(struct kb_card *card, struct kb_cat_command *command,
                        struct kb_writer *scratch)
{
    static const char title[] = "Your operator", code[] = "Other: by code";
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];
    uint8_t bytes[LIST_MAX];
    size_t count = load_operators(card, bytes, operators), start;

    command->type = KB_CAT_SELECT_ITEM;
    command->destination = KB_CAT_TERMINAL;
    put_title(&command->with, kb_span(title, sizeof(title) - 1), scratch);
    start = scratch->len;
    for (size_t i = 0; i < count; i++)
        put_item(scratch, (uint8_t)(i + 1), operators[i].name);
    if (offers_code(card))
        put_item(scratch, CODE_ITEM, kb_span(code, sizeof(code) - 1));
    put_items(&command->with, scratch, start);
    return count && !scratch->is_bad;
}

static void begin_with(struct kb_card *card, size_t item)
{
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];
    uint8_t bytes[LIST_MAX];
    size_t count = load_operators(card, bytes, operators);
    struct kb_cpa_wish wish = {.is_chosen = true};

    if (!item || item > count)
        return;
    wish.id_o = operators[item - 1].id_o;
    kb_cpa_begin(card, &wish);
}

static void no_choice(struct kb_card *card, const struct kb_cat_response *response)
{
    if (card->cpa.state != KB_CPA_CHOOSING)
        return;
    if (response->result == KB_CAT_NO_RESPONSE_FROM_USER ||
        response->result == KB_CAT_TERMINAL_BUSY)
        kb_cpa_want(card, KB_CPA_BIT(TIMER));
    else
        kb_cpa_fail(card, KB_REASON_USER);
}

static void selected(struct kb_card *card, const struct kb_cat_response *response)
{
    if (response->result >= KB_CAT_SESSION_TERMINATED_BY_USER ||
        !kb_cat_has(&response->with, KB_CAT_ITEM))
        no_choice(card, response);
    else if (response->with.item == CODE_ITEM && offers_code(card))
        kb_cpa_want(card, KB_CPA_BIT(INPUT));
    else
        begin_with(card, response->with.item);
}

const struct kb_cpa_step_row kb_cpa_select_row = {fill_select, selected, no_choice};

/* --- A code --- */

static bool fill_input(struct kb_card *card, struct kb_cat_command *command,
                       struct kb_writer *scratch)
{
    static const char text[] = "Code of your operator";

    (void)card;
    (void)scratch;
    command->type = KB_CAT_GET_INPUT;
    command->destination = KB_CAT_TERMINAL;
    command->with.text.dcs = KB_CAT_DCS_8BIT;
    command->with.text.bytes = kb_span(text, sizeof(text) - 1);
    command->with.response_min = 1;
    command->with.response_max = KB_CPA_CODE_MAX;
    kb_cat_add(&command->with, KB_CAT_TEXT);
    kb_cat_add(&command->with, KB_CAT_RESPONSE_LENGTH);
    return true;
}

/* A code of the card's own list names that operator; the service knows others. */
static void typed(struct kb_card *card, const struct kb_cat_response *response)
{
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];
    uint8_t bytes[LIST_MAX];
    const struct kb_span code = response->with.text.bytes;
    struct kb_cpa_wish wish = {.id_o = code};
    size_t count;

    if (card->cpa.state != KB_CPA_IDLE || response->result != KB_CAT_OK ||
        !kb_cat_has(&response->with, KB_CAT_TEXT) || !code.len || code.len > KB_CPA_CODE_MAX)
        return;
    count = load_operators(card, bytes, operators);
    for (size_t i = 0; i < count && !wish.is_chosen; i++) {
        if (operators[i].code.len != code.len ||
            memcmp(operators[i].code.data, code.data, code.len))
            continue;
        wish.id_o = operators[i].id_o;
        wish.is_chosen = true;
    }
    kb_cpa_begin(card, &wish);
}

const struct kb_cpa_step_row kb_cpa_input_row = {fill_input, typed, nothing};

/* --- Are you sure --- */

static bool fill_sure(struct kb_card *card, struct kb_cat_command *command,
                      struct kb_writer *scratch)
{
    uint8_t bytes[TEXT_MAX], plain[KB_SESSION_SEALED_MAX];
    struct kb_writer text = kb_wr(bytes, sizeof(bytes));
    struct kb_cpa_record record;
    struct kb_identity identity;
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_CPA_PAIR);

    if (size > sizeof(plain) || kb_nvm_read(&card->nvm, KB_OBJ_CPA_PAIR, 0, plain, size) ||
        kb_identity_read(kb_span(plain, size), &identity) || kb_cpa_record_load(card, &record))
        return false;
    put(&text, "Become a customer of ");
    if (identity.name.len)
        kb_wr_copy(&text, identity.name.data, identity.name.len);
    else
        kb_wr_copy(&text, record.id_o, record.id_o_len);
    put(&text, "?");
    command->type = KB_CAT_GET_INKEY;
    command->qualifier = KB_CAT_INKEY_YES_NO;
    command->destination = KB_CAT_TERMINAL;
    put_text(&command->with, &text, scratch);
    return !scratch->is_bad;
}

/* Only a yes is one; a terminal that cannot ask has nobody to say it. */
static void not_sure(struct kb_card *card, const struct kb_cat_response *response)
{
    if (response->result == KB_CAT_NO_RESPONSE_FROM_USER ||
        response->result == KB_CAT_TERMINAL_BUSY)
        kb_cpa_want(card, KB_CPA_BIT(TIMER));
    else
        kb_cpa_fail(card, KB_REASON_USER);
}

static void answered(struct kb_card *card, const struct kb_cat_response *response)
{
    const struct kb_span text = response->with.text.bytes;

    if (response->result == KB_CAT_OK && text.len == 1 && text.data[0] == YES)
        kb_cpa_swap(card);
    else
        not_sure(card, response);
}

const struct kb_cpa_step_row kb_cpa_sure_row = {fill_sure, answered, not_sure};

/* --- How it ended --- */

static bool fill_show(struct kb_card *card, struct kb_cat_command *command,
                      struct kb_writer *scratch)
{
    uint8_t bytes[TEXT_MAX];
    struct kb_writer text = kb_wr(bytes, sizeof(bytes));
    struct kb_cpa_record record;

    if (kb_cpa_record_load(card, &record))
        return false;
    if (card->cpa.state == KB_CPA_DONE) {
        put(&text, "Your card is ready.");
    } else {
        put(&text, "Not done: ");
        put(&text, kb_session_reason_text((enum kb_session_reason)record.reason));
        put(&text, ".");
    }
    command->type = KB_CAT_DISPLAY_TEXT;
    command->qualifier = KB_CAT_TEXT_HIGH_PRIORITY | KB_CAT_TEXT_WAIT_FOR_USER;
    command->destination = KB_CAT_DISPLAY;
    put_text(&command->with, &text, scratch);
    return !scratch->is_bad;
}

/* Seen once is enough. */
static void shown(struct kb_card *card, const struct kb_cat_response *response)
{
    struct kb_cpa_record record;

    (void)response;
    kb_cpa_clear(card, KB_CPA_IS_READY_TO_SHOW);
    if (kb_cpa_record_load(card, &record) || !record.reason)
        return;
    record.reason = KB_REASON_NONE;
    (void)kb_cpa_record_store(card, &record);
}

const struct kb_cpa_step_row kb_cpa_show_row = {fill_show, shown, nothing};
