/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal that says anything at all on the line of a card: bytes, blocks with a right checksum,
 * silence, resets, requests for a protocol. Whatever it said before, the card always comes back: it
 * stops talking after as many bytes as an answer can have, and after a reset both protocols work.
 */
#include <string.h>

#include "card/transport/link.h"
#include "fuzz/fuzz.h"
#include "tests/card/rig.h"

enum { STEPS = 100, TALK_MAX = 2 * (KB_RESPONSE_MAX + 300) };
enum step { STEP_BYTES, STEP_BLOCK, STEP_LINK, STEP_SILENCE, STEP_RESET, STEP_PPS, STEP_COUNT };

static struct rig base, rig;
static struct kb_link link;
static size_t heard;

static const char *const files[] = {
    "00E00000 (62(82(7821) 83(3F00) 8A(05) 8B(2F0601)))",
    "00E00000 (62(82(4221000803) 83(2F06) 8A(05) 8B(2F0601) 80(0018) 88()))",
    "00DC0104 (800103 9000 FFFFFF)",
    "00E00000 (62(82(4121) 83(2F00) 8A(05) 8B(2F0601) 80(0400) 88(08)))",
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    rig_blank(&base);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        kb_fuzz_insist(rig_send(&base, files[i]) == 0x9000, "a file is created");
    rig_blank(&rig);
    return 0;
}

static void hear(void)
{
    uint8_t byte;

    for (heard = 0; kb_link_send(&link, &byte); heard++)
        kb_fuzz_insist(heard < TALK_MAX, "a card comes to an end");
}

static void say(struct kb_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        kb_link_receive(&link, bytes.data[i]);
        hear();
    }
}

static void say_with_sum(struct kb_span bytes)
{
    uint8_t sum = 0;

    say(bytes);
    for (size_t i = 0; i < bytes.len; i++)
        sum ^= bytes.data[i];
    say(kb_span(&sum, 1));
}

static void reset(void)
{
    kb_fuzz_insist(!kb_link_reset(&link), "a card can be reset");
    hear();
    kb_fuzz_insist(heard >= 2, "a reset is answered");
}

/* An I-block around what the input says, numbered in turn. */
static void say_link(struct kb_span inf)
{
    static uint8_t number;
    uint8_t block[260] = {0, (uint8_t)(inf.len && inf.data[0] & 0x80 ? number | 0x20 : number),
                          (uint8_t)inf.len};

    if (inf.len)
        memcpy(block + 3, inf.data, inf.len);
    number ^= 0x40;
    say_with_sum(kb_span(block, 3 + inf.len));
}

static void run_step(enum step step, struct kb_span bytes)
{
    uint8_t request[3] = {0xFF, 0x10, 0x96};

    switch (step) {
    case STEP_BYTES:
        say(bytes);
        break;
    case STEP_BLOCK:
        say_with_sum(bytes);
        break;
    case STEP_LINK:
        say_link(bytes);
        break;
    case STEP_SILENCE:
        kb_link_silence(&link);
        hear();
        break;
    case STEP_RESET:
        reset();
        break;
    default:
        reset();
        if (bytes.len)
            request[1] = bytes.data[0];
        say_with_sum(kb_span(request, 3));
    }
}

static void expect(const char *promise, struct kb_span words, size_t answer)
{
    say(words);
    kb_fuzz_insist(heard == answer, promise);
}

static void check_promises(void)
{
    static const uint8_t t1[] = {0xFF, 0x01, 0xFE};
    static const uint8_t resynch[] = {0x00, 0xC0, 0x00, 0xC0};
    static const uint8_t block[] = {0x00, 0x00, 0x07, 0x00, 0xA4, 0x00,
                                    0x0C, 0x02, 0x3F, 0x00, 0x92};
    static const uint8_t header[] = {0x00, 0xA4, 0x00, 0x0C, 0x02};
    static const uint8_t data[] = {0x3F, 0x00};

    kb_link_silence(&link);
    hear();
    if (link.stage && link.protocol && link.port.transport == KB_TRANSPORT_T1)
        expect("T=1 is resynchronized", kb_span(resynch, sizeof(resynch)), 4);
    reset();
    expect("T=1 is agreed", kb_span(t1, sizeof(t1)), 3);
    expect("T=1 works", kb_span(block, sizeof(block)), 6);
    reset();
    expect("T=0 asks for data", kb_span(header, sizeof(header)), 1);
    expect("T=0 works", kb_span(data, sizeof(data)), 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));

    memcpy(rig.memory, base.memory, sizeof(rig.memory));
    kb_fuzz_insist(!kb_link_power_up(&link, &rig.card, &rig.port), "a card comes up");
    hear();
    link.waiting = kb_rd_u8(&rd) & 3;
    for (int i = 0; i < STEPS && kb_rd_left(&rd) >= 2; i++) {
        uint8_t step = kb_rd_u8(&rd);
        size_t len = kb_rd_u8(&rd);

        run_step((enum step)(step % STEP_COUNT),
                 kb_rd_span(&rd, len < kb_rd_left(&rd) ? len : kb_rd_left(&rd)));
    }
    check_promises();
    return 0;
}
