/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of SCP03 (crypto/scp03.h) over a reader. */
#include "desk/secure.h"

#include <string.h>

#include "crypto/diversify.h"
#include "crypto/secret.h"
#include "desk/talk.h"

enum {
    MODE = KB_SCP03_S8,
    CHAIN_BIT = 0x10, /* ISO/IEC 7816-4 clause 5.3.3 */
    CLA_SECURED = 0x84,
    SENT_MAX = 255,
    LINK_MAX = (SENT_MAX - MODE) / KB_AES_BLOCK * KB_AES_BLOCK - 1, /* plain, padding behind */
    FIRST_FIELD = 0x38,   /* key version of field 0, docs/apdu.md 3.1 */
    DIVERSIFICATION = 10, /* in the answer of INITIALIZE UPDATE, Amendment D clause 7.1.1.6 */
    PROTOCOL = 0x03,
    /* Every card of ours has them. No cryptogram speaks for its options, so less is not taken: it
     * could be the word of whoever wants to answer in its place. */
    OPTIONS = KB_SCP03_I_R_MAC | KB_SCP03_I_R_ENC,
    LEVEL = KB_SCP03_C_MAC | KB_SCP03_C_DEC | KB_SCP03_R_MAC | KB_SCP03_R_ENC
};

static const char initialize[] = "INITIALIZE UPDATE", authenticate[] = "EXTERNAL AUTHENTICATE";

/* What the card answered to INITIALIZE UPDATE. */
struct offer {
    uint8_t version, protocol, options;
    struct kb_span challenge, cryptogram;
};

static enum kb_err read_offer(const struct kb_answer *answer, struct offer *out)
{
    struct kb_cursor rd = kb_rd(kb_span(answer->data, answer->len));

    kb_rd_span(&rd, DIVERSIFICATION);
    out->version = kb_rd_u8(&rd);
    out->protocol = kb_rd_u8(&rd);
    out->options = kb_rd_u8(&rd);
    out->challenge = kb_rd_span(&rd, MODE);
    out->cryptogram = kb_rd_span(&rd, MODE);
    if (out->options & KB_SCP03_I_PSEUDO_RANDOM)
        kb_rd_span(&rd, KB_SCP03_COUNTER);
    return kb_rd_is_done(&rd) ? KB_OK : KB_ERR_MALFORMED;
}

/* Session keys, and whether the card has the same. */
static enum kb_err begin(struct kb_secure *secure, const uint8_t code[KB_PERSO_CODE],
                         const uint8_t challenge[MODE], const struct offer *offer, bool *is_right)
{
    const struct kb_crypto *crypto = secure->crypto;
    uint8_t keys[2][KB_AES_BLOCK], cryptogram[MODE];
    const struct kb_scp03_start start = {keys[0], keys[1],   sizeof keys[0],
                                         MODE,    challenge, offer->challenge.data};
    struct kb_span none = kb_span(NULL, 0);
    enum kb_err err =
        kb_diversify(crypto, code, KB_PERSO_CODE, "scp03 enc", none, keys[0], sizeof keys[0]);

    if (!err)
        err = kb_diversify(crypto, code, KB_PERSO_CODE, "scp03 mac", none, keys[1], sizeof keys[1]);
    if (!err)
        err = kb_scp03_begin(&secure->scp, crypto, &start, cryptogram);
    *is_right = !err && kb_is_equal(cryptogram, offer->cryptogram.data, MODE);
    kb_wipe(keys, sizeof keys);
    return err;
}

static enum kb_err authenticate_host(struct kb_secure *secure, struct kb_answer *answer,
                                     struct kb_report *why)
{
    const uint8_t header[4] = {CLA_SECURED, 0x82, LEVEL, 0x00};
    uint8_t data[2 * MODE];
    struct kb_writer wr = kb_wr(data, sizeof data);
    enum kb_err err = kb_scp03_authenticate(&secure->scp, secure->crypto, LEVEL, &wr);

    if (err)
        return kb_report(why, err, "%s: %s", authenticate, kb_err_text(err));
    return kb_talk_ok(secure->reader, authenticate, header, kb_wr_span(&wr), false, answer, why);
}

enum kb_err kb_secure_open(struct kb_secure *secure, const struct kb_random *random,
                           const struct kb_entity_field *field, const uint8_t code[KB_PERSO_CODE],
                           struct kb_report *why)
{
    const uint8_t header[4] = {0x80, 0x50, (uint8_t)(FIRST_FIELD + field->number), 0x00};
    uint8_t challenge[MODE];
    struct kb_answer answer;
    struct offer offer;
    bool is_right = false;
    enum kb_err err = kb_random(secure->crypto, random, challenge, sizeof challenge);

    if (err)
        return kb_report(why, err, "%s: %s", initialize, kb_err_text(err));
    err = kb_talk_ok(secure->reader, initialize, header, kb_span(challenge, sizeof challenge), true,
                     &answer, why);
    if (err)
        return err;
    if (read_offer(&answer, &offer) || offer.protocol != PROTOCOL || offer.version != header[2])
        return kb_report(why, KB_ERR_CARD, "%s: the card does not speak SCP03 for field %s",
                         initialize, field->name);
    if ((offer.options & OPTIONS) != OPTIONS)
        return kb_report(why, KB_ERR_CARD, "%s: the card does not protect its answers", initialize);
    err = begin(secure, code, challenge, &offer, &is_right);
    if (err)
        return kb_report(why, err, "%s: %s", initialize, kb_err_text(err));
    if (!is_right)
        return kb_report(why, KB_ERR_CARD,
                         "%s: the card has another code than the handover; no try was spent",
                         initialize);
    err = authenticate_host(secure, &answer, why);
    secure->is_open = !err;
    return err;
}

static enum kb_err talk_link(struct kb_secure *secure, const uint8_t header[4], struct kb_span data,
                             struct kb_answer *answer, struct kb_report *why)
{
    uint8_t sent[SENT_MAX];
    struct kb_writer wr = kb_wr(sent, sizeof sent);
    enum kb_err err = kb_scp03_seal_command(&secure->scp, secure->crypto, header, data, &wr);

    if (!err)
        err = kb_talk(secure->reader, header, kb_wr_span(&wr), true, answer, why);
    else
        kb_report(why, err, "secure channel: %s", kb_err_text(err));
    if (!err && kb_scp03_open_response(&secure->scp, secure->crypto, answer->sw, answer->data,
                                       &answer->len))
        err = kb_report(why, KB_ERR_INTEGRITY,
                        "secure channel: the answer was changed on its way (%04X)", answer->sw);
    return err;
}

enum kb_err kb_secure_talk(struct kb_secure *secure, const uint8_t header[4], struct kb_span data,
                           struct kb_answer *answer, struct kb_report *why)
{
    uint8_t secured[4] = {(uint8_t)(header[0] | KB_CLA_SECURED | CHAIN_BIT), header[1], header[2],
                          header[3]};
    struct kb_cursor rd = kb_rd(data);
    enum kb_err err = KB_OK;

    answer->sw = KB_SW_OK;
    while (!err && answer->sw == KB_SW_OK && kb_rd_left(&rd) > LINK_MAX)
        err = talk_link(secure, secured, kb_rd_span(&rd, LINK_MAX), answer, why);
    if (err || answer->sw != KB_SW_OK)
        return err;
    secured[0] &= (uint8_t)~CHAIN_BIT;
    return talk_link(secure, secured, kb_rd_span(&rd, kb_rd_left(&rd)), answer, why);
}
