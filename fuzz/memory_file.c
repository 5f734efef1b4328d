/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

struct kb_memory_file kb_memory_file(const uint8_t *data, size_t size)
{
    struct kb_memory_file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};

    kb_fuzz_insist(file.fd >= 0, "the system gives a file in memory");
    kb_fuzz_insist(write(file.fd, data, size) == (ssize_t)size, "the file takes the bytes");
    snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
    return file;
}

void kb_memory_file_end(struct kb_memory_file *file)
{
    close(file->fd);
}
