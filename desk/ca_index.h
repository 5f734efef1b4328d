/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a root (SQLite): its name, what it has issued, and the list it signed last. For ca.c
 * only. */
#ifndef KB_DESK_CA_INDEX_H
#define KB_DESK_CA_INDEX_H

#include <sqlite3.h>

#include "desk/ca.h"

enum kb_ca_sql {
    CA_BEGIN,
    CA_COMMIT,
    CA_ROLLBACK,
    CA_ROOT,
    CA_SET_ROOT,
    CA_NEXT,
    CA_BY_KEY,
    CA_ADD,
    CA_VALID,
    CA_WITHDRAW,
    CA_COUNT,
    CA_REVOKE,
    CA_REVOKED,
    CA_LIST,
    CA_SET_LIST,
    CA_STATEMENTS
};

struct kb_ca_index {
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *prepared[CA_STATEMENTS];
};

/* Opens the index, or makes an empty one with mode 0600 when it may. KB_ERR_ABSENT;
 * KB_ERR_MALFORMED: another kind of file; KB_ERR_VERSION. */
enum kb_err kb_ca_index_open(struct kb_ca_index *index, const char *path, bool may_make,
                             struct kb_report *why);
void kb_ca_index_close(struct kb_ca_index *index);

/* Binding goes before; a statement is reset when its last row was read or kb_ca_index_end is
 * called. */
sqlite3_stmt *kb_ca_index_get(struct kb_ca_index *index, enum kb_ca_sql which);
/* KB_ERR_ABSENT: no row, or none left. */
enum kb_err kb_ca_index_step(struct kb_ca_index *index, enum kb_ca_sql which,
                             struct kb_report *why);
void kb_ca_index_end(struct kb_ca_index *index, enum kb_ca_sql which);
/* Runs a statement that gives no rows. */
enum kb_err kb_ca_index_run(struct kb_ca_index *index, enum kb_ca_sql which, struct kb_report *why);
/* COMMIT when err is KB_OK, else ROLLBACK; returns the first error. */
enum kb_err kb_ca_index_finish(struct kb_ca_index *index, enum kb_err err, struct kb_report *why);

#endif
