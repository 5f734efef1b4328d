/* SPDX-License-Identifier: Apache-2.0 */
/* The pair of identity and key, and what is derived beside it: swapped in, swapped back, and the
 * temporary one forgotten. Each is part of one transaction. Files are those of the USIM (3GPP
 * TS 31.102 clause 4.2); one that the card does not have is passed over, but for EF.IMSI. */
#include <string.h>

#include "card/cpa/inside.h"
#include "card/files/tree.h"
#include "card/ota/remote_keys.h"
#include "card/perso/encode.h"
#include "crypto/secret.h"

enum {
    FID_IMSI = 0x6F07,
    GSM_ACCESS = 0x5F3B, /* clause 4.4.3 */
    FIVE_GS = 0x5FC0,    /* clause 4.4.11 */
    IN_RECORD = 0xFF,    /* at the end of the first record */
    TEMPORARY = 0,       /* subscriptions */
    OPERATORS = 1,
    FILLER = 0xFF,
    AT_ONCE = 32,
    SPN_SHOWN = 0x01, /* display condition of an EF.SPN that had none */
    OPERATOR_KEYS = 3
};

static const uint8_t usim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02}; /* TS 101 220 annex E */

static enum kb_err load_file(struct kb_card *card, uint16_t object, struct kb_file *file)
{
    return object ? kb_tree_load(card, object, file) : KB_ERR_ABSENT;
}

/* df: below the USIM, or 0 for a file of the USIM itself. */
static enum kb_err find(struct kb_card *card, uint16_t df, uint16_t fid, struct kb_file *file)
{
    uint16_t object = kb_tree_application(card, kb_span(usim, sizeof(usim)));
    enum kb_err err = load_file(card, object, file);

    if (!err && df)
        err = load_file(card, kb_tree_child(card, file, df), file);
    return err ? err : load_file(card, kb_tree_child(card, file, fid), file);
}

/* --- Places of the identity --- */

enum value { IMSI, MNC_LENGTH, NAME, CENTRE, VALUES };

static const struct place {
    uint16_t fid;
    uint8_t encoder, value, at, size;
} places[] = {
    {FID_IMSI, KB_ENCODE_IMSI, IMSI, 0, 9},
    {0x6F78, KB_ENCODE_ACC, IMSI, 0, 2},              /* EF.ACC */
    {0x6FAD, KB_ENCODE_MNC_LENGTH, MNC_LENGTH, 3, 1}, /* EF.AD */
    {0x6F46, KB_ENCODE_SPN, NAME, 0, 17},             /* EF.SPN */
    {0x6F42, KB_ENCODE_SMSP, CENTRE, IN_RECORD, 28},  /* EF.SMSP */
};

enum { PLACES = sizeof(places) / sizeof(places[0]) };

/* Opens the file of a place. KB_ERR_ABSENT: the card has none, or one that is too short. */
static enum kb_err open_place(struct kb_card *card, const struct place *place, struct kb_file *file,
                              size_t *at)
{
    enum kb_err err = find(card, 0, place->fid, file);
    size_t end;

    if (err)
        return err;
    end = file->size;
    *at = place->at;
    if (place->at == IN_RECORD) {
        end = file->record_size;
        *at = end >= place->size ? end - place->size : end;
    }
    return *at + place->size <= end ? KB_OK : KB_ERR_ABSENT;
}

/* Reads what stands there now: a bit for each place that exists, then room for all of them. */
static enum kb_err back_up(struct kb_card *card, uint8_t backup[KB_CPA_BACKUP])
{
    size_t from = 1;

    memset(backup, 0, KB_CPA_BACKUP);
    for (size_t i = 0; i < PLACES; from += places[i++].size) {
        struct kb_file file;
        size_t at;
        enum kb_err err = open_place(card, &places[i], &file, &at);

        if (!err)
            err = kb_files_read(card, &file, at, backup + from, places[i].size);
        if (!err)
            backup[0] |= (uint8_t)(1u << i);
        else if (err != KB_ERR_ABSENT || places[i].fid == FID_IMSI)
            return err;
    }
    return KB_OK;
}

static enum kb_err write_place(struct kb_card *card, const struct place *place,
                               const uint8_t *bytes)
{
    struct kb_file file;
    size_t at;
    enum kb_err err = open_place(card, place, &file, &at);

    return err ? err : kb_files_write(card, &file, at, bytes, place->size);
}

static enum kb_err put_back(struct kb_card *card, const uint8_t backup[KB_CPA_BACKUP])
{
    enum kb_err err = KB_OK;
    size_t from = 1;

    for (size_t i = 0; i < PLACES && !err; from += places[i++].size)
        if (backup[0] >> i & 1)
            err = write_place(card, &places[i], backup + from);
    return err;
}

/* Where the identity says nothing, what was there stays. The display condition of EF.SPN, its first
 * byte, stays as well. */
static enum kb_err put_identity(struct kb_card *card, const struct kb_identity *identity,
                                const uint8_t backup[KB_CPA_BACKUP])
{
    const uint8_t mnc_length = (uint8_t)('0' + identity->mnc_length);
    const struct kb_span values[VALUES] = {identity->imsi, kb_span(&mnc_length, 1), identity->name,
                                           identity->centre};
    enum kb_err err = KB_OK;
    size_t from = 1;

    for (size_t i = 0; i < PLACES && !err; from += places[i++].size) {
        const struct kb_span value = values[places[i].value];
        uint8_t bytes[AT_ONCE], argument = backup[from] == FILLER ? SPN_SHOWN : backup[from];

        if (!value.len || !(backup[0] >> i & 1))
            continue;
        err = kb_encode((enum kb_encoder)places[i].encoder, argument, value, bytes, places[i].size);
        if (!err)
            err = write_place(card, &places[i], bytes);
    }
    return err;
}

/* --- Files that speak of where the old identity was, and of its keys --- */

static const struct stale {
    uint16_t df, fid;
    uint8_t at, len; /* what is not FF in a file that has nothing stored (annex E) */
    uint8_t bytes[6];
} stale[] = {
    {0, 0x6F08, 0, 1, {0x07}},                               /* EF.Keys */
    {0, 0x6F09, 0, 1, {0x07}},                               /* EF.KeysPS */
    {0, 0x6F5B, 0, 6, {0xF0, 0x00, 0x00, 0xF0, 0x00, 0x00}}, /* EF.START-HFN */
    {0, 0x6F73, 10, 4, {0x00, 0x00, 0xFF, 0x01}},            /* EF.PSLOCI: not updated */
    {0, 0x6F7B, 0, 0, {0}},                                  /* EF.FPLMN */
    {0, 0x6F7E, 7, 4, {0x00, 0x00, 0xFF, 0x01}},             /* EF.LOCI: not updated */
    {0, 0x6FE3, 15, 3, {0x00, 0x00, 0x01}},                  /* EF.EPSLOCI: not updated */
    {0, 0x6FE4, 0, 0, {0}},                                  /* EF.EPSNSC */
    {GSM_ACCESS, 0x4F20, 8, 1, {0x07}},                      /* EF.Kc */
    {GSM_ACCESS, 0x4F52, 8, 1, {0x07}},                      /* EF.KcGPRS */
    {FIVE_GS, 0x4F01, 16, 4, {0x00, 0x00, 0x00, 0x01}},      /* EF.5GS3GPPLOCI: not updated */
    {FIVE_GS, 0x4F02, 16, 4, {0x00, 0x00, 0x00, 0x01}},      /* EF.5GSN3GPPLOCI: not updated */
    {FIVE_GS, 0x4F03, 0, 0, {0}},                            /* EF.5GS3GPPNSC */
    {FIVE_GS, 0x4F04, 0, 0, {0}},                            /* EF.5GSN3GPPNSC */
    {FIVE_GS, 0x4F05, 0, 0, {0}},                            /* EF.5GAUTHKEYS */
};

static enum kb_err clear_file(struct kb_card *card, const struct stale *row)
{
    uint8_t filler[AT_ONCE];
    struct kb_file file;
    enum kb_err err = find(card, row->df, row->fid, &file);

    if (err || row->at + row->len > file.size)
        return err == KB_ERR_ABSENT ? KB_OK : err;
    memset(filler, FILLER, sizeof(filler));
    for (size_t at = 0; at < file.size && !err; at += AT_ONCE) {
        size_t left = file.size - at;

        err = kb_files_write(card, &file, at, filler, left < AT_ONCE ? left : AT_ONCE);
    }
    return err || !row->len ? err : kb_files_write(card, &file, row->at, row->bytes, row->len);
}

static enum kb_err clear_files(struct kb_card *card)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]) && !err; i++)
        err = clear_file(card, &stale[i]);
    return err;
}

/* --- Keys --- */

static enum kb_err put_keys(struct kb_card *card, const struct kb_cpa_keys *keys)
{
    const struct {
        uint16_t object;
        const uint8_t *key;
    } rows[] = {
        {KB_OBJ_KI + OPERATORS, keys->k},      {KB_OBJ_OPC + OPERATORS, keys->opc},
        {KB_OBJ_OPERATOR_KEYS, keys->kic},     {KB_OBJ_OPERATOR_KEYS + 1, keys->kid},
        {KB_OBJ_OPERATOR_KEYS + 2, keys->kik},
    };
    enum kb_err err = kb_sim_restart_sqn(card, OPERATORS);

    if (!err)
        err = kb_sim_set_milenage(card, OPERATORS);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !err; i++)
        err = kb_nvm_put(&card->nvm, rows[i].object, rows[i].key, KB_CPA_KEY);
    return err ? err : kb_remote_restart(card);
}

static enum kb_err drop_subscription(struct kb_card *card, uint8_t subscription)
{
    enum kb_err err = kb_sim_restart_sqn(card, subscription);

    if (!err)
        err = kb_cpa_drop(card, (uint16_t)(KB_OBJ_KI + subscription));
    return err ? err : kb_cpa_drop(card, (uint16_t)(KB_OBJ_OPC + subscription));
}

/* --- The three --- */

struct swap {
    struct kb_identity identity;
    struct kb_cpa_keys keys;
    uint8_t bytes[KB_SESSION_SEALED_MAX]; /* of the identity */
    uint8_t backup[KB_CPA_BACKUP];
};

static enum kb_err swap_in(struct kb_card *card, void *context)
{
    const struct swap *swap = context;
    enum kb_err err = put_identity(card, &swap->identity, swap->backup);

    if (!err)
        err = clear_files(card);
    return err ? err : put_keys(card, &swap->keys);
}

static enum kb_err load(struct kb_card *card, struct swap *swap)
{
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_CPA_PAIR);
    enum kb_err err = size <= sizeof(swap->bytes) ? KB_OK : KB_ERR_TOO_LONG;

    if (!err)
        err = kb_nvm_read(&card->nvm, KB_OBJ_CPA_PAIR, 0, swap->bytes, size);
    if (!err)
        err = kb_identity_read(kb_span(swap->bytes, size), &swap->identity);
    if (!err)
        err = kb_nvm_read(&card->nvm, KB_OBJ_CPA_AGREEMENT, 0, &swap->keys, sizeof(swap->keys));
    return err ? err : back_up(card, swap->backup);
}

void kb_cpa_swap(struct kb_card *card)
{
    struct swap swap = {0};
    struct kb_cpa_record record;
    const struct kb_cpa_change change = {
        .record = &record,
        .agreement = kb_span(swap.keys.seal, sizeof(swap.keys.seal)),
        .pair = kb_span(swap.backup, sizeof(swap.backup)),
        .also = swap_in,
        .context = &swap,
    };
    enum kb_err err = kb_cpa_record_load(card, &record);

    if (kb_cpa_has_operator(card)) {
        kb_cpa_fail(card, KB_REASON_FINISHED);
        return;
    }
    if (!err)
        err = load(card, &swap);
    if (!err) {
        record.state = KB_CPA_TRIAL;
        record.refusals = 0;
        err = kb_cpa_commit(card, &change);
    }
    kb_wipe(&swap, sizeof(swap));
    if (err)
        kb_cpa_fail(card, KB_REASON_INTERNAL);
    else
        kb_cpa_want_reset(card);
}

enum kb_err kb_cpa_restore(struct kb_card *card, void *context)
{
    uint8_t backup[KB_CPA_BACKUP];
    enum kb_err err = kb_nvm_read(&card->nvm, KB_OBJ_CPA_PAIR, 0, backup, sizeof(backup));

    (void)context;
    if (!err)
        err = put_back(card, backup);
    if (!err)
        err = clear_files(card);
    if (!err)
        err = drop_subscription(card, OPERATORS);
    for (unsigned i = 0; i < OPERATOR_KEYS && !err; i++)
        err = kb_cpa_drop(card, (uint16_t)(KB_OBJ_OPERATOR_KEYS + i));
    return err;
}

enum kb_err kb_cpa_forget_temporary(struct kb_card *card, void *keeps_pair)
{
    const bool keeps = *(const bool *)keeps_pair;
    enum kb_err err = kb_cpa_drop(card, KB_OBJ_SECRET + KB_SECRET_ADMIN_CODE);

    if (!err && !keeps)
        err = drop_subscription(card, TEMPORARY);
    if (!err && !keeps)
        err = kb_cpa_drop(card, KB_OBJ_SECRET + KB_SECRET_IMSI_T);
    return err;
}
