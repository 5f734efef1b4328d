/* SPDX-License-Identifier: Apache-2.0 */
/* A run from its tables to its summary. */

#include "desk/bureau.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/bureau_inside.h"
#include "desk/import.h"

static enum kb_err choose_field(struct kb_bureau *bureau, const struct kb_entity *entity,
                                struct kb_report *why)
{
    const char *name = bureau->options->field;

    if (name)
        bureau->field = kb_entity_field(entity, name);
    else if (entity->field_count == 1)
        bureau->field = &entity->fields[0];
    if (bureau->field)
        return KB_OK;
    if (name)
        return kb_report(why, KB_ERR_ABSENT, "%s: there is no field %s", bureau->options->entity,
                         name);
    return kb_report(why, KB_ERR_USAGE, "%s: has %zu fields; choose one with --field",
                     bureau->options->entity, entity->field_count);
}

static enum kb_err check_secure(const struct kb_bureau *bureau, struct kb_report *why)
{
    if (!bureau->options->is_secure || bureau->field->has_scp03)
        return KB_OK;
    return kb_report(why, KB_ERR_USAGE,
                     "%s: field %s has no secure channel: its plan does not say 'scp03: yes'",
                     bureau->options->entity, bureau->field->name);
}

static enum kb_err open_tables(struct kb_bureau *bureau, struct kb_report *why)
{
    const struct kb_bureau_options *options = bureau->options;
    enum kb_err err =
        kb_table_open(&bureau->table, options->batch, bureau->field, options->may_generate, why);

    if (!err)
        err = kb_handover_open(&bureau->handover, options->handover, why);
    if (!err)
        err = kb_journal_open(options->journal, true, &bureau->journal, why);
    if (!err)
        err = kb_audit_open(&bureau->audit, options->audit, why);
    return err;
}

enum kb_err kb_bureau_reserve(struct kb_bureau *bureau, struct kb_report *why)
{
    bureau->scratch = kb_record_new();
    bureau->sealed = malloc(KB_JOURNAL_SEALED_MAX);
    if (bureau->scratch && bureau->sealed)
        return KB_OK;
    return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
}

static enum kb_err count_cards(struct kb_bureau *bureau, struct kb_bureau_summary *summary,
                               struct kb_report *why)
{
    uint64_t open = 0;
    enum kb_err err = kb_journal_reopen(bureau->journal, why);

    if (!err)
        err = kb_journal_count(bureau->journal, KB_JOURNAL_OPEN, &open, why);
    if (!err)
        err = kb_journal_count(bureau->journal, KB_JOURNAL_DONE, &summary->before, why);
    bureau->left = open;
    summary->total = open + summary->before;
    return err;
}

enum kb_err kb_bureau_work(struct kb_bureau *bureau, struct kb_report *why)
{
    enum kb_err err;

    if (bureau->left == 0)
        return KB_OK;
    kb_progress_start(&bureau->progress, bureau->options->progress, "cards", bureau->left);
    err = bureau->options->dir ? kb_bureau_work_folder(bureau, why)
                               : kb_bureau_work_readers(bureau, why);
    kb_progress_end(&bureau->progress);
    kb_bureau_flush(bureau);
    if (err || !bureau->fatal)
        return err;
    if (why)
        *why = bureau->fatal_why;
    return bureau->fatal;
}

static enum kb_err run(struct kb_bureau *bureau, const struct kb_entity *entity,
                       struct kb_bureau_summary *summary, struct kb_report *why)
{
    enum kb_err err = choose_field(bureau, entity, why);

    if (!err)
        err = check_secure(bureau, why);
    if (!err)
        err = open_tables(bureau, why);
    if (!err)
        err = kb_bureau_reserve(bureau, why);
    if (!err)
        err = kb_import(bureau->journal, bureau->crypto, entity->plan, &bureau->handover,
                        &bureau->table, why);
    if (!err)
        err = count_cards(bureau, summary, why);
    if (!err)
        err = kb_bureau_work(bureau, why);
    summary->done = summary->total - bureau->left;
    summary->failed = bureau->failed;
    return err;
}

void kb_bureau_release(struct kb_bureau *bureau)
{
    kb_audit_close(&bureau->audit);
    kb_journal_close(bureau->journal);
    kb_handover_close(&bureau->handover);
    kb_table_close(&bureau->table);
    kb_record_free(bureau->scratch);
    if (bureau->sealed)
        kb_wipe(bureau->sealed, KB_JOURNAL_SEALED_MAX);
    free(bureau->sealed);
    pthread_mutex_destroy(&bureau->lock);
    kb_wipe(bureau, sizeof *bureau);
}

enum kb_err kb_bureau_run(const struct kb_bureau_options *options,
                          struct kb_bureau_summary *summary, struct kb_report *why)
{
    struct kb_bureau bureau = {.options = options,
                               .kind = &kb_bureau_personalizing,
                               .crypto = &kb_crypto_openssl,
                               .audit = {.fd = -1}};
    struct kb_entity *entity = NULL;
    double started = kb_clock();
    enum kb_err err = kb_entity_load(options->entity, &entity, why);

    memset(summary, 0, sizeof *summary);
    if (err)
        return err;
    bureau.seal.crypto = bureau.crypto;
    memcpy(bureau.seal.key, options->key, sizeof bureau.seal.key);
    pthread_mutex_init(&bureau.lock, NULL);
    err = run(&bureau, entity, summary, why);
    kb_bureau_release(&bureau);
    kb_entity_free(entity);
    summary->seconds = kb_clock() - started;
    return err;
}
