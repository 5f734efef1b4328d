/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: who did what to which card, when, and how it ended; one JSON object a line, only
 * ever appended to. It is given no secret, so it holds none. */
#ifndef KB_DESK_AUDIT_H
#define KB_DESK_AUDIT_H

#include "wire/report.h"

struct kb_audit {
    int fd; /* -1: nothing is written */
    char who[128];
};

struct kb_audit_event {
    const char *what;   /* "personalize", "verify", "export", ... */
    const char *card;   /* ICCID; NULL when it is not about one card */
    const char *field;  /* NULL: none */
    const char *where;  /* reader or file; NULL: none */
    const char *result; /* "done", "failed", ... */
    const char *reason; /* NULL: none */
};

/* path NULL: no log. */
enum kb_err kb_audit_open(struct kb_audit *audit, const char *path, struct kb_report *why);

/* Appends one line in one write; lines of several processes do not mix. */
void kb_audit_write(struct kb_audit *audit, const struct kb_audit_event *event);

/* Makes all lines durable and closes. */
void kb_audit_close(struct kb_audit *audit);

#endif
