/* SPDX-License-Identifier: Apache-2.0 */
/* GET DATA and STORE DATA (GlobalPlatform Card Specification clauses 11.3, 11.11 and appendix H).
 */
#include <string.h>

#include "card/files/commands.h"
#include "card/gp/inside.h"
#include "crypto/secret.h"
#include "wire/tlv.h"

enum {
    TAG_ISSUER = 0x42, /* issuer identification number */
    TAG_IMAGE = 0x45,  /* card image number */
    TAG_CARD_DATA = 0x66,
    TAG_CAPABILITIES = 0x67,
    TAG_COUNTER = 0xC1,
    TAG_KEYS = 0xE0,
    TAG_KEY = 0xC0,
    TAG_CPLC = 0x9F7F,
    TAG_PERSONALIZER = 0x9F66,    /* the two parts of the production data that are written once */
    TAG_PREPERSONALIZER = 0x9F67, /* the card has left its maker */
    DATA_MAX = 255,
    OBJECT_STAGED = KB_OBJ_GP_DATA + KB_GP_DATA, /* of a STORE DATA that is not complete */
    P1_LAST = 0x80,
    P1_FORMAT = 0x18,
    P1_DGI = 0x08,
    P1_TLV = 0x10,
    DGI_TLV = 0x0070 /* a data grouping with BER-TLV in it */
};

/* Appendix H.2: what recognizes the card. 06: object identifiers below 1.2.840.114283. */
static const uint8_t card_data[] = {
    0x73, 0x3A, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x01, /* GlobalPlatform */
    0x60, 0x0C, 0x06, 0x0A, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x02, 2,    3,    1, /* version */
    0x63, 0x09, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x03, /* identification */
    0x64, 0x16, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03, 0x70, /* SCP03, S8 */
    0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03, 0x71,             /* S16 */
};

/* Appendix H.4: SCP03 with its options and key lengths (bits 1-3: 128, 192, 256). */
static const uint8_t capabilities[] = {0xA0, 0x0A, 0x80, 0x01, 0x03, 0x81,
                                       0x02, 0x70, 0x71, 0x82, 0x01, 0x07};

/* --- GET DATA --- */

static enum kb_sw put_constant(struct kb_writer *out, uint32_t tag, const uint8_t *data, size_t len)
{
    kb_tlv_put(out, tag, kb_span(data, len));
    return KB_SW_OK;
}

/* What an object holds; into the answer, where there is room for all of it. */
static enum kb_sw put_object(struct kb_card *card, struct kb_writer *out, uint32_t tag,
                             uint16_t object)
{
    uint8_t data[DATA_MAX];
    size_t len = kb_nvm_size(&card->nvm, object);

    if (!len)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    if (len > sizeof(data) || kb_nvm_read(&card->nvm, object, 0, data, len))
        return KB_SW_MEMORY_PROBLEM;
    return put_constant(out, tag, data, len);
}

/* Number, version, kind and length of every key (clause 11.3.3.1). */
static enum kb_sw put_keys(struct kb_card *card, struct kb_writer *out)
{
    size_t mark = kb_tlv_open(out, TAG_KEYS);
    uint8_t version, key_len;

    for (uint8_t slot = 0; slot < KB_GP_SETS; slot++) {
        if (kb_gp_set_describe(card, slot, &version, &key_len))
            continue;
        for (uint8_t number = 1; number <= KB_GP_KEYS; number++) {
            const uint8_t key[] = {number, version, KB_GP_KIND_AES, key_len};

            kb_tlv_put(out, TAG_KEY, kb_span(key, sizeof(key)));
        }
    }
    kb_tlv_close(out, mark);
    return KB_SW_OK;
}

/* Of the key set that INITIALIZE UPDATE takes unasked. */
static enum kb_sw put_counter(struct kb_card *card, struct kb_writer *out)
{
    uint8_t slot = kb_gp_set_find(card, 0);
    struct kb_gp_memory memory;

    if (slot == KB_GP_SLOT_NONE)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    if (kb_gp_memory_read(card, &memory))
        return KB_SW_MEMORY_PROBLEM;
    return put_constant(out, TAG_COUNTER, memory.slots[slot].counter, KB_SCP03_COUNTER);
}

/* What an object holds under its tag, and what STORE DATA makes of a value: the whole object, or
 * so many bytes of it from an offset. */
static const struct {
    uint32_t tag;
    uint16_t object;
    uint8_t offset, size;
    bool is_shown, is_stored;
} kept[] = {
    {TAG_ISSUER, KB_OBJ_GP_DATA, 0, 0, true, true},
    {TAG_IMAGE, KB_OBJ_GP_DATA + 1, 0, 0, true, true},
    {TAG_CARD_DATA, KB_OBJ_GP_DATA + 2, 0, 0, true, true},
    {TAG_CPLC, KB_OBJ_CPLC, 0, 0, true, false},
    {TAG_PREPERSONALIZER, KB_OBJ_CPLC, KB_GP_CPLC_PREPERSONALIZER, KB_GP_CPLC_PART, false, true},
    {TAG_PERSONALIZER, KB_OBJ_CPLC, KB_GP_CPLC_PERSONALIZER, KB_GP_CPLC_PART, false, true},
};

enum { KEPT = sizeof(kept) / sizeof(kept[0]) };

enum kb_sw kb_gp_get_data(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint32_t tag = kb_apdu_p1p2(cmd);
    enum kb_sw sw = KB_SW_REFERENCED_DATA_NOT_FOUND;

    if (tag == TAG_CAPABILITIES)
        return put_constant(out, tag, capabilities, sizeof(capabilities));
    if (tag == TAG_KEYS)
        return put_keys(card, out);
    if (tag == TAG_COUNTER)
        return put_counter(card, out);
    for (size_t i = 0; i < KEPT; i++)
        if (kept[i].tag == tag && kept[i].is_shown)
            sw = put_object(card, out, tag, kept[i].object);
    if (sw == KB_SW_REFERENCED_DATA_NOT_FOUND && tag == TAG_CARD_DATA)
        return put_constant(out, tag, card_data, sizeof(card_data));
    return sw;
}

/* --- STORE DATA --- */

static enum kb_sw store_one(struct kb_card *card, const struct kb_tlv *tlv)
{
    size_t i = 0;

    while (i < KEPT && !(kept[i].tag == tlv->tag && kept[i].is_stored))
        i++;
    if (i == KEPT || (kept[i].size && !kb_nvm_has(&card->nvm, kept[i].object)))
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    if (!tlv->value.len || tlv->value.len > DATA_MAX ||
        (kept[i].size && tlv->value.len != kept[i].size))
        return KB_SW_INCORRECT_DATA;
    if (!kept[i].size)
        return kb_files_sw(kb_nvm_put(&card->nvm, kept[i].object, tlv->value.data, tlv->value.len));
    return kb_files_sw(
        kb_nvm_patch(&card->nvm, kept[i].object, kept[i].offset, tlv->value.data, tlv->value.len));
}

static enum kb_sw store_tlvs(struct kb_card *card, struct kb_span data)
{
    struct kb_cursor rd = kb_rd(data);
    enum kb_sw sw = KB_SW_OK;
    struct kb_tlv tlv;

    while (sw == KB_SW_OK && kb_tlv_next(&rd, &tlv))
        sw = store_one(card, &tlv);
    return rd.is_bad ? KB_SW_INCORRECT_DATA : sw;
}

static enum kb_sw store_groupings(struct kb_card *card, struct kb_span data)
{
    struct kb_cursor rd = kb_rd(data);
    enum kb_sw sw = KB_SW_OK;
    struct kb_tlv dgi;

    while (sw == KB_SW_OK && kb_dgi_next(&rd, &dgi))
        sw = dgi.tag == DGI_TLV ? store_tlvs(card, dgi.value) : store_one(card, &dgi);
    return rd.is_bad ? KB_SW_INCORRECT_DATA : sw;
}

/* Everything that came, in one transaction. */
static enum kb_sw store_all(struct kb_card *card, uint8_t format, struct kb_span data)
{
    enum kb_sw sw = kb_files_sw(kb_nvm_begin(&card->nvm));

    if (sw != KB_SW_OK)
        return sw;
    sw = format == P1_DGI ? store_groupings(card, data) : store_tlvs(card, data);
    if (sw == KB_SW_OK && kb_nvm_has(&card->nvm, OBJECT_STAGED))
        sw = kb_files_sw(kb_nvm_delete(&card->nvm, OBJECT_STAGED));
    if (sw == KB_SW_OK)
        sw = kb_files_sw(kb_nvm_commit(&card->nvm));
    if (sw != KB_SW_OK)
        kb_nvm_rollback(&card->nvm);
    return sw;
}

/* A block behind those that are staged; block 0 starts anew. Data objects may be cut anywhere. */
static enum kb_err stage(struct kb_card *card, const struct kb_apdu *cmd)
{
    size_t at = kb_nvm_size(&card->nvm, OBJECT_STAGED);

    if (cmd->p2)
        return kb_nvm_patch(&card->nvm, OBJECT_STAGED, at, cmd->data.data, cmd->data.len);
    return kb_nvm_put(&card->nvm, OBJECT_STAGED, cmd->data.data, cmd->data.len);
}

/* room: where an answer would go, and there is none. */
static enum kb_sw store_staged(struct kb_card *card, uint8_t format, struct kb_writer *room)
{
    size_t len = kb_nvm_size(&card->nvm, OBJECT_STAGED);
    enum kb_sw sw = KB_SW_MEMORY_PROBLEM;

    if (len > room->cap)
        return KB_SW_NOT_ENOUGH_MEMORY;
    if (!kb_nvm_read(&card->nvm, OBJECT_STAGED, 0, room->data, len))
        sw = store_all(card, format, kb_span(room->data, len));
    kb_wipe(room->data, len);
    return sw;
}

enum kb_sw kb_gp_store_data(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t format = cmd->p1 & P1_FORMAT, block = card->gp.next_block;
    bool is_last = cmd->p1 & P1_LAST;
    enum kb_sw sw;

    card->gp.next_block = 0;
    if (cmd->p1 & ~(P1_LAST | P1_FORMAT) || format == P1_FORMAT)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->p2 && cmd->p2 != block)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (!cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (is_last && !cmd->p2)
        return store_all(card, format, cmd->data);
    sw = kb_files_sw(stage(card, cmd));
    if (sw == KB_SW_OK && is_last)
        return store_staged(card, format, out);
    if (sw == KB_SW_OK)
        card->gp.next_block = (uint8_t)(cmd->p2 + 1);
    return sw;
}
