/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/service/files.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <string.h>

#include <cmocka.h>

static unsigned search_file(const char *path, struct kb_span bytes)
{
    FILE *file = fopen(path, "rb");
    char *all = NULL, *at;
    unsigned found = 0;
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    if (size > 0) {
        all = malloc((size_t)size);
        assert_non_null(all);
        assert_int_equal(fread(all, 1, (size_t)size, file), size);
    }
    for (at = all; at && (at = memmem(at, (size_t)(all + size - at), bytes.data, bytes.len)); at++)
        found++;
    free(all);
    fclose(file);
    return found;
}

/* Calls visit for each file and adds up what it says. */
static unsigned each_file(const char *folder, struct kb_span bytes,
                          unsigned (*visit)(const char *path, struct kb_span bytes))
{
    DIR *open = opendir(folder);
    struct dirent *entry;
    char path[400];
    unsigned sum = 0;

    assert_non_null(open);
    while ((entry = readdir(open))) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            sum += visit(path, bytes);
    }
    closedir(open);
    return sum;
}

unsigned files_search(const char *folder, struct kb_span bytes)
{
    return each_file(folder, bytes, search_file);
}

static unsigned remove_file(const char *path, struct kb_span bytes)
{
    (void)bytes;
    return (unsigned)unlink(path);
}

void files_remove(const char *folder)
{
    assert_int_equal(each_file(folder, kb_span(NULL, 0), remove_file), 0);
}
