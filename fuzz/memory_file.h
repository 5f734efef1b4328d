/* SPDX-License-Identifier: Apache-2.0 */
/* A file that exists in memory only, for readers that take a path. */
#ifndef KB_FUZZ_MEMORY_FILE_H
#define KB_FUZZ_MEMORY_FILE_H

#include <stddef.h>
#include <stdint.h>

struct kb_memory_file {
    int fd;
    char path[64];
};

/* Makes a file of these bytes; ends the process when the system cannot. */
struct kb_memory_file kb_memory_file(const uint8_t *data, size_t size);
void kb_memory_file_end(struct kb_memory_file *file);

#endif
