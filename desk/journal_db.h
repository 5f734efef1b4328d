/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the journal: its database, its statements and how they are run. For journal.c only.
 */
#ifndef KB_DESK_JOURNAL_DB_H
#define KB_DESK_JOURNAL_DB_H

#include <sqlite3.h>

#include "desk/journal.h"

enum kb_journal_sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_BATCH,
    SQL_SET_BATCH,
    SQL_ADD_CARD,
    SQL_CARD_LINES,
    SQL_ADD_ROW,
    SQL_ADD_IMSI,
    SQL_IMSI_LINE,
    SQL_FIND,
    SQL_NEXT,
    SQL_UNPREPARED,
    SQL_PUT_VALUES,
    SQL_VALUES,
    SQL_SET_STATE,
    SQL_SET_SEQ,
    SQL_SET_PROOF,
    SQL_FORGET_PROOFS,
    SQL_REOPEN,
    SQL_COUNT,
    KB_JOURNAL_STATEMENTS
};

struct kb_journal {
    char path[256];
    int fd; /* of the file; locked by a run */
    sqlite3 *db;
    sqlite3_stmt *prepared[KB_JOURNAL_STATEMENTS];
    unsigned pending; /* changes in the open transaction */
};

enum kb_err kb_journal_fail(struct kb_journal *journal, struct kb_report *why);

/* One step of a statement whose values are bound: SQLITE_ROW or SQLITE_DONE, else *err is set. */
int kb_journal_step(struct kb_journal *journal, enum kb_journal_sql which, enum kb_err *err,
                    struct kb_report *why);
void kb_journal_finish(struct kb_journal *journal, enum kb_journal_sql which);
enum kb_err kb_journal_run(struct kb_journal *journal, enum kb_journal_sql which,
                           struct kb_report *why);

/* Runs a statement that changes something, inside the group's transaction. */
enum kb_err kb_journal_change(struct kb_journal *journal, enum kb_journal_sql which,
                              struct kb_report *why);

void kb_journal_bind_text(struct kb_journal *journal, enum kb_journal_sql which, int at,
                          const char *text);
void kb_journal_bind_number(struct kb_journal *journal, enum kb_journal_sql which, int at,
                            uint64_t number);
uint64_t kb_journal_number(struct kb_journal *journal, enum kb_journal_sql which, int at);
void kb_journal_text(struct kb_journal *journal, enum kb_journal_sql which, int at, char *out,
                     size_t size);

#endif
