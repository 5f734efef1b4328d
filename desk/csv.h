/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables as comma-separated values (RFC 4180), read row by row in constant memory: quotes, CRLF or
 * LF, a byte order mark. The first row names the columns. Errors name file and line. A table may
 * hold secrets: what was read is wiped at close.
 */
#ifndef KB_DESK_CSV_H
#define KB_DESK_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/cursor.h"
#include "wire/report.h"

enum { KB_CSV_COLUMNS = 128, KB_CSV_ROW_MAX = 65536 };

struct kb_csv;

/* Where a row starts, to come back to it. */
struct kb_csv_place {
    uint64_t offset; /* bytes from the start of the file */
    uint64_t line;   /* from 1 */
};

/* Opens a table and reads its names. KB_ERR_ABSENT: no such file; KB_ERR_MALFORMED: no names, a
 * name twice, or an error of the format. */
enum kb_err kb_csv_open(const char *path, struct kb_csv **csv, struct kb_report *why);
void kb_csv_close(struct kb_csv *csv);

size_t kb_csv_columns(const struct kb_csv *csv);
const char *kb_csv_name(const struct kb_csv *csv, size_t column);
/* -1: no column has this name. */
int kb_csv_column(const struct kb_csv *csv, const char *name);
/* As kb_csv_column, with words: KB_ERR_ABSENT. */
enum kb_err kb_csv_need(const struct kb_csv *csv, const char *name, size_t *column,
                        struct kb_report *why);

/* Reads the next row; *is_row is false at the end. Empty lines are skipped. KB_ERR_MALFORMED,
 * KB_ERR_TOO_LONG, KB_ERR_IO. */
enum kb_err kb_csv_next(struct kb_csv *csv, bool *is_row, struct kb_report *why);

/* A value of the current row; valid until the next one is read. A zero follows it. */
struct kb_span kb_csv_value(const struct kb_csv *csv, size_t column);
const char *kb_csv_text(const struct kb_csv *csv, size_t column);

/* Where the current row starts. */
struct kb_csv_place kb_csv_place(const struct kb_csv *csv);
/* The next row to be read is the one that starts there. */
enum kb_err kb_csv_seek(struct kb_csv *csv, struct kb_csv_place place, struct kb_report *why);

/* Puts "file:line: column: " of the current row in front of the report; column may be NULL. */
enum kb_err kb_csv_blame(const struct kb_csv *csv, const char *column, struct kb_report *why);

const char *kb_csv_path(const struct kb_csv *csv);

/* Writes one value, quoted when it has to be, with a comma in front unless it is the row's first.
 */
void kb_csv_put(FILE *out, const char *value, bool is_first);

#endif
