/* SPDX-License-Identifier: Apache-2.0 */
/* Key sets, what is remembered of them, and PUT KEY (GlobalPlatform Card Specification clause 11.8,
 * Amendment D clause 7.2). */
#include <string.h>

#include "card/files/commands.h"
#include "card/gp/inside.h"
#include "crypto/secret.h"

enum {
    HEADER = 2,      /* version, kind */
    ALL_KEYS = 0x81, /* P2: several keys, the first is number 1 */
    VERSION_MAX = 0x7F,
    CHECK_VALUE = 3,
    SET_MAX = HEADER + KB_GP_KEYS * KB_SCP03_KEY_MAX
};

/* --- Memory --- */

enum kb_err kb_gp_memory_read(struct kb_card *card, struct kb_gp_memory *out)
{
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_GP);
    enum kb_err err = KB_OK;

    memset(out, 0, sizeof(*out));
    if (size)
        err = kb_nvm_read(&card->nvm, KB_OBJ_GP, 0, out, size < sizeof(*out) ? size : sizeof(*out));
    if (!out->life_cycle)
        out->life_cycle = card->life_cycle == KB_LIFE_SECURED ? KB_GP_SECURED : KB_GP_OP_READY;
    return err;
}

enum kb_err kb_gp_memory_write(struct kb_card *card, const struct kb_gp_memory *memory)
{
    return kb_nvm_put(&card->nvm, KB_OBJ_GP, memory, sizeof(*memory));
}

/* --- Key sets --- */

enum kb_err kb_gp_set_describe(struct kb_card *card, uint8_t slot, uint8_t *version,
                               uint8_t *key_len)
{
    uint16_t object = (uint16_t)(KB_OBJ_GP_KEYS + slot);

    *key_len = (uint8_t)((kb_nvm_size(&card->nvm, object) - HEADER) / KB_GP_KEYS);
    return kb_nvm_read(&card->nvm, object, 0, version, 1);
}

enum kb_err kb_gp_set_read(struct kb_card *card, uint8_t slot, struct kb_gp_set *out)
{
    uint16_t object = (uint16_t)(KB_OBJ_GP_KEYS + slot);
    enum kb_err err = kb_gp_set_describe(card, slot, &out->version, &out->key_len);

    if (!err && out->key_len > KB_SCP03_KEY_MAX)
        return KB_ERR_RANGE;
    for (size_t i = 0; i < KB_GP_KEYS && !err; i++)
        err =
            kb_nvm_read(&card->nvm, object, HEADER + i * out->key_len, out->keys[i], out->key_len);
    return err;
}

uint8_t kb_gp_set_find(struct kb_card *card, uint8_t version)
{
    uint8_t slot = 0, found, key_len;

    for (; slot < KB_GP_SETS; slot++)
        if (!kb_gp_set_describe(card, slot, &found, &key_len) && (!version || version == found))
            return slot;
    return KB_GP_SLOT_NONE;
}

/* --- PUT KEY --- */

/* Deciphers one key under the key encryption key, in place (clause 11.8.2.3, table 11-70 and
 * 11-71): its length in front, or none and whole blocks. */
static enum kb_sw read_key(const struct kb_card *card, const struct kb_gp_set *by,
                           struct kb_span field, struct kb_gp_set *set, uint8_t index)
{
    const struct kb_crypto *crypto = card->port->crypto;
    bool has_length = field.len % KB_AES_BLOCK == 1;
    size_t len = has_length ? field.data[0] : field.len;
    size_t blocks = field.len - has_length;
    uint8_t *key = set->keys[index];
    struct kb_cbc cbc;
    enum kb_err err;

    if (blocks > KB_SCP03_KEY_MAX || blocks % KB_AES_BLOCK || len > blocks || len < 16 || len % 8)
        return KB_SW_INCORRECT_DATA;
    if (index && len != set->key_len)
        return KB_SW_INCORRECT_DATA;
    set->key_len = (uint8_t)len;
    err = crypto->cbc_start(&cbc, KB_CBC_AES, false, by->keys[2], by->key_len);
    if (err)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    err = crypto->cbc_run(&cbc, field.data + has_length, key, blocks);
    crypto->cbc_end(&cbc);
    return err ? KB_SW_NO_PRECISE_DIAGNOSIS : KB_SW_OK;
}

/* Kind, key, key check value, which has to be right where there is one; the answer repeats it. */
static enum kb_sw read_one(const struct kb_card *card, const struct kb_gp_set *by,
                           struct kb_cursor *rd, struct kb_gp_set *set, uint8_t index,
                           struct kb_writer *out)
{
    uint8_t kind = kb_rd_u8(rd), check[CHECK_VALUE];
    struct kb_span field = kb_rd_span(rd, kb_rd_u8(rd));
    struct kb_span sent = kb_rd_span(rd, kb_rd_u8(rd));
    enum kb_sw sw;

    if (rd->is_bad || !field.len || (sent.len && sent.len != CHECK_VALUE))
        return KB_SW_INCORRECT_DATA;
    if (kind != KB_GP_KIND_AES)
        return KB_SW_ALGORITHM_NOT_SUPPORTED;
    sw = read_key(card, by, field, set, index);
    if (sw != KB_SW_OK)
        return sw;
    if (kb_scp03_check_value(card->port->crypto, set->keys[index], set->key_len, check))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    if (sent.len && !kb_is_equal(sent.data, check, sizeof(check)))
        return KB_SW_KEY_CHECK_VALUE_INVALID;
    kb_wr_copy(out, check, sizeof(check));
    return KB_SW_OK;
}

static enum kb_sw read_set(const struct kb_card *card, const struct kb_gp_set *by,
                           struct kb_cursor *rd, struct kb_gp_set *set, struct kb_writer *out)
{
    enum kb_sw sw = KB_SW_OK;

    set->version = kb_rd_u8(rd);
    kb_wr_u8(out, set->version);
    for (uint8_t i = 0; i < KB_GP_KEYS && sw == KB_SW_OK; i++)
        sw = read_one(card, by, rd, set, i, out);
    return sw == KB_SW_OK && !kb_rd_is_done(rd) ? KB_SW_INCORRECT_DATA : sw;
}

static bool is_version(uint8_t version)
{
    return version && (version < KB_GP_FIRST_FIELD || version >= KB_GP_FIRST_FIELD + KB_FIELDS);
}

/* The maker's may have the version that is replaced first, FF. */
bool kb_gp_is_set(struct kb_span object)
{
    size_t keys = object.len - HEADER;

    return object.len > HEADER && is_version(object.data[0]) && object.data[1] == KB_GP_KIND_AES &&
           (keys == KB_GP_KEYS * 16 || keys == KB_GP_KEYS * 24 || keys == KB_GP_KEYS * 32);
}

/* Where the keys go: over those of version P1, or beside all others. */
static enum kb_sw choose_slot(struct kb_card *card, uint8_t replaced, uint8_t version,
                              uint8_t *slot)
{
    uint8_t same = kb_gp_set_find(card, version);

    if (!is_version(version) || version > VERSION_MAX)
        return KB_SW_INCORRECT_DATA;
    *slot = replaced ? kb_gp_set_find(card, replaced) : 0;
    if (*slot == KB_GP_SLOT_NONE)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    if (same != KB_GP_SLOT_NONE && !(replaced && same == *slot))
        return KB_SW_INCORRECT_DATA;
    while (!replaced && *slot < KB_GP_SETS &&
           kb_nvm_has(&card->nvm, (uint16_t)(KB_OBJ_GP_KEYS + *slot)))
        ++*slot;
    return *slot < KB_GP_SETS ? KB_SW_OK : KB_SW_NOT_ENOUGH_MEMORY;
}

/* The sequence counter of the slot goes on, so that no challenge ever comes twice; the tries start
 * again. */
static enum kb_err keep_set(struct kb_card *card, uint8_t slot, const struct kb_gp_set *set)
{
    struct kb_gp_memory memory;
    uint8_t bytes[SET_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    enum kb_err err = kb_gp_memory_read(card, &memory);

    kb_wr_u8(&wr, set->version);
    kb_wr_u8(&wr, KB_GP_KIND_AES);
    for (size_t i = 0; i < KB_GP_KEYS; i++)
        kb_wr_copy(&wr, set->keys[i], set->key_len);
    memory.slots[slot].wrong = 0;
    if (!err)
        err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = kb_nvm_put(&card->nvm, (uint16_t)(KB_OBJ_GP_KEYS + slot), bytes, wr.len);
    if (!err)
        err = kb_gp_memory_write(card, &memory);
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err)
        kb_nvm_rollback(&card->nvm);
    kb_wipe(bytes, sizeof(bytes));
    return err;
}

enum kb_sw kb_gp_put_key(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    struct kb_gp_set by, set;
    uint8_t slot;
    enum kb_sw sw;

    if (cmd->p2 != ALL_KEYS || cmd->p1 & 0x80)
        return KB_SW_INCORRECT_P1_P2;
    sw = kb_gp_set_read(card, card->gp.slot, &by) ? KB_SW_CONDITIONS_NOT_SATISFIED
                                                  : read_set(card, &by, &rd, &set, out);
    if (sw == KB_SW_OK)
        sw = choose_slot(card, cmd->p1, set.version, &slot);
    if (sw == KB_SW_OK)
        sw = kb_files_sw(keep_set(card, slot, &set));
    kb_wipe(&by, sizeof(by));
    kb_wipe(&set, sizeof(set));
    return sw;
}
