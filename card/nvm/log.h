/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to card/nvm: a bank as a log of records. A record is
 *
 *     id (2), length (2), transaction (2), flags (1), CRC-8 of these (1)
 *     payload, CRC-32 of all before it, FF up to the next program unit
 *
 * Numbers are big-endian. Records of a transaction count when one with KB_LOG_LAST follows that has
 * the same transaction number; others between them are void.
 */
#ifndef KB_CARD_NVM_LOG_H
#define KB_CARD_NVM_LOG_H

#include "card/nvm/nvm.h"

enum { KB_LOG_HEAD = 8 };

enum kb_log_flag {
    KB_LOG_LAST = 0x01,     /* closes its transaction */
    KB_LOG_DELETED = 0x02,  /* the object exists no more */
    KB_LOG_AFTER_GAP = 0x04 /* the unit before this record was given up, whatever it holds */
};

struct kb_log_head {
    uint16_t id; /* 0: no object, only closes a transaction */
    uint16_t len;
    uint16_t transaction;
    uint8_t flags;
};

/* Payload of a record to be written: an older record's, or else one byte again and again, and over
 * it, from offset on, bytes of the caller. */
struct kb_log_content {
    const struct kb_nvm_bank *base; /* NULL when there is no older record */
    uint32_t base_unit;
    uint16_t base_len;
    uint8_t fill;
    size_t offset;
    size_t len;
    const void *data;
};

/* Walks the records of one transaction between two units. */
struct kb_log_walk {
    const struct kb_nvm_bank *bank;
    uint32_t unit; /* where to look next */
    uint32_t end;
    uint16_t transaction;
    uint32_t at; /* where the record found last starts */
};

/* Units that a record with len bytes of payload takes. */
uint32_t kb_log_extent(const struct kb_nvm_bank *bank, uint32_t len);

/* Length of the payload of a record known to be there. */
enum kb_err kb_log_length(const struct kb_nvm_bank *bank, uint32_t unit, uint16_t *len);

/* Reads part of a payload. */
enum kb_err kb_log_read(const struct kb_nvm_bank *bank, uint32_t unit, size_t offset, void *out,
                        size_t len);

/* The record at *unit, or, behind a unit given up, at the next one; its whole extent lies in the
 * bank. The payload is not checked. KB_ERR_ABSENT: neither place has a valid head.
 * KB_ERR_NVM_DAMAGED: the next unit starts a record that stands behind no gap. */
enum kb_err kb_log_find(const struct kb_nvm_bank *bank, uint32_t *unit, struct kb_log_head *head);

/* KB_ERR_INTEGRITY when the checksum of a record found does not match. */
enum kb_err kb_log_verify(const struct kb_nvm_bank *bank, uint32_t unit,
                          const struct kb_log_head *head);

/* KB_ERR_INTEGRITY when not every byte of the units from .. end reads FF. */
enum kb_err kb_log_expect_erased(const struct kb_nvm_bank *bank, uint32_t from, uint32_t end);

/* Programs a record. A small one is programmed in one go. */
enum kb_err kb_log_write(const struct kb_nvm_bank *bank, uint32_t unit,
                         const struct kb_log_head *head, const struct kb_log_content *content);

/* The next record of the transaction; KB_ERR_ABSENT at the end. For a stretch already verified. */
enum kb_err kb_log_next(struct kb_log_walk *walk, struct kb_log_head *head);

#endif
