/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn ota: remote file management from a desk. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verb_ota.h"
#include "crypto/secret.h"
#include "desk/talk.h"

enum { SPI_DEFAULT = 0x1619, SCRIPT_MAX = 3000 };

struct work {
    struct kb_ota_work ota;
    struct kb_ota_keys keys;
    struct kb_script_order order;
    struct kb_script_receipt receipt;
};

/* --- What is to be done --- */

static enum kb_err open_reader(struct work *work, struct kb_report *why)
{
    const char *file = kb_cli_value(work->ota.cli, "card"),
               *name = kb_cli_value(work->ota.cli, "reader");
    enum kb_err err;

    if (!file == !name)
        return kb_report(why, KB_ERR_USAGE, "say where the card is: --card FILE, or --reader NAME");
    err = file ? kb_reader_open_file(file, &work->order.reader, why)
               : kb_reader_open_pcsc(name, &work->order.reader, why);
    return err ? err : kb_talk_power_up(work->order.reader, why);
}

static enum kb_err prepare(struct work *work, struct kb_report *why)
{
    const struct kb_cli *cli = work->ota.cli;
    enum kb_err err = kb_ota_take_format(&work->ota, why);

    if (!err)
        err = kb_ota_take_hex(cli, "tar", KB_OTA_TAR, work->order.tar, KB_TAR_SIZE, why);
    if (!err)
        err =
            kb_ota_take_hex(cli, "spi", SPI_DEFAULT, work->order.spi, sizeof(work->order.spi), why);
    if (!err)
        err = kb_script_keys(kb_cli_value(cli, "keys"), &work->keys, why);
    if (!err)
        err = kb_ota_take_script(&work->ota, why);
    work->order.keys = &work->keys;
    return err ? err : open_reader(work, why);
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
    work->ota.results = json_array();
    if (receipt->is_there) {
        kb_cli_say(work->ota.cli, "%u message%s, counter %llu: %s", receipt->messages,
                   receipt->messages == 1 ? "" : "s", (unsigned long long)work->order.counter,
                   text);
        work->ota.is_refused = receipt->status != KB_STATUS_POR_OK;
        err = kb_ota_show_answer(&work->ota, kb_span(receipt->data, receipt->len), why);
    } else {
        kb_cli_say(work->ota.cli, "%u message%s, counter %llu: sent", receipt->messages,
                   receipt->messages == 1 ? "" : "s", (unsigned long long)work->order.counter);
    }
    if (err) {
        json_decref(work->ota.results);
        return err;
    }
    kb_cli_result(work->ota.cli,
                  json_pack("{s:i, s:I, s:b, s:i, s:s, s:o}", "messages", (int)receipt->messages,
                            "counter", (json_int_t)work->order.counter, "proof", receipt->is_there,
                            "status", (int)receipt->status, "text", receipt->is_there ? text : "",
                            "results", work->ota.results));
    return KB_OK;
}

/* --- The verbs --- */

static enum kb_err run(struct work *work, struct kb_report *why)
{
    uint8_t bytes[SCRIPT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    enum kb_err err = prepare(work, why);

    if (!err)
        err = kb_script_write(&work->ota.script, work->ota.format, &wr, why);
    if (!err)
        err = kb_script_counter(kb_cli_value(work->ota.cli, "keys"), &work->order.counter, why);
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
        work->ota.cli = cli;
    if (work && !run(work, &why) && work->ota.is_refused)
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

static const struct kb_cli_option queue_options[] = {
    {"as", "STORE", "The store of the application server, which does not run meanwhile.", true,
     false},
    {"as-key", "FILE", "Opens the store; ~/.keyborn/as.key unless told.", false, false},
    {"script", "FILE", "The script; standard input unless told.", false, false},
    {"key-set", "N",
     "The number by which remote management in the card knows the AS's keys; 5 unless told.", false,
     false},
    {"tar", "HEX", "Whom the packet is for; B00000 unless told, the UICC's files.", false, false},
    {"spi", "HEX",
     "Its security; 1639 unless told: CC, ciphered, a counter, and a proof of receipt that is as "
     "secure, by short message.",
     false, false},
    {"format", "FORMAT", "compact, expanded (unless told) or indefinite.", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option store_options[] = {
    {"as", "STORE", "The store of the application server, which does not run meanwhile.", true,
     false},
    {"as-key", "FILE", "Opens the store; ~/.keyborn/as.key unless told.", false, false},
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
    {"ota", "queue", "IDSC", 1, 1, "Let an application server send a script",
     "Reads a script as keyborn ota send does and puts it, sealed into a packet with the card's "
     "next counter, into the outbox of the application server, in one step. The card is named by "
     "its IdSC, its keys are those of the store, and it goes to the number the card was last heard "
     "from. What the card answers is kept when it comes: keyborn ota show.\n\n"
     "  keyborn ota queue 8988211000000000013 --as as.db --script update.txt",
     queue_options, kb_cli_ota_queue},
    {"ota", "list", "", 0, 0, "List the scripts of an application server",
     "Lists every script that was queued: its number, card and counter, and what came of it.\n\n"
     "  keyborn ota list --as as.db",
     store_options, kb_cli_ota_list},
    {"ota", "show", "SCRIPT", 1, 1, "Show what a card answered to a script",
     "Shows a script by its number, and each result of the answer. The exit code is 1 when the "
     "card refused the packet or a command.\n\n"
     "  keyborn ota show 1 --as as.db",
     store_options, kb_cli_ota_show},
    {"ota", "words", "", 0, 0, "List the words of scripts",
     "Lists the words that keyborn ota send knows beside APDUs in hexadecimal, and what belongs to "
     "each: numbers are decimal, references of PINs, FIDs, TLVs and data hexadecimal.\n\n"
     "  keyborn ota words",
     NULL, list_words},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
