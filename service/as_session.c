/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the application server, as two tables: where the attempt stands and what comes. */
#include "service/as_session.h"

#include <string.h>

struct turn {
    const struct kb_as_facts *facts;
    const struct kb_session_message *message;
    struct kb_as_session *session;
    struct kb_as_effects *effects;
};

typedef void (*action)(const struct turn *turn);

static struct kb_span text_span(const char *text)
{
    return kb_span(text, strlen(text));
}

static bool is_text(struct kb_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static void keep_text(char *out, size_t size, struct kb_span text)
{
    struct kb_writer wr = kb_wr(out, size - 1);

    memset(out, 0, size);
    kb_wr_copy(&wr, text.data, text.len);
}

/* --- What is said --- */

static struct kb_session_message *answer(const struct turn *turn, enum kb_session_kind kind)
{
    struct kb_session_message *to_card = &turn->effects->to_card;

    to_card->kind = kind;
    to_card->session = turn->message->session;
    return to_card;
}

static struct kb_session_message *relay(const struct turn *turn)
{
    struct kb_session_message *to_server = &turn->effects->to_server;

    to_server->kind = turn->message->kind;
    to_server->session = turn->session->number;
    to_server->id_sc = turn->facts->id_sc;
    to_server->id_o = text_span(turn->session->id_o);
    return to_server;
}

static void refuse(const struct turn *turn, uint8_t reason)
{
    answer(turn, KB_SESSION_REFUSE)->reason = reason;
    turn->session->step = KB_AS_STEP_REFUSED;
    turn->session->reason = reason;
}

/* --- The card --- */

static void again(const struct turn *turn)
{
    turn->effects->repeats = true;
}

static void offer(const struct turn *turn)
{
    struct kb_session_message *command = answer(turn, KB_SESSION_COMMAND);

    command->command = KB_COMMAND_CHOOSE;
    command->operators = turn->facts->offers;
    command->time = turn->facts->time;
    turn->session->step = KB_AS_STEP_OFFERED;
}

static void ask_server(const struct turn *turn)
{
    const struct kb_as_facts *facts = turn->facts;
    struct kb_as_session *session = turn->session;
    struct kb_session_message *agree;

    keep_text(session->id_o, sizeof(session->id_o), facts->id_o);
    keep_text(session->server, sizeof(session->server), facts->server);
    agree = relay(turn);
    agree->kind = KB_SESSION_AGREE;
    agree->agreement = turn->message->agreement;
    agree->agree = turn->message->agree;
    if (agree->agreement == KB_SESSION_EDHOC)
        agree->credential = facts->credential;
    session->step = KB_AS_STEP_ASKED;
}

/* A new attempt replaces whatever was before. */
static void attempt(const struct turn *turn)
{
    const struct kb_as_facts *facts = turn->facts;
    const struct kb_session_message *request = turn->message;

    memset(turn->session, 0, sizeof(*turn->session));
    turn->session->number = request->session;
    turn->session->revoked_seen = request->revoked_seen;
    if (request->wants_operators && facts->offers.len)
        offer(turn);
    else if (request->wants_operators || !facts->id_o.len)
        refuse(turn, KB_REASON_NO_OPERATOR);
    else if (!facts->has_contract)
        refuse(turn, KB_REASON_NO_CONTRACT);
    else if (request->agreement == KB_SESSION_EDHOC && !facts->credential.len)
        refuse(turn, KB_REASON_CREDENTIAL);
    else
        ask_server(turn);
}

static void card_agrees(const struct turn *turn)
{
    relay(turn)->agree = turn->message->agree;
    turn->session->step = KB_AS_STEP_AGREED;
}

static void card_confirms(const struct turn *turn)
{
    relay(turn)->sealed = turn->message->sealed;
    turn->session->step = KB_AS_STEP_CONFIRMED;
}

/* The AS hears it at once; whether an identity is free again only its PS can tell. */
static void card_refuses(const struct turn *turn)
{
    struct kb_session_message *to_server;

    if (turn->session->id_o[0]) {
        to_server = relay(turn);
        to_server->reason = turn->message->reason;
        to_server->sealed = turn->message->sealed;
    }
    refuse(turn, turn->message->reason);
}

/* It gave up an attempt of which nothing else arrived. */
static void card_gave_up(const struct turn *turn)
{
    memset(turn->session, 0, sizeof(*turn->session));
    turn->session->number = turn->message->session;
    refuse(turn, turn->message->reason);
}

static void is_finished(const struct turn *turn)
{
    answer(turn, KB_SESSION_REFUSE)->reason = KB_REASON_FINISHED;
}

/* In the meantime it may have been refused something else. */
static void confirm_again(const struct turn *turn)
{
    answer(turn, KB_SESSION_CONFIRM);
}

/* Messages of the attempt that is open. What has no row is dropped. */
static const action card_actions[KB_AS_STEPS][KB_SESSION_KINDS] = {
    [KB_AS_STEP_IDLE] = {[KB_SESSION_REQUEST] = attempt, [KB_SESSION_REFUSE] = card_gave_up},
    [KB_AS_STEP_OFFERED] = {[KB_SESSION_REQUEST] = again, [KB_SESSION_REFUSE] = card_refuses},
    [KB_AS_STEP_ASKED] = {[KB_SESSION_REQUEST] = again, [KB_SESSION_REFUSE] = card_refuses},
    [KB_AS_STEP_COMMANDED] = {[KB_SESSION_REQUEST] = again,
                              [KB_SESSION_AGREE] = card_agrees,
                              [KB_SESSION_REFUSE] = card_refuses},
    [KB_AS_STEP_AGREED] = {[KB_SESSION_AGREE] = again, [KB_SESSION_REFUSE] = card_refuses},
    [KB_AS_STEP_RELAYED] = {[KB_SESSION_AGREE] = again,
                            [KB_SESSION_CONFIRM] = card_confirms,
                            [KB_SESSION_REFUSE] = card_refuses},
    [KB_AS_STEP_CONFIRMED] = {[KB_SESSION_CONFIRM] = card_confirms},
    [KB_AS_STEP_FINISHED] =
        {[KB_SESSION_REQUEST] = is_finished, [KB_SESSION_CONFIRM] = confirm_again},
    [KB_AS_STEP_REFUSED] =
        {[KB_SESSION_REQUEST] = again, [KB_SESSION_AGREE] = again, [KB_SESSION_REFUSE] = again},
};

/* Messages of an attempt that is newer. */
static const action new_actions[KB_SESSION_KINDS] = {
    [KB_SESSION_REQUEST] = attempt,
    [KB_SESSION_REFUSE] = card_gave_up,
};

static void act(action chosen, const struct turn *turn)
{
    if (!chosen)
        return;
    turn->effects->is_taken = true;
    chosen(turn);
}

void kb_as_card_says(const struct kb_as_facts *facts, const struct kb_session_message *message,
                     struct kb_as_session *session, struct kb_as_effects *effects)
{
    const struct turn turn = {facts, message, session, effects};

    memset(effects, 0, sizeof(*effects));
    if (message->session == session->number)
        act(card_actions[session->step][message->kind], &turn);
    else if (session->step == KB_AS_STEP_FINISHED)
        act(message->kind == KB_SESSION_REQUEST ? is_finished : NULL, &turn);
    else if (message->session > session->number)
        act(new_actions[message->kind], &turn);
}

/* --- The personalization server --- */

static void command(const struct turn *turn)
{
    const struct kb_as_facts *facts = turn->facts;
    struct kb_session_message *to_card = answer(turn, KB_SESSION_COMMAND);

    to_card->command = KB_COMMAND_PERSONALIZE;
    to_card->id_o = text_span(turn->session->id_o);
    to_card->agree = turn->message->agree;
    to_card->time = facts->time;
    if (facts->revoked_number > turn->session->revoked_seen)
        to_card->revoked = facts->revoked;
    turn->session->step = KB_AS_STEP_COMMANDED;
}

static void hand_out(const struct turn *turn)
{
    answer(turn, KB_SESSION_IDENTITY)->sealed = turn->message->sealed;
    turn->session->step = KB_AS_STEP_RELAYED;
}

static void finish(const struct turn *turn)
{
    answer(turn, KB_SESSION_CONFIRM);
    turn->session->step = KB_AS_STEP_FINISHED;
    turn->effects->forgets = true;
}

static void server_refuses(const struct turn *turn)
{
    refuse(turn, turn->message->reason);
}

/* Once IDENTITY is out, the PS has nothing to refuse: the card may be a subscriber already. Nor
 * does its word alone end anything for ever: a card that fell back, or whose user said no, begins
 * anew.
 */
static const action server_actions[KB_AS_STEPS][KB_SESSION_KINDS] = {
    [KB_AS_STEP_ASKED] = {[KB_SESSION_AGREE] = command, [KB_SESSION_REFUSE] = server_refuses},
    [KB_AS_STEP_COMMANDED] = {[KB_SESSION_REFUSE] = server_refuses},
    [KB_AS_STEP_AGREED] = {[KB_SESSION_IDENTITY] = hand_out, [KB_SESSION_REFUSE] = server_refuses},
    [KB_AS_STEP_CONFIRMED] = {[KB_SESSION_CONFIRM] = finish},
};

void kb_as_server_says(const struct kb_as_facts *facts, const char *peer,
                       const struct kb_session_message *message, struct kb_as_session *session,
                       struct kb_as_effects *effects)
{
    const struct turn turn = {facts, message, session, effects};

    memset(effects, 0, sizeof(*effects));
    if (message->session != session->number || strcmp(peer, session->server) != 0)
        return;
    if (message->id_o.len && !is_text(message->id_o, session->id_o))
        return;
    act(server_actions[session->step][message->kind], &turn);
}
