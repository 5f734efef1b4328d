/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the store share: one in a folder of its own, with two small tables. */
#ifndef KB_TESTS_SERVICE_STORE_RIG_H
#define KB_TESTS_SERVICE_STORE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "service/store.h"
#include "tests/service/files.h"

enum store_rig_sql {
    STORE_RIG_PUT,
    STORE_RIG_GET,
    STORE_RIG_PUT_SEALED,
    STORE_RIG_GET_SEALED,
    STORE_RIG_DELETE_SEALED,
    STORE_RIG_OUTBOX,
    STORE_RIG_INBOX,
    STORE_RIG_AUDIT,
    STORE_RIG_STATEMENTS
};

struct store_rig {
    char folder[64], path[96];
    uint8_t key[KB_GCM_KEY];
    int64_t now;
    struct kb_store_config config;
    struct kb_store *store;
    unsigned points; /* at which the process could have died, since the store was opened */
    unsigned dies_at;
    void (*dying)(const char *where); /* otherwise the store answers KB_ERR_TIMEOUT */
};

void store_enter(struct store_rig *rig);
void store_leave(struct store_rig *rig);
void store_open(struct store_rig *rig);
void store_close(struct store_rig *rig);
void store_again(struct store_rig *rig); /* closed, and opened again */
void store_remove(struct store_rig *rig);
void store_write(struct store_rig *rig, struct kb_span bytes); /* the file, instead of a store */

/* Runs SQL past the store, which must be closed. */
void store_sql(struct store_rig *rig, const char *sql);

static inline unsigned store_search(const struct store_rig *rig, struct kb_span bytes)
{
    return files_search(rig->folder, bytes);
}

struct kb_span text_span(const char *text);
struct kb_mail mail_of(const char *peer, uint64_t id, const char *body);

/* Within a step, and as one. */
void put_number(struct store_rig *rig, const char *name, int64_t value);
void step_number(struct store_rig *rig, const char *name, int64_t value);
void step_post(struct store_rig *rig, struct kb_mail mail);

int64_t get_number(struct store_rig *rig, const char *name); /* -1: there is none */
int64_t count_of(struct store_rig *rig, enum store_rig_sql which);

#endif
