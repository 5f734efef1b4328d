/* SPDX-License-Identifier: Apache-2.0 */
/* An error on its way up. */
#include "wire/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum kb_err kb_report(struct kb_report *why, enum kb_err err, const char *format, ...)
{
    va_list args;

    if (!why)
        return err;
    why->err = err;
    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    return err;
}

enum kb_err kb_report_in(struct kb_report *why, const char *format, ...)
{
    struct kb_report old;
    va_list args;
    size_t len;

    if (!why)
        return KB_ERR_USAGE;
    old = *why;
    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    len = strlen(why->text);
    snprintf(why->text + len, sizeof(why->text) - len, ": %s", old.text);
    return why->err;
}
