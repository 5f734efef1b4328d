/* SPDX-License-Identifier: Apache-2.0 */
/* srsRAN: lines of user_db.csv. The name of a subscriber is the card's ICCID. */

#include <inttypes.h>

#include "desk/export.h"

enum { RES = 8 };

static void head(FILE *out, const struct kb_export_card *any)
{
    (void)any;
    fputs("# Name,Auth,IMSI,Key,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc\n", out);
}

static bool is_xor(const struct kb_subscriber_keys *keys)
{
    return keys->profile.algorithm == KB_AKA_XOR && keys->profile.res_len == RES;
}

static const char *refuses(const struct kb_subscriber_keys *keys)
{
    if (kb_export_is_usual(keys) || is_xor(keys))
        return NULL;
    return "srsRAN knows Milenage and XOR only, with RES of 8 bytes";
}

/* With XOR the register wants an OPc, and does nothing with it. */
static enum kb_err line(FILE *out, const struct kb_export_card *card)
{
    static const char unused[] = "00000000000000000000000000000000";
    bool has_opc = !is_xor(card->keys);
    enum kb_err err;

    fprintf(out, "%s,%s,%s,", card->iccid, has_opc ? "mil" : "xor", card->imsi);
    err = kb_export_put_secret(out, card, "ki");
    fputs(",opc,", out);
    if (!err && has_opc)
        err = kb_export_put_secret(out, card, "opc");
    else if (!err)
        fputs(unused, out);
    fprintf(out, ",8000,%012" PRIx64 ",9,dynamic\n", card->sqn);
    return err;
}

const struct kb_export_format kb_export_srsran = {"srsran", false, refuses, head, line};
