/* SPDX-License-Identifier: Apache-2.0 */
/* OsmoHLR: commands of its control interface, one a line. Setting aud3g lets its SQN start at 0,
 * which every card made here takes: proofs at the desk use an IND of their own. */

#include <inttypes.h>

#include "desk/export.h"

static enum kb_err put_keys(FILE *out, const struct kb_export_card *card, uint64_t id)
{
    enum kb_err err;

    fprintf(out, "SET %" PRIu64 " subscriber.by-imsi-%s.aud3g milenage,", id, card->imsi);
    err = kb_export_put_secret(out, card, "ki");
    fputs(",opc,", out);
    if (!err)
        err = kb_export_put_secret(out, card, "opc");
    fputc('\n', out);
    return err;
}

static enum kb_err line(FILE *out, const struct kb_export_card *card)
{
    uint64_t id = (card->number - 1) * 3;

    fprintf(out, "SET %" PRIu64 " subscriber.create %s\n", id + 1, card->imsi);
    if (kb_record_role(card->record, "msisdn").len) {
        fprintf(out, "SET %" PRIu64 " subscriber.by-imsi-%s.msisdn ", id + 3, card->imsi);
        kb_export_put(out, card, "msisdn");
        fputc('\n', out);
    }
    return put_keys(out, card, id + 2);
}

const struct kb_export_format kb_export_osmohlr = {"osmohlr", false, NULL, line};
