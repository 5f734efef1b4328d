/* SPDX-License-Identifier: Apache-2.0 */
/* hostapd's questions for vectors, and what the keys of a subscriber answer. */
#include "net/eap_db.h"

#include <string.h>

#include "crypto/secret.h"
#include "wire/hex.h"

enum {
    RAND = 16,
    AUTN = 16,
    SQN = 6,
    MAC = 8,
    KEY = 16, /* CK and IK as EAP-AKA takes them */
    IND_BITS = 5,
    SEQ_BITS = 43,
    IMSI_TEXT = 19, /* digits hostapd makes room for */
    DELTA_BITS = 28 /* how far a card lets a number jump (TS 33.102 annex C.3.1) */
};

/* One question being answered. */
struct question {
    const struct kb_eap_db *db;
    struct kb_cursor rd; /* behind the IMSI */
    struct kb_span imsi;
    struct kb_writer *answer;
    struct kb_eap_subscriber subscriber;
    struct kb_aka aka;
    uint8_t rand[RAND];
};

/* --- Words --- */

static void put_text(struct kb_writer *wr, const char *text)
{
    kb_wr_copy(wr, text, strlen(text));
}

static void put_hex(struct kb_writer *wr, const void *data, size_t len)
{
    char hex[2 * KB_AKA_KEY_MAX + 1];

    kb_hex_encode(kb_span(data, len), hex);
    kb_wr_copy(wr, hex, 2 * len);
    kb_wipe(hex, sizeof(hex));
}

static void put_word(struct kb_writer *wr, const void *data, size_t len)
{
    put_text(wr, " ");
    put_hex(wr, data, len);
}

/* Up to the next blank, which is read, or the end. Empty: there is none. */
static struct kb_span take_word(struct kb_cursor *rd)
{
    size_t len = 0, left = kb_rd_left(rd);
    struct kb_span word;

    while (len < left && rd->data[rd->at + len] != ' ')
        len++;
    word = kb_rd_span(rd, len);
    if (len < left)
        kb_rd_u8(rd);
    return word;
}

static bool take_hex(struct kb_cursor *rd, uint8_t *out, size_t len)
{
    struct kb_span word = take_word(rd);
    size_t got = 0;

    return word.len == 2 * len && !kb_hex_decode(word, out, len, &got) && got == len;
}

static bool is_word(struct kb_span word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.data, text, word.len) == 0;
}

/* --- Vectors --- */

static struct kb_aka_keys keys_of(const struct kb_eap_subscriber *subscriber)
{
    return (struct kb_aka_keys){.k = kb_span(subscriber->k, subscriber->k_len),
                                .top = kb_span(subscriber->top, subscriber->top_len)};
}

static enum kb_err draw(struct question *question)
{
    return kb_random(question->db->crypto, &question->db->random, question->rand, RAND);
}

/* A challenge with question->rand; when it is KB_OK, kb_aka_end is due. */
static enum kb_err start(struct question *question)
{
    const struct kb_eap_subscriber *subscriber = &question->subscriber;
    const struct kb_aka_keys keys = keys_of(subscriber);

    return kb_aka_start(&question->aka, question->db->crypto, &subscriber->profile, &keys,
                        question->rand);
}

static enum kb_err put_triplet(struct question *question)
{
    const struct kb_eap_subscriber *subscriber = &question->subscriber;
    const struct kb_aka_keys keys = keys_of(subscriber);
    uint8_t sres[4], kc[8];
    enum kb_err err =
        kb_aka_gsm(question->db->crypto, &subscriber->profile, &keys, question->rand, sres, kc);

    if (err)
        return err;
    put_word(question->answer, kc, sizeof(kc));
    put_text(question->answer, ":");
    put_hex(question->answer, sres, sizeof(sres));
    put_text(question->answer, ":");
    put_hex(question->answer, question->rand, RAND);
    kb_wipe(kc, sizeof(kc));
    kb_wipe(sres, sizeof(sres));
    return KB_OK;
}

/* AUTN = SQN xor AK, AMF, MAC-A (TS 33.102 clause 6.3.2). */
static enum kb_err make_autn(struct question *question, const uint8_t ak[SQN], uint8_t autn[AUTN])
{
    const struct kb_eap_db *db = question->db;
    uint64_t number = question->subscriber.seq << IND_BITS | db->ind;
    uint8_t sqn[SQN], mac[KB_AKA_MAC_MAX];
    struct kb_writer wr = kb_wr(autn, AUTN);
    enum kb_err err;

    for (size_t i = SQN; i-- > 0; number >>= 8)
        sqn[i] = (uint8_t)number;
    err = kb_aka_mac(&question->aka, false, sqn, db->amf, mac);
    for (size_t i = 0; i < SQN; i++)
        kb_wr_u8(&wr, sqn[i] ^ ak[i]);
    kb_wr_copy(&wr, db->amf, sizeof(db->amf));
    kb_wr_copy(&wr, mac, MAC);
    return err;
}

static enum kb_err put_vector(struct question *question)
{
    const struct kb_aka_profile *profile = &question->subscriber.profile;
    struct kb_aka_answer vector;
    uint8_t autn[AUTN];
    enum kb_err err = kb_aka_answer(&question->aka, &vector);

    if (!err)
        err = make_autn(question, vector.ak, autn);
    if (!err) {
        put_word(question->answer, question->rand, RAND);
        put_word(question->answer, autn, AUTN);
        put_word(question->answer, vector.ik, profile->ik_len);
        put_word(question->answer, vector.ck, profile->ck_len);
        put_word(question->answer, vector.res, profile->res_len);
    }
    kb_wipe(&vector, sizeof(vector));
    return err;
}

/* --- Questions --- */

/* RANDs of one answer differ (RFC 4186 clause 10.9): sixteen random bytes do. */
static enum kb_err ask_sim(struct question *question)
{
    struct kb_span count = take_word(&question->rd);
    enum kb_err err = KB_OK;

    if (count.len != 1 || !kb_rd_is_done(&question->rd) || count.data[0] < '1' ||
        count.data[0] > '9')
        return KB_ERR_MALFORMED;
    for (int i = 0; i < count.data[0] - '0' && i < KB_EAP_DB_TRIPLETS && !err; i++) {
        err = draw(question);
        if (!err)
            err = put_triplet(question);
    }
    return err;
}

/* The number is used up before anybody sees the vector. */
static enum kb_err ask_aka(struct question *question)
{
    const struct kb_eap_db *db = question->db;
    enum kb_err err;

    if (!kb_rd_is_done(&question->rd))
        return KB_ERR_MALFORMED;
    if (question->subscriber.is_gsm)
        return KB_ERR_ABSENT;
    if (question->subscriber.seq >= (1ull << SEQ_BITS) - 1)
        return KB_ERR_RANGE;
    question->subscriber.seq++;
    err = db->keep_seq(db->context, question->imsi, question->subscriber.seq);
    if (err)
        return err;
    err = draw(question);
    if (!err)
        err = start(question);
    if (err)
        return err;
    err = put_vector(question);
    kb_aka_end(&question->aka);
    return err;
}

/* SQN_MS, when MAC-S is that of the card (TS 33.102 clause 6.3.3). */
static enum kb_err open_auts(struct question *question, const uint8_t auts[SQN + MAC],
                             uint64_t *seq)
{
    static const uint8_t zeros[2] = {0, 0}; /* the AMF of a resynchronisation */
    uint8_t sqn[SQN], ak[SQN], mac[KB_AKA_MAC_MAX];
    uint64_t number = 0;
    enum kb_err err = kb_aka_resync_key(&question->aka, ak);

    for (size_t i = 0; i < SQN && !err; i++) {
        sqn[i] = auts[i] ^ ak[i];
        number = number << 8 | sqn[i];
    }
    if (!err)
        err = kb_aka_mac(&question->aka, true, sqn, zeros, mac);
    if (!err && !kb_is_equal(mac, auts + SQN, MAC))
        err = KB_ERR_INTEGRITY;
    kb_wipe(ak, sizeof(ak));
    kb_wipe(mac, sizeof(mac));
    *seq = number >> IND_BITS;
    return err;
}

/* The card's number counts where ours is behind it or too far ahead; an old AUTS that comes once
 * more changes nothing (clause 6.3.5). */
static enum kb_err take_auts(struct question *question)
{
    const struct kb_eap_db *db = question->db;
    uint64_t ours = question->subscriber.seq, cards = 0;
    uint8_t auts[SQN + MAC];
    enum kb_err err;

    if (question->subscriber.is_gsm)
        return KB_ERR_ABSENT;
    if (!take_hex(&question->rd, auts, sizeof(auts)) ||
        !take_hex(&question->rd, question->rand, RAND) || !kb_rd_is_done(&question->rd))
        return KB_ERR_MALFORMED;
    err = start(question);
    if (err)
        return err;
    err = open_auts(question, auts, &cards);
    kb_aka_end(&question->aka);
    if (err || (cards <= ours && ours - cards < 1ull << DELTA_BITS))
        return err;
    return db->keep_seq(db->context, question->imsi, cards);
}

/* --- Datagrams --- */

struct kind {
    const char *asked, *answered; /* answered NULL: never */
    enum kb_err (*run)(struct question *question);
    enum kb_eap_db_result good, bad;
};

static const struct kind kinds[] = {
    {"SIM-REQ-AUTH", "SIM-RESP-AUTH ", ask_sim, KB_EAP_DB_TRIPLES, KB_EAP_DB_FAILURE},
    {"AKA-REQ-AUTH", "AKA-RESP-AUTH ", ask_aka, KB_EAP_DB_VECTOR, KB_EAP_DB_FAILURE},
    {"AKA-AUTS", NULL, take_auts, KB_EAP_DB_RESYNC, KB_EAP_DB_REFUSED},
};

static const struct kind *find_kind(struct kb_span word)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (is_word(word, kinds[i].asked))
            return &kinds[i];
    return NULL;
}

/* What was written of an answer that failed half-way is gone. */
static void put_failure(struct kb_writer *answer, size_t start)
{
    kb_wipe(answer->data + start, answer->len - start);
    answer->len = start;
    answer->is_bad = false;
    put_text(answer, " FAILURE");
}

static enum kb_err check(const struct question *question)
{
    const struct kb_aka_profile *profile = &question->subscriber.profile;
    enum kb_err err = kb_aka_check(profile);

    if (!err && (profile->mac_len != MAC || profile->ck_len != KEY || profile->ik_len != KEY))
        err = KB_ERR_RANGE;
    return err;
}

static enum kb_err run(const struct kind *kind, struct question *question)
{
    const struct kb_eap_db *db = question->db;
    enum kb_err err = KB_ERR_MALFORMED;

    if (question->imsi.len <= KB_IMSI_MAX)
        err = db->find(db->context, question->imsi, &question->subscriber);
    if (!err)
        err = check(question);
    if (!err)
        err = kind->run(question);
    return !err && question->answer->is_bad ? KB_ERR_TOO_LONG : err;
}

enum kb_eap_db_result kb_eap_db_step(const struct kb_eap_db *db, struct kb_span datagram,
                                     struct kb_writer *answer, struct kb_span *imsi)
{
    struct question question = {.db = db, .rd = kb_rd(datagram), .answer = answer};
    const struct kind *kind = find_kind(take_word(&question.rd));
    enum kb_err err;
    size_t start;

    question.imsi = take_word(&question.rd);
    *imsi = kb_span(NULL, 0);
    if (!kind || !question.imsi.len || question.imsi.len > IMSI_TEXT ||
        !kb_is_digits(question.imsi))
        return KB_EAP_DB_IGNORED;
    *imsi = question.imsi;
    if (kind->answered) {
        put_text(answer, kind->answered);
        kb_wr_copy(answer, question.imsi.data, question.imsi.len);
    }
    start = answer->len;
    err = run(kind, &question);
    if (err && kind->answered)
        put_failure(answer, start);
    kb_wipe(&question, sizeof(question));
    return err ? kind->bad : kind->good;
}
