/* SPDX-License-Identifier: Apache-2.0 */
/* What the user reads and types: DISPLAY TEXT, GET INKEY, GET INPUT (ETSI TS 102 223 clauses 6.4.1
 * - 6.4.3, qualifiers in clause 8.6). */
#include "device/inside.h"
#include "device/text.h"

enum {
    INPUT_ALPHABET = 0x01, /* letters too, not digits only */
    INPUT_UCS2 = 0x02,
    INPUT_HIDDEN = 0x04, /* of GET INPUT; of GET INKEY: yes or no */
    INPUT_PACKED = 0x08
};

static enum kb_terminal_performed ask(struct kb_terminal *terminal,
                                      struct kb_terminal_question *question)
{
    terminal->command.min = question->min;
    terminal->command.max = question->max;
    terminal->command.is_digits = question->is_digits;
    terminal->is_asking = true;
    terminal->port->ask(terminal->port->ctx, question);
    return KB_PERFORMING;
}

void kb_terminal_tell_progress(const struct kb_terminal *terminal,
                               const struct kb_cat_objects *with)
{
    char text[KB_TERMINAL_TEXT];

    if (!with->alpha.len)
        return;
    kb_terminal_text_decode_alpha(with->alpha, text, sizeof(text));
    terminal->port->show(terminal->port->ctx, text);
}

/* --- DISPLAY TEXT --- */

KB_PERFORM(display)
{
    struct kb_terminal_question question = {.kind = KB_ASK_SHOW, .max = UINT8_MAX};

    kb_terminal_text_decode(&work->command->with.text, question.text, sizeof(question.text));
    if (work->command->qualifier & KB_CAT_TEXT_WAIT_FOR_USER)
        return ask(terminal, &question);
    terminal->port->show(terminal->port->ctx, question.text);
    return kb_terminal_result(work, KB_CAT_OK);
}

KB_FINISH(display)
{
    work->response.result = terminal->reply.result;
}

/* --- What was typed --- */

/* The text behind its coding scheme: unpacked unless the card asked otherwise (clause 6.8). */
static void put_typed(const struct kb_terminal *terminal, struct kb_terminal_work *work)
{
    struct kb_cat_text *text = &work->response.with.text;
    uint8_t qualifier = terminal->command.qualifier;
    size_t start = work->scratch.len;

    text->dcs = KB_CAT_DCS_8BIT;
    if (qualifier & INPUT_UCS2 && qualifier & INPUT_ALPHABET)
        text->dcs = KB_CAT_DCS_UCS2;
    else if (terminal->command.type == KB_CAT_GET_INPUT && qualifier & INPUT_PACKED)
        text->dcs = KB_CAT_DCS_GSM7_PACKED;
    if (kb_terminal_text_encode(text->dcs, terminal->reply.text, &work->scratch) ||
        work->scratch.is_bad) {
        work->response.result = KB_CAT_NO_RESPONSE_FROM_USER;
        return;
    }
    text->bytes = kb_span(work->scratch.data + start, work->scratch.len - start);
    kb_cat_add(&work->response.with, KB_CAT_TEXT);
}

/* --- GET INKEY --- */

KB_PERFORM(inkey)
{
    struct kb_terminal_question question = {.kind = KB_ASK_KEY, .min = 1, .max = 1};
    uint8_t qualifier = work->command->qualifier;

    if (qualifier & KB_CAT_INKEY_YES_NO)
        question.kind = KB_ASK_YES_NO;
    else
        question.is_digits = !(qualifier & INPUT_ALPHABET);
    kb_terminal_text_decode(&work->command->with.text, question.text, sizeof(question.text));
    return ask(terminal, &question);
}

KB_FINISH(inkey)
{
    static const uint8_t no_yes[] = {0x00, 0x01}; /* clause 6.8: the text of a binary choice */
    struct kb_cat_text *text = &work->response.with.text;

    work->response.result = terminal->reply.result;
    if (terminal->reply.result >= KB_CAT_SESSION_TERMINATED_BY_USER)
        return;
    if (!(terminal->command.qualifier & KB_CAT_INKEY_YES_NO)) {
        put_typed(terminal, work);
        return;
    }
    text->dcs = KB_CAT_DCS_8BIT;
    text->bytes = kb_span(&no_yes[terminal->reply.text[0] == '+'], 1);
    kb_cat_add(&work->response.with, KB_CAT_TEXT);
}

/* --- GET INPUT --- */

KB_PERFORM(input)
{
    const struct kb_cat_objects *with = &work->command->with;
    struct kb_terminal_question question = {.kind = KB_ASK_INPUT,
                                            .is_digits =
                                                !(work->command->qualifier & INPUT_ALPHABET),
                                            .is_hidden = work->command->qualifier & INPUT_HIDDEN,
                                            .min = with->response_min,
                                            .max = with->response_max};

    if (question.min > KB_TERMINAL_INPUT_MAX)
        return kb_terminal_result(work, KB_CAT_BEYOND_CAPABILITIES);
    if (question.max > KB_TERMINAL_INPUT_MAX)
        question.max = KB_TERMINAL_INPUT_MAX;
    if (question.min > question.max)
        return kb_terminal_result(work, KB_CAT_DATA_NOT_UNDERSTOOD);
    kb_terminal_text_decode(&with->text, question.text, sizeof(question.text));
    if (kb_cat_has(with, KB_CAT_DEFAULT_TEXT))
        kb_terminal_text_decode(&with->default_text, question.proposal, sizeof(question.proposal));
    return ask(terminal, &question);
}

KB_FINISH(input)
{
    work->response.result = terminal->reply.result;
    if (terminal->reply.result < KB_CAT_SESSION_TERMINATED_BY_USER)
        put_typed(terminal, work);
}
