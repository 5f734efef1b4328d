/* SPDX-License-Identifier: Apache-2.0 */
/* Reading exports back, to prove cards with what the network was given. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/export.h"
#include "desk/values.h"
#include "desk/verify.h"
#include "wire/bcd.h"
#include "wire/hex.h"

enum { LINE_MAX_TEXT = 8192, VALUE = 80, COLUMNS = 32 };

/* What a line gives, as text. */
struct row {
    char iccid[VALUE], imsi[VALUE], ki[VALUE], opc[VALUE], pin1[VALUE];
};

struct work {
    struct kb_journal *journal;
    const struct kb_seal *values;
    struct kb_seal transport;
    struct kb_export_places places;
    bool has_transport;
    const char *path;
    unsigned long line;
    int column[COLUMNS]; /* index in columns[] below, -1 when it is of no use */
    size_t column_count;
    struct kb_record *record;
    uint8_t *sealed;
    char text[LINE_MAX_TEXT]; /* the line, opened */
    struct row row;
};

/* Where a value goes: name in tables, key in JSON, place in the row. */
static const struct {
    const char *name, *key;
    size_t place;
} columns[] = {
    {"iccid", "\"iccid\":\"", offsetof(struct row, iccid)},
    {"imsi", "\"imsi\":\"", offsetof(struct row, imsi)},
    {"ki", "\"k\":\"", offsetof(struct row, ki)},
    {"opc", "\"opc\":\"", offsetof(struct row, opc)},
    {"pin1", "\"pin1\":\"", offsetof(struct row, pin1)},
};

enum { KNOWN = sizeof columns / sizeof columns[0] };

static char *place_of(struct row *row, size_t known)
{
    return (char *)row + columns[known].place;
}

static void take(struct row *row, size_t known, const char *value, size_t len)
{
    if (len >= VALUE)
        return;
    memcpy(place_of(row, known), value, len);
    place_of(row, known)[len] = '\0';
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
            take(&work->row, (size_t)work->column[i], at, len);
        at += len + (at[len] == ',');
    }
}

/* --- Documents --- */

static void split_document(struct work *work)
{
    for (size_t i = 0; i < KNOWN; i++) {
        const char *found = strstr(work->text, columns[i].key);

        if (!found)
            continue;
        found += strlen(columns[i].key);
        take(&work->row, i, found, strcspn(found, "\"\r\n"));
    }
}

/* --- Rows --- */

static enum kb_err blame(const struct work *work, struct kb_report *why, enum kb_err err,
                         const char *text)
{
    return kb_report(why, err, "%s:%lu: %s", work->path, work->line, text);
}

static enum kb_err put_key(struct work *work, const char *role, const char *hex)
{
    uint8_t key[KB_SUBSCRIBER_KEY];
    size_t len = 0;
    enum kb_err err = kb_hex_decode(kb_span(hex, strlen(hex)), key, sizeof key, &len);

    if (!err && len != sizeof key)
        err = KB_ERR_MALFORMED;
    if (!err)
        err = kb_record_put(work->record, role, role, kb_span(key, len));
    kb_wipe(key, sizeof key);
    return err;
}

static enum kb_err keep_row(struct work *work, struct kb_report *why)
{
    struct row *row = &work->row;
    struct kb_csv_place place = {0, work->line};
    uint64_t first = 0;
    enum kb_err err;

    if (kb_iccid_check(kb_span(row->iccid, strlen(row->iccid))))
        return blame(work, why, KB_ERR_MALFORMED, "names no card by a valid ICCID");
    kb_record_clear(work->record);
    if (put_key(work, "ki", row->ki) || put_key(work, "opc", row->opc))
        return blame(work, why, KB_ERR_MALFORMED,
                     "has no Ki and OPc in clear; a sealed export needs --transport-key");
    if (row->pin1[0])
        kb_record_put(work->record, "pin1", "pin1", kb_span(row->pin1, strlen(row->pin1)));
    err = kb_journal_add_card(work->journal, row->iccid, place, &first, why);
    if (err == KB_ERR_EXISTS)
        return blame(work, why, err, "the card is there twice");
    if (!err)
        err = kb_journal_add_row(work->journal, row->iccid, place, &first, why);
    if (!err)
        err = kb_values_close(work->journal, work->values, row->iccid, work->record, work->sealed,
                              why);
    return err ? err : kb_journal_set_state(work->journal, row->iccid, KB_JOURNAL_DONE, NULL, why);
}

/* The line with its sealed values opened. */
static enum kb_err open_text(struct work *work, const char *line, struct kb_report *why)
{
    FILE *out = fmemopen(work->text, sizeof work->text - 1, "w");
    uint64_t opened = 0;
    enum kb_err err = KB_OK;

    if (!out)
        return blame(work, why, KB_ERR_MEMORY, kb_err_text(KB_ERR_MEMORY));
    setvbuf(out, NULL, _IONBF, 0);
    memset(work->text, 0, sizeof work->text);
    if (work->has_transport)
        err = kb_export_open_line(&work->transport, &work->places, line, out, &opened);
    else
        fputs(line, out);
    fclose(out);
    return err ? blame(work, why, err, "a sealed value does not open with this transport key")
               : KB_OK;
}

static enum kb_err take_line(struct work *work, const char *line, struct kb_report *why)
{
    static const char srsran[] = "iccid,auth,imsi,ki,type,opc";
    enum kb_err err;

    if (strncmp(line, "SET ", 4) == 0)
        return kb_report(why, KB_ERR_USAGE,
                         "%s: this format names no cards; verify with --journal, or with an "
                         "export of another format",
                         work->path);
    kb_export_places_line(&work->places, line);
    if (work->line == 1 && line[0] != '{') {
        learn_columns(work, line[0] == '#' ? srsran : line);
        return KB_OK;
    }
    if (line[0] == '#' || line[0] == '\n')
        return KB_OK;
    err = open_text(work, line, why);
    if (err)
        return err;
    memset(&work->row, 0, sizeof work->row);
    if (line[0] == '{')
        split_document(work);
    else
        split_table(work);
    return keep_row(work, why);
}

static enum kb_err take_lines(struct work *work, FILE *in, struct kb_report *why)
{
    char *line = NULL;
    size_t size = 0;
    enum kb_err err = KB_OK;

    while (!err && getline(&line, &size, in) > 0) {
        work->line++;
        err = take_line(work, line, why);
    }
    if (line)
        kb_wipe(line, size);
    free(line);
    return err ? err : kb_journal_commit(work->journal, why);
}

enum kb_err kb_export_read(struct kb_journal *journal, const struct kb_seal *values,
                           const char *path, const uint8_t *transport_key, struct kb_report *why)
{
    struct work work = {.journal = journal, .values = values, .path = path};
    FILE *in = fopen(path, "re");
    enum kb_err err = KB_OK;

    if (!in)
        return kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    work.has_transport = transport_key != NULL;
    work.transport.crypto = &kb_crypto_openssl;
    if (transport_key)
        memcpy(work.transport.key, transport_key, KB_GCM_KEY);
    work.record = kb_record_new();
    work.sealed = malloc(KB_JOURNAL_SEALED_MAX);
    if (!work.record || !work.sealed)
        err = kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    else
        err = take_lines(&work, in, why);
    fclose(in);
    kb_record_free(work.record);
    free(work.sealed);
    kb_wipe(&work, sizeof work);
    return err;
}
