/* SPDX-License-Identifier: Apache-2.0 */
/* The network's side of AKA (TS 33.102 clause 6.3) against a card in a reader. */

#include "desk/authenticate.h"

#include <string.h>

#include "crypto/secret.h"
#include "desk/talk.h"

enum {
    RAND = 16,
    SQN = 6,
    AUTN_MAX = SQN + 2 + KB_AKA_MAC_MAX,
    KC = 8,
    SRES = 4,
    PIN = 8,
    IND_BITS = 5,
    TAG_SUCCESS = 0xDB,
    TAG_SYNCHRONISATION_FAILURE = 0xDC
};

static const char what[] = "AUTHENTICATE";
static const uint8_t usim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02}; /* TS 101 220 annex E */
static const uint8_t amf[2] = {0x80, 0x00}; /* separation bit: TS 33.102 annex H */

struct work {
    struct kb_reader *reader;
    const struct kb_crypto *crypto;
    const struct kb_subscriber_keys *keys;
    struct kb_report *why;
    struct kb_aka_profile profile;
    uint8_t ind_bits;
    struct kb_aka aka;
    struct kb_answer answer;
    uint8_t rand[RAND];
};

static void put_sqn(uint64_t number, uint8_t sqn[SQN])
{
    for (size_t i = SQN; i-- > 0; number >>= 8)
        sqn[i] = (uint8_t)number;
}

static uint64_t get_sqn(const uint8_t sqn[SQN])
{
    uint64_t number = 0;

    for (size_t i = 0; i < SQN; i++)
        number = number << 8 | sqn[i];
    return number;
}

static enum kb_err blame_crypto(struct work *work, enum kb_err err)
{
    return err ? kb_report(work->why, err, "%s: %s", what, kb_err_text(err)) : KB_OK;
}

static enum kb_err differ(struct work *work, const char *part)
{
    return kb_report(work->why, KB_ERR_INTEGRITY, "%s: %s is not what the keys give", what, part);
}

static struct kb_aka_keys keys_of(const struct work *work)
{
    const struct kb_subscriber_keys *keys = work->keys;

    return (struct kb_aka_keys){
        kb_span(keys->ki, keys->ki_len ? keys->ki_len : KB_SUBSCRIBER_KEY),
        kb_span(keys->opc, keys->opc_len ? keys->opc_len : KB_SUBSCRIBER_KEY)};
}

/* A fresh challenge; kb_aka_end is due afterwards. */
static enum kb_err challenge(struct work *work)
{
    const struct kb_aka_keys keys = keys_of(work);
    enum kb_err err = work->crypto->random(work->rand, RAND);

    if (!err)
        err = kb_aka_start(&work->aka, work->crypto, &work->profile, &keys, work->rand);
    return blame_crypto(work, err);
}

static enum kb_err put_autn(struct work *work, uint64_t number, struct kb_writer *out)
{
    uint8_t sqn[SQN], mac[KB_AKA_MAC_MAX];
    struct kb_aka_answer answer;
    enum kb_err err;

    put_sqn(number, sqn);
    err = kb_aka_mac(&work->aka, false, sqn, amf, mac);
    if (!err)
        err = kb_aka_answer(&work->aka, &answer);
    for (size_t i = 0; i < SQN && !err; i++)
        kb_wr_u8(out, sqn[i] ^ answer.ak[i]);
    kb_wr_copy(out, amf, sizeof amf);
    kb_wr_copy(out, mac, work->profile.mac_len);
    kb_wipe(&answer, sizeof answer);
    return blame_crypto(work, err);
}

static enum kb_err ask_3g(struct work *work, uint64_t number)
{
    static const uint8_t header[4] = {0x00, 0x88, 0x00, 0x81};
    uint8_t data[2 + RAND + AUTN_MAX];
    struct kb_writer wr = kb_wr(data, sizeof data);
    enum kb_err err;

    kb_wr_u8(&wr, RAND);
    kb_wr_copy(&wr, work->rand, RAND);
    kb_wr_u8(&wr, (uint8_t)(SQN + sizeof amf + work->profile.mac_len));
    err = put_autn(work, number, &wr);
    if (err)
        return err;
    return kb_talk(work->reader, header, kb_wr_span(&wr), true, &work->answer, work->why);
}

/* --- Sequence number --- */

static enum kb_err take_auts(struct work *work, uint64_t *seq)
{
    static const uint8_t zeros[2] = {0, 0};
    struct kb_cursor rd = kb_rd(kb_span(work->answer.data, work->answer.len));
    uint8_t sqn[SQN], ak[SQN], got[KB_AKA_MAC_MAX], expected[KB_AKA_MAC_MAX];
    uint8_t mac_len = work->profile.mac_len;
    uint8_t tag = kb_rd_u8(&rd), len = kb_rd_u8(&rd);
    enum kb_err err;

    if (tag != TAG_SYNCHRONISATION_FAILURE || len != SQN + mac_len)
        return kb_report(work->why, KB_ERR_CARD, "%s: accepted a sequence number of zero", what);
    kb_rd_copy(&rd, sqn, SQN);
    kb_rd_copy(&rd, got, mac_len);
    if (!kb_rd_is_done(&rd))
        return kb_report(work->why, KB_ERR_CARD, "%s: AUTS is malformed", what);
    err = kb_aka_resync_key(&work->aka, ak);
    for (size_t i = 0; i < SQN && !err; i++)
        sqn[i] ^= ak[i];
    if (!err)
        err = kb_aka_mac(&work->aka, true, sqn, zeros, expected);
    kb_wipe(ak, sizeof ak);
    if (err)
        return blame_crypto(work, err);
    if (!kb_is_equal(got, expected, mac_len))
        return differ(work, "MAC-S");
    *seq = get_sqn(sqn) >> work->ind_bits;
    return KB_OK;
}

static enum kb_err check_sw(struct work *work)
{
    if (work->answer.sw == KB_SW_OK)
        return KB_OK;
    kb_talk_refused(work->why, what, work->answer.sw);
    if (work->answer.sw != KB_SW_AUTHENTICATION_MAC_INCORRECT)
        return KB_ERR_CARD;
    if (work->why)
        work->why->err = KB_ERR_INTEGRITY;
    return KB_ERR_INTEGRITY;
}

/* The PIN has to be given where it is enabled (TS 31.102 clause 7.1.1.1). */
static enum kb_err give_pin(struct work *work)
{
    static const uint8_t header[4] = {0x00, 0x20, 0x00, 0x01};
    uint8_t pin[PIN];
    enum kb_err err;

    if (work->keys->pin1.len == 0 || work->keys->pin1.len > PIN)
        return kb_report(work->why, KB_ERR_CARD,
                         "%s: the card wants its PIN, which is not among the values", what);
    memset(pin, 0xFF, sizeof pin);
    memcpy(pin, work->keys->pin1.data, work->keys->pin1.len);
    err = kb_talk_ok(work->reader, "VERIFY PIN", header, kb_span(pin, sizeof pin), false,
                     &work->answer, work->why);
    kb_wipe(pin, sizeof pin);
    return err;
}

static enum kb_err learn_seq(struct work *work, uint64_t *seq)
{
    enum kb_err err = challenge(work);

    if (!err)
        err = ask_3g(work, 0);
    if (!err && work->answer.sw == KB_SW_SECURITY_NOT_SATISFIED) {
        err = give_pin(work);
        if (!err)
            err = ask_3g(work, 0);
    }
    if (!err)
        err = check_sw(work);
    if (!err)
        err = take_auts(work, seq);
    kb_aka_end(&work->aka);
    return err;
}

/* --- Answers --- */

/* The next length-value of an answer against what the keys give. */
static bool is_next(struct kb_cursor *rd, const uint8_t *expected, size_t len)
{
    struct kb_span got = kb_rd_span(rd, kb_rd_u8(rd));

    return got.len == len && kb_is_equal(got.data, expected, len);
}

static enum kb_err compare_3g(struct work *work)
{
    struct kb_cursor rd = kb_rd(kb_span(work->answer.data, work->answer.len));
    const struct kb_aka_profile *profile = &work->profile;
    struct kb_aka_answer answer;
    uint8_t kc[KC];
    enum kb_err err = kb_aka_answer(&work->aka, &answer);

    if (err)
        return blame_crypto(work, err);
    kb_aka_kc(profile, &answer, kc);
    if (kb_rd_u8(&rd) != TAG_SUCCESS)
        err = kb_report(work->why, KB_ERR_CARD, "%s: refused the next sequence number", what);
    else if (!is_next(&rd, answer.res, profile->res_len))
        err = differ(work, "RES");
    else if (!is_next(&rd, answer.ck, profile->ck_len))
        err = differ(work, "CK");
    else if (!is_next(&rd, answer.ik, profile->ik_len))
        err = differ(work, "IK");
    else if (kb_rd_left(&rd) && !is_next(&rd, kc, sizeof kc))
        err = differ(work, "Kc");
    kb_wipe(&answer, sizeof answer);
    kb_wipe(kc, sizeof kc);
    return err;
}

static enum kb_err prove_3g(struct work *work, uint64_t seq)
{
    enum kb_err err = challenge(work);

    if (!err)
        err = ask_3g(work, seq << work->ind_bits | ((1u << work->ind_bits) - 1));
    if (!err)
        err = check_sw(work);
    if (!err)
        err = compare_3g(work);
    kb_aka_end(&work->aka);
    return err;
}

static enum kb_err compare_gsm(struct work *work)
{
    struct kb_cursor rd = kb_rd(kb_span(work->answer.data, work->answer.len));
    const struct kb_aka_keys keys = keys_of(work);
    uint8_t sres[SRES], kc[KC];
    enum kb_err err = kb_aka_gsm(work->crypto, &work->profile, &keys, work->rand, sres, kc);

    if (err)
        return blame_crypto(work, err);
    if (!is_next(&rd, sres, sizeof sres))
        err = differ(work, "SRES");
    else if (!is_next(&rd, kc, sizeof kc))
        err = differ(work, "Kc in the GSM context");
    kb_wipe(sres, sizeof sres);
    kb_wipe(kc, sizeof kc);
    return err;
}

static enum kb_err prove_gsm(struct work *work)
{
    static const uint8_t header[4] = {0x00, 0x88, 0x00, 0x80};
    uint8_t data[1 + RAND];
    struct kb_writer wr = kb_wr(data, sizeof data);
    enum kb_err err = challenge(work);

    kb_wr_u8(&wr, RAND);
    kb_wr_copy(&wr, work->rand, RAND);
    if (!err)
        err = kb_talk(work->reader, header, kb_wr_span(&wr), true, &work->answer, work->why);
    /* A USIM without service 38 has no GSM context to prove. */
    if (!err && work->answer.sw != KB_SW_CONTEXT_NOT_SUPPORTED) {
        err = check_sw(work);
        if (!err)
            err = compare_gsm(work);
    }
    kb_aka_end(&work->aka);
    return err;
}

enum kb_err kb_authenticate(struct kb_reader *reader, const struct kb_crypto *crypto,
                            const struct kb_subscriber_keys *keys, uint64_t *seq,
                            struct kb_report *why)
{
    static const uint8_t select_usim[4] = {0x00, 0xA4, 0x04, 0x04};
    static const struct kb_aka_profile usual = {
        .res_len = 8, .ck_len = 16, .ik_len = 16, .mac_len = 8, .iterations = 1};
    struct work work = {.reader = reader,
                        .crypto = crypto,
                        .keys = keys,
                        .why = why,
                        .profile = keys->profile,
                        .ind_bits = keys->ind_bits};
    enum kb_err err = kb_talk_ok(reader, "SELECT USIM", select_usim, kb_span(usim, sizeof usim),
                                 true, &work.answer, why);

    if (!keys->profile.res_len) {
        work.profile = usual;
        work.ind_bits = IND_BITS;
    }
    work.aka.profile = &work.profile;
    if (!err)
        err = learn_seq(&work, seq);
    if (!err)
        err = prove_3g(&work, *seq + 1);
    if (!err) {
        (*seq)++;
        err = prove_gsm(&work);
    }
    kb_wipe(&work, sizeof work);
    return err;
}
