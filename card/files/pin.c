/* SPDX-License-Identifier: Apache-2.0 */
/* PINs: verification, change, disabling, enabling and unblocking (TS 102 221 clauses 9.5, 11.1.9
 * - 11.1.13). */

#include "card/files/pin.h"

#include <string.h>

#include "card/card.h"
#include "card/files/access.h"
#include "crypto/secret.h"
#include "wire/tlv.h"

/* A PIN object and its tries, in RAM while one command works on it. */
struct pin {
    uint8_t index;
    uint8_t object[KB_PIN_OBJECT];
    uint8_t tries[KB_PIN_TRIES_OBJECT];
};

enum { REFERENCE, LIMIT, UNBLOCK_LIMIT, FLAGS, VALUE, UNBLOCK_VALUE = VALUE + KB_PIN_SIZE };
enum { TRIES, UNBLOCK_TRIES, STATE };

/* The last byte of the tries. */
enum { DISABLED, ENABLED, REPLACED };

/* Key references (table 9.3), the usage qualifier "verify it" (ISO/IEC 7816-4), and P1 of DISABLE
 * PIN: the global key reference of its low bits replaces the PIN (clause 11.1.11.2). */
enum { REFERENCE_UNIVERSAL = 0x11, REFERENCE_LOCAL = 0x80, USAGE_VERIFY = 0x08, P1_REPLACE = 0x80 };

/* What one of the commands does with a PIN. */
struct task {
    uint8_t tries;  /* TRIES or UNBLOCK_TRIES: whose code is given */
    bool may_ask;   /* without data it tells how many tries are left */
    bool has_new;   /* a new PIN stands behind the code */
    uint8_t states; /* bit n: the states it takes the PIN in */
    uint8_t state;  /* the one it leaves it in */
};

static enum kb_err load(struct kb_card *card, uint8_t index, struct pin *pin)
{
    enum kb_err err;

    pin->index = index;
    err = kb_nvm_read(&card->nvm, (uint16_t)(KB_OBJ_PIN + index), 0, pin->object, KB_PIN_OBJECT);
    if (!err)
        err = kb_nvm_read(&card->nvm, (uint16_t)(KB_OBJ_PIN_TRIES + index), 0, pin->tries,
                          KB_PIN_TRIES_OBJECT);
    if (!err && pin->tries[STATE] > REPLACED)
        pin->tries[STATE] = ENABLED;
    return err;
}

static enum kb_err store_tries(struct kb_card *card, const struct pin *pin)
{
    return kb_nvm_put(&card->nvm, (uint16_t)(KB_OBJ_PIN_TRIES + pin->index), pin->tries,
                      KB_PIN_TRIES_OBJECT);
}

static enum kb_sw verify_failed(uint8_t tries)
{
    return (enum kb_sw)(KB_SW_VERIFY_FAILED | (tries < 15 ? tries : 15));
}

static enum kb_sw tries_left(uint8_t tries)
{
    return tries ? verify_failed(tries) : KB_SW_BLOCKED;
}

static void set_bit(uint8_t *bits, uint8_t index, bool value)
{
    *bits = (uint8_t)((*bits & ~(1u << index)) | (unsigned)value << index);
}

static void learn_state(struct kb_card *card, const struct pin *pin)
{
    set_bit(&card->pins_disabled, pin->index, pin->tries[STATE] == DISABLED);
    set_bit(&card->pins_replaced, pin->index, pin->tries[STATE] == REPLACED);
}

/* One try: counted and committed, then compared. A right value gets its tries back with whatever
 * else the caller changed in pin->tries: only the caller's store writes it. A wrong PIN is no
 * longer verified, on no channel; a wrong unblock code leaves the status of the PIN alone (clause
 * 11.1.13.1.1). */
static enum kb_sw spend_try(struct kb_card *card, struct pin *pin, size_t tries_at,
                            const uint8_t *given)
{
    const uint8_t *value = pin->object + (tries_at == TRIES ? VALUE : UNBLOCK_VALUE);
    uint8_t limit = pin->object[tries_at == TRIES ? LIMIT : UNBLOCK_LIMIT];

    if (!pin->tries[tries_at])
        return KB_SW_BLOCKED;
    pin->tries[tries_at]--;
    if (store_tries(card, pin))
        return KB_SW_MEMORY_PROBLEM;
    if (!kb_is_equal(value, given, KB_PIN_SIZE)) {
        if (tries_at == TRIES)
            kb_channel_set_verified(card, pin->index, false, true);
        return verify_failed(pin->tries[tries_at]);
    }
    pin->tries[tries_at] = limit;
    return KB_SW_OK;
}

/* Stores the tries and, with a new value, the PIN itself, in one transaction. */
static enum kb_err store(struct kb_card *card, struct pin *pin, const uint8_t *new_value)
{
    enum kb_err err = new_value ? kb_nvm_begin(&card->nvm) : KB_OK;

    if (!new_value)
        return store_tries(card, pin);
    memcpy(pin->object + VALUE, new_value, KB_PIN_SIZE);
    if (!err)
        err =
            kb_nvm_put(&card->nvm, (uint16_t)(KB_OBJ_PIN + pin->index), pin->object, KB_PIN_OBJECT);
    if (!err)
        err = store_tries(card, pin);
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err)
        kb_nvm_rollback(&card->nvm);
    return err;
}

/* 4 to 8 digits, then FF (clause 9.5.1); administrative codes may be any 8 bytes. */
static bool is_acceptable(const struct pin *pin, const uint8_t value[KB_PIN_SIZE])
{
    size_t digits = 0;
    uint8_t reference = pin->object[REFERENCE];
    bool is_administrative =
        (reference >= 0x0A && reference <= 0x0E) || (reference >= 0x8A && reference <= 0x8E);

    if (is_administrative)
        return true;
    while (digits < KB_PIN_SIZE && value[digits] >= '0' && value[digits] <= '9')
        digits++;
    for (size_t i = digits; i < KB_PIN_SIZE; i++)
        if (value[i] != 0xFF)
            return false;
    return digits >= 4;
}

enum kb_err kb_pin_set(struct kb_card *card, uint8_t index, bool is_unblock,
                       const uint8_t value[KB_PIN_SIZE])
{
    struct pin pin;
    enum kb_err err = index < KB_PINS ? load(card, index, &pin) : KB_ERR_ABSENT;

    if (err) {
        kb_wipe(&pin, sizeof(pin));
        return err;
    }
    memcpy(pin.object + (is_unblock ? UNBLOCK_VALUE : VALUE), value, KB_PIN_SIZE);
    if (is_unblock) {
        pin.object[FLAGS] |= KB_PIN_HAS_UNBLOCK;
        pin.tries[UNBLOCK_TRIES] = pin.object[UNBLOCK_LIMIT];
    } else {
        pin.tries[TRIES] = pin.object[LIMIT];
        kb_channel_set_verified(card, index, false, true);
    }
    err = kb_nvm_put(&card->nvm, (uint16_t)(KB_OBJ_PIN + index), pin.object, KB_PIN_OBJECT);
    if (!err)
        err = store_tries(card, &pin);
    kb_wipe(&pin, sizeof(pin));
    return err;
}

enum kb_err kb_pin_reset(struct kb_card *card)
{
    struct pin pin;
    enum kb_err err = KB_OK;

    card->pins_verified = 0;
    card->pins_disabled = 0;
    card->pins_replaced = 0;
    card->pins_shared = 0;
    for (uint8_t i = 0; i < KB_PINS; i++) {
        card->pin_of_reference[i] = 0;
        err = load(card, i, &pin);
        if (err == KB_ERR_ABSENT || err == KB_ERR_RANGE) {
            err = KB_OK;
            continue;
        }
        if (err)
            break;
        card->pin_of_reference[i] = pin.object[REFERENCE];
        learn_state(card, &pin);
        set_bit(&card->pins_shared, i, pin.object[FLAGS] & KB_PIN_SHARED);
    }
    kb_wipe(&pin, sizeof(pin));
    kb_access_forget(card, 0);
    return err;
}

enum kb_err kb_pin_tries(struct kb_card *card, uint8_t index, uint8_t tries[2])
{
    enum { INITIALIZED = 0x80, TRIES_MAX = 15 };
    struct pin pin;
    enum kb_err err = load(card, index, &pin);

    tries[0] = tries[1] = 0;
    if (err)
        return err;
    for (size_t i = 0; i < 2; i++)
        tries[i] = (uint8_t)(INITIALIZED | (pin.tries[i] < TRIES_MAX ? pin.tries[i] : TRIES_MAX));
    if (!(pin.object[FLAGS] & KB_PIN_HAS_UNBLOCK))
        tries[1] = 0;
    kb_wipe(&pin, sizeof(pin));
    return KB_OK;
}

int kb_pin_find(const struct kb_card *card, uint8_t reference)
{
    for (int i = 0; i < KB_PINS && reference; i++)
        if (card->pin_of_reference[i] == reference)
            return i;
    return -1;
}

uint8_t kb_pin_local(const struct kb_card *card)
{
    uint8_t local = 0;

    for (uint8_t i = 0; i < KB_PINS; i++)
        set_bit(&local, i, card->pin_of_reference[i] & REFERENCE_LOCAL);
    return local;
}

void kb_pin_leave_application(struct kb_card *card)
{
    card->pins_verified &= (uint8_t)~kb_pin_local(card);
}

uint8_t kb_pin_satisfied(const struct kb_card *card)
{
    uint8_t replaced = card->pins_replaced;
    uint8_t pins = (uint8_t)((card->pins_verified & ~replaced) | card->pins_disabled);
    int universal = replaced ? kb_pin_find(card, REFERENCE_UNIVERSAL) : -1;

    return universal >= 0 && pins & 1u << universal ? pins | replaced : pins;
}

/* Clause 9.5.2: whether the universal PIN is to be used, in place of another, is told in front of
 * it. */
static void put_reference(const struct kb_card *card, uint8_t reference, struct kb_writer *out)
{
    if (reference == REFERENCE_UNIVERSAL)
        kb_tlv_put_u8(out, 0x95, card->pins_replaced ? USAGE_VERIFY : 0);
    kb_tlv_put_u8(out, 0x83, reference);
}

void kb_pin_status(struct kb_card *card, struct kb_writer *out)
{
    size_t template = kb_tlv_open(out, 0xC6);
    uint8_t off = card->pins_disabled | card->pins_replaced, enabled = 0, bit = 0x80;

    /* Clause 9.5.2: bit 8 speaks of the first PIN listed. */
    for (int i = 0; i < KB_PINS; i++) {
        if (!card->pin_of_reference[i])
            continue;
        if (!(off & 1u << i))
            enabled |= bit;
        bit >>= 1;
    }
    kb_tlv_put_u8(out, 0x90, enabled);
    for (int i = 0; i < KB_PINS; i++)
        if (card->pin_of_reference[i])
            put_reference(card, card->pin_of_reference[i], out);
    kb_tlv_close(out, template);
}

/* Whether the command can be done at all; costs no try. */
static enum kb_sw check(const struct task *task, const struct pin *pin, struct kb_span data)
{
    uint8_t flags = pin->object[FLAGS];

    if (data.len != (task->has_new ? 2 * KB_PIN_SIZE : KB_PIN_SIZE))
        return KB_SW_WRONG_LENGTH;
    if (!(task->states & 1u << pin->tries[STATE]))
        return KB_SW_REFERENCED_DATA_INVALIDATED;
    if (task->state != ENABLED && !(flags & KB_PIN_MAY_DISABLE))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (task->has_new && pin->tries[task->tries] && !is_acceptable(pin, data.data + KB_PIN_SIZE))
        return KB_SW_INCORRECT_DATA;
    return KB_SW_OK;
}

/* The code was right. A PIN with a new value is verified nowhere but here. */
static enum kb_sw finish(struct kb_card *card, const struct task *task, struct pin *pin,
                         const uint8_t *new_value)
{
    if (task->tries == UNBLOCK_TRIES)
        pin->tries[TRIES] = pin->object[LIMIT];
    pin->tries[STATE] = task->state;
    if (store(card, pin, new_value))
        return KB_SW_MEMORY_PROBLEM;
    learn_state(card, pin);
    if (new_value)
        kb_channel_set_verified(card, pin->index, false, true);
    kb_channel_set_verified(card, pin->index, true, pin->object[FLAGS] & KB_PIN_SHARED);
    return KB_SW_OK;
}

static enum kb_sw attempt(struct kb_card *card, const struct task *task, struct pin *pin,
                          struct kb_span data)
{
    enum kb_sw sw;

    if (task->tries == UNBLOCK_TRIES && !(pin->object[FLAGS] & KB_PIN_HAS_UNBLOCK))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (task->may_ask && !data.len)
        return tries_left(pin->tries[task->tries]);
    sw = check(task, pin, data);
    if (sw == KB_SW_OK)
        sw = spend_try(card, pin, task->tries, data.data);
    if (sw == KB_SW_OK)
        sw = finish(card, task, pin, task->has_new ? data.data + KB_PIN_SIZE : NULL);
    return sw;
}

static enum kb_sw run(struct kb_card *card, const struct kb_apdu *cmd, const struct task *task)
{
    int index = kb_pin_find(card, cmd->p2);
    enum kb_sw sw = KB_SW_MEMORY_PROBLEM;
    struct pin pin;

    if (index < 0)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    if (!load(card, (uint8_t)index, &pin))
        sw = attempt(card, task, &pin, cmd->data);
    kb_wipe(&pin, sizeof(pin));
    return sw;
}

enum kb_sw kb_pin_verify(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    static const struct task verify = {TRIES, true, false, 1u << ENABLED, ENABLED};

    (void)out;
    return cmd->p1 ? KB_SW_INCORRECT_P1_P2 : run(card, cmd, &verify);
}

enum kb_sw kb_pin_change(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    static const struct task change = {TRIES, false, true, 1u << ENABLED, ENABLED};

    (void)out;
    return cmd->p1 ? KB_SW_INCORRECT_P1_P2 : run(card, cmd, &change);
}

enum kb_sw kb_pin_disable(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    static const struct task disable = {TRIES, false, false, 1u << ENABLED, DISABLED},
                             replace = {TRIES, false, false, 1u << ENABLED, REPLACED};

    (void)out;
    if (!cmd->p1)
        return run(card, cmd, &disable);
    if (cmd->p1 != (P1_REPLACE | REFERENCE_UNIVERSAL) || cmd->p2 == REFERENCE_UNIVERSAL)
        return KB_SW_INCORRECT_P1_P2;
    if (kb_pin_find(card, REFERENCE_UNIVERSAL) < 0)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    return run(card, cmd, &replace);
}

enum kb_sw kb_pin_enable(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    static const struct task enable = {TRIES, false, false, 1u << DISABLED | 1u << REPLACED,
                                       ENABLED};

    (void)out;
    return cmd->p1 ? KB_SW_INCORRECT_P1_P2 : run(card, cmd, &enable);
}

enum kb_sw kb_pin_unblock(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    /* Clause 11.1.13.1: a disabled PIN is enabled again by unblocking it. */
    static const struct task unblock = {UNBLOCK_TRIES, true, true,
                                        1u << DISABLED | 1u << ENABLED | 1u << REPLACED, ENABLED};

    (void)out;
    return cmd->p1 ? KB_SW_INCORRECT_P1_P2 : run(card, cmd, &unblock);
}
