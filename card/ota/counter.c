/* SPDX-License-Identifier: Apache-2.0 */
/* Counters that survive. */
#include "card/ota/counter.h"

static enum kb_err read(void *self, uint64_t *last)
{
    const struct kb_ota_stored *stored = self;
    uint8_t bytes[KB_CNTR_SIZE];
    struct kb_cursor rd = kb_rd(kb_span(bytes, sizeof(bytes)));
    enum kb_err err = kb_nvm_read(stored->nvm, stored->id, 0, bytes, sizeof(bytes));

    *last = KB_CNTR_MAX;
    if (err)
        return err;
    *last = (uint64_t)kb_rd_u8(&rd) << 32;
    *last |= kb_rd_u32(&rd);
    return KB_OK;
}

static enum kb_err commit(void *self, uint64_t value)
{
    const struct kb_ota_stored *stored = self;
    uint8_t bytes[KB_CNTR_SIZE];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    if (stored->nvm->is_open)
        return KB_ERR_USAGE;
    kb_wr_u8(&wr, (uint8_t)(value >> 32));
    kb_wr_u32(&wr, (uint32_t)value);
    return kb_nvm_put(stored->nvm, stored->id, bytes, sizeof(bytes));
}

struct kb_ota_counter kb_ota_counter(struct kb_ota_stored *stored)
{
    return (struct kb_ota_counter){stored, read, commit};
}

enum kb_err kb_ota_counter_next(struct kb_ota_stored *stored, uint64_t *value)
{
    uint64_t last;
    enum kb_err err = read(stored, &last);

    if (!err && last >= KB_CNTR_MAX)
        err = KB_ERR_RANGE;
    if (!err)
        err = commit(stored, last + 1);
    *value = err ? 0 : last + 1;
    return err;
}
