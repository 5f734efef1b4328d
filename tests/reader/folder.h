/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of the test's own, with one card path in it. */
#ifndef KB_TESTS_READER_FOLDER_H
#define KB_TESTS_READER_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder {
    char directory[64];
    char card[80];
};

static inline int folder_make(struct folder *folder)
{
    snprintf(folder->directory, sizeof(folder->directory), "/tmp/keyborn-reader.XXXXXX");
    if (!mkdtemp(folder->directory))
        return -1;
    snprintf(folder->card, sizeof(folder->card), "%s/a.card", folder->directory);
    return 0;
}

static inline int folder_remove(struct folder *folder)
{
    unlink(folder->card);
    return rmdir(folder->directory);
}

#endif
