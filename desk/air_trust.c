/* SPDX-License-Identifier: Apache-2.0 */
/* The operators' root as a maker gets it. */

#include "desk/air_trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "desk/ca.h"
#include "wire/hex.h"

enum { PATH_MAX_LEN = 600, KEY_TEXT = 2 * KB_P256_PUBLIC };

/* Up to cap bytes of a file; KB_ERR_TOO_LONG: it has more. */
static enum kb_err read_file(const char *path, void *out, size_t cap, size_t *len,
                             struct kb_report *why)
{
    FILE *file = fopen(path, "re");
    enum kb_err err = KB_OK;

    if (!file)
        return kb_report(why, errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO, "%s: %s", path,
                         strerror(errno));
    *len = fread(out, 1, cap, file);
    if (ferror(file))
        err = kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    else if (fgetc(file) != EOF)
        err = kb_report(why, KB_ERR_TOO_LONG, "%s: is longer than %zu bytes", path, cap);
    fclose(file);
    return err;
}

static enum kb_err read_public(struct kb_air_trust_file *trust, const char *path, const char *name,
                               struct kb_report *why)
{
    char text[KEY_TEXT + 2];
    size_t len = 0, bytes = 0;
    enum kb_err err = read_file(path, text, sizeof text, &len, why);

    if (err && err != KB_ERR_TOO_LONG)
        return err;
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    if (err || len != KEY_TEXT ||
        kb_hex_decode(kb_span(text, len), trust->public_key, KB_P256_PUBLIC, &bytes))
        return kb_report(why, KB_ERR_MALFORMED,
                         "%s: should be the public key of a root, X and Y in hexadecimal, as "
                         "keyborn ca writes root.pub",
                         path);
    if (!name || !name[0] || strlen(name) > KB_CREDENTIAL_NAME_MAX)
        return kb_report(why, KB_ERR_USAGE,
                         "%s: the root's name is missing; say it with --operators-name", path);
    memcpy(trust->name, name, strlen(name) + 1);
    return KB_OK;
}

/* has_list: something has been revoked since the root was made. */
static enum kb_err read_folder(struct kb_air_trust_file *trust, const char *dir, const char *name,
                               bool *has_list, struct kb_report *why)
{
    struct kb_ca *ca = NULL;
    const struct kb_ca_root *root;
    enum kb_err err = kb_ca_open(dir, &ca, why);

    if (err)
        return err;
    root = kb_ca_root(ca);
    memcpy(trust->name, root->name, sizeof trust->name);
    memcpy(trust->public_key, root->public_key, sizeof trust->public_key);
    *has_list = root->number > 0;
    if (root->kind != KB_CA_OPERATORS)
        err = kb_report(why, KB_ERR_RULE, "%s: is the root of a maker, not of operators", dir);
    else if (name && strcmp(name, root->name) != 0)
        err =
            kb_report(why, KB_ERR_RULE, "%s: the root is called %s, not %s", dir, root->name, name);
    kb_ca_close(ca);
    return err;
}

static enum kb_err read_list(struct kb_air_trust_file *trust, const char *path,
                             struct kb_report *why)
{
    struct kb_air_trust is = kb_air_trust_of(trust);
    struct kb_revoked list;
    enum kb_err err =
        read_file(path, trust->revoked, sizeof trust->revoked, &trust->revoked_len, why);

    if (err == KB_ERR_TOO_LONG)
        return kb_report_in(why, "no card has room for this list");
    if (err)
        return err;
    err = kb_revoked_read(&kb_crypto_openssl, &is.operators, 0,
                          kb_span(trust->revoked, trust->revoked_len), &list);
    if (!err)
        return KB_OK;
    return kb_report(why, err == KB_ERR_INTEGRITY ? KB_ERR_RULE : err,
                     "%s: is no list of revoked credentials that the root %s signed", path,
                     trust->name);
}

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum kb_err kb_air_trust_read(struct kb_air_trust_file *trust, const char *root, const char *name,
                              const char *revoked, struct kb_report *why)
{
    char own[PATH_MAX_LEN];
    bool has_list = false;
    enum kb_err err;

    memset(trust, 0, sizeof *trust);
    if (is_folder(root))
        err = read_folder(trust, root, name, &has_list, why);
    else
        err = read_public(trust, root, name, why);
    if (!revoked && has_list) {
        snprintf(own, sizeof own, "%s/revoked.cwt", root);
        revoked = own;
    }
    return err || !revoked ? err : read_list(trust, revoked, why);
}

struct kb_air_trust kb_air_trust_of(const struct kb_air_trust_file *trust)
{
    return (struct kb_air_trust){
        .operators = {kb_span(trust->name, strlen(trust->name)), trust->public_key},
        .revoked = kb_span(trust->revoked, trust->revoked_len)};
}
