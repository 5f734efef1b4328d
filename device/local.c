/* SPDX-License-Identifier: Apache-2.0 */
/* PROVIDE LOCAL INFORMATION: where the device is, what it is, what time it has (ETSI TS 102 223
 * clause 6.4.15). */
#include <string.h>
#include <time.h>

#include "device/inside.h"

enum { IMEI_SIZE = 8, IMEI_DIGITS = 15, DATE_SIZE = 7 };

static enum kb_terminal_performed location(struct kb_terminal *terminal,
                                           struct kb_terminal_work *work)
{
    struct kb_cat_objects *with = &work->response.with;
    uint8_t *room = kb_wr_reserve(&work->scratch, 7);

    if (terminal->where.service == KB_CAT_NO_SERVICE || !room)
        return kb_terminal_result_with(work, KB_CAT_TERMINAL_BUSY, KB_TERMINAL_NO_SERVICE);
    with->location = kb_terminal_location(terminal, room);
    kb_cat_add(with, KB_CAT_LOCATION);
    return kb_terminal_result(
        work, terminal->where.service == KB_CAT_LIMITED_SERVICE ? KB_CAT_LIMITED : KB_CAT_OK);
}

/* 3GPP TS 24.008 clause 10.5.1.4: the first digit beside type 2 and the mark of an odd count. */
static enum kb_terminal_performed imei(struct kb_terminal *terminal, struct kb_terminal_work *work)
{
    const char *digits = terminal->port->imei;
    uint8_t *out = kb_wr_reserve(&work->scratch, IMEI_SIZE);

    if (!digits || strlen(digits) < IMEI_DIGITS || !out ||
        !kb_is_digits(kb_span(digits, IMEI_DIGITS)))
        return kb_terminal_result(work, KB_CAT_BEYOND_CAPABILITIES);
    out[0] = (uint8_t)((digits[0] - '0') << 4 | 0x08 | 0x02);
    kb_bcd_encode(kb_span(digits + 1, IMEI_DIGITS - 1), out + 1, IMEI_SIZE - 1);
    work->response.with.imei = kb_span(out, IMEI_SIZE);
    kb_cat_add(&work->response.with, KB_CAT_IMEI);
    return kb_terminal_result(work, KB_CAT_OK);
}

/* Clause 8.39: year, month, day, hour, minute, second, zone; each as two swapped digits. */
static enum kb_terminal_performed date_time(struct kb_terminal *terminal,
                                            struct kb_terminal_work *work)
{
    time_t now = (time_t)terminal->port->now(terminal->port->ctx);
    uint8_t *out = kb_wr_reserve(&work->scratch, DATE_SIZE);
    struct tm utc;
    int parts[DATE_SIZE] = {0};

    if (!out || !gmtime_r(&now, &utc))
        return kb_terminal_result(work, KB_CAT_BEYOND_CAPABILITIES);
    parts[0] = utc.tm_year % 100;
    parts[1] = utc.tm_mon + 1;
    parts[2] = utc.tm_mday;
    parts[3] = utc.tm_hour;
    parts[4] = utc.tm_min;
    parts[5] = utc.tm_sec;
    for (size_t i = 0; i < DATE_SIZE; i++)
        out[i] = (uint8_t)(parts[i] % 10 << 4 | parts[i] / 10);
    work->response.with.date_time = kb_span(out, DATE_SIZE);
    kb_cat_add(&work->response.with, KB_CAT_DATE_TIME);
    return kb_terminal_result(work, KB_CAT_OK);
}

KB_PERFORM(local)
{
    static const struct {
        uint8_t qualifier;
        enum kb_terminal_performed (*provide)(struct kb_terminal *, struct kb_terminal_work *);
    } table[] = {
        {KB_CAT_LOCAL_LOCATION, location},
        {KB_CAT_LOCAL_IMEI, imei},
        {KB_CAT_LOCAL_DATE_TIME, date_time},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].qualifier == work->command->qualifier)
            return table[i].provide(terminal, work);
    return kb_terminal_result(work, KB_CAT_BEYOND_CAPABILITIES);
}
