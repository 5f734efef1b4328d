/* SPDX-License-Identifier: Apache-2.0 */
/* T=1 over a line that changes and loses bytes both ways: a terminal that keeps the rules of
 * ISO/IEC 7816-3 clause 11.6.3.2 gets every command run once, and its answer whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport/line.h"
#include "wire/hex.h"

enum { SEEDS = 300, TRIES = 60, PART = 7, ANSWER_MAX = 512 };

/* The terminal, and the line between it and the card. */
struct terminal {
    uint64_t random;
    unsigned harm;     /* one block of so many is hurt; 0: none */
    unsigned next_out; /* N(S) of the block it sends */
    unsigned next_in;  /* N(S) it expects */
    uint8_t block[260];
    size_t block_len;
    uint8_t answer[ANSWER_MAX];
    size_t len;
};

static struct line line;
static struct rig plain;

static unsigned draw(struct terminal *terminal, unsigned below)
{
    terminal->random = terminal->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(terminal->random >> 33) % below;
}

/* Flips a bit, or loses the end. */
static size_t hurt(struct terminal *terminal, uint8_t *bytes, size_t len)
{
    if (!terminal->harm || !len || draw(terminal, terminal->harm))
        return len;
    if (draw(terminal, 2))
        return draw(terminal, (unsigned)len);
    bytes[draw(terminal, (unsigned)len)] ^= (uint8_t)(1u << draw(terminal, 8));
    return len;
}

static bool is_whole(const struct terminal *terminal)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < terminal->block_len; i++)
        sum ^= terminal->block[i];
    return terminal->block_len >= 4 && !sum && !terminal->block[0] &&
           terminal->block_len == 4u + terminal->block[2];
}

/* Says a block; what came back, if anything did, is in terminal->block. */
static void exchange(struct terminal *terminal, uint8_t pcb, struct kb_span inf)
{
    uint8_t block[260] = {0, pcb, (uint8_t)inf.len};
    size_t len = 4 + inf.len;

    if (inf.len)
        memcpy(block + 3, inf.data, inf.len);
    for (size_t i = 0; i < len - 1; i++)
        block[len - 1] ^= block[i];
    len = hurt(terminal, block, len);
    line_say(&line, kb_span(block, len));
    if (!line.out_len)
        line_play(&line, "-");
    terminal->block_len = line.out_len;
    memcpy(terminal->block, line.out, line.out_len);
    terminal->block_len = hurt(terminal, terminal->block, terminal->block_len);
}

/* Asks until a block comes that is one. While it does not, the card is told what is expected of it
 * (rules 7.1 and 7.2). */
static void exchange_whole(struct terminal *terminal, uint8_t pcb, struct kb_span inf)
{
    exchange(terminal, pcb, inf);
    for (int i = 0; !is_whole(terminal); i++) {
        assert_true(i < TRIES);
        exchange(terminal, (uint8_t)(0x81 | terminal->next_in << 4), kb_span(NULL, 0));
    }
}

/* Sends one I-block until the card shows that it has it: by the R-block for the next, or by its
 * answer. */
static void send_link(struct terminal *terminal, struct kb_span inf, bool has_more)
{
    unsigned next = terminal->next_out ^ 1;
    uint8_t pcb = (uint8_t)(terminal->next_out << 6 | (has_more ? 0x20 : 0));
    int tries = 0;

    exchange_whole(terminal, pcb, inf);
    while ((terminal->block[1] & 0xC0) == 0x80) {
        bool has_it = (terminal->block[1] >> 4 & 1) == next;

        assert_true(++tries < TRIES);
        if (has_it && has_more)
            break;
        /* It has the whole command and was asked for its answer, but did not understand. */
        if (has_it)
            exchange_whole(terminal, (uint8_t)(0x81 | terminal->next_in << 4), kb_span(NULL, 0));
        else
            exchange_whole(terminal, pcb, inf);
    }
    terminal->next_out = next;
}

/* The answer's first block has come; the others are asked for. */
static void collect(struct terminal *terminal)
{
    int tries = 0;

    for (;;) {
        uint8_t pcb = terminal->block[1];

        assert_true(++tries < TRIES * 10);
        if (!(pcb & 0x80) && (unsigned)pcb >> 6 == terminal->next_in) {
            assert_true(terminal->len + terminal->block[2] <= sizeof(terminal->answer));
            memcpy(terminal->answer + terminal->len, terminal->block + 3, terminal->block[2]);
            terminal->len += terminal->block[2];
            terminal->next_in ^= 1;
            if (!(pcb & 0x20))
                return;
        }
        exchange_whole(terminal, (uint8_t)(0x80 | terminal->next_in << 4), kb_span(NULL, 0));
    }
}

static void transmit(struct terminal *terminal, struct kb_span command)
{
    terminal->len = 0;
    for (size_t at = 0; at < command.len; at += PART) {
        size_t left = command.len - at;

        send_link(terminal, kb_span(command.data + at, left < PART ? left : PART), left > PART);
    }
    collect(terminal);
}

/* Each makes a difference when it runs twice or not at all. */
static const char *const commands[] = {
    "00E00000 (62(82(4621000503) 83(6F3A) 8A(05) 80(000F) 88(28)))",
    "00DC0003 (0102030405)",
    "00DC0003 (1112131415)",
    "00B2010400",
    "00B2020400",
    "00A40004022F0000",
    "00B00000C0",
    "00D60000 (AABBCCDDEEFF00112233445566778899)",
    "00B0000030",
    "0070000001",
    "0070000001",
    "01A40004022F0100",
    "01B0000020",
    "00708001",
};

static void start(void)
{
    line_start(&line, 1);
    plain = line.rig;
    kb_flash_ram_init(&plain.ram, &plain.below, plain.memory, RIG_SECTOR, RIG_SECTORS, 8);
    kb_flash_fault_init(&plain.fault, &plain.device, &plain.below);
    plain.port.device = &plain.device;
    plain.port.random_ctx = &plain;
    plain.port.transport = KB_TRANSPORT_T1;
    assert_true(rig_power(&plain));
}

static void run(struct terminal *terminal)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        uint8_t bytes[256];
        char hex[512];
        size_t len;

        rig_expand(commands[i], hex);
        assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), bytes, sizeof(bytes), &len), 0);
        rig_send_bytes(&plain, kb_span(bytes, len));
        transmit(terminal, kb_span(bytes, len));
        assert_int_equal(terminal->len, plain.response_len);
        assert_memory_equal(terminal->answer, plain.response, terminal->len);
    }
}

static void test_every_command_runs_once_and_is_answered_whole(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct terminal terminal = {.random = seed, .harm = seed ? 2 + seed % 9 : 0};
        static uint8_t made[sizeof(line.rig.memory)];
        uint8_t byte;

        if (!seed) {
            start();
            memcpy(made, line.rig.memory, sizeof(made));
        }
        memcpy(line.rig.memory, made, sizeof(made));
        memcpy(plain.memory, made, sizeof(made));
        assert_true(rig_power(&plain));
        assert_int_equal(kb_link_power_up(&line.link, &line.rig.card, &line.rig.port), 0);
        while (kb_link_send(&line.link, &byte))
            ;
        run(&terminal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_runs_once_and_is_answered_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
