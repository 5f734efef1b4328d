/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card in a file. Layout, numbers big-endian: magic (8), version (2), zeros (2), sector size (4),
 * sectors (4), program size (4), CRC-32 of the bytes before (4), zeros up to HEADER_SIZE; then the
 * flash. The flash is a shared mapping: what is programmed is the kernel's at once, so a killed
 * process loses nothing; fdatasync makes it survive the machine's own power cut.
 */
#include "reader/card_file.h"

#include "crypto/secret.h"
#include "wire/crc32.h"
#include "wire/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_SIZE = 64, HEADER_USED = 28, VERSION = 1 };

/* A line end and an end-of-file sign of old systems: a copy in text mode damages them visibly. */
static const uint8_t magic[8] = {'K', 'B', 'C', 'A', 'R', 'D', '\n', 0x1A};

/* More than any card has; keeps a damaged header from asking for the whole address space. */
static const uint64_t flash_max = 64u << 20;

struct kb_card_file {
    int fd;
    uint8_t *map; /* header and flash */
    size_t map_size;
    bool is_unsynced;
    bool is_new;
    char *path;
    struct kb_nvm_device device;
    struct kb_card_port port;
    struct kb_card card;
};

static int flash_read(void *ctx, uint32_t addr, void *out, size_t len)
{
    const struct kb_card_file *file = ctx;

    if (addr > file->map_size - HEADER_SIZE || len > file->map_size - HEADER_SIZE - addr)
        return -1;
    memcpy(out, file->map + HEADER_SIZE + addr, len);
    return 0;
}

static int flash_program(void *ctx, uint32_t addr, const void *data, size_t len)
{
    struct kb_card_file *file = ctx;
    const uint8_t *from = data;
    uint8_t *to;

    if (addr > file->map_size - HEADER_SIZE || len > file->map_size - HEADER_SIZE - addr)
        return -1;
    to = file->map + HEADER_SIZE + addr;
    for (size_t i = 0; i < len; i++) /* programming only clears bits */
        to[i] &= from[i];
    file->is_unsynced = true;
    return 0;
}

static int flash_erase(void *ctx, uint32_t sector)
{
    struct kb_card_file *file = ctx;

    if (sector >= file->device.sector_count)
        return -1;
    memset(file->map + HEADER_SIZE + (size_t)sector * file->device.sector_size, 0xFF,
           file->device.sector_size);
    file->is_unsynced = true;
    return 0;
}

static int flash_sync(void *ctx)
{
    struct kb_card_file *file = ctx;

    if (file->is_unsynced && fdatasync(file->fd) < 0)
        return -1;
    file->is_unsynced = false;
    return 0;
}

static enum kb_err card_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    return kb_crypto_mbedtls.random(out, len);
}

static void bind(struct kb_card_file *file)
{
    file->device.ctx = file;
    file->device.read = flash_read;
    file->device.program = flash_program;
    file->device.erase = flash_erase;
    file->device.sync = flash_sync;
    file->port = (struct kb_card_port){.device = &file->device,
                                       .crypto = &kb_crypto_mbedtls,
                                       .random = card_random,
                                       .transport = KB_TRANSPORT_APDU};
}

static void write_header(const struct kb_nvm_device *device, uint8_t header[HEADER_SIZE])
{
    struct kb_writer wr = kb_wr(header, HEADER_SIZE);

    kb_wr_copy(&wr, magic, sizeof(magic));
    kb_wr_u16(&wr, VERSION);
    kb_wr_u16(&wr, 0);
    kb_wr_u32(&wr, device->sector_size);
    kb_wr_u32(&wr, device->sector_count);
    kb_wr_u32(&wr, device->program_size);
    kb_wr_u32(&wr, kb_crc32(0, header, wr.len));
    kb_wr_fill(&wr, 0, HEADER_SIZE - wr.len);
}

static bool is_all_zero(struct kb_span span)
{
    for (size_t i = 0; i < span.len; i++)
        if (span.data[i])
            return false;
    return true;
}

static enum kb_err read_header(const uint8_t header[HEADER_SIZE], struct kb_nvm_device *device,
                               const char *path, struct kb_report *why)
{
    struct kb_cursor rd = kb_rd(kb_span(header, HEADER_SIZE));
    uint16_t version;
    uint16_t zeros;

    if (memcmp(kb_rd_span(&rd, sizeof(magic)).data, magic, sizeof(magic)) != 0)
        return kb_report(why, KB_ERR_NVM_DAMAGED, "%s: not a card file", path);
    version = kb_rd_u16(&rd);
    zeros = kb_rd_u16(&rd);
    device->sector_size = kb_rd_u32(&rd);
    device->sector_count = kb_rd_u32(&rd);
    device->program_size = kb_rd_u32(&rd);
    if (kb_rd_u32(&rd) != kb_crc32(0, header, HEADER_USED - 4) || zeros != 0 ||
        !is_all_zero(kb_span(header + HEADER_USED, HEADER_SIZE - HEADER_USED)))
        return kb_report(why, KB_ERR_NVM_DAMAGED, "%s: the header of this card file is damaged",
                         path);
    if (version != VERSION)
        return kb_report(why, KB_ERR_NVM_DAMAGED,
                         "%s: card file of version %u; this program knows version %d", path,
                         version, VERSION);
    return KB_OK;
}

/* Bytes of flash, 0 when the geometry is not one (card/nvm/nvm.h; the store checks the rest). */
static uint64_t flash_size(const struct kb_nvm_device *device)
{
    uint64_t size = (uint64_t)device->sector_size * device->sector_count;

    if (device->program_size == 0 || device->sector_size % device->program_size != 0 ||
        device->sector_count < 2 || device->sector_count % 2 != 0 || size > flash_max)
        return 0;
    return size;
}

static enum kb_err map_flash(struct kb_card_file *file, struct kb_report *why)
{
    void *map;

    file->map_size = HEADER_SIZE + (size_t)flash_size(&file->device);
    map = mmap(NULL, file->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
    if (map == MAP_FAILED)
        return kb_report(why, KB_ERR_IO, "%s: %s", file->path, strerror(errno));
    file->map = map;
    /* Keys lie in these pages: none of them in a core dump, not even one forced by root. */
    madvise(map, file->map_size, MADV_DONTDUMP);
    return KB_OK;
}

static enum kb_err lock(const struct kb_card_file *file, struct kb_report *why)
{
    if (flock(file->fd, LOCK_EX | LOCK_NB) == 0)
        return KB_OK;
    if (errno == EWOULDBLOCK)
        return kb_report(why, KB_ERR_READER, "%s: another program is using this card", file->path);
    return kb_report(why, KB_ERR_IO, "%s: %s", file->path, strerror(errno));
}

/* The directory's entry of a new file is durable only when the directory is. */
static void sync_directory(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

void kb_card_file_close(struct kb_card_file *file)
{
    if (!file)
        return;
    if (file->map) {
        flash_sync(file);
        munmap(file->map, file->map_size);
    }
    if (file->fd >= 0)
        close(file->fd); /* also unlocks */
    if (file->is_new)
        sync_directory(file->path);
    free(file->path);
    kb_wipe(&file->card, sizeof(file->card));
    free(file);
}

static struct kb_card_file *new_file(const char *path)
{
    struct kb_card_file *file = calloc(1, sizeof(*file));

    if (!file)
        return NULL;
    file->fd = -1;
    file->path = strdup(path);
    if (!file->path) {
        free(file);
        return NULL;
    }
    return file;
}

/* Gives the finished file its name, unless somebody has taken it in the meantime. */
static enum kb_err publish(const char *temporary, const char *path, struct kb_report *why)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return KB_OK;
    /* Some file systems know no RENAME_NOREPLACE; a link never replaces either. */
    if (errno == EINVAL && link(temporary, path) == 0) {
        unlink(temporary);
        return KB_OK;
    }
    if (errno == EEXIST)
        return kb_report(why, KB_ERR_EXISTS, "%s: is there already", path);
    return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
}

static enum kb_err fill_new(struct kb_card_file *file, struct kb_report *why)
{
    uint64_t size = flash_size(&file->device);
    enum kb_err err = lock(file, why);

    if (err)
        return err;
    /* Allocated now: a disk that fills up later must not kill the process in the mapping. */
    errno = posix_fallocate(file->fd, 0, (off_t)(HEADER_SIZE + size));
    if (errno)
        return kb_report(why, KB_ERR_IO, "%s: %s", file->path, strerror(errno));
    err = map_flash(file, why);
    if (err || !file->map)
        return err;
    write_header(&file->device, file->map);
    memset(file->map + HEADER_SIZE, 0xFF, (size_t)size);
    file->is_unsynced = true;
    err = kb_card_format(&file->card, &file->port);
    if (err)
        return kb_report(why, err, "%s: no blank card can be made: %s", file->path,
                         kb_err_text(err));
    return KB_OK;
}

static enum kb_err create_at(struct kb_card_file *file, struct kb_report *why)
{
    char temporary[PATH_MAX];
    enum kb_err err;

    if (access(file->path, F_OK) == 0)
        return kb_report(why, KB_ERR_EXISTS, "%s: is there already", file->path);
    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", file->path) >=
        sizeof(temporary))
        return kb_report(why, KB_ERR_TOO_LONG, "the name of the card file is too long");
    file->fd = mkostemp(temporary, O_CLOEXEC);
    if (file->fd < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", file->path, strerror(errno));
    err = fill_new(file, why);
    if (!err)
        err = publish(temporary, file->path, why);
    if (err)
        unlink(temporary);
    else
        file->is_new = true;
    return err;
}

enum kb_err kb_card_file_create(const char *path, uint32_t sector_size, uint32_t sector_count,
                                uint32_t program_size, struct kb_card_file **out,
                                struct kb_report *why)
{
    struct kb_card_file *file = new_file(path);
    enum kb_err err;

    *out = NULL;
    if (!file)
        return kb_report(why, KB_ERR_MEMORY, "%s: out of memory", path);
    bind(file);
    file->device.sector_size = sector_size;
    file->device.sector_count = sector_count;
    file->device.program_size = program_size;
    if (flash_size(&file->device))
        err = create_at(file, why);
    else
        err = kb_report(why, KB_ERR_USAGE, "%s: no card has %u sectors of %u bytes in units of %u",
                        path, sector_count, sector_size, program_size);
    if (err)
        kb_card_file_close(file);
    else
        *out = file;
    return err;
}

static enum kb_err check_length(const struct kb_card_file *file, off_t length,
                                struct kb_report *why)
{
    uint64_t size = flash_size(&file->device);

    if (!size)
        return kb_report(why, KB_ERR_NVM_DAMAGED, "%s: the header of this card file is damaged",
                         file->path);
    if ((uint64_t)length < HEADER_SIZE + size)
        return kb_report(why, KB_ERR_NVM_DAMAGED,
                         "%s: cut short: %lld bytes where a whole card has %llu", file->path,
                         (long long)length, (unsigned long long)(HEADER_SIZE + size));
    if ((uint64_t)length > HEADER_SIZE + size)
        return kb_report(why, KB_ERR_NVM_DAMAGED, "%s: there are bytes behind the end of the card",
                         file->path);
    return KB_OK;
}

static enum kb_err open_at(struct kb_card_file *file, struct kb_report *why)
{
    uint8_t header[HEADER_SIZE];
    struct stat about;
    enum kb_err err;

    file->fd = open(file->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0)
        return kb_report(why, errno == ENOENT || errno == EISDIR ? KB_ERR_ABSENT : KB_ERR_IO,
                         "%s: %s", file->path, strerror(errno));
    if (fstat(file->fd, &about) < 0 || !S_ISREG(about.st_mode))
        return kb_report(why, KB_ERR_NVM_DAMAGED, "%s: not a card file", file->path);
    err = lock(file, why);
    if (err)
        return err;
    /* A file cut inside its header is one cut short only if it starts like a card. */
    if (pread(file->fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
        return kb_report(why, KB_ERR_NVM_DAMAGED, "%s: not a card file, or cut short", file->path);
    err = read_header(header, &file->device, file->path, why);
    if (!err)
        err = check_length(file, about.st_size, why);
    return err ? err : map_flash(file, why);
}

enum kb_err kb_card_file_open(const char *path, struct kb_card_file **out, struct kb_report *why)
{
    struct kb_card_file *file = new_file(path);
    enum kb_err err;

    *out = NULL;
    if (!file)
        return kb_report(why, KB_ERR_MEMORY, "%s: out of memory", path);
    bind(file);
    err = open_at(file, why);
    if (err)
        kb_card_file_close(file);
    else
        *out = file;
    return err;
}

struct kb_card *kb_card_file_card(struct kb_card_file *file)
{
    return &file->card;
}

const struct kb_card_port *kb_card_file_port(const struct kb_card_file *file)
{
    return &file->port;
}
