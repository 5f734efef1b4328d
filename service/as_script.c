/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remote management by the application server: scripts go to cards as its packets do, under the
 * same keys, which remote management in the card knows by another number; proofs of receipt come
 * back by short message, and are kept. A counter is never used twice: it is a row's of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "service/as_inside.h"

enum { WAITING = 8, ROW_KEY = 24 };

static const char answer_column[] = "as_script.answer";

/* What a script's answer is opened with. */
struct waiting {
    uint64_t id;
    struct kb_as_digits id_sc;
    uint8_t key_set;
    bool is_repeat; /* that its packet came twice was told already */
    struct kb_ota_command command;
};

static struct kb_span row_key(uint64_t id, char text[ROW_KEY])
{
    int len = snprintf(text, ROW_KEY, "%" PRIu64, id);

    return kb_span(text, (size_t)len);
}

static struct kb_span peer_of(const char *peer)
{
    return kb_span(peer, strnlen(peer, KB_MAIL_PEER));
}

/* --- Out --- */

/* The highest there is, and one more. */
static enum kb_err next_of(struct kb_statement *st, uint64_t most, uint64_t *next)
{
    enum kb_err err = kb_statement_step(st);

    if (!err)
        *next = (uint64_t)kb_column_int(st, 0) + 1;
    kb_statement_end(st);
    return !err && *next > most ? KB_ERR_RANGE : err;
}

static enum kb_err next_numbers(struct kb_as *as, const struct kb_as_order *order, uint64_t *id,
                                uint64_t *cntr)
{
    struct kb_statement *st = kb_store_get(as->store, AS_LAST_SCRIPT);
    enum kb_err err = next_of(st, INT64_MAX, id);

    if (err)
        return err;
    st = kb_store_get(as->store, AS_LAST_CNTR);
    kb_bind_text(st, 1, order->id_sc);
    kb_bind_int(st, 2, order->key_set);
    return next_of(st, KB_CNTR_MAX, cntr);
}

static enum kb_err insert(const struct kb_as_turn *turn, const struct kb_as_order *order,
                          uint64_t id, uint64_t cntr)
{
    struct kb_statement *st = kb_store_get(turn->as->store, AS_ADD_SCRIPT);

    kb_bind_int(st, 1, (int64_t)id);
    kb_bind_text(st, 2, kb_as_id(turn));
    kb_bind_text(st, 3, peer_of(turn->row.place.peer));
    kb_bind_int(st, 4, order->key_set);
    kb_bind_blob(st, 5, kb_span(order->tar, sizeof(order->tar)));
    kb_bind_blob(st, 6, kb_span(order->spi, sizeof(order->spi)));
    kb_bind_int(st, 7, (int64_t)cntr);
    kb_bind_int(st, 8, kb_as_now(turn->as));
    kb_bind_blob(st, 9, kb_span(NULL, 0));
    return kb_statement_run(st);
}

static enum kb_err post(const struct kb_as_turn *turn, const struct kb_as_order *order,
                        uint64_t cntr)
{
    struct kb_ota_command command = {.bearer = KB_PACKET_SMS,
                                     .spi = {order->spi[0], order->spi[1]},
                                     .cntr = cntr,
                                     .data = order->script};
    struct kb_mail mail = {.kind = KB_MAIL_SMS};
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_ota_keys keys = turn->known->keys;
    enum kb_err err;

    keys.number = order->key_set;
    memcpy(command.tar, order->tar, KB_TAR_SIZE);
    memcpy(mail.peer, turn->row.place.peer, sizeof(mail.peer));
    kb_ota_command_name_keys(&command, &keys);
    err = kb_ota_protect(turn->as->crypto, &keys, &command, &wr);
    if (!err)
        err = kb_as_post_sms(turn->as, &mail, kb_wr_span(&wr), KB_AS_SCRIPTS | cntr);
    kb_wipe(&keys, sizeof(keys));
    return err;
}

static enum kb_err queue(struct kb_as *as, const struct kb_as_order *order, uint64_t *id)
{
    struct kb_as_turn turn = {.as = as};
    struct kb_as_digits id_sc;
    uint64_t cntr = 0;
    enum kb_err err = kb_as_digits_from(order->id_sc, &id_sc);

    if (!err)
        err = kb_as_find(as, &id_sc, &turn.known);
    if (!err)
        err = kb_as_load(as, kb_as_id(&turn), &turn.row);
    if (!err)
        err = kb_as_find_place(&turn);
    if (!err)
        err = next_numbers(as, order, id, &cntr);
    if (!err)
        err = insert(&turn, order, *id, cntr);
    if (!err)
        err = post(&turn, order, cntr);
    return err ? err : kb_as_audit(&turn, "script", "queued");
}

/* A deliver report goes no further than the centre; and what has no CC anybody could have sent, for
 * counters are easily guessed. */
static bool is_good_order(const struct kb_as_order *order)
{
    return order->key_set > 1 && order->key_set <= 15 &&
           kb_spi_get(order->spi, KB_SPI_CHECK) == KB_CHECK_CC &&
           (kb_spi_get(order->spi, KB_SPI_POR) == KB_POR_NEVER ||
            (kb_spi_get(order->spi, KB_SPI_POR_SUBMIT) &&
             kb_spi_get(order->spi, KB_SPI_POR_CHECK) == KB_CHECK_CC));
}

enum kb_err kb_as_queue(struct kb_as *as, const struct kb_as_order *order, uint64_t *id)
{
    enum kb_err err = is_good_order(order) ? KB_OK : KB_ERR_USAGE;

    *id = 0;
    if (!err && order->script.len > KB_AS_SCRIPT_MAX)
        err = KB_ERR_TOO_LONG;
    if (!err)
        err = kb_store_begin(as->store);
    return err ? err : kb_store_end(as->store, queue(as, order, id));
}

/* --- Back --- */

static enum kb_err read_blob(struct kb_statement *st, int at, uint8_t *out, size_t len)
{
    struct kb_span blob = kb_column_blob(st, at);

    if (blob.len != len)
        return KB_ERR_INTEGRITY;
    memcpy(out, blob.data, len);
    return KB_OK;
}

static enum kb_err read_waiting(struct kb_statement *st, struct waiting *waiting)
{
    enum kb_err err = kb_as_digits_from(kb_column_text(st, 1), &waiting->id_sc);

    memset(&waiting->command, 0, sizeof(waiting->command));
    waiting->id = (uint64_t)kb_column_int(st, 0);
    waiting->key_set = (uint8_t)kb_column_int(st, 2);
    waiting->command.cntr = (uint64_t)kb_column_int(st, 5);
    waiting->is_repeat = kb_column_int(st, 6) == KB_STATUS_CNTR_LOW;
    if (!err)
        err = read_blob(st, 3, waiting->command.tar, KB_TAR_SIZE);
    return err ? err : read_blob(st, 4, waiting->command.spi, sizeof(waiting->command.spi));
}

static enum kb_err list_waiting(struct kb_as *as, const struct kb_mail *mail,
                                struct waiting list[WAITING], size_t *count)
{
    struct kb_statement *st = kb_store_get(as->store, AS_WAITING);
    enum kb_err err = KB_OK;

    *count = 0;
    kb_bind_text(st, 1, peer_of(mail->peer));
    while (!err && *count < WAITING) {
        err = kb_statement_step(st);
        if (!err)
            err = read_waiting(st, &list[(*count)++]);
    }
    kb_statement_end(st);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

enum kb_err kb_as_awaits(struct kb_as *as, const struct kb_mail *mail, bool *awaits)
{
    struct waiting list[WAITING];
    size_t count;
    enum kb_err err = list_waiting(as, mail, list, &count);

    *awaits = count != 0;
    return err;
}

static enum kb_err keep(struct kb_as_turn *turn, const struct waiting *waiting,
                        const struct kb_ota_response *response)
{
    struct kb_statement *st = kb_store_get(turn->as->store, AS_ANSWER_SCRIPT);
    char key[ROW_KEY];
    enum kb_err err;

    kb_bind_int(st, 1, (int64_t)waiting->id);
    kb_bind_int(st, 2, kb_as_now(turn->as));
    kb_bind_int(st, 3, response->status);
    if (response->data.len)
        kb_bind_sealed(st, 4, answer_column, row_key(waiting->id, key), response->data);
    else
        kb_bind_blob(st, 4, kb_span(NULL, 0));
    err = kb_statement_run(st);
    return err ? err : kb_as_audit(turn, "script", response->status ? "refused" : "answered");
}

/* KB_ERR_INTEGRITY: it is the answer to something else. room: where the packet is opened. */
static enum kb_err try_one(struct kb_as *as, struct waiting *waiting, struct kb_span packet,
                           uint8_t *room)
{
    struct kb_as_turn turn = {.as = as};
    struct kb_ota_response response;
    struct kb_ota_keys keys;
    enum kb_err err = kb_as_find(as, &waiting->id_sc, &turn.known);

    if (err)
        return err;
    memcpy(room, packet.data, packet.len);
    keys = turn.known->keys;
    keys.number = waiting->key_set;
    kb_ota_command_name_keys(&waiting->command, &keys);
    err = kb_ota_open_response(as->crypto, &keys, &waiting->command, room, packet.len, &response);
    kb_wipe(&keys, sizeof(keys));
    if (!err && response.data.len > KB_AS_ANSWER_MAX)
        err = KB_ERR_TOO_LONG;
    if (err)
        return KB_ERR_INTEGRITY;
    if (waiting->is_repeat && response.status == KB_STATUS_CNTR_LOW)
        return KB_OK;
    err = kb_store_begin(as->store);
    return err ? err : kb_store_end(as->store, keep(&turn, waiting, &response));
}

enum kb_err kb_as_take_response(struct kb_as *as, const struct kb_mail *mail,
                                const struct kb_writer *bytes)
{
    uint8_t room[KB_MAIL_BODY_MAX];
    struct waiting list[WAITING];
    size_t count;
    enum kb_err err = list_waiting(as, mail, list, &count);

    if (err)
        return err;
    err = KB_ERR_INTEGRITY;
    for (size_t i = 0; i < count && err == KB_ERR_INTEGRITY; i++)
        err = try_one(as, &list[i], kb_wr_span(bytes), room);
    kb_wipe(room, sizeof(room));
    return err == KB_ERR_INTEGRITY ? KB_ERR_ABSENT : err;
}

/* --- What is known --- */

static enum kb_err read_script(struct kb_statement *st, struct kb_as_script *script)
{
    struct kb_span id_sc = kb_column_text(st, 1);
    int64_t status = kb_column_int(st, 8);
    char key[ROW_KEY];
    enum kb_err err = id_sc.len < sizeof(script->id_sc) ? KB_OK : KB_ERR_INTEGRITY;

    if (err)
        return err;
    memcpy(script->id_sc, id_sc.data, id_sc.len);
    script->id = (uint64_t)kb_column_int(st, 0);
    script->key_set = (uint8_t)kb_column_int(st, 2);
    script->counter = (uint64_t)kb_column_int(st, 5);
    script->queued = kb_column_int(st, 6);
    script->answered = kb_column_int(st, 7);
    script->is_answered = status >= 0;
    script->status = script->is_answered ? (uint8_t)status : 0;
    err = read_blob(st, 3, script->tar, sizeof(script->tar));
    if (!err)
        err = read_blob(st, 4, script->spi, sizeof(script->spi));
    if (!err)
        err = kb_column_sealed(st, 9, answer_column, row_key(script->id, key), script->answer,
                               sizeof(script->answer), &script->len);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

enum kb_err kb_as_script(struct kb_as *as, uint64_t after, struct kb_as_script *script)
{
    struct kb_statement *st = kb_store_get(as->store, AS_SCRIPT);
    enum kb_err err;

    memset(script, 0, sizeof(*script));
    kb_bind_int(st, 1, (int64_t)after);
    err = kb_statement_step(st);
    if (!err)
        err = read_script(st, script);
    kb_statement_end(st);
    return err;
}
