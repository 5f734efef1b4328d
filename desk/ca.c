/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a root. */

#include "desk/ca_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "desk/safe_file.h"
#include "wire/hex.h"

/* --- Kids --- */

size_t kb_ca_kid(uint64_t serial, uint8_t kid[KB_KID_MAX])
{
    size_t len = 1;

    while (len < KB_KID_MAX && serial >> 8 * len)
        len++;
    for (size_t i = 0; i < len; i++)
        kid[i] = (uint8_t)(serial >> 8 * (len - 1 - i));
    return len;
}

void kb_ca_kid_text(uint64_t serial, char text[KB_CA_KID_TEXT])
{
    uint8_t kid[KB_KID_MAX];

    kb_hex_encode(kb_span(kid, kb_ca_kid(serial, kid)), text);
}

uint64_t kb_ca_kid_read(const char *text)
{
    uint8_t kid[KB_KID_MAX];
    uint64_t serial = 0;
    size_t len;

    if (kb_hex_decode(kb_span(text, strlen(text)), kid, sizeof kid, &len))
        return 0;
    for (size_t i = 0; i < len; i++)
        serial = serial << 8 | kid[i];
    return serial <= INT64_MAX ? serial : 0;
}

/* --- The folder --- */

enum kb_err kb_ca_place(const char *dir, const char *name, char *path, struct kb_report *why)
{
    int len = snprintf(path, KB_KEY_FILE_PATH, "%s/%s", dir, name);

    if (len < 0 || len >= KB_KEY_FILE_PATH)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: the name is too long", dir);
    return KB_OK;
}

enum kb_err kb_ca_check_text(const char *what, const char *text, size_t max, struct kb_report *why)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7E)
            return kb_report(why, KB_ERR_USAGE, "%s: only printable ASCII can stand there", what);
    if (!len || len > max)
        return kb_report(why, KB_ERR_USAGE, "%s: %zu characters, should be 1 to %zu", what, len,
                         max);
    return KB_OK;
}

static enum kb_err lock(struct kb_ca *ca, const char *dir, struct kb_report *why)
{
    int locked;

    snprintf(ca->dir, sizeof ca->dir, "%s", dir);
    ca->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ca->fd < 0)
        return kb_report(why, errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO, "%s: %s", dir,
                         strerror(errno));
    do
        locked = flock(ca->fd, LOCK_EX);
    while (locked && errno == EINTR);
    return locked ? kb_report(why, KB_ERR_IO, "%s: %s", dir, strerror(errno)) : KB_OK;
}

enum kb_err kb_ca_write(const char *dir, const char *name, const void *data, size_t len,
                        struct kb_report *why)
{
    char path[KB_KEY_FILE_PATH];
    struct kb_safe_file file;
    enum kb_err err = kb_ca_place(dir, name, path, why);

    if (!err)
        err = kb_safe_file_open(&file, path, why);
    if (err)
        return err;
    fwrite(data, 1, len, file.out);
    return kb_safe_file_keep(&file, why);
}

/* --- The root --- */

enum kb_err kb_ca_read_key(const struct kb_ca *ca, const char *key_path,
                           uint8_t key[KB_P256_PRIVATE], struct kb_report *why)
{
    uint8_t public_key[KB_P256_PUBLIC];
    char path[KB_KEY_FILE_PATH];
    enum kb_err err = kb_ca_place(ca->dir, "root.key", path, why);

    if (err)
        return err;
    key_path = key_path ? key_path : path;
    err = kb_key_file_read(key_path, key, KB_P256_PRIVATE, why);
    if (err)
        return err;
    if (kb_crypto_openssl.p256_public(key, public_key) ||
        memcmp(public_key, ca->root.public_key, sizeof public_key) != 0)
        return kb_report(why, KB_ERR_RULE, "%s: is not the key of the root in %s", key_path,
                         ca->dir);
    return KB_OK;
}

static enum kb_err check_new(const char *dir, const char *name, struct kb_report *why)
{
    enum kb_err err = kb_ca_check_text("name", name, KB_CREDENTIAL_NAME_MAX, why);

    if (!err && mkdir(dir, 0700) && errno != EEXIST)
        err = kb_report(why, KB_ERR_IO, "%s: %s", dir, strerror(errno));
    return err;
}

/* The row of the root goes last: with it the root exists. */
static enum kb_err found(struct kb_ca *ca, const uint8_t key[KB_P256_PRIVATE], int64_t now,
                         struct kb_report *why)
{
    sqlite3_stmt *row = kb_ca_index_get(&ca->index, CA_SET_ROOT);
    char text[2 * KB_P256_PUBLIC + 2];
    uint8_t *message = NULL;
    size_t len = 0;
    enum kb_err err = kb_ca_sign_list(ca, key, 0, now, &message, &len, why);

    kb_hex_encode(kb_span(ca->root.public_key, KB_P256_PUBLIC), text);
    text[2 * KB_P256_PUBLIC] = '\n';
    if (!err)
        err = kb_ca_write(ca->dir, "root.pub", text, 2 * KB_P256_PUBLIC + 1, why);
    if (!err) {
        sqlite3_bind_text(row, 1, ca->root.name, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(row, 2, (int)ca->root.kind);
        sqlite3_bind_blob(row, 3, ca->root.public_key, KB_P256_PUBLIC, SQLITE_TRANSIENT);
        sqlite3_bind_blob(row, 4, message, (int)len, SQLITE_TRANSIENT);
        err = kb_ca_index_run(&ca->index, CA_SET_ROOT, why);
    }
    free(message);
    return err ? err : kb_ca_show_list(ca, why);
}

static enum kb_err need_root_key(struct kb_ca *ca, const char *key_path,
                                 uint8_t key[KB_P256_PRIVATE], struct kb_report *why)
{
    char path[KB_KEY_FILE_PATH];
    bool is_new;
    enum kb_err err = kb_ca_place(ca->dir, "root.key", path, why);

    key_path = key_path ? key_path : path;
    if (!err)
        err = kb_key_file_need(key_path, &kb_crypto_openssl, kb_key_draw_p256, key, KB_P256_PRIVATE,
                               &is_new, why);
    if (!err && kb_crypto_openssl.p256_public(key, ca->root.public_key))
        err = kb_report(why, KB_ERR_MALFORMED, "%s: is no private key on P-256", key_path);
    return err;
}

static enum kb_err open_index(struct kb_ca *ca, bool may_make, struct kb_report *why)
{
    char path[KB_KEY_FILE_PATH];
    enum kb_err err = kb_ca_place(ca->dir, "index.db", path, why);

    return err ? err : kb_ca_index_open(&ca->index, path, may_make, why);
}

static enum kb_err refuse_second(struct kb_ca *ca, struct kb_report *why)
{
    enum kb_err err = kb_ca_index_step(&ca->index, CA_ROOT, why);

    kb_ca_index_end(&ca->index, CA_ROOT);
    if (!err)
        return kb_report(why, KB_ERR_EXISTS, "%s: there is a root already", ca->dir);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

enum kb_err kb_ca_init(const char *dir, const char *key_path, const char *name,
                       enum kb_ca_kind kind, int64_t now, struct kb_report *why)
{
    struct kb_ca ca = {.fd = -1, .root = {.kind = kind}};
    uint8_t key[KB_P256_PRIVATE];
    enum kb_err err = check_new(dir, name, why);

    if (!err)
        err = lock(&ca, dir, why);
    if (!err)
        err = open_index(&ca, true, why);
    if (!err)
        err = refuse_second(&ca, why);
    if (!err) {
        snprintf(ca.root.name, sizeof ca.root.name, "%s", name);
        err = need_root_key(&ca, key_path, key, why);
    }
    if (!err)
        err = found(&ca, key, now, why);
    kb_wipe(key, sizeof key);
    kb_ca_index_close(&ca.index);
    if (ca.fd >= 0)
        close(ca.fd);
    return err;
}

static enum kb_err read_root(struct kb_ca *ca, struct kb_report *why)
{
    sqlite3_stmt *row = kb_ca_index_get(&ca->index, CA_ROOT);
    enum kb_err err = kb_ca_index_step(&ca->index, CA_ROOT, why);

    if (err)
        return err;
    snprintf(ca->root.name, sizeof ca->root.name, "%s", (const char *)sqlite3_column_text(row, 0));
    ca->root.kind = sqlite3_column_int(row, 1) == KB_CA_MAKER ? KB_CA_MAKER : KB_CA_OPERATORS;
    ca->root.number = (uint64_t)sqlite3_column_int64(row, 3);
    if (sqlite3_column_bytes(row, 2) == KB_P256_PUBLIC)
        memcpy(ca->root.public_key, sqlite3_column_blob(row, 2), KB_P256_PUBLIC);
    else
        err = kb_report(why, KB_ERR_MALFORMED, "%s: is damaged", ca->index.path);
    kb_ca_index_end(&ca->index, CA_ROOT);
    return err;
}

enum kb_err kb_ca_open(const char *dir, struct kb_ca **opened, struct kb_report *why)
{
    struct kb_ca *ca = calloc(1, sizeof *ca);
    enum kb_err err;

    *opened = NULL;
    if (!ca)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    ca->fd = -1;
    err = lock(ca, dir, why);
    if (!err)
        err = open_index(ca, false, why);
    if (!err)
        err = read_root(ca, why);
    if (err == KB_ERR_ABSENT)
        kb_report(why, err, "%s: there is no root; keyborn ca init makes one", dir);
    if (!err)
        err = kb_ca_show_list(ca, why);
    if (err)
        kb_ca_close(ca);
    else
        *opened = ca;
    return err;
}

void kb_ca_close(struct kb_ca *ca)
{
    if (!ca)
        return;
    kb_ca_index_close(&ca->index);
    if (ca->fd >= 0)
        close(ca->fd);
    free(ca);
}

const struct kb_ca_root *kb_ca_root(const struct kb_ca *ca)
{
    return &ca->root;
}
