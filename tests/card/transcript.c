/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays APDU transcripts against a card and compares every byte.
 *
 *     > HEX             a command
 *     < HEX             the answer with SW; a dot stands for any hex digit, * for any further bytes
 *     ! blank           a new card
 *     ! power           power off and on
 *     ! reset           warm reset
 *     ! secure          the card becomes SECURED
 *     ! t0 | t1 | apdu  the transport the card is set to
 *     ! ask HEX         the card's application (tests/card/asking.h) wants this done, after what it
 *                       wanted before
 *     ! answer HEX      what it puts into proofs of receipt
 *     ! heard WORDS     what the application heard since the last time
 *     # comment
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/card/asking.h"
#include "tests/card/rig.h"
#include "wire/hex.h"

static struct rig rig;

static int fail(const char *path, int line, const char *words, const char *detail)
{
    printf("%s:%d: %s %s\n", path, line, words, detail);
    return 1;
}

static bool matches(const char *pattern, const char *text)
{
    for (; *pattern && *pattern != '*'; pattern++, text++)
        if (!*text || (*pattern != '.' && toupper((unsigned char)*pattern) != *text))
            return false;
    if (!*pattern)
        return !*text;
    /* A star takes as many digits as let the rest match. */
    while (!matches(pattern + 1, text))
        if (!*text++)
            return false;
    return true;
}

static void start_blank(void)
{
    asking_clear();
    rig_blank(&rig);
    rig.port.application = &asking;
}

/* Directives with a word behind them. false: there is no such. */
static bool direct_application(const char *path, int line, const char *word, int *failures)
{
    const char *heard;
    char hex[1024];

    if (!strncmp(word, "ask ", 4)) {
        rig_expand(word + 4, hex);
        asking_add(hex);
    } else if (!strncmp(word, "answer ", 7)) {
        rig_expand(word + 7, hex);
        asking_answer(hex);
    } else if (!strncmp(word, "heard", 5)) {
        heard = asking_heard();
        word += word[5] ? 6 : 5;
        *failures = strcmp(heard, word) ? fail(path, line, "the application heard", heard) : 0;
    } else {
        return false;
    }
    return true;
}

static int reset_card(const char *path, int line)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    return kb_card_reset(&rig.card, atr, &atr_len) ? fail(path, line, "no reset", "") : 0;
}

static int direct(const char *path, int line, const char *word)
{
    int failures = 0;

    if (direct_application(path, line, word, &failures))
        return failures;
    if (!strcmp(word, "reset"))
        return reset_card(path, line);
    if (!strcmp(word, "blank"))
        start_blank();
    else if (!strcmp(word, "secure"))
        rig_secure(&rig);
    else if (!strcmp(word, "t0"))
        rig.port.transport = KB_TRANSPORT_T0;
    else if (!strcmp(word, "t1"))
        rig.port.transport = KB_TRANSPORT_T1;
    else if (!strcmp(word, "apdu"))
        rig.port.transport = KB_TRANSPORT_APDU;
    else if (strcmp(word, "power") != 0)
        return fail(path, line, "unknown directive", word);
    else if (!rig_power(&rig))
        return fail(path, line, "the card does not come up", "");
    return 0;
}

static int expect(const char *path, int line, const char *pattern)
{
    char got[2 * KB_RESPONSE_MAX + 1];

    kb_hex_encode(kb_span(rig.response, rig.response_len), got);
    return matches(pattern, got) ? 0 : fail(path, line, "the card answered", got);
}

static int play_line(const char *path, int number, char *line)
{
    char *end = strpbrk(line, "#\r\n");
    char hex[8192];

    if (end)
        *end = 0;
    for (end = line + strlen(line); end > line && isspace((unsigned char)end[-1]);)
        *--end = 0;
    rig_expand(line[0] ? line + 1 : line, hex);
    switch (line[0]) {
    case '>':
        rig_send(&rig, hex);
        return 0;
    case '<':
        return expect(path, number, hex);
    case '!':
        return direct(path, number, line + 2);
    default:
        return line[0] ? fail(path, number, "cannot read", line) : 0;
    }
}

int main(int argc, char **argv)
{
    char line[4096];
    int failures = 0, number = 0, answers = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;

    if (!file) {
        fprintf(stderr, "usage: transcript FILE\n");
        return 2;
    }
    start_blank();
    while (fgets(line, sizeof(line), file)) {
        answers += line[0] == '<';
        failures += play_line(argv[1], ++number, line);
    }
    fclose(file);
    printf("%d answers, %d wrong\n", answers, failures);
    return failures || !answers;
}
