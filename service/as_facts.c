/* SPDX-License-Identifier: Apache-2.0 */
/* What the application server knows when a message comes: the card, the operators. */
#include <string.h>

#include "service/as_inside.h"

static struct kb_span keep(struct kb_span bytes, uint8_t *room, size_t cap)
{
    struct kb_writer wr = kb_wr(room, cap);

    kb_wr_copy(&wr, bytes.data, bytes.len);
    return kb_wr_span(&wr);
}

static enum kb_err find_operator(struct kb_as *as, enum kb_as_sql how, struct kb_span what,
                                 struct kb_as_room *room, struct kb_as_facts *facts)
{
    struct kb_statement *st = kb_store_get(as->store, how);
    enum kb_err err;

    kb_bind_text(st, 1, what);
    err = kb_statement_step(st);
    if (err)
        return err;
    facts->id_o = keep(kb_column_text(st, 0), room->id_o, sizeof(room->id_o));
    facts->server = keep(kb_column_text(st, 1), room->server, sizeof(room->server));
    facts->has_contract = kb_column_int(st, 2) != 0;
    kb_statement_end(st);
    return KB_OK;
}

/* The operator that the user named by its IdO or by what is typed for it, or else the one that is
 * meant for this card. None is no error. */
static enum kb_err choose_operator(struct kb_as *as, struct kb_span asked, struct kb_span meant,
                                   struct kb_as_room *room, struct kb_as_facts *facts)
{
    enum kb_err err;

    if (!asked.len && !meant.len)
        return KB_OK;
    err = find_operator(as, AS_OPERATOR_BY_ID, asked.len ? asked : meant, room, facts);
    if (err == KB_ERR_ABSENT && asked.len)
        err = find_operator(as, AS_OPERATOR_BY_CODE, asked, room, facts);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

static enum kb_err list_offers(struct kb_as *as, struct kb_as_room *room, struct kb_as_facts *facts)
{
    struct kb_statement *st = kb_store_get(as->store, AS_OFFERS);
    struct kb_session_operator operators[KB_SESSION_OPERATORS];
    uint8_t texts[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(texts, sizeof(texts)),
                     list = kb_wr(room->offers, sizeof(room->offers));
    size_t count = 0;
    enum kb_err err;

    while (!(err = kb_statement_step(st)) && count < KB_SESSION_OPERATORS) {
        struct kb_span id_o = kb_column_text(st, 0), name = kb_column_text(st, 1);

        operators[count].id_o = kb_span(wr.data + wr.len, id_o.len);
        kb_wr_copy(&wr, id_o.data, id_o.len);
        operators[count].name = kb_span(wr.data + wr.len, name.len);
        kb_wr_copy(&wr, name.data, name.len);
        count++;
    }
    kb_statement_end(st);
    if (err && err != KB_ERR_ABSENT)
        return err;
    if (!count || wr.is_bad)
        return KB_OK;
    kb_session_operators_write(&list, operators, count);
    if (!list.is_bad)
        facts->offers = kb_wr_span(&list);
    return KB_OK;
}

static enum kb_err know_card(struct kb_as *as, struct kb_span asked, struct kb_as_room *room,
                             struct kb_as_facts *facts)
{
    struct kb_statement *st = kb_store_get(as->store, AS_CARD);
    uint8_t meant_room[KB_ID_O_MAX];
    struct kb_span meant;
    enum kb_err err;

    kb_bind_text(st, 1, facts->id_sc);
    err = kb_statement_step(st);
    if (err)
        return err;
    facts->credential = keep(kb_column_blob(st, 2), room->credential, sizeof(room->credential));
    meant = keep(kb_column_text(st, 3), meant_room, sizeof(meant_room));
    kb_statement_end(st);
    return choose_operator(as, asked, meant, room, facts);
}

enum kb_err kb_as_facts(struct kb_as *as, struct kb_span id_sc,
                        const struct kb_session_message *message, struct kb_as_room *room,
                        struct kb_as_facts *facts)
{
    int64_t now = kb_as_now(as);

    memset(facts, 0, sizeof(*facts));
    facts->id_sc = id_sc;
    facts->time = now > 0 ? (uint64_t)now : 0;
    facts->revoked = as->revoked;
    facts->revoked_number = as->revoked_number;
    if (message->kind != KB_SESSION_REQUEST)
        return KB_OK;
    if (message->wants_operators)
        return list_offers(as, room, facts);
    return know_card(as, message->id_o, room, facts);
}
