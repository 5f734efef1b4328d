/* SPDX-License-Identifier: Apache-2.0 */
/* One mail, one step: of cards and of personalization servers. */
#include <stdio.h>
#include <string.h>

#include "card/ota/inbox.h"
#include "crypto/secret.h"
#include "service/as_inside.h"

/* A COMMAND with a list of revoked operators must still fit into the card's room for a packet. */
enum { MESSAGE_MAX = KB_INBOX_ROOM - 48 };

/* A card whose message, or message about whom, is being taken. */
struct turn {
    struct kb_as *as;
    const struct kb_as_known *known;
    struct kb_as_row row;
    enum kb_err err; /* of the store, while a packet was opened */
};

static struct kb_span id_of(const struct turn *turn)
{
    return kb_as_digits(&turn->known->id_sc);
}

static enum kb_err audit(const struct turn *turn, const char *what, const char *result)
{
    char id_sc[KB_ID_SC_MAX + 1] = {0};

    memcpy(id_sc, id_of(turn).data, id_of(turn).len);
    return kb_store_audit(turn->as->store, what, id_sc, result);
}

/* --- What follows from a step --- */

/* Writes a message for the card. The admin code is unsealed here and nowhere else. A list of
 * revoked operators that does not fit stays behind. */
static enum kb_err write_answer(const struct turn *turn, struct kb_session_message *message,
                                struct kb_writer *wr)
{
    bool needs_code =
        message->kind == KB_SESSION_COMMAND && message->command == KB_COMMAND_PERSONALIZE;
    uint8_t code[KB_ADMIN_CODE_MAX];
    size_t len = 0;
    enum kb_err err = needs_code ? kb_as_code(turn->as, id_of(turn), code, &len) : KB_OK;

    if (err)
        return err;
    message->admin_code = kb_span(code, len);
    kb_session_write(wr, message);
    if (message->revoked.len && (wr->is_bad || wr->len > MESSAGE_MAX)) {
        message->revoked = kb_span(NULL, 0);
        *wr = kb_wr(wr->data, wr->cap);
        kb_session_write(wr, message);
    }
    kb_wipe(code, sizeof(code));
    return wr->is_bad ? KB_ERR_MALFORMED : KB_OK;
}

static enum kb_err post_to_server(const struct turn *turn, const struct kb_session_message *message)
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
static enum kb_err audit_step(const struct turn *turn, uint8_t before)
{
    const struct kb_as_session *session = &turn->row.session;

    if (session->step == before)
        return KB_OK;
    if (session->step == KB_AS_STEP_ASKED)
        return audit(turn, "attempt", session->id_o);
    if (session->step == KB_AS_STEP_REFUSED)
        return audit(turn, "refused",
                     kb_session_reason_text((enum kb_session_reason)session->reason));
    if (session->step == KB_AS_STEP_FINISHED)
        return audit(turn, "personalized", session->id_o);
    return KB_OK;
}

/* Gives the answer and keeps it, in case that it is lost. */
static enum kb_err give_answer(struct turn *turn, struct kb_session_message *message)
{
    uint8_t room[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_span answer;
    enum kb_err err = message->kind ? write_answer(turn, message, &wr) : KB_OK;

    if (!err && wr.len)
        err = kb_as_send(turn->as, turn->known, &turn->row, kb_wr_span(&wr));
    turn->row.repeats = 0;
    answer = kb_wr_span(&wr);
    if (!err)
        err = kb_as_save(turn->as, id_of(turn), &turn->row, &answer);
    kb_wipe(room, sizeof(room));
    return err;
}

static enum kb_err repeat_answer(struct turn *turn)
{
    uint8_t room[KB_SESSION_MAX];
    size_t len;
    enum kb_err err = kb_as_answer(turn->as, id_of(turn), room, sizeof(room), &len);

    if (!err)
        err = kb_as_send(turn->as, turn->known, &turn->row, kb_span(room, len));
    kb_wipe(room, sizeof(room));
    if (err && err != KB_ERR_ABSENT)
        return err;
    turn->row.repeats++;
    turn->as->counts.repeated++;
    return kb_as_save(turn->as, id_of(turn), &turn->row, NULL);
}

static enum kb_err follow(struct turn *turn, uint8_t before, struct kb_as_effects *effects)
{
    enum kb_err err = KB_OK;

    if (effects->repeats)
        return repeat_answer(turn);
    if (effects->to_server.kind)
        err = post_to_server(turn, &effects->to_server);
    if (!err && effects->forgets)
        err = kb_as_forget(turn->as, id_of(turn));
    if (!err)
        err = give_answer(turn, &effects->to_card);
    return err ? err : audit_step(turn, before);
}

/* --- Of a card --- */

static enum kb_err read_counter(void *self, uint64_t *last)
{
    struct turn *turn = self;

    turn->err = kb_as_load(turn->as, id_of(turn), &turn->row);
    *last = turn->row.cntr_in;
    return turn->err;
}

/* It is saved with the step, before which nothing that the packet wants is done. */
static enum kb_err take_counter(void *self, uint64_t value)
{
    struct turn *turn = self;

    turn->row.cntr_in = value;
    return KB_OK;
}

/* Who sends garbage must not fill the store: one line a minute says how much there was. */
static enum kb_err note_forged(struct turn *turn)
{
    struct kb_as *as = turn->as;
    int64_t now = kb_as_now(as);
    char result[48];
    enum kb_err err;

    as->counts.forged++;
    if (as->forged_told && now - as->forged_at < KB_AS_FORGED_S && now >= as->forged_at)
        return KB_OK;
    snprintf(result, sizeof(result), "not authentic, %llu since the last such line",
             (unsigned long long)(as->counts.forged - as->forged_told));
    as->forged_told = as->counts.forged;
    as->forged_at = now;
    err = kb_store_begin(as->store);
    return err ? err : kb_store_end(as->store, audit(turn, "packet", result));
}

static enum kb_err take_message(struct turn *turn, struct kb_span bytes)
{
    struct kb_session_message message;
    struct kb_as_effects effects;
    struct kb_as_facts facts;
    struct kb_as_room room;
    uint8_t before = turn->row.session.step;
    enum kb_err err;

    if (kb_session_read(bytes, &message)) {
        turn->as->counts.malformed++;
        return kb_as_save(turn->as, id_of(turn), &turn->row, NULL);
    }
    err = kb_as_facts(turn->as, id_of(turn), &message, &room, &facts);
    if (err)
        return err;
    kb_as_card_says(&facts, &message, &turn->row.session, &effects);
    if (effects.is_taken)
        return follow(turn, before, &effects);
    turn->as->counts.dropped++;
    return kb_as_save(turn->as, id_of(turn), &turn->row, NULL);
}

static void take_place(struct turn *turn, const struct kb_mail *mail)
{
    turn->row.place.kind = mail->kind;
    memcpy(turn->row.place.peer, mail->peer, sizeof(turn->row.place.peer));
}

/* What is authentic is a step. Of packets with an old counter only the newest one has an answer. */
static enum kb_err take_packet(struct turn *turn, const struct kb_mail *mail,
                               enum kb_ota_verdict verdict, const struct kb_ota_command *command)
{
    struct kb_store *store = turn->as->store;
    enum kb_err err;

    if (verdict == KB_OTA_REFUSED && (!command->is_repeat || turn->row.repeats >= KB_AS_REPEATS)) {
        turn->as->counts.stale++;
        return KB_OK;
    }
    err = kb_store_begin(store);
    if (err)
        return err;
    take_place(turn, mail);
    err = verdict == KB_OTA_ACCEPTED ? take_message(turn, command->data) : repeat_answer(turn);
    return kb_store_end(store, err);
}

static enum kb_err open_packet(struct kb_as *as, const struct kb_mail *mail,
                               struct kb_as_packet *packet)
{
    struct turn turn = {.as = as};
    const struct kb_ota_counter counter = {&turn, read_counter, take_counter};
    const struct kb_ota_target target = {.tar = KB_TAR_SERVICE, .minimum = KB_AS_SPI};
    struct kb_ota_receiver receiver = {as->crypto, NULL, 1, &target, 1, &counter};
    struct kb_ota_command command;
    enum kb_ota_verdict verdict;
    enum kb_err err = kb_as_find(as, &packet->id_sc, &turn.known);

    if (err == KB_ERR_ABSENT)
        as->counts.unknown++;
    if (err)
        return err == KB_ERR_ABSENT ? KB_OK : err;
    receiver.keys = &turn.known->keys;
    verdict =
        kb_ota_open(&receiver, packet->bearer, packet->bytes.data, packet->bytes.len, &command);
    if (turn.err)
        return turn.err;
    if (verdict == KB_OTA_SILENCE)
        return note_forged(&turn);
    return take_packet(&turn, mail, verdict, &command);
}

static enum kb_err receive_packet(struct kb_as *as, const struct kb_mail *mail)
{
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_as_packet packet = {.bytes = kb_wr(room, sizeof(room))};
    enum kb_err err = kb_as_unpack(as, mail, &packet);

    if (!err)
        err = open_packet(as, mail, &packet);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

/* --- Of a personalization server --- */

static enum kb_err digits_from(struct kb_span text, struct kb_as_digits *id_sc)
{
    struct kb_writer wr = kb_wr(id_sc->digits, sizeof(id_sc->digits));

    kb_wr_copy(&wr, text.data, text.len);
    id_sc->len = wr.len;
    return wr.is_bad || !wr.len ? KB_ERR_ABSENT : KB_OK;
}

/* KB_ERR_ABSENT: it is dropped. */
static enum kb_err take_server_message(struct turn *turn, const struct kb_mail *mail,
                                       const struct kb_session_message *message)
{
    struct kb_as_digits id_sc;
    struct kb_as_effects effects;
    struct kb_as_facts facts;
    uint8_t before;
    enum kb_err err = digits_from(message->id_sc, &id_sc);

    if (!err)
        err = kb_as_find(turn->as, &id_sc, &turn->known);
    if (!err)
        err = kb_as_load(turn->as, id_of(turn), &turn->row);
    if (!err)
        err = kb_as_facts(turn->as, id_of(turn), message, NULL, &facts);
    if (err)
        return err;
    before = turn->row.session.step;
    kb_as_server_says(&facts, mail->peer, message, &turn->row.session, &effects);
    return effects.is_taken ? follow(turn, before, &effects) : KB_ERR_ABSENT;
}

static enum kb_err take_server_mail(struct kb_as *as, const struct kb_mail *mail)
{
    struct turn turn = {.as = as};
    struct kb_session_message message;
    enum kb_err err = kb_store_take(as->store, mail);

    if (err)
        return err == KB_ERR_EXISTS ? KB_OK : err;
    if (kb_session_read(mail->body, &message) || message.kind == KB_SESSION_REQUEST) {
        as->counts.malformed++;
        return KB_OK;
    }
    err = take_server_message(&turn, mail, &message);
    if (err == KB_ERR_ABSENT)
        as->counts.dropped++;
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

static enum kb_err receive_server(struct kb_as *as, const struct kb_mail *mail)
{
    enum kb_err err = kb_store_begin(as->store);

    return err ? err : kb_store_end(as->store, take_server_mail(as, mail));
}

/* What delivering it again would not change: the mail or the card's row are at fault, and the step
 * left nothing behind. */
static bool is_final(enum kb_err err)
{
    return err == KB_ERR_MALFORMED || err == KB_ERR_TOO_LONG || err == KB_ERR_RANGE ||
           err == KB_ERR_INTEGRITY;
}

static enum kb_err note_failed(struct kb_as *as, enum kb_err failure)
{
    enum kb_err err = kb_store_begin(as->store);

    as->counts.failed++;
    return err ? err
               : kb_store_end(as->store,
                              kb_store_audit(as->store, "mail", NULL, kb_err_text(failure)));
}

enum kb_err kb_as_receive(struct kb_as *as, const struct kb_mail *mail, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    if (mail->kind == KB_MAIL_SMS || mail->kind == KB_MAIL_CHANNEL)
        err = receive_packet(as, mail);
    else if (mail->kind == KB_MAIL_SERVER)
        err = receive_server(as, mail);
    else
        as->counts.malformed++;
    if (is_final(err))
        err = note_failed(as, err);
    return err ? kb_report(why, err, "mail of %.*s: %s", (int)strnlen(mail->peer, KB_MAIL_PEER),
                           mail->peer, kb_err_text(err))
               : KB_OK;
}

/* --- By itself --- */

/* The number that the maker knew, unless the card was heard of since. */
static enum kb_err find_place(struct turn *turn)
{
    struct kb_statement *st;
    struct kb_span number;
    enum kb_err err;

    if (turn->row.place.kind == KB_MAIL_SMS)
        return KB_OK;
    st = kb_store_get(turn->as->store, AS_CARD);
    kb_bind_text(st, 1, id_of(turn));
    err = kb_statement_step(st);
    if (err)
        return err;
    number = kb_column_text(st, 4);
    if (!number.len || number.len >= sizeof(turn->row.place.peer))
        err = KB_ERR_ABSENT;
    memset(&turn->row.place, 0, sizeof(turn->row.place));
    turn->row.place.kind = KB_MAIL_SMS;
    if (!err)
        memcpy(turn->row.place.peer, number.data, number.len);
    kb_statement_end(st);
    return err;
}

static enum kb_err start(struct kb_as *as, struct kb_span digits)
{
    struct turn turn = {.as = as};
    struct kb_session_message message = {.kind = KB_SESSION_COMMAND, .command = KB_COMMAND_START};
    struct kb_as_digits id_sc;
    uint8_t room[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    enum kb_err err = digits_from(digits, &id_sc);

    if (!err)
        err = kb_as_find(as, &id_sc, &turn.known);
    if (!err)
        err = kb_as_load(as, id_of(&turn), &turn.row);
    if (!err && turn.row.session.step == KB_AS_STEP_FINISHED)
        err = KB_ERR_RULE;
    if (!err)
        err = find_place(&turn);
    if (!err)
        err = write_answer(&turn, &message, &wr);
    if (!err)
        err = kb_as_send(as, turn.known, &turn.row, kb_wr_span(&wr));
    if (!err)
        err = kb_as_save(as, id_of(&turn), &turn.row, NULL);
    return err ? err : audit(&turn, "start", "sent");
}

enum kb_err kb_as_start(struct kb_as *as, struct kb_span id_sc)
{
    enum kb_err err = kb_store_begin(as->store);

    return err ? err : kb_store_end(as->store, start(as, id_sc));
}
