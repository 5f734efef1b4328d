/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt begins: from the menu, with a typed code, by itself, or when told over the air. */
#include <string.h>

#include "agree/agree.h"
#include "card/cpa/inside.h"
#include "crypto/secret.h"

static bool set_operator(struct kb_cpa_record *record, struct kb_span id_o)
{
    if (id_o.len > sizeof(record->id_o))
        return false;
    record->id_o_len = (uint8_t)id_o.len;
    if (id_o.len)
        memcpy(record->id_o, id_o.data, id_o.len);
    return true;
}

enum kb_err kb_cpa_request(struct kb_card *card, struct kb_cpa_record *record,
                           const struct kb_cpa_offer *offer)
{
    struct kb_session_message request = {
        .kind = KB_SESSION_REQUEST,
        .session = ++record->session,
        .revoked_seen = kb_cpa_revoked_seen(card),
        .wants_operators = offer->wants_operators,
    };
    const struct kb_cpa_change change = {
        .record = record, .message = &request, .agreement = offer->saved};

    if (!offer->wants_operators) {
        request.id_o = kb_span(record->id_o, record->id_o_len);
        request.agreement = offer->kind;
        request.agree = offer->message;
    }
    record->state = KB_CPA_REQUESTED;
    return kb_cpa_commit(card, &change);
}

static enum kb_err agree_and_request(struct kb_card *card, struct kb_cpa_record *record)
{
    uint8_t message[KB_AGREE_MESSAGE_MAX], kept[KB_AGREE_SAVED_MAX];
    struct kb_writer out = kb_wr(message, sizeof(message)), saved = kb_wr(kept, sizeof(kept));
    struct kb_cpa_offer offer = {0};
    enum kb_err err = kb_cpa_agreement_start(card, &offer.kind, &out, &saved);

    offer.message = kb_wr_span(&out);
    offer.saved = kb_wr_span(&saved);
    if (!err)
        err = kb_cpa_request(card, record, &offer);
    kb_wipe(kept, sizeof(kept));
    return err;
}

void kb_cpa_begin(struct kb_card *card, const struct kb_cpa_wish *wish)
{
    const struct kb_cpa_offer asking = {.wants_operators = true};
    struct kb_cpa_record record;
    enum kb_err err = kb_cpa_record_load(card, &record);

    if (err || kb_cpa_has_operator(card) || !set_operator(&record, wish->id_o))
        return;
    record.is_chosen = wish->is_chosen;
    record.reason = KB_REASON_NONE;
    err = wish->wants_operators ? kb_cpa_request(card, &record, &asking)
                                : agree_and_request(card, &record);
    /* Nothing was said to anybody. */
    if (err)
        kb_cpa_end(card, KB_REASON_INTERNAL);
}

void kb_cpa_begin_as_planned(struct kb_card *card, const struct kb_cpa_wish *otherwise)
{
    struct kb_cpa_loaded loaded;
    struct kb_cpa_wish wish = *otherwise;

    if (kb_cpa_plan_load(card, &loaded))
        return;
    if (loaded.plan.operator.len)
        wish = (struct kb_cpa_wish){.id_o = loaded.plan.operator, .is_chosen = true };
    kb_cpa_begin(card, &wish);
}

void kb_cpa_begin_by_itself(struct kb_card *card)
{
    const struct kb_cpa_wish any = {.is_chosen = false};

    kb_cpa_begin_as_planned(card, &any);
}

/* From the card's own list, by a code, or as the service says. */
void kb_cpa_selected(struct kb_card *card)
{
    const struct kb_cpa_wish from_list = {.wants_operators = true};

    if (card->cpa.starts & KB_CPA_BY_MENU && kb_nvm_has(&card->nvm, KB_OBJ_CPA_OPERATORS))
        kb_cpa_want(card, KB_CPA_BIT(SELECT));
    else if (card->cpa.starts & KB_CPA_BY_CODE)
        kb_cpa_want(card, KB_CPA_BIT(INPUT));
    else
        kb_cpa_begin_as_planned(card, &from_list);
}
