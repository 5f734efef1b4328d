/* SPDX-License-Identifier: Apache-2.0 */
/* GET STATUS and SET STATUS (GlobalPlatform Card Specification clauses 11.4 and 11.10). */
#include <string.h>

#include "card/files/commands.h"
#include "card/files/tree.h"
#include "card/gp/inside.h"
#include "wire/tlv.h"

enum {
    DOMAIN = 0x80,       /* P1: the issuer security domain */
    APPLICATIONS = 0x40, /* applications and other domains */
    NEXT = 0x01,         /* P2: what there was no room for */
    AS_TLV = 0x02,
    TAG_AID = 0x4F,
    TAG_ENTRY = 0xE3,
    TAG_LIFE_CYCLE = 0x9F70,
    TAG_PRIVILEGES = 0xC5,
    SELECTABLE = 0x07, /* table 11-4 */
    PRIVILEGES = 3
};

/* Table 11-7: security domain, card lock, card terminate; global registry. */
static const uint8_t domain_privileges[PRIVILEGES] = {0x98, 0x04, 0x00};
static const uint8_t no_privileges[PRIVILEGES] = {0};

/* --- GET STATUS --- */

struct listing {
    struct kb_span wanted; /* how the AID begins */
    bool is_tlv;
    struct kb_writer *out;
};

static void put_entry(const struct listing *listing, struct kb_span aid, uint8_t life_cycle,
                      const uint8_t privileges[PRIVILEGES])
{
    struct kb_writer *out = listing->out;
    size_t mark;

    if (aid.len < listing->wanted.len ||
        (listing->wanted.len && memcmp(aid.data, listing->wanted.data, listing->wanted.len) != 0))
        return;
    if (!listing->is_tlv) { /* table 11-36 */
        kb_wr_u8(out, (uint8_t)aid.len);
        kb_wr_copy(out, aid.data, aid.len);
        kb_wr_u8(out, life_cycle);
        kb_wr_u8(out, privileges[0]);
        return;
    }
    mark = kb_tlv_open(out, TAG_ENTRY);
    kb_tlv_put(out, TAG_AID, aid);
    kb_tlv_put_u8(out, TAG_LIFE_CYCLE, life_cycle);
    kb_tlv_put(out, TAG_PRIVILEGES, kb_span(privileges, PRIVILEGES));
    kb_tlv_close(out, mark);
}

/* The applications of the card are those of its files. */
static void put_applications(struct kb_card *card, const struct listing *listing)
{
    uint8_t aid[KB_AID_MAX];
    struct kb_file mf, file;
    uint32_t entry;
    size_t at = 0;

    if (kb_tree_load(card, KB_OBJ_MF, &mf))
        return;
    while ((entry = kb_tree_next(card, &mf, &at)) != 0)
        if (!kb_tree_load(card, kb_tree_object_of(entry), &file) && file.kind == KB_FILE_ADF)
            put_entry(listing, kb_span(aid, kb_tree_aid(card, &file, aid)), SELECTABLE,
                      no_privileges);
}

enum kb_sw kb_gp_get_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    struct listing listing = {.is_tlv = cmd->p2 & AS_TLV, .out = out};
    struct kb_tlv wanted;

    if (cmd->p2 & ~(NEXT | AS_TLV) || cmd->p1 & 0x0F)
        return KB_SW_INCORRECT_P1_P2;
    if (!kb_tlv_next(&rd, &wanted) || wanted.tag != TAG_AID)
        return KB_SW_INCORRECT_DATA;
    listing.wanted = wanted.value;
    if (cmd->p2 & NEXT)
        return KB_SW_CONDITIONS_NOT_SATISFIED; /* everything came at once */
    if (cmd->p1 == DOMAIN)
        put_entry(&listing, kb_span(kb_gp_aid, sizeof(kb_gp_aid)), card->gp.life_cycle,
                  domain_privileges);
    if (cmd->p1 == APPLICATIONS)
        put_applications(card, &listing);
    return out->len ? KB_SW_OK : KB_SW_REFERENCED_DATA_NOT_FOUND;
}

/* --- SET STATUS --- */

/* Forward only, but for a lock, which opens again (clause 5.1.1, figure 5-1). */
static bool may_become(uint8_t from, uint8_t to)
{
    if (to == KB_GP_CARD_LOCKED)
        return from == KB_GP_SECURED;
    if (from == KB_GP_CARD_LOCKED && to == KB_GP_SECURED)
        return true;
    return to == KB_GP_TERMINATED ||
           ((to == KB_GP_INITIALIZED || to == KB_GP_SECURED) && from < to);
}

enum kb_sw kb_gp_set_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_gp_memory memory;
    enum kb_sw sw;

    (void)out;
    if (cmd->p1 != DOMAIN)
        return KB_SW_INCORRECT_P1_P2;
    if (!may_become(card->gp.life_cycle, cmd->p2))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_gp_memory_read(card, &memory))
        return KB_SW_MEMORY_PROBLEM;
    memory.life_cycle = cmd->p2;
    sw = kb_files_sw(kb_gp_memory_write(card, &memory));
    if (sw == KB_SW_OK)
        card->gp.life_cycle = cmd->p2;
    return sw;
}
