/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn ota: remote file management from a desk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "crypto/secret.h"
#include "desk/script.h"
#include "desk/talk.h"
#include "wire/hex.h"

enum { TAR_DEFAULT = 0xB00000, SPI_DEFAULT = 0x1619, SCRIPT_MAX = 3000 };

struct work {
    const struct kb_cli *cli;
    struct kb_script script;
    struct kb_ota_keys keys;
    enum kb_remote_format format;
    struct kb_script_order order;
    struct kb_script_receipt receipt;
    json_t *results;
    bool is_refused; /* by the card, wholly or in part */
};

/* --- What is to be done --- */

static enum kb_err read_script(struct work *work, FILE *in, const char *name, struct kb_report *why)
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

static enum kb_err take_script(struct work *work, struct kb_report *why)
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

static enum kb_err take_hex(const struct kb_cli *cli, const char *option, uint32_t unless,
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

static enum kb_err take_format(struct work *work, struct kb_report *why)
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

static enum kb_err open_reader(struct work *work, struct kb_report *why)
{
    const char *file = kb_cli_value(work->cli, "card"), *name = kb_cli_value(work->cli, "reader");
    enum kb_err err;

    if (!file == !name)
        return kb_report(why, KB_ERR_USAGE, "say where the card is: --card FILE, or --reader NAME");
    err = file ? kb_reader_open_file(file, &work->order.reader, why)
               : kb_reader_open_pcsc(name, &work->order.reader, why);
    return err ? err : kb_talk_power_up(work->order.reader, why);
}

static enum kb_err prepare(struct work *work, struct kb_report *why)
{
    const struct kb_cli *cli = work->cli;
    enum kb_err err = take_format(work, why);

    if (!err)
        err = take_hex(cli, "tar", TAR_DEFAULT, work->order.tar, KB_TAR_SIZE, why);
    if (!err)
        err = take_hex(cli, "spi", SPI_DEFAULT, work->order.spi, sizeof(work->order.spi), why);
    if (!err)
        err = kb_script_keys(kb_cli_value(cli, "keys"), &work->keys, why);
    if (!err)
        err = take_script(work, why);
    work->order.keys = &work->keys;
    return err ? err : open_reader(work, why);
}

/* --- What came of it --- */

/* The command that a result belongs to: in an answer of definite length only those that asked for
 * one have it, and the last that was done. */
static size_t next_command(const struct work *work, const struct kb_remote_response *response,
                           size_t from)
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

static void show_result(struct work *work, size_t at, const struct kb_remote_result *result)
{
    char hex[2 * KB_SCRIPT_ANSWER + 1];
    unsigned line = at < work->script.count ? work->script.commands[at].line : 0;
    char sw[5];

    kb_hex_encode(result->data, hex);
    snprintf(sw, sizeof(sw), "%04X", result->sw);
    kb_cli_say(work->cli, "line %u: %s%s%s", line, hex, *hex ? " " : "", sw);
    json_array_append_new(work->results,
                          json_pack("{s:i, s:s, s:s}", "line", (int)line, "data", hex, "sw", sw));
    if (!is_well(result->sw))
        work->is_refused = true;
}

static void show_reason(struct work *work, const struct kb_remote_result *result)
{
    const char *what = result->tag == KB_REMOTE_BAD_FORMAT ? "bad-format"
                       : result->tag == KB_REMOTE_CHAINING ? "script-chaining"
                                                           : "immediate-action";

    kb_cli_say(work->cli, "the script was not run to its end: %s %02X", what, result->reason);
    json_array_append_new(work->results,
                          json_pack("{s:s, s:i}", "error", what, "reason", (int)result->reason));
    work->is_refused = true;
}

static enum kb_err show_answer(struct work *work, struct kb_report *why)
{
    struct kb_remote_response response;
    struct kb_remote_result result;
    size_t at = 0;

    if (!work->receipt.len)
        return KB_OK;
    if (kb_remote_response_open(&response, kb_span(work->receipt.data, work->receipt.len),
                                work->format != KB_REMOTE_COMPACT))
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

static bool wants_proof(const struct work *work)
{
    return kb_spi_get(work->order.spi, KB_SPI_POR) == KB_POR_ALWAYS;
}

static enum kb_err show(struct work *work, struct kb_report *why)
{
    const struct kb_script_receipt *receipt = &work->receipt;
    const char *text = kb_script_status_text(receipt->status);
    enum kb_err err = KB_OK;

    if (!receipt->is_there && wants_proof(work))
        return kb_report(why, KB_ERR_CARD,
                         "no proof of receipt: the card knows no such key set, key or TAR");
    work->results = json_array();
    if (receipt->is_there) {
        kb_cli_say(work->cli, "%u message%s, counter %llu: %s", receipt->messages,
                   receipt->messages == 1 ? "" : "s", (unsigned long long)work->order.counter,
                   text);
        work->is_refused = receipt->status != KB_STATUS_POR_OK;
        err = show_answer(work, why);
    } else {
        kb_cli_say(work->cli, "%u message%s, counter %llu: sent", receipt->messages,
                   receipt->messages == 1 ? "" : "s", (unsigned long long)work->order.counter);
    }
    if (err) {
        json_decref(work->results);
        return err;
    }
    kb_cli_result(work->cli,
                  json_pack("{s:i, s:I, s:b, s:i, s:s, s:o}", "messages", (int)receipt->messages,
                            "counter", (json_int_t)work->order.counter, "proof", receipt->is_there,
                            "status", (int)receipt->status, "text", receipt->is_there ? text : "",
                            "results", work->results));
    return KB_OK;
}

/* --- The verbs --- */

static enum kb_err run(struct work *work, struct kb_report *why)
{
    uint8_t bytes[SCRIPT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    enum kb_err err = prepare(work, why);

    if (!err)
        err = kb_script_write(&work->script, work->format, &wr, why);
    if (!err)
        err = kb_script_counter(kb_cli_value(work->cli, "keys"), &work->order.counter, why);
    if (!err)
        err = kb_script_send(&work->order, kb_wr_span(&wr), &work->receipt, why);
    kb_wipe(bytes, sizeof(bytes));
    return err ? err : show(work, why);
}

static enum kb_exit send_script(struct kb_cli *cli)
{
    struct work *work = calloc(1, sizeof(*work));
    struct kb_report why = {KB_OK, ""};
    enum kb_exit code = KB_EXIT_OK;

    if (!work)
        kb_report(&why, KB_ERR_MEMORY, "out of memory");
    else
        work->cli = cli;
    if (work && !run(work, &why) && work->is_refused)
        code = KB_EXIT_FAILED;
    if (why.err)
        code = kb_cli_fail(cli, &why);
    if (work && work->order.reader)
        work->order.reader->ops->close(work->order.reader);
    if (work)
        kb_wipe(work, sizeof(*work));
    free(work);
    return code;
}

static enum kb_exit list_words(struct kb_cli *cli)
{
    json_t *words = json_array();
    const char *word, *needs;

    for (size_t n = 0; (word = kb_script_word(n, &needs)) != NULL; n++) {
        kb_cli_say(cli, "%s %s", word, needs);
        json_array_append_new(words, json_pack("{s:s, s:s}", "word", word, "needs", needs));
    }
    kb_cli_result(cli, words);
    return KB_EXIT_OK;
}

static const struct kb_cli_option send_options[] = {
    {"keys", "FILE", "The key set: JSON with number, algorithm, kic and kid.", true, false},
    {"card", "FILE", "The card is in this file.", false, false},
    {"reader", "NAME", "The card is in this PC/SC reader.", false, false},
    {"script", "FILE", "The script; standard input unless told.", false, false},
    {"tar", "HEX", "Whom the packet is for; B00000 unless told, the UICC's files.", false, false},
    {"spi", "HEX",
     "Its security; 1619 unless told: CC, ciphered, a counter, and a proof of receipt that is as "
     "secure, in the deliver report. 1639: by short messages of the card, for long answers.",
     false, false},
    {"format", "FORMAT", "compact, expanded (unless told) or indefinite.", false, false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_ota_verbs[] = {
    {"ota", "send", "", 0, 0, "Send a script of remote file management to a card",
     "Reads a script, one command a line: an APDU in hexadecimal, or a word that keyborn ota words "
     "lists; # starts a comment. It is put into a secured packet (3GPP TS 31.115) under the keys "
     "in FILE, handed to the card as a phone would hand over the short messages, and the proof of "
     "receipt is opened and shown: a line for each answer, with the number of the command's line "
     "and the status word.\n\n"
     "The counter of the packets is in FILE.counter and goes up before a packet leaves. Keys and "
     "PINs are never given on the command line. The exit code is 1 when the card refuses the "
     "packet or a command, or says nothing.\n\n"
     "  printf 'select 3F00/2FE2\\nread-binary\\n' |\n"
     "      keyborn ota send --card 8988211000000000013.card --keys ota.json",
     send_options, send_script},
    {"ota", "words", "", 0, 0, "List the words of scripts",
     "Lists the words that keyborn ota send knows beside APDUs in hexadecimal, and what belongs to "
     "each: numbers are decimal, references of PINs, FIDs, TLVs and data hexadecimal.\n\n"
     "  keyborn ota words",
     NULL, list_words},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
