/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a step: mail for card and server, and what is kept. */
#include <string.h>

#include "card/ota/inbox.h"
#include "crypto/secret.h"
#include "service/as_inside.h"

/* A COMMAND with a list of revoked operators must still fit into the card's room for a packet. */
enum { MESSAGE_MAX = KB_INBOX_ROOM - 48 };

enum kb_err kb_as_audit(const struct kb_as_turn *turn, const char *what, const char *result)
{
    char id_sc[KB_ID_SC_MAX + 1] = {0};

    memcpy(id_sc, kb_as_id(turn).data, kb_as_id(turn).len);
    return kb_store_audit(turn->as->store, what, id_sc, result);
}

/* The admin code is unsealed here and nowhere else. */
enum kb_err kb_as_write(const struct kb_as_turn *turn, struct kb_session_message *message,
                        struct kb_writer *wr)
{
    bool needs_code =
        message->kind == KB_SESSION_COMMAND && message->command == KB_COMMAND_PERSONALIZE;
    uint8_t code[KB_ADMIN_CODE_MAX];
    size_t len = 0;
    enum kb_err err = needs_code ? kb_as_code(turn->as, kb_as_id(turn), code, &len) : KB_OK;

    if (err)
        return err;
    message->admin_code = kb_span(code, len);
    kb_session_write(wr, message);
    if (message->revoked.len && (wr->is_bad || wr->len > MESSAGE_MAX)) {
        message->revoked = kb_span(NULL, 0);
        *wr = kb_wr(wr->data, wr->cap);
        kb_session_write(wr, message);
    }
    message->admin_code = kb_span(NULL, 0);
    kb_wipe(code, sizeof(code));
    return wr->is_bad ? KB_ERR_MALFORMED : KB_OK;
}

static enum kb_err post_to_server(const struct kb_as_turn *turn,
                                  const struct kb_session_message *message)
{
    uint8_t room[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_mail mail = {.kind = KB_MAIL_SERVER};

    kb_session_write(&wr, message);
    if (wr.is_bad)
        return KB_ERR_MALFORMED;
    memcpy(mail.peer, turn->row.session.server, sizeof(mail.peer));
    mail.body = kb_wr_span(&wr);
    return kb_store_post(turn->as->store, &mail);
}

/* The beginning and the end of each attempt. */
static enum kb_err audit_step(const struct kb_as_turn *turn, uint8_t before)
{
    const struct kb_as_session *session = &turn->row.session;

    if (session->step == before)
        return KB_OK;
    if (session->step == KB_AS_STEP_ASKED)
        return kb_as_audit(turn, "attempt", session->id_o);
    if (session->step == KB_AS_STEP_REFUSED)
        return kb_as_audit(turn, "refused",
                           kb_session_reason_text((enum kb_session_reason)session->reason));
    if (session->step == KB_AS_STEP_FINISHED)
        return kb_as_audit(turn, "personalized", session->id_o);
    return KB_OK;
}

/* Gives the answer and keeps it, in case that it is lost. */
static enum kb_err give_answer(struct kb_as_turn *turn, struct kb_session_message *message)
{
    uint8_t room[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_span answer;
    enum kb_err err = message->kind ? kb_as_write(turn, message, &wr) : KB_OK;

    if (!err && wr.len)
        err = kb_as_send(turn->as, turn->known, &turn->row, kb_wr_span(&wr));
    turn->row.repeats = 0;
    answer = kb_wr_span(&wr);
    if (!err)
        err = kb_as_save(turn->as, kb_as_id(turn), &turn->row, &answer);
    kb_wipe(room, sizeof(room));
    return err;
}

enum kb_err kb_as_repeat(struct kb_as_turn *turn)
{
    uint8_t room[KB_SESSION_MAX];
    size_t len;
    enum kb_err err = kb_as_answer(turn->as, kb_as_id(turn), room, sizeof(room), &len);

    if (!err)
        err = kb_as_send(turn->as, turn->known, &turn->row, kb_span(room, len));
    kb_wipe(room, sizeof(room));
    if (err && err != KB_ERR_ABSENT)
        return err;
    turn->row.repeats++;
    turn->as->counts.repeated++;
    return kb_as_save(turn->as, kb_as_id(turn), &turn->row, NULL);
}

enum kb_err kb_as_follow(struct kb_as_turn *turn, uint8_t before, struct kb_as_effects *effects)
{
    enum kb_err err = KB_OK;

    if (effects->repeats)
        return kb_as_repeat(turn);
    if (effects->to_server.kind)
        err = post_to_server(turn, &effects->to_server);
    if (!err && effects->forgets)
        err = kb_as_forget(turn->as, kb_as_id(turn));
    if (!err)
        err = give_answer(turn, &effects->to_card);
    return err ? err : audit_step(turn, before);
}
