/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of service/ps_session.h says is done. */
#include "service/ps_inside.h"

#include "agree/schedule.h"

typedef enum kb_err effect(struct kb_ps_turn *turn);

static enum kb_err fail(struct kb_ps_turn *turn)
{
    turn->refused = KB_REASON_INTERNAL;
    return kb_ps_note_identity(turn, "not taken by the register:");
}

static enum kb_err say_success(struct kb_ps_turn *turn, uint32_t number)
{
    struct kb_session_message message = kb_ps_message(turn, KB_SESSION_CONFIRM, number);

    return kb_ps_post(turn, &message, false);
}

/* What is left is the packet keys, for the operator's own use. */
static enum kb_err succeed(struct kb_ps_turn *turn)
{
    enum kb_err err = kb_ps_pool_forget_seal(turn->ps->store, &turn->holding);

    kb_ps_session_clear(&turn->session);
    if (!err)
        err = kb_ps_note_identity(turn, "used");
    return err ? err : say_success(turn, turn->holding.number);
}

static enum kb_err say_success_again(struct kb_ps_turn *turn)
{
    return say_success(turn, turn->message->session);
}

static enum kb_err say_finished(struct kb_ps_turn *turn)
{
    return kb_ps_refuse(turn, KB_REASON_FINISHED, false);
}

/* Only what nobody ever saw in use goes back. */
static enum kb_err take_back(struct kb_ps_turn *turn)
{
    struct kb_register_message request = {.what = KB_REGISTER_REMOVE};
    struct kb_store *store = turn->ps->store;
    enum kb_err err = kb_ps_pool_request(store, &request.request);

    if (!err)
        err = kb_ps_pool_use(store, &turn->holding, KB_PS_USE_DROP, request.request);
    if (err == KB_ERR_RULE) {
        turn->is_unchanged = true;
        return kb_ps_note_identity(turn, "dropped by its card, and kept:");
    }
    if (!err)
        err = kb_ps_ask_register(turn, &request);
    if (turn->next == KB_PS_OVER)
        kb_ps_session_clear(&turn->session);
    return err ? err : kb_ps_note_identity(turn, "dropped by its card, returning:");
}

static enum kb_err give_up(struct kb_ps_turn *turn)
{
    kb_ps_session_clear(&turn->session);
    return kb_ps_note(turn, "attempt", "given up by the card");
}

static enum kb_err repeat(struct kb_ps_turn *turn)
{
    if (!turn->session.answer_len)
        return KB_OK;
    return kb_ps_send(turn, kb_span(turn->session.answer, turn->session.answer_len));
}

/* takes: the message is now the last one that was taken; its hash tells it from another one.
 * writes: something of the attempt changed. */
static const struct {
    effect *run;
    bool takes, writes;
} effects[KB_PS_EFFECTS] = {
    [KB_PS_START] = {kb_ps_begin, true, true},
    [KB_PS_REPEAT] = {repeat, false, false},
    [KB_PS_COMPLETE] = {kb_ps_complete, true, true},
    [KB_PS_RELEASE] = {kb_ps_release, false, true},
    [KB_PS_FAIL] = {fail, false, true},
    [KB_PS_SUCCEED] = {succeed, false, true},
    [KB_PS_SAY_SUCCESS] = {say_success_again, false, false},
    [KB_PS_SAY_FINISHED] = {say_finished, false, false},
    [KB_PS_TAKE_BACK] = {take_back, false, true},
    [KB_PS_GIVE_UP] = {give_up, false, true},
};

static enum kb_err write_down(struct kb_ps_turn *turn, bool takes)
{
    enum kb_err err = KB_OK;

    if (takes) {
        const struct kb_span agree = turn->message->agree;

        err = kb_schedule_hash(turn->ps->config.crypto, &agree, 1, turn->session.taken);
    }
    turn->session.state = turn->next;
    return err ? err : kb_ps_session_save(turn->ps->store, &turn->session);
}

enum kb_err kb_ps_turn(struct kb_ps_turn *turn, enum kb_ps_event event)
{
    struct kb_ps_step step = kb_ps_step(turn->session.state, event);
    enum kb_err err;

    if (step.effect == KB_PS_IGNORE)
        return KB_OK;
    turn->next = step.next;
    turn->is_unchanged = !effects[step.effect].writes;
    turn->refused = KB_REASON_NONE;
    err = effects[step.effect].run(turn);
    if (!err && turn->refused) {
        turn->next = KB_PS_OVER;
        err = kb_ps_refuse(turn, turn->refused, true);
    }
    return err || turn->is_unchanged ? err : write_down(turn, effects[step.effect].takes);
}
