/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/transport/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "wire/apdu.h"

static void keep(struct reader *reader, const uint8_t *data, size_t len)
{
    assert_true(reader->len + len <= sizeof(reader->answer));
    memcpy(reader->answer + reader->len, data, len);
    reader->len += len;
}

/* One header with its data; what comes before SW goes to answer. Returns SW. */
static uint16_t exchange_t0(struct reader *reader, const uint8_t header[5], struct kb_span data)
{
    struct line *line = reader->line;
    size_t wanted = header[4] ? header[4] : 256, at = 0;

    line_say(line, kb_span(header, 5));
    for (;;) {
        assert_true(at < line->out_len);
        if (line->out[at] == 0x60) {
            at++;
        } else if (line->out[at] == header[1] && data.len) {
            assert_int_equal(line->out_len, at + 1);
            line_say(line, data);
            data.len = at = 0;
        } else if (line->out[at] == header[1]) {
            assert_int_equal(line->out_len, at + 1 + wanted + 2);
            keep(reader, line->out + at + 1, wanted);
            at += 1 + wanted;
        } else {
            assert_int_equal(line->out_len, at + 2);
            return (uint16_t)(line->out[at] << 8 | line->out[at + 1]);
        }
    }
}

void reader_t0(struct reader *reader, struct kb_span command)
{
    uint8_t header[5] = {0};
    struct kb_apdu apdu;
    uint16_t sw;

    reader->len = 0;
    assert_int_equal(kb_apdu_parse(command, &apdu), 0);
    memcpy(header, command.data, 4);
    header[4] = (uint8_t)(apdu.data.len ? apdu.data.len : apdu.ne);
    sw = exchange_t0(reader, header, apdu.data);
    if (sw >> 8 == 0x6C) {
        header[4] = (uint8_t)sw;
        sw = exchange_t0(reader, header, kb_span(NULL, 0));
    }
    while (sw >> 8 == 0x61 && apdu.has_le) {
        const uint8_t get_response[5] = {header[0], 0xC0, 0x00, 0x00, (uint8_t)sw};

        sw = exchange_t0(reader, get_response, kb_span(NULL, 0));
    }
    keep(reader, (uint8_t[]){(uint8_t)(sw >> 8), (uint8_t)sw}, 2);
}

static void say_block(struct reader *reader, uint8_t pcb, struct kb_span inf)
{
    uint8_t block[260] = {0, pcb, (uint8_t)inf.len};

    if (inf.len)
        memcpy(block + 3, inf.data, inf.len);
    for (size_t i = 0; i < 3 + inf.len; i++)
        block[3 + inf.len] ^= block[i];
    line_say(reader->line, kb_span(block, 4 + inf.len));
    assert_true(reader->line->out_len >= 4);
}

void reader_t1(struct reader *reader, struct kb_span command)
{
    const uint8_t *out = reader->line->out;

    if (!reader->ifsd) {
        reader->ifsd = 254;
        say_block(reader, 0xC1, kb_span(&reader->ifsd, 1));
    }
    reader->len = 0;
    for (size_t at = 0; at < command.len; at += reader->link_size, reader->number ^= 1) {
        size_t left = command.len - at;
        bool has_more = left > reader->link_size;

        say_block(reader, (uint8_t)(reader->number << 6 | (has_more ? 0x20 : 0)),
                  kb_span(command.data + at, has_more ? reader->link_size : left));
        if (has_more)
            assert_int_equal(out[1] & 0xC0, 0x80);
    }
    while (assert_int_equal(out[1] & 0x80, 0), keep(reader, out + 3, out[2]), out[1] & 0x20)
        say_block(reader, out[1] & 0x40 ? 0x80 : 0x90, kb_span(NULL, 0));
}
