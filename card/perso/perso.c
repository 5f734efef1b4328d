/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command to the row of the image that knows it. An ENABLE is heard whatever field is
 * enabled, GET PERSO STATE before any ENABLE as well; every other row belongs to the enabled field.
 */

#include "card/perso/perso.h"

#include "card/perso/session.h"

/* Indexed by enum kb_perso_action. */
static const kb_perso_handler handlers[KB_PERSO_ACTIONS] = {
    [KB_ACTION_ENABLE] = kb_perso_enable,       [KB_ACTION_VERIFY] = kb_perso_verify,
    [KB_ACTION_PUT_TLV] = kb_perso_put_tlv,     [KB_ACTION_PUT_DGI] = kb_perso_put_dgi,
    [KB_ACTION_PUT_ITEM] = kb_perso_put_item,   [KB_ACTION_LOCK] = kb_perso_lock,
    [KB_ACTION_STATE] = kb_perso_state_of_card,
};

/* How much of a command some row knows, from nothing to all of it. */
enum degree { NO_MATCH, SAME_INSTRUCTION, UNKNOWN_FIELD, FIELD_FOUND, WHOLE_MATCH };

static enum degree compare(const struct kb_image_command *row, const struct kb_apdu *cmd)
{
    bool is_enable = row->action == KB_ACTION_ENABLE;

    if (row->cla != cmd->cla || row->ins != cmd->ins)
        return NO_MATCH;
    if ((cmd->p1 & row->p1_mask) != row->p1)
        return is_enable ? UNKNOWN_FIELD : SAME_INSTRUCTION;
    if ((cmd->p2 & row->p2_mask) != row->p2)
        return is_enable ? FIELD_FOUND : SAME_INSTRUCTION;
    return WHOLE_MATCH;
}

static bool is_enabled(const struct kb_card *card)
{
    return card->perso.state != KB_PERSO_IDLE;
}

static bool is_heard_early(const struct kb_image_command *row)
{
    return row->action == KB_ACTION_ENABLE || row->action == KB_ACTION_STATE;
}

static bool is_considered(const struct kb_request *request, const struct kb_image_command *row)
{
    return row->action == KB_ACTION_ENABLE || !is_enabled(request->card) ||
           request->card->perso.field == request->field_index;
}

/* Looks through the rows of request->field. A whole match ends the search, but for one: while no
 * field is enabled, a row that has to wait for ENABLE gives way to one that has not. */
static enum kb_err search_field(struct kb_request *request, enum degree *best, bool *is_final)
{
    uint8_t first = request->field.first_command;

    for (uint8_t i = 0; i < request->field.commands; i++) {
        struct kb_image_command row;
        enum degree degree;
        enum kb_err err = kb_image_command(&request->image, (uint8_t)(first + i), &row);

        if (err)
            return err;
        if (!is_considered(request, &row))
            continue;
        degree = compare(&row, request->cmd);
        *is_final = degree == WHOLE_MATCH && (is_enabled(request->card) || is_heard_early(&row));
        if (degree > *best || *is_final) {
            *best = degree;
            request->command = row;
        }
        if (*is_final)
            return KB_OK;
    }
    return KB_OK;
}

/* On a final match request->field is the row's field. */
static enum kb_err search(struct kb_request *request, enum degree *best)
{
    bool is_final = false;

    *best = NO_MATCH;
    for (uint8_t f = 0; f < request->image.fields; f++) {
        enum kb_err err = kb_image_field(&request->image, f, &request->field);

        request->field_index = f;
        if (!err)
            err = search_field(request, best, &is_final);
        if (err || is_final)
            return err;
    }
    return KB_OK;
}

/* false: the card has no algorithm. */
static bool open_request(struct kb_card *card, const struct kb_apdu *cmd,
                         struct kb_request *request, enum degree *best, enum kb_err *err)
{
    *best = NO_MATCH;
    if (card->perso.image_size == 0)
        return false;
    request->card = card;
    request->cmd = cmd;
    *err = kb_image_open(&card->nvm, card->perso.image_size, &request->image);
    if (!*err)
        *err = search(request, best);
    return true;
}

/* What holds for every command but GET PERSO STATE, before its handler is asked. */
static enum kb_sw check_session(const struct kb_request *request)
{
    const struct kb_card *card = request->card;

    if (request->command.action == KB_ACTION_STATE)
        return KB_SW_OK;
    if (card->life_cycle != KB_LIFE_SECURED)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (request->command.action == KB_ACTION_ENABLE)
        return KB_SW_OK;
    return is_enabled(card) ? KB_SW_OK : KB_SW_CONDITIONS_NOT_SATISFIED;
}

static enum kb_sw run(struct kb_request *request, struct kb_writer *out)
{
    enum kb_sw sw = check_session(request);

    if (sw != KB_SW_OK)
        return sw;
    if (request->command.action >= KB_PERSO_ACTIONS)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    return handlers[request->command.action](request, out);
}

bool kb_perso_dispatch(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                       enum kb_sw *sw)
{
    struct kb_request request;
    enum degree degree;
    enum kb_err err;

    if (!open_request(card, cmd, &request, &degree, &err))
        return false;
    if (err)
        *sw = KB_SW_MEMORY_PROBLEM;
    else if (degree == WHOLE_MATCH)
        *sw = run(&request, out);
    else if (degree == UNKNOWN_FIELD)
        *sw = KB_SW_REFERENCED_DATA_NOT_FOUND;
    else
        *sw = KB_SW_INCORRECT_P1_P2;
    return err || degree != NO_MATCH;
}

static bool is_put(const struct kb_image_command *row)
{
    return row->action == KB_ACTION_PUT_TLV || row->action == KB_ACTION_PUT_DGI ||
           row->action == KB_ACTION_PUT_ITEM;
}

enum kb_sw kb_perso_begin_chain(struct kb_card *card, const struct kb_apdu *cmd)
{
    struct kb_request request;
    enum degree degree;
    enum kb_err err;
    enum kb_sw sw;

    if (!open_request(card, cmd, &request, &degree, &err))
        return KB_SW_CHAINING_NOT_SUPPORTED;
    if (err)
        return KB_SW_MEMORY_PROBLEM;
    if (degree != WHOLE_MATCH || !is_put(&request.command))
        return KB_SW_CHAINING_NOT_SUPPORTED;
    sw = check_session(&request);
    return sw == KB_SW_OK ? kb_perso_put_allowed(&request, &(uint8_t){0}) : sw;
}

enum kb_err kb_perso_reset(struct kb_card *card)
{
    uint8_t size[2];
    struct kb_cursor rd = kb_rd(kb_span(size, sizeof size));
    enum kb_err err;

    kb_machine_end(card);
    card->perso.image_size = 0;
    if (!kb_nvm_has(&card->nvm, KB_OBJ_IMAGE_SIZE))
        return KB_OK;
    err = kb_nvm_read(&card->nvm, KB_OBJ_IMAGE_SIZE, 0, size, sizeof size);
    if (!err)
        card->perso.image_size = kb_rd_u16(&rd);
    return err;
}

static const struct {
    enum kb_err err;
    enum kb_sw sw;
} statuses[] = {
    {KB_OK, KB_SW_OK},
    {KB_ERR_MALFORMED, KB_SW_INCORRECT_DATA},
    {KB_ERR_TOO_LONG, KB_SW_INCORRECT_DATA},
    {KB_ERR_RANGE, KB_SW_INCORRECT_DATA},
    {KB_ERR_CHECK_DIGIT, KB_SW_INCORRECT_DATA},
    {KB_ERR_NVM_FULL, KB_SW_NOT_ENOUGH_MEMORY},
};

enum kb_sw kb_perso_sw(enum kb_err err)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].err == err)
            return statuses[i].sw;
    }
    return KB_SW_MEMORY_PROBLEM;
}
