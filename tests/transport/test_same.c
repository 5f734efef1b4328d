/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever way a command takes, T=0, T=1 or none, the card does and answers the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport/reader.h"
#include "wire/hex.h"

static struct line line;
static struct rig plain;

/* All cases, right and wrong, one after the other on a card in the maker's hands. */
static const char *const commands[] = {
    "00A4000C023F00",
    "00A40004023F0000",
    "80F2000000",
    "80F2000C",
    "00A40004022F0000",
    "00B0000000",
    "00B000000A",
    "00B0000005",
    "00B000FF01",
    "00D6000003AABBCC",
    "00B0000000",
    "00D6000A01FF",
    "00A4000C022FFF",
    "00A4030C",
    "00A40304",
    "00A4000C022F01",
    "00B0000000",
    "00B0010000",
    "00B0038000",
    "00E00000 (62(82(7821) 83(7F10) 8A(05)))",
    "00E00000 (62(82(4621000A03) 83(6F3A) 8A(05) 80(001E) 88(28)))",
    "00DC0003 (00112233445566778899)",
    "00B2010400",
    "00B201040A",
    "00B2010405",
    "00A20104 (3344) 00",
    "00A2010402334400",
    "00A40300 00",
    "00A4080402 2F00 00",
    "0020000108 3132333435363738",
    "80440020 (01030A03 31323334FFFFFFFF 3132333435363738)",
    "80440028 (030A01)",
    "0020000108 31323334FFFFFFFF",
    "00200001",
    "002400010101",
    "0070000001",
    "01A4000C023F00",
    "01A40004022F0000",
    "01B0000000",
    "0070800100",
    "00708001",
    "8044002200",
    "90440037 (11111111111111111111)",
    "80440037 (22222222222222222222)",
    "00FF0000",
    "00FF000000",
    "00FF000001AA",
    "80FF0000",
    "FFA4000C023F00",
    "00C0000010",
    "8010000003 FFFFFF",
    "8012000010",
    "8014000002 8103",
    "80C2000003 D10100",
};

static struct kb_span bytes_of(const char *hex, uint8_t out[512])
{
    char plain_hex[1025];
    size_t len;

    rig_expand(hex, plain_hex);
    assert_int_equal(kb_hex_decode(kb_span(plain_hex, strlen(plain_hex)), out, 512, &len), 0);
    return kb_span(out, len);
}

typedef void transmit(struct reader *reader, struct kb_span command);

static void transmit_plain(struct reader *reader, struct kb_span command)
{
    rig_send_bytes(&plain, command);
    memcpy(reader->answer, plain.response, plain.response_len);
    reader->len = plain.response_len;
}

/* A terminal that always wants all there is. */
static void send(struct reader *reader, transmit *by, struct kb_span command)
{
    uint8_t again[5] = {0};

    by(reader, command);
    if (reader->len != 2 || reader->answer[0] != 0x6C)
        return;
    memcpy(again, command.data, 4);
    again[4] = reader->answer[1];
    by(reader, kb_span(again, 5));
}

static void compare(struct reader *reader, transmit *by)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct reader wanted = {.len = 0};
        uint8_t bytes[512];
        struct kb_span command = bytes_of(commands[i], bytes);

        send(&wanted, transmit_plain, command);
        send(reader, by, command);
        if (reader->len != wanted.len || memcmp(reader->answer, wanted.answer, wanted.len) != 0)
            print_message("command: %s\n", commands[i]);
        assert_int_equal(reader->len, wanted.len);
        assert_memory_equal(reader->answer, wanted.answer, wanted.len);
    }
}

static void start(uint8_t protocol, enum kb_transport transport)
{
    line_start(&line, protocol);
    plain = line.rig;
    kb_flash_ram_init(&plain.ram, &plain.below, plain.memory, RIG_SECTOR, RIG_SECTORS, 8);
    kb_flash_fault_init(&plain.fault, &plain.device, &plain.below);
    plain.port.device = &plain.device;
    plain.port.random_ctx = &plain;
    plain.port.transport = transport;
    assert_true(rig_power(&plain));
}

static void test_t0_does_the_same(void **state)
{
    struct reader reader = {.line = &line};

    (void)state;
    start(0, KB_TRANSPORT_APDU);
    compare(&reader, reader_t0);
}

static void test_t1_does_the_same_with_blocks_of_any_size(void **state)
{
    static const size_t sizes[] = {254, 32, 5, 1};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct reader reader = {.line = &line, .link_size = sizes[i]};

        start(1, KB_TRANSPORT_T1);
        compare(&reader, reader_t1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_t0_does_the_same),
        cmocka_unit_test(test_t1_does_the_same_with_blocks_of_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
