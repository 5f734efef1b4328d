/* SPDX-License-Identifier: Apache-2.0 */
/* Open5GS: documents of its collection "subscribers", one a line, for mongoimport. */

#include <inttypes.h>

#include "desk/export.h"

/* What the web page of Open5GS gives a new subscriber: one session, 1 Gbit/s each way. */
#define AMBR "{\"downlink\":{\"value\":1,\"unit\":3},\"uplink\":{\"value\":1,\"unit\":3}}"

static const char subscription[] =
    ",\"ambr\":" AMBR
    ",\"slice\":[{\"sst\":1,\"default_indicator\":true,\"session\":[{\"name\":\"internet\","
    "\"type\":3,\"qos\":{\"index\":9,\"arp\":{\"priority_level\":8,\"pre_emption_capability\":1,"
    "\"pre_emption_vulnerability\":1}},\"ambr\":" AMBR
    ",\"pcc_rule\":[]}]}],\"access_restriction_data\":32,\"subscriber_status\":0,"
    "\"network_access_mode\":0,\"subscribed_rau_tau_timer\":12,\"__v\":0";

static enum kb_err put_security(FILE *out, const struct kb_export_card *card)
{
    enum kb_err err;

    fputs(",\"security\":{\"k\":\"", out);
    err = kb_export_put_secret(out, card, "ki");
    fputs("\",\"op\":null,\"opc\":\"", out);
    if (!err)
        err = kb_export_put_secret(out, card, "opc");
    fprintf(out, "\",\"amf\":\"8000\",\"sqn\":{\"$numberLong\":\"%" PRIu64 "\"}}", card->sqn);
    return err;
}

static enum kb_err put_encrypted(FILE *out, const struct kb_export_card *card)
{
    enum kb_err err;

    fprintf(out, ",\"transport\":{\"key\":\"%s\",\"k\":\"", card->register_id);
    err = kb_export_put_encrypted(out, card, "ki");
    fputs("\",\"opc\":\"", out);
    if (!err)
        err = kb_export_put_encrypted(out, card, "opc");
    fputs("\"}", out);
    return err;
}

static void put_msisdn(FILE *out, const struct kb_export_card *card)
{
    fputs(",\"msisdn\":[", out);
    if (kb_record_role(card->record, "msisdn").len) {
        fputc('"', out);
        kb_export_put(out, card, "msisdn");
        fputc('"', out);
    }
    fputc(']', out);
}

static enum kb_err line(FILE *out, const struct kb_export_card *card)
{
    enum kb_err err;

    fprintf(out, "{\"schema_version\":1,\"imsi\":\"%s\",\"iccid\":\"%s\"", card->imsi, card->iccid);
    put_msisdn(out, card);
    err = put_security(out, card);
    if (!err && card->register_key)
        err = put_encrypted(out, card);
    fputs(subscription, out);
    fputs("}\n", out);
    return err;
}

static const char *refuses(const struct kb_subscriber_keys *keys)
{
    return kb_export_is_usual(keys) ? NULL : "Open5GS knows Milenage with RES of 8 bytes only";
}

const struct kb_export_format kb_export_open5gs = {"open5gs", true, refuses, NULL, line};
