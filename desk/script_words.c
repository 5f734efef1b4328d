/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts as people write them. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/script.h"
#include "wire/bcd.h"
#include "wire/hex.h"

enum { CODE = 8, FID = 2, WORDS_MAX = 5, WORD_MAX = 2 * 255 + 2 };

/* What belongs to a word, a letter each; those behind a colon may be missing:
 *     f path of a file   i FID   h bytes   o offset   l length of the answer   n number of a record
 *     r reference of a PIN   c PIN or unblock code */
static const struct word {
    const char *name, *needs, *takes;
    uint8_t cla, ins, p1, p2;
    bool has_answer;
} words[] = {
    {"select", "3F00/7FF0/6F07", "f", 0x00, 0xA4, 0x08, 0x0C, false},
    {"select-application", "AID", "h", 0x00, 0xA4, 0x04, 0x0C, false},
    {"read-binary", "[OFFSET [LENGTH]]", ":ol", 0x00, 0xB0, 0x00, 0x00, true},
    {"update-binary", "OFFSET HEX", "oh", 0x00, 0xD6, 0x00, 0x00, false},
    {"read-record", "NUMBER [LENGTH]", "n:l", 0x00, 0xB2, 0x00, 0x04, true},
    {"update-record", "NUMBER HEX", "nh", 0x00, 0xDC, 0x00, 0x04, false},
    {"search-record", "NUMBER HEX", "nh", 0x00, 0xA2, 0x00, 0x04, true},
    {"increase", "HEX", "h", 0x80, 0x32, 0x00, 0x00, true},
    {"retrieve-data", "TAG", "h", 0x80, 0xCB, 0x00, 0x80, true},
    {"set-data", "TLV", "h", 0x80, 0xDB, 0x00, 0x80, false},
    {"verify-pin", "REFERENCE PIN", "rc", 0x00, 0x20, 0x00, 0x00, false},
    {"change-pin", "REFERENCE PIN NEW", "rcc", 0x00, 0x24, 0x00, 0x00, false},
    {"disable-pin", "REFERENCE PIN", "rc", 0x00, 0x26, 0x00, 0x00, false},
    {"enable-pin", "REFERENCE PIN", "rc", 0x00, 0x28, 0x00, 0x00, false},
    {"unblock-pin", "REFERENCE CODE NEW", "rcc", 0x00, 0x2C, 0x00, 0x00, false},
    {"activate", "[FID]", ":i", 0x00, 0x44, 0x00, 0x00, false},
    {"deactivate", "[FID]", ":i", 0x00, 0x04, 0x00, 0x00, false},
    {"create", "TEMPLATE", "h", 0x00, 0xE0, 0x00, 0x00, false},
    {"delete", "FID", "i", 0x00, 0xE4, 0x00, 0x00, false},
    {"resize", "TEMPLATE", "h", 0x80, 0xD4, 0x00, 0x00, false},
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

const char *kb_script_word(size_t n, const char **needs)
{
    if (n >= WORDS)
        return NULL;
    *needs = words[n].needs;
    return words[n].name;
}

/* A command being put together. */
struct making {
    struct kb_apdu apdu;
    uint8_t bytes[255];
    struct kb_writer data;
};

static bool take_hex(struct making *making, struct kb_span text)
{
    size_t len = 0;
    struct kb_writer *data = &making->data;

    if (kb_hex_decode(text, data->data + data->len, data->cap - data->len, &len) || !len)
        return false;
    data->len += len;
    return true;
}

static bool take_number(struct kb_span text, unsigned base, unsigned long max, unsigned long *out)
{
    char digits[12], *end;

    if (!text.len || text.len >= sizeof(digits))
        return false;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    if (digits[0] == '+' || digits[0] == '-')
        return false;
    *out = strtoul(digits, &end, (int)base);
    return !*end && *out <= max;
}

/* 3F00/7FF0/6F07: from the MF; 6F07 alone: from where one is. */
static bool take_path(struct making *making, struct kb_span text)
{
    static const uint8_t mf[] = {0x3F, 0x00};
    struct kb_writer *data = &making->data;
    const uint8_t *at = text.data, *end = text.data + text.len;
    bool is_path = memchr(at, '/', text.len) != NULL;

    while (at < end) {
        size_t left = (size_t)(end - at);

        if (left < 2 * FID || !take_hex(making, kb_span(at, 2 * FID)) ||
            (left > 2 * FID && at[2 * FID] != '/') || left == 2 * FID + 1)
            return false;
        at += left > 2 * FID ? 2 * FID + 1 : left;
    }
    if (is_path && data->len > FID && memcmp(data->data, mf, FID) == 0) {
        data->len -= FID;
        memmove(data->data, data->data + FID, data->len);
    } else if (is_path) {
        making->apdu.p1 = 0x09;
    } else {
        making->apdu.p1 = 0x00;
    }
    return data->len >= FID;
}

static bool take_code(struct making *making, struct kb_span text)
{
    uint8_t *room = kb_wr_reserve(&making->data, CODE);

    if (!room || text.len < 4 || text.len > CODE || !kb_is_digits(text))
        return false;
    memset(room, 0xFF, CODE);
    memcpy(room, text.data, text.len);
    return true;
}

static bool take(struct making *making, char kind, struct kb_span text)
{
    struct kb_apdu *apdu = &making->apdu;
    unsigned long number = 0;
    bool is_good = true;

    switch (kind) {
    case 'f':
        return take_path(making, text);
    case 'i':
        return text.len == 2 * FID && take_hex(making, text);
    case 'h':
        return take_hex(making, text);
    case 'c':
        return take_code(making, text);
    case 'o':
        is_good = take_number(text, 10, 0x7FFF, &number);
        apdu->p1 = (uint8_t)(number >> 8);
        apdu->p2 = (uint8_t)number;
        return is_good;
    case 'n':
        is_good = take_number(text, 10, 254, &number) && number;
        apdu->p1 = (uint8_t)number;
        return is_good;
    case 'l':
        is_good = take_number(text, 10, 255, &number) && number;
        apdu->ne = (uint32_t)number;
        return is_good;
    default:
        is_good = take_number(text, 16, 0xFF, &number);
        apdu->p2 = (uint8_t)number;
        return is_good;
    }
}

/* The line in words; 0: none. */
static size_t split(struct kb_span text, struct kb_span parts[WORDS_MAX + 1])
{
    struct kb_cursor rd = kb_rd(text);
    size_t count = 0;
    bool is_inside = false;

    while (kb_rd_left(&rd) && kb_rd_peek(&rd) != '#') {
        uint8_t byte = kb_rd_u8(&rd);
        bool is_blank = byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';

        if (!is_blank && !is_inside && count <= WORDS_MAX)
            parts[count++] = kb_span(rd.data + rd.at - 1, 0);
        if (!is_blank)
            parts[count - 1].len++;
        is_inside = !is_blank;
    }
    return count;
}

static bool is_word(const struct word *word, struct kb_span text)
{
    return strlen(word->name) == text.len && memcmp(word->name, text.data, text.len) == 0;
}

static bool fill(const struct word *word, struct making *making, const struct kb_span *parts,
                 size_t count)
{
    bool may_miss = false;
    size_t used = 0;

    for (const char *kind = word->takes; *kind; kind++) {
        if (*kind == ':') {
            may_miss = true;
            continue;
        }
        if (used == count)
            return may_miss;
        if (!take(making, *kind, parts[used++]))
            return false;
    }
    return used == count;
}

static enum kb_err make(const struct word *word, const struct kb_span *parts, size_t count,
                        struct kb_script_command *command, struct kb_report *why)
{
    struct making making = {.apdu = {.cla = word->cla,
                                     .ins = word->ins,
                                     .p1 = word->p1,
                                     .p2 = word->p2,
                                     .has_le = word->has_answer,
                                     .ne = 256}};
    struct kb_writer wr = kb_wr(command->bytes, sizeof(command->bytes));
    enum kb_err err = KB_OK;

    making.data = kb_wr(making.bytes, sizeof(making.bytes));
    if (!fill(word, &making, parts, count) || making.data.is_bad)
        err = kb_report(why, KB_ERR_MALFORMED, "line %u: it is: %s %s", command->line, word->name,
                        word->needs);
    making.apdu.data = kb_wr_span(&making.data);
    kb_apdu_write(&wr, &making.apdu);
    command->len = wr.len;
    kb_wipe(&making, sizeof(making));
    return err;
}

static enum kb_err take_apdu(struct kb_span text, struct kb_script_command *command,
                             struct kb_report *why)
{
    struct kb_apdu apdu;
    enum kb_err err = kb_hex_decode(text, command->bytes, sizeof(command->bytes), &command->len);

    if (!err && kb_apdu_parse(kb_span(command->bytes, command->len), &apdu))
        err = KB_ERR_MALFORMED;
    return err ? kb_report(why, err, "line %u: neither a word that is known nor a command",
                           command->line)
               : KB_OK;
}

enum kb_err kb_script_add(struct kb_script *script, unsigned line, struct kb_span text,
                          struct kb_report *why)
{
    struct kb_script_command *command = &script->commands[script->count];
    struct kb_span parts[WORDS_MAX + 1];
    size_t count = split(text, parts), i = 0;
    enum kb_err err;

    if (!count)
        return KB_OK;
    if (script->count == KB_SCRIPT_COMMANDS)
        return kb_report(why, KB_ERR_TOO_LONG, "line %u: more than %d commands", line,
                         KB_SCRIPT_COMMANDS);
    command->line = line;
    while (i < WORDS && !is_word(&words[i], parts[0]))
        i++;
    if (i < WORDS)
        err = make(&words[i], parts + 1, count - 1, command, why);
    else
        err = take_apdu(kb_span(parts[0].data, (size_t)(parts[count - 1].data - parts[0].data) +
                                                   parts[count - 1].len),
                        command, why);
    if (!err)
        script->count++;
    return err;
}

enum kb_err kb_script_write(const struct kb_script *script, enum kb_remote_format format,
                            struct kb_writer *wr, struct kb_report *why)
{
    size_t mark = kb_remote_script_begin(wr, format);

    for (size_t i = 0; i < script->count; i++) {
        const struct kb_script_command *command = &script->commands[i];
        struct kb_apdu apdu;

        kb_apdu_parse(kb_span(command->bytes, command->len), &apdu);
        kb_remote_script_put_command(wr, format, &apdu);
        if (wr->is_bad)
            return kb_report(why, KB_ERR_TOO_LONG, "line %u: %s", command->line,
                             "the script is longer than packets are, or not for this format");
    }
    kb_remote_script_end(wr, format, mark);
    return wr->is_bad ? kb_report(why, KB_ERR_TOO_LONG, "the script is too long") : KB_OK;
}
