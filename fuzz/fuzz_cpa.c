/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole personalizations led astray. An input is one byte that says which card and plan, then
 * steps: one byte what, one byte length, that many bytes. Steps are those of an honest phone and
 * provider, or somebody's who has the packet keys and no others, or a terminal's that answers
 * anything, or a loss of power. Wherever it ends, the card has one whole pair, and it is the
 * operator's only when the operator has it too.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "tests/cpa/world.h"

enum { STEPS = 120, CARDS = 6, HONEST_MAX = 64 };
enum step {
    STEP_HONEST, /* so many steps of phone and provider */
    STEP_SAY,    /* a message under the packet keys */
    STEP_CHANGE, /* the provider's answer with bytes changed: where, with what */
    STEP_AGAIN,  /* the provider's answer once more */
    STEP_APDU,
    STEP_RESPONSE, /* result and objects */
    STEP_EVENT,    /* which, and objects */
    STEP_EXPIRE,
    STEP_MENU,
    STEP_POWER, /* off and on; with a byte: cut at that operation from now */
    STEP_BEHAVE,
    STEP_COUNT
};

/* A card of each kind, as it was made; what is static points into world alone. */
static struct world made[CARDS];
static uint8_t state;

static void make(uint8_t kind, struct world *to)
{
    world_begin(kind % 2 ? KB_CURVE_X25519 : KB_CURVE_P256);
    world.plan.starts = kind < 2 ? KB_CPA_BY_ITSELF : 15;
    world.plan.asks_user = kind >= 2;
    world.plan.keeps_temporary = kind % 2;
    world.plan.refusals = 2;
    if (kind >= 4) {
        world.plan.agreement = world.provider.agreement = KB_SESSION_DH;
        world.plan.suites[0] = world.provider.suites[0] = 29;
    }
    if (kind == 3 || kind == 5) {
        world.plan.bearer = KB_CPA_PACKET;
        world.plan.apn = kb_span("kbas.mnc", 8);
        world.plan.address = kb_span("\x0A\x00\x00\x01", 4);
        world.plan.port = 7000;
        world.provider.bearer = KB_PACKET_CHANNEL;
    }
    world.provider.choice = kb_span("\x82\x66"
                                    "001-01\x61T",
                                    10);
    world_make();
    *to = world;
}

/* --- Steps --- */

static void send(uint8_t ins, struct kb_span data)
{
    uint8_t bytes[KB_APDU_SHORT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_apdu apdu = {.cla = 0x80, .ins = ins, .data = data, .has_le = true, .ne = 256};

    kb_apdu_write(&wr, &apdu);
    if (!wr.is_bad)
        world.phone.sw = rig_send_bytes(&world.rig, kb_wr_span(&wr));
}

static void honest(struct kb_span bytes)
{
    unsigned count = bytes.len ? bytes.data[0] % HONEST_MAX : HONEST_MAX;

    while (count-- > 0 && phone_step(&world.phone))
        ;
}

static void say(struct kb_span bytes)
{
    provider_say(&world.provider, bytes);
}

static void change(struct kb_span bytes)
{
    uint8_t message[KB_SESSION_MAX];
    size_t len = world.provider.answer_len;

    memcpy(message, world.provider.answer, len);
    for (size_t i = 0; i + 1 < bytes.len && len; i += 2)
        message[bytes.data[i] % len] ^= bytes.data[i + 1];
    if (len)
        provider_say(&world.provider, kb_span(message, len));
}

static void again(struct kb_span bytes)
{
    (void)bytes;
    if (world.provider.answer_len)
        provider_say(&world.provider, kb_span(world.provider.answer, world.provider.answer_len));
}

static void apdu(struct kb_span bytes)
{
    world.phone.sw = rig_send_bytes(&world.rig, bytes);
}

/* To the command that waits, if one does. */
static void respond(struct kb_span bytes)
{
    const struct kb_toolkit *toolkit = &world.rig.card.toolkit;
    uint8_t buffer[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(buffer, sizeof(buffer));

    send(0x12, kb_span(NULL, 0));
    kb_wr_copy(&wr, "\x81\x03", 2);
    kb_wr_u8(&wr, toolkit->number);
    kb_wr_u8(&wr, toolkit->type);
    kb_wr_copy(&wr, "\x00\x82\x02\x82\x81\x83\x01", 7);
    kb_wr_u8(&wr, bytes.len ? bytes.data[0] : 0);
    if (bytes.len > 1)
        kb_wr_copy(&wr, bytes.data + 1, bytes.len - 1);
    if (!wr.is_bad)
        send(0x14, kb_wr_span(&wr));
}

static void tell(struct kb_span bytes)
{
    uint8_t buffer[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(buffer, sizeof(buffer));

    if (!bytes.len || bytes.len > 100)
        return;
    kb_wr_copy(&wr, "\xD6", 1);
    kb_wr_u8(&wr, (uint8_t)(7 + bytes.len - 1));
    kb_wr_copy(&wr, "\x99\x01", 2);
    kb_wr_u8(&wr, bytes.data[0]);
    kb_wr_copy(&wr, "\x82\x02\x82\x81", 4);
    kb_wr_copy(&wr, bytes.data + 1, bytes.len - 1);
    send(0xC2, kb_wr_span(&wr));
}

static void expire(struct kb_span bytes)
{
    (void)bytes;
    phone_expire(&world.phone);
}

static void menu(struct kb_span bytes)
{
    (void)bytes;
    phone_menu(&world.phone);
}

static void power(struct kb_span bytes)
{
    kb_flash_fault_arm(&world.rig.fault, KB_FLASH_NEVER, 0);
    if (!bytes.len || world.phone.is_lost)
        phone_on(&world.phone);
    if (bytes.len && bytes.data[0])
        kb_flash_fault_arm(&world.rig.fault, bytes.data[0], bytes.data[0]);
}

static void behave(struct kb_span bytes)
{
    struct phone *phone = &world.phone;
    uint8_t how = bytes.len ? bytes.data[0] : 0;

    phone->takes_new = !(how & 1);
    phone->says_yes = !(how & 2);
    phone->loses_up = how & 4;
    phone->loses_down = how & 8;
    phone->has_no_rejections = how & 16;
    phone->item = how & 32 ? KB_SESSION_OPERATORS + 1 : 1;
    phone->code = how & 64 ? "77" : NULL;
    if (bytes.len > 2) {
        phone->result[bytes.data[1]] = 0x20 | (bytes.data[2] & 0x1F);
        phone->times[bytes.data[1]] = 3;
    }
}

/* --- Promises --- */

static bool holds_operators_pair(void)
{
    uint8_t k[16];

    return world_has(KB_OBJ_KI + 1) &&
           !kb_nvm_read(&world.rig.card.nvm, KB_OBJ_KI + 1, 0, k, sizeof(k)) &&
           !memcmp(k, world.provider.secrets.k, sizeof(k)) && world.provider.has_agreed;
}

static void check_promises(void)
{
    uint8_t now = (uint8_t)world_state();
    bool is_swapped = now == KB_CPA_TRIAL || now == KB_CPA_REPORTING || now == KB_CPA_DONE;

    /* Without power there is nothing to see. */
    if (world.phone.is_lost || world.rig.fault.is_off)
        return;
    kb_fuzz_insist(now > KB_CPA_NONE && now < KB_CPA_STATES, "the card stands somewhere");
    kb_fuzz_insist(state != KB_CPA_DONE || now == KB_CPA_DONE, "done is for ever");
    kb_fuzz_insist(state != KB_CPA_BLOCKED || now == KB_CPA_BLOCKED, "blocked is for ever");
    kb_fuzz_insist(world_has(KB_OBJ_KI + 1) == is_swapped &&
                       world_has(KB_OBJ_OPC + 1) == is_swapped,
                   "the pair is there when the state says so");
    kb_fuzz_insist(!is_swapped || holds_operators_pair(), "the operator has it too");
    kb_fuzz_insist(world_has(KB_OBJ_KI) || now == KB_CPA_DONE, "the temporary pair waits");
    kb_fuzz_insist(now != KB_CPA_IDLE || !(world_has(KB_OBJ_CPA_AGREEMENT) ||
                                           world_has(KB_OBJ_CPA_PAIR) || world_has(KB_OBJ_CPA_OUT)),
                   "nothing is left of an attempt");
    state = now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[STEP_COUNT])(struct kb_span) = {
        honest, say, change, again, apdu, respond, tell, expire, menu, power, behave};
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    uint8_t kind = kb_rd_u8(&rd) % CARDS;

    if (!made[kind].rig.card.port)
        make(kind, &made[kind]);
    world = made[kind];
    state = KB_CPA_IDLE;
    for (int i = 0; i < STEPS && kb_rd_left(&rd); i++) {
        unsigned what = kb_rd_u8(&rd) % STEP_COUNT;

        steps[what](kb_rd_span(&rd, kb_rd_u8(&rd)));
        check_promises();
    }
    return 0;
}
