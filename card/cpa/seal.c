/* SPDX-License-Identifier: Apache-2.0 */
/* What operator and card say to each other under the key that they agreed on, and that nobody in
 * between can read or make: the identity, and the card's last word (wire/session.h). */
#include "card/cpa/inside.h"
#include "crypto/secret.h"

/* The key is the first thing in its object, before the swap and after it. */
static enum kb_err load_key(struct kb_card *card, uint8_t key[KB_CPA_KEY])
{
    uint16_t size = kb_nvm_size(&card->nvm, KB_OBJ_CPA_AGREEMENT);

    if (size != KB_CPA_KEY && size != sizeof(struct kb_cpa_keys))
        return KB_ERR_ABSENT;
    return kb_nvm_read(&card->nvm, KB_OBJ_CPA_AGREEMENT, 0, key, KB_CPA_KEY);
}

struct about {
    uint8_t session[4], nonce[KB_CCM_NONCE];
};

static struct about about(uint32_t session, enum kb_sealed_what what)
{
    struct about it = {{0}, {0}};
    struct kb_writer wr = kb_wr(it.session, sizeof(it.session));

    kb_wr_u32(&wr, session);
    it.nonce[KB_CCM_NONCE - 1] = (uint8_t)what;
    return it;
}

enum kb_err kb_cpa_seal(struct kb_card *card, uint32_t session, enum kb_sealed_what what,
                        uint8_t reason, struct kb_writer *sealed)
{
    const struct about it = about(session, what);
    const struct kb_span plain = kb_span(&reason, what == KB_SEALED_DROPPED ? 1 : 0);
    uint8_t key[KB_CPA_KEY], *out, *tag;
    enum kb_err err = load_key(card, key);

    if (err)
        return err;
    out = kb_wr_reserve(sealed, plain.len);
    tag = kb_wr_reserve(sealed, KB_SEALED_TAG);
    err = out && tag
              ? card->port->crypto->ccm_seal(key, it.nonce, kb_span(it.session, sizeof(it.session)),
                                             plain, out, tag, KB_SEALED_TAG)
              : KB_ERR_TOO_LONG;
    kb_wipe(key, sizeof(key));
    return err;
}

enum kb_err kb_cpa_unseal(struct kb_card *card, uint32_t session, struct kb_span sealed,
                          struct kb_writer *plain)
{
    const struct about it = about(session, KB_SEALED_IDENTITY);
    struct kb_span text = {sealed.data, sealed.len - KB_SEALED_TAG};
    uint8_t key[KB_CPA_KEY], *out;
    enum kb_err err;

    if (sealed.len <= KB_SEALED_TAG)
        return KB_ERR_MALFORMED;
    out = kb_wr_reserve(plain, text.len);
    err = out ? load_key(card, key) : KB_ERR_TOO_LONG;
    if (err)
        return err;
    err = card->port->crypto->ccm_open(key, it.nonce, kb_span(it.session, sizeof(it.session)), text,
                                       sealed.data + text.len, KB_SEALED_TAG, out);
    kb_wipe(key, sizeof(key));
    return err;
}
