/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that share a commit, and small values of the store itself. */
#include "service/store_inside.h"

#include <string.h>
#include <time.h>

static const struct {
    int sqlite;
    enum kb_err err;
} errors[] = {
    {SQLITE_CONSTRAINT, KB_ERR_EXISTS}, {SQLITE_NOMEM, KB_ERR_MEMORY},
    {SQLITE_TOOBIG, KB_ERR_TOO_LONG},   {SQLITE_NOTADB, KB_ERR_MALFORMED},
    {SQLITE_RANGE, KB_ERR_USAGE},       {SQLITE_ERROR, KB_ERR_USAGE},
};

enum kb_err kb_store_error(int sqlite)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].sqlite == (sqlite & 0xFF))
            return errors[i].err;
    }
    return KB_ERR_IO;
}

int64_t kb_store_now(const struct kb_store *store)
{
    return store->now ? store->now(store->now_ctx) : (int64_t)time(NULL);
}

enum kb_err kb_store_fault(struct kb_store *store, const char *where)
{
    if (!store->dead && store->fault)
        store->dead = store->fault(store->fault_ctx, where);
    return store->dead;
}

/* What a failure here leaves behind is not known, so nothing is done any more until the store is
 * opened again and reads what is there. */
static enum kb_err run_or_die(struct kb_store *store, enum kb_store_sql which)
{
    enum kb_err err = kb_statement_run(kb_store_own(store, which));

    if (err && !store->dead)
        store->dead = err;
    return store->dead;
}

enum kb_err kb_store_group(struct kb_store *store)
{
    if (store->dead)
        return store->dead;
    if (store->has_group)
        return KB_OK;
    store->has_group = true;
    return run_or_die(store, STORE_GROUP);
}

enum kb_err kb_store_begin(struct kb_store *store)
{
    enum kb_err err = kb_store_fault(store, "begin");

    if (!err)
        err = kb_store_group(store);
    if (!err && store->has_step)
        err = KB_ERR_USAGE;
    if (!err)
        err = run_or_die(store, STORE_STEP);
    if (err)
        return err;
    store->has_step = true;
    store->mail_before = store->mail;
    store->trail_before = store->trail;
    return KB_OK;
}

enum kb_err kb_store_end(struct kb_store *store, enum kb_err err)
{
    if (!store->has_step)
        return err ? err : store->dead ? store->dead : KB_ERR_USAGE;
    store->has_step = false;
    if (!err)
        err = kb_store_fault(store, "end");
    if (err && !store->dead) {
        store->mail = store->mail_before;
        store->trail = store->trail_before;
        run_or_die(store, STORE_UNDO);
    }
    if (!store->dead)
        run_or_die(store, STORE_KEEP);
    return err ? err : store->dead;
}

enum kb_err kb_store_commit(struct kb_store *store)
{
    enum kb_err err = store->has_step ? KB_ERR_USAGE : kb_store_fault(store, "commit");

    if (err || !store->has_group)
        return err;
    err = kb_store_trail_seal(store);
    if (err) {
        store->dead = err;
        return err;
    }
    err = run_or_die(store, STORE_COMMIT);
    if (err)
        return err;
    store->has_group = false;
    store->committed_id = store->mail.next_id - 1;
    return kb_store_fault(store, "committed");
}

static struct kb_span name_span(const char *name)
{
    return kb_span(name, strlen(name));
}

enum kb_err kb_store_meta(struct kb_store *store, const char *name, uint8_t *out, size_t cap,
                          size_t *len)
{
    struct kb_statement *st = kb_store_own(store, STORE_META);
    enum kb_err err;

    kb_bind_text(st, 1, name_span(name));
    err = kb_statement_step(st);
    if (!err)
        err = kb_column_sealed(st, 0, "kb_meta.value", name_span(name), out, cap, len);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_store_set_meta(struct kb_store *store, const char *name, struct kb_span value)
{
    struct kb_statement *st = kb_store_own(store, STORE_SET_META);

    kb_bind_text(st, 1, name_span(name));
    kb_bind_sealed(st, 2, "kb_meta.value", name_span(name), value);
    return kb_statement_run(st);
}
