/* SPDX-License-Identifier: Apache-2.0 */
/* OsmoHLR: commands of its control interface, one a line. Setting aud3g lets its SQN start at 0,
 * which every card made here takes: proofs at the desk use an IND of their own. */

#include <inttypes.h>

#include "desk/export.h"

enum { IDS = 4, IND_BITS = 5 /* unless the command says otherwise */ };

/* What OsmoHLR computes: TUAK (from version 1.6 on) and Milenage with lengths that it does not let
 * choose, XOR with the whole of XDOUT. */
static const struct algorithm {
    const char *name;
    struct kb_aka_profile profile; /* without the one for GSM */
} algorithms[KB_AKA_ALGORITHMS] = {
    [KB_AKA_MILENAGE] = {"milenage", {KB_AKA_MILENAGE, 0, 8, 16, 16, 8, 1}},
    [KB_AKA_TUAK] = {"tuak", {KB_AKA_TUAK, 0, 8, 16, 16, 8, 1}},
    [KB_AKA_XOR] = {"xor", {KB_AKA_XOR, 0, 16, 16, 16, 8, 1}},
};

/* XOR for GSM has this name from version 1.6 on; before, its xor was what follows from 3G. */
static const char *const gsm_algorithms[KB_GSM_ALGORITHMS] = {NULL, "comp128v1", "comp128v2",
                                                              "comp128v3", "xor-2g"};

static const char *refuses(const struct kb_subscriber_keys *keys)
{
    const struct kb_aka_profile *has = &keys->profile;
    const struct kb_aka_profile *knows = &algorithms[has->algorithm].profile;
    bool is_known = has->res_len == knows->res_len && has->ck_len == knows->ck_len &&
                    has->ik_len == knows->ik_len && has->mac_len == knows->mac_len &&
                    (has->algorithm != KB_AKA_TUAK || has->iterations == knows->iterations);

    if (is_known || !kb_subscriber_has_3g(keys))
        return NULL;
    return "OsmoHLR knows Milenage and TUAK with RES and MAC of 8 bytes, CK and IK of 16 and one "
           "iteration, and XOR with RES of 16 bytes";
}

static enum kb_err put_3g(FILE *out, const struct kb_export_card *card, uint64_t id)
{
    bool has_opc = card->keys->profile.algorithm != KB_AKA_XOR;
    enum kb_err err;

    fprintf(out, "SET %" PRIu64 " subscriber.by-imsi-%s.aud3g %s,", id, card->imsi,
            algorithms[card->keys->profile.algorithm].name);
    err = kb_export_put_secret(out, card, "ki");
    fputs(",opc,", out);
    if (!err && has_opc)
        err = kb_export_put_secret(out, card, "opc");
    else if (!err)
        fprintf(out, "%032d", 0); /* of no use, and asked for */
    if (card->keys->ind_bits != IND_BITS)
        fprintf(out, ",%u", card->keys->ind_bits);
    fputc('\n', out);
    return err;
}

static enum kb_err put_2g(FILE *out, const struct kb_export_card *card, uint64_t id)
{
    enum kb_err err;

    fprintf(out, "SET %" PRIu64 " subscriber.by-imsi-%s.aud2g %s,", id, card->imsi,
            gsm_algorithms[card->keys->profile.gsm]);
    err = kb_export_put_secret(out, card, "ki");
    fputc('\n', out);
    return err;
}

static enum kb_err line(FILE *out, const struct kb_export_card *card)
{
    uint64_t id = (card->number - 1) * IDS;
    enum kb_err err = KB_OK;

    fprintf(out, "SET %" PRIu64 " subscriber.create %s\n", id + 1, card->imsi);
    if (kb_record_role(card->record, "msisdn").len) {
        fprintf(out, "SET %" PRIu64 " subscriber.by-imsi-%s.msisdn ", id + 3, card->imsi);
        kb_export_put(out, card, "msisdn");
        fputc('\n', out);
    }
    if (card->keys->profile.gsm != KB_GSM_CONVERTED)
        err = put_2g(out, card, id + 4);
    if (!err && kb_subscriber_has_3g(card->keys))
        err = put_3g(out, card, id + 2);
    return err;
}

const struct kb_export_format kb_export_osmohlr = {"osmohlr", false, refuses, NULL, line};
