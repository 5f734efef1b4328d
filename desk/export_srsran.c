/* SPDX-License-Identifier: Apache-2.0 */
/* srsRAN: lines of user_db.csv. The name of a subscriber is the card's ICCID. */

#include <inttypes.h>

#include "desk/export.h"

static void head(FILE *out, const struct kb_export_card *any)
{
    (void)any;
    fputs("# Name,Auth,IMSI,Key,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc\n", out);
}

static enum kb_err line(FILE *out, const struct kb_export_card *card)
{
    enum kb_err err;

    fprintf(out, "%s,mil,%s,", card->iccid, card->imsi);
    err = kb_export_put_secret(out, card, "ki");
    fputs(",opc,", out);
    if (!err)
        err = kb_export_put_secret(out, card, "opc");
    fprintf(out, ",8000,%012" PRIx64 ",9,dynamic\n", card->sqn);
    return err;
}

const struct kb_export_format kb_export_srsran = {"srsran", false, head, line};
