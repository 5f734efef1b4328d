/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's memory: a transactional store of numbered objects on raw flash.
 *
 * The device is cut in two banks of sector_count / 2 sectors. One bank is active: a header, then a
 * log of records, each with its own checksum. A transaction is a run of records that counts only
 * when its last one (flagged) is whole. When the active bank is full, the live objects are copied
 * to the other bank, whose header is programmed last; so every sector is erased equally often.
 * Power may be cut at any program or erase, torn ones included: after the next mount each
 * transaction is wholly there or wholly absent. Reading needs no log walk: index[] holds the place
 * of the newest version of every object.
 *
 * After any error of the device the store answers KB_ERR_NVM until it is mounted again.
 */
#ifndef KB_CARD_NVM_NVM_H
#define KB_CARD_NVM_NVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/err.h"

enum {
    KB_NVM_OBJECTS = 600,     /* object numbers 1 .. 599 */
    KB_NVM_OBJECT_MAX = 1024, /* bytes in one object */
    KB_NVM_PROGRAM_MAX = 32   /* greatest program unit */
};

/* Raw memory. Every callback returns 0, or anything else for failure. An erased byte reads FF. */
struct kb_nvm_device {
    void *ctx;

    /* Reads len bytes from addr; any address, any length inside the device. */
    int (*read)(void *ctx, uint32_t addr, void *out, size_t len);

    /* Programs len bytes at addr; both multiples of program_size. Each unit is programmed at most
     * once between two erases, with one exception nobody could detect: after two power cuts, both
     * in the first write after power-up and both without a trace, a unit that reads erased. */
    int (*program)(void *ctx, uint32_t addr, const void *data, size_t len);

    /* Erases sector number sector (from 0). */
    int (*erase)(void *ctx, uint32_t sector);

    /* Makes everything programmed so far durable; called before a bank that is still needed could
     * be lost. May be NULL. */
    int (*sync)(void *ctx);

    uint32_t sector_size;  /* bytes, a multiple of program_size */
    uint32_t sector_count; /* even, at least 2; half of the sectors make a bank, which holds at
                              least 256 bytes and at most 65535 program units */
    uint32_t program_size; /* bytes: 4, 8, 16 or 32 */
};

/* Half of the device. Places in it are counted in program units from its start. */
struct kb_nvm_bank {
    const struct kb_nvm_device *device;
    uint32_t address;
    uint32_t units;
    uint32_t sequence;  /* of two valid banks the one with the greater number counts */
    uint32_t salt;      /* where the checksums of its records start: those of an earlier use of
                           the bank never match */
    uint8_t unit_shift; /* a unit has 1 << unit_shift bytes */
};

struct kb_nvm {
    struct kb_nvm_bank bank; /* the active one */
    uint32_t tail;           /* unit where the next record goes */
    uint32_t start;          /* unit where the open transaction starts */
    uint32_t live;           /* units taken by the records index[] points to */
    uint16_t transaction;    /* number of the open or next transaction */
    bool is_open;            /* inside begin .. commit */
    bool is_failed;
    bool is_tail_torn;   /* a cut left bytes behind the log: compact before the next write */
    bool is_tail_unsure; /* after a mount: the unit at tail reads erased, but a cut may have
                            touched it, so it is given up */
    uint16_t index[KB_NVM_OBJECTS]; /* unit where the newest record starts, 0 when absent */
};

/* Makes an empty store. KB_ERR_USAGE: a geometry outside the limits above. */
enum kb_err kb_nvm_format(struct kb_nvm *nvm, const struct kb_nvm_device *device);

/* Finds the store again after power-up. KB_ERR_NVM_DAMAGED: no valid bank, or a bad record with
 * good ones behind it, which no power cut leaves. Writes nothing. */
enum kb_err kb_nvm_mount(struct kb_nvm *nvm, const struct kb_nvm_device *device);

bool kb_nvm_has(const struct kb_nvm *nvm, uint16_t id);

/* Bytes in the object, 0 when absent. */
uint16_t kb_nvm_size(struct kb_nvm *nvm, uint16_t id);

/* Reads part of an object; inside a transaction, as the transaction sees it. KB_ERR_ABSENT;
 * KB_ERR_RANGE past its end. */
enum kb_err kb_nvm_read(struct kb_nvm *nvm, uint16_t id, size_t offset, void *out, size_t len);

/* Transactions do not nest (KB_ERR_USAGE). A write outside of one is a transaction of its own.
 * rollback may be called after any error; commit never fails for want of room. */
enum kb_err kb_nvm_begin(struct kb_nvm *nvm);
enum kb_err kb_nvm_commit(struct kb_nvm *nvm);
void kb_nvm_rollback(struct kb_nvm *nvm);

/* Makes or replaces an object. For this and the next three: KB_ERR_RANGE for a number that no
 * object can have, KB_ERR_TOO_LONG past KB_NVM_OBJECT_MAX, KB_ERR_NVM_FULL with nothing changed. */
enum kb_err kb_nvm_put(struct kb_nvm *nvm, uint16_t id, const void *data, size_t len);

/* Makes or replaces an object by len times the same byte. */
enum kb_err kb_nvm_fill(struct kb_nvm *nvm, uint16_t id, uint8_t value, size_t len);

/* Replaces bytes offset .. offset + len of an object, which grows when they reach past its end.
 * KB_ERR_RANGE: a gap. */
enum kb_err kb_nvm_patch(struct kb_nvm *nvm, uint16_t id, size_t offset, const void *data,
                         size_t len);

/* KB_ERR_ABSENT when there is none. */
enum kb_err kb_nvm_delete(struct kb_nvm *nvm, uint16_t id);

/* Bytes that can still be written before the store is full for good (live objects counted, garbage
 * not). An object takes its length, 12 bytes, and what fills the last program unit. One eighth of a
 * bank is kept for changing and deleting what is there and does not count. */
uint32_t kb_nvm_free(struct kb_nvm *nvm);

#endif
