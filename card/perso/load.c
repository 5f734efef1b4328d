/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LOAD ALGORITHM (docs/apdu.md 2.3): the image arrives block by block and counts only when all of
 * it was proved. How far a load came is told by the blocks that are there, so it survives a reset;
 * without KB_OBJ_IMAGE_SIZE they mean nothing to the interpreter.
 */

#include "card/card.h"
#include "card/perso/perso.h"

enum { LAST_BLOCK = 0x80 };

static enum kb_err forget(struct kb_nvm *nvm, uint16_t object)
{
    return kb_nvm_has(nvm, object) ? kb_nvm_delete(nvm, object) : KB_OK;
}

/* Deletes the image from its size to its last block, in the caller's transaction. */
static enum kb_err forget_image(struct kb_nvm *nvm)
{
    enum kb_err err = forget(nvm, KB_OBJ_IMAGE_SIZE);

    for (unsigned page = 0; page < KB_IMAGE_PAGES && !err; page++)
        err = forget(nvm, (uint16_t)(KB_OBJ_IMAGE + page));
    return err;
}

static enum kb_err end_transaction(struct kb_nvm *nvm, enum kb_err err)
{
    if (!err)
        err = kb_nvm_commit(nvm);
    if (err)
        kb_nvm_rollback(nvm);
    return err;
}

static enum kb_err delete_image(struct kb_nvm *nvm)
{
    enum kb_err err = kb_nvm_begin(nvm);

    return err ? err : end_transaction(nvm, forget_image(nvm));
}

/* Block 0 takes the place of any image before it, in one transaction. */
static enum kb_err put_first(struct kb_nvm *nvm, struct kb_span data)
{
    enum kb_err err = kb_nvm_begin(nvm);

    if (err)
        return err;
    err = forget_image(nvm);
    if (!err)
        err = kb_nvm_put(nvm, KB_OBJ_IMAGE, data.data, data.len);
    return end_transaction(nvm, err);
}

/* The page of a block, and where in it the block starts. */
static uint16_t page_of(uint8_t block, uint16_t *start)
{
    size_t at = (size_t)block * KB_IMAGE_BLOCK;

    *start = (uint16_t)(at % KB_IMAGE_PAGE);
    return (uint16_t)(KB_OBJ_IMAGE + at / KB_IMAGE_PAGE);
}

static enum kb_err put_block(struct kb_card *card, uint8_t block, struct kb_span data)
{
    uint16_t start, page = page_of(block, &start);

    if (block > 0 && start)
        return kb_nvm_patch(&card->nvm, page, start, data.data, data.len);
    if (block > 0)
        return kb_nvm_put(&card->nvm, page, data.data, data.len);
    card->perso.image_size = 0;
    return put_first(&card->nvm, data);
}

/* Everything before the block is there, nothing behind it is, and the load is not over. */
static bool is_next(struct kb_nvm *nvm, uint8_t block)
{
    uint16_t start, page = page_of(block, &start);

    if (block == 0)
        return true;
    return !kb_nvm_has(nvm, KB_OBJ_IMAGE_SIZE) && kb_nvm_size(nvm, page) == start &&
           (start || kb_nvm_size(nvm, (uint16_t)(page - 1)) == KB_IMAGE_PAGE);
}

static enum kb_sw status_of(enum kb_err err)
{
    if (err == KB_OK)
        return KB_SW_OK;
    return err == KB_ERR_NVM_FULL ? KB_SW_NOT_ENOUGH_MEMORY : KB_SW_MEMORY_PROBLEM;
}

static bool is_memory_error(enum kb_err err)
{
    return err == KB_ERR_NVM || err == KB_ERR_NVM_FULL || err == KB_ERR_NVM_DAMAGED;
}

static enum kb_sw prove_and_keep(struct kb_card *card, uint16_t total)
{
    const uint8_t size[2] = {(uint8_t)(total >> 8), (uint8_t)total};
    enum kb_err err = kb_perso_prove(card, total);

    if (err && !is_memory_error(err)) {
        err = delete_image(&card->nvm);
        return err ? status_of(err) : KB_SW_INCORRECT_DATA;
    }
    if (!err)
        err = kb_nvm_put(&card->nvm, KB_OBJ_IMAGE_SIZE, size, sizeof size);
    if (!err)
        card->perso.image_size = total;
    return status_of(err);
}

static enum kb_sw check_command(const struct kb_card *card, const struct kb_apdu *cmd)
{
    size_t least = cmd->p1 == LAST_BLOCK ? 1 : KB_IMAGE_BLOCK;

    if (card->life_cycle != KB_LIFE_ADMINISTRATIVE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (cmd->p1 != 0 && cmd->p1 != LAST_BLOCK)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len < least || cmd->data.len > KB_IMAGE_BLOCK)
        return KB_SW_WRONG_LENGTH;
    return cmd->p2 < KB_IMAGE_BLOCKS ? KB_SW_OK : KB_SW_NOT_ENOUGH_MEMORY;
}

enum kb_sw kb_perso_load(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    enum kb_sw sw = check_command(card, cmd);
    enum kb_err err;

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (!is_next(&card->nvm, cmd->p2))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    err = put_block(card, cmd->p2, cmd->data);
    if (err || cmd->p1 != LAST_BLOCK)
        return status_of(err);
    return prove_and_keep(card, (uint16_t)(cmd->p2 * KB_IMAGE_BLOCK + cmd->data.len));
}
