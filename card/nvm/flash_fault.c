/* SPDX-License-Identifier: Apache-2.0 */
#include "card/nvm/flash_fault.h"

#include <string.h>

/* How a unit, or a patch of a sector, comes out of a torn operation. */
enum outcome { UNTOUCHED, PARTLY, DONE, OUTCOMES };

/* Numbers that look random, the same for the same seed: splitmix64. */
static uint64_t next_random(struct kb_flash_fault *fault)
{
    uint64_t z = fault->seed += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static uint32_t choose(struct kb_flash_fault *fault, uint32_t count)
{
    return (uint32_t)(next_random(fault) >> 32) % count;
}

/* Sets some of the bits of a unit. */
static void raise_bits(struct kb_flash_fault *fault, uint8_t *unit, size_t len)
{
    for (size_t i = 0; i < len; i++)
        unit[i] |= (uint8_t)next_random(fault);
}

/* True when this operation is the one to tear. */
static bool is_cut_now(struct kb_flash_fault *fault)
{
    if (fault->is_off)
        return false;
    fault->operations++;
    if (fault->cut_at == KB_FLASH_NEVER || fault->operations != fault->cut_at)
        return false;
    fault->is_off = true;
    return true;
}

/* Some whole units, then one in which some of the bits to be cleared are not. */
static void tear_program(struct kb_flash_fault *fault, uint32_t addr, const uint8_t *data,
                         size_t len)
{
    const struct kb_nvm_device *below = fault->below;
    uint32_t size = below->program_size;
    uint32_t units = (uint32_t)len / size;
    uint32_t whole = choose(fault, units + 1);
    uint8_t unit[KB_NVM_PROGRAM_MAX];

    if (whole > 0)
        below->program(below->ctx, addr, data, (size_t)whole * size);
    if (whole == units)
        return;
    memcpy(unit, &data[whole * size], size);
    switch ((enum outcome)choose(fault, OUTCOMES)) {
    case UNTOUCHED: /* the unit reads erased, yet must not be programmed again */
        memset(unit, 0xFF, size);
        break;
    case PARTLY:
        raise_bits(fault, unit, size);
        break;
    default:
        break;
    }
    below->program(below->ctx, addr + whole * size, unit, size);
}

/* Puts back what a torn erase left in one stretch of the sector. */
static void restore_patches(struct kb_flash_fault *fault, uint32_t addr, uint8_t *old, uint32_t len)
{
    const struct kb_nvm_device *below = fault->below;
    uint32_t size = below->program_size;
    enum outcome outcome = UNTOUCHED;

    for (uint32_t at = 0; at < len; at += size) {
        if (choose(fault, 4) == 0)
            outcome = (enum outcome)choose(fault, OUTCOMES);
        if (outcome == DONE)
            continue;
        if (outcome == PARTLY)
            raise_bits(fault, &old[at], size);
        below->program(below->ctx, addr + at, &old[at], size);
    }
}

static void tear_erase(struct kb_flash_fault *fault, uint32_t sector)
{
    const struct kb_nvm_device *below = fault->below;
    uint32_t size = below->program_size;
    uint32_t len = below->sector_size < KB_FLASH_PATCH ? below->sector_size : KB_FLASH_PATCH;
    uint32_t addr =
        sector * below->sector_size + choose(fault, (below->sector_size - len) / size + 1) * size;
    uint8_t old[KB_FLASH_PATCH];

    switch ((enum outcome)choose(fault, OUTCOMES)) {
    case PARTLY:
        if (!below->read(below->ctx, addr, old, len) && !below->erase(below->ctx, sector))
            restore_patches(fault, addr, old, len);
        break;
    case DONE:
        below->erase(below->ctx, sector);
        break;
    default:
        break;
    }
}

static int fault_read(void *ctx, uint32_t addr, void *out, size_t len)
{
    struct kb_flash_fault *fault = ctx;

    if (fault->counts_reads)
        is_cut_now(fault);
    return fault->is_off ? -1 : fault->below->read(fault->below->ctx, addr, out, len);
}

static int fault_program(void *ctx, uint32_t addr, const void *data, size_t len)
{
    struct kb_flash_fault *fault = ctx;

    if (is_cut_now(fault))
        tear_program(fault, addr, data, len);
    return fault->is_off ? -1 : fault->below->program(fault->below->ctx, addr, data, len);
}

static int fault_erase(void *ctx, uint32_t sector)
{
    struct kb_flash_fault *fault = ctx;

    if (is_cut_now(fault))
        tear_erase(fault, sector);
    return fault->is_off ? -1 : fault->below->erase(fault->below->ctx, sector);
}

static int fault_sync(void *ctx)
{
    const struct kb_flash_fault *fault = ctx;

    if (fault->is_off)
        return -1;
    return fault->below->sync ? fault->below->sync(fault->below->ctx) : 0;
}

void kb_flash_fault_init(struct kb_flash_fault *fault, struct kb_nvm_device *device,
                         const struct kb_nvm_device *below)
{
    *fault = (struct kb_flash_fault){.below = below, .cut_at = KB_FLASH_NEVER};
    *device = (struct kb_nvm_device){.ctx = fault,
                                     .read = fault_read,
                                     .program = fault_program,
                                     .erase = fault_erase,
                                     .sync = fault_sync,
                                     .sector_size = below->sector_size,
                                     .sector_count = below->sector_count,
                                     .program_size = below->program_size};
}

void kb_flash_fault_arm(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed)
{
    fault->is_off = false;
    fault->counts_reads = false;
    fault->operations = 0;
    fault->cut_at = cut_at;
    fault->seed = seed;
}

void kb_flash_fault_arm_reads(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed)
{
    kb_flash_fault_arm(fault, cut_at, seed);
    fault->counts_reads = true;
}
