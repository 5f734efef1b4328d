/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the store again: bank headers, replay of the log, and what may lie behind its end. A
 * header is magic (4), version (1), size of a program unit (1), 0 (2), sector size (4), sector
 * count (4), sequence (4), CRC-32 of all this (4).
 */
#include "card/nvm/mount.h"

#include <string.h>

#include "card/nvm/log.h"
#include "wire/crc32.h"
#include "wire/cursor.h"

enum {
    MAGIC = 0x4B424E56, /* KBNV */
    VERSION = 1,
    HEADER_SIZE = 24,
    HEADER_CHECKED = HEADER_SIZE - 4,
    SEQUENCE_AT = 16,
    BANK_MIN = 256
};

static enum kb_err check_geometry(const struct kb_nvm_device *device)
{
    uint32_t unit = device->program_size;
    uint64_t bank = (uint64_t)device->sector_size * (device->sector_count / 2);

    if ((unit != 4 && unit != 8 && unit != 16 && unit != KB_NVM_PROGRAM_MAX) ||
        device->sector_count < 2 || device->sector_count % 2 || device->sector_size % unit)
        return KB_ERR_USAGE;
    return bank < BANK_MIN || bank / unit > UINT16_MAX ? KB_ERR_USAGE : KB_OK;
}

static struct kb_nvm_bank bank_number(const struct kb_nvm_device *device, uint32_t number)
{
    uint32_t size = device->sector_size * (device->sector_count / 2);
    struct kb_nvm_bank bank = {.device = device, .address = number * size};

    while (1u << bank.unit_shift < device->program_size)
        bank.unit_shift++;
    bank.units = size >> bank.unit_shift;
    return bank;
}

static void set_sequence(struct kb_nvm_bank *bank, uint32_t sequence)
{
    uint8_t raw[4];
    struct kb_writer wr = kb_wr(raw, sizeof raw);

    kb_wr_u32(&wr, sequence);
    bank->sequence = sequence;
    bank->salt = kb_crc32(0, raw, sizeof raw);
}

static void encode_header(const struct kb_nvm_bank *bank, struct kb_writer *wr)
{
    kb_wr_u32(wr, MAGIC);
    kb_wr_u8(wr, VERSION);
    kb_wr_u8(wr, (uint8_t)bank->device->program_size);
    kb_wr_u16(wr, 0);
    kb_wr_u32(wr, bank->device->sector_size);
    kb_wr_u32(wr, bank->device->sector_count);
    kb_wr_u32(wr, bank->sequence);
    kb_wr_u32(wr, kb_crc32(0, wr->data, HEADER_CHECKED));
}

/* KB_ERR_ABSENT: no valid header made for this geometry. */
static enum kb_err read_header(struct kb_nvm_bank *bank)
{
    uint8_t raw[HEADER_SIZE];
    uint8_t expected[HEADER_SIZE];
    struct kb_cursor sequence = kb_rd(kb_span(&raw[SEQUENCE_AT], 4));
    struct kb_writer wr = kb_wr(expected, sizeof expected);

    if (bank->device->read(bank->device->ctx, bank->address, raw, sizeof raw))
        return KB_ERR_NVM;
    set_sequence(bank, kb_rd_u32(&sequence));
    encode_header(bank, &wr);
    return memcmp(raw, expected, sizeof raw) == 0 ? KB_OK : KB_ERR_ABSENT;
}

uint32_t kb_mount_first(const struct kb_nvm_bank *bank)
{
    uint32_t unit_size = 1u << bank->unit_shift;

    return (HEADER_SIZE + unit_size - 1) >> bank->unit_shift;
}

struct kb_nvm_bank kb_mount_other(const struct kb_nvm_bank *bank)
{
    struct kb_nvm_bank other = bank_number(bank->device, bank->address ? 0 : 1);

    set_sequence(&other, bank->sequence + 1);
    return other;
}

enum kb_err kb_mount_erase(const struct kb_nvm_bank *bank)
{
    const struct kb_nvm_device *device = bank->device;
    uint32_t first = bank->address / device->sector_size;

    for (uint32_t i = 0; i < device->sector_count / 2; i++) {
        if (device->erase(device->ctx, first + i))
            return KB_ERR_NVM;
    }
    return KB_OK;
}

enum kb_err kb_mount_activate(const struct kb_nvm_bank *bank)
{
    uint8_t raw[KB_NVM_PROGRAM_MAX];
    struct kb_writer wr = kb_wr(raw, sizeof raw);
    const struct kb_nvm_device *device = bank->device;
    size_t len = (size_t)kb_mount_first(bank) << bank->unit_shift;

    encode_header(bank, &wr);
    kb_wr_fill(&wr, 0xFF, len - wr.len);
    return device->program(device->ctx, bank->address, raw, len) ? KB_ERR_NVM : KB_OK;
}

enum kb_err kb_mount_sync(const struct kb_nvm_bank *bank)
{
    const struct kb_nvm_device *device = bank->device;

    return device->sync && device->sync(device->ctx) ? KB_ERR_NVM : KB_OK;
}

enum kb_err kb_mount_apply(struct kb_nvm *nvm, uint32_t from, uint32_t end, uint16_t transaction)
{
    struct kb_log_walk walk = {&nvm->bank, from, end, transaction, 0};
    struct kb_log_head head;
    enum kb_err err = kb_log_next(&walk, &head);

    while (!err) {
        if (head.id != 0)
            nvm->index[head.id] = (uint16_t)(head.flags & KB_LOG_DELETED ? 0 : walk.at);
        err = kb_log_next(&walk, &head);
    }
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

/* Replays up to *end or to the first place without a whole record, which becomes *end; *last: the
 * transaction of the record before it. */
static enum kb_err replay(struct kb_nvm *nvm, uint32_t *end, uint16_t *last)
{
    uint32_t unit = kb_mount_first(&nvm->bank);
    uint32_t start = unit;

    memset(nvm->index, 0, sizeof nvm->index);
    while (unit < *end) {
        struct kb_log_head head;
        uint32_t at = unit;
        enum kb_err err = kb_log_find(&nvm->bank, &at, &head);

        if (!err)
            err = kb_log_verify(&nvm->bank, at, &head);
        if (err == KB_ERR_ABSENT || err == KB_ERR_INTEGRITY)
            break;
        if (err)
            return err;
        unit = at + kb_log_extent(&nvm->bank, head.len);
        *last = head.transaction;
        if (!(head.flags & KB_LOG_LAST))
            continue;
        err = kb_mount_apply(nvm, start, unit, head.transaction);
        if (err)
            return err;
        start = unit;
    }
    *end = unit;
    return KB_OK;
}

enum kb_err kb_mount_replay(struct kb_nvm *nvm, uint32_t end)
{
    uint32_t reached = end;
    uint16_t last;
    enum kb_err err = replay(nvm, &reached, &last);

    if (err)
        return err;
    return reached == end ? KB_OK : KB_ERR_NVM_DAMAGED;
}

enum kb_err kb_mount_count(const struct kb_nvm *nvm, uint32_t *units)
{
    *units = 0;
    for (size_t id = 1; id < KB_NVM_OBJECTS; id++) {
        uint16_t len;
        enum kb_err err;

        if (nvm->index[id] == 0)
            continue;
        err = kb_log_length(&nvm->bank, nvm->index[id], &len);
        if (err)
            return err;
        *units += kb_log_extent(&nvm->bank, len);
    }
    return KB_OK;
}

/* Looks at what lies behind the last whole record. A torn record whose head can be read ends where
 * that says; without a head no more than the units of a head were reached, one unit later if the
 * record stood behind a gap. Anything further is not the work of a power cut. */
static enum kb_err examine_tail(struct kb_nvm *nvm)
{
    const struct kb_nvm_bank *bank = &nvm->bank;
    struct kb_log_head head;
    uint32_t at = nvm->tail;
    uint32_t end;
    uint32_t head_units = (KB_LOG_HEAD + (1u << bank->unit_shift) - 1) >> bank->unit_shift;
    enum kb_err err = kb_log_find(bank, &at, &head);

    if (err && err != KB_ERR_ABSENT)
        return err;
    end = err ? nvm->tail + 1 + head_units : at + kb_log_extent(bank, head.len);
    if (end > bank->units)
        end = bank->units;
    err = kb_log_expect_erased(bank, end, bank->units);
    if (err)
        return err == KB_ERR_INTEGRITY ? KB_ERR_NVM_DAMAGED : err;
    err = kb_log_expect_erased(bank, nvm->tail, end);
    if (err && err != KB_ERR_INTEGRITY)
        return err;
    nvm->is_tail_torn = err == KB_ERR_INTEGRITY;
    nvm->is_tail_unsure = !nvm->is_tail_torn;
    return KB_OK;
}

/* Of the valid banks the one with the greater sequence, in serial number arithmetic. */
static enum kb_err choose_bank(struct kb_nvm *nvm, const struct kb_nvm_device *device)
{
    struct kb_nvm_bank first = bank_number(device, 0);
    struct kb_nvm_bank second = bank_number(device, 1);
    enum kb_err first_err = read_header(&first);
    enum kb_err second_err = read_header(&second);

    if (first_err == KB_ERR_NVM || second_err == KB_ERR_NVM)
        return KB_ERR_NVM;
    if (first_err && second_err)
        return KB_ERR_NVM_DAMAGED;
    if (first_err || (!second_err && second.sequence - first.sequence < UINT32_MAX / 2))
        nvm->bank = second;
    else
        nvm->bank = first;
    return KB_OK;
}

static enum kb_err load(struct kb_nvm *nvm)
{
    uint16_t last = 0;
    enum kb_err err;

    nvm->tail = nvm->bank.units;
    err = replay(nvm, &nvm->tail, &last);
    if (err)
        return err;
    /* Records behind the last whole transaction are void: no later one may have their number. */
    nvm->transaction = (uint16_t)(last + 1);
    err = examine_tail(nvm);
    if (err)
        return err;
    return kb_mount_count(nvm, &nvm->live);
}

enum kb_err kb_nvm_mount(struct kb_nvm *nvm, const struct kb_nvm_device *device)
{
    enum kb_err err = check_geometry(device);

    memset(nvm, 0, sizeof *nvm);
    nvm->is_failed = true;
    if (err)
        return err;
    err = choose_bank(nvm, device);
    if (!err)
        err = load(nvm);
    nvm->is_failed = err != KB_OK;
    return err;
}

enum kb_err kb_nvm_format(struct kb_nvm *nvm, const struct kb_nvm_device *device)
{
    struct kb_nvm_bank other;
    enum kb_err err = check_geometry(device);

    memset(nvm, 0, sizeof *nvm);
    nvm->is_failed = true;
    if (err)
        return err;
    nvm->bank = bank_number(device, 0);
    other = kb_mount_other(&nvm->bank);
    set_sequence(&nvm->bank, 1);
    nvm->tail = kb_mount_first(&nvm->bank);
    err = kb_mount_erase(&nvm->bank);
    if (!err)
        err = kb_mount_erase(&other);
    if (!err)
        err = kb_mount_activate(&nvm->bank);
    nvm->is_failed = err != KB_OK;
    return err;
}
