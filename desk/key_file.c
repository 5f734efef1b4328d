/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: read, or made on first use. */

#include "desk/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "desk/safe_file.h"
#include "wire/hex.h"

enum { KEY_MAX = 32, TEXT_MAX = 2 * KEY_MAX + 2 };

enum kb_err kb_key_draw(const struct kb_crypto *crypto, uint8_t *key, size_t len)
{
    return crypto->random(key, len);
}

enum kb_err kb_key_draw_p256(const struct kb_crypto *crypto, uint8_t *key, size_t len)
{
    uint8_t public_key[KB_P256_PUBLIC];

    return len == KB_P256_PRIVATE ? crypto->p256_keypair(key, public_key) : KB_ERR_USAGE;
}

enum kb_err kb_key_file_default(const char *name, char *path, struct kb_report *why)
{
    const char *base = getenv("KEYBORN_HOME");
    const char *home = getenv("HOME");
    int len;

    if (base && *base)
        len = snprintf(path, KB_KEY_FILE_PATH, "%s/%s", base, name);
    else if (home && *home)
        len = snprintf(path, KB_KEY_FILE_PATH, "%s/.keyborn/%s", home, name);
    else
        return kb_report(why, KB_ERR_USAGE, "neither KEYBORN_HOME nor HOME says where %s lies",
                         name);
    if (len < 0 || len >= KB_KEY_FILE_PATH)
        return kb_report(why, KB_ERR_TOO_LONG, "the path of %s is too long", name);
    return KB_OK;
}

enum kb_err kb_key_file_read(const char *path, uint8_t *key, size_t len, struct kb_report *why)
{
    char text[TEXT_MAX + 1];
    ssize_t got = -1;
    size_t decoded = 0;
    enum kb_err err = KB_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        got = read(fd, text, sizeof text);
    if (got < 0)
        err = kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (err)
        return err;
    while (got > 0 && strchr(" \t\r\n", text[got - 1]))
        got--;
    if (kb_hex_decode(kb_span(text, (size_t)got), key, len, &decoded) || decoded != len) {
        kb_wipe(key, len);
        err = kb_report(why, KB_ERR_MALFORMED, "%s: should hold %zu hexadecimal digits", path,
                        2 * len);
    }
    kb_wipe(text, sizeof text);
    return err;
}

static void make_parent(const char *path)
{
    char parent[KB_KEY_FILE_PATH];
    char *slash;

    snprintf(parent, sizeof parent, "%s", path);
    slash = strrchr(parent, '/');
    if (!slash || slash == parent)
        return;
    *slash = '\0';
    mkdir(parent, 0700);
}

static int write_key(int fd, const uint8_t *key, size_t len)
{
    char text[TEXT_MAX + 1];
    int failed;

    kb_hex_encode(kb_span(key, len), text);
    text[2 * len] = '\n';
    failed = !kb_safe_write(fd, text, 2 * len + 1) || fsync(fd) != 0;
    kb_wipe(text, sizeof text);
    return failed;
}

/* The key is whole before it has its name, and never replaces one that is there. */
static enum kb_err store(const char *path, const uint8_t *key, size_t len, struct kb_report *why)
{
    char fresh[KB_KEY_FILE_PATH + 16];
    enum kb_err err = KB_OK;
    int fd, failed;

    make_parent(path);
    snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
    fd = mkstemp(fresh);
    if (fd < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    failed = write_key(fd, key, len);
    failed |= close(fd);
    if (!failed)
        failed = link(fresh, path);
    if (failed)
        err = kb_report(why, errno == EEXIST ? KB_ERR_EXISTS : KB_ERR_IO, "%s: %s", path,
                        strerror(errno));
    unlink(fresh);
    return err;
}

enum kb_err kb_key_file_need(const char *path, const struct kb_crypto *crypto, kb_key_maker make,
                             uint8_t *key, size_t len, bool *is_new, struct kb_report *why)
{
    enum kb_err err;

    *is_new = false;
    if (len > KEY_MAX)
        return kb_report(why, KB_ERR_USAGE, "%s", kb_err_text(KB_ERR_USAGE));
    if (access(path, F_OK) == 0)
        return kb_key_file_read(path, key, len, why);
    err = make(crypto, key, len);
    if (err)
        return kb_report(why, err, "%s: %s", path, kb_err_text(err));
    err = store(path, key, len, why);
    if (err == KB_ERR_EXISTS)
        return kb_key_file_read(path, key, len, why);
    *is_new = !err;
    if (err)
        kb_wipe(key, len);
    return err;
}
