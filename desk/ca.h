/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root and what it has signed: a folder with root.key (or the key lies elsewhere), root.pub, an
 * index of all credentials and the list of those taken back, revoked.cwt (agree/revoked.h). The
 * index is SQLite and holds no private key. One run at a time works in a folder, others wait; one
 * that is killed leaves a whole index, and the next one writes the list again if it has to.
 */
#ifndef KB_DESK_CA_H
#define KB_DESK_CA_H

#include "agree/revoked.h"
#include "wire/report.h"

struct kb_ca;

/* Whose credentials: a maker's cards, or operators. */
enum kb_ca_kind { KB_CA_MAKER = 0, KB_CA_OPERATORS = 1 };

enum {
    KB_CA_NAME = KB_CREDENTIAL_NAME_MAX + 1,
    KB_CA_REASON_MAX = 200,
    KB_CA_KID_TEXT = 2 * KB_KID_MAX + 1
};

struct kb_ca_root {
    char name[KB_CA_NAME];
    enum kb_ca_kind kind;
    uint8_t public_key[KB_P256_PUBLIC];
    uint64_t number; /* of the list of those taken back */
};

struct kb_ca_row {
    uint64_t serial; /* from 1; the kid is its bytes, without zeros in front */
    char subject[KB_CA_NAME];
    enum kb_curve curve;
    uint8_t public_key[KB_CURVE_SIZE];
    bool is_odd;
    int64_t not_before, expires; /* POSIX time; 0: no limit */
    uint8_t fingerprint[KB_REVOKED_FINGERPRINT];
    int64_t revoked; /* POSIX time; 0: it was not */
    char reason[KB_CA_REASON_MAX + 1];
    uint8_t token[KB_CREDENTIAL_MAX];
    size_t token_len;
};

/* Makes a root in dir; its key is read from key_path, or made there; NULL: dir/root.key. One that
 * was killed is started again. KB_ERR_EXISTS: there is a root; KB_ERR_USAGE: a name that is empty,
 * too long, or not printable ASCII. */
enum kb_err kb_ca_init(const char *dir, const char *key_path, const char *name,
                       enum kb_ca_kind kind, int64_t now, struct kb_report *why);

/* Waits while another run has the folder. KB_ERR_ABSENT: no root there. */
enum kb_err kb_ca_open(const char *dir, struct kb_ca **ca, struct kb_report *why);
void kb_ca_close(struct kb_ca *ca);
const struct kb_ca_root *kb_ca_root(const struct kb_ca *ca);

/* Signs a credential for row's subject, curve, public_key, is_odd and dates, and fills in the rest.
 * A key has one credential: asked for again for the same subject and curve, the same one is given
 * (*is_new false). key_path: as for kb_ca_init. KB_ERR_EXISTS: the key has one for another subject,
 * or one that was taken back or has expired; KB_ERR_INTEGRITY: no key of this curve; KB_ERR_RULE:
 * the root's key is another one. */
enum kb_err kb_ca_issue(struct kb_ca *ca, const char *key_path, struct kb_ca_row *row, int64_t now,
                        bool *is_new, struct kb_report *why);

/* Many at once, for new keys of subjects that have no other credential (KB_ERR_EXISTS): all of
 * them, or none. */
enum kb_err kb_ca_issue_all(struct kb_ca *ca, const char *key_path, struct kb_ca_row *const *rows,
                            size_t count, int64_t now, struct kb_report *why);

/* Forgets a credential that never left the maker, because its card was not finished; nothing when
 * there is none such. What may be in somebody's hands is revoked instead. */
enum kb_err kb_ca_withdraw(struct kb_ca *ca, const char *subject,
                           const uint8_t public_key[KB_CURVE_SIZE], struct kb_report *why);

/* The first one after this serial (0 for the first of all). KB_ERR_ABSENT: there is none. */
enum kb_err kb_ca_next(struct kb_ca *ca, uint64_t after, struct kb_ca_row *row,
                       struct kb_report *why);

/* Takes one back, or with serial 0 all of a subject, and signs a new list; *count: how many, 0 when
 * all had been taken back before. KB_ERR_ABSENT: there is no such one. */
enum kb_err kb_ca_revoke(struct kb_ca *ca, const char *key_path, uint64_t serial,
                         const char *subject, const char *reason, int64_t now, uint64_t *count,
                         struct kb_report *why);

/* A serial as kid, and back from hexadecimal text (0: no kid). */
size_t kb_ca_kid(uint64_t serial, uint8_t kid[KB_KID_MAX]);
void kb_ca_kid_text(uint64_t serial, char text[KB_CA_KID_TEXT]);
uint64_t kb_ca_kid_read(const char *text);

#endif
