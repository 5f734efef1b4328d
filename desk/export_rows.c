/* SPDX-License-Identifier: Apache-2.0 */
/* Reading exports back: a line is opened, then split the way its format wants. */

#include "desk/export_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/export.h"

enum { LINE_MAX_TEXT = 8192, COLUMNS = 32 };

struct work {
    struct kb_seal transport;
    struct kb_export_places places;
    bool has_transport;
    const char *path;
    int column[COLUMNS]; /* index in columns[] below, -1 when it is of no use */
    size_t column_count;
    char text[LINE_MAX_TEXT]; /* the line, opened */
    char sqn[KB_EXPORT_VALUE];
    struct kb_export_row row;
};

/* Where a value goes: name in tables, what stands before it in documents, place. */
static const struct {
    const char *name, *key;
    size_t place;
} columns[] = {
    {"iccid", "\"iccid\":\"", offsetof(struct work, row.iccid)},
    {"imsi", "\"imsi\":\"", offsetof(struct work, row.imsi)},
    {"ki", "\"k\":\"", offsetof(struct work, row.ki)},
    {"opc", "\"opc\":\"", offsetof(struct work, row.opc)},
    {"pin1", "\"pin1\":\"", offsetof(struct work, row.pin1)},
    {"sqn", "\"sqn\":{\"$numberLong\":\"", offsetof(struct work, sqn)},
};

enum { KNOWN = sizeof columns / sizeof columns[0] };

/* A value that is too long is none. */
static void keep(char place[KB_EXPORT_VALUE], const char *value, size_t len)
{
    if (len >= KB_EXPORT_VALUE)
        return;
    memcpy(place, value, len);
    place[len] = '\0';
}

static char *place_of(struct work *work, size_t known)
{
    return (char *)work + columns[known].place;
}

/* --- Tables --- */

static void learn_columns(struct work *work, const char *names)
{
    work->column_count = 0;
    while (work->column_count < COLUMNS) {
        size_t len = strcspn(names, ",\r\n");
        int *column = &work->column[work->column_count++];

        *column = -1;
        for (size_t i = 0; i < KNOWN; i++)
            if (strlen(columns[i].name) == len && memcmp(columns[i].name, names, len) == 0)
                *column = (int)i;
        if (names[len] != ',')
            return;
        names += len + 1;
    }
}

static void split_table(struct work *work)
{
    const char *at = work->text;

    for (size_t i = 0; i < work->column_count; i++) {
        size_t len = strcspn(at, ",\r\n");

        if (work->column[i] >= 0)
            keep(place_of(work, (size_t)work->column[i]), at, len);
        at += len + (at[len] == ',');
    }
    work->row.sqn = strtoull(work->sqn, NULL, 16);
}

/* --- Documents --- */

static void split_document(struct work *work)
{
    for (size_t i = 0; i < KNOWN; i++) {
        const char *found = strstr(work->text, columns[i].key);

        if (!found)
            continue;
        found += strlen(columns[i].key);
        keep(place_of(work, i), found, strcspn(found, "\"\r\n"));
    }
    work->row.sqn = strtoull(work->sqn, NULL, 10);
}

/* --- Commands: "SET id subscriber.by-imsi-IMSI.aud3g algorithm,Ki[,opc,OPc]", or aud2g --- */

/* The next word, which another than the wanted separator ends the line with. */
static const char *next_word(const char *at, char separator, char place[KB_EXPORT_VALUE])
{
    size_t len = strcspn(at, ",. \r\n");

    keep(place, at, len);
    return at[len] == separator ? at + len + 1 : "";
}

static bool split_command(struct work *work)
{
    static const char subscriber[] = "subscriber.by-imsi-";
    struct kb_export_row *row = &work->row;
    const char *at = strstr(work->text, subscriber);
    char word[KB_EXPORT_VALUE] = "";

    if (!at)
        return false;
    at = next_word(at + sizeof subscriber - 1, '.', row->imsi);
    at = next_word(at, ' ', word);
    if (strcmp(word, "aud3g") != 0 && strcmp(word, "aud2g") != 0)
        return false;
    at = next_word(at, ',', row->algorithm);
    at = next_word(at, ',', row->ki);
    at = next_word(at, ',', word);
    if (strcmp(word, "opc") == 0)
        next_word(at, ',', row->opc);
    return true;
}

/* --- Lines --- */

/* The line with its sealed values opened. */
static enum kb_err open_text(struct work *work, const char *line, struct kb_report *why)
{
    FILE *out = fmemopen(work->text, sizeof work->text - 1, "w");
    uint64_t opened = 0;
    enum kb_err err = KB_OK;

    if (!out)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    setvbuf(out, NULL, _IONBF, 0);
    memset(work->text, 0, sizeof work->text);
    if (work->has_transport)
        err = kb_export_open_line(&work->transport, &work->places, line, out, &opened);
    else
        fputs(line, out);
    fclose(out);
    return err ? kb_report(why, err, "a sealed value does not open with this transport key")
               : KB_OK;
}

/* True when the opened line is about a subscriber. */
static bool split(struct work *work)
{
    unsigned long line = work->row.line;

    memset(&work->row, 0, sizeof work->row);
    memset(work->sqn, 0, sizeof work->sqn);
    work->row.line = line;
    if (strncmp(work->text, "SET ", 4) == 0)
        return split_command(work);
    if (work->text[0] == '{')
        split_document(work);
    else
        split_table(work);
    return true;
}

static enum kb_err take_line(struct work *work, const char *line, kb_export_take take,
                             void *context, struct kb_report *why)
{
    static const char srsran[] = "iccid,auth,imsi,ki,type,opc,amf,sqn";
    enum kb_err err;

    kb_export_places_line(&work->places, line);
    if (work->row.line == 1 && line[0] != '{' && strncmp(line, "SET ", 4) != 0) {
        learn_columns(work, line[0] == '#' ? srsran : line);
        return KB_OK;
    }
    if (line[0] == '#' || line[0] == '\n')
        return KB_OK;
    err = open_text(work, line, why);
    if (!err && split(work))
        err = take(context, &work->row, why);
    if (err)
        kb_report_in(why, "%s:%lu", work->path, work->row.line);
    return err;
}

static enum kb_err take_lines(struct work *work, FILE *in, kb_export_take take, void *context,
                              struct kb_report *why)
{
    char *line = NULL;
    size_t size = 0;
    enum kb_err err = KB_OK;

    while (!err && getline(&line, &size, in) > 0) {
        work->row.line++;
        err = take_line(work, line, take, context, why);
    }
    if (line)
        kb_wipe(line, size);
    free(line);
    return err;
}

enum kb_err kb_export_rows(const char *path, const uint8_t *transport_key, kb_export_take take,
                           void *context, struct kb_report *why)
{
    struct work work = {.path = path};
    FILE *in = fopen(path, "re");
    enum kb_err err;

    if (!in)
        return kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    work.has_transport = transport_key != NULL;
    work.transport.crypto = &kb_crypto_openssl;
    if (transport_key)
        memcpy(work.transport.key, transport_key, KB_GCM_KEY);
    err = take_lines(&work, in, take, context, why);
    fclose(in);
    kb_wipe(&work, sizeof work);
    return err;
}
