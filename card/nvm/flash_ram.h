/* SPDX-License-Identifier: Apache-2.0 */
/* A flash device in the caller's memory, with the manners of NOR flash: programming clears bits,
 * erasing sets them. What lies outside, or across program units, is refused. */
#ifndef KB_CARD_NVM_FLASH_RAM_H
#define KB_CARD_NVM_FLASH_RAM_H

#include "card/nvm/nvm.h"

struct kb_flash_ram {
    uint8_t *data; /* sector_size * sector_count bytes, the caller's */
    uint32_t sector_size;
    uint32_t sector_count;
    uint32_t program_size;
    uint64_t bytes_programmed; /* since init, for the figures we publish */
    uint64_t sectors_erased;
};

/* Binds device to ram; data is left as it is. Geometry as in struct kb_nvm_device. */
void kb_flash_ram_init(struct kb_flash_ram *ram, struct kb_nvm_device *device, uint8_t *data,
                       uint32_t sector_size, uint32_t sector_count, uint32_t program_size);

#endif
