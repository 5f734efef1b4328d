/* SPDX-License-Identifier: Apache-2.0 */
/* The application server: opening, what it is told, what it knows. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agree/revoked.h"
#include "crypto/secret.h"
#include "service/as_inside.h"
#include "wire/bcd.h"

enum { SCHEMA_VERSION = KB_AS_UPGRADES + 1, CODE_MAX = 16 };

int64_t kb_as_now(const struct kb_as *as)
{
    return as->now ? as->now(as->now_ctx) : (int64_t)time(NULL);
}

static enum kb_err open_store(struct kb_as *as, const struct kb_as_config *config,
                              struct kb_report *why)
{
    const struct kb_store_config store = {
        .path = config->path,
        .crypto = config->crypto,
        .random = config->random,
        .key = config->key,
        .now = config->now,
        .now_ctx = config->now_ctx,
        .schema_version = SCHEMA_VERSION,
        .schema = kb_as_schema,
        .upgrades = kb_as_upgrades,
        .upgrade_count = KB_AS_UPGRADES,
        .statements = kb_as_statements,
        .statement_count = AS_STATEMENTS,
        .fault = config->fault,
        .fault_ctx = config->fault_ctx,
    };
    enum kb_err err = kb_store_open(&store, &as->store, why);

    if (err)
        return err;
    err = kb_as_count_parts(as);
    return err ? kb_report(why, err, "%s: %s", config->path, kb_err_text(err)) : KB_OK;
}

static enum kb_err take_list(struct kb_as *as, struct kb_span revoked, struct kb_report *why)
{
    struct kb_revoked list;
    enum kb_err err;

    if (!revoked.len)
        return KB_OK;
    err = kb_revoked_reread(revoked, &list);
    if (err)
        return kb_report(why, err, "the list of revoked operators: %s", kb_err_text(err));
    as->revoked = revoked;
    as->revoked_number = list.number;
    return KB_OK;
}

enum kb_err kb_as_open(const struct kb_as_config *config, struct kb_as **out, struct kb_report *why)
{
    struct kb_as *as = calloc(1, sizeof(*as));
    enum kb_err err;

    *out = NULL;
    if (!as)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", config->path, kb_err_text(KB_ERR_MEMORY));
    as->crypto = config->crypto;
    as->now = config->now;
    as->now_ctx = config->now_ctx;
    err = take_list(as, config->revoked, why);
    if (!err)
        err = open_store(as, config, why);
    if (err) {
        kb_as_close(as);
        return err;
    }
    *out = as;
    return KB_OK;
}

void kb_as_close(struct kb_as *as)
{
    if (!as)
        return;
    kb_store_close(as->store);
    kb_wipe(as, sizeof(*as));
    free(as);
}

/* --- What it is told beforehand --- */

static bool is_up_to(struct kb_span span, size_t least, size_t most)
{
    return span.len >= least && span.len <= most;
}

static bool is_good_card(const struct kb_as_card *card)
{
    return is_up_to(card->id_sc, 1, KB_ID_SC_MAX) && kb_is_digits(card->id_sc) &&
           is_up_to(card->admin_code, 1, KB_ADMIN_CODE_MAX) && kb_is_digits(card->admin_code) &&
           is_up_to(card->credential, 0, KB_SESSION_CREDENTIAL_MAX) &&
           is_up_to(card->operator, 0, KB_ID_O_MAX) && is_up_to(card->number, 0, KB_MAIL_PEER - 1);
}

static enum kb_err audit(struct kb_as *as, const char *what, struct kb_span name,
                         const char *result)
{
    char text[KB_ID_O_MAX + 1] = {0};
    struct kb_writer wr = kb_wr(text, sizeof(text) - 1);

    kb_wr_copy(&wr, name.data, name.len);
    return kb_store_audit(as->store, what, text, result);
}

static enum kb_err add_card(struct kb_as *as, const struct kb_as_card *card)
{
    bool is_same = false;
    enum kb_err err = kb_as_compare(as, card, &is_same);

    if (!err)
        return is_same ? KB_OK : KB_ERR_EXISTS;
    if (err != KB_ERR_ABSENT)
        return err;
    err = kb_as_insert(as, card);
    return err ? err : audit(as, "add card", card->id_sc, "done");
}

enum kb_err kb_as_add_card(struct kb_as *as, const struct kb_as_card *card)
{
    enum kb_err err = is_good_card(card) ? kb_store_begin(as->store) : KB_ERR_MALFORMED;

    return err ? err : kb_store_end(as->store, add_card(as, card));
}

static enum kb_err set_operator(struct kb_as *as, const struct kb_as_operator *op)
{
    struct kb_statement *st = kb_store_get(as->store, AS_SET_OPERATOR);
    enum kb_err err;

    kb_bind_text(st, 1, op->id_o);
    kb_bind_text(st, 2, op->name);
    kb_bind_text(st, 3, op->code);
    kb_bind_text(st, 4, op->server);
    kb_bind_int(st, 5, op->has_contract);
    err = kb_statement_run(st);
    if (err)
        return err;
    return audit(as, "set operator", op->id_o, op->has_contract ? "contract" : "no contract");
}

enum kb_err kb_as_set_operator(struct kb_as *as, const struct kb_as_operator *op)
{
    enum kb_err err;

    if (!is_up_to(op->id_o, 1, KB_ID_O_MAX) || !is_up_to(op->name, 1, KB_OPERATOR_NAME_MAX) ||
        !is_up_to(op->code, 0, CODE_MAX) || !is_up_to(op->server, 1, KB_MAIL_PEER - 1))
        return KB_ERR_MALFORMED;
    err = kb_store_begin(as->store);
    return err ? err : kb_store_end(as->store, set_operator(as, op));
}

/* --- Mail --- */

enum kb_err kb_as_commit(struct kb_as *as)
{
    return kb_store_commit(as->store);
}

enum kb_err kb_as_outbox(struct kb_as *as, uint64_t after, struct kb_mail *mail, uint8_t *room)
{
    return kb_store_outbox(as->store, after, mail, room);
}

enum kb_err kb_as_sent(struct kb_as *as, uint64_t id)
{
    return kb_store_sent(as->store, id);
}

/* --- What it knows of a card --- */

static const uint8_t states[KB_AS_STEPS] = {
    [KB_AS_STEP_IDLE] = KB_AS_NEW,          [KB_AS_STEP_OFFERED] = KB_AS_COMMANDED,
    [KB_AS_STEP_ASKED] = KB_AS_COMMANDED,   [KB_AS_STEP_COMMANDED] = KB_AS_COMMANDED,
    [KB_AS_STEP_AGREED] = KB_AS_COMMANDED,  [KB_AS_STEP_RELAYED] = KB_AS_RELAYED,
    [KB_AS_STEP_CONFIRMED] = KB_AS_RELAYED, [KB_AS_STEP_FINISHED] = KB_AS_FINISHED,
    [KB_AS_STEP_REFUSED] = KB_AS_REFUSED,
};

enum kb_err kb_as_status(struct kb_as *as, struct kb_span id_sc, struct kb_as_status *status)
{
    struct kb_as_row row;
    enum kb_err err = kb_as_load(as, id_sc, &row);

    memset(status, 0, sizeof(*status));
    if (err)
        return err;
    status->state = (enum kb_as_state)states[row.session.step];
    status->reason = row.session.reason;
    status->session = row.session.number;
    memcpy(status->id_o, row.session.id_o, sizeof(status->id_o));
    return kb_as_has_code(as, id_sc, &status->has_admin_code);
}

void kb_as_counts(const struct kb_as *as, struct kb_as_counts *counts)
{
    *counts = as->counts;
}

struct kb_store *kb_as_store(struct kb_as *as)
{
    return as->store;
}
