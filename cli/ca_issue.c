/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn ca issue, and how a credential is shown. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/verb_ca.h"
#include "crypto/secret.h"
#include "desk/key_file.h"
#include "desk/safe_file.h"
#include "wire/hex.h"

enum { DAY = 86400, OPERATOR_DAYS = 365 };

/* --- Days. A credential begins and ends at midnight UTC, so that clocks may differ a little. ---
 */

static void day_text(int64_t when, char text[KB_CLI_CA_DAY])
{
    time_t seconds = (time_t)when;
    struct tm utc;

    strftime(text, KB_CLI_CA_DAY, "%Y-%m-%d", gmtime_r(&seconds, &utc));
}

/* The last day on which it is valid. */
void kb_cli_ca_last_day_text(int64_t expires, char text[KB_CLI_CA_DAY])
{
    if (expires)
        day_text(expires - 1, text);
    else
        snprintf(text, KB_CLI_CA_DAY, "no end");
}

static enum kb_err read_day(const char *text, int64_t *start, struct kb_report *why)
{
    struct tm utc = {0};
    char again[KB_CLI_CA_DAY] = "";
    const char *end = strptime(text, "%Y-%m-%d", &utc);

    *start = end && !*end ? (int64_t)timegm(&utc) : 0;
    if (*start > 0)
        day_text(*start, again);
    if (strcmp(again, text) != 0)
        return kb_report(why, KB_ERR_USAGE, "--not-after: %s is no day such as 2030-12-31", text);
    return KB_OK;
}

static enum kb_err take_dates(const struct kb_cli *cli, enum kb_ca_kind kind, int64_t now,
                              struct kb_ca_row *row, struct kb_report *why)
{
    const char *date = kb_cli_value(cli, "not-after");
    unsigned long days = date || kind == KB_CA_MAKER ? 0 : OPERATOR_DAYS;
    int64_t today = now - now % DAY, last = 0;
    enum kb_err err = KB_OK;

    if (date && kb_cli_value(cli, "days"))
        return kb_report(why, KB_ERR_USAGE, "either --days or --not-after");
    err = date ? read_day(date, &last, why) : kb_cli_number(cli, "days", 1, 36500, &days, why);
    if (days)
        last = today + (int64_t)days * DAY;
    if (err || !last)
        return err;
    row->not_before = today;
    row->expires = last + DAY;
    return KB_OK;
}

/* --- The key, and the rest --- */

static enum kb_err take_curve(const struct kb_cli *cli, enum kb_curve *curve, struct kb_report *why)
{
    const char *name = kb_cli_value(cli, "curve");
    unsigned long suite = 0;
    enum kb_err err = kb_cli_number(cli, "suite", 0, 3, &suite, why);

    if (err)
        return err;
    if (!name == !kb_cli_value(cli, "suite"))
        return kb_report(why, KB_ERR_USAGE, "either --suite or --curve");
    *curve = suite < 2 ? KB_CURVE_X25519 : KB_CURVE_P256;
    if (name && strcmp(name, "p256") == 0)
        *curve = KB_CURVE_P256;
    else if (name && strcmp(name, "x25519") != 0)
        return kb_report(why, KB_ERR_USAGE, "--curve: %s is neither x25519 nor p256", name);
    return KB_OK;
}

static enum kb_err read_public(const char *text, struct kb_ca_row *row, struct kb_report *why)
{
    size_t len = 0;

    if (kb_hex_decode(kb_span(text, strlen(text)), row->public_key, KB_CURVE_SIZE, &len) ||
        len != KB_CURVE_SIZE)
        return kb_report(why, KB_ERR_USAGE, "--public: should be %d hexadecimal digits",
                         2 * KB_CURVE_SIZE);
    return KB_OK;
}

/* The key of a file, made when it is not there yet: a run that was killed finds its own. */
static enum kb_err make_pair(const char *path, struct kb_ca_row *row, struct kb_report *why)
{
    const struct kb_crypto *crypto = &kb_crypto_openssl;
    uint8_t key[KB_CURVE_SIZE] = {0}, point[KB_P256_PUBLIC];
    bool is_point = row->curve == KB_CURVE_P256, is_new;
    enum kb_err err = kb_key_file_need(path, crypto, is_point ? kb_key_draw_p256 : kb_key_draw, key,
                                       sizeof key, &is_new, why);

    if (!err) {
        err = is_point ? crypto->p256_public(key, point) : crypto->x25519_public(key, point);
        if (err)
            kb_report(why, KB_ERR_MALFORMED, "%s: is no private key of this curve", path);
    }
    if (!err) {
        memcpy(row->public_key, point, KB_CURVE_SIZE);
        row->is_odd = is_point && (point[KB_P256_PUBLIC - 1] & 1);
    }
    kb_wipe(key, sizeof key);
    return err;
}

static enum kb_err take_subject(const struct kb_cli *cli, struct kb_ca_row *row,
                                struct kb_report *why)
{
    const char *subject = kb_cli_value(cli, "subject");

    if (strlen(subject) >= sizeof row->subject)
        return kb_report(why, KB_ERR_USAGE, "--subject: more than %d characters",
                         KB_CREDENTIAL_NAME_MAX);
    snprintf(row->subject, sizeof row->subject, "%s", subject);
    return KB_OK;
}

static enum kb_err take_key(const struct kb_cli *cli, struct kb_ca_row *row, struct kb_report *why)
{
    const char *public_key = kb_cli_value(cli, "public"), *file = kb_cli_value(cli, "generate");

    if (!public_key == !file)
        return kb_report(why, KB_ERR_USAGE, "either --public or --generate");
    return file ? make_pair(file, row, why) : read_public(public_key, row, why);
}

static enum kb_err write_token(const char *path, const struct kb_ca_row *row, struct kb_report *why)
{
    struct kb_safe_file file;
    enum kb_err err = kb_safe_file_open(&file, path, why);

    if (err)
        return err;
    fwrite(row->token, 1, row->token_len, file.out);
    return kb_safe_file_keep(&file, why);
}

json_t *kb_cli_ca_row_json(const struct kb_ca_row *row, int64_t now)
{
    char kid[KB_CA_KID_TEXT], fingerprint[2 * KB_REVOKED_FINGERPRINT + 1];
    char public_key[2 * KB_CURVE_SIZE + 1];
    const char *state = row->revoked                          ? "revoked"
                        : row->expires && row->expires <= now ? "expired"
                                                              : "valid";
    json_t *object;

    kb_ca_kid_text(row->serial, kid);
    kb_hex_encode(kb_span(row->fingerprint, KB_REVOKED_FINGERPRINT), fingerprint);
    kb_hex_encode(kb_span(row->public_key, KB_CURVE_SIZE), public_key);
    object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "kid", kid, "subject", row->subject,
                  "curve", row->curve == KB_CURVE_P256 ? "p256" : "x25519", "public", public_key,
                  "fingerprint", fingerprint, "not_before", (json_int_t)row->not_before, "expires",
                  (json_int_t)row->expires, "state", state);
    if (row->revoked)
        json_object_set_new(object, "reason", json_string(row->reason));
    return object;
}

static void tell_issued(const struct kb_cli *cli, const struct kb_ca_row *row, bool is_new,
                        int64_t now)
{
    char kid[KB_CA_KID_TEXT], last[KB_CLI_CA_DAY], token[2 * KB_CREDENTIAL_MAX + 1];
    const char *out = kb_cli_value(cli, "out");
    json_t *object = kb_cli_ca_row_json(row, now);

    kb_ca_kid_text(row->serial, kid);
    kb_cli_ca_last_day_text(row->expires, last);
    kb_hex_encode(kb_span(row->token, row->token_len), token);
    kb_cli_say(cli, "kid %s: %s, %zu bytes, last day: %s%s", kid, row->subject, row->token_len,
               last, is_new ? "" : " (issued before)");
    if (!out)
        kb_cli_say(cli, "%s", token);
    json_object_set_new(object, "is_new", json_boolean(is_new));
    json_object_set_new(object, "token", json_string(token));
    kb_cli_result(cli, object);
}

enum kb_exit kb_cli_ca_issue(struct kb_cli *cli)
{
    const char *out = kb_cli_value(cli, "out");
    int64_t now = (int64_t)time(NULL);
    struct kb_ca_row row = {0};
    struct kb_report why = {0};
    struct kb_ca *ca = NULL;
    bool is_new = false;
    enum kb_err err = kb_ca_open(kb_cli_value(cli, "dir"), &ca, &why);

    if (!err)
        err = take_subject(cli, &row, &why);
    if (!err)
        err = take_dates(cli, kb_ca_root(ca)->kind, now, &row, &why);
    if (!err)
        err = take_curve(cli, &row.curve, &why);
    if (!err)
        err = take_key(cli, &row, &why);
    if (!err)
        err = kb_ca_issue(ca, kb_cli_value(cli, "key"), &row, now, &is_new, &why);
    if (!err && out)
        err = write_token(out, &row, &why);
    kb_ca_close(ca);
    if (err)
        return kb_cli_fail(cli, &why);
    tell_issued(cli, &row, is_new, now);
    return KB_EXIT_OK;
}
