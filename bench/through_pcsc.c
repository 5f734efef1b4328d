/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/through_pcsc.h"

#include <string.h>

#include "bench/rows.h"
#include "reader/reader.h"
#include "wire/sw.h"

struct line {
    struct kb_reader *reader;
    struct kb_report why;
    uint8_t response[KB_RESPONSE_MAX];
};

static uint16_t send(struct line *line, const uint8_t *command, size_t command_len)
{
    size_t len = 0;

    if (line->reader->ops->transmit(line->reader, kb_span(command, command_len), line->response,
                                    &len, &line->why))
        kb_give_up("%s", line->why.text);
    return (uint16_t)(line->response[len - 2] << 8 | line->response[len - 1]);
}

static bool read_iccid(void *ctx, uint64_t times)
{
    static const uint8_t read[] = {0x00, 0xB0, 0x00, 0x00, 0x0A};

    while (times--)
        if (send(ctx, read, sizeof(read)) != KB_SW_OK)
            return false;
    return true;
}

void kb_bench_through_pcsc(const char *name)
{
    static const uint8_t select_iccid[] = {0x00, 0xA4, 0x00, 0x0C, 0x02, 0x2F, 0xE2};
    struct line line;
    uint8_t atr[33];
    size_t atr_len;

    memset(&line, 0, sizeof(line));
    if (kb_reader_open_pcsc(name, &line.reader, &line.why) ||
        line.reader->ops->wait(line.reader, true, 10000, &line.why) ||
        line.reader->ops->power_up(line.reader, atr, &atr_len, &line.why))
        kb_give_up("%s", line.why.text);
    if (send(&line, select_iccid, sizeof(select_iccid)) != KB_SW_OK)
        kb_give_up("the card has no EF.ICCID");
    kb_row("READ BINARY 10 B through pcscd and vpcd", kb_rate(read_iccid, &line, 3), "/s", 12e3,
           KB_MORE_IS_BETTER);
    line.reader->ops->power_down(line.reader);
    line.reader->ops->close(line.reader);
}
