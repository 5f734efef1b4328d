/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts of remote management from any bytes, sealed by who has the keys, on a card that a
 * terminal uses. An input is one byte how (which set, which TAR, how the proof of receipt goes),
 * and scripts, each behind two bytes of length. Whatever they do, the terminal is where it was with
 * the PINs it had, the proof of receipt is well formed, and a packet counts once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/fuzz.h"
#include "tests/ota/remote_world.h"
#include "wire/remote.h"

enum { SCRIPTS = 4, SCRIPT_MAX = 600 };

static uint8_t memory[sizeof(rig.memory)];

static void start(void)
{
    static bool is_made;

    if (!is_made) {
        remote_start(NULL);
        memcpy(memory, rig.memory, sizeof(memory));
        is_made = true;
    }
    memcpy(rig.memory, memory, sizeof(memory));
    asking_clear();
    kb_fuzz_insist(rig_power(&rig), "a card comes up");
    rig_send(&rig, "80100000 (FF)");
    rig_send(&rig, "00A4000C (2F11)");
    rig_send(&rig, "00200001 (31323334FFFFFFFF)");
}

/* PIN1 may lose its status when a script changes it, and never gains one. */
static void insist_terminal_is_where_it_was(const struct kb_card *before)
{
    const struct kb_card *card = &rig.card;

    kb_fuzz_insist(card->channel == before->channel, "the terminal's channel is in use");
    kb_fuzz_insist(card->channels_open == before->channels_open, "no channel came or went");
    kb_fuzz_insist(!(card->pins_verified & ~before->pins_verified), "no PIN is verified");
    kb_fuzz_insist(card->df.object == before->df.object, "the current DF is the same");
    kb_fuzz_insist(card->ef.kind == KB_FILE_NONE || card->ef.object == before->ef.object,
                   "the current EF is the same, or gone");
    kb_fuzz_insist(card->adf.kind == before->adf.kind, "the application is the same");
}

static void read_proof(struct kb_span user_data, bool is_expanded)
{
    uint8_t packet[KB_SMS_USER_DATA];
    struct kb_ota_response response;
    struct kb_remote_response answer;
    struct kb_remote_result result;

    if (user_data.len <= 3)
        return;
    kb_fuzz_insist(user_data.len <= sizeof(packet), "a proof fits in a message");
    memcpy(packet, user_data.data + 3, user_data.len - 3);
    kb_fuzz_insist(!kb_ota_open_response(&kb_crypto_mbedtls, &sender.keys, &sender.command, packet,
                                         user_data.len - 3, &response),
                   "a proof can be opened");
    if (response.status)
        return;
    kb_fuzz_insist(!kb_remote_response_open(&answer, response.data, is_expanded),
                   "an answer is well formed");
    while (kb_remote_response_next(&answer, &result))
        ;
    kb_fuzz_insist(!answer.rd.is_bad, "so are its results");
}

static void run(struct kb_span script, uint8_t how, uint64_t cntr)
{
    bool is_expanded = script.len && (script.data[0] == 0xAA || script.data[0] == 0xAE);
    struct kb_card before = rig.card;

    sender.cntr = cntr;
    sender_make(&sender, FULL, how & 4 ? POR_SUBMIT : POR_DELIVER, script);
    sender.command.tar[0] = 0xB0;
    sender.command.tar[1] = 0x00;
    sender.command.tar[2] = how >> 3 & 1;
    sender_seal(&sender);
    if (sender.len > KB_INBOX_ROOM)
        return;
    sender_send_all(&sender, &rig);
    insist_terminal_is_where_it_was(&before);
    if (!(how & 4))
        read_proof(kb_span(rig.response, rig.response_len - 2), is_expanded);
    sender_send_all(&sender, &rig);
    insist_terminal_is_where_it_was(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    uint8_t how = kb_rd_u8(&rd);

    start();
    remote_use(how & 1 ? GUEST : OPERATOR, 0xB00000);
    for (uint64_t i = 0; i < SCRIPTS && kb_rd_left(&rd); i++) {
        size_t len = kb_rd_u16(&rd) % SCRIPT_MAX;

        if (len > kb_rd_left(&rd))
            len = kb_rd_left(&rd);
        run(kb_rd_span(&rd, len), how, i);
    }
    return 0;
}
