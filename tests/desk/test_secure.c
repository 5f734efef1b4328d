/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over the wire when a bureau works with --secure scp03, and what somebody on it can do.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/scp03.h"
#include "reader/reader.h"
#include "rig.h"
#include "wire/hex.h"

enum {
    CARDS = 2,
    WIRE_MAX = 65536,
    NEVER = 0,
    INITIALIZE_UPDATE = 0x50,
    OPTIONS = 12 /* where its answer says what the card can do */
};

/* Everything that went over the wire, and where it is touched. */
static struct {
    uint8_t bytes[WIRE_MAX];
    size_t len;
    unsigned exchanges;
    unsigned change_command, change_answer; /* which one, from 1 */
    uint8_t denied;                         /* what the card is made to say that it cannot do */
} wire;

struct tap {
    struct kb_reader reader;
    struct kb_reader *card;
};

static void record(struct kb_span part)
{
    assert_true(part.len <= sizeof wire.bytes - wire.len);
    memcpy(wire.bytes + wire.len, part.data, part.len);
    wire.len += part.len;
}

static enum kb_err tap_wait(struct kb_reader *reader, bool present, int timeout_ms,
                            struct kb_report *why)
{
    struct kb_reader *card = ((struct tap *)reader)->card;

    return card->ops->wait(card, present, timeout_ms, why);
}

static enum kb_err tap_power_up(struct kb_reader *reader, uint8_t *atr, size_t *len,
                                struct kb_report *why)
{
    struct kb_reader *card = ((struct tap *)reader)->card;

    return card->ops->power_up(card, atr, len, why);
}

static enum kb_err tap_transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp,
                                size_t *len, struct kb_report *why)
{
    struct kb_reader *card = ((struct tap *)reader)->card;
    uint8_t sent[KB_APDU_SHORT_MAX];
    enum kb_err err;

    assert_true(cmd.len <= sizeof sent);
    memcpy(sent, cmd.data, cmd.len);
    wire.exchanges++;
    if (wire.change_command == wire.exchanges)
        sent[cmd.len > 6 ? cmd.len - 2 : 3] ^= 0x40;
    err = card->ops->transmit(card, kb_span(sent, cmd.len), rsp, len, why);
    record(cmd);
    if (!err)
        record(kb_span(rsp, *len));
    if (!err && wire.change_answer == wire.exchanges && *len > 2)
        rsp[*len / 2 - 1] ^= 0x01;
    if (!err && cmd.data[1] == INITIALIZE_UPDATE && *len > OPTIONS)
        rsp[OPTIONS] &= (uint8_t)~wire.denied;
    return err;
}

static void tap_power_down(struct kb_reader *reader)
{
    struct kb_reader *card = ((struct tap *)reader)->card;

    card->ops->power_down(card);
}

static void tap_close(struct kb_reader *reader)
{
    struct kb_reader *card = ((struct tap *)reader)->card;

    card->ops->close(card);
    free(reader);
}

enum kb_err __real_kb_reader_open_file(const char *path, struct kb_reader **reader,
                                       struct kb_report *why);
enum kb_err __wrap_kb_reader_open_file(const char *path, struct kb_reader **reader,
                                       struct kb_report *why);

enum kb_err __wrap_kb_reader_open_file(const char *path, struct kb_reader **reader,
                                       struct kb_report *why)
{
    static const struct kb_reader_ops ops = {tap_wait, tap_power_up, tap_transmit, tap_power_down,
                                             tap_close};
    struct tap *tap = calloc(1, sizeof *tap);
    enum kb_err err = __real_kb_reader_open_file(path, &tap->card, why);

    tap->reader.ops = &ops;
    *reader = err ? NULL : &tap->reader;
    if (err)
        free(tap);
    return err;
}

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    rig_make_cards(CARDS);
    rig_make_batch(CARDS, true);
    memset(&wire, 0, sizeof wire);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

static struct kb_bureau_summary run(bool is_secure)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    options.is_secure = is_secure;
    options.jobs = 1;
    if (kb_bureau_run(&options, &summary, &why))
        fail_msg("%s", why.text);
    return summary;
}

static bool is_on_wire(const void *needle, size_t len)
{
    return memmem(wire.bytes, wire.len, needle, len) != NULL;
}

/* Every value of the batch, as text and as bytes; and the codes. Returns how many are on the wire.
 */
static size_t count_values(void)
{
    static const char *const files[] = {"batch.csv", "cards/handover.csv"};
    size_t found = 0;

    for (size_t i = 0; i < 2; i++) {
        char *text = rig_read(files[i], NULL), *save = NULL;

        for (char *word = strtok_r(strchr(text, '\n'), ",\n", &save); word;
             word = strtok_r(NULL, ",\n", &save)) {
            uint8_t bytes[64];
            size_t len = 0;

            if (strlen(word) < 6 || !strncmp(word, "8900101", 7))
                continue; /* too short to be searched for; the card's own number */
            found += is_on_wire(word, strlen(word));
            if (!kb_hex_decode(kb_span(word, strlen(word)), bytes, sizeof bytes, &len))
                found += is_on_wire(bytes, len);
        }
        free(text);
    }
    return found;
}

static void no_value_travels_in_the_clear(void **state)
{
    (void)state;
    assert_int_equal(run(true).done, CARDS);
    assert_true(wire.exchanges > 0);
    assert_int_equal(count_values(), 0);
}

/* The search above finds what is there. */
static void without_it_the_values_are_on_the_wire(void **state)
{
    (void)state;
    assert_int_equal(run(false).done, CARDS);
    assert_true(count_values() >= 2 * CARDS);
}

/* One byte of one command or answer: no card ends with values that are not its row's, and the next
 * run finishes what was disturbed. */
static void whoever_changes_a_byte_stops_a_card_and_nothing_more(void **state)
{
    unsigned exchanges;

    assert_int_equal(run(true).done, CARDS);
    exchanges = wire.exchanges;
    for (unsigned n = 1; n <= exchanges; n++)
        for (int direction = 0; direction < 2; direction++) {
            tear_down(state);
            set_up(state);
            *(direction ? &wire.change_answer : &wire.change_command) = n;
            run(true);
            wire.change_answer = wire.change_command = NEVER;
            assert_int_equal(run(true).done, CARDS);
        }
}

static void an_answer_that_was_changed_is_told(void **state)
{
    bool is_told = false;

    for (unsigned n = 1; n < 20 && !is_told; n++) {
        tear_down(state);
        set_up(state);
        wire.change_answer = n;
        run(true);
        is_told = rig_finds("audit", "the answer was changed on its way", 33);
    }
    assert_true(is_told);
}

/* No cryptogram speaks for what the card says it can do: whoever sits between must not talk the
 * host out of protected answers, whose place any answer could take. */
static void nobody_talks_the_bureau_out_of_protected_answers(void **state)
{
    static const uint8_t denied[] = {KB_SCP03_I_R_ENC, KB_SCP03_I_R_MAC,
                                     KB_SCP03_I_R_MAC | KB_SCP03_I_R_ENC};

    for (size_t i = 0; i < sizeof denied; i++) {
        tear_down(state);
        set_up(state);
        wire.denied = denied[i];
        assert_int_equal(run(true).done, 0);
        wire.denied = 0;
        assert_int_equal(run(true).done, CARDS);
    }
}

#define SECURE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SECURE_TEST(no_value_travels_in_the_clear),
        SECURE_TEST(without_it_the_values_are_on_the_wire),
        SECURE_TEST(whoever_changes_a_byte_stops_a_card_and_nothing_more),
        SECURE_TEST(an_answer_that_was_changed_is_told),
        SECURE_TEST(nobody_talks_the_bureau_out_of_protected_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
