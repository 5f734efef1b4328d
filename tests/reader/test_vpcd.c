/* SPDX-License-Identifier: Apache-2.0 */
/* The card side of vpcd, with the test as the reader: it listens on a port of its own and says what
 * vpcd's protocol lets it say, and more (vsmartcard, virtualsmartcard/src/vpcd). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "reader/vpcd.h"
#include "tests/reader/folder.h"

/* The card's side, running in a thread of its own. */
struct served {
    struct kb_vpcd vpcd;
    char address[32];
    struct kb_card_file *file;
    bool is_once;
    enum kb_vpcd_end end;
    enum kb_err err;
    pthread_t thread;
};

static struct folder folder;
static struct served served;
static int listening;
static int reader; /* the reader's end of the connection */

static void *serve(void *ctx)
{
    (void)ctx;
    served.err = kb_vpcd_connect(&served.vpcd, served.address, 5000, NULL);
    if (!served.err)
        served.err = kb_vpcd_serve(&served.vpcd, served.file, served.is_once, &served.end, NULL);
    return NULL;
}

static int listen_somewhere(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(here);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&here, len) < 0 || listen(fd, 4) < 0 ||
        getsockname(fd, (struct sockaddr *)&here, &len) < 0)
        return -1;
    snprintf(served.address, sizeof(served.address), "127.0.0.1:%d", ntohs(here.sin_port));
    return fd;
}

static int put_card(void **state)
{
    (void)state;
    kb_vpcd_init(&served.vpcd);
    listening = listen_somewhere();
    reader = -1;
    if (listening < 0 || folder_make(&folder))
        return -1;
    return kb_card_file_create(folder.card, 512, 8, 8, &served.file, NULL);
}

static int take_card(void **state)
{
    (void)state;
    kb_card_file_close(served.file);
    if (reader >= 0)
        close(reader);
    close(listening);
    return folder_remove(&folder);
}

static void start(bool is_once)
{
    served.is_once = is_once;
    assert_int_equal(pthread_create(&served.thread, NULL, serve, NULL), 0);
    reader = accept(listening, NULL, NULL);
    assert_true(reader >= 0);
}

static void end_is(enum kb_vpcd_end end)
{
    assert_int_equal(pthread_join(served.thread, NULL), 0);
    assert_int_equal(served.err, KB_OK);
    assert_int_equal(served.end, end);
}

static void reader_closes(void)
{
    close(reader);
    reader = -1;
    end_is(KB_VPCD_CLOSED);
}

static void say(const void *bytes, size_t len)
{
    assert_int_equal(send(reader, bytes, len, MSG_NOSIGNAL), len);
}

/* A message as vpcd sends it: the length in one write, the body in another. */
static void say_message(const void *body, size_t len)
{
    uint8_t length[2] = {(uint8_t)(len >> 8), (uint8_t)len};

    say(length, 2);
    if (len)
        say(body, len);
}

static size_t hear(uint8_t out[2048])
{
    uint8_t length[2];
    size_t len;

    assert_int_equal(recv(reader, length, 2, MSG_WAITALL), 2);
    len = (size_t)(length[0] << 8 | length[1]);
    assert_true(len <= 2048);
    assert_int_equal(recv(reader, out, len, MSG_WAITALL), len);
    return len;
}

static void hear_sw(uint16_t sw)
{
    uint8_t out[2048];

    assert_int_equal(hear(out), 2);
    assert_int_equal(out[0] << 8 | out[1], sw);
}

static void hear_atr(void)
{
    uint8_t out[2048];
    size_t len = hear(out);

    assert_true(len >= 2 && len <= KB_ATR_MAX);
    assert_int_equal(out[0], 0x3B); /* ISO/IEC 7816-3 clause 8.1: direct convention */
}

/* On a card without MF every SELECT ends so (TS 102 221 clause 10.2.1.5.3). */
static void select_answers(void)
{
    say_message("\x00\xA4\x00\x04\x02\x3F\x00", 7);
    hear_sw(0x6A82);
}

static void the_answer_to_reset_is_given_before_power_is_on(void **state)
{
    (void)state;
    start(false);
    say_message("\x04", 1);
    hear_atr();
    reader_closes();
}

static void a_powered_card_answers_commands(void **state)
{
    (void)state;
    start(false);
    say_message("\x01", 1);
    select_answers();
    say_message("\x02", 1);
    say_message("\x04", 1);
    hear_atr();
    select_answers();
    reader_closes();
    assert_int_equal(served.vpcd.commands, 2);
}

static void a_card_without_power_still_lets_the_reader_go_on(void **state)
{
    (void)state;
    start(false);
    say_message("\x00\xA4\x00\x04\x02\x3F\x00", 7);
    hear_sw(0x6F00);
    say_message("\x01", 1);
    select_answers();
    reader_closes();
}

static void a_single_card_stays_in_when_it_is_powered_off(void **state)
{
    (void)state;
    start(false);
    for (int i = 0; i < 3; i++) {
        say_message("\x01", 1);
        select_answers();
        say_message("\x00", 1);
    }
    say_message("\x04", 1);
    hear_atr();
    reader_closes();
}

static void a_used_card_is_taken_out_at_power_off(void **state)
{
    uint8_t byte;

    (void)state;
    start(true);
    say_message("\x01", 1);
    select_answers();
    say_message("\x00", 1);
    assert_int_equal(recv(reader, &byte, 1, 0), 0);
    end_is(KB_VPCD_TAKEN_OUT);
}

static void a_card_that_was_only_looked_at_stays_in(void **state)
{
    (void)state;
    start(true);
    for (int i = 0; i < 3; i++) {
        say_message("\x01", 1);
        say_message("\x04", 1);
        hear_atr();
        say_message("\x00", 1);
    }
    say_message("\x01", 1);
    select_answers();
    say_message("\x00", 1);
    end_is(KB_VPCD_TAKEN_OUT);
}

static void messages_may_come_in_any_pieces(void **state)
{
    static const uint8_t stream[] = {0, 1, 1, 0, 7, 0, 0xA4, 0, 4, 2, 0x3F, 0, 0, 1, 4};

    (void)state;
    start(false);
    for (size_t piece = 1; piece <= sizeof(stream); piece++) {
        for (size_t at = 0; at < sizeof(stream); at += piece)
            say(stream + at, sizeof(stream) - at < piece ? sizeof(stream) - at : piece);
        hear_sw(0x6A82);
        hear_atr();
    }
    reader_closes();
}

static void an_empty_message_gets_a_status_word(void **state)
{
    (void)state;
    start(false);
    say_message("\x01", 1);
    say_message("", 0);
    hear_sw(0x6700);
    select_answers();
    reader_closes();
}

static void an_unknown_control_byte_gets_a_status_word(void **state)
{
    (void)state;
    start(false);
    say_message("\x01", 1);
    say_message("\x77", 1);
    hear_sw(0x6700);
    select_answers();
    reader_closes();
}

static void the_longest_message_gets_a_status_word(void **state)
{
    static uint8_t longest[65535];

    (void)state;
    start(false);
    say_message("\x01", 1);
    memset(longest, 0xFF, sizeof(longest));
    for (int i = 0; i < 3; i++) {
        uint8_t out[2048];

        say_message(longest, sizeof(longest));
        assert_int_equal(hear(out), 2);
        assert_in_range(out[0], 0x67, 0x6F); /* an error of ISO/IEC 7816-4 table 6 */
    }
    select_answers();
    reader_closes();
}

static void garbage_never_stops_the_card(void **state)
{
    uint8_t garbage[64];
    uint32_t seed = 1;

    (void)state;
    start(false);
    say_message("\x01", 1);
    for (size_t round = 0; round < 500; round++) {
        uint8_t out[2048];
        size_t len = 2 + round % (sizeof(garbage) - 2);

        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245u + 12345u;
            garbage[i] = (uint8_t)(seed >> 16);
        }
        say_message(garbage, len);
        assert_true(hear(out) >= 2);
    }
    reader_closes();
}

static void a_connection_that_ends_inside_a_message_is_an_end(void **state)
{
    (void)state;
    start(false);
    say("\x00\x07\x00\xA4", 4);
    reader_closes();
}

static void stopping_ends_a_waiting_card(void **state)
{
    (void)state;
    start(false);
    say_message("\x01", 1);
    select_answers();
    kb_vpcd_stop(&served.vpcd);
    end_is(KB_VPCD_STOPPED);
}

static void a_reader_that_is_not_there_is_told(void **state)
{
    struct kb_report why = {KB_OK, ""};

    (void)state;
    close(listening);
    assert_int_equal(kb_vpcd_connect(&served.vpcd, served.address, 0, &why), KB_ERR_READER);
    assert_non_null(strstr(why.text, served.address));
}

static void an_address_is_host_and_port(void **state)
{
    static const char *const wrong[] = {
        "", ":", "localhost", "localhost:", ":35963", "a:1x", "[]:1", "a:-1"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(kb_vpcd_connect(&served.vpcd, wrong[i], 0, NULL), KB_ERR_USAGE);
}

#define test_with_card(name) cmocka_unit_test_setup_teardown(name, put_card, take_card)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_card(the_answer_to_reset_is_given_before_power_is_on),
        test_with_card(a_powered_card_answers_commands),
        test_with_card(a_card_without_power_still_lets_the_reader_go_on),
        test_with_card(a_single_card_stays_in_when_it_is_powered_off),
        test_with_card(a_used_card_is_taken_out_at_power_off),
        test_with_card(a_card_that_was_only_looked_at_stays_in),
        test_with_card(messages_may_come_in_any_pieces),
        test_with_card(an_empty_message_gets_a_status_word),
        test_with_card(an_unknown_control_byte_gets_a_status_word),
        test_with_card(the_longest_message_gets_a_status_word),
        test_with_card(garbage_never_stops_the_card),
        test_with_card(a_connection_that_ends_inside_a_message_is_an_end),
        test_with_card(stopping_ends_a_waiting_card),
        test_with_card(a_reader_that_is_not_there_is_told),
        test_with_card(an_address_is_host_and_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
