/* SPDX-License-Identifier: Apache-2.0 */
/* The object store as its callers see it: reading, transactions, writing. */
#include "card/nvm/nvm.h"

#include "card/nvm/compact.h"
#include "card/nvm/log.h"
#include "card/nvm/mount.h"

/* One part in RESERVE of a bank stays free of new objects, so that what is there can still be
 * changed or deleted, and a compaction always frees that much. */
enum { RESERVE = 8 };

/* Passes err on; after a failure of the memory nothing works until the next mount. */
static enum kb_err settle(struct kb_nvm *nvm, enum kb_err err)
{
    if (err == KB_ERR_NVM || err == KB_ERR_NVM_DAMAGED)
        nvm->is_failed = true;
    return err;
}

static uint32_t live_limit(const struct kb_nvm *nvm)
{
    uint32_t units = nvm->bank.units - kb_mount_first(&nvm->bank);
    uint32_t reserve = units / RESERVE;
    uint32_t least = 2 * kb_log_extent(&nvm->bank, 0);

    return units - (reserve > least ? reserve : least);
}

bool kb_nvm_has(const struct kb_nvm *nvm, uint16_t id)
{
    return id < KB_NVM_OBJECTS && nvm->index[id] != 0;
}

/* Length of an object; KB_ERR_ABSENT. */
static enum kb_err find(struct kb_nvm *nvm, uint16_t id, uint16_t *len)
{
    *len = 0;
    if (nvm->is_failed)
        return KB_ERR_NVM;
    if (!kb_nvm_has(nvm, id))
        return KB_ERR_ABSENT;
    return settle(nvm, kb_log_length(&nvm->bank, nvm->index[id], len));
}

uint16_t kb_nvm_size(struct kb_nvm *nvm, uint16_t id)
{
    uint16_t len;

    return find(nvm, id, &len) ? 0 : len;
}

enum kb_err kb_nvm_read(struct kb_nvm *nvm, uint16_t id, size_t offset, void *out, size_t len)
{
    uint16_t size;
    enum kb_err err = find(nvm, id, &size);

    if (err)
        return err;
    if (offset > size || len > size - offset)
        return KB_ERR_RANGE;
    if (len == 0)
        return KB_OK;
    return settle(nvm, kb_log_read(&nvm->bank, nvm->index[id], offset, out, len));
}

/* Makes sure that units fit behind the tail, beside the record that closes an open transaction. */
static enum kb_err reserve(struct kb_nvm *nvm, uint32_t units)
{
    uint32_t needed = units + (nvm->is_open ? kb_log_extent(&nvm->bank, 0) : 0);
    uint32_t gap = nvm->is_tail_unsure ? 1 : 0;

    if (!nvm->is_tail_torn && needed + gap <= nvm->bank.units - nvm->tail)
        return KB_OK;
    return kb_compact(nvm, needed);
}

static enum kb_err append(struct kb_nvm *nvm, struct kb_log_head *head,
                          const struct kb_log_content *content)
{
    enum kb_err err;

    if (nvm->is_tail_unsure) {
        nvm->tail++;
        nvm->is_tail_unsure = false;
        head->flags |= KB_LOG_AFTER_GAP;
    }
    err = kb_log_write(&nvm->bank, nvm->tail, head, content);
    if (err)
        return err;
    if (head->id != 0)
        nvm->index[head->id] = (uint16_t)(head->flags & KB_LOG_DELETED ? 0 : nvm->tail);
    nvm->tail += kb_log_extent(&nvm->bank, head->len);
    return KB_OK;
}

enum kb_err kb_nvm_begin(struct kb_nvm *nvm)
{
    if (nvm->is_failed)
        return KB_ERR_NVM;
    if (nvm->is_open)
        return KB_ERR_USAGE;
    nvm->is_open = true;
    nvm->start = nvm->tail;
    return KB_OK;
}

enum kb_err kb_nvm_commit(struct kb_nvm *nvm)
{
    static const struct kb_log_content nothing;
    struct kb_log_head head = {.transaction = nvm->transaction, .flags = KB_LOG_LAST};
    enum kb_err err = KB_OK;

    if (nvm->is_failed)
        return KB_ERR_NVM;
    if (!nvm->is_open)
        return KB_ERR_USAGE;
    if (nvm->tail != nvm->start)
        err = append(nvm, &head, &nothing);
    if (!err)
        nvm->is_open = false;
    return settle(nvm, err);
}

void kb_nvm_rollback(struct kb_nvm *nvm)
{
    enum kb_err err = KB_OK;

    if (!nvm->is_open)
        return;
    nvm->is_open = false;
    if (nvm->is_failed || nvm->tail == nvm->start)
        return;
    nvm->transaction++; /* what it wrote stays void */
    err = kb_mount_replay(nvm, nvm->start);
    if (!err)
        err = kb_mount_count(nvm, &nvm->live);
    settle(nvm, err);
}

/* What put, fill and patch have in common; has_base: the content starts from the old version. */
static enum kb_err write(struct kb_nvm *nvm, uint16_t id, size_t len,
                         struct kb_log_content *content, bool has_base)
{
    struct kb_log_head head = {.id = id, .transaction = nvm->transaction};
    uint32_t extent = kb_log_extent(&nvm->bank, (uint32_t)len);
    uint32_t old_extent = 0;
    uint16_t old_len;
    enum kb_err err = find(nvm, id, &old_len);

    if (err && err != KB_ERR_ABSENT)
        return err;
    if (!err)
        old_extent = kb_log_extent(&nvm->bank, old_len);
    if (extent > old_extent && nvm->live - old_extent + extent > live_limit(nvm))
        return KB_ERR_NVM_FULL;
    err = reserve(nvm, extent);
    if (err)
        return settle(nvm, err);
    if (has_base) {
        content->base = &nvm->bank;
        content->base_unit = nvm->index[id]; /* a compaction may have moved it just now */
        content->base_len = old_len;
    }
    head.len = (uint16_t)len;
    head.flags = nvm->is_open ? 0 : KB_LOG_LAST;
    err = append(nvm, &head, content);
    nvm->live += extent - old_extent;
    return settle(nvm, err);
}

static enum kb_err check(const struct kb_nvm *nvm, uint16_t id, size_t len)
{
    if (nvm->is_failed)
        return KB_ERR_NVM;
    if (id == 0 || id >= KB_NVM_OBJECTS)
        return KB_ERR_RANGE;
    return len > KB_NVM_OBJECT_MAX ? KB_ERR_TOO_LONG : KB_OK;
}

enum kb_err kb_nvm_put(struct kb_nvm *nvm, uint16_t id, const void *data, size_t len)
{
    struct kb_log_content content = {.data = data, .len = len};
    enum kb_err err = check(nvm, id, len);

    return err ? err : write(nvm, id, len, &content, false);
}

enum kb_err kb_nvm_fill(struct kb_nvm *nvm, uint16_t id, uint8_t value, size_t len)
{
    struct kb_log_content content = {.fill = value};
    enum kb_err err = check(nvm, id, len);

    return err ? err : write(nvm, id, len, &content, false);
}

enum kb_err kb_nvm_patch(struct kb_nvm *nvm, uint16_t id, size_t offset, const void *data,
                         size_t len)
{
    struct kb_log_content content = {.offset = offset, .data = data, .len = len};
    uint16_t size;
    enum kb_err err = check(nvm, id, len);

    if (!err)
        err = find(nvm, id, &size);
    if (err)
        return err;
    if (offset > size)
        return KB_ERR_RANGE;
    if (offset + len > KB_NVM_OBJECT_MAX)
        return KB_ERR_TOO_LONG;
    return write(nvm, id, offset + len > size ? offset + len : size, &content, true);
}

enum kb_err kb_nvm_delete(struct kb_nvm *nvm, uint16_t id)
{
    static const struct kb_log_content nothing;
    struct kb_log_head head = {.id = id, .flags = KB_LOG_DELETED};
    uint16_t len;
    enum kb_err err = find(nvm, id, &len);

    if (err)
        return err;
    err = reserve(nvm, kb_log_extent(&nvm->bank, 0));
    if (!err) {
        head.transaction = nvm->transaction;
        head.flags |= nvm->is_open ? 0 : KB_LOG_LAST;
        err = append(nvm, &head, &nothing);
        nvm->live -= kb_log_extent(&nvm->bank, len);
    }
    return settle(nvm, err);
}

uint32_t kb_nvm_free(struct kb_nvm *nvm)
{
    uint32_t limit = live_limit(nvm);

    if (nvm->is_failed || nvm->live >= limit)
        return 0;
    return (limit - nvm->live) << nvm->bank.unit_shift;
}
