/* SPDX-License-Identifier: Apache-2.0 */
#include "card/nvm/flash_ram.h"

#include <string.h>

static bool is_inside(const struct kb_flash_ram *ram, uint32_t addr, size_t len)
{
    uint32_t size = ram->sector_size * ram->sector_count;

    return addr <= size && len <= size - addr;
}

static int ram_read(void *ctx, uint32_t addr, void *out, size_t len)
{
    const struct kb_flash_ram *ram = ctx;

    if (!is_inside(ram, addr, len))
        return -1;
    memcpy(out, &ram->data[addr], len);
    return 0;
}

static int ram_program(void *ctx, uint32_t addr, const void *data, size_t len)
{
    struct kb_flash_ram *ram = ctx;
    const uint8_t *in = data;

    if (!is_inside(ram, addr, len) || ((addr | len) & (ram->program_size - 1)) != 0)
        return -1;
    for (size_t i = 0; i < len; i += sizeof(uint32_t)) {
        uint32_t old, new;

        memcpy(&old, &ram->data[addr + i], sizeof old);
        memcpy(&new, &in[i], sizeof new);
        new &= old;
        memcpy(&ram->data[addr + i], &new, sizeof new);
    }
    ram->bytes_programmed += len;
    return 0;
}

static int ram_erase(void *ctx, uint32_t sector)
{
    struct kb_flash_ram *ram = ctx;

    if (sector >= ram->sector_count)
        return -1;
    memset(&ram->data[sector * ram->sector_size], 0xFF, ram->sector_size);
    ram->sectors_erased++;
    return 0;
}

void kb_flash_ram_init(struct kb_flash_ram *ram, struct kb_nvm_device *device, uint8_t *data,
                       uint32_t sector_size, uint32_t sector_count, uint32_t program_size)
{
    *ram = (struct kb_flash_ram){.data = data,
                                 .sector_size = sector_size,
                                 .sector_count = sector_count,
                                 .program_size = program_size};
    *device = (struct kb_nvm_device){.ctx = ram,
                                     .read = ram_read,
                                     .program = ram_program,
                                     .erase = ram_erase,
                                     .sector_size = sector_size,
                                     .sector_count = sector_count,
                                     .program_size = program_size};
}
