/* SPDX-License-Identifier: Apache-2.0 */
/* One mail, one step: of cards and of personalization servers. */
#include <stdio.h>
#include <string.h>

#include "card/ota/inbox.h"
#include "service/as_inside.h"

/* --- Of a card --- */

static enum kb_err read_counter(void *self, uint64_t *last)
{
    struct kb_as_turn *turn = self;

    turn->err = kb_as_load(turn->as, kb_as_id(turn), &turn->row);
    *last = turn->row.cntr_in;
    return turn->err;
}

/* It is saved with the step, before which nothing that the packet wants is done. */
static enum kb_err take_counter(void *self, uint64_t value)
{
    struct kb_as_turn *turn = self;

    turn->row.cntr_in = value;
    return KB_OK;
}

/* Who sends garbage must not fill the store: one line a minute says how much there was. */
static enum kb_err note_forged(struct kb_as_turn *turn)
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
    return err ? err : kb_store_end(as->store, kb_as_audit(turn, "packet", result));
}

static enum kb_err take_message(struct kb_as_turn *turn, struct kb_span bytes)
{
    struct kb_session_message message;
    struct kb_as_effects effects;
    struct kb_as_facts facts;
    struct kb_as_room room;
    uint8_t before = turn->row.session.step;
    enum kb_err err;

    if (kb_session_read(bytes, &message)) {
        turn->as->counts.malformed++;
        return kb_as_save(turn->as, kb_as_id(turn), &turn->row, NULL);
    }
    err = kb_as_facts(turn->as, kb_as_id(turn), &message, &room, &facts);
    if (err)
        return err;
    kb_as_card_says(&facts, &message, &turn->row.session, &effects);
    if (effects.is_taken)
        return kb_as_follow(turn, before, &effects);
    turn->as->counts.dropped++;
    return kb_as_save(turn->as, kb_as_id(turn), &turn->row, NULL);
}

/* Whoever heard a packet can send it again from a number of his own, and would get the answers that
 * follow. A card does so from the number it had; but its connection may be a new one. */
static void take_place(struct kb_as_turn *turn, const struct kb_mail *mail, bool is_repeat)
{
    if (is_repeat && mail->kind == KB_MAIL_SMS && turn->row.place.kind == KB_MAIL_SMS)
        return;
    turn->row.place.kind = mail->kind;
    memcpy(turn->row.place.peer, mail->peer, sizeof(turn->row.place.peer));
}

/* What is authentic is a step. Of packets with an old counter only the newest one has an answer. */
static enum kb_err take_packet(struct kb_as_turn *turn, const struct kb_mail *mail,
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
    take_place(turn, mail, verdict != KB_OTA_ACCEPTED);
    err = verdict == KB_OTA_ACCEPTED ? take_message(turn, command->data) : kb_as_repeat(turn);
    return kb_store_end(store, err);
}

static enum kb_err open_packet(struct kb_as *as, const struct kb_mail *mail,
                               struct kb_as_packet *packet)
{
    struct kb_as_turn turn = {.as = as};
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

    if (!err && packet.is_response) {
        err = kb_as_take_response(as, mail, &packet.bytes);
        as->counts.forged += err == KB_ERR_ABSENT;
    } else if (!err) {
        err = open_packet(as, mail, &packet);
    }
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

/* --- Of a personalization server --- */

/* KB_ERR_ABSENT: the card has no attempt with this server. */
static enum kb_err find_attempt(struct kb_as_turn *turn, const struct kb_mail *mail,
                                const struct kb_session_message *message)
{
    struct kb_as_digits id_sc;
    enum kb_err err = kb_as_digits_from(message->id_sc, &id_sc);

    if (!err)
        err = kb_as_find(turn->as, &id_sc, &turn->known);
    if (!err)
        err = kb_as_load(turn->as, kb_as_id(turn), &turn->row);
    if (!err && strncmp(mail->peer, turn->row.session.server, sizeof(mail->peer)) != 0)
        err = KB_ERR_ABSENT;
    return err;
}

static enum kb_err take_server_message(struct kb_as_turn *turn, const struct kb_mail *mail,
                                       const struct kb_session_message *message)
{
    uint8_t before = turn->row.session.step;
    struct kb_as_effects effects;
    struct kb_as_facts facts;
    enum kb_err err = kb_as_facts(turn->as, kb_as_id(turn), message, NULL, &facts);

    if (err)
        return err;
    kb_as_server_says(&facts, mail->peer, message, &turn->row.session, &effects);
    if (effects.is_taken)
        return kb_as_follow(turn, before, &effects);
    turn->as->counts.dropped++;
    return KB_OK;
}

/* Of a server that has nothing to do with the card nothing is kept, not even that it wrote. */
static enum kb_err take_server_mail(struct kb_as *as, const struct kb_mail *mail)
{
    struct kb_as_turn turn = {.as = as};
    struct kb_session_message message;
    enum kb_err err;

    if (kb_session_read(mail->body, &message) || message.kind == KB_SESSION_REQUEST) {
        as->counts.malformed++;
        return KB_OK;
    }
    err = find_attempt(&turn, mail, &message);
    if (err == KB_ERR_ABSENT) {
        as->counts.dropped++;
        return KB_OK;
    }
    if (!err)
        err = kb_store_take(as->store, mail);
    if (err)
        return err == KB_ERR_EXISTS ? KB_OK : err;
    err = take_server_message(&turn, mail, &message);
    return err == KB_ERR_ABSENT ? KB_ERR_INTEGRITY : err; /* the card's row lacks something */
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
