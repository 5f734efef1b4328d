/* SPDX-License-Identifier: Apache-2.0 */
/* Cards kept as files in a folder, several at a time. */

#include <stdlib.h>

#include "desk/bureau_inside.h"
#include "desk/talk.h"

enum { JOBS_MAX = 64 };

static enum kb_err work_on(struct kb_bureau *bureau, struct kb_job *job, const char *path,
                           struct kb_report *why)
{
    struct kb_reader *reader = NULL;
    enum kb_err err = kb_reader_open_file(path, &reader, why);

    if (err)
        return err;
    err = kb_talk_power_up(reader, why);
    if (!err)
        err = bureau->kind->card(bureau, reader, job, why);
    reader->ops->power_down(reader);
    reader->ops->close(reader);
    return err;
}

static void *work(void *ctx)
{
    struct kb_bureau *bureau = ctx;
    struct kb_job job = {.record = kb_record_new()};
    char path[KB_BUREAU_PATH];
    struct kb_report why = {0};

    if (!job.record) {
        kb_report(&why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
        kb_bureau_give_up(bureau, KB_ERR_MEMORY, &why);
    }
    while (!kb_bureau_is_over(bureau) && !kb_bureau_claim_next(bureau, &job, &why)) {
        enum kb_err err;

        snprintf(path, sizeof path, "%s/%s.card", bureau->options->dir, job.row.iccid);
        err = work_on(bureau, &job, path, &why);
        kb_bureau_finish(bureau, &job, path, err, &why);
    }
    kb_record_free(job.record);
    return NULL;
}

enum kb_err kb_bureau_work_folder(struct kb_bureau *bureau, struct kb_report *why)
{
    pthread_t threads[JOBS_MAX];
    unsigned jobs = bureau->options->jobs < JOBS_MAX ? bureau->options->jobs : JOBS_MAX;
    unsigned started = 0;

    while (started < jobs && pthread_create(&threads[started], NULL, work, bureau) == 0)
        started++;
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return started ? KB_OK : kb_report(why, KB_ERR_MEMORY, "no thread could be started");
}
