/* SPDX-License-Identifier: Apache-2.0 */
/* Exports read back, whatever their format: what each line tells of a subscriber. */
#ifndef KB_DESK_EXPORT_ROWS_H
#define KB_DESK_EXPORT_ROWS_H

#include "crypto/aka.h"
#include "wire/report.h"

enum { KB_EXPORT_VALUE = 80 }; /* text of a value with its zero */

/* What a file tells of a subscriber; texts are empty where it has no such value. */
struct kb_export_row {
    unsigned long line;
    char iccid[KB_EXPORT_VALUE], imsi[KB_EXPORT_VALUE];
    struct kb_aka_profile profile; /* Milenage where the format speaks of nothing else */
    bool is_gsm;                   /* GSM alone: what the profile says of 3G does not count */
    bool is_command;               /* of OsmoHLR, which names no card */
    char ki[KB_EXPORT_VALUE], opc[KB_EXPORT_VALUE]; /* hexadecimal */
    char pin1[KB_EXPORT_VALUE];
    uint64_t sqn; /* the next one the card takes */
};

/* Another error than KB_OK ends the reading; why: without the place, which is put in front. */
typedef enum kb_err (*kb_export_take)(void *context, const struct kb_export_row *row,
                                      struct kb_report *why);

/* Hands over every row of a file; what OsmoHLR is told of one subscriber for 2G and for 3G is one
 * row. transport_key: KB_GCM_KEY bytes that open sealed values, NULL for
 * an export in clear. KB_ERR_ABSENT: no such file; KB_ERR_INTEGRITY, KB_ERR_MALFORMED: a sealed
 * value that does not open. What was in clear here is wiped. */
enum kb_err kb_export_rows(const char *path, const uint8_t *transport_key, kb_export_take take,
                           void *context, struct kb_report *why);

#endif
