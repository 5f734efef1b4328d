/* SPDX-License-Identifier: Apache-2.0 */
#include "checker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static uint32_t size_of(const struct checker *checker)
{
    return checker->below.sector_size * checker->below.sector_count;
}

static int check_read(void *ctx, uint32_t addr, void *out, size_t len)
{
    struct checker *checker = ctx;

    if ((uint64_t)addr + len > size_of(checker))
        fail_msg("reads outside the memory, at %u", addr);
    checker->reads++;
    if (checker->reads == checker->fail_read_at)
        return -1;
    return checker->below.read(checker->below.ctx, addr, out, len);
}

static void check_unit(struct checker *checker, uint32_t addr)
{
    uint32_t size = checker->below.program_size;
    bool has_trace = false;

    for (uint32_t i = 0; i < size; i++)
        has_trace = has_trace || checker->data[addr + i] != 0xFF;
    if (checker->is_programmed[addr / size] && (has_trace || !checker->may_touch_again))
        fail_msg("programs the unit at %u twice", addr);
    checker->is_programmed[addr / size] = true;
}

static int check_program(void *ctx, uint32_t addr, const void *data, size_t len)
{
    struct checker *checker = ctx;
    uint32_t size = checker->below.program_size;

    if (len == 0 || addr % size || len % size || (uint64_t)addr + len > size_of(checker))
        fail_msg("programs %zu bytes at %u", len, addr);
    for (uint32_t at = 0; at < len; at += size)
        check_unit(checker, addr + at);
    checker->programs++;
    return checker->below.program(checker->below.ctx, addr, data, len);
}

static int check_erase(void *ctx, uint32_t sector)
{
    struct checker *checker = ctx;
    uint32_t units = checker->below.sector_size / checker->below.program_size;

    if (sector >= checker->below.sector_count)
        fail_msg("erases sector %u", sector);
    memset(&checker->is_programmed[sector * units], 0, units * sizeof(bool));
    return checker->below.erase(checker->below.ctx, sector);
}

static int check_sync(void *ctx)
{
    struct checker *checker = ctx;

    checker->syncs++;
    return 0;
}

void checker_init(struct checker *checker, const struct geometry *geometry)
{
    memset(checker, 0, sizeof *checker);
    assert_true(geometry->sector_size * geometry->sector_count <= CHECKER_BYTES);
    kb_flash_ram_init(&checker->ram, &checker->below, checker->data, geometry->sector_size,
                      geometry->sector_count, geometry->program_size);
    checker->middle = checker->below;
    checker->middle.ctx = checker;
    checker->middle.read = check_read;
    checker->middle.program = check_program;
    checker->middle.erase = check_erase;
    checker->middle.sync = check_sync;
    kb_flash_fault_init(&checker->fault, &checker->device, &checker->middle);
}
