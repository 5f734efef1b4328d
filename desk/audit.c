/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log as JSON lines. */

#include "desk/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "desk/safe_file.h"

static void name_user(char *out, size_t size)
{
    struct passwd entry, *found = NULL;
    char buffer[1024], host[64] = "localhost";

    gethostname(host, sizeof host - 1);
    if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found)
        snprintf(out, size, "%.63s@%s", found->pw_name, host);
    else
        snprintf(out, size, "%u@%s", (unsigned)getuid(), host);
}

enum kb_err kb_audit_open(struct kb_audit *audit, const char *path, struct kb_report *why)
{
    audit->fd = -1;
    name_user(audit->who, sizeof audit->who);
    if (!path)
        return KB_OK;
    audit->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (audit->fd < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    return KB_OK;
}

static void put(json_t *line, const char *name, const char *value)
{
    if (value)
        json_object_set_new(line, name, json_string(value));
}

void kb_audit_write(struct kb_audit *audit, const struct kb_audit_event *event)
{
    char when[32], text[2048];
    time_t now = time(NULL);
    struct tm utc;
    json_t *line;
    size_t len;

    if (audit->fd < 0)
        return;
    line = json_object();
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    put(line, "time", when);
    put(line, "who", audit->who);
    put(line, "what", event->what);
    put(line, "card", event->card);
    put(line, "field", event->field);
    put(line, "where", event->where);
    put(line, "result", event->result);
    put(line, "reason", event->reason);
    len = json_dumpb(line, text, sizeof text - 1, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(line);
    if (len == 0 || len >= sizeof text)
        return;
    text[len] = '\n';
    if (!kb_safe_write(audit->fd, text, len + 1))
        fprintf(stderr, "keyborn: audit log: %s\n", strerror(errno));
}

void kb_audit_close(struct kb_audit *audit)
{
    if (audit->fd < 0)
        return;
    fdatasync(audit->fd);
    close(audit->fd);
    audit->fd = -1;
}
