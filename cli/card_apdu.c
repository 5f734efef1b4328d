/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn card apdu: the card without any reader. */
#include "cli/verb_card.h"

#include "card/card.h"
#include "crypto/secret.h"
#include "reader/reader.h"
#include "wire/hex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conversation {
    const struct kb_cli *cli;
    struct kb_reader *reader;
    size_t line; /* number of the line being worked on */
    bool has_bad_line;
    uint8_t command[KB_APDU_EXTENDED_MAX];
    uint8_t response[KB_RESPONSE_MAX];
    char hex[2 * KB_RESPONSE_DATA_MAX + 1];
};

/* What is left of a line without comment and surrounding blanks. */
static struct kb_span trim(const char *line, size_t len)
{
    static const char blanks[] = {' ', '\t', '\r', '\n'}; /* no zero: that byte is no blank */
    const char *comment = memchr(line, '#', len);

    if (comment)
        len = (size_t)(comment - line);
    while (len && memchr(blanks, line[len - 1], sizeof(blanks)))
        len--;
    while (len && memchr(blanks, *line, sizeof(blanks))) {
        line++;
        len--;
    }
    return kb_span(line, len);
}

static void show_answer(struct conversation *talk, size_t len)
{
    unsigned sw = (unsigned)talk->response[len - 2] << 8 | talk->response[len - 1];

    kb_hex_encode(kb_span(talk->response, len - 2), talk->hex);
    if (kb_cli_is_json(talk->cli)) {
        char status[5];

        snprintf(status, sizeof(status), "%04X", sw & 0xFFFF);
        kb_cli_result(talk->cli, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)talk->line,
                                           "data", talk->hex, "sw", status));
    } else {
        printf("%s%s%04X\n", talk->hex, len > 2 ? " " : "", sw);
        fflush(stdout);
    }
}

static enum kb_err power_up(struct conversation *talk, struct kb_report *why)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    return talk->reader->ops->power_up(talk->reader, atr, &atr_len, why);
}

/* A bad line is told and passed over; an error returned ends the conversation. */
static enum kb_err handle_line(struct conversation *talk, struct kb_span text,
                               struct kb_report *why)
{
    static const char reset[] = "reset";
    size_t len = 0;
    enum kb_err err;

    if (text.len == 0)
        return KB_OK;
    if (text.len == strlen(reset) && memcmp(text.data, reset, text.len) == 0)
        return power_up(talk, why);
    err = kb_hex_decode(text, talk->command, sizeof(talk->command), &len);
    if (err) {
        kb_report(why, err, "line %zu: %s", talk->line,
                  err == KB_ERR_TOO_LONG ? "longer than any command"
                                         : "neither a command in hexadecimal nor the word reset");
        kb_cli_fail(talk->cli, why);
        talk->has_bad_line = true;
        return KB_OK;
    }
    err = talk->reader->ops->transmit(talk->reader, kb_span(talk->command, len), talk->response,
                                      &len, why);
    if (!err)
        show_answer(talk, len);
    return err;
}

static enum kb_err handle_all(struct conversation *talk, struct kb_report *why)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    enum kb_err err = power_up(talk, why);

    while (!err && !ferror(stdout) && (len = getline(&line, &room, stdin)) >= 0) {
        talk->line++;
        err = handle_line(talk, trim(line, (size_t)len), why);
    }
    if (!err && ferror(stdin))
        err = kb_report(why, KB_ERR_IO, "standard input: %s", strerror(errno));
    if (line)
        kb_wipe(line, room); /* PINs and codes come this way */
    free(line);
    return err;
}

enum kb_exit kb_cli_card_apdu(struct kb_cli *cli)
{
    struct conversation talk = {.cli = cli};
    struct kb_report why = {KB_OK, ""};
    enum kb_err err = kb_reader_open_file(kb_cli_operand(cli, 0), &talk.reader, &why);
    enum kb_exit code = KB_EXIT_OK;

    if (err)
        return kb_cli_fail(cli, &why);
    err = handle_all(&talk, &why);
    if (err)
        code = kb_cli_fail(cli, &why);
    else if (talk.has_bad_line)
        code = KB_EXIT_INPUT;
    talk.reader->ops->close(talk.reader);
    kb_wipe(&talk, sizeof(talk));
    return code;
}
