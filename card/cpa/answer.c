/* SPDX-License-Identifier: Apache-2.0 */
/* What the service says: COMMAND, IDENTITY, CONFIRM, REFUSE. A message of another attempt, or one
 * that this state does not wait for, changes nothing. */
#include <string.h>

#include "agree/agree.h"
#include "card/cpa/inside.h"
#include "crypto/secret.h"

/* --- The admin code --- */

/* Both padded with zeros, which are no digits, so that the time tells no length either. */
static bool is_same_code(struct kb_span a, struct kb_span b)
{
    uint8_t codes[2][KB_ADMIN_CODE_MAX] = {{0}};
    bool is_same;

    if (!a.len || !b.len || a.len > KB_ADMIN_CODE_MAX || b.len > KB_ADMIN_CODE_MAX)
        return false;
    memcpy(codes[0], a.data, a.len);
    memcpy(codes[1], b.data, b.len);
    is_same = kb_is_equal(codes[0], codes[1], KB_ADMIN_CODE_MAX);
    kb_wipe(codes, sizeof(codes));
    return is_same;
}

static bool is_right(struct kb_card *card, struct kb_span code)
{
    uint8_t kept[KB_ADMIN_CODE_MAX];
    const uint16_t object = KB_OBJ_SECRET + KB_SECRET_ADMIN_CODE;
    size_t size = kb_nvm_size(&card->nvm, object);
    bool is_same;

    if (size > sizeof(kept) || kb_nvm_read(&card->nvm, object, 0, kept, size))
        return false;
    is_same = is_same_code(kb_span(kept, size), code);
    kb_wipe(kept, sizeof(kept));
    return is_same;
}

static enum kb_err tries_left(struct kb_card *card, uint8_t *planned, uint8_t *left)
{
    struct kb_cpa_loaded loaded;
    enum kb_err err = kb_cpa_plan_load(card, &loaded);

    if (err)
        return err;
    *planned = *left = loaded.plan.tries;
    if (!kb_nvm_has(&card->nvm, KB_OBJ_CPA_TRIES))
        return KB_OK;
    return kb_nvm_read(&card->nvm, KB_OBJ_CPA_TRIES, 0, left, 1);
}

/* A try is taken before the code is looked at, and given back when it was right. */
static enum kb_session_reason check_code(struct kb_card *card, struct kb_span code)
{
    uint8_t planned, left;

    if (tries_left(card, &planned, &left))
        return KB_REASON_INTERNAL;
    if (!left)
        return KB_REASON_BLOCKED;
    left--;
    if (kb_nvm_put(&card->nvm, KB_OBJ_CPA_TRIES, &left, 1))
        return KB_REASON_INTERNAL;
    if (!is_right(card, code))
        return left ? KB_REASON_ADMIN_CODE : KB_REASON_BLOCKED;
    return kb_nvm_put(&card->nvm, KB_OBJ_CPA_TRIES, &planned, 1) ? KB_REASON_INTERNAL
                                                                 : KB_REASON_NONE;
}

/* --- COMMAND --- */

/* Whom user or plan chose, nobody may change. */
static bool is_wanted(const struct kb_cpa_record *record, struct kb_span id_o)
{
    return !record->is_chosen ||
           (id_o.len == record->id_o_len && memcmp(id_o.data, record->id_o, id_o.len) == 0);
}

/* Another suite is wanted: a new attempt, with the agreement that began anew. */
static enum kb_err request_again(struct kb_card *card, struct kb_cpa_record *record,
                                 const struct kb_cpa_agreed *agreed)
{
    const struct kb_cpa_offer offer = {.kind = agreed->kind,
                                       .message = kb_wr_span(&agreed->message),
                                       .saved = kb_wr_span(&agreed->saved)};

    return kb_cpa_request(card, record, &offer);
}

static enum kb_err put_clock(struct kb_card *card, void *context)
{
    return kb_cpa_clock_keep(card, *(const uint64_t *)context);
}

static enum kb_err send_agree(struct kb_card *card, struct kb_cpa_record *record,
                              const struct kb_session_message *command,
                              const struct kb_cpa_agreed *agreed)
{
    const struct kb_session_message agree = {.kind = KB_SESSION_AGREE,
                                             .session = record->session,
                                             .agree = kb_wr_span(&agreed->message)};
    uint64_t time = command->time;
    const struct kb_cpa_change change = {.record = record,
                                         .message = &agree,
                                         .agreement = kb_wr_span(&agreed->saved),
                                         .also = put_clock,
                                         .context = &time};

    record->state = KB_CPA_AGREED;
    record->id_o_len = (uint8_t)command->id_o.len;
    memcpy(record->id_o, command->id_o.data, command->id_o.len);
    return kb_cpa_commit(card, &change);
}

static void personalize(struct kb_card *card, struct kb_cpa_record *record,
                        const struct kb_session_message *command)
{
    uint8_t message[KB_AGREE_MESSAGE_MAX], kept[KB_AGREE_SAVED_MAX];
    struct kb_cpa_agreed agreed = {.message = kb_wr(message, sizeof(message)),
                                   .saved = kb_wr(kept, sizeof(kept))};
    enum kb_session_reason reason = check_code(card, command->admin_code);
    enum kb_err err = KB_OK;

    if (!reason && !is_wanted(record, command->id_o))
        reason = KB_REASON_NO_OPERATOR;
    if (!reason) {
        kb_cpa_revoked_take(card, command->revoked);
        reason = kb_cpa_agreement_take(card, command, &agreed);
    }
    if (!reason)
        err = agreed.is_again ? request_again(card, record, &agreed)
                              : send_agree(card, record, command, &agreed);
    kb_wipe(kept, sizeof(kept));
    if (err)
        reason = KB_REASON_INTERNAL;
    if (reason)
        kb_cpa_fail(card, reason);
}

/* Who asked for an operator, or for the one that is meant for this card, began an agreement; a list
 * now could only lead somewhere else. */
static void choose(struct kb_card *card, struct kb_cpa_record *record,
                   const struct kb_session_message *command)
{
    const struct kb_cpa_change change = {.record = record, .pair = command->operators};

    if (kb_nvm_has(&card->nvm, KB_OBJ_CPA_AGREEMENT))
        return;
    record->state = KB_CPA_CHOOSING;
    (void)kb_cpa_commit(card, &change);
}

static void start(struct kb_card *card, struct kb_cpa_record *record,
                  const struct kb_session_message *command)
{
    const struct kb_cpa_wish wish = {.id_o = command->id_o};

    (void)record;
    if (card->cpa.starts & KB_CPA_BY_AIR)
        kb_cpa_begin_as_planned(card, &wish);
}

/* --- IDENTITY --- */

/* Under a seal that is not the operator's it is as if nothing came. */
static void identity(struct kb_card *card, struct kb_cpa_record *record,
                     const struct kb_session_message *message)
{
    uint8_t plain[KB_SESSION_SEALED_MAX];
    struct kb_writer text = kb_wr(plain, sizeof(plain));
    struct kb_identity it;
    struct kb_cpa_change change = {.record = record, .keeps_agreement = true};

    if (kb_cpa_unseal(card, record->session, message->sealed, &text))
        return;
    change.pair = kb_wr_span(&text);
    record->state = KB_CPA_ASKING;
    if (kb_identity_read(change.pair, &it))
        kb_cpa_fail(card, KB_REASON_MALFORMED);
    else if (kb_cpa_commit(card, &change))
        kb_cpa_fail(card, KB_REASON_INTERNAL);
    else if (!kb_cpa_is(card, KB_CPA_ASKS_USER))
        kb_cpa_swap(card);
    kb_wipe(plain, sizeof(plain));
}

/* --- CONFIRM and REFUSE --- */

static void confirmed(struct kb_card *card, struct kb_cpa_record *record,
                      const struct kb_session_message *message)
{
    struct kb_cpa_loaded loaded;
    bool keeps;
    const struct kb_cpa_change change = {
        .record = record, .also = kb_cpa_forget_temporary, .context = &keeps};

    (void)message;
    if (kb_cpa_plan_load(card, &loaded))
        return;
    keeps = loaded.plan.keeps_temporary;
    record->state = KB_CPA_DONE;
    kb_cpa_set(card, KB_CPA_IS_READY_TO_SHOW);
    (void)kb_cpa_commit(card, &change);
}

static void refused(struct kb_card *card, struct kb_cpa_record *record,
                    const struct kb_session_message *message)
{
    (void)record;
    kb_cpa_end(card, (enum kb_session_reason)message->reason);
}

/* The pair was there: the operator has to hear that it is not used. */
static void refused_late(struct kb_card *card, struct kb_cpa_record *record,
                         const struct kb_session_message *message)
{
    (void)record;
    kb_cpa_fail(card, (enum kb_session_reason)message->reason);
}

/* --- Which message in which state --- */

#define IN(state) (1u << (KB_CPA_##state))

static const struct {
    uint8_t kind, command;
    uint16_t states;
    void (*take)(struct kb_card *card, struct kb_cpa_record *record,
                 const struct kb_session_message *message);
} rows[] = {
    {KB_SESSION_COMMAND, KB_COMMAND_PERSONALIZE, IN(REQUESTED), personalize},
    {KB_SESSION_COMMAND, KB_COMMAND_CHOOSE, IN(REQUESTED), choose},
    {KB_SESSION_COMMAND, KB_COMMAND_START, IN(IDLE), start},
    {KB_SESSION_IDENTITY, 0, IN(AGREED), identity},
    {KB_SESSION_CONFIRM, 0, IN(REPORTING), confirmed},
    {KB_SESSION_REFUSE, 0, IN(REQUESTED) | IN(CHOOSING) | IN(AGREED) | IN(FAILING), refused},
    {KB_SESSION_REFUSE, 0, IN(ASKING), refused_late},
};

#undef IN

enum kb_packet_status kb_cpa_packet(struct kb_card *card, const struct kb_ota_command *packet,
                                    struct kb_writer *answer)
{
    struct kb_session_message message;
    struct kb_cpa_record record;

    (void)answer;
    if (packet->is_repeat || card->cpa.state == KB_CPA_NONE ||
        kb_session_read(packet->data, &message) || kb_cpa_record_load(card, &record))
        return KB_STATUS_POR_OK;
    if (message.command != KB_COMMAND_START && message.session != record.session)
        return KB_STATUS_POR_OK;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].kind != message.kind || rows[i].command != message.command ||
            !(rows[i].states >> card->cpa.state & 1))
            continue;
        rows[i].take(card, &record, &message);
        break;
    }
    return KB_STATUS_POR_OK;
}
