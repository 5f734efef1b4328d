/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the root share: ca.c (the folder), ca_issue.c (credentials), ca_batch.c (many
 * at once), ca_list.c (the list of those taken back). */
#ifndef KB_DESK_CA_INSIDE_H
#define KB_DESK_CA_INSIDE_H

#include "desk/ca_index.h"
#include "desk/key_file.h"

struct kb_ca {
    char dir[KB_KEY_FILE_PATH];
    int fd; /* of the folder, locked */
    struct kb_ca_index index;
    struct kb_ca_root root;
};

/* path: KB_KEY_FILE_PATH bytes. */
enum kb_err kb_ca_place(const char *dir, const char *name, char *path, struct kb_report *why);
enum kb_err kb_ca_write(const char *dir, const char *name, const void *data, size_t len,
                        struct kb_report *why);
/* 1 to max characters of printable ASCII. */
enum kb_err kb_ca_check_text(const char *what, const char *text, size_t max, struct kb_report *why);
/* The caller wipes the key, whatever comes. */
enum kb_err kb_ca_read_key(const struct kb_ca *ca, const char *key_path,
                           uint8_t key[KB_P256_PRIVATE], struct kb_report *why);

/* kb_ca_issue with a key that was read before, or with key_path when held is NULL. */
enum kb_err kb_ca_issue_with(struct kb_ca *ca, const uint8_t *held, const char *key_path,
                             struct kb_ca_row *row, int64_t now, bool *is_new,
                             struct kb_report *why);

/* Signs a list of all that the index says were taken back, with the given number. *message: to be
 * freed. */
enum kb_err kb_ca_sign_list(struct kb_ca *ca, const uint8_t key[KB_P256_PRIVATE], uint64_t number,
                            int64_t now, uint8_t **message, size_t *len, struct kb_report *why);
/* The list of the index is the one that counts; revoked.cwt follows it. */
enum kb_err kb_ca_show_list(struct kb_ca *ca, struct kb_report *why);

#endif
