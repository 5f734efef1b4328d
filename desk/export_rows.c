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
    char sqn[KB_EXPORT_VALUE], algorithm[KB_EXPORT_VALUE];
    unsigned long line;
    struct kb_export_row row;
    struct kb_export_row held; /* waits for what else is said of its subscriber; line 0: none */
    kb_export_take take;
    void *context;
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
    {"auth", "\"auth\":\"", offsetof(struct work, algorithm)},
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

/* --- Algorithms --- */

/* By the variable of OsmoHLR, or none in tables. Its xor-3g and xor-2g were xor before version 1.6,
 * the latter with the answers that follow from 3G. */
static const struct {
    const char *variable, *name;
    bool is_gsm;
    struct kb_aka_profile profile;
} algorithms[] = {
    {"", "", false, {KB_AKA_MILENAGE, KB_GSM_CONVERTED, 8, 16, 16, 8, 1}},
    {"", "mil", false, {KB_AKA_MILENAGE, KB_GSM_CONVERTED, 8, 16, 16, 8, 1}},
    {"", "xor", false, {KB_AKA_XOR, KB_GSM_CONVERTED, 8, 16, 16, 8, 1}},
    {"aud3g", "milenage", false, {KB_AKA_MILENAGE, KB_GSM_CONVERTED, 8, 16, 16, 8, 1}},
    {"aud3g", "tuak", false, {KB_AKA_TUAK, KB_GSM_CONVERTED, 8, 16, 16, 8, 1}},
    {"aud3g", "xor", false, {KB_AKA_XOR, KB_GSM_CONVERTED, 16, 16, 16, 8, 1}},
    {"aud3g", "xor-3g", false, {KB_AKA_XOR, KB_GSM_CONVERTED, 16, 16, 16, 8, 1}},
    {"aud2g", "comp128v1", true, {KB_AKA_XOR, KB_GSM_COMP128_1, 16, 16, 16, 8, 1}},
    {"aud2g", "comp128v2", true, {KB_AKA_XOR, KB_GSM_COMP128_2, 16, 16, 16, 8, 1}},
    {"aud2g", "comp128v3", true, {KB_AKA_XOR, KB_GSM_COMP128_3, 16, 16, 16, 8, 1}},
    {"aud2g", "xor", true, {KB_AKA_XOR, KB_GSM_CONVERTED, 16, 16, 16, 8, 1}},
    {"aud2g", "xor-2g", true, {KB_AKA_XOR, KB_GSM_XOR, 16, 16, 16, 8, 1}},
};

static enum kb_err take_algorithm(struct work *work, const char *variable, struct kb_report *why)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (strcmp(variable, algorithms[i].variable) || strcmp(work->algorithm, algorithms[i].name))
            continue;
        work->row.profile = algorithms[i].profile;
        work->row.is_gsm = algorithms[i].is_gsm;
        return KB_OK;
    }
    return kb_report(why, KB_ERR_RULE, "there is no algorithm %s here", work->algorithm);
}

/* --- Commands: "SET id subscriber.by-imsi-IMSI.aud3g algorithm,Ki[,opc,OPc]", or aud2g --- */

/* The next word, which another than the wanted separator ends the line with. */
static const char *next_word(const char *at, char separator, char place[KB_EXPORT_VALUE])
{
    size_t len = strcspn(at, ",. \r\n");

    keep(place, at, len);
    return at[len] == separator ? at + len + 1 : "";
}

/* variable: empty when the command is about something else. */
static void split_command(struct work *work, char variable[KB_EXPORT_VALUE])
{
    static const char subscriber[] = "subscriber.by-imsi-";
    struct kb_export_row *row = &work->row;
    const char *at = strstr(work->text, subscriber);
    char word[KB_EXPORT_VALUE] = "";

    variable[0] = '\0';
    if (!at)
        return;
    at = next_word(at + sizeof subscriber - 1, '.', row->imsi);
    at = next_word(at, ' ', variable);
    if (strcmp(variable, "aud3g") != 0 && strcmp(variable, "aud2g") != 0) {
        variable[0] = '\0';
        return;
    }
    row->is_command = true;
    at = next_word(at, ',', work->algorithm);
    at = next_word(at, ',', row->ki);
    at = next_word(at, ',', word);
    if (strcmp(word, "opc") == 0 && row->ki[0])
        next_word(at, ',', row->opc);
}

/* --- Rows --- */

static enum kb_err hand_over(struct work *work, const struct kb_export_row *row,
                             struct kb_report *why)
{
    enum kb_err err = work->take(work->context, row, why);

    if (err)
        kb_report_in(why, "%s:%lu", work->path, row->line);
    return err;
}

static enum kb_err flush(struct work *work, struct kb_report *why)
{
    enum kb_err err = work->held.line ? hand_over(work, &work->held, why) : KB_OK;

    kb_wipe(&work->held, sizeof work->held);
    return err;
}

/* Both halves of a subscriber: 3G from one, the algorithm for GSM from the other. */
static bool merge(struct kb_export_row *held, const struct kb_export_row *row)
{
    const struct kb_export_row *gsm = held->is_gsm ? held : row;
    struct kb_export_row whole = held->is_gsm ? *row : *held;
    bool is_one = !strcmp(held->ki, row->ki) &&
                  (gsm->profile.gsm != KB_GSM_CONVERTED || whole.profile.algorithm == KB_AKA_XOR);

    whole.profile.gsm = gsm->profile.gsm;
    *held = whole;
    kb_wipe(&whole, sizeof whole);
    return is_one;
}

static enum kb_err hold(struct work *work, struct kb_report *why)
{
    bool is_same = work->held.line && !strcmp(work->held.imsi, work->row.imsi) &&
                   work->held.is_gsm != work->row.is_gsm;
    enum kb_err err = KB_OK;

    if (!is_same) {
        err = flush(work, why);
        work->held = work->row;
    } else if (!merge(&work->held, &work->row)) {
        err = kb_report(why, KB_ERR_RULE, "has another key or algorithm for 2G than for 3G");
        kb_report_in(why, "%s:%lu", work->path, work->row.line);
    }
    return err;
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

/* variable: of a command; empty for other lines and for commands about something else. */
static void split(struct work *work, char variable[KB_EXPORT_VALUE])
{
    memset(&work->row, 0, sizeof work->row);
    memset(work->sqn, 0, sizeof work->sqn);
    memset(work->algorithm, 0, sizeof work->algorithm);
    work->row.line = work->line;
    variable[0] = '\0';
    if (strncmp(work->text, "SET ", 4) == 0)
        split_command(work, variable);
    else if (work->text[0] == '{')
        split_document(work);
    else
        split_table(work);
}

static enum kb_err take_row(struct work *work, struct kb_report *why)
{
    char variable[KB_EXPORT_VALUE];
    enum kb_err err;

    split(work, variable);
    if (strncmp(work->text, "SET ", 4) == 0 && !variable[0])
        return KB_OK;
    err = take_algorithm(work, variable, why);
    if (err) {
        kb_report_in(why, "%s:%lu", work->path, work->line);
        return err;
    }
    return work->row.is_command ? hold(work, why) : hand_over(work, &work->row, why);
}

static enum kb_err take_line(struct work *work, const char *line, struct kb_report *why)
{
    static const char srsran[] = "iccid,auth,imsi,ki,type,opc,amf,sqn";
    enum kb_err err;

    kb_export_places_line(&work->places, line);
    if (work->line == 1 && line[0] != '{' && strncmp(line, "SET ", 4) != 0) {
        learn_columns(work, line[0] == '#' ? srsran : line);
        return KB_OK;
    }
    if (line[0] == '#' || line[0] == '\n')
        return KB_OK;
    err = open_text(work, line, why);
    if (err) {
        kb_report_in(why, "%s:%lu", work->path, work->line);
        return err;
    }
    return take_row(work, why);
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
    if (!err)
        err = flush(work, why);
    if (line)
        kb_wipe(line, size);
    free(line);
    return err;
}

enum kb_err kb_export_rows(const char *path, const uint8_t *transport_key, kb_export_take take,
                           void *context, struct kb_report *why)
{
    struct work work = {.path = path, .take = take, .context = context};
    FILE *in = fopen(path, "re");
    enum kb_err err;

    if (!in)
        return kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    work.has_transport = transport_key != NULL;
    work.transport.crypto = &kb_crypto_openssl;
    if (transport_key)
        memcpy(work.transport.key, transport_key, KB_GCM_KEY);
    err = take_lines(&work, in, why);
    fclose(in);
    kb_wipe(&work, sizeof work);
    return err;
}
