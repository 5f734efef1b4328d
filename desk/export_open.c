/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a sealed export: every "kb1:IMSI:column:hex" becomes the value it holds. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/export.h"
#include "desk/safe_file.h"
#include "wire/hex.h"

static const char mark[] = "kb1:";

enum { PART = 32 };

struct token {
    char owner[PART], column[PART];
    uint8_t sealed[KB_SEAL_TOKEN_VALUE + KB_SEAL_OVERHEAD];
    size_t sealed_len;
    size_t len; /* of the whole token in the text */
};

/* One part up to the next colon. */
static bool take_part(const char **at, char out[PART])
{
    size_t len = strcspn(*at, ":,\"\n");

    if (len == 0 || len >= PART || (*at)[len] != ':')
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len + 1;
    return true;
}

static bool parse(const char *text, struct token *token)
{
    const char *at = text + strlen(mark);
    size_t digits;

    if (!take_part(&at, token->owner) || !take_part(&at, token->column))
        return false;
    digits = strspn(at, "0123456789ABCDEFabcdef");
    token->len = (size_t)(at - text) + digits;
    return !kb_hex_decode(kb_span(at, digits), token->sealed, sizeof token->sealed,
                          &token->sealed_len) &&
           token->sealed_len > KB_SEAL_OVERHEAD;
}

/* What is left of a token whose beginning was changed: a colon and more hexadecimal digits than any
 * value in clear has. */
static bool has_remainder(const char *text, const char *end)
{
    for (; (text = strchr(text, ':')) != NULL && text < end; text++)
        if (strspn(text + 1, "0123456789ABCDEFabcdef") > (size_t)2 * KB_SEAL_OVERHEAD)
            return true;
    return false;
}

static enum kb_err put_value(const struct kb_seal *seal, const struct token *token, FILE *out)
{
    uint8_t value[KB_SEAL_TOKEN_VALUE];
    enum kb_err err = kb_seal_open(seal, token->owner, token->column,
                                   kb_span(token->sealed, token->sealed_len), value);

    if (!err)
        fwrite(value, 1, token->sealed_len - KB_SEAL_OVERHEAD, out);
    kb_wipe(value, sizeof value);
    return err;
}

enum kb_err kb_export_open_line(const struct kb_seal *seal, struct kb_export_places *places,
                                const char *line, FILE *out, uint64_t *opened)
{
    const char *at = line, *found;
    struct token token;

    kb_export_places_line(places, line);
    while ((found = strstr(at, mark)) != NULL) {
        enum kb_err err;

        fwrite(at, 1, (size_t)(found - at), out);
        if (has_remainder(at, found) || !parse(found, &token))
            return KB_ERR_MALFORMED;
        if (!kb_export_place_is_own(places, line, kb_span(found, token.len), token.owner,
                                    token.column))
            return KB_ERR_INTEGRITY;
        err = put_value(seal, &token, out);
        if (err)
            return err;
        (*opened)++;
        at = found + token.len;
    }
    if (has_remainder(at, at + strlen(at)))
        return KB_ERR_MALFORMED;
    fputs(at, out);
    return KB_OK;
}

static enum kb_err open_lines(const struct kb_seal *seal, FILE *in, const char *path, FILE *out,
                              uint64_t *opened, struct kb_report *why)
{
    struct kb_export_places places = {0};
    char *line = NULL;
    size_t size = 0;
    unsigned long number = 0;
    enum kb_err err = KB_OK;

    while (!err && getline(&line, &size, in) > 0) {
        number++;
        err = kb_export_open_line(seal, &places, line, out, opened);
    }
    free(line);
    if (err == KB_ERR_MALFORMED)
        return kb_report(why, err, "%s:%lu: a sealed value is damaged", path, number);
    if (err)
        return kb_report(why, err,
                         "%s:%lu: a sealed value does not open: another transport key, or a value "
                         "that was moved or changed",
                         path, number);
    return ferror(in) ? kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno)) : KB_OK;
}

enum kb_err kb_export_open(const char *in, const char *out, const uint8_t transport_key[KB_GCM_KEY],
                           uint64_t *opened, struct kb_report *why)
{
    struct kb_seal seal = {.crypto = &kb_crypto_openssl};
    struct kb_safe_file file;
    FILE *from = fopen(in, "re");
    enum kb_err err;

    *opened = 0;
    if (!from)
        return kb_report(why, KB_ERR_ABSENT, "%s: %s", in, strerror(errno));
    memcpy(seal.key, transport_key, KB_GCM_KEY);
    err = kb_safe_file_open(&file, out, why);
    if (!err)
        err = open_lines(&seal, from, in, file.out, opened, why);
    if (!err)
        err = kb_safe_file_keep(&file, why);
    kb_safe_file_drop(&file);
    fclose(from);
    kb_wipe(&seal, sizeof seal);
    return err;
}
