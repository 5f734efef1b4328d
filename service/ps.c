/* SPDX-License-Identifier: Apache-2.0 */
/* The personalization server: what its mail means. */
#include "service/ps.h"

#include "agree/schedule.h"
#include "crypto/secret.h"
#include "service/ps_inside.h"

/* --- Mail of an AS --- */

static enum kb_err is_the_last(const struct kb_ps_turn *turn, bool *is_same)
{
    const struct kb_span agree = turn->message->agree;
    uint8_t hash[KB_SHA256_SIZE];
    enum kb_err err = kb_schedule_hash(turn->ps->config.crypto, &agree, 1, hash);

    *is_same = !err && memcmp(hash, turn->session.taken, sizeof(hash)) == 0;
    return err;
}

/* An attempt that is older than the one that is known, and what follows one that is not, is late
 * or lost. */
static enum kb_err take_agree(struct kb_ps_turn *turn)
{
    const struct kb_session_message *message = turn->message;
    bool is_first = message->agreement != 0, is_same;
    enum kb_err err;

    if (turn->session.state == KB_PS_NONE || message->session > turn->session.number)
        return is_first ? kb_ps_turn(turn, KB_PS_NEW) : KB_OK;
    if (message->session < turn->session.number)
        return KB_OK;
    err = is_the_last(turn, &is_same);
    if (err)
        return err;
    if (is_same)
        return kb_ps_turn(turn, KB_PS_AGAIN);
    return kb_ps_turn(turn, is_first ? KB_PS_FIRST : KB_PS_LAST);
}

/* Whether the card itself says this about the identity that it has. */
static enum kb_err check_word(struct kb_ps_turn *turn, enum kb_sealed_what what, size_t want_len,
                              bool *is_its_word)
{
    const struct kb_ps *ps = turn->ps;
    uint8_t key[KB_PS_KEY], word[KB_SESSION_SEALED_MAX];
    size_t len = 0;
    enum kb_err err = kb_ps_pool_of_card(ps->store, kb_ps_text(turn->session.server),
                                         kb_ps_text(turn->session.id_sc), &turn->holding);

    *is_its_word = false;
    if (!err && (turn->holding.number != turn->message->session ||
                 (turn->holding.state != KB_PS_RELEASED && turn->holding.state != KB_PS_USED)))
        err = KB_ERR_ABSENT;
    if (!err)
        err = kb_ps_pool_seal(ps->store, &turn->holding, key);
    if (err)
        return err == KB_ERR_ABSENT ? KB_OK : err;
    err = kb_ps_unseal(ps->config.crypto, key, what, turn->message->session, turn->message->sealed,
                       word, sizeof(word), &len);
    kb_wipe(key, sizeof(key));
    *is_its_word = !err && len == want_len;
    if (*is_its_word)
        return KB_OK;
    return kb_ps_note(turn, "seal", "not the card's word");
}

static enum kb_err take_confirm(struct kb_ps_turn *turn)
{
    bool is_its_word = turn->session.state == KB_PS_FINISHED;
    enum kb_err err = KB_OK;

    if (!is_its_word)
        err = check_word(turn, KB_SEALED_USED, 0, &is_its_word);
    return err || !is_its_word ? err : kb_ps_turn(turn, KB_PS_CONFIRMED);
}

static enum kb_err take_refuse(struct kb_ps_turn *turn)
{
    bool is_its_word;
    enum kb_err err;

    if (!turn->message->sealed.len)
        return turn->message->session == turn->session.number ? kb_ps_turn(turn, KB_PS_GAVE_UP)
                                                              : KB_OK;
    err = check_word(turn, KB_SEALED_DROPPED, 1, &is_its_word);
    return err || !is_its_word ? err : kb_ps_turn(turn, KB_PS_DROPPED);
}

static const struct {
    enum kb_session_kind kind;
    enum kb_err (*take)(struct kb_ps_turn *turn);
} takers[] = {
    {KB_SESSION_AGREE, take_agree},
    {KB_SESSION_CONFIRM, take_confirm},
    {KB_SESSION_REFUSE, take_refuse},
};

static bool is_ours(const struct kb_ps *ps, struct kb_span id_o)
{
    return !id_o.len ||
           (id_o.len == ps->config.id_o.len && !memcmp(id_o.data, ps->config.id_o.data, id_o.len));
}

static enum kb_err take_message(struct kb_ps_turn *turn, const struct kb_mail *mail)
{
    const struct kb_session_message *message = turn->message;
    enum kb_err err =
        kb_ps_session_load(turn->ps->store, kb_ps_text(mail->peer), message->id_sc, &turn->session);

    if (err)
        return err;
    if (!is_ours(turn->ps, message->id_o))
        return message->kind == KB_SESSION_AGREE ? kb_ps_refuse(turn, KB_REASON_NO_OPERATOR, false)
                                                 : KB_OK;
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
        if (takers[i].kind == message->kind)
            return takers[i].take(turn);
    }
    return KB_OK;
}

static enum kb_err take_from_server(struct kb_ps *ps, const struct kb_mail *mail)
{
    struct kb_session_message message;
    struct kb_ps_turn turn = {.ps = ps, .message = &message};
    enum kb_err err;

    if (kb_session_read(mail->body, &message) != KB_OK || !message.id_sc.len)
        return kb_store_audit(ps->store, "mail", "", "malformed");
    err = take_message(&turn, mail);
    kb_wipe(&turn, sizeof(turn));
    return err;
}

/* --- Mail of the register --- */

static enum kb_err load_card(struct kb_ps_turn *turn)
{
    return kb_ps_session_load(turn->ps->store, kb_ps_text(turn->holding.server),
                              kb_ps_text(turn->holding.id_sc), &turn->session);
}

static enum kb_err take_removed(struct kb_ps_turn *turn, enum kb_register_what what)
{
    enum kb_err err;

    if (what == KB_REGISTER_FAILED)
        return kb_ps_note_identity(turn, "not removed by the register:");
    err = kb_ps_pool_use(turn->ps->store, &turn->holding, KB_PS_USE_REMOVED, 0);
    return err ? err : kb_ps_note_identity(turn, "free again");
}

static enum kb_err take_answer(struct kb_ps_turn *turn, const struct kb_register_message *message)
{
    enum kb_err err;

    if (message->request != turn->holding.request)
        return KB_OK; /* overtaken */
    if (turn->holding.state == KB_PS_RETURNING)
        return take_removed(turn, message->what);
    if (!turn->holding.id_sc[0])
        return KB_OK;
    err = load_card(turn);
    if (err || turn->session.number != turn->holding.number)
        return err;
    return kb_ps_turn(turn, message->what == KB_REGISTER_DONE ? KB_PS_DONE : KB_PS_FAILED);
}

/* Whoever used it, and with whichever keys: it never is another card's. No more than that: a card
 * that authenticated need not have heard that it was accepted, and may fall back; what became of
 * the attempt is its own word alone. */
static enum kb_err take_seen(struct kb_ps_turn *turn)
{
    bool is_first = turn->holding.state != KB_PS_USED;
    enum kb_err err = kb_ps_pool_use(turn->ps->store, &turn->holding, KB_PS_USE_SEE, 0);

    return err || !is_first ? err : kb_ps_note_identity(turn, "seen");
}

static enum kb_err take_from_register(struct kb_ps *ps, const struct kb_mail *mail)
{
    struct kb_register_message message;
    struct kb_ps_turn turn = {.ps = ps};
    enum kb_err err;

    if (kb_register_read(mail->body, &message) != KB_OK)
        return kb_store_audit(ps->store, "register", "", "malformed");
    err = kb_ps_pool_of_imsi(ps->store, message.imsi, &turn.holding);
    if (err)
        return err == KB_ERR_ABSENT ? KB_OK : err;
    if (message.what == KB_REGISTER_SEEN)
        err = take_seen(&turn);
    else if (message.what == KB_REGISTER_DONE || message.what == KB_REGISTER_FAILED)
        err = take_answer(&turn, &message);
    kb_wipe(&turn, sizeof(turn));
    return err;
}

/* --- Any mail --- */

static bool is_served(const struct kb_ps *ps, const struct kb_mail *mail)
{
    if (mail->kind == KB_MAIL_REGISTER)
        return true;
    for (size_t i = 0; mail->kind == KB_MAIL_SERVER && i < ps->config.server_count; i++) {
        if (strncmp(mail->peer, ps->config.servers[i], sizeof(mail->peer)) == 0)
            return true;
    }
    return false;
}

static enum kb_err take(struct kb_ps *ps, const struct kb_mail *mail)
{
    enum kb_err err = kb_store_take(ps->store, mail);

    if (err)
        return err == KB_ERR_EXISTS ? KB_OK : err;
    return mail->kind == KB_MAIL_REGISTER ? take_from_register(ps, mail)
                                          : take_from_server(ps, mail);
}

enum kb_err kb_ps_receive(struct kb_ps *ps, const struct kb_mail *mail, struct kb_report *why)
{
    enum kb_err err;

    if (!is_served(ps, mail))
        return KB_OK;
    err = kb_store_begin(ps->store);
    if (!err)
        err = kb_store_end(ps->store, take(ps, mail));
    return err ? kb_report(why, err, "mail %llu of %s: %s", (unsigned long long)mail->id,
                           mail->peer, kb_err_text(err))
               : KB_OK;
}

enum kb_err kb_ps_commit(struct kb_ps *ps)
{
    return kb_store_commit(ps->store);
}

enum kb_err kb_ps_outbox(struct kb_ps *ps, uint64_t after, struct kb_mail *mail, uint8_t *room)
{
    return kb_store_outbox(ps->store, after, mail, room);
}

enum kb_err kb_ps_sent(struct kb_ps *ps, uint64_t id)
{
    return kb_store_sent(ps->store, id);
}

enum kb_err kb_ps_add_identities(struct kb_ps *ps, struct kb_span first, uint64_t count)
{
    enum kb_err err = kb_store_begin(ps->store);

    if (!err)
        err = kb_store_end(ps->store, kb_ps_pool_add(ps->store, first, count));
    return err ? err : kb_store_commit(ps->store);
}

enum kb_err kb_ps_count(struct kb_ps *ps, struct kb_ps_count *count)
{
    return kb_ps_pool_count(ps->store, count);
}

struct kb_store *kb_ps_store(struct kb_ps *ps)
{
    return ps->store;
}
