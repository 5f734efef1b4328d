/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of commands at a card with three fields, with resets, power cuts and right codes among
 * them. An input is a list of steps: one byte what, one byte length, then that many bytes. After
 * each step the card keeps its promises: fields that were locked or blocked stay so, SECURED stays,
 * PERSO is reached behind a right code only, and no answer holds a secret.
 */

#include <string.h>

#include "card/perso/perso.h"
#include "crypto/cmac.h"
#include "fuzz/example_card.h"
#include "fuzz/fuzz.h"

enum { STEPS = 200, SECRET = KB_EXAMPLE_SECRET };
enum step { STEP_APDU, STEP_POWER, STEP_RESET, STEP_CUT, STEP_ENABLE, STEP_VERIFY, STEP_COUNT };

/* The card as the factory hands it over, and what it must never tell. */
static struct rig base, rig;
static uint8_t secret[SECRET];
static struct kb_fresh fresh;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    kb_example_card(&base, &fresh, true);
    kb_example_secret(&base, secret);
    rig_blank(&rig);
    return 0;
}

/* What a step must not take back. */
struct history {
    uint8_t condition[KB_FIELDS];
    uint8_t tries[KB_FIELDS];
    uint8_t life_cycle;
};

static struct history look(void)
{
    struct history now = {.life_cycle = rig.card.life_cycle};
    uint8_t object[2] = {0, 0};

    for (uint16_t f = 0; f < KB_FIELDS; f++) {
        kb_nvm_read(&rig.card.nvm, (uint16_t)(KB_OBJ_PERSO_TRIES + f), 0, object, sizeof(object));
        now.tries[f] = object[0];
        now.condition[f] = object[1];
    }
    return now;
}

static void check_promises(const struct history *before)
{
    struct history now = look();

    for (int f = 0; f < KB_FIELDS; f++)
        kb_fuzz_insist(!before->condition[f] || now.condition[f] == before->condition[f],
                       "locked and blocked are for ever");
    kb_fuzz_insist(now.life_cycle == before->life_cycle, "SECURED is for ever");
    kb_fuzz_insist(rig.card.perso.state != KB_PERSO_PERSO || rig.card.perso.is_verified,
                   "PERSO is behind a code");
    kb_fuzz_insist(!rig.response_len || rig.response_len >= 2, "an answer has a status");
    kb_fuzz_insist(!memmem(rig.response, rig.response_len, secret, SECRET), "no key is told");
    for (int f = 0; f < KB_FIELDS; f++)
        kb_fuzz_insist(!memmem(rig.response, rig.response_len, fresh.code[f], KB_PERSO_CODE),
                       "no code is told");
}

static void power(void)
{
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    kb_fuzz_insist(rig_power(&rig), "a card comes up after any cut");
}

/* ENABLE and VERIFY as the example plan codes them, a field a row. */
static const struct {
    const char *enable;
    uint8_t verify[4];
    bool is_challenge;
} fields[] = {
    {"8040000000", {0x80, 0x42, 0x00, 0x00}, false},
    {"8050010000", {0x80, 0x52, 0x00, 0x00}, true},
    {"80A0020000", {0x80, 0xA2, 0x00, 0x00}, false},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static void enable(struct kb_span bytes)
{
    rig_send(&rig, fields[bytes.len ? bytes.data[0] % FIELDS : 0].enable);
}

/* Host challenge and AES-CMAC over both challenges, docs/apdu.md 3. */
static void answer_challenge(const uint8_t *code, struct kb_writer *out)
{
    static const uint8_t host[16] = {1};
    struct kb_cmac cmac;
    uint8_t mac[16];

    kb_cmac_start(&cmac, &kb_crypto_mbedtls, code, KB_PERSO_CODE);
    kb_cmac_update(&cmac, kb_span(rig.card.perso.challenge, sizeof(rig.card.perso.challenge)));
    kb_cmac_update(&cmac, kb_span(host, sizeof(host)));
    kb_cmac_finish(&cmac, mac);
    kb_wr_copy(out, host, sizeof(host));
    kb_wr_copy(out, mac, sizeof(mac));
}

/* The right code of the enabled field, in the method its plan wants. */
static void verify(void)
{
    uint8_t field = rig.card.perso.field % FIELDS, command[64];
    struct kb_writer out = kb_wr(command, sizeof(command));

    kb_wr_copy(&out, fields[field].verify, 4);
    kb_wr_u8(&out, fields[field].is_challenge ? 32 : KB_PERSO_CODE);
    if (fields[field].is_challenge)
        answer_challenge(fresh.code[field], &out);
    else
        kb_wr_copy(&out, fresh.code[field], KB_PERSO_CODE);
    rig_send_bytes(&rig, kb_wr_span(&out));
}

static void run_step(enum step step, struct kb_span bytes)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    rig.response_len = 0;
    if (step == STEP_APDU)
        rig_send_bytes(&rig, bytes);
    else if (step == STEP_POWER)
        power();
    else if (step == STEP_RESET && kb_card_reset(&rig.card, atr, &atr_len))
        power();
    else if (step == STEP_CUT && bytes.len)
        kb_flash_fault_arm(&rig.fault, bytes.data[0] + 1u, bytes.len);
    else if (step == STEP_ENABLE)
        enable(bytes);
    else if (step == STEP_VERIFY)
        verify();
    if (rig.fault.is_off)
        power();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));

    memcpy(rig.memory, base.memory, sizeof(rig.memory));
    power();
    for (int i = 0; i < STEPS && kb_rd_left(&rd) >= 2; i++) {
        enum step step = (enum step)(kb_rd_u8(&rd) % STEP_COUNT);
        size_t len = kb_rd_u8(&rd);
        struct kb_span bytes = kb_rd_span(&rd, len < kb_rd_left(&rd) ? len : kb_rd_left(&rd));
        struct history before = look();

        run_step(step, bytes);
        check_promises(&before);
    }
    return 0;
}
