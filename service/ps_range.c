/* SPDX-License-Identifier: Apache-2.0 */
/* Identities that nobody ever had. */
#include "service/ps_range.h"

#include "service/ps_pool.h"
#include "service/ps_sql.h"

enum { IMSI_LEAST = 14 };

/* An IMSI may begin with zeros: its number does not tell it without how many digits it has. */
static bool read_number(struct kb_span imsi, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < imsi.len; i++) {
        if (imsi.data[i] < '0' || imsi.data[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(imsi.data[i] - '0');
    }
    return imsi.len >= IMSI_LEAST && imsi.len <= KB_IMSI_MAX;
}

/* digits: up to KB_IMSI_MAX. */
static void write_number(char imsi[KB_IMSI_MAX + 1], size_t digits, uint64_t number)
{
    char reversed[KB_IMSI_MAX];

    for (size_t i = 0; i < KB_IMSI_MAX; i++, number /= 10)
        reversed[i] = (char)('0' + number % 10);
    for (size_t i = 0; i < digits; i++)
        imsi[i] = reversed[digits - 1 - i];
    imsi[digits] = '\0';
}

static uint64_t limit_of(size_t digits)
{
    uint64_t limit = 1;

    while (digits-- > 0)
        limit *= 10;
    return limit;
}

/* The first range that ends at or behind this place. */
static enum kb_err range_after(struct kb_store *store, size_t digits, uint64_t at, uint64_t *first,
                               uint64_t *last)
{
    struct kb_statement *st = kb_store_get(store, PS_RANGE_AFTER);
    enum kb_err err;

    kb_bind_int(st, 1, (int64_t)digits);
    kb_bind_int(st, 2, (int64_t)at);
    err = kb_statement_step(st);
    if (!err) {
        *first = (uint64_t)kb_column_int(st, 0);
        *last = (uint64_t)kb_column_int(st, 1);
    }
    kb_statement_end(st);
    return err;
}

static enum kb_err add_range(struct kb_store *store, size_t digits, uint64_t first, uint64_t last)
{
    struct kb_statement *st = kb_store_get(store, PS_RANGE_ADD);

    kb_bind_int(st, 1, (int64_t)digits);
    kb_bind_int(st, 2, (int64_t)first);
    kb_bind_int(st, 3, (int64_t)last);
    return kb_statement_run(st);
}

/* Fills the gaps between the ranges that are there. */
enum kb_err kb_ps_pool_add(struct kb_store *store, struct kb_span imsi, uint64_t count)
{
    uint64_t at, end, first = 0, last = 0;
    enum kb_err err = KB_OK;

    if (!count)
        return KB_OK;
    if (!read_number(imsi, &at) || count > limit_of(imsi.len) - at)
        return KB_ERR_RANGE;
    for (end = at + count; at < end && !err; at = last + 1) {
        err = range_after(store, imsi.len, at, &first, &last);
        if (err == KB_ERR_ABSENT || (!err && first >= end)) {
            first = last = end;
            err = KB_OK;
        }
        if (!err && at < first)
            err = add_range(store, imsi.len, at, first - 1);
    }
    return err;
}

enum kb_err kb_ps_range_take(struct kb_store *store, char imsi[KB_IMSI_MAX + 1])
{
    struct kb_statement *st = kb_store_get(store, PS_RANGE_OPEN);
    int64_t digits, last, next;
    enum kb_err err = kb_statement_step(st);

    if (err)
        return err;
    digits = kb_column_int(st, 0);
    last = kb_column_int(st, 1);
    next = kb_column_int(st, 2);
    kb_statement_end(st);
    if (digits < IMSI_LEAST || digits > KB_IMSI_MAX || next < 0)
        return KB_ERR_INTEGRITY;
    write_number(imsi, (size_t)digits, (uint64_t)next);
    st = kb_store_get(store, PS_RANGE_TAKE);
    kb_bind_int(st, 1, digits);
    kb_bind_int(st, 2, last);
    kb_bind_int(st, 3, next);
    err = kb_statement_run(st);
    return !err && kb_statement_changes(st) != 1 ? KB_ERR_EXISTS : err;
}

enum kb_err kb_ps_range_count(struct kb_store *store, uint64_t *count)
{
    struct kb_statement *st = kb_store_get(store, PS_COUNT_FRESH);
    enum kb_err err = kb_statement_step(st);

    if (!err)
        *count = (uint64_t)kb_column_int(st, 0);
    kb_statement_end(st);
    return err;
}
