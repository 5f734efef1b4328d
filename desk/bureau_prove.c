/* SPDX-License-Identifier: Apache-2.0 */
/* Proving finished cards, on the journal's side. */

#include "desk/bureau_inside.h"

static enum kb_err check(const struct kb_job *job, struct kb_report *why)
{
    if (job->row.state != KB_JOURNAL_DONE)
        return kb_report(why, KB_ERR_ABSENT, "card %s is not personalized yet", job->row.iccid);
    if (job->row.proof == KB_PROOF_GIVEN)
        return kb_report(why, KB_ERR_EXISTS, "card %s is proven already", job->row.iccid);
    return KB_OK;
}

static enum kb_err load(struct kb_bureau *bureau, struct kb_job *job, struct kb_report *why)
{
    return kb_values_open(bureau->journal, &bureau->seal, job->row.iccid, job->record,
                          bureau->sealed, why);
}

static bool has_failed(const struct kb_job *job)
{
    return job->row.proof == KB_PROOF_FAILED;
}

static enum kb_err keep(struct kb_bureau *bureau, const struct kb_job *job, bool is_failed,
                        const char *reason, struct kb_report *why)
{
    (void)reason;
    return kb_journal_set_proof(bureau->journal, job->row.iccid,
                                is_failed ? KB_PROOF_FAILED : KB_PROOF_GIVEN, why);
}

const struct kb_bureau_kind kb_bureau_proving = {
    .what = "verify",
    .due = KB_JOURNAL_DONE,
    .identify = kb_bureau_read_iccid,
    .check = check,
    .load = load,
    .card = kb_bureau_prove_card,
    .has_failed = has_failed,
    .keep = keep,
};
