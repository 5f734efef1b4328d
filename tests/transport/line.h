/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal's end of the line: bytes as a script gives them, against a card on the table. */
#ifndef KB_TESTS_TRANSPORT_LINE_H
#define KB_TESTS_TRANSPORT_LINE_H

#include "card/transport/link.h"
#include "tests/card/rig.h"

enum { LINE_MAX = 4096 };

struct line {
    struct rig rig;
    struct kb_link link;
    uint8_t out[LINE_MAX]; /* what the card said since the last receive */
    size_t out_len;
};

/* An ATR with what a test says of speed and protocols, as the card's own. */
void line_set_atr(struct line *line, const struct kb_atr *atr);

/* A card with MF, a file 2F00 of ten bytes and one, 2F01, of 1024, both counting up; powered on its
 * line, its ATR heard. first: protocol it offers first. */
void line_start(struct line *line, uint8_t first);

/* Says these bytes and hears the card until it waits again. */
void line_say(struct line *line, struct kb_span bytes);

/* Plays a script, a line for each turn:
 *     > HEX      the terminal says
 *     < HEX      the card said, exactly; a dot stands for any digit, nothing for silence
 *     >> HEX     a block without its LRC, which is put behind it
 *     << HEX     the same, heard
 *     -          the character waiting time passes */
void line_play(struct line *line, const char *script);

#endif
