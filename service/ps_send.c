/* SPDX-License-Identifier: Apache-2.0 */
/* What a PS says: to the AS of a card, to its register, and in the audit trail. */
#include "service/ps_inside.h"

#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"

enum { NOTE_MAX = 96 };

enum kb_err kb_ps_note(struct kb_ps_turn *turn, const char *what, const char *result)
{
    return kb_store_audit(turn->ps->store, what, turn->session.id_sc, result);
}

enum kb_err kb_ps_note_identity(struct kb_ps_turn *turn, const char *what)
{
    char result[NOTE_MAX];

    snprintf(result, sizeof(result), "%s %s", what, turn->holding.imsi);
    return kb_ps_note(turn, "identity", result);
}

enum kb_err kb_ps_send(struct kb_ps_turn *turn, struct kb_span body)
{
    struct kb_mail mail = {.kind = KB_MAIL_SERVER, .body = body};

    memcpy(mail.peer, turn->session.server, sizeof(mail.peer));
    return kb_store_post(turn->ps->store, &mail);
}

enum kb_err kb_ps_keep_answer(struct kb_ps_turn *turn, const struct kb_session_message *message)
{
    struct kb_writer wr = kb_wr(turn->session.answer, sizeof(turn->session.answer));

    kb_session_write(&wr, message);
    turn->session.answer_len = wr.is_bad ? 0 : wr.len;
    return wr.is_bad ? KB_ERR_TOO_LONG : KB_OK;
}

enum kb_err kb_ps_post(struct kb_ps_turn *turn, const struct kb_session_message *message,
                       bool is_kept)
{
    uint8_t body[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(body, sizeof(body));
    enum kb_err err = is_kept ? kb_ps_keep_answer(turn, message) : KB_OK;

    kb_session_write(&wr, message);
    if (!err && wr.is_bad)
        err = KB_ERR_TOO_LONG;
    return err ? err : kb_ps_send(turn, kb_wr_span(&wr));
}

struct kb_session_message kb_ps_message(const struct kb_ps_turn *turn, enum kb_session_kind kind,
                                        uint32_t number)
{
    return (struct kb_session_message){
        .kind = kind, .session = number, .id_sc = kb_ps_text(turn->session.id_sc)};
}

enum kb_err kb_ps_refuse(struct kb_ps_turn *turn, enum kb_session_reason reason, bool is_kept)
{
    uint32_t number = is_kept ? turn->session.number : turn->message->session;
    struct kb_session_message message = kb_ps_message(turn, KB_SESSION_REFUSE, number);
    char result[NOTE_MAX];
    enum kb_err err;

    message.reason = (uint8_t)reason;
    snprintf(result, sizeof(result), "refused: %s", kb_session_reason_text(reason));
    err = kb_ps_note(turn, "attempt", result);
    return err ? err : kb_ps_post(turn, &message, is_kept);
}

enum kb_err kb_ps_ask_register(struct kb_ps_turn *turn, struct kb_register_message *request)
{
    uint8_t body[KB_REGISTER_MAX];
    struct kb_writer wr = kb_wr(body, sizeof(body));
    struct kb_mail mail = {.kind = KB_MAIL_REGISTER, .peer = "register"};
    enum kb_err err;

    request->imsi = kb_ps_text(turn->holding.imsi);
    kb_register_write(&wr, request);
    mail.body = kb_wr_span(&wr);
    err = wr.is_bad ? KB_ERR_TOO_LONG : kb_store_post(turn->ps->store, &mail);
    kb_wipe(body, sizeof(body));
    return err;
}
