/* SPDX-License-Identifier: Apache-2.0 */
/* A device in front of another one that cuts the power at a chosen operation, torn: part of the
 * units programmed and some bits of the last one, or a sector erased in patches, as a seed decides.
 * From then on every operation fails until power is restored. A torn program may leave no trace, a
 * torn erase may leave everything; of a sector larger than KB_FLASH_PATCH, patches of old bytes
 * stay in one stretch of that size. */
#ifndef KB_CARD_NVM_FLASH_FAULT_H
#define KB_CARD_NVM_FLASH_FAULT_H

#include "card/nvm/nvm.h"

enum { KB_FLASH_NEVER = 0, KB_FLASH_PATCH = 512 };

struct kb_flash_fault {
    const struct kb_nvm_device *below;
    uint64_t operations; /* programs and erases so far */
    uint64_t cut_at;     /* the operation (from 1) that is torn, or KB_FLASH_NEVER */
    uint64_t seed;
    bool counts_reads; /* reads are operations as well: power may go at one */
    bool is_off;
};

/* Binds device to fault in front of below; counts from 0, never cuts until kb_flash_fault_arm. */
void kb_flash_fault_init(struct kb_flash_fault *fault, struct kb_nvm_device *device,
                         const struct kb_nvm_device *below);

/* Power comes back; the cut_at-th operation from now is torn. */
void kb_flash_fault_arm(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);
/* The same, with reads counted. */
void kb_flash_fault_arm_reads(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

#endif
