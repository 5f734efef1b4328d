/* SPDX-License-Identifier: Apache-2.0 */
/* pySim: the table that pySim-prog reads, with further columns for registers. */

#include <inttypes.h>
#include <string.h>

#include "card/perso/encode.h"
#include "desk/export.h"
#include "wire/bcd.h"
#include "wire/hex.h"

enum { SMSP_END = 28 };

static const char *const codes[] = {"adm1", "pin1", "puk1", "pin2", "puk2"};

static void head(FILE *out, const struct kb_export_card *any)
{
    fputs("iccid,imsi,mcc,mnc,smsp,acc,sqn,ki,opc,pin_adm,pin1,puk1,pin2,puk2", out);
    if (any->register_key)
        fputs(",register_key,ki_encrypted,opc_encrypted", out);
    fputc('\n', out);
}

/* The network code has as many digits as the value mnc_length says, else 2. */
static void put_network(FILE *out, const struct kb_export_card *card)
{
    struct kb_span value = kb_record_role(card->record, "mnc_length");
    int digits = value.len == 1 && value.data[0] == '3' ? 3 : 2;

    fprintf(out, ",%.3s,%.*s", card->imsi, digits, &card->imsi[3]);
}

/* The end of an EF.SMSP record with this service centre. */
static void put_smsp(FILE *out, const struct kb_export_card *card)
{
    uint8_t record[SMSP_END];
    char hex[2 * SMSP_END + 1] = "";
    struct kb_span number = kb_record_role(card->record, "smsp");

    if (number.len && !kb_encode(KB_ENCODE_SMSP, 0, number, record, sizeof record))
        kb_hex_encode(kb_span(record, sizeof record), hex);
    fprintf(out, ",%s", hex);
}

static void put_acc(FILE *out, const struct kb_export_card *card)
{
    uint8_t acc[2];
    char hex[2 * sizeof acc + 1] = "";

    if (!kb_acc_from_imsi(kb_span(card->imsi, strlen(card->imsi)), acc))
        kb_hex_encode(kb_span(acc, sizeof acc), hex);
    fprintf(out, ",%s", hex);
}

static enum kb_err put_encrypted(FILE *out, const struct kb_export_card *card)
{
    enum kb_err err;

    fprintf(out, ",%s,", card->register_id);
    err = kb_export_put_encrypted(out, card, "ki");
    fputc(',', out);
    return err ? err : kb_export_put_encrypted(out, card, "opc");
}

static enum kb_err line(FILE *out, const struct kb_export_card *card)
{
    enum kb_err err;

    fprintf(out, "%s,%s", card->iccid, card->imsi);
    put_network(out, card);
    put_smsp(out, card);
    put_acc(out, card);
    fprintf(out, ",%012" PRIx64 ",", card->sqn);
    err = kb_export_put_secret(out, card, "ki");
    fputc(',', out);
    if (!err)
        err = kb_export_put_secret(out, card, "opc");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0] && !err; i++) {
        fputc(',', out);
        err = kb_export_put_secret(out, card, codes[i]);
    }
    if (!err && card->register_key)
        err = put_encrypted(out, card);
    fputc('\n', out);
    return err;
}

static const char *refuses(const struct kb_subscriber_keys *keys)
{
    if (kb_export_is_usual(keys) && keys->profile.gsm == KB_GSM_CONVERTED)
        return NULL;
    return "a table of pySim means Milenage with RES of 8 bytes, and what follows from it for GSM";
}

const struct kb_export_format kb_export_pysim = {"pysim", true, refuses, head, line};
