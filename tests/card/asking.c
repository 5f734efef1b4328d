/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/hex.h"

enum { COMMANDS = 32 };

struct bytes {
    uint8_t data[KB_CAT_MAX];
    size_t len;
};

static struct {
    struct bytes commands[COMMANDS];
    size_t first, count;
    struct bytes answer;
    char heard[ASKING_HEARD], told[ASKING_HEARD];
    size_t len;
} state;

static void set(struct bytes *bytes, const char *hex)
{
    if (kb_hex_decode(kb_span(hex, strlen(hex)), bytes->data, sizeof(bytes->data), &bytes->len)) {
        fprintf(stderr, "asking: bad hex: %s\n", hex);
        abort();
    }
}

void asking_clear(void)
{
    memset(&state, 0, sizeof(state));
}

void asking_add(const char *hex)
{
    if (state.count == COMMANDS)
        abort();
    set(&state.commands[state.count++], hex);
}

void asking_answer(const char *hex)
{
    set(&state.answer, hex);
}

const char *asking_heard(void)
{
    memcpy(state.told, state.heard, sizeof(state.told));
    state.len = 0;
    state.heard[0] = 0;
    return state.told;
}

static void say(const char *words)
{
    state.len +=
        (size_t)snprintf(state.heard + state.len, sizeof(state.heard) - state.len, "%s", words);
    if (state.len >= sizeof(state.heard))
        abort();
}

static void begin(const char *words)
{
    if (state.len)
        say("; ");
    say(words);
}

static void say_number(const char *words, unsigned number)
{
    char text[64];

    snprintf(text, sizeof(text), "%s %02X", words, number);
    say(text);
}

static void say_bytes(const char *words, struct kb_span bytes)
{
    char hex[2 * 1024 + 1];

    kb_hex_encode(bytes, hex);
    say(words);
    say(" ");
    say(hex);
}

static enum kb_err reset(struct kb_card *card)
{
    (void)card;
    begin("reset");
    return KB_OK;
}

static void profile(struct kb_card *card, struct kb_span bytes)
{
    (void)card;
    begin("");
    say_bytes("profile", bytes);
}

static bool next(struct kb_card *card, struct kb_cat_command *command, struct kb_writer *scratch)
{
    const struct bytes *bytes = &state.commands[state.first];

    (void)card, (void)scratch;
    if (state.first == state.count)
        return false;
    if (kb_cat_command_read(kb_span(bytes->data, bytes->len), command)) {
        fprintf(stderr, "asking: no command\n");
        abort();
    }
    return true;
}

static void done(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)card;
    state.first++;
    begin("");
    say_number("done", response->type);
    say_number(" result", response->result);
    if (kb_cat_has(&response->with, KB_CAT_TEXT))
        say_bytes(" text", response->with.text.bytes);
    if (kb_cat_has(&response->with, KB_CAT_ITEM))
        say_number(" item", response->with.item);
    if (kb_cat_has(&response->with, KB_CAT_CHANNEL_DATA))
        say_bytes(" data", response->with.channel_data);
}

static void event(struct kb_card *card, const struct kb_cat_envelope *envelope)
{
    (void)card;
    begin("");
    if (kb_cat_has(&envelope->with, KB_CAT_EVENTS))
        say_bytes("event", envelope->with.events);
    if (kb_cat_has(&envelope->with, KB_CAT_TIMER))
        say_number("timer", envelope->with.timer);
    if (kb_cat_has(&envelope->with, KB_CAT_ITEM))
        say_number("item", envelope->with.item);
}

static enum kb_packet_status packet(struct kb_card *card, const struct kb_ota_command *command,
                                    struct kb_writer *answer)
{
    (void)card;
    begin("");
    if (command->is_repeat)
        say("packet again");
    else
        say_bytes("packet", command->data);
    kb_wr_copy(answer, state.answer.data, state.answer.len);
    return KB_STATUS_POR_OK;
}

const struct kb_application asking = {
    .target = {{0xB0, 0x00, 0x11}, 0x12}, reset, profile, next, done, event, packet};
