/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of an agreement with a card, and how many there may be at a time. */
#include "service/ps_inside.h"

#include <string.h>

#include "crypto/secret.h"

enum { OPEN_S = 3600 }; /* an agreement that waits longer makes room for another */

/* The oldest agreement that nobody went on with makes room, if there is one of some age. */
static enum kb_err make_room(struct kb_ps_turn *turn, bool *has_room)
{
    struct kb_store *store = turn->ps->store;
    struct kb_ps_turn other = {.ps = turn->ps};
    char id_sc[KB_ID_SC_MAX + 1];
    struct kb_span server = kb_ps_text(turn->session.server);
    enum kb_err err = kb_ps_session_oldest(store, server, kb_ps_now(turn->ps) - OPEN_S, id_sc);

    *has_room = !err;
    if (err)
        return err == KB_ERR_ABSENT ? KB_OK : err;
    err = kb_ps_session_load(store, server, kb_ps_text(id_sc), &other.session);
    if (!err) {
        struct kb_session_message late =
            kb_ps_message(&other, KB_SESSION_REFUSE, other.session.number);

        late.reason = KB_REASON_BUSY;
        kb_ps_session_clear(&other.session);
        other.session.state = KB_PS_OVER;
        err = kb_ps_keep_answer(&other, &late); /* should the card go on after all */
    }
    if (!err)
        err = kb_ps_note(&other, "attempt", "given up: another one wants its place");
    return err ? err : kb_ps_session_save(store, &other.session);
}

static enum kb_err is_there_room(struct kb_ps_turn *turn, bool *has_room)
{
    enum kb_ps_state was = turn->session.was;
    uint64_t count;
    enum kb_err err;

    *has_room = was == KB_PS_OFFERED || was == KB_PS_AGREEING; /* its own */
    if (*has_room)
        return KB_OK;
    err = kb_ps_session_count_open(turn->ps->store, kb_ps_text(turn->session.server), &count);
    *has_room = !err && count < turn->ps->open_max;
    return err || *has_room ? err : make_room(turn, has_room);
}

/* A first message brings who agrees and how; one that follows an offer need not say it again. */
static enum kb_err take_parties(struct kb_ps_turn *turn)
{
    const struct kb_session_message *message = turn->message;
    struct kb_ps_session *session = &turn->session;

    session->number = message->session;
    session->opened = kb_ps_now(turn->ps);
    kb_wipe(session->saved, sizeof(session->saved));
    session->saved_len = session->answer_len = 0;
    if (!message->agreement)
        return KB_OK;
    session->agreement = message->agreement;
    if (message->credential.len > sizeof(session->credential))
        return KB_ERR_TOO_LONG;
    if (message->credential.len)
        memcpy(session->credential, message->credential.data, message->credential.len);
    session->credential_len = message->credential.len;
    return KB_OK;
}

struct kb_ps_parties kb_ps_parties_of(const struct kb_ps_turn *turn)
{
    const struct kb_ps_session *session = &turn->session;

    return (struct kb_ps_parties){
        .config = &turn->ps->config,
        .makers = &turn->ps->makers,
        .id_sc = kb_ps_text(turn->session.id_sc),
        .credential = kb_span(session->credential, session->credential_len),
        .agreement = session->agreement,
        .now = kb_ps_now(turn->ps),
    };
}

static enum kb_err agree_first(struct kb_ps_turn *turn)
{
    struct kb_ps_session *session = &turn->session;
    struct kb_ps_parties parties = kb_ps_parties_of(turn);
    uint8_t second[KB_AGREE_MESSAGE_MAX];
    struct kb_writer answer = kb_wr(second, sizeof(second));
    struct kb_writer saved = kb_wr(session->saved, sizeof(session->saved));
    struct kb_session_message message = kb_ps_message(turn, KB_SESSION_AGREE, session->number);
    bool is_offer;

    turn->refused = kb_ps_agree_first(&parties, turn->message->agree, &answer, &saved, &is_offer);
    if (turn->refused)
        return KB_OK;
    if (is_offer)
        turn->next = KB_PS_OFFERED;
    session->saved_len = saved.len;
    message.id_o = turn->ps->config.id_o;
    message.agree = kb_wr_span(&answer);
    return kb_ps_post(turn, &message, true);
}

enum kb_err kb_ps_begin(struct kb_ps_turn *turn)
{
    bool has_room;
    enum kb_err err = is_there_room(turn, &has_room);

    if (err)
        return err;
    if (!has_room) {
        turn->is_unchanged = true;
        return kb_ps_refuse(turn, KB_REASON_BUSY, false);
    }
    err = take_parties(turn);
    if (err == KB_ERR_TOO_LONG) {
        turn->refused = KB_REASON_CREDENTIAL;
        return KB_OK;
    }
    return err ? err : agree_first(turn);
}
