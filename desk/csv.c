/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing comma-separated values (RFC 4180). */

#include "desk/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"

enum { BLOCK = 65536, END = -1, FAILED = -2 };

struct kb_csv {
    char path[256];
    int fd;
    uint8_t block[BLOCK];
    size_t block_len, block_at;
    uint64_t block_offset; /* of block[0] in the file */
    uint64_t line;         /* of the next byte */
    struct kb_csv_place row;
    char text[KB_CSV_ROW_MAX + 1]; /* the values of the row, a zero after each */
    size_t text_len;
    size_t count;
    size_t start[KB_CSV_COLUMNS]; /* of each value in text */
    char *names;                  /* the first row's text, kept */
    size_t name_count;
    const char *name[KB_CSV_COLUMNS];
};

enum state { AT_START, IN_PLAIN, IN_QUOTES, BEHIND_QUOTES, AT_END };

static enum kb_err fail(const struct kb_csv *csv, struct kb_report *why, enum kb_err err,
                        const char *words)
{
    kb_report(why, err, "%s", words);
    return kb_csv_blame(csv, NULL, why);
}

static int refill(struct kb_csv *csv)
{
    ssize_t got;

    csv->block_offset += csv->block_len;
    csv->block_at = csv->block_len = 0;
    do {
        got = read(csv->fd, csv->block, sizeof csv->block);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return FAILED;
    csv->block_len = (size_t)got;
    return got == 0 ? END : 0;
}

static int peek(struct kb_csv *csv)
{
    int full = csv->block_at < csv->block_len ? 0 : refill(csv);

    return full < 0 ? full : csv->block[csv->block_at];
}

static int take(struct kb_csv *csv)
{
    int c = peek(csv);

    if (c >= 0)
        csv->block_at++;
    if (c == '\n')
        csv->line++;
    return c;
}

static enum kb_err keep(struct kb_csv *csv, char c, struct kb_report *why)
{
    if (csv->text_len >= KB_CSV_ROW_MAX)
        return fail(csv, why, KB_ERR_TOO_LONG, "the row is longer than 65536 bytes");
    csv->text[csv->text_len++] = c;
    return KB_OK;
}

static enum kb_err open_value(struct kb_csv *csv, struct kb_report *why)
{
    if (csv->count >= KB_CSV_COLUMNS)
        return fail(csv, why, KB_ERR_TOO_LONG, "more than 128 columns");
    csv->start[csv->count++] = csv->text_len;
    return KB_OK;
}

static enum kb_err close_value(struct kb_csv *csv, int c, enum state *state, struct kb_report *why)
{
    *state = c == ',' ? AT_START : AT_END;
    return keep(csv, '\0', why);
}

/* CR counts only as the first half of a line end. */
static int fold_line_end(struct kb_csv *csv, int c)
{
    if (c != '\r')
        return c;
    if (peek(csv) == '\n')
        return take(csv);
    return peek(csv) == END ? END : '\r';
}

static bool ends_value(int c)
{
    return c == ',' || c == '\n' || c == END;
}

static enum kb_err in_plain(struct kb_csv *csv, int c, enum state *state, struct kb_report *why)
{
    c = fold_line_end(csv, c);
    if (ends_value(c))
        return close_value(csv, c, state, why);
    if (c == '\r')
        return fail(csv, why, KB_ERR_MALFORMED, "a carriage return without a line feed");
    if (c == '"')
        return fail(csv, why, KB_ERR_MALFORMED,
                    "a quote inside a value; put the whole value in quotes and double those in it");
    *state = IN_PLAIN;
    return keep(csv, (char)c, why);
}

static enum kb_err at_start(struct kb_csv *csv, int c, enum state *state, struct kb_report *why)
{
    enum kb_err err = open_value(csv, why);

    if (err)
        return err;
    if (c != '"')
        return in_plain(csv, c, state, why);
    *state = IN_QUOTES;
    return KB_OK;
}

static enum kb_err in_quotes(struct kb_csv *csv, int c, enum state *state, struct kb_report *why)
{
    if (c == END)
        return fail(csv, why, KB_ERR_MALFORMED, "a quoted value is not closed");
    if (c == '"') {
        *state = BEHIND_QUOTES;
        return KB_OK;
    }
    return keep(csv, (char)c, why);
}

static enum kb_err behind_quotes(struct kb_csv *csv, int c, enum state *state,
                                 struct kb_report *why)
{
    if (c == '"') {
        *state = IN_QUOTES;
        return keep(csv, '"', why);
    }
    c = fold_line_end(csv, c);
    if (ends_value(c))
        return close_value(csv, c, state, why);
    return fail(csv, why, KB_ERR_MALFORMED, "something follows a closing quote");
}

static enum kb_err (*const steps[])(struct kb_csv *, int, enum state *, struct kb_report *) = {
    [AT_START] = at_start,
    [IN_PLAIN] = in_plain,
    [IN_QUOTES] = in_quotes,
    [BEHIND_QUOTES] = behind_quotes,
};

/* One row as it stands in the file; an empty line is a row with one empty value. */
static enum kb_err read_row(struct kb_csv *csv, struct kb_report *why)
{
    enum state state = AT_START;
    enum kb_err err = KB_OK;

    csv->row = (struct kb_csv_place){csv->block_offset + csv->block_at, csv->line};
    csv->text_len = csv->count = 0;
    while (!err && state != AT_END) {
        int c = take(csv);

        if (c == FAILED)
            return fail(csv, why, KB_ERR_IO, strerror(errno));
        if (c == '\0')
            return fail(csv, why, KB_ERR_MALFORMED, "a zero byte; this is not a text file");
        err = steps[state](csv, c, &state, why);
    }
    return err;
}

/* Skips empty lines. */
static enum kb_err next_row(struct kb_csv *csv, bool *is_row, struct kb_report *why)
{
    enum kb_err err;

    *is_row = false;
    do {
        int c = peek(csv);

        if (c == END)
            return KB_OK;
        if (c == FAILED)
            return fail(csv, why, KB_ERR_IO, strerror(errno));
        err = read_row(csv, why);
    } while (!err && csv->count == 1 && csv->text_len == 1);
    *is_row = !err;
    return err;
}

static void skip_byte_order_mark(struct kb_csv *csv)
{
    static const uint8_t mark[3] = {0xEF, 0xBB, 0xBF};

    if (peek(csv) >= 0 && csv->block_len >= sizeof mark &&
        memcmp(csv->block, mark, sizeof mark) == 0)
        csv->block_at = sizeof mark;
}

static enum kb_err check_name(struct kb_csv *csv, size_t n, struct kb_report *why)
{
    if (csv->name[n][0] == '\0')
        return fail(csv, why, KB_ERR_MALFORMED, "a column has no name");
    for (size_t i = 0; i < n; i++)
        if (strcmp(csv->name[i], csv->name[n]) == 0)
            return fail(csv, why, KB_ERR_MALFORMED, "two columns have the same name");
    return KB_OK;
}

static enum kb_err read_names(struct kb_csv *csv, struct kb_report *why)
{
    bool is_row = false;
    enum kb_err err;

    skip_byte_order_mark(csv);
    err = next_row(csv, &is_row, why);
    if (err)
        return err;
    if (!is_row)
        return fail(csv, why, KB_ERR_MALFORMED, "the table is empty; its first line names columns");
    if (csv->count == 1 && strpbrk(csv->text, ";\t"))
        return fail(csv, why, KB_ERR_MALFORMED, "values are to be separated by commas");
    csv->names = malloc(csv->text_len);
    if (!csv->names)
        return fail(csv, why, KB_ERR_MEMORY, kb_err_text(KB_ERR_MEMORY));
    memcpy(csv->names, csv->text, csv->text_len);
    csv->name_count = csv->count;
    for (size_t i = 0; i < csv->count && !err; i++) {
        csv->name[i] = &csv->names[csv->start[i]];
        err = check_name(csv, i, why);
    }
    return err;
}

enum kb_err kb_csv_open(const char *path, struct kb_csv **csv, struct kb_report *why)
{
    struct kb_csv *made = calloc(1, sizeof *made);
    enum kb_err err;

    *csv = NULL;
    if (!made)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", path, kb_err_text(KB_ERR_MEMORY));
    snprintf(made->path, sizeof made->path, "%s", path);
    made->line = made->row.line = 1;
    made->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (made->fd < 0)
        err = kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    else
        err = read_names(made, why);
    if (err)
        kb_csv_close(made);
    else
        *csv = made;
    return err;
}

void kb_csv_close(struct kb_csv *csv)
{
    if (!csv)
        return;
    if (csv->fd >= 0)
        close(csv->fd);
    free(csv->names);
    kb_wipe(csv, sizeof *csv);
    free(csv);
}

size_t kb_csv_columns(const struct kb_csv *csv)
{
    return csv->name_count;
}

const char *kb_csv_name(const struct kb_csv *csv, size_t column)
{
    return csv->name[column];
}

const char *kb_csv_path(const struct kb_csv *csv)
{
    return csv->path;
}

int kb_csv_column(const struct kb_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->name_count; i++)
        if (strcmp(csv->name[i], name) == 0)
            return (int)i;
    return -1;
}

enum kb_err kb_csv_need(const struct kb_csv *csv, const char *name, size_t *column,
                        struct kb_report *why)
{
    int at = kb_csv_column(csv, name);

    if (at < 0)
        return kb_report(why, KB_ERR_ABSENT, "%s:1: there is no column %s", csv->path, name);
    *column = (size_t)at;
    return KB_OK;
}

enum kb_err kb_csv_next(struct kb_csv *csv, bool *is_row, struct kb_report *why)
{
    enum kb_err err = next_row(csv, is_row, why);

    if (err || !*is_row || csv->count == csv->name_count)
        return err;
    *is_row = false;
    kb_report(why, KB_ERR_MALFORMED, "%zu values, but there are %zu columns", csv->count,
              csv->name_count);
    return kb_csv_blame(csv, NULL, why);
}

struct kb_span kb_csv_value(const struct kb_csv *csv, size_t column)
{
    size_t end = column + 1 < csv->count ? csv->start[column + 1] : csv->text_len;

    return kb_span(&csv->text[csv->start[column]], end - csv->start[column] - 1);
}

const char *kb_csv_text(const struct kb_csv *csv, size_t column)
{
    return &csv->text[csv->start[column]];
}

struct kb_csv_place kb_csv_place(const struct kb_csv *csv)
{
    return csv->row;
}

enum kb_err kb_csv_seek(struct kb_csv *csv, struct kb_csv_place place, struct kb_report *why)
{
    if (place.offset >= csv->block_offset && place.offset < csv->block_offset + csv->block_len) {
        csv->block_at = (size_t)(place.offset - csv->block_offset);
        csv->line = place.line;
        return KB_OK;
    }
    if (lseek(csv->fd, (off_t)place.offset, SEEK_SET) < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", csv->path, strerror(errno));
    csv->block_offset = place.offset;
    csv->block_at = csv->block_len = 0;
    csv->line = place.line;
    return KB_OK;
}

enum kb_err kb_csv_blame(const struct kb_csv *csv, const char *column, struct kb_report *why)
{
    if (column)
        kb_report_in(why, "%s", column);
    return kb_report_in(why, "%s:%llu", csv->path, (unsigned long long)csv->row.line);
}

void kb_csv_put(FILE *out, const char *value, bool is_first)
{
    if (!is_first)
        fputc(',', out);
    if (!strpbrk(value, ",\"\r\n")) {
        fputs(value, out);
        return;
    }
    fputc('"', out);
    for (; *value; value++) {
        if (*value == '"')
            fputc('"', out);
        fputc(*value, out);
    }
    fputc('"', out);
}
