/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compaction. The old bank stays the valid one until the header of the new one is programmed, as
 * the very last thing; a power cut before that changes nothing, one after it finds everything in
 * place. Of an object that the open transaction has changed both versions move: the committed one
 * for a rollback, the new one for the commit.
 */
#include "card/nvm/compact.h"

#include "card/nvm/log.h"
#include "card/nvm/mount.h"

/* The bank being filled. */
struct move {
    struct kb_nvm *nvm;
    struct kb_nvm_bank target;
    uint32_t tail;
};

static struct kb_log_walk walk_open(const struct kb_nvm *nvm)
{
    return (struct kb_log_walk){&nvm->bank, nvm->start, nvm->tail, nvm->transaction, 0};
}

/* Units the open transaction's newest records take. An object deleted twice counts twice. */
static enum kb_err count_open(const struct kb_nvm *nvm, uint32_t *units)
{
    struct kb_log_walk walk = walk_open(nvm);
    struct kb_log_head head;
    enum kb_err err = kb_log_next(&walk, &head);

    *units = 0;
    while (!err) {
        if (head.flags & KB_LOG_DELETED || nvm->index[head.id] == walk.at)
            *units += kb_log_extent(&nvm->bank, head.len);
        err = kb_log_next(&walk, &head);
    }
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

/* Leaves the index at the last commit if there is room, and as it was if there is not. */
static enum kb_err check_room(struct kb_nvm *nvm, uint32_t room)
{
    uint32_t open = 0;
    uint32_t committed = nvm->live;
    uint64_t needed;
    enum kb_err err = KB_OK;

    if (nvm->is_open && nvm->start != nvm->tail) {
        err = count_open(nvm, &open);
        if (!err)
            err = kb_mount_replay(nvm, nvm->start);
        if (!err)
            err = kb_mount_count(nvm, &committed);
    }
    if (err)
        return err;
    needed = (uint64_t)kb_mount_first(&nvm->bank) + committed + open + room;
    if (needed <= nvm->bank.units)
        return KB_OK;
    if (nvm->is_open)
        err = kb_mount_apply(nvm, nvm->start, nvm->tail, nvm->transaction);
    return err ? err : KB_ERR_NVM_FULL;
}

static enum kb_err move_record(struct move *move, uint32_t unit, uint16_t id, uint8_t flags)
{
    const struct kb_nvm_bank *bank = &move->nvm->bank;
    struct kb_log_head head = {.id = id, .flags = flags, .transaction = move->nvm->transaction};
    struct kb_log_content content = {.base = bank, .base_unit = unit};
    enum kb_err err = kb_log_length(bank, unit, &head.len);

    if (err)
        return err;
    content.base_len = head.len;
    err = kb_log_write(&move->target, move->tail, &head, &content);
    move->nvm->index[id] = (uint16_t)(flags & KB_LOG_DELETED ? 0 : move->tail);
    move->tail += kb_log_extent(bank, head.len);
    return err;
}

/* Each committed object becomes a transaction of its own. */
static enum kb_err move_committed(struct move *move)
{
    enum kb_err err = KB_OK;

    for (uint16_t id = 1; id < KB_NVM_OBJECTS && !err; id++) {
        if (move->nvm->index[id] != 0)
            err = move_record(move, move->nvm->index[id], id, KB_LOG_LAST);
    }
    return err;
}

/* First lets the index point to the newest record of each object the open transaction touched,
 * deletions too; then moves those records the index points to. */
static enum kb_err move_open(struct move *move)
{
    struct kb_nvm *nvm = move->nvm;
    struct kb_log_walk walk = walk_open(nvm);
    struct kb_log_head head;
    enum kb_err err;

    while (!(err = kb_log_next(&walk, &head)))
        nvm->index[head.id] = (uint16_t)walk.at;
    if (err != KB_ERR_ABSENT)
        return err;
    walk = walk_open(nvm);
    while (!(err = kb_log_next(&walk, &head))) {
        if (nvm->index[head.id] == walk.at)
            err = move_record(move, walk.at, head.id, head.flags & KB_LOG_DELETED);
        if (err)
            return err;
    }
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

enum kb_err kb_compact(struct kb_nvm *nvm, uint32_t room)
{
    struct move move = {nvm, kb_mount_other(&nvm->bank), kb_mount_first(&nvm->bank)};
    uint32_t start = move.tail;
    enum kb_err err = check_room(nvm, room);

    if (!err)
        err = kb_mount_sync(&nvm->bank); /* the bank erased now may be the last durable one */
    if (!err)
        err = kb_mount_erase(&move.target);
    if (!err)
        err = move_committed(&move);
    if (!err) {
        start = move.tail;
        err = nvm->is_open ? move_open(&move) : KB_OK;
    }
    if (!err)
        err = kb_mount_sync(&nvm->bank); /* the header must not become durable first */
    if (!err)
        err = kb_mount_activate(&move.target);
    if (err)
        return err;
    nvm->bank = move.target;
    nvm->tail = move.tail;
    nvm->start = start;
    nvm->is_tail_torn = false;
    nvm->is_tail_unsure = false;
    return KB_OK;
}
