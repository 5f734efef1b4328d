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
    SW_CHV_FIRST = 0x9804, /* TS 51.011 clause 9.4.5 */
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
    uint8_t ind_bits, ki_len, opc_len;
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
    return (struct kb_aka_keys){kb_span(work->keys->ki, work->ki_len),
                                kb_span(work->keys->opc, work->opc_len)};
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
static enum kb_err give_pin(struct work *work, uint8_t cla)
{
    const uint8_t header[4] = {cla, 0x20, 0x00, 0x01};
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
        err = give_pin(work, 0x00);
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

/* --- GSM --- */

/* The parts have their lengths in front in AUTHENTICATE, and none in RUN GSM ALGORITHM. */
static enum kb_err compare_gsm(struct work *work, bool has_lengths)
{
    struct kb_cursor rd = kb_rd(kb_span(work->answer.data, work->answer.len));
    const struct kb_aka_keys keys = keys_of(work);
    uint8_t sres[1 + SRES] = {SRES}, kc[1 + KC] = {KC};
    enum kb_err err = kb_aka_gsm(work->crypto, &work->profile, &keys, work->rand, &sres[1], &kc[1]);
    size_t skipped = has_lengths ? 0 : 1;
    struct kb_span got;

    if (err)
        return blame_crypto(work, err);
    got = kb_rd_span(&rd, sizeof sres - skipped);
    if (rd.is_bad || !kb_is_equal(got.data, &sres[skipped], got.len))
        err = differ(work, "SRES");
    got = kb_rd_span(&rd, sizeof kc - skipped);
    if (!err && (!kb_rd_is_done(&rd) || !kb_is_equal(got.data, &kc[skipped], got.len)))
        err = differ(work, "Kc in the GSM context");
    kb_wipe(sres, sizeof sres);
    kb_wipe(kc, sizeof kc);
    return err;
}

static enum kb_err ask_gsm(struct work *work)
{
    static const uint8_t header[4] = {0x00, 0x88, 0x00, 0x80};
    uint8_t data[1 + RAND];
    struct kb_writer wr = kb_wr(data, sizeof data);

    kb_wr_u8(&wr, RAND);
    kb_wr_copy(&wr, work->rand, RAND);
    return kb_talk(work->reader, header, kb_wr_span(&wr), true, &work->answer, work->why);
}

/* *is_there: false when the USIM has no GSM context to prove, for want of service 38. */
static enum kb_err prove_gsm(struct work *work, bool *is_there)
{
    enum kb_err err = blame_crypto(work, work->crypto->random(work->rand, RAND));

    if (!err)
        err = ask_gsm(work);
    if (!err && work->answer.sw == KB_SW_SECURITY_NOT_SATISFIED) {
        err = give_pin(work, 0x00);
        if (!err)
            err = ask_gsm(work);
    }
    *is_there = work->answer.sw != KB_SW_CONTEXT_NOT_SUPPORTED;
    if (!err && *is_there)
        err = check_sw(work);
    return err || !*is_there ? err : compare_gsm(work, true);
}

/* A command of class A0 whose answer waits (TS 51.011 clause 9.4.1: 9FXX), or that has none. */
static enum kb_err talk_a0(struct work *work, uint8_t ins, struct kb_span data)
{
    const uint8_t header[4] = {0xA0, ins, 0x00, 0x00};
    enum kb_err err = kb_talk(work->reader, header, data, false, &work->answer, work->why);

    if (err || work->answer.sw >> 8 == 0x9F)
        return err;
    return kb_talk_refused(work->why, "RUN GSM ALGORITHM", work->answer.sw);
}

static enum kb_err run_a0(struct work *work)
{
    enum kb_err err = talk_a0(work, 0x88, kb_span(work->rand, RAND));

    if (!err || work->answer.sw != SW_CHV_FIRST)
        return err;
    err = give_pin(work, 0xA0);
    return err ? err : talk_a0(work, 0x88, kb_span(work->rand, RAND));
}

/* A SIM: TS 51.011 clause 9.2.16. */
static enum kb_err prove_a0(struct work *work)
{
    static const uint8_t mf[2] = {0x3F, 0x00}, df_gsm[2] = {0x7F, 0x20};
    static const uint8_t get_response[4] = {0xA0, 0xC0, 0x00, 0x00};
    const struct kb_apdu get = {
        .cla = get_response[0], .ins = get_response[1], .has_le = true, .ne = SRES + KC};
    enum kb_err err = blame_crypto(work, work->crypto->random(work->rand, RAND));

    if (!err)
        err = talk_a0(work, 0xA4, kb_span(mf, sizeof mf));
    if (!err)
        err = talk_a0(work, 0xA4, kb_span(df_gsm, sizeof df_gsm));
    if (!err)
        err = run_a0(work);
    if (!err)
        err = kb_exchange(work->reader, &get, &work->answer, work->why);
    if (!err)
        err = check_sw(work);
    return err ? err : compare_gsm(work, false);
}

/* --- All of it --- */

static enum kb_err prove_both(struct work *work, uint64_t *seq)
{
    bool has_context;
    enum kb_err err = learn_seq(work, seq);

    if (!err)
        err = prove_3g(work, *seq + 1);
    if (err)
        return err;
    (*seq)++;
    return prove_gsm(work, &has_context);
}

/* The USIM is selected, unless there is none. */
static enum kb_err prove_2g(struct work *work, bool has_usim)
{
    bool has_context = false;
    enum kb_err err = has_usim ? prove_gsm(work, &has_context) : KB_OK;

    return err || has_context ? err : prove_a0(work);
}

static void take_keys(struct work *work, const struct kb_subscriber_keys *keys)
{
    static const struct kb_aka_profile usual = {
        .res_len = 8, .ck_len = 16, .ik_len = 16, .mac_len = 8, .iterations = 1};
    bool is_usual = !keys->profile.res_len;

    work->keys = keys;
    work->profile = is_usual ? usual : keys->profile;
    work->ind_bits = is_usual ? IND_BITS : keys->ind_bits;
    work->ki_len = is_usual ? KB_SUBSCRIBER_KEY : keys->ki_len;
    work->opc_len = is_usual ? KB_SUBSCRIBER_KEY : keys->opc_len;
    work->aka.profile = &work->profile;
}

enum kb_err kb_authenticate(struct kb_reader *reader, const struct kb_crypto *crypto,
                            const struct kb_subscriber_keys *keys, uint64_t *seq,
                            struct kb_report *why)
{
    static const uint8_t select_usim[4] = {0x00, 0xA4, 0x04, 0x04};
    struct work work = {.reader = reader, .crypto = crypto, .why = why};
    enum kb_err err =
        kb_talk(reader, select_usim, kb_span(usim, sizeof usim), true, &work.answer, why);
    bool has_usim = work.answer.sw == KB_SW_OK, has_3g;

    take_keys(&work, keys);
    has_3g = !keys->profile.res_len || kb_subscriber_has_3g(keys);
    if (!err && has_3g && !has_usim && work.answer.sw != KB_SW_FILE_NOT_FOUND)
        err = kb_talk_refused(why, "SELECT USIM", work.answer.sw);
    if (!err && has_3g && has_usim)
        err = prove_both(&work, seq);
    else if (!err) {
        *seq = 0;
        err = prove_2g(&work, has_usim);
    }
    kb_wipe(&work, sizeof work);
    return err;
}
