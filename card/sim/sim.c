/* SPDX-License-Identifier: Apache-2.0 */
/* AUTHENTICATE (TS 31.102 clause 7.1) with the array of sequence numbers of TS 33.102 annex C. */

#include "card/sim/sim.h"

#include <string.h>

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/tree.h"
#include "crypto/milenage.h"
#include "crypto/secret.h"

enum {
    CONTEXT_GSM = 0x80, /* P2, table in clause 7.1.2 */
    CONTEXT_3G = 0x81,
    TAG_SUCCESS = 0xDB,
    TAG_SYNCHRONISATION_FAILURE = 0xDC,
    FID_UST = 0x6F38,
    SERVICE_GSM_ACCESS = 27,  /* clause 4.2.8: with it the 3G context gives Kc as well */
    SERVICE_GSM_CONTEXT = 38, /* without it there is no GSM context */
    PIN1 = 0x01,
    IND_BITS = 5
};

#define SEQ_JUMP_LIMIT ((uint64_t)1 << 28) /* TS 33.102 annex C.2.1 */

static const uint8_t usim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02}; /* TS 101 220 annex E */

/* The answer of one authentication, before it is laid out. */
struct vector {
    uint8_t res[8], ck[16], ik[16], ak[6];
};

static uint64_t number_of(const uint8_t sqn[6])
{
    uint64_t number = 0;

    for (size_t i = 0; i < 6; i++)
        number = number << 8 | sqn[i];
    return number;
}

static void bytes_of(uint64_t number, uint8_t sqn[6])
{
    for (size_t i = 6; i-- > 0; number >>= 8)
        sqn[i] = (uint8_t)number;
}

static uint16_t slot_object(uint8_t subscription, unsigned ind)
{
    return (uint16_t)(KB_OBJ_SQN + (unsigned)KB_SQN_SLOTS * subscription + ind);
}

/* The highest SQN accepted with this IND, 0 when there was none. */
static enum kb_err slot_read(struct kb_card *card, unsigned ind, uint64_t *number)
{
    uint8_t sqn[6];
    uint16_t object = slot_object(card->sim.subscription, ind);
    enum kb_err err;

    *number = 0;
    if (!kb_nvm_has(&card->nvm, object))
        return KB_OK;
    err = kb_nvm_read(&card->nvm, object, 0, sqn, sizeof(sqn));
    *number = err ? 0 : number_of(sqn);
    return err;
}

static bool has_service(struct kb_card *card, unsigned service)
{
    struct kb_file ust;
    uint8_t byte;

    if (!card->sim.ust || kb_tree_load(card, card->sim.ust, &ust))
        return false;
    if (kb_files_read(card, &ust, (service - 1) / 8, &byte, 1))
        return false;
    return byte & 1u << (service - 1) % 8;
}

/* What stays the same from one authentication to the next is read once. */
static enum kb_err prepare(struct kb_card *card)
{
    struct kb_sim *sim = &card->sim;
    enum kb_err err = KB_OK;
    struct kb_file adf;
    uint64_t number;

    if (sim->is_loaded)
        return KB_OK;
    sim->subscription =
        kb_nvm_has(&card->nvm, KB_OBJ_KI + 1) && kb_nvm_has(&card->nvm, KB_OBJ_OPC + 1);
    sim->highest = 0;
    for (unsigned ind = 0; ind < KB_SQN_SLOTS && !err; ind++) {
        err = slot_read(card, ind, &number);
        if (number > sim->highest)
            sim->highest = number;
    }
    if (!err)
        err = kb_tree_load(card, card->adf.object, &adf);
    sim->ust = err ? 0 : kb_tree_child(card, &adf, FID_UST);
    sim->is_loaded = !err;
    return err;
}

void kb_sim_reset(struct kb_card *card)
{
    card->sim.is_loaded = false;
}

enum kb_err kb_sim_restart_sqn(struct kb_card *card, uint8_t subscription)
{
    enum kb_err err = KB_OK;

    kb_sim_reset(card);
    for (unsigned ind = 0; ind < KB_SQN_SLOTS && !err; ind++) {
        uint16_t object = slot_object(subscription, ind);

        if (kb_nvm_has(&card->nvm, object))
            err = kb_nvm_delete(&card->nvm, object);
    }
    return err;
}

/* Annex C.2.1 and C.2.2: newer than what its IND has seen, and no jump ahead of all. */
static enum kb_err is_fresh(struct kb_card *card, uint64_t sqn, bool *fresh)
{
    uint64_t seq = sqn >> IND_BITS, highest = card->sim.highest >> IND_BITS, seen;
    enum kb_err err = slot_read(card, (unsigned)sqn & (KB_SQN_SLOTS - 1), &seen);

    *fresh = !err && seq > seen >> IND_BITS && !(seq > highest && seq - highest > SEQ_JUMP_LIMIT);
    return err;
}

static enum kb_err accept(struct kb_card *card, uint64_t number, const uint8_t sqn[6])
{
    unsigned ind = (unsigned)number & (KB_SQN_SLOTS - 1);
    enum kb_err err = kb_nvm_put(&card->nvm, slot_object(card->sim.subscription, ind), sqn, 6);

    if (!err && number > card->sim.highest)
        card->sim.highest = number;
    return err;
}

/* AUTS = SQN_MS xor AK* || MAC-S over AMF* of zeros (TS 33.102 clause 6.3.3). */
static enum kb_sw synchronisation_failure(struct kb_card *card, struct kb_milenage *m,
                                          struct kb_writer *out)
{
    static const uint8_t amf[2] = {0, 0};
    uint8_t sqn[6], ak[6], mac_s[8];

    bytes_of(card->sim.highest, sqn);
    if (kb_milenage_f1(m, sqn, amf, NULL, mac_s) || kb_milenage_f5star(m, ak))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    for (size_t i = 0; i < sizeof(sqn); i++)
        sqn[i] ^= ak[i];
    kb_wr_u8(out, TAG_SYNCHRONISATION_FAILURE);
    kb_wr_u8(out, sizeof(sqn) + sizeof(mac_s));
    kb_wr_copy(out, sqn, sizeof(sqn));
    kb_wr_copy(out, mac_s, sizeof(mac_s));
    kb_wipe(ak, sizeof(ak));
    return KB_SW_OK;
}

static void put_length_value(struct kb_writer *out, const uint8_t *value, uint8_t len)
{
    kb_wr_u8(out, len);
    kb_wr_copy(out, value, len);
}

static enum kb_sw success_3g(struct kb_card *card, const struct vector *vector,
                             struct kb_writer *out)
{
    uint8_t kc[8];

    kb_wr_u8(out, TAG_SUCCESS);
    put_length_value(out, vector->res, sizeof(vector->res));
    put_length_value(out, vector->ck, sizeof(vector->ck));
    put_length_value(out, vector->ik, sizeof(vector->ik));
    if (has_service(card, SERVICE_GSM_ACCESS)) {
        kb_c3_kc(vector->ck, vector->ik, kc);
        put_length_value(out, kc, sizeof(kc));
        kb_wipe(kc, sizeof(kc));
    }
    return KB_SW_OK;
}

/* Clause 7.1.1.1: MAC first, then freshness; the number is stored before the answer exists. */
static enum kb_sw authenticate_3g(struct kb_card *card, struct kb_milenage *m,
                                  const uint8_t autn[16], struct vector *vector,
                                  struct kb_writer *out)
{
    uint8_t sqn[6], mac_a[8];
    bool is_right, fresh;

    if (kb_milenage_f2_f5(m, vector->res, vector->ak))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    for (size_t i = 0; i < sizeof(sqn); i++)
        sqn[i] = autn[i] ^ vector->ak[i];
    if (kb_milenage_f1(m, sqn, autn + 6, mac_a, NULL))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    is_right = kb_is_equal(mac_a, autn + 8, sizeof(mac_a));
    /* For who sent a wrong one, the right one is as good as a key. */
    kb_wipe(mac_a, sizeof(mac_a));
    if (!is_right)
        return KB_SW_AUTHENTICATION_MAC_INCORRECT;
    if (is_fresh(card, number_of(sqn), &fresh))
        return KB_SW_MEMORY_PROBLEM;
    if (!fresh)
        return synchronisation_failure(card, m, out);
    if (accept(card, number_of(sqn), sqn))
        return KB_SW_MEMORY_PROBLEM;
    if (kb_milenage_f3(m, vector->ck) || kb_milenage_f4(m, vector->ik))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    return success_3g(card, vector, out);
}

/* Clause 7.1.1.2: SRES and Kc by the conversions c2 and c3. */
static enum kb_sw authenticate_gsm(struct kb_milenage *m, struct vector *vector,
                                   struct kb_writer *out)
{
    uint8_t sres[4], kc[8];

    if (kb_milenage_f2_f5(m, vector->res, NULL) || kb_milenage_f3(m, vector->ck) ||
        kb_milenage_f4(m, vector->ik))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    kb_c2_sres(vector->res, sres);
    kb_c3_kc(vector->ck, vector->ik, kc);
    put_length_value(out, sres, sizeof(sres));
    put_length_value(out, kc, sizeof(kc));
    kb_wipe(kc, sizeof(kc));
    return KB_SW_OK;
}

static enum kb_sw with_keys(struct kb_card *card, const uint8_t rand[16], const uint8_t *autn,
                            struct kb_writer *out)
{
    uint8_t ki[16], opc[16];
    struct vector vector;
    struct kb_milenage m;
    enum kb_sw sw = KB_SW_NO_PRECISE_DIAGNOSIS;
    enum kb_err err = prepare(card);

    if (!err && !autn && card->sim.ust && !has_service(card, SERVICE_GSM_CONTEXT))
        return KB_SW_CONTEXT_NOT_SUPPORTED;
    if (!err)
        err = kb_nvm_read(&card->nvm, (uint16_t)(KB_OBJ_KI + card->sim.subscription), 0, ki, 16);
    if (!err)
        err = kb_nvm_read(&card->nvm, (uint16_t)(KB_OBJ_OPC + card->sim.subscription), 0, opc, 16);
    if (err) {
        kb_wipe(ki, sizeof(ki));
        return err == KB_ERR_ABSENT ? KB_SW_CONDITIONS_NOT_SATISFIED : KB_SW_MEMORY_PROBLEM;
    }
    if (!kb_milenage_challenge(&m, card->port->crypto, ki, opc, rand)) {
        sw = autn ? authenticate_3g(card, &m, autn, &vector, out)
                  : authenticate_gsm(&m, &vector, out);
        kb_milenage_end(&m);
    }
    kb_wipe(ki, sizeof(ki));
    kb_wipe(opc, sizeof(opc));
    kb_wipe(&vector, sizeof(vector));
    return sw;
}

/* Clause 7.1.1.1: a USIM is the current application, and the current directory is its ADF or lies
 * below it. */
static bool is_allowed(struct kb_card *card)
{
    struct kb_file application;
    uint8_t aid[KB_AID_MAX];

    if (card->adf.kind != KB_FILE_ADF || !kb_tree_application_of(card, &card->df, &application) ||
        application.object != card->adf.object)
        return false;
    if (kb_tree_aid(card, &card->adf, aid) < sizeof(usim))
        return false;
    return !memcmp(aid, usim, sizeof(usim));
}

enum kb_sw kb_sim_authenticate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    struct kb_span rand, autn = {NULL, 0};

    if (cmd->p1 || (cmd->p2 != CONTEXT_GSM && cmd->p2 != CONTEXT_3G))
        return KB_SW_INCORRECT_P1_P2;
    if (!is_allowed(card))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_pin_find(card, PIN1) >= 0 && !kb_access_has_pin(card, PIN1))
        return KB_SW_SECURITY_NOT_SATISFIED;
    rand = kb_rd_span(&rd, kb_rd_u8(&rd));
    if (cmd->p2 == CONTEXT_3G)
        autn = kb_rd_span(&rd, kb_rd_u8(&rd));
    if (!kb_rd_is_done(&rd))
        return KB_SW_WRONG_LENGTH;
    if (rand.len != 16 || (cmd->p2 == CONTEXT_3G && autn.len != 16))
        return KB_SW_INCORRECT_DATA;
    return with_keys(card, rand.data, cmd->p2 == CONTEXT_3G ? autn.data : NULL, out);
}
