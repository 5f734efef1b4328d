/* SPDX-License-Identifier: Apache-2.0 */
/* AUTHENTICATE (TS 31.102 clause 7.1, TS 31.103 clause 7.1). */

#include "card/sim/sim.h"

#include "card/card.h"
#include "card/sim/inside.h"
#include "crypto/secret.h"

enum {
    TAG_SUCCESS = 0xDB,
    TAG_SYNCHRONISATION_FAILURE = 0xDC,
    TAG_BOOTSTRAPPING = 0xDD,
    TAG_NAF_DERIVATION = 0xDE,
    SERVICE_GSM_ACCESS = 27, /* clause 4.2.8: with it the 3G context gives Kc as well */
    SERVICE_GSM_CONTEXT = 38 /* without it there is no GSM context */
};

/* A challenge under way. Holds secrets. */
struct challenge {
    const struct kb_sim_application *application;
    struct kb_sim_material material;
    struct kb_aka aka;
    struct kb_aka_answer answer;
    uint8_t sqn[6];
    bool is_bootstrapping;
};

static void put_length_value(struct kb_writer *out, const uint8_t *value, uint8_t len)
{
    kb_wr_u8(out, len);
    kb_wr_copy(out, value, len);
}

/* AUTS = SQN_MS xor AK* || MAC-S over AMF* of zeros (TS 33.102 clause 6.3.3). */
static enum kb_sw synchronisation_failure(struct kb_card *card, struct challenge *c,
                                          struct kb_writer *out)
{
    static const uint8_t amf[2] = {0, 0};
    uint8_t sqn[6], ak[6], mac_s[KB_AKA_MAC_MAX], mac_len = c->material.options.profile.mac_len;

    kb_sim_highest(card, sqn);
    if (kb_aka_mac(&c->aka, true, sqn, amf, mac_s) || kb_aka_resync_key(&c->aka, ak))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    for (size_t i = 0; i < sizeof(sqn); i++)
        sqn[i] ^= ak[i];
    kb_wr_u8(out, TAG_SYNCHRONISATION_FAILURE);
    kb_wr_u8(out, (uint8_t)(sizeof(sqn) + mac_len));
    kb_wr_copy(out, sqn, sizeof(sqn));
    kb_wr_copy(out, mac_s, mac_len);
    kb_wipe(ak, sizeof(ak));
    return KB_SW_OK;
}

/* Clause 7.1.1.1: MAC first, then freshness. fresh false with KB_SW_OK: the answer is written. */
static enum kb_sw check_autn(struct kb_card *card, struct challenge *c, const uint8_t *autn,
                             bool *fresh, struct kb_writer *out)
{
    const struct kb_aka_profile *profile = &c->material.options.profile;
    uint8_t mac[KB_AKA_MAC_MAX];
    enum kb_err err = kb_aka_answer(&c->aka, &c->answer);
    bool is_right;

    for (size_t i = 0; i < sizeof(c->sqn); i++)
        c->sqn[i] = autn[i] ^ c->answer.ak[i];
    if (!err)
        err = kb_aka_mac(&c->aka, false, c->sqn, autn + 6, mac);
    if (!err && c->is_bootstrapping)
        err = kb_sim_gba_unmask(card->port->crypto, kb_span(c->answer.ik, profile->ik_len), mac);
    if (err)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    is_right = kb_is_equal(mac, autn + 8, profile->mac_len);
    /* For who sent a wrong one, the right one is as good as a key. */
    kb_wipe(mac, sizeof(mac));
    if (!is_right)
        return KB_SW_AUTHENTICATION_MAC_INCORRECT;
    if (kb_sim_is_fresh(card, &c->material.options, c->sqn, fresh))
        return KB_SW_MEMORY_PROBLEM;
    return *fresh ? KB_SW_OK : synchronisation_failure(card, c, out);
}

/* The number is stored, with Ks or alone, before the answer exists. */
static enum kb_err keep(struct kb_card *card, struct challenge *c, const uint8_t rand[16])
{
    const struct kb_aka_profile *profile = &c->material.options.profile;
    enum kb_err err;

    if (!c->is_bootstrapping)
        return kb_sim_accept(card, &c->material.options, c->sqn);
    err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = kb_sim_gba_keep(card, c->application, rand, kb_span(c->answer.ck, profile->ck_len),
                              kb_span(c->answer.ik, profile->ik_len));
    if (!err)
        err = kb_sim_accept(card, &c->material.options, c->sqn);
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err) {
        kb_nvm_rollback(&card->nvm);
        kb_sim_reset(card);
    }
    return err;
}

static void put_success(struct kb_card *card, struct challenge *c, struct kb_writer *out)
{
    const struct kb_aka_profile *profile = &c->material.options.profile;
    uint8_t kc[8];

    kb_wr_u8(out, TAG_SUCCESS);
    put_length_value(out, c->answer.res, profile->res_len);
    if (c->is_bootstrapping)
        return;
    put_length_value(out, c->answer.ck, profile->ck_len);
    put_length_value(out, c->answer.ik, profile->ik_len);
    if (c->application->has_gsm &&
        kb_sim_has_service(card, c->application, SERVICE_GSM_ACCESS, NULL)) {
        kb_aka_kc(profile, &c->answer, kc);
        put_length_value(out, kc, sizeof(kc));
        kb_wipe(kc, sizeof(kc));
    }
}

static enum kb_sw run_challenge(struct kb_card *card, struct challenge *c, struct kb_span rand,
                                struct kb_span autn, struct kb_writer *out)
{
    const struct kb_aka_profile *profile = &c->material.options.profile;
    enum kb_err err;
    enum kb_sw sw;
    bool fresh;

    if (autn.len != 8u + profile->mac_len)
        return KB_SW_INCORRECT_DATA;
    err = kb_aka_start(&c->aka, card->port->crypto, profile, &c->material.keys, rand.data);
    if (err == KB_ERR_ABSENT && profile->gsm != KB_GSM_CONVERTED)
        return KB_SW_CONTEXT_NOT_SUPPORTED; /* a subscription of 2G */
    if (err)
        return kb_sim_sw(err);
    sw = check_autn(card, c, autn.data, &fresh, out);
    if (sw == KB_SW_OK && fresh) {
        sw = kb_sim_sw(keep(card, c, rand.data));
        if (sw == KB_SW_OK)
            put_success(card, c, out);
    }
    kb_aka_end(&c->aka);
    return sw;
}

static enum kb_sw authenticate(struct kb_card *card, const struct kb_sim_application *application,
                               struct kb_cursor *rd, bool is_bootstrapping, struct kb_writer *out)
{
    struct kb_span rand = kb_rd_span(rd, kb_rd_u8(rd)), autn = kb_rd_span(rd, kb_rd_u8(rd));
    struct challenge c;
    enum kb_sw sw;

    if (!kb_rd_is_done(rd))
        return KB_SW_WRONG_LENGTH;
    if (rand.len != 16)
        return KB_SW_INCORRECT_DATA;
    c.application = application;
    c.is_bootstrapping = is_bootstrapping;
    sw = kb_sim_sw(kb_sim_load(card, &c.material));
    if (sw == KB_SW_OK)
        sw = run_challenge(card, &c, rand, autn, out);
    kb_wipe(&c, sizeof(c));
    return sw;
}

/* Clause 7.1.1.1, and 7.1.1 of TS 31.103. */
static enum kb_sw context_3g(struct kb_card *card, const struct kb_sim_application *application,
                             struct kb_cursor *rd, struct kb_writer *out)
{
    return authenticate(card, application, rd, false, out);
}

/* Clause 7.1.1.2. */
static enum kb_sw context_gsm(struct kb_card *card, const struct kb_sim_application *application,
                              struct kb_cursor *rd, struct kb_writer *out)
{
    struct kb_span rand = kb_rd_span(rd, kb_rd_u8(rd));
    uint8_t sres[4], kc[8];
    bool has_table;
    enum kb_sw sw;

    if (!application->has_gsm ||
        (!kb_sim_has_service(card, application, SERVICE_GSM_CONTEXT, &has_table) && has_table))
        return KB_SW_CONTEXT_NOT_SUPPORTED;
    if (!kb_rd_is_done(rd))
        return KB_SW_WRONG_LENGTH;
    if (rand.len != 16)
        return KB_SW_INCORRECT_DATA;
    sw = kb_sim_gsm(card, rand.data, sres, kc);
    if (sw == KB_SW_OK) {
        put_length_value(out, sres, sizeof(sres));
        put_length_value(out, kc, sizeof(kc));
    }
    kb_wipe(kc, sizeof(kc));
    return sw;
}

/* Clauses 7.1.1.4 and 7.1.1.5. */
static enum kb_sw context_gba(struct kb_card *card, const struct kb_sim_application *application,
                              struct kb_cursor *rd, struct kb_writer *out)
{
    if (!kb_sim_has_service(card, application, application->service_gba, NULL))
        return KB_SW_CONTEXT_NOT_SUPPORTED;
    switch (kb_rd_u8(rd)) {
    case TAG_BOOTSTRAPPING:
        return authenticate(card, application, rd, true, out);
    case TAG_NAF_DERIVATION:
        return kb_sim_gba_derive(card, application, rd, out);
    default:
        return KB_SW_INCORRECT_DATA;
    }
}

static enum kb_sw context_unknown(struct kb_card *card,
                                  const struct kb_sim_application *application,
                                  struct kb_cursor *rd, struct kb_writer *out)
{
    (void)card, (void)application, (void)rd, (void)out;
    return KB_SW_CONTEXT_NOT_SUPPORTED;
}

/* P2 (clause 7.1.2). */
static const struct {
    uint8_t p2;
    enum kb_sw (*run)(struct kb_card *card, const struct kb_sim_application *application,
                      struct kb_cursor *rd, struct kb_writer *out);
} contexts[] = {
    {0x81, context_3g},      {0x80, context_gsm},
    {0x84, context_gba},     {0x82, context_unknown}, /* VGCS and VBS; HTTP Digest of an ISIM */
    {0x85, context_unknown},                          /* MBMS */
    {0x86, context_unknown},                          /* local key establishment */
};

enum kb_sw kb_sim_authenticate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    const struct kb_sim_application *application;
    struct kb_cursor rd = kb_rd(cmd->data);
    size_t i = 0;
    enum kb_sw sw;

    while (i < sizeof(contexts) / sizeof(contexts[0]) && contexts[i].p2 != cmd->p2)
        i++;
    if (cmd->p1 || i == sizeof(contexts) / sizeof(contexts[0]))
        return KB_SW_INCORRECT_P1_P2;
    application = kb_sim_current(card, &sw);
    return application ? contexts[i].run(card, application, &rd, out) : sw;
}

enum kb_sw kb_sim_gsm(struct kb_card *card, const uint8_t rand[16], uint8_t sres[4], uint8_t kc[8])
{
    struct kb_sim_material m;
    enum kb_err err = kb_sim_load(card, &m);

    if (!err)
        err = kb_aka_gsm(card->port->crypto, &m.options.profile, &m.keys, rand, sres, kc);
    kb_wipe(&m, sizeof(m));
    return kb_sim_sw(err);
}
