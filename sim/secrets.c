/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/secrets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "sim/memory.h"

enum { PREFIX = 8, FIRST_ROOM = 256 };

static size_t place_of(const struct kb_sim_secrets *secrets, uint64_t value)
{
    size_t at = (size_t)((value * UINT64_C(0x9E3779B97F4A7C15)) >> 24) & (secrets->room - 1);

    while (secrets->table[at] && secrets->table[at] != value)
        at = (at + 1) & (secrets->room - 1);
    return at;
}

static void make_room(struct kb_sim_secrets *secrets)
{
    struct kb_sim_secrets old = *secrets;

    secrets->room = old.room ? 2 * old.room : FIRST_ROOM;
    secrets->table = kb_sim_allocate(secrets->room, sizeof(*secrets->table));
    for (size_t i = 0; i < old.room; i++)
        if (old.table[i])
            secrets->table[place_of(secrets, old.table[i])] = old.table[i];
    kb_sim_secrets_end(&old);
}

void kb_sim_secrets_add(struct kb_sim_secrets *secrets, struct kb_span secret)
{
    uint64_t value;
    size_t at;

    memcpy(&value, secret.data, PREFIX);
    if (!value)
        return;
    if (2 * (secrets->count + 1) > secrets->room)
        make_room(secrets);
    at = place_of(secrets, value);
    secrets->count += !secrets->table[at];
    secrets->table[at] = value;
}

bool kb_sim_secrets_show(const struct kb_sim_secrets *secrets, struct kb_span bytes)
{
    uint64_t value;

    for (size_t at = 0; secrets->count && at + PREFIX <= bytes.len; at++) {
        memcpy(&value, bytes.data + at, PREFIX);
        if (value && secrets->table[place_of(secrets, value)])
            return true;
    }
    return false;
}

bool kb_sim_secrets_show_in_file(const struct kb_sim_secrets *secrets, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool shows = false;
    struct stat st;
    void *bytes;

    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes != MAP_FAILED) {
            shows = kb_sim_secrets_show(secrets, kb_span(bytes, (size_t)st.st_size));
            munmap(bytes, (size_t)st.st_size);
        }
    }
    close(fd);
    return shows;
}

void kb_sim_secrets_end(struct kb_sim_secrets *secrets)
{
    if (secrets->table)
        kb_wipe(secrets->table, secrets->room * sizeof(*secrets->table));
    free(secrets->table);
    *secrets = (struct kb_sim_secrets){0};
}
