/* SPDX-License-Identifier: Apache-2.0 */
/* Cards put into readers one after the other; a thread for each reader. A reader that vanishes is
 * looked for again until the run is over. */

#include <time.h>

#include "desk/bureau_inside.h"
#include "desk/talk.h"

enum { PATIENCE_MS = 250 };

struct desk {
    struct kb_bureau *bureau;
    const char *name;
    struct kb_reader *reader; /* NULL while it is gone */
    struct kb_job job;
    bool is_missed; /* its absence was told */
};

static void pause_a_while(void)
{
    nanosleep(&(struct timespec){0, PATIENCE_MS * 1000000L}, NULL);
}

/* Nothing was seen in any reader for too long. */
static void check_patience(struct desk *desk)
{
    struct kb_bureau *bureau = desk->bureau;

    kb_bureau_flush(bureau);
    pthread_mutex_lock(&bureau->lock);
    if (kb_clock() - bureau->last_card > bureau->options->wait_s)
        bureau->is_over = true;
    pthread_mutex_unlock(&bureau->lock);
}

static void close_reader(struct desk *desk)
{
    if (desk->reader)
        desk->reader->ops->close(desk->reader);
    desk->reader = NULL;
}

static void open_reader(struct desk *desk)
{
    struct kb_report why = {0};

    if (!kb_reader_open_pcsc(desk->name, &desk->reader, &why)) {
        desk->is_missed = false;
        return;
    }
    if (!desk->is_missed)
        kb_bureau_note(desk->bureau, desk->name, why.text);
    desk->is_missed = true;
    check_patience(desk);
    pause_a_while();
}

/* Which card it is; then the work. */
static void serve_card(struct desk *desk)
{
    struct kb_report why = {0};
    char iccid[KB_ICCID_TEXT];
    enum kb_err err = kb_talk_power_up(desk->reader, &why);

    if (!err)
        err = desk->bureau->kind->identify(desk->bureau, desk->reader, iccid, &why);
    if (!err)
        err = kb_bureau_claim(desk->bureau, iccid, &desk->job, &why);
    if (err) {
        kb_bureau_note(desk->bureau, desk->name, why.text);
        return;
    }
    err = desk->bureau->kind->card(desk->bureau, desk->reader, &desk->job, &why);
    kb_bureau_finish(desk->bureau, &desk->job, desk->name, err, &why);
}

static void wait_for_removal(struct desk *desk)
{
    struct kb_report why = {0};
    enum kb_err err = KB_ERR_TIMEOUT;

    while (err == KB_ERR_TIMEOUT && !kb_bureau_is_over(desk->bureau)) {
        err = desk->reader->ops->wait(desk->reader, false, PATIENCE_MS, &why);
        if (err == KB_ERR_TIMEOUT)
            check_patience(desk);
    }
    if (err && err != KB_ERR_TIMEOUT)
        close_reader(desk);
}

static void serve_reader(struct desk *desk)
{
    struct kb_report why = {0};
    enum kb_err err = desk->reader->ops->wait(desk->reader, true, PATIENCE_MS, &why);

    if (err == KB_ERR_TIMEOUT) {
        check_patience(desk);
    } else if (err) {
        kb_bureau_note(desk->bureau, desk->name, why.text);
        close_reader(desk);
    } else {
        serve_card(desk);
        desk->reader->ops->power_down(desk->reader);
        wait_for_removal(desk);
    }
}

static void *work(void *ctx)
{
    struct desk *desk = ctx;

    while (!kb_bureau_is_over(desk->bureau)) {
        if (desk->reader)
            serve_reader(desk);
        else
            open_reader(desk);
    }
    close_reader(desk);
    return NULL;
}

static enum kb_err open_all(struct desk *desks, size_t count, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < count && !err; i++) {
        desks[i].job.record = kb_record_new();
        if (!desks[i].job.record)
            err = kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
        else
            err = kb_reader_open_pcsc(desks[i].name, &desks[i].reader, why);
    }
    return err;
}

enum kb_err kb_bureau_work_readers(struct kb_bureau *bureau, struct kb_report *why)
{
    struct desk desks[KB_BUREAU_READERS] = {0};
    pthread_t threads[KB_BUREAU_READERS];
    size_t count = bureau->options->reader_count, started = 0;
    enum kb_err err;

    for (size_t i = 0; i < count; i++) {
        desks[i].bureau = bureau;
        desks[i].name = bureau->options->readers[i];
    }
    bureau->last_card = kb_clock();
    err = open_all(desks, count, why);
    while (!err && started < count &&
           pthread_create(&threads[started], NULL, work, &desks[started]) == 0)
        started++;
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < count; i++) {
        close_reader(&desks[i]);
        kb_record_free(desks[i].job.record);
    }
    if (!err && !started)
        err = kb_report(why, KB_ERR_MEMORY, "no thread could be started");
    return err;
}
