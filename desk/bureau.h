/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bureau: personalizes the cards of a batch, in a folder or in readers, several at a time,
 * and proves each one. It knows the entity view, codes and values, nothing of a card's inside.
 *
 * The order that makes a killed run harmless: values, generated keys among them, are durable in the
 * journal before the first of them goes to a card; a card found locked is asked to authenticate
 * with them, and is done when it does.
 */
#ifndef KB_DESK_BUREAU_H
#define KB_DESK_BUREAU_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "desk/journal.h"
#include "desk/seal.h"
#include "wire/report.h"

enum { KB_BUREAU_READERS = 32, KB_BUREAU_PATH = 512 };

struct kb_bureau_options {
    const char *entity, *handover, *batch; /* files */
    const char *field;                     /* NULL: the only one of the entity view */
    const char *dir;                       /* cards as DIR/<iccid>.card; NULL: readers */
    const char *readers[KB_BUREAU_READERS];
    size_t reader_count;
    const char *journal;
    const char *audit; /* NULL: none */
    uint8_t key[KB_GCM_KEY];
    bool may_generate; /* Ki and OPc that the batch lacks */
    bool is_to_lock;
    bool may_spend_last_try; /* of the perso code: a wrong one blocks the card for ever */
    bool is_to_verify;
    bool is_secure;  /* values travel ciphered, through a secure channel (SCP03) */
    unsigned jobs;   /* with dir: cards at a time */
    unsigned wait_s; /* with readers: how long without a card before the run ends */
    FILE *progress;  /* NULL: silent */
    const volatile sig_atomic_t *stop; /* not 0: finish the cards at work and end; may be NULL */
};

struct kb_bureau_summary {
    uint64_t total;  /* rows of the batch */
    uint64_t done;   /* all of them, in earlier runs as well */
    uint64_t before; /* of those, done in earlier runs */
    uint64_t failed; /* tried in vain in this run */
    double seconds;
};

/* Runs a batch to its end. 0 also when cards failed: see the summary and the journal. Else nothing
 * more could be done: a table that is wrong, a journal or a reader that fails. */
enum kb_err kb_bureau_run(const struct kb_bureau_options *options,
                          struct kb_bureau_summary *summary, struct kb_report *why);

#endif
