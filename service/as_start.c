/* SPDX-License-Identifier: Apache-2.0 */
/* The application server asks a card to begin. */
#include <string.h>

#include "service/as_inside.h"

enum kb_err kb_as_find_place(struct kb_as_turn *turn)
{
    struct kb_statement *st;
    struct kb_span number;
    enum kb_err err;

    if (turn->row.place.kind == KB_MAIL_SMS)
        return KB_OK;
    st = kb_store_get(turn->as->store, AS_CARD);
    kb_bind_text(st, 1, kb_as_id(turn));
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
    struct kb_as_turn turn = {.as = as};
    struct kb_session_message message = {.kind = KB_SESSION_COMMAND, .command = KB_COMMAND_START};
    struct kb_as_digits id_sc;
    uint8_t room[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    enum kb_err err = kb_as_digits_from(digits, &id_sc);

    if (!err)
        err = kb_as_find(as, &id_sc, &turn.known);
    if (!err)
        err = kb_as_load(as, kb_as_id(&turn), &turn.row);
    if (!err && turn.row.session.step == KB_AS_STEP_FINISHED)
        err = KB_ERR_RULE;
    if (!err)
        err = kb_as_find_place(&turn);
    if (!err)
        err = kb_as_write(&turn, &message, &wr);
    if (!err)
        err = kb_as_send(as, turn.known, &turn.row, kb_wr_span(&wr));
    if (!err)
        err = kb_as_save(as, kb_as_id(&turn), &turn.row, NULL);
    return err ? err : kb_as_audit(&turn, "start", "sent");
}

enum kb_err kb_as_start(struct kb_as *as, struct kb_span id_sc)
{
    enum kb_err err = kb_store_begin(as->store);

    return err ? err : kb_store_end(as->store, start(as, id_sc));
}
