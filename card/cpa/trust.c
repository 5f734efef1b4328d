/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the card believes: the operators' root that its maker put in, the time as it was told, and
 * the list of those who were taken back. */
#include <string.h>

#include "agree/revoked.h"
#include "card/cpa/inside.h"

enum { LIST_MAX = KB_NVM_OBJECT_MAX, CLOCK = 8 };

enum kb_err kb_cpa_root_load(struct kb_card *card, struct kb_cpa_root *root)
{
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_OPERATORS_ROOT);
    enum kb_err err = size ? KB_OK : KB_ERR_ABSENT;

    if (size > sizeof(root->bytes))
        err = KB_ERR_MALFORMED;
    if (!err)
        err = kb_nvm_read(&card->nvm, KB_OBJ_OPERATORS_ROOT, 0, root->bytes, size);
    if (!err && size != 1 + (size_t)root->bytes[0] + KB_P256_PUBLIC)
        err = KB_ERR_MALFORMED;
    if (err)
        return err;
    root->is.name = kb_span(root->bytes + 1, root->bytes[0]);
    root->is.public_key = root->bytes + 1 + root->bytes[0];
    return KB_OK;
}

/* --- Those who were taken back --- */

/* The list that is kept, an empty one when there is none. One that cannot be read is an error:
 * then nobody is believed. */
static enum kb_err load_list(struct kb_card *card, uint8_t bytes[LIST_MAX], struct kb_revoked *list)
{
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_REVOKED);
    enum kb_err err;

    memset(list, 0, sizeof(*list));
    if (!size)
        return KB_OK;
    if (size > LIST_MAX)
        return KB_ERR_TOO_LONG;
    err = kb_nvm_read(&card->nvm, KB_OBJ_REVOKED, 0, bytes, size);
    return err ? err : kb_revoked_reread(kb_span(bytes, size), list);
}

uint64_t kb_cpa_revoked_seen(struct kb_card *card)
{
    uint8_t bytes[LIST_MAX];
    struct kb_revoked list;

    return load_list(card, bytes, &list) ? 0 : list.number;
}

void kb_cpa_revoked_take(struct kb_card *card, struct kb_span bytes)
{
    struct kb_cpa_root root;
    struct kb_revoked list;
    uint64_t seen = kb_cpa_revoked_seen(card);

    if (!bytes.len || bytes.len > LIST_MAX || kb_cpa_root_load(card, &root))
        return;
    if (kb_revoked_read(card->port->crypto, &root.is, seen + 1, bytes, &list))
        return;
    (void)kb_nvm_put(&card->nvm, KB_OBJ_REVOKED, bytes.data, bytes.len);
}

enum kb_err kb_cpa_revoked_judge(struct kb_card *card, const uint8_t public_key[KB_CURVE_SIZE])
{
    uint8_t bytes[LIST_MAX];
    struct kb_revoked list;
    struct kb_credential credential = {0};
    enum kb_err err = load_list(card, bytes, &list);

    /* Both were signed by the one root there is. */
    credential.issuer = list.issuer;
    memcpy(credential.public_key, public_key, sizeof(credential.public_key));
    return err ? err : kb_revoked_judge(card->port->crypto, &list, &credential);
}

/* --- Time --- */

int64_t kb_cpa_clock(struct kb_card *card, uint64_t told)
{
    uint8_t bytes[CLOCK] = {0};
    struct kb_cursor rd = kb_rd(kb_span(bytes, sizeof(bytes)));
    uint64_t kept;

    if (kb_nvm_read(&card->nvm, KB_OBJ_CPA_CLOCK, 0, bytes, sizeof(bytes)))
        return (int64_t)told;
    kept = (uint64_t)kb_rd_u32(&rd) << 32;
    kept |= kb_rd_u32(&rd);
    return (int64_t)(kept > told ? kept : told);
}

enum kb_err kb_cpa_clock_keep(struct kb_card *card, uint64_t told)
{
    uint8_t bytes[CLOCK];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    if (!told || kb_cpa_clock(card, told) != (int64_t)told)
        return KB_OK;
    kb_wr_u32(&wr, (uint32_t)(told >> 32));
    kb_wr_u32(&wr, (uint32_t)told);
    return kb_nvm_put(&card->nvm, KB_OBJ_CPA_CLOCK, bytes, sizeof(bytes));
}
