/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/transport/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/hex.h"

static void hear(struct line *line)
{
    uint8_t byte;

    line->out_len = 0;
    while (kb_link_send(&line->link, &byte)) {
        assert_true(line->out_len < sizeof(line->out));
        line->out[line->out_len++] = byte;
    }
}

void line_set_atr(struct line *line, const struct kb_atr *atr)
{
    uint8_t bytes[KB_ATR_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_atr_write(&wr, atr);
    assert_false(wr.is_bad);
    assert_int_equal(kb_nvm_put(&line->rig.card.nvm, KB_OBJ_ATR, bytes, wr.len), 0);
}

static void fill(struct line *line, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        char hex[32];

        snprintf(hex, sizeof(hex), "00D6%04X01%02X", (unsigned)at, (unsigned)at & 0xFF);
        assert_int_equal(rig_send(&line->rig, hex), 0x9000);
    }
}

static const char *const files[] = {
    "00E00000 (62(82(7821) 83(3F00) 8A(05)))",
    "00E00000 (62(82(4121) 83(2F01) 8A(05) 80(0400) 88(08)))",
    "00E00000 (62(82(4121) 83(2F00) 8A(05) 80(000A) 88()))",
};

void line_start(struct line *line, uint8_t first)
{
    struct kb_atr atr = {.ts = KB_ATR_DIRECT,
                         .speed = 0x96,
                         .protocols = first ? 1u << 1 : 3,
                         .first = first,
                         .ifsc = KB_T1_IFSC,
                         .waiting = KB_ATR_WAITING};

    rig_blank(&line->rig);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(rig_send(&line->rig, files[i]), 0x9000);
        if (i > 0)
            fill(line, i == 1 ? 1024 : 10);
    }
    line_set_atr(line, &atr);
    assert_int_equal(kb_link_power_up(&line->link, &line->rig.card, &line->rig.port), 0);
    hear(line);
}

void line_say(struct line *line, struct kb_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        kb_link_receive(&line->link, bytes.data[i]);
    hear(line);
}

static void expect(const struct line *line, const char *wanted)
{
    char said[2 * LINE_MAX + 1];

    kb_hex_encode(kb_span(line->out, line->out_len), said);
    for (size_t i = 0; said[i] && wanted[i]; i++)
        if (wanted[i] == '.')
            said[i] = '.';
    assert_string_equal(said, wanted);
}

static void add_lrc(char *hex)
{
    uint8_t bytes[LINE_MAX], sum = 0;
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), bytes, sizeof(bytes), &len), 0);
    for (size_t i = 0; i < len; i++)
        sum ^= bytes[i];
    kb_hex_encode(kb_span(&sum, 1), hex + strlen(hex));
}

static void play_turn(struct line *line, const char *turn)
{
    char hex[2 * LINE_MAX + 3];
    uint8_t bytes[LINE_MAX];
    bool is_block = turn[0] && turn[1] == turn[0];
    size_t len;

    if (turn[0] == '-') {
        kb_link_silence(&line->link);
        hear(line);
        return;
    }
    rig_expand(turn + 1 + is_block, hex);
    if (is_block)
        add_lrc(hex);
    if (turn[0] == '<') {
        expect(line, hex);
        return;
    }
    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), bytes, sizeof(bytes), &len), 0);
    line_say(line, kb_span(bytes, len));
}

void line_play(struct line *line, const char *script)
{
    char turn[2 * LINE_MAX];

    while (*script) {
        size_t len = strcspn(script, "\n");

        assert_true(len < sizeof(turn));
        memcpy(turn, script, len);
        turn[len] = 0;
        if (len)
            play_turn(line, turn);
        script += len + !!script[len];
    }
}
