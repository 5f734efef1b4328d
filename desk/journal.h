/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of one batch (SQLite): which card goes with which rows of handover and batch, how far
 * each one is, and its values, sealed. Secrets of the tables stay where they are: the journal keeps
 * places to read them from. What is committed survives a killed process and a power cut.
 */
#ifndef KB_DESK_JOURNAL_H
#define KB_DESK_JOURNAL_H

#include "desk/csv.h"
#include "desk/table.h"

struct kb_journal;

enum kb_journal_state {
    KB_JOURNAL_OPEN = 0,
    KB_JOURNAL_DONE = 1,
    KB_JOURNAL_FAILED = 2 /* tried in vain; open again in the next run */
};

/* Whether a finished card has proven its keys in the last verification. */
enum kb_proof { KB_PROOF_NONE = 0, KB_PROOF_GIVEN = 1, KB_PROOF_FAILED = 2 };

enum {
    KB_JOURNAL_DIGEST = 65,
    KB_JOURNAL_REASON = 256,
    KB_JOURNAL_SEALED_MAX = KB_RECORD_MAX + 64
};

/* What the journal is about. */
struct kb_journal_batch {
    char plan[KB_NAME_MAX + 1];
    char field[KB_NAME_MAX + 1];
    char batch_digest[KB_JOURNAL_DIGEST]; /* SHA-256 of the tables, in hex */
    char handover_digest[KB_JOURNAL_DIGEST];
};

struct kb_journal_row {
    struct kb_csv_place code; /* in the handover */
    struct kb_csv_place row;  /* in the batch */
    uint64_t seq;             /* highest SEQ the card has accepted */
    enum kb_journal_state state;
    enum kb_proof proof;
    char iccid[KB_ICCID_TEXT];
    char reason[KB_JOURNAL_REASON]; /* why it failed, or what is worth saying; empty: nothing */
    bool is_prepared;               /* its values are in the journal */
};

/* Opens a journal, or makes an empty one with mode 0600 when it may. path "": one for this process
 * only, gone at close. A journal that may be made is this process's alone until it is
 * closed: KB_ERR_EXISTS. KB_ERR_ABSENT; KB_ERR_VERSION; KB_ERR_MALFORMED: another kind of file;
 * KB_ERR_IO. */
enum kb_err kb_journal_open(const char *path, bool may_make, struct kb_journal **journal,
                            struct kb_report *why);
void kb_journal_close(struct kb_journal *journal);

/* KB_ERR_ABSENT: nothing was imported yet. */
enum kb_err kb_journal_batch(struct kb_journal *journal, struct kb_journal_batch *batch,
                             struct kb_report *why);
enum kb_err kb_journal_set_batch(struct kb_journal *journal, const struct kb_journal_batch *batch,
                                 struct kb_report *why);

/* Changes are grouped: the first one after a commit begins a transaction. */
enum kb_err kb_journal_commit(struct kb_journal *journal, struct kb_report *why);
void kb_journal_rollback(struct kb_journal *journal);
/* Changes that wait for a commit. */
unsigned kb_journal_pending(const struct kb_journal *journal);

/* A card of the handover. KB_ERR_EXISTS: it is there already, from *first_line. */
enum kb_err kb_journal_add_card(struct kb_journal *journal, const char *iccid,
                                struct kb_csv_place code, uint64_t *first_line,
                                struct kb_report *why);
/* Its row of the batch. KB_ERR_ABSENT: no such card; KB_ERR_EXISTS: it has a row, from *first_line.
 */
enum kb_err kb_journal_add_row(struct kb_journal *journal, const char *iccid,
                               struct kb_csv_place row, uint64_t *first_line,
                               struct kb_report *why);
/* The identity it brings. KB_ERR_EXISTS: another row has it, *first_line: two cards with one IMSI
 * would disturb each other in the network. */
enum kb_err kb_journal_add_imsi(struct kb_journal *journal, const char *imsi, uint64_t line,
                                uint64_t *first_line, struct kb_report *why);

/* KB_ERR_ABSENT: no row of the batch is for this card. */
enum kb_err kb_journal_find(struct kb_journal *journal, const char *iccid,
                            struct kb_journal_row *row, struct kb_report *why);
/* The first card after this ICCID ("" for the first of all) in the given state. KB_ERR_ABSENT. */
enum kb_err kb_journal_next(struct kb_journal *journal, const char *after,
                            enum kb_journal_state state, struct kb_journal_row *row,
                            struct kb_report *why);
/* Up to cap cards from this ICCID on that are open and have no values yet. */
enum kb_err kb_journal_unprepared(struct kb_journal *journal, const char *from,
                                  struct kb_journal_row *rows, size_t cap, size_t *count,
                                  struct kb_report *why);

enum kb_err kb_journal_put_values(struct kb_journal *journal, const char *iccid,
                                  struct kb_span sealed, struct kb_report *why);
/* sealed: KB_JOURNAL_SEALED_MAX bytes. */
enum kb_err kb_journal_values(struct kb_journal *journal, const char *iccid, uint8_t *sealed,
                              size_t *len, struct kb_report *why);

/* reason: NULL or why it failed. */
enum kb_err kb_journal_set_state(struct kb_journal *journal, const char *iccid,
                                 enum kb_journal_state state, const char *reason,
                                 struct kb_report *why);
enum kb_err kb_journal_set_seq(struct kb_journal *journal, const char *iccid, uint64_t seq,
                               struct kb_report *why);

enum kb_err kb_journal_set_proof(struct kb_journal *journal, const char *iccid, enum kb_proof proof,
                                 struct kb_report *why);
/* A new verification begins: no card is proven. */
enum kb_err kb_journal_forget_proofs(struct kb_journal *journal, struct kb_report *why);

/* Failed cards are open again. */
enum kb_err kb_journal_reopen(struct kb_journal *journal, struct kb_report *why);
enum kb_err kb_journal_count(struct kb_journal *journal, enum kb_journal_state state,
                             uint64_t *count, struct kb_report *why);

#endif
