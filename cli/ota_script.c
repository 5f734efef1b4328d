/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of keyborn ota share: scripts read, and answers shown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verb_ota.h"
#include "crypto/secret.h"
#include "wire/hex.h"
#include "wire/sw.h"

static enum kb_err read_script(struct kb_ota_work *work, FILE *in, const char *name,
                               struct kb_report *why)
{
    enum kb_err err = KB_OK;
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    for (unsigned number = 1; !err && (len = getline(&line, &room, in)) >= 0; number++)
        err = kb_script_add(&work->script, number, kb_span(line, (size_t)len), why);
    if (!err && ferror(in))
        err = kb_report(why, KB_ERR_IO, "%s: %s", name, strerror(errno));
    if (!err && !work->script.count)
        err = kb_report(why, KB_ERR_MALFORMED, "%s: there is no command", name);
    if (line)
        kb_wipe(line, room); /* PINs come this way */
    free(line);
    return err;
}

enum kb_err kb_ota_take_script(struct kb_ota_work *work, struct kb_report *why)
{
    const char *path = kb_cli_value(work->cli, "script");
    FILE *in = path ? fopen(path, "r") : stdin;
    enum kb_err err;

    if (!in)
        return kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    err = read_script(work, in, path ? path : "standard input", why);
    if (path)
        fclose(in);
    return err;
}

enum kb_err kb_ota_take_hex(const struct kb_cli *cli, const char *option, uint32_t unless,
                            uint8_t *out, size_t len, struct kb_report *why)
{
    const char *text = kb_cli_value(cli, option);
    size_t got = 0;

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(unless >> 8 * (len - 1 - i));
    if (text && (kb_hex_decode(kb_span(text, strlen(text)), out, len, &got) || got != len))
        return kb_report(why, KB_ERR_USAGE, "--%s: should be %zu hexadecimal digits", option,
                         2 * len);
    return KB_OK;
}

enum kb_err kb_ota_take_format(struct kb_ota_work *work, struct kb_report *why)
{
    static const char *const formats[] = {"compact", "expanded", "indefinite"};
    const char *text = kb_cli_value(work->cli, "format");

    work->format = KB_REMOTE_DEFINITE;
    for (size_t i = 0; text && i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(text, formats[i]) == 0) {
            work->format = (enum kb_remote_format)i;
            return KB_OK;
        }
    return text ? kb_report(why, KB_ERR_USAGE, "--format: compact, expanded or indefinite") : KB_OK;
}

/* --- What came of it --- */

/* The command that a result belongs to: in an answer of definite length only those that asked for
 * one have it, and the last that was done. */
static size_t next_command(const struct kb_ota_work *work,
                           const struct kb_remote_response *response, size_t from)
{
    if (response->format == KB_REMOTE_COMPACT)
        return response->count ? response->count - 1 : 0;
    while (response->format == KB_REMOTE_DEFINITE && from + 1 < response->count &&
           from < work->script.count) {
        const struct kb_script_command *command = &work->script.commands[from];
        struct kb_apdu apdu;

        if (!kb_apdu_parse(kb_span(command->bytes, command->len), &apdu) && apdu.has_le)
            break;
        from++;
    }
    return from;
}

/* A warning is no refusal, but that of an answer that was cut (TS 102 226 clause 5.1.1). */
static bool is_well(uint16_t sw)
{
    return sw == KB_SW_OK || sw >> 8 == 0x61 || (sw >> 8 == 0x62 && sw != KB_REMOTE_SW_TRUNCATED);
}

static void show_result(struct kb_ota_work *work, size_t at, const struct kb_remote_result *result)
{
    char hex[2 * KB_SCRIPT_ANSWER + 1];
    bool is_known = at < work->script.count;
    unsigned line = is_known ? work->script.commands[at].line : (unsigned)at + 1;
    char sw[5];

    kb_hex_encode(result->data, hex);
    snprintf(sw, sizeof(sw), "%04X", result->sw);
    kb_cli_say(work->cli, "%s %u: %s%s%s", is_known ? "line" : "result", line, hex, *hex ? " " : "",
               sw);
    json_array_append_new(work->results, json_pack("{s:i, s:s, s:s}", is_known ? "line" : "result",
                                                   (int)line, "data", hex, "sw", sw));
    if (!is_well(result->sw))
        work->is_refused = true;
}

static void show_reason(struct kb_ota_work *work, const struct kb_remote_result *result)
{
    const char *what = result->tag == KB_REMOTE_BAD_FORMAT ? "bad-format"
                       : result->tag == KB_REMOTE_CHAINING ? "script-chaining"
                                                           : "immediate-action";

    kb_cli_say(work->cli, "the script was not run to its end: %s %02X", what, result->reason);
    json_array_append_new(work->results,
                          json_pack("{s:s, s:i}", "error", what, "reason", (int)result->reason));
    work->is_refused = true;
}

enum kb_err kb_ota_show_answer(struct kb_ota_work *work, struct kb_span answer,
                               struct kb_report *why)
{
    struct kb_remote_response response;
    struct kb_remote_result result;
    size_t at = 0;

    if (!answer.len)
        return KB_OK;
    if (kb_remote_response_open(&response, answer, work->format != KB_REMOTE_COMPACT))
        return kb_report(why, KB_ERR_MALFORMED, "the card's answer cannot be read");
    while (kb_remote_response_next(&response, &result)) {
        if (result.tag != KB_REMOTE_RESULT) {
            show_reason(work, &result);
            continue;
        }
        at = next_command(work, &response, at);
        show_result(work, at++, &result);
    }
    return response.rd.is_bad ? kb_report(why, KB_ERR_MALFORMED, "the card's answer cannot be read")
                              : KB_OK;
}
