/* SPDX-License-Identifier: Apache-2.0 */
/* Records on raw memory: encoding, checksums, streaming. */
#include "card/nvm/log.h"

#include <string.h>

#include "crypto/secret.h"
#include "wire/crc32.h"
#include "wire/cursor.h"

enum {
    CHECKSUM_SIZE = 4,
    LENGTH_AT = 2,
    FLAGS_KNOWN = KB_LOG_LAST | KB_LOG_DELETED | KB_LOG_AFTER_GAP,
    BUFFER = 128 /* a multiple of every program size */
};

/* A record on its way into the memory. */
struct stream {
    const struct kb_nvm_bank *bank;
    uint32_t address;
    uint32_t crc;
    struct kb_writer wr;
};

static uint32_t address_of(const struct kb_nvm_bank *bank, uint32_t unit)
{
    return bank->address + (unit << bank->unit_shift);
}

static enum kb_err device_read(const struct kb_nvm_bank *bank, uint32_t address, void *out,
                               size_t len)
{
    return bank->device->read(bank->device->ctx, address, out, len) ? KB_ERR_NVM : KB_OK;
}

/* CRC-8 with polynomial 07, four bits a step, starting from FF: neither all zeros nor all ones are
 * a valid head, and no error inside one byte goes unseen. */
static uint8_t crc8(const uint8_t *data, size_t len)
{
    static const uint8_t nibble[16] = {0x00, 0x07, 0x0E, 0x09, 0x1C, 0x1B, 0x12, 0x15,
                                       0x38, 0x3F, 0x36, 0x31, 0x24, 0x23, 0x2A, 0x2D};
    uint8_t crc = 0xFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        crc = (uint8_t)(crc << 4 ^ nibble[crc >> 4]);
        crc = (uint8_t)(crc << 4 ^ nibble[crc >> 4]);
    }
    return crc;
}

static void encode_head(struct kb_writer *wr, const struct kb_log_head *head)
{
    uint8_t *start = wr->data + wr->len;

    kb_wr_u16(wr, head->id);
    kb_wr_u16(wr, head->len);
    kb_wr_u16(wr, head->transaction);
    kb_wr_u8(wr, head->flags);
    kb_wr_u8(wr, crc8(start, KB_LOG_HEAD - 1));
}

static bool is_sound(const struct kb_log_head *head)
{
    if (head->flags & ~FLAGS_KNOWN || head->len > KB_NVM_OBJECT_MAX || head->id >= KB_NVM_OBJECTS)
        return false;
    if (head->id == 0 && (!(head->flags & KB_LOG_LAST) || head->flags & KB_LOG_DELETED))
        return false;
    return head->len == 0 || (head->id != 0 && !(head->flags & KB_LOG_DELETED));
}

/* KB_ERR_ABSENT: no valid head at unit, or its record would leave the bank. */
static enum kb_err read_head(const struct kb_nvm_bank *bank, uint32_t unit,
                             struct kb_log_head *head)
{
    uint8_t raw[KB_LOG_HEAD];
    struct kb_cursor rd = kb_rd(kb_span(raw, sizeof raw));
    enum kb_err err;

    if (unit > bank->units || bank->units - unit < kb_log_extent(bank, 0))
        return KB_ERR_ABSENT;
    err = device_read(bank, address_of(bank, unit), raw, sizeof raw);
    if (err)
        return err;
    head->id = kb_rd_u16(&rd);
    head->len = kb_rd_u16(&rd);
    head->transaction = kb_rd_u16(&rd);
    head->flags = kb_rd_u8(&rd);
    if (kb_rd_u8(&rd) != crc8(raw, KB_LOG_HEAD - 1) || !is_sound(head))
        return KB_ERR_ABSENT;
    return bank->units - unit < kb_log_extent(bank, head->len) ? KB_ERR_ABSENT : KB_OK;
}

uint32_t kb_log_extent(const struct kb_nvm_bank *bank, uint32_t len)
{
    uint32_t unit_size = 1u << bank->unit_shift;

    return (KB_LOG_HEAD + len + CHECKSUM_SIZE + unit_size - 1) >> bank->unit_shift;
}

enum kb_err kb_log_length(const struct kb_nvm_bank *bank, uint32_t unit, uint16_t *len)
{
    uint8_t raw[2];
    enum kb_err err = device_read(bank, address_of(bank, unit) + LENGTH_AT, raw, sizeof raw);

    *len = 0;
    if (err)
        return err;
    *len = (uint16_t)(raw[0] << 8 | raw[1]);
    if (*len <= KB_NVM_OBJECT_MAX)
        return KB_OK;
    *len = 0;
    return KB_ERR_NVM_DAMAGED; /* changed since it was verified */
}

enum kb_err kb_log_read(const struct kb_nvm_bank *bank, uint32_t unit, size_t offset, void *out,
                        size_t len)
{
    return device_read(bank, address_of(bank, unit) + KB_LOG_HEAD + (uint32_t)offset, out, len);
}

enum kb_err kb_log_find(const struct kb_nvm_bank *bank, uint32_t *unit, struct kb_log_head *head)
{
    enum kb_err err = read_head(bank, *unit, head);

    /* Only where no head is: otherwise the payload of a torn record could pose as a record. */
    if (err != KB_ERR_ABSENT)
        return err;
    err = read_head(bank, *unit + 1, head);
    if (err)
        return err;
    if (!(head->flags & KB_LOG_AFTER_GAP))
        return KB_ERR_NVM_DAMAGED; /* programming clears bits: no torn record has lost this one */
    *unit += 1;
    return KB_OK;
}

enum kb_err kb_log_verify(const struct kb_nvm_bank *bank, uint32_t unit,
                          const struct kb_log_head *head)
{
    uint8_t buffer[64];
    uint8_t raw[CHECKSUM_SIZE];
    struct kb_cursor rd = kb_rd(kb_span(raw, sizeof raw));
    uint32_t address = address_of(bank, unit);
    uint32_t left = KB_LOG_HEAD + (uint32_t)head->len;
    uint32_t crc = bank->salt;
    enum kb_err err = KB_OK;

    while (!err && left > 0) {
        uint32_t n = left < sizeof buffer ? left : (uint32_t)sizeof buffer;

        err = device_read(bank, address, buffer, n);
        crc = kb_crc32(crc, buffer, n);
        address += n;
        left -= n;
    }
    kb_wipe(buffer, sizeof buffer);
    if (!err)
        err = device_read(bank, address, raw, sizeof raw);
    if (err)
        return err;
    return kb_rd_u32(&rd) == crc ? KB_OK : KB_ERR_INTEGRITY;
}

enum kb_err kb_log_expect_erased(const struct kb_nvm_bank *bank, uint32_t from, uint32_t end)
{
    uint8_t buffer[64];
    uint8_t erased[sizeof buffer];
    uint32_t address = address_of(bank, from);
    uint32_t left = (end - from) << bank->unit_shift;

    memset(erased, 0xFF, sizeof erased);
    while (left > 0) {
        uint32_t n = left < sizeof buffer ? left : (uint32_t)sizeof buffer;
        enum kb_err err = device_read(bank, address, buffer, n);

        if (err)
            return err;
        if (memcmp(buffer, erased, n) != 0)
            return KB_ERR_INTEGRITY;
        address += n;
        left -= n;
    }
    return KB_OK;
}

/* Programs what is in the buffer: whole units. */
static enum kb_err flush(struct stream *out)
{
    const struct kb_nvm_device *device = out->bank->device;
    size_t len = out->wr.len;

    if (len == 0)
        return KB_OK;
    if (device->program(device->ctx, out->address, out->wr.data, len))
        return KB_ERR_NVM;
    out->address += (uint32_t)len;
    out->wr.len = 0;
    return KB_OK;
}

/* The older record's bytes, or those that fill. */
static enum kb_err compose_base(const struct kb_log_content *content, size_t at, uint8_t *out,
                                size_t len)
{
    size_t base_len = content->base ? content->base_len : 0;

    memset(out, content->fill, len);
    if (at >= base_len)
        return KB_OK;
    if (len > base_len - at)
        len = base_len - at;
    return kb_log_read(content->base, content->base_unit, at, out, len);
}

/* Bytes at .. at + len of the content. */
static enum kb_err compose(const struct kb_log_content *content, size_t at, uint8_t *out,
                           size_t len)
{
    const uint8_t *data = content->data;
    size_t from = content->offset > at ? content->offset : at;
    size_t end = content->offset + content->len;
    enum kb_err err = KB_OK;

    if (end > at + len)
        end = at + len;
    if (from > at || end < at + len)
        err = compose_base(content, at, out, len);
    if (!err && from < end)
        memcpy(&out[from - at], &data[from - content->offset], end - from);
    return err;
}

static enum kb_err stream_payload(struct stream *out, size_t total,
                                  const struct kb_log_content *content)
{
    size_t at = 0;

    while (at < total) {
        size_t room = out->wr.cap - out->wr.len;
        size_t n = total - at < room ? total - at : room;
        uint8_t *bytes = kb_wr_reserve(&out->wr, n);
        enum kb_err err = compose(content, at, bytes, n);

        if (err)
            return err;
        out->crc = kb_crc32(out->crc, bytes, n);
        at += n;
        err = out->wr.len == out->wr.cap ? flush(out) : KB_OK;
        if (err)
            return err;
    }
    return KB_OK;
}

static enum kb_err stream_checksum(struct stream *out)
{
    const uint32_t unit_size = 1u << out->bank->unit_shift;
    uint8_t raw[CHECKSUM_SIZE];
    struct kb_writer wr = kb_wr(raw, sizeof raw);
    enum kb_err err = KB_OK;

    kb_wr_u32(&wr, out->crc);
    for (size_t i = 0; i < sizeof raw && !err; i++) {
        kb_wr_u8(&out->wr, raw[i]);
        if (out->wr.len == out->wr.cap)
            err = flush(out);
    }
    if (err)
        return err;
    kb_wr_fill(&out->wr, 0xFF, (0u - out->wr.len) & (unit_size - 1));
    return flush(out);
}

enum kb_err kb_log_write(const struct kb_nvm_bank *bank, uint32_t unit,
                         const struct kb_log_head *head, const struct kb_log_content *content)
{
    uint8_t buffer[BUFFER];
    struct stream out = {bank, address_of(bank, unit), bank->salt, kb_wr(buffer, sizeof buffer)};
    size_t used = KB_LOG_HEAD + (size_t)head->len + CHECKSUM_SIZE + KB_NVM_PROGRAM_MAX;
    enum kb_err err;

    encode_head(&out.wr, head);
    out.crc = kb_crc32(out.crc, buffer, KB_LOG_HEAD);
    err = stream_payload(&out, head->len, content);
    if (!err)
        err = stream_checksum(&out);
    kb_wipe(buffer, used < sizeof buffer ? used : sizeof buffer);
    return err;
}

enum kb_err kb_log_next(struct kb_log_walk *walk, struct kb_log_head *head)
{
    while (walk->unit < walk->end) {
        enum kb_err err;

        walk->at = walk->unit;
        err = kb_log_find(walk->bank, &walk->at, head);
        if (err) /* it was there when this stretch was verified */
            return err == KB_ERR_ABSENT ? KB_ERR_NVM_DAMAGED : err;
        walk->unit = walk->at + kb_log_extent(walk->bank, head->len);
        if (head->transaction == walk->transaction)
            return KB_OK;
    }
    return KB_ERR_ABSENT;
}
