/* SPDX-License-Identifier: Apache-2.0 */
/* GBA_U: keys of applications from one authentication (TS 33.220 clause 5 and annexes B and G;
 * TS 31.102 clauses 4.2.79, 4.2.83, 7.1.1.4 and 7.1.1.5). */
#include <stddef.h>
#include <string.h>

#include "card/card.h"
#include "card/sim/inside.h"
#include "crypto/hmac.h"
#include "crypto/secret.h"
#include "wire/tlv.h"

enum {
    TAG_SUCCESS = 0xDB,
    TAG_NAF_ID = 0x80, /* in EF.GBANL */
    TAG_B_TID = 0x81,
    UNUSED = 0xFF,
    NAFS = 8, /* of which the card keeps keys */
    RECORD_MAX = 255,
    AT_B_TID = 17, /* in EF.GBABP: behind RAND and its length */
    FC_GBA = 0x01
};

struct naf {
    uint8_t record;              /* of EF.GBANL, which has its name */
    uint8_t key[KB_SHA256_SIZE]; /* Ks_int_NAF */
};

/* KB_OBJ_GBA. Of naf only what is used is kept, the last used first. */
struct gba {
    uint8_t adf[2]; /* object number of the application it was made for */
    uint8_t ks_len;
    uint8_t rand[16];
    uint8_t ks[2 * KB_AKA_KEY_MAX];
    struct naf naf[NAFS];
};

enum { GBA_HEAD = offsetof(struct gba, naf) };

enum kb_err kb_sim_gba_unmask(const struct kb_crypto *crypto, struct kb_span ik, uint8_t mac[8])
{
    uint8_t digest[KB_SHA1_SIZE];
    enum kb_err err = crypto->sha1(ik.data, ik.len, digest);

    for (size_t i = 0; i < 8; i++)
        mac[i] ^= digest[i];
    kb_wipe(digest, sizeof(digest));
    return err;
}

static bool is_made_for(const struct gba *gba, const struct kb_card *card)
{
    return (gba->adf[0] << 8 | gba->adf[1]) == card->adf.object;
}

/* Reads what is kept and counts its NAFs. KB_ERR_ABSENT: nothing, or another application's. */
static enum kb_err load(struct kb_card *card, struct gba *gba, size_t *nafs)
{
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_GBA);
    enum kb_err err;

    if (size < GBA_HEAD || size > sizeof(*gba))
        return KB_ERR_ABSENT;
    *nafs = (size - GBA_HEAD) / sizeof(gba->naf[0]);
    err = kb_nvm_read(&card->nvm, KB_OBJ_GBA, 0, gba, size);
    return err || is_made_for(gba, card) ? err : KB_ERR_ABSENT;
}

static enum kb_err store(struct kb_card *card, const struct gba *gba, size_t nafs)
{
    return kb_nvm_put(&card->nvm, KB_OBJ_GBA, gba, GBA_HEAD + nafs * sizeof(gba->naf[0]));
}

/* --- Bootstrapping --- */

enum kb_err kb_sim_gba_keep(struct kb_card *card, const struct kb_sim_application *application,
                            const uint8_t rand[16], struct kb_span ck, struct kb_span ik)
{
    uint8_t parameters[AT_B_TID + 2] = {16}; /* B-TID and lifetime: none yet */
    struct kb_file file;
    struct gba gba;
    size_t nafs;
    enum kb_err err = load(card, &gba, &nafs);

    if (err) {
        /* Keys that were made for another application's names go with them. */
        nafs = 0;
        gba.adf[0] = (uint8_t)(card->adf.object >> 8);
        gba.adf[1] = (uint8_t)card->adf.object;
    }
    memset(gba.ks, 0, sizeof(gba.ks));
    memcpy(gba.ks, ck.data, ck.len);
    memcpy(gba.ks + ck.len, ik.data, ik.len);
    gba.ks_len = (uint8_t)(ck.len + ik.len);
    memcpy(gba.rand, rand, sizeof(gba.rand));
    memcpy(parameters + 1, rand, sizeof(gba.rand));
    err = store(card, &gba, nafs);
    kb_wipe(&gba, sizeof(gba));
    if (err)
        return err;
    err = kb_sim_file(card, 0, application->gba_parameters, &file);
    if (!err)
        err = kb_files_write(card, &file, 0, parameters, sizeof(parameters));
    return err == KB_ERR_ABSENT || err == KB_ERR_RANGE ? KB_ERR_TOO_LONG : err;
}

/* --- NAF derivation --- */

/* Annex B.3: HMAC-SHA-256 under Ks of FC, and each parameter before its length. */
static enum kb_err derive(const struct kb_crypto *crypto, const struct gba *gba,
                          struct kb_span label, struct kb_span impi, struct kb_span naf_id,
                          uint8_t key[KB_SHA256_SIZE])
{
    const struct kb_span parameters[] = {label, kb_span(gba->rand, sizeof(gba->rand)), impi,
                                         naf_id};
    const uint8_t fc = FC_GBA;
    struct kb_hmac hmac;

    kb_hmac_start(&hmac, crypto, kb_span(gba->ks, gba->ks_len));
    kb_hmac_update(&hmac, kb_span(&fc, 1));
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        const uint8_t len[2] = {(uint8_t)(parameters[i].len >> 8), (uint8_t)parameters[i].len};

        kb_hmac_update(&hmac, parameters[i]);
        kb_hmac_update(&hmac, kb_span(len, sizeof(len)));
    }
    return kb_hmac_finish(&hmac, key);
}

/* True when the record has a name; *is_it: this one. */
static bool has_name(struct kb_span record, struct kb_span naf_id, bool *is_it)
{
    struct kb_span name;
    bool has = kb_tlv_find(record, TAG_NAF_ID, &name);

    *is_it = has && name.len == naf_id.len && !memcmp(name.data, naf_id.data, name.len);
    return has;
}

/* The record of EF.GBANL that has this name, else the first one without a name, else that of the
 * key that was not used for the longest time (annex G.2). 0: there is none. */
static enum kb_err choose_record(struct kb_card *card, const struct kb_file *names,
                                 const struct gba *gba, size_t nafs, struct kb_span naf_id,
                                 uint8_t *record)
{
    unsigned n = names->record_count < NAFS ? names->record_count : NAFS;
    uint8_t bytes[RECORD_MAX];
    bool is_it = false;

    *record = nafs ? gba->naf[nafs - 1].record : 0;
    for (; n > 0 && !is_it; n--) {
        size_t size = names->record_size;
        enum kb_err err = kb_files_read(card, names, (n - 1u) * size, bytes, size);

        if (err)
            return err;
        if (!has_name(kb_span(bytes, size), naf_id, &is_it) || is_it)
            *record = (uint8_t)n;
    }
    return KB_OK;
}

/* Puts a key in front of all others; one that its record had before is gone. */
static size_t put_first(struct gba *gba, size_t nafs, const struct naf *naf)
{
    size_t at = 0;

    while (at < nafs && gba->naf[at].record != naf->record)
        at++;
    if (at == nafs && nafs < NAFS)
        nafs++;
    if (at == NAFS)
        at--;
    memmove(gba->naf + 1, gba->naf, at * sizeof(gba->naf[0]));
    gba->naf[0] = *naf;
    return nafs;
}

/* The name and B-TID in their record, FF behind them. */
static enum kb_err write_name(struct kb_card *card, const struct kb_sim_application *application,
                              const struct kb_file *names, uint8_t record, struct kb_span naf_id)
{
    uint8_t bytes[RECORD_MAX], b_tid[RECORD_MAX], len = 0;
    struct kb_writer wr = kb_wr(bytes, names->record_size);
    struct kb_file parameters;
    enum kb_err err = kb_sim_file(card, 0, application->gba_parameters, &parameters);

    if (!err)
        err = kb_files_read(card, &parameters, AT_B_TID, &len, 1);
    if (err || len == UNUSED || AT_B_TID + 1u + len > parameters.size)
        len = 0;
    else
        err = kb_files_read(card, &parameters, AT_B_TID + 1, b_tid, len);
    kb_tlv_put(&wr, TAG_NAF_ID, naf_id);
    kb_tlv_put(&wr, TAG_B_TID, kb_span(b_tid, len));
    if (err || wr.is_bad)
        return KB_ERR_TOO_LONG;
    kb_wr_fill(&wr, UNUSED, wr.cap - wr.len);
    return kb_files_write(card, names, (record - 1u) * names->record_size, bytes, wr.len);
}

static enum kb_err keep(struct kb_card *card, const struct kb_sim_application *application,
                        struct gba *gba, size_t nafs, struct naf *naf, struct kb_span naf_id)
{
    struct kb_file names;
    enum kb_err err = kb_sim_file(card, 0, application->gba_names, &names);

    if (!err)
        err = choose_record(card, &names, gba, nafs, naf_id, &naf->record);
    if (err || !naf->record)
        return KB_ERR_TOO_LONG;
    nafs = put_first(gba, nafs, naf);
    err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = store(card, gba, nafs);
    if (!err)
        err = write_name(card, application, &names, naf->record, naf_id);
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err)
        kb_nvm_rollback(&card->nvm);
    return err;
}

enum kb_sw kb_sim_gba_derive(struct kb_card *card, const struct kb_sim_application *application,
                             struct kb_cursor *rd, struct kb_writer *out)
{
    struct kb_span naf_id = kb_rd_span(rd, kb_rd_u8(rd)), impi = kb_rd_span(rd, kb_rd_u8(rd));
    const struct kb_crypto *crypto = card->port->crypto;
    struct naf naf;
    uint8_t key[KB_SHA256_SIZE];
    struct gba gba;
    size_t nafs;
    enum kb_err err;

    if (!kb_rd_is_done(rd))
        return KB_SW_WRONG_LENGTH;
    err = load(card, &gba, &nafs);
    if (!err)
        err = derive(crypto, &gba, kb_span("gba-me", 6), impi, naf_id, key);
    if (!err)
        err = derive(crypto, &gba, kb_span("gba-u", 5), impi, naf_id, naf.key);
    if (!err)
        err = keep(card, application, &gba, nafs, &naf, naf_id);
    if (!err) {
        kb_wr_u8(out, TAG_SUCCESS);
        kb_wr_u8(out, sizeof(key));
        kb_wr_copy(out, key, sizeof(key));
    }
    kb_wipe(&gba, sizeof(gba));
    kb_wipe(&naf, sizeof(naf));
    kb_wipe(key, sizeof(key));
    return kb_sim_sw(err);
}
