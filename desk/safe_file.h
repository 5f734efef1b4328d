/* SPDX-License-Identifier: Apache-2.0 */
/* A new file that may hold secrets: mode 0600, its name only once it is whole and durable, its
 * buffer wiped. */
#ifndef KB_DESK_SAFE_FILE_H
#define KB_DESK_SAFE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "wire/report.h"

/* The path that means standard output; it has no name to keep and is never taken away. */
#define KB_SAFE_FILE_STANDARD "-"

struct kb_safe_file {
    FILE *out;
    bool is_standard;
    char *buffer;
    char path[512];
    char fresh[528];
};

enum kb_err kb_safe_file_open(struct kb_safe_file *file, const char *path, struct kb_report *why);
/* Gives the file its name, in place of an older one. */
enum kb_err kb_safe_file_keep(struct kb_safe_file *file, struct kb_report *why);
/* Takes it away again. */
void kb_safe_file_drop(struct kb_safe_file *file);

/* Writes all of it; a disk that takes only a part is asked again, so that errno says why not.
 * False: errno. */
bool kb_safe_write(int fd, const void *data, size_t len);

#endif
