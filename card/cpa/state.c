/* SPDX-License-Identifier: Apache-2.0 */
/* Where an attempt stands: the record in the card's memory, the one way to change it, and what each
 * state wants of the terminal. */
#include <string.h>

#include "card/cpa/inside.h"
#include "card/ota/inbox.h"
#include "crypto/secret.h"

enum { RECORD_MIN = 6 + 4 + 1, RECORD_MAX = RECORD_MIN + KB_ID_O_MAX, NUMBER_MAX = 255 };

/* --- The record --- */

enum kb_err kb_cpa_record_load(struct kb_card *card, struct kb_cpa_record *record)
{
    uint8_t bytes[RECORD_MAX];
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_CPA_SESSION);
    struct kb_cursor rd = kb_rd(kb_span(bytes, size));
    enum kb_err err = KB_OK;

    memset(record, 0, sizeof(*record));
    record->state = KB_CPA_IDLE;
    if (!size)
        return KB_OK;
    if (size > sizeof(bytes))
        return KB_ERR_MALFORMED;
    err = kb_nvm_read(&card->nvm, KB_OBJ_CPA_SESSION, 0, bytes, size);
    if (err)
        return err;
    record->state = kb_rd_u8(&rd);
    record->reason = kb_rd_u8(&rd);
    record->failures = kb_rd_u8(&rd);
    record->refusals = kb_rd_u8(&rd);
    record->reference = kb_rd_u8(&rd);
    record->is_chosen = kb_rd_u8(&rd) != 0;
    record->session = kb_rd_u32(&rd);
    record->id_o_len = kb_rd_u8(&rd);
    kb_rd_copy(&rd, record->id_o, record->id_o_len <= KB_ID_O_MAX ? record->id_o_len : 0);
    return kb_rd_is_done(&rd) && record->state < KB_CPA_STATES ? KB_OK : KB_ERR_MALFORMED;
}

enum kb_err kb_cpa_record_store(struct kb_card *card, const struct kb_cpa_record *record)
{
    uint8_t bytes[RECORD_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_wr_u8(&wr, record->state);
    kb_wr_u8(&wr, record->reason);
    kb_wr_u8(&wr, record->failures);
    kb_wr_u8(&wr, record->refusals);
    kb_wr_u8(&wr, record->reference);
    kb_wr_u8(&wr, record->is_chosen);
    kb_wr_u32(&wr, record->session);
    kb_wr_u8(&wr, record->id_o_len);
    kb_wr_copy(&wr, record->id_o, record->id_o_len);
    return kb_nvm_put(&card->nvm, KB_OBJ_CPA_SESSION, bytes, wr.len);
}

enum kb_err kb_cpa_drop(struct kb_card *card, uint16_t object)
{
    return kb_nvm_has(&card->nvm, object) ? kb_nvm_delete(&card->nvm, object) : KB_OK;
}

static enum kb_err replace(struct kb_card *card, uint16_t object, struct kb_span bytes)
{
    return bytes.len ? kb_nvm_put(&card->nvm, object, bytes.data, bytes.len)
                     : kb_cpa_drop(card, object);
}

/* --- One transaction --- */

/* Its own frame: the message in clear is gone before anything is written. */
static enum kb_err protect(struct kb_card *card, const struct kb_session_message *message,
                           struct kb_writer *packet)
{
    uint8_t bytes[KB_CPA_MESSAGE_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    enum kb_err err = KB_ERR_TOO_LONG;

    kb_session_write(&wr, message);
    if (!wr.is_bad)
        err =
            kb_ota_send(card, kb_cpa_is(card, KB_CPA_IS_PACKET) ? KB_PACKET_CHANNEL : KB_PACKET_SMS,
                        kb_wr_span(&wr), packet);
    kb_wipe(bytes, sizeof(bytes));
    return err;
}

static enum kb_err change_all(struct kb_card *card, const struct kb_cpa_change *change,
                              struct kb_span packet)
{
    enum kb_err err = change->also ? change->also(card, change->context) : KB_OK;

    if (!err)
        err = kb_cpa_record_store(card, change->record);
    if (!err)
        err = replace(card, KB_OBJ_CPA_OUT, packet);
    if (!err && !change->keeps_agreement)
        err = replace(card, KB_OBJ_CPA_AGREEMENT, change->agreement);
    if (!err && !change->keeps_pair)
        err = replace(card, KB_OBJ_CPA_PAIR, change->pair);
    return err;
}

enum kb_err kb_cpa_commit(struct kb_card *card, const struct kb_cpa_change *change)
{
    uint8_t bytes[KB_CPA_PACKET_MAX];
    struct kb_writer packet = kb_wr(bytes, sizeof(bytes));
    enum kb_err err = KB_OK;

    if (change->message) {
        change->record->reference++;
        err = protect(card, change->message, &packet);
    }
    if (!err)
        err = kb_nvm_begin(&card->nvm);
    if (err)
        return err;
    err = change_all(card, change, kb_wr_span(&packet));
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err)
        kb_nvm_rollback(&card->nvm);
    else
        kb_cpa_enter(card, change->record);
    return err;
}

/* --- What a state wants --- */

static const uint16_t wants[KB_CPA_STATES] = {
    [KB_CPA_REQUESTED] = KB_CPA_BIT(SEND), [KB_CPA_CHOOSING] = KB_CPA_BIT(SELECT),
    [KB_CPA_AGREED] = KB_CPA_BIT(SEND),    [KB_CPA_ASKING] = KB_CPA_BIT(SURE),
    [KB_CPA_TRIAL] = KB_CPA_BIT(TIMER),    [KB_CPA_REPORTING] = KB_CPA_BIT(SEND),
    [KB_CPA_FAILING] = KB_CPA_BIT(SEND),
};

static bool offers_menu(const struct kb_card *card)
{
    return card->cpa.state == KB_CPA_IDLE &&
           (card->cpa.starts & (KB_CPA_BY_MENU | KB_CPA_BY_CODE)) != 0;
}

static bool is_over(const struct kb_card *card)
{
    return card->cpa.state == KB_CPA_DONE || card->cpa.state == KB_CPA_BLOCKED;
}

/* The entry appears when there is something to begin, and goes when there never will be again. */
static void want_menu(struct kb_card *card)
{
    card->cpa.due &= (uint16_t)~KB_CPA_BIT(MENU);
    if (kb_cpa_is(card, KB_CPA_HAS_MENU) ? is_over(card) : offers_menu(card))
        kb_cpa_want(card, KB_CPA_BIT(MENU));
}

static void want_to_show(struct kb_card *card, const struct kb_cpa_record *record)
{
    if (kb_cpa_is(card, KB_CPA_HAS_USER) &&
        (record->reason || kb_cpa_is(card, KB_CPA_IS_READY_TO_SHOW)))
        kb_cpa_want(card, KB_CPA_BIT(SHOW));
}

void kb_cpa_enter(struct kb_card *card, const struct kb_cpa_record *record)
{
    struct kb_cpa *cpa = &card->cpa;

    cpa->state = record->state;
    cpa->entered++;
    cpa->part = cpa->resends = cpa->tries = 0;
    cpa->due = (uint16_t)((cpa->due & KB_CPA_LASTING) | wants[record->state]);
    kb_cpa_clear(card,
                 KB_CPA_HAS_TIMER | KB_CPA_IS_JUDGING | KB_CPA_IS_REJECTED | KB_CPA_IS_UNSENT);
    if (cpa->channel && !(cpa->due & KB_CPA_BIT(SEND)))
        kb_cpa_want(card, KB_CPA_BIT(CLOSE));
    want_menu(card);
    want_to_show(card, record);
    if (cpa->state == KB_CPA_IDLE)
        kb_cpa_serve(card, cpa->service);
}

/* --- Ends --- */

bool kb_cpa_has_tries(struct kb_card *card)
{
    uint8_t left = 1;

    if (!kb_nvm_has(&card->nvm, KB_OBJ_CPA_TRIES))
        return true;
    return !kb_nvm_read(&card->nvm, KB_OBJ_CPA_TRIES, 0, &left, 1) && left;
}

bool kb_cpa_has_operator(struct kb_card *card)
{
    return kb_nvm_has(&card->nvm, KB_OBJ_KI + 1);
}

static void count_failure(struct kb_cpa_record *record, enum kb_session_reason reason)
{
    record->reason = (uint8_t)reason;
    if (record->failures < NUMBER_MAX)
        record->failures++;
}

static enum kb_err end(struct kb_card *card, struct kb_cpa_record *record,
                       enum kb_err (*also)(struct kb_card *card, void *context))
{
    struct kb_cpa_change change = {.record = record, .also = also};

    record->state = kb_cpa_has_tries(card) ? KB_CPA_IDLE : KB_CPA_BLOCKED;
    return kb_cpa_commit(card, &change);
}

void kb_cpa_end(struct kb_card *card, enum kb_session_reason reason)
{
    struct kb_cpa_record record;

    if (kb_cpa_record_load(card, &record))
        return;
    if (record.state != KB_CPA_FAILING)
        count_failure(&record, reason);
    (void)end(card, &record, NULL);
}

void kb_cpa_fail(struct kb_card *card, enum kb_session_reason reason)
{
    uint8_t seal[1 + KB_SEALED_TAG];
    struct kb_writer sealed = kb_wr(seal, sizeof(seal));
    struct kb_cpa_record record;
    struct kb_session_message refuse = {.kind = KB_SESSION_REFUSE, .reason = (uint8_t)reason};
    struct kb_cpa_change change = {.record = &record, .message = &refuse};

    if (kb_cpa_record_load(card, &record))
        return;
    refuse.session = record.session;
    if (!kb_cpa_seal(card, record.session, KB_SEALED_DROPPED, (uint8_t)reason, &sealed))
        refuse.sealed = kb_wr_span(&sealed);
    if (record.state == KB_CPA_TRIAL)
        change.also = kb_cpa_restore;
    count_failure(&record, reason);
    record.state = KB_CPA_FAILING;
    if (kb_cpa_commit(card, &change) && end(card, &record, change.also))
        return;
    if (change.also)
        kb_cpa_want_reset(card);
}
