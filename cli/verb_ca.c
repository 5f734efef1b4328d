/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn ca: roots and the credentials they sign. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/verb_ca.h"

static const char *const kinds[] = {[KB_CA_MAKER] = "maker", [KB_CA_OPERATORS] = "operators"};

/* --- init --- */

static enum kb_err take_kind(const struct kb_cli *cli, enum kb_ca_kind *kind, struct kb_report *why)
{
    const char *text = kb_cli_value(cli, "kind");

    *kind = KB_CA_OPERATORS;
    if (!text || strcmp(text, kinds[KB_CA_OPERATORS]) == 0)
        return KB_OK;
    *kind = KB_CA_MAKER;
    if (strcmp(text, kinds[KB_CA_MAKER]) == 0)
        return KB_OK;
    return kb_report(why, KB_ERR_USAGE, "--kind: %s is neither maker nor operators", text);
}

static enum kb_exit init(struct kb_cli *cli)
{
    const char *dir = kb_cli_value(cli, "dir"), *name = kb_cli_value(cli, "name");
    struct kb_report why = {0};
    enum kb_ca_kind kind;

    if (take_kind(cli, &kind, &why) ||
        kb_ca_init(dir, kb_cli_value(cli, "key"), name, kind, (int64_t)time(NULL), &why))
        return kb_cli_fail(cli, &why);
    kb_cli_say(cli, "%s: root %s, for %s", dir, name,
               kind == KB_CA_MAKER ? "a maker's cards" : "operators");
    kb_cli_say(cli, "keep its private key safe, and a copy elsewhere; %s/root.pub is for everyone",
               dir);
    kb_cli_result(cli, json_pack("{s:s, s:s, s:s}", "dir", dir, "name", name, "kind", kinds[kind]));
    return KB_EXIT_OK;
}

/* --- list --- */

static void tell_row(const struct kb_cli *cli, const struct kb_ca_row *row, int64_t now,
                     json_t *rows)
{
    json_t *object = kb_cli_ca_row_json(row, now);
    char last[KB_CLI_CA_DAY];

    kb_cli_ca_last_day_text(row->expires, last);
    kb_cli_say(cli, "%-8s  %-20s  %-6s  %-10s  %-7s  %s",
               json_string_value(json_object_get(object, "kid")), row->subject,
               json_string_value(json_object_get(object, "curve")), last,
               json_string_value(json_object_get(object, "state")), row->reason);
    if (kb_cli_is_json(cli))
        json_array_append(rows, object);
    json_decref(object);
}

static enum kb_exit list(struct kb_cli *cli)
{
    int64_t now = (int64_t)time(NULL);
    struct kb_ca_row row = {0};
    struct kb_report why = {0};
    struct kb_ca *ca = NULL;
    json_t *rows = json_array();
    const struct kb_ca_root *root;
    enum kb_err err = kb_ca_open(kb_cli_value(cli, "dir"), &ca, &why);

    if (!err)
        kb_cli_say(cli, "%-8s  %-20s  %-6s  %-10s  %-7s  %s", "kid", "subject", "curve", "last day",
                   "state", "");
    while (!err) {
        err = kb_ca_next(ca, row.serial, &row, &why);
        if (!err)
            tell_row(cli, &row, now, rows);
    }
    if (err != KB_ERR_ABSENT || !ca) {
        json_decref(rows);
        kb_ca_close(ca);
        return kb_cli_fail(cli, &why);
    }
    root = kb_ca_root(ca);
    kb_cli_result(cli,
                  json_pack("{s:s, s:s, s:I, s:o}", "name", root->name, "kind", kinds[root->kind],
                            "revocation_list", (json_int_t)root->number, "credentials", rows));
    kb_ca_close(ca);
    return KB_EXIT_OK;
}

/* --- revoke --- */

static enum kb_err take_named(const struct kb_cli *cli, uint64_t *serial, struct kb_report *why)
{
    const char *kid = kb_cli_value(cli, "kid");

    *serial = kid ? kb_ca_kid_read(kid) : 0;
    if (!kid == !kb_cli_value(cli, "subject"))
        return kb_report(why, KB_ERR_USAGE, "either --kid or --subject");
    if (kid && !*serial)
        return kb_report(why, KB_ERR_USAGE, "--kid: %s is no kid", kid);
    return KB_OK;
}

static enum kb_exit take_back(struct kb_cli *cli)
{
    const char *dir = kb_cli_value(cli, "dir");
    uint64_t serial = 0, count = 0, number = 0;
    struct kb_report why = {0};
    struct kb_ca *ca = NULL;
    enum kb_err err = take_named(cli, &serial, &why);

    if (!err)
        err = kb_ca_open(dir, &ca, &why);
    if (!err)
        err = kb_ca_revoke(ca, kb_cli_value(cli, "key"), serial, kb_cli_value(cli, "subject"),
                           kb_cli_value(cli, "reason"), (int64_t)time(NULL), &count, &why);
    if (!err)
        number = kb_ca_root(ca)->number;
    kb_ca_close(ca);
    if (err)
        return kb_cli_fail(cli, &why);
    kb_cli_say(cli, "%" PRIu64 " revoked%s; %s/revoked.cwt is list %" PRIu64, count,
               count ? "" : " (it was before)", dir, number);
    kb_cli_result(cli, json_pack("{s:I, s:I}", "revoked", (json_int_t)count, "revocation_list",
                                 (json_int_t)number));
    return KB_EXIT_OK;
}

/* --- The table --- */

static const struct kb_cli_option init_options[] = {
    {"dir", "DIR", "The folder of the root; made when it is not there.", true, false},
    {"name", "TEXT", "The name of the root: the issuer in every credential.", true, false},
    {"kind", "KIND", "Whose credentials: maker (cards) or operators; operators unless told.", false,
     false},
    {"key", "FILE", "The root's private key; DIR/root.key unless told, made when it is not there.",
     false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option issue_options[] = {
    {"dir", "DIR", "The folder of the root.", true, false},
    {"subject", "TEXT", "Whose key it is: IdSC of a card, IdO of an operator.", true, false},
    {"public", "HEX", "The public key, 64 digits; on P-256 the X coordinate.", false, false},
    {"generate", "FILE", "Make the key pair, and keep the private key in this file.", false, false},
    {"suite", "N", "The cipher suite of EDHOC it is for: 0 or 1 (X25519), 2 or 3 (P-256).", false,
     false},
    {"curve", "CURVE", "x25519 or p256, in place of --suite.", false, false},
    {"days", "N",
     "How many days it is valid after today; for an operator 365 unless told, for a "
     "card without end.",
     false, false},
    {"not-after", "DATE", "The last day, such as 2030-12-31 (UTC), in place of --days.", false,
     false},
    {"out", "FILE", "Where the credential goes; printed in hexadecimal unless told.", false, false},
    {"key", "FILE", "The root's private key; DIR/root.key unless told.", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option list_options[] = {
    {"dir", "DIR", "The folder of the root.", true, false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option revoke_options[] = {
    {"dir", "DIR", "The folder of the root.", true, false},
    {"kid", "HEX", "The credential.", false, false},
    {"subject", "TEXT", "Every credential of this subject, in place of --kid.", false, false},
    {"reason", "TEXT", "Why; kept in the index.", true, false},
    {"key", "FILE", "The root's private key; DIR/root.key unless told.", false, false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_ca_verbs[] = {
    {"ca", "init", "", 0, 0, "Make a root that signs credentials",
     "Makes a root: a private key on P-256 (mode 0600), DIR/root.pub with its public half (X and Y "
     "in hexadecimal), an empty index and an empty list of revoked credentials. A run that was "
     "ended is started again.\n\n"
     "  keyborn ca init --dir operators --name Operators",
     init_options, init},
    {"ca", "issue", "", 0, 0, "Sign a credential for a card or an operator",
     "Signs a credential (CWT, ES256) that says whose a static Diffie-Hellman key is, and enters "
     "it in the index with a kid of its own. A key has one credential: asked for again, the same "
     "one is given.\n\n"
     "  keyborn ca issue --dir operators --subject 001-01 --generate operator.key --suite 2 --out "
     "operator.cwt",
     issue_options, kb_cli_ca_issue},
    {"ca", "list", "", 0, 0, "Show what a root has issued",
     "Lists all credentials of a root: kid, subject, curve, last day, state.\n\n"
     "  keyborn ca list --dir operators",
     list_options, list},
    {"ca", "revoke", "", 0, 0, "Take a credential back",
     "Marks credentials as revoked and writes DIR/revoked.cwt: the whole list, numbered and signed "
     "by the root, for everyone who checks credentials.\n\n"
     "  keyborn ca revoke --dir operators --kid 01 --reason 'key lost'",
     revoke_options, take_back},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
