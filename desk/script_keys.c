/* SPDX-License-Identifier: Apache-2.0 */
/* Key files of remote management, and the counters beside them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "desk/key_file.h"
#include "desk/safe_file.h"
#include "desk/script.h"
#include "wire/hex.h"

enum { FILE_MAX = 1024, COUNTER_LINE = 2 * KB_CNTR_SIZE + 1 };

/* --- Keys --- */

static enum kb_err read_all(const char *path, char text[FILE_MAX], size_t *len,
                            struct kb_report *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, FILE_MAX);
    enum kb_err err = KB_OK;

    if (got < 0)
        err = kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    else if (got == FILE_MAX)
        err = kb_report(why, KB_ERR_TOO_LONG, "%s: no key file is so long", path);
    *len = got > 0 ? (size_t)got : 0;
    if (fd >= 0)
        close(fd);
    return err;
}

static bool take_key(const char *hex, bool is_old, struct kb_ota_key *key)
{
    size_t len = 0;

    if (!hex || kb_hex_decode(kb_span(hex, strlen(hex)), key->value, sizeof(key->value), &len))
        return false;
    key->len = (uint8_t)len;
    key->algorithm = KB_ALGORITHM_AES;
    if (is_old)
        key->algorithm = len == 16 ? KB_ALGORITHM_3DES2 : KB_ALGORITHM_3DES3;
    return true;
}

static bool take_keys(json_t *root, struct kb_ota_keys *keys)
{
    const char *algorithm = NULL, *kic = NULL, *kid = NULL;
    int number = 0, cc = KB_CHECK_MAX;

    if (json_unpack(root, "{s:i, s?s, s:s, s:s, s?i !}", "number", &number, "algorithm", &algorithm,
                    "kic", &kic, "kid", &kid, "cc", &cc) ||
        number < 1 || number > 15 || cc < 4 || cc > KB_CHECK_MAX)
        return false;
    keys->number = (uint8_t)number;
    keys->cc_len = (uint8_t)cc;
    keys->is_old = algorithm && strcmp(algorithm, "triple-des") == 0;
    if (algorithm && !keys->is_old && strcmp(algorithm, "aes") != 0)
        return false;
    return take_key(kic, keys->is_old, &keys->kic) && take_key(kid, keys->is_old, &keys->kid) &&
           !kb_ota_keys_check(keys);
}

/* Jansson leaves no copy of what it freed. */
static void *secret_malloc(size_t size)
{
    size_t *room = malloc(sizeof(size_t) + size);

    if (!room)
        return NULL;
    *room = size;
    return room + 1;
}

static void secret_free(void *memory)
{
    size_t *room = memory;

    if (!room)
        return;
    kb_wipe(memory, room[-1]);
    free(room - 1);
}

enum kb_err kb_script_keys(const char *path, struct kb_ota_keys *keys, struct kb_report *why)
{
    json_malloc_t was_malloc;
    json_free_t was_free;
    char text[FILE_MAX];
    size_t len;
    enum kb_err err = read_all(path, text, &len, why);
    json_t *root = NULL;

    memset(keys, 0, sizeof(*keys));
    if (err) {
        kb_wipe(text, sizeof(text));
        return err;
    }
    json_get_alloc_funcs(&was_malloc, &was_free);
    json_set_alloc_funcs(secret_malloc, secret_free);
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    if (!root || !take_keys(root, keys)) {
        kb_wipe(keys, sizeof(*keys));
        err = kb_report(why, KB_ERR_MALFORMED,
                        "%s: should be {\"number\": 1 .. 15, \"algorithm\": \"aes\", \"kic\": HEX, "
                        "\"kid\": HEX}",
                        path);
    }
    json_decref(root);
    json_set_alloc_funcs(was_malloc, was_free);
    kb_wipe(text, sizeof(text));
    return err;
}

/* --- Counters --- */

/* A line of hexadecimal digits, always as long, so that it is written as one. */
static bool take_line(const char *line, ssize_t len, uint64_t *counter)
{
    char digits[COUNTER_LINE], *end;

    *counter = 0;
    if (len == 0)
        return true;
    if (len != COUNTER_LINE || line[COUNTER_LINE - 1] != '\n')
        return false;
    memcpy(digits, line, COUNTER_LINE);
    digits[COUNTER_LINE - 1] = '\0';
    *counter = strtoull(digits, &end, 16);
    return end == digits + COUNTER_LINE - 1;
}

static enum kb_err raise_counter(int fd, const char *path, uint64_t *counter, struct kb_report *why)
{
    char line[COUNTER_LINE + 1];
    ssize_t got;

    if (flock(fd, LOCK_EX) < 0 || (got = pread(fd, line, sizeof(line), 0)) < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    if (!take_line(line, got, counter))
        return kb_report(why, KB_ERR_MALFORMED, "%s: should hold a counter of %d digits", path,
                         COUNTER_LINE - 1);
    if (*counter >= KB_CNTR_MAX)
        return kb_report(why, KB_ERR_RANGE, "%s: all counters are used up", path);
    snprintf(line, sizeof(line), "%0*" PRIX64 "\n", COUNTER_LINE - 1, ++*counter);
    if (pwrite(fd, line, COUNTER_LINE, 0) != COUNTER_LINE || fsync(fd))
        return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    return KB_OK;
}

enum kb_err kb_script_counter(const char *path, uint64_t *counter, struct kb_report *why)
{
    char name[KB_KEY_FILE_PATH];
    int fd, len = snprintf(name, sizeof(name), "%s.counter", path);
    enum kb_err err;

    if (len < 0 || (size_t)len >= sizeof(name))
        return kb_report(why, KB_ERR_TOO_LONG, "%s: the path is too long", path);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", name, strerror(errno));
    err = raise_counter(fd, name, counter, why);
    close(fd);
    return err;
}
