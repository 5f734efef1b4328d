/* SPDX-License-Identifier: Apache-2.0 */
/* handover.csv and bootstrap.csv of a factory's folder: appended card by card, and mended after a
 * run that was killed. */
#ifndef KB_DESK_FACTORY_TABLES_H
#define KB_DESK_FACTORY_TABLES_H

#include "desk/ca.h"
#include "desk/fresh.h"

enum { KB_FACTORY_TABLE_PATH = 560 };

struct kb_factory_table {
    int fd;
    char path[KB_FACTORY_TABLE_PATH];
    long long start; /* where the current card's lines begin */
};

struct kb_factory_tables {
    struct kb_factory_table handover, bootstrap;
    const struct kb_plan *plan;
};

/* Tells whether a card is there; lines of others are dropped when tables are opened. NULL: all are.
 */
typedef bool (*kb_factory_has)(void *ctx, const char *iccid);

/* KB_ERR_EXISTS: tables with other columns, of another plan. */
enum kb_err kb_factory_tables_open(struct kb_factory_tables *tables, const struct kb_plan *plan,
                                   const char *dir, kb_factory_has has, void *ctx,
                                   struct kb_report *why);
void kb_factory_tables_close(struct kb_factory_tables *tables);

/* Makes the lines of a card durable. credential: not looked at when the plan wants none. */
enum kb_err kb_factory_tables_add(struct kb_factory_tables *tables, const struct kb_fresh *fresh,
                                  const struct kb_ca_row *credential, struct kb_report *why);
/* Takes the last card's lines back. */
enum kb_err kb_factory_tables_undo(struct kb_factory_tables *tables, struct kb_report *why);

#endif
