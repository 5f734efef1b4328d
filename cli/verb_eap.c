/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn eap: the row of the table, and subscribers on their way from exports into the store. */
#include "cli/verb_eap.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/export_rows.h"
#include "wire/hex.h"

enum { IND_BITS = 5 };

struct import {
    struct kb_subscribers *subscribers;
    uint64_t count;
};

static enum kb_err take_key(const char *hex, uint8_t key[KB_AKA_KEY_MAX], uint8_t *key_len)
{
    size_t len = 0;
    enum kb_err err = kb_hex_decode(kb_span(hex, strlen(hex)), key, KB_AKA_KEY_MAX, &len);

    *key_len = (uint8_t)len;
    return err;
}

/* True when the algorithms take keys of these lengths: they are tried. */
static bool has_its_keys(const struct kb_eap_subscriber *subscriber)
{
    static const uint8_t rand[16];
    const struct kb_aka_keys keys = {.k = kb_span(subscriber->k, subscriber->k_len),
                                     .top = kb_span(subscriber->top, subscriber->top_len)};
    struct kb_aka_profile from_3g = subscriber->profile;
    uint8_t sres[4], kc[8];
    bool is_good = !kb_aka_gsm(&kb_crypto_openssl, &subscriber->profile, &keys, rand, sres, kc);

    from_3g.gsm = KB_GSM_CONVERTED;
    if (is_good && !subscriber->is_gsm)
        is_good = !kb_aka_gsm(&kb_crypto_openssl, &from_3g, &keys, rand, sres, kc);
    kb_wipe(sres, sizeof(sres));
    kb_wipe(kc, sizeof(kc));
    return is_good;
}

static enum kb_err add_row(struct import *import, const char *imsi,
                           const struct kb_eap_subscriber *subscriber, struct kb_report *why)
{
    bool is_new;
    enum kb_err err =
        kb_subscribers_add(import->subscribers, kb_span(imsi, strlen(imsi)), subscriber, &is_new);

    if (err == KB_ERR_RANGE)
        return kb_report(why, err, "names no subscriber by an IMSI");
    if (err)
        return kb_report(why, err, "%s", kb_err_text(err));
    import->count++;
    return KB_OK;
}

/* The number of an export is the next one: the highest that was used is the one before. */
static enum kb_err take_row(void *context, const struct kb_export_row *row, struct kb_report *why)
{
    struct import *import = context;
    struct kb_eap_subscriber subscriber = {
        .profile = row->profile, .is_gsm = row->is_gsm, .seq = row->sqn >> IND_BITS};
    enum kb_err err = KB_OK;

    if (subscriber.seq > 0)
        subscriber.seq--;
    if (take_key(row->ki, subscriber.k, &subscriber.k_len) ||
        take_key(row->opc, subscriber.top, &subscriber.top_len) || !has_its_keys(&subscriber))
        err = kb_report(why, KB_ERR_MALFORMED,
                        "has not the keys in clear; a sealed export needs --transport-key");
    if (!err)
        err = add_row(import, row->imsi, &subscriber, why);
    kb_wipe(&subscriber, sizeof(subscriber));
    return err;
}

static enum kb_err read_exports(const struct kb_cli *cli, struct kb_subscribers *subscribers,
                                struct kb_report *why)
{
    const char *key_path = kb_cli_value(cli, "transport-key"), *path;
    uint8_t key[KB_GCM_KEY];
    enum kb_err err = KB_OK;

    if (key_path)
        err = kb_key_file_read(key_path, key, sizeof(key), why);
    for (size_t i = 0; !err && (path = kb_cli_nth(cli, "register", i)); i++) {
        struct import import = {subscribers, 0};

        err = kb_export_rows(path, key_path ? key : NULL, take_row, &import, why);
        if (!err) {
            err = kb_subscribers_commit(subscribers, path, import.count);
            if (err)
                kb_report(why, err, "%s: %s", path, kb_err_text(err));
        }
        if (!err)
            kb_cli_say(cli, "%s: %" PRIu64 " subscribers", path, import.count);
    }
    kb_wipe(key, sizeof(key));
    return err;
}

static enum kb_err open_store(const struct kb_cli *cli, struct kb_subscribers **subscribers,
                              struct kb_report *why)
{
    uint8_t key[KB_GCM_KEY];
    enum kb_err err = kb_cli_need_key(cli, "store-key", "eap.key", kb_key_draw, key, why);

    if (!err)
        err = kb_subscribers_open(kb_cli_value(cli, "store"), key, subscribers, why);
    kb_wipe(key, sizeof(key));
    return err;
}

static void show(const struct kb_cli *cli, const struct kb_eap_server *server, uint64_t subscribers)
{
    const uint64_t *counts = server->counts;

    kb_cli_say(cli,
               "%s: stopped after %" PRIu64 " vectors, %" PRIu64 " answers with triplets, %" PRIu64
               " resynchronisations, %" PRIu64 " failures",
               server->path, counts[KB_EAP_DB_VECTOR], counts[KB_EAP_DB_TRIPLES],
               counts[KB_EAP_DB_RESYNC], counts[KB_EAP_DB_FAILURE] + counts[KB_EAP_DB_REFUSED]);
    kb_cli_result(
        cli, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "socket", server->path, "subscribers",
                       (json_int_t)subscribers, "vectors", (json_int_t)counts[KB_EAP_DB_VECTOR],
                       "triplets", (json_int_t)counts[KB_EAP_DB_TRIPLES], "resynchronisations",
                       (json_int_t)counts[KB_EAP_DB_RESYNC], "failures",
                       (json_int_t)(counts[KB_EAP_DB_FAILURE] + counts[KB_EAP_DB_REFUSED]),
                       "ignored", (json_int_t)counts[KB_EAP_DB_IGNORED]));
}

static enum kb_exit serve(struct kb_cli *cli)
{
    struct kb_eap_server server = {.path = kb_cli_value(cli, "socket")};
    unsigned long ind = KB_SQN_IND_WIFI;
    struct kb_report why = {0};
    uint64_t count = 0;
    enum kb_err err = kb_cli_number(cli, "ind", 0, (1ul << IND_BITS) - 1, &ind, &why);

    server.ind = (uint8_t)ind;
    if (!err)
        err = open_store(cli, &server.subscribers, &why);
    if (!err)
        err = read_exports(cli, server.subscribers, &why);
    if (!err) {
        err = kb_subscribers_count(server.subscribers, &count);
        if (!err && !count)
            err = kb_report(&why, KB_ERR_ABSENT, "%s: no subscribers: give --register an export",
                            kb_cli_value(cli, "store"));
        else if (err)
            kb_report(&why, err, "%s: %s", kb_cli_value(cli, "store"), kb_err_text(err));
    }
    if (!err)
        err = kb_cli_eap_serve(cli, &server, &why);
    kb_subscribers_close(server.subscribers);
    if (err)
        return kb_cli_fail(cli, &why);
    show(cli, &server, count);
    return KB_EXIT_OK;
}

static const struct kb_cli_option serve_options[] = {
    {"socket", "PATH", "The UNIX socket to answer on; hostapd: eap_sim_db=unix:PATH.", true, false},
    {"store", "FILE",
     "Where subscribers are kept: keys sealed, and sequence numbers; made when it is not there.",
     true, false},
    {"register", "FILE",
     "An export of keyborn bureau, of any format: its subscribers are taken into the store.", false,
     true},
    {"transport-key", "FILE", "What the keys in the exports are sealed with.", false, false},
    {"store-key", "FILE",
     "The key of the store; eap.key in $KEYBORN_HOME or ~/.keyborn unless told, made when it is "
     "not "
     "there.",
     false, false},
    {"ind", "N",
     "The IND of sequence numbers given out here, 0 to 31; 30 unless told. No other register of "
     "these subscribers may use it.",
     false, false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_eap_verbs[] = {
    {"eap", "serve", "", 0, 0, "Give hostapd the vectors for Wi-Fi logins by SIM",
     "Answers the questions of hostapd, or of what else speaks its protocol, for vectors of "
     "EAP-SIM, "
     "EAP-AKA and EAP-AKA', until it is ended by SIGTERM or SIGINT. A sequence number is on disk "
     "before the vector that bears it leaves; an AUTS whose MAC-S is right sets it to the card's. "
     "Each answer is told in a line with its IMSI and without any key.\n\n"
     "Subscribers come from exports once; a later run needs none. One that is read again with the "
     "same keys never takes a number back; other keys replace the old ones.\n\n"
     "  keyborn eap serve --socket /run/keyborn-eap.sock --store eap.store --register hlr.txt",
     serve_options, serve},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
