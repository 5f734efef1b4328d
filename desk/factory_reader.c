/* SPDX-License-Identifier: Apache-2.0 */
/* Blank cards put into a reader one after the other. */

#include <stdio.h>
#include <string.h>

#include "desk/card_state.h"
#include "desk/factory_inside.h"
#include "desk/talk.h"
#include "desk/csv.h"

enum { PATIENCE_MS = 250 };

/* Cards are made in the order of their numbers: what the tables know reaches to the highest. */
static bool has_card(void *ctx, const char *iccid)
{
    const struct kb_factory *factory = ctx;

    return strcmp(iccid, factory->highest) <= 0;
}

static enum kb_err find_highest(struct kb_factory *factory, struct kb_report *why)
{
    struct kb_csv *csv = NULL;
    bool is_row = true;
    size_t column = 0;
    enum kb_err err = kb_csv_open(factory->tables.bootstrap.path, &csv, why);

    if (err)
        return err;
    err = kb_csv_need(csv, "iccid", &column, why);
    while (!err && is_row) {
        err = kb_csv_next(csv, &is_row, why);
        if (!err && is_row && strcmp(kb_csv_text(csv, column), factory->highest) > 0)
            snprintf(factory->highest, sizeof factory->highest, "%s", kb_csv_text(csv, column));
    }
    kb_csv_close(csv);
    return err;
}

enum kb_err kb_factory_open_reader(struct kb_factory *factory, struct kb_report *why)
{
    enum kb_err err = kb_factory_tables_open(&factory->tables, factory->plan, factory->options->dir,
                                             NULL, NULL, why);

    factory->has = has_card;
    if (!err)
        err = find_highest(factory, why);
    return err ? err : kb_reader_open_pcsc(factory->options->reader, &factory->reader, why);
}

static bool is_stopped(const struct kb_factory *factory)
{
    return factory->options->stop && *factory->options->stop;
}

/* Waits in short steps, so that a request to stop is heard. */
static enum kb_err wait_for(struct kb_factory *factory, bool is_present, struct kb_report *why)
{
    double until = kb_clock() + factory->options->wait_s;
    enum kb_err err;

    do {
        err = factory->reader->ops->wait(factory->reader, is_present, PATIENCE_MS, why);
    } while (err == KB_ERR_TIMEOUT && kb_clock() < until && !is_stopped(factory));
    return err;
}

/* The lines are durable before the card leaves the maker's hands. *is_ours: the failure is the
 * root's, and would be the next card's as well. */
static enum kb_err make_card(struct kb_factory *factory, struct kb_factory_card *card,
                             bool *is_ours, struct kb_report *why)
{
    struct kb_report ignored;
    enum kb_err err = kb_talk_power_up(factory->reader, why);

    if (!err)
        err = kb_commands_send(&factory->common, factory->reader, why);
    if (!err)
        err = kb_commands_send(&factory->own, factory->reader, why);
    if (!err)
        err = kb_factory_make_key(factory, factory->reader, card, why);
    if (err)
        return err;
    err = kb_factory_certify(factory, why);
    *is_ours = err != KB_OK;
    if (!err)
        err = kb_factory_tables_add(&factory->tables, &card->fresh, &card->credential, why);
    if (err)
        return err;
    err = kb_factory_secure(factory, factory->reader, card, why);
    if (err)
        kb_factory_tables_undo(&factory->tables, &ignored);
    return err;
}

static void tell_of_failure(struct kb_factory *factory, const char *iccid,
                            const struct kb_report *why)
{
    kb_audit_write(&factory->audit, &(struct kb_audit_event){.what = "make",
                                                             .card = iccid,
                                                             .where = factory->reader->name,
                                                             .result = "failed",
                                                             .reason = why->text});
    kb_progress_hide(&factory->progress);
    if (factory->options->progress)
        fprintf(factory->options->progress,
                "keyborn: %s: %s; set this card aside and put in the next one\n", iccid, why->text);
}

/* Makes the card that is in the reader; *is_made false: it is set aside. */
static enum kb_err try_card(struct kb_factory *factory, struct kb_factory_card *card, bool *is_made,
                            struct kb_report *why)
{
    struct kb_report trouble = {0};
    bool is_ours = false;
    enum kb_err made = make_card(factory, card, &is_ours, &trouble);

    *is_made = !made;
    factory->reader->ops->power_down(factory->reader);
    if (!made) {
        snprintf(factory->highest, sizeof factory->highest, "%s", card->fresh.iccid);
        return KB_OK;
    }
    if (is_ours)
        return kb_report(why, made, "%s", trouble.text);
    tell_of_failure(factory, card->fresh.iccid, &trouble);
    return kb_factory_settle(factory, why);
}

enum kb_err kb_factory_card_in_reader(struct kb_factory *factory, struct kb_factory_card *card,
                                      struct kb_report *why)
{
    const struct kb_factory_summary *summary = factory->summary;
    bool is_made = false, is_last = summary->made + summary->skipped + 1 == factory->options->count;
    enum kb_err err;

    do {
        err = wait_for(factory, true, why);
        if (!err)
            err = try_card(factory, card, &is_made, why);
        if (!err && !(is_made && is_last))
            err = wait_for(factory, false, why);
    } while (!err && !is_made && !is_stopped(factory));
    if (!err && !is_made)
        err = kb_report(why, KB_ERR_CARD, "%s: not made", card->fresh.iccid);
    return err;
}
