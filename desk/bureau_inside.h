/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a run: shared by its files. */
#ifndef KB_DESK_BUREAU_INSIDE_H
#define KB_DESK_BUREAU_INSIDE_H

#include <pthread.h>

#include "desk/audit.h"
#include "desk/bureau.h"
#include "desk/card_state.h"
#include "desk/handover.h"
#include "desk/personalize.h"
#include "desk/progress.h"
#include "desk/values.h"
#include "reader/reader.h"

struct kb_bureau;
struct kb_job;

/* What is done with each card. */
struct kb_bureau_kind {
    const char *what;          /* for the audit log */
    enum kb_journal_state due; /* cards in this state are claimed one after the other */
    enum kb_err (*identify)(const struct kb_bureau *bureau, struct kb_reader *reader,
                            char iccid[KB_ICCID_TEXT], struct kb_report *why);
    enum kb_err (*check)(const struct kb_job *job,
                         struct kb_report *why); /* one that came by itself */
    enum kb_err (*load)(struct kb_bureau *bureau, struct kb_job *job, struct kb_report *why);
    enum kb_err (*card)(const struct kb_bureau *bureau, struct kb_reader *reader,
                        struct kb_job *job, struct kb_report *why);
    bool (*has_failed)(const struct kb_job *job); /* earlier in this run */
    enum kb_err (*keep)(struct kb_bureau *bureau, const struct kb_job *job, bool is_failed,
                        const char *reason, struct kb_report *why);
};

extern const struct kb_bureau_kind kb_bureau_personalizing, kb_bureau_proving;

struct kb_bureau {
    const struct kb_bureau_options *options;
    const struct kb_bureau_kind *kind;
    const struct kb_crypto *crypto;
    const struct kb_entity_field *field; /* NULL when cards are only proven */
    struct kb_seal seal;

    pthread_mutex_t lock; /* guards everything below */
    struct kb_journal *journal;
    struct kb_handover handover;
    struct kb_table table;
    struct kb_audit audit;
    struct kb_progress progress;
    struct kb_record *scratch;
    uint8_t *sealed;            /* KB_JOURNAL_SEALED_MAX bytes */
    char cursor[KB_ICCID_TEXT]; /* with dir: the last card handed out */
    uint64_t left;              /* cards not done */
    uint64_t failed;
    double last_card; /* when one was seen, in seconds of a clock that never jumps */
    bool is_over;
    enum kb_err fatal; /* what ended the run early */
    struct kb_report fatal_why;
};

/* One card's work: all that is known of it, taken out of the journal. */
struct kb_job {
    struct kb_journal_row row;
    struct kb_record *record;
    uint8_t code[KB_PERSO_CODE];
    bool was_locked; /* by an earlier run that did not get to say so */
    bool is_proved;  /* by authenticating; then seq is the card's */
    uint64_t seq;
};

/* --- bureau_rows.c: journal and tables, each call under the lock by itself --- */

bool kb_bureau_is_over(struct kb_bureau *bureau);
/* The next open card. KB_ERR_ABSENT: none is left. */
enum kb_err kb_bureau_claim_next(struct kb_bureau *bureau, struct kb_job *job,
                                 struct kb_report *why);
/* The card with this ICCID. KB_ERR_ABSENT: not in the batch; KB_ERR_EXISTS: done already. */
enum kb_err kb_bureau_claim(struct kb_bureau *bureau, const char *iccid, struct kb_job *job,
                            struct kb_report *why);
/* Notes how it ended: KB_OK or why not. */
void kb_bureau_finish(struct kb_bureau *bureau, struct kb_job *job, const char *where,
                      enum kb_err err, const struct kb_report *why);
/* A line for people beside the bar. */
void kb_bureau_note(struct kb_bureau *bureau, const char *where, const char *text);
/* Makes results durable that wait for company. */
void kb_bureau_flush(struct kb_bureau *bureau);
/* Ends the run: nothing more can be done. */
void kb_bureau_give_up(struct kb_bureau *bureau, enum kb_err err, const struct kb_report *why);

/* --- bureau_card.c: one card in a reader, powered --- */

/* By what the card says of its personalization; by EF.ICCID. */
enum kb_err kb_bureau_identify(const struct kb_bureau *bureau, struct kb_reader *reader,
                               char iccid[KB_ICCID_TEXT], struct kb_report *why);
enum kb_err kb_bureau_read_iccid(const struct kb_bureau *bureau, struct kb_reader *reader,
                                 char iccid[KB_ICCID_TEXT], struct kb_report *why);
enum kb_err kb_bureau_card(const struct kb_bureau *bureau, struct kb_reader *reader,
                           struct kb_job *job, struct kb_report *why);
enum kb_err kb_bureau_prove_card(const struct kb_bureau *bureau, struct kb_reader *reader,
                                 struct kb_job *job, struct kb_report *why);

/* --- bureau.c, bureau_folder.c, bureau_readers.c: threads until the run is over --- */

/* Scratch memory; everything that is open. */
enum kb_err kb_bureau_reserve(struct kb_bureau *bureau, struct kb_report *why);
void kb_bureau_release(struct kb_bureau *bureau);
/* Cards of the journal until none is left; counts and progress as the options say. */
enum kb_err kb_bureau_work(struct kb_bureau *bureau, struct kb_report *why);
enum kb_err kb_bureau_work_folder(struct kb_bureau *bureau, struct kb_report *why);
enum kb_err kb_bureau_work_readers(struct kb_bureau *bureau, struct kb_report *why);

#endif
