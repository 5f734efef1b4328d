/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of commands at a complete UICC: on every logical channel in both codings of the class
 * byte, in class A0, with PINs that are right, proactive commands answered, a secure channel open,
 * power cut among them. An input is a list of steps: one byte what, one byte length, then that many
 * bytes. After each step the card keeps its promises: no answer holds a key, what is locked,
 * blocked or terminated stays so, tries grow behind a right code only.
 */
#include <string.h>

#include "crypto/scp03.h"
#include "fuzz/fuzz.h"
#include "fuzz/uicc_card.h"

enum { STEPS = 120, COMMAND = 300 };

static struct uicc_card uicc;

/* Of the input at hand. */
static struct {
    uint8_t bytes[KB_RESPONSE_MAX]; /* of the answer */
    struct kb_span answer;
    uint16_t sw; /* of the step before */
    struct kb_scp03 host;
    uint8_t secure_channel;
    bool is_secure;
} world;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    uicc_card_make(&uicc);
    return 0;
}

static void power(void)
{
    world.is_secure = false;
    uicc_card_power(&uicc);
}

/* --- Promises --- */

struct history {
    uint8_t condition[KB_FIELDS], tries[KB_FIELDS], pin_tries[KB_PINS][2];
    uint8_t life_cycle, gp_life_cycle;
};

/* Reads an object beside the card: power does not go at this. */
static enum kb_err peek(unsigned object, void *out, size_t len)
{
    bool counts_reads = uicc.fault.counts_reads;
    enum kb_err err;

    uicc.fault.counts_reads = false;
    err = kb_nvm_read(&uicc.card.nvm, (uint16_t)object, 0, out, len);
    uicc.fault.counts_reads = counts_reads;
    return err;
}

static struct history look(void)
{
    struct history now = {.life_cycle = uicc.card.life_cycle,
                          .gp_life_cycle = uicc.card.gp.life_cycle};
    uint8_t object[2] = {0, 0};

    for (uint16_t f = 0; f < KB_FIELDS; f++) {
        peek(KB_OBJ_PERSO_TRIES + f, object, sizeof(object));
        now.tries[f] = object[0];
        now.condition[f] = object[1];
    }
    for (uint16_t p = 0; p < KB_PINS; p++)
        peek(KB_OBJ_PIN_TRIES + p, now.pin_tries[p], 2);
    return now;
}

static uint16_t status(void)
{
    size_t len = world.answer.len;

    return len < 2 ? 0 : (uint16_t)(world.answer.data[len - 2] << 8 | world.answer.data[len - 1]);
}

/* Without memmem, whose operands the fuzzer would see and put into its inputs. */
static bool is_told(const uint8_t *secret)
{
    for (size_t at = 0; at + UICC_SECRET <= world.answer.len; at++) {
        uint8_t difference = 0;

        for (size_t i = 0; i < UICC_SECRET; i++)
            difference |= (uint8_t)(world.answer.data[at + i] ^ secret[i]);
        if (!difference)
            return true;
    }
    return false;
}

static bool is_success(void)
{
    uint16_t sw = status();

    return sw == 0x9000 || sw >> 8 == 0x91 || sw >> 8 == 0x61 || sw >> 8 == 0x9F;
}

static void check_lasting(const struct history *before, const struct history *now)
{
    for (int f = 0; f < KB_FIELDS; f++)
        kb_fuzz_insist(!before->condition[f] || now->condition[f] == before->condition[f],
                       "locked and blocked are for ever");
    kb_fuzz_insist(now->life_cycle >= before->life_cycle, "the life of a card goes one way");
    kb_fuzz_insist(before->gp_life_cycle != KB_GP_TERMINATED ||
                       now->gp_life_cycle == KB_GP_TERMINATED,
                   "a terminated domain stays so");
    kb_fuzz_insist(
        now->gp_life_cycle >= before->gp_life_cycle ||
            (before->gp_life_cycle == KB_GP_CARD_LOCKED && now->gp_life_cycle == KB_GP_SECURED),
        "the life of the domain goes one way");
}

static void check_promises(const struct history *before)
{
    struct history now = look();
    struct kb_card *card = &uicc.card;

    check_lasting(before, &now);
    for (int f = 0; f < KB_FIELDS; f++)
        kb_fuzz_insist(now.tries[f] <= before->tries[f] || is_success(),
                       "tries of a field come back behind its code");
    for (int p = 0; p < KB_PINS; p++)
        for (int i = 0; i < 2; i++)
            kb_fuzz_insist(now.pin_tries[p][i] <= before->pin_tries[p][i] || is_success(),
                           "tries of a PIN come back behind a right one");
    kb_fuzz_insist(card->perso.state != KB_PERSO_PERSO || card->perso.is_verified,
                   "PERSO is behind a code");
    kb_fuzz_insist(card->channels_open & 1, "the basic channel is open");
    kb_fuzz_insist(kb_channel_is_open(card->channels_open, card->channel) ||
                       card->channel == KB_CHANNEL_REMOTE,
                   "what is in use is open");
    kb_fuzz_insist(!world.answer.len ||
                       (world.answer.len >= 2 && (status() >> 12 == 6 || status() >> 12 == 9)),
                   "an answer has a status");
    for (size_t i = 0; i < uicc.secret_count; i++)
        kb_fuzz_insist(!is_told(uicc.secrets[i]), "no key is told");
}

/* --- Steps --- */

static uint16_t transmit(struct kb_span command)
{
    struct kb_span answer = kb_card_transmit(&uicc.card, command);

    memcpy(world.bytes, answer.data, answer.len);
    world.answer = kb_span(world.bytes, answer.len);
    return status();
}

/* The class byte of a channel (ISO/IEC 7816-4 tables 2 and 3), secured or not. */
static uint8_t class_on(uint8_t channel, bool is_proprietary, bool is_secured)
{
    uint8_t class = is_proprietary ? 0x80 : 0;

    channel %= KB_CHANNELS;
    if (channel < 4)
        return (uint8_t)(class | channel | (is_secured ? 0x04 : 0));
    return (uint8_t)(class | 0x40 | (channel - 4) | (is_secured ? 0x20 : 0));
}

static uint16_t send(uint8_t channel, uint32_t header, bool is_secured, struct kb_span data)
{
    uint8_t command[COMMAND];
    struct kb_writer wr = kb_wr(command, sizeof(command));

    kb_wr_u32(&wr, header);
    command[0] = class_on(channel, header >> 31, is_secured);
    kb_wr_u8(&wr, (uint8_t)data.len);
    kb_wr_copy(&wr, data.data, data.len);
    kb_wr_u8(&wr, 0);
    return wr.is_bad || data.len > 255 ? 0 : transmit(kb_wr_span(&wr));
}

static void on_channel(struct kb_span bytes)
{
    uint8_t command[COMMAND];

    if (bytes.len < 2)
        return;
    memcpy(command, bytes.data + 1, bytes.len - 1);
    command[0] = (uint8_t)(class_on(bytes.data[0], command[0] & 0x80, false) |
                           (command[0] & 0x10)); /* a link of a chain stays one */
    transmit(kb_span(command, bytes.len - 1));
}

static void secured(struct kb_span bytes)
{
    uint8_t data[COMMAND], header[4];
    struct kb_writer wr = kb_wr(data, sizeof(data));
    struct kb_span plain = kb_span(NULL, 0);
    enum kb_err err;

    if (bytes.len < 4 || !world.is_secure)
        return;
    memcpy(header, bytes.data, sizeof(header));
    if (bytes.len > 5)
        plain = kb_span(bytes.data + 5, bytes.len - 5);
    header[0] = (uint8_t)((header[0] & 0x80) | 0x04);
    err = kb_scp03_seal_command(&world.host, &kb_crypto_openssl, header, plain, &wr);
    if (!err && !wr.is_bad)
        send(world.secure_channel,
             (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 |
                 header[3],
             true, kb_wr_span(&wr));
}

/* VERIFY PIN; the object holds reference and value (files/pin). */
static void verify_pin(struct kb_span bytes)
{
    uint8_t pin[12];

    if (bytes.len < 2 || peek(KB_OBJ_PIN + bytes.data[1] % KB_PINS, pin, sizeof(pin)))
        return;
    send(bytes.data[0], 0x00200000u | pin[0], false, kb_span(pin + 4, 8));
}

static void open_secure(struct kb_span bytes)
{
    static const uint8_t aid[] = {0xA0, 0, 0, 1, 0x51, 0, 0, 0};
    static const uint8_t challenge[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t channel = bytes.len ? bytes.data[0] % KB_CHANNELS : 0;
    uint8_t level = bytes.len > 1 ? bytes.data[1] & 0x33 : 1, data[32];
    uint8_t card_challenge[8], cryptogram[KB_SCP03_S16];
    struct kb_scp03_start start = {uicc_gp_keys[0], uicc_gp_keys[1], sizeof(uicc_gp_keys[0]),
                                   KB_SCP03_S8,     challenge,       card_challenge};
    struct kb_writer wr = kb_wr(data, sizeof(data));

    world.is_secure = false;
    send(channel, 0x00A40400, false, kb_span(aid, sizeof(aid)));
    if (send(channel, 0x80500000u | UICC_GP_VERSION << 8, false, kb_span(challenge, 8)) != 0x9000 ||
        world.answer.len < 13 + 16 + 2)
        return;
    memcpy(card_challenge, world.answer.data + 13, sizeof(card_challenge));
    if (kb_scp03_begin(&world.host, &kb_crypto_openssl, &start, cryptogram) ||
        kb_scp03_authenticate(&world.host, &kb_crypto_openssl, level, &wr))
        return;
    world.secure_channel = channel;
    world.is_secure =
        send(channel, 0x80820000u | (uint32_t)level << 8, true, kb_wr_span(&wr)) == 0x9000;
}

/* FETCH, and a TERMINAL RESPONSE to what came with the rest of the bytes as its result and more. */
static void answer_proactive(struct kb_span bytes)
{
    uint8_t fetch[] = {0x80, 0x12, 0x00, 0x00, 0x00}, response[COMMAND];
    struct kb_writer wr = kb_wr(response, sizeof(response));

    if (world.sw >> 8 != 0x91)
        return;
    fetch[4] = (uint8_t)world.sw;
    if (transmit(kb_span(fetch, sizeof(fetch))) != 0x9000 || world.answer.len < 9)
        return;
    kb_wr_copy(&wr, "\x81\x03", 2);
    kb_wr_copy(&wr, world.answer.data + (world.answer.data[1] == 0x81 ? 5 : 4), 3);
    kb_wr_copy(&wr, "\x82\x02\x82\x81\x83\x01", 6);
    kb_wr_u8(&wr, bytes.len ? bytes.data[0] : 0);
    if (bytes.len > 1)
        kb_wr_copy(&wr, bytes.data + 1, bytes.len - 1);
    if (!wr.is_bad)
        send(0, 0x80140000, false, kb_wr_span(&wr));
}

static void give_code(struct kb_span bytes)
{
    static const uint8_t enable[] = {0x80, 0x40, 0x01, 0x00, 0x00};

    (void)bytes;
    transmit(kb_span(enable, sizeof(enable)));
    send(0, 0x80420000, false, kb_span(uicc.code, sizeof(uicc.code)));
}

static void cut(struct kb_span bytes)
{
    if (bytes.len > 1)
        kb_flash_fault_arm_reads(&uicc.fault, 1u + bytes.data[0] + 256u * bytes.data[1], 1);
    else if (bytes.len)
        kb_flash_fault_arm(&uicc.fault, bytes.data[0] + 1u, bytes.len);
}

static void as_it_is(struct kb_span bytes)
{
    transmit(bytes);
}

static void download_profile(struct kb_span bytes)
{
    send(0, 0x80100000, false, bytes);
}

static void power_again(struct kb_span bytes)
{
    (void)bytes;
    power();
}

static void reset(struct kb_span bytes)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    (void)bytes;
    world.is_secure = false;
    if (kb_card_reset(&uicc.card, atr, &atr_len))
        power();
}

static void (*const steps[])(struct kb_span bytes) = {
    as_it_is,
    on_channel,       /* channel, APDU: its class byte rewritten for that channel */
    secured,          /* APDU without Le: through the secure channel */
    verify_pin,       /* channel, PIN object: VERIFY PIN with its value */
    open_secure,      /* channel, level: a secure channel of the security domain */
    answer_proactive, /* result: what the card wants is fetched, and answered so */
    download_profile, /* the profile */
    give_code,        /* ENABLE PERSO of the telecom field and its right code */
    power_again,
    reset,
    cut, /* power goes at an operation; with a second byte: at a read or one */
};

enum { STEP_COUNT = sizeof(steps) / sizeof(steps[0]) };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));

    memset(&world, 0, sizeof(world));
    uicc_card_renew(&uicc);
    for (int i = 0; i < STEPS && kb_rd_left(&rd) >= 2; i++) {
        size_t step = kb_rd_u8(&rd) % STEP_COUNT;
        size_t len = kb_rd_u8(&rd);
        struct kb_span bytes = kb_rd_span(&rd, len < kb_rd_left(&rd) ? len : kb_rd_left(&rd));
        struct history before = look();

        world.sw = status();
        world.answer = kb_span(NULL, 0);
        steps[step](bytes);
        if (uicc.fault.is_off)
            power();
        check_promises(&before);
    }
    return 0;
}
