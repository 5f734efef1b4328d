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
enum { TRIES, UNBLOCK_TRIES, ENABLED };

/* Key references (table 9.3) and the usage qualifier "verify it" (ISO/IEC 7816-4). */
enum { REFERENCE_UNIVERSAL = 0x11, REFERENCE_LOCAL = 0x80, USAGE_VERIFY = 0x08 };

static enum kb_err load(struct kb_card *card, uint8_t index, struct pin *pin)
{
    enum kb_err err;

    pin->index = index;
    err = kb_nvm_read(&card->nvm, (uint16_t)(KB_OBJ_PIN + index), 0, pin->object, KB_PIN_OBJECT);
    if (!err)
        err = kb_nvm_read(&card->nvm, (uint16_t)(KB_OBJ_PIN_TRIES + index), 0, pin->tries,
                          KB_PIN_TRIES_OBJECT);
    return err;
}

static enum kb_err store_tries(struct kb_card *card, const struct pin *pin)
{
    return kb_nvm_put(&card->nvm, (uint16_t)(KB_OBJ_PIN_TRIES + pin->index), pin->tries,
                      KB_PIN_TRIES_OBJECT);
}

/* What a command on PIN P2 needs; wiped by whoever asked. */
static enum kb_sw open_pin(struct kb_card *card, const struct kb_apdu *cmd, struct pin *pin)
{
    int index = kb_pin_find(card, cmd->p2);

    if (cmd->p1)
        return KB_SW_INCORRECT_P1_P2;
    if (index < 0)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    if (!load(card, (uint8_t)index, pin))
        return KB_SW_OK;
    kb_wipe(pin, sizeof(*pin));
    return KB_SW_MEMORY_PROBLEM;
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

/* One try: counted and committed, then compared. tries_at and value_at choose the PIN or its
 * unblock code. A right value gets its tries back with whatever else the caller changed in
 * pin->tries: only the caller's store writes it. A wrong PIN is no longer verified; a wrong unblock
 * code leaves the status of the PIN alone (clause 11.1.13.1.1). */
static enum kb_sw spend_try(struct kb_card *card, struct pin *pin, size_t tries_at, size_t value_at,
                            const uint8_t *given)
{
    uint8_t limit = pin->object[tries_at == TRIES ? LIMIT : UNBLOCK_LIMIT];

    if (!pin->tries[tries_at])
        return KB_SW_BLOCKED;
    pin->tries[tries_at]--;
    if (store_tries(card, pin))
        return KB_SW_MEMORY_PROBLEM;
    if (!kb_is_equal(pin->object + value_at, given, KB_PIN_SIZE)) {
        if (tries_at == TRIES)
            set_bit(&card->pins_verified, pin->index, false);
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
        set_bit(&card->pins_disabled, i, !pin.tries[ENABLED]);
    }
    kb_wipe(&pin, sizeof(pin));
    kb_access_forget(card, 0);
    return err;
}

int kb_pin_find(const struct kb_card *card, uint8_t reference)
{
    for (int i = 0; i < KB_PINS && reference; i++)
        if (card->pin_of_reference[i] == reference)
            return i;
    return -1;
}

void kb_pin_leave_application(struct kb_card *card)
{
    for (uint8_t i = 0; i < KB_PINS; i++)
        if (card->pin_of_reference[i] & REFERENCE_LOCAL)
            set_bit(&card->pins_verified, i, false);
}

static void put_reference(uint8_t reference, struct kb_writer *out)
{
    /* Clause 9.5.2: whether the universal PIN is to be used is told in front of it. */
    if (reference == REFERENCE_UNIVERSAL)
        kb_tlv_put_u8(out, 0x95, USAGE_VERIFY);
    kb_tlv_put_u8(out, 0x83, reference);
}

void kb_pin_status(struct kb_card *card, struct kb_writer *out)
{
    size_t template = kb_tlv_open(out, 0xC6);
    uint8_t enabled = 0, bit = 0x80;

    /* Clause 9.5.2: bit 8 speaks of the first PIN listed. */
    for (int i = 0; i < KB_PINS; i++) {
        if (!card->pin_of_reference[i])
            continue;
        if (!(card->pins_disabled & 1u << i))
            enabled |= bit;
        bit >>= 1;
    }
    kb_tlv_put_u8(out, 0x90, enabled);
    for (int i = 0; i < KB_PINS; i++)
        if (card->pin_of_reference[i])
            put_reference(card->pin_of_reference[i], out);
    kb_tlv_close(out, template);
}

enum kb_sw kb_pin_verify(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct pin pin;
    enum kb_sw sw = open_pin(card, cmd, &pin);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (!cmd->data.len)
        sw = tries_left(pin.tries[TRIES]);
    else if (cmd->data.len != KB_PIN_SIZE)
        sw = KB_SW_WRONG_LENGTH;
    else if (!pin.tries[ENABLED])
        sw = KB_SW_REFERENCED_DATA_INVALIDATED;
    else
        sw = spend_try(card, &pin, TRIES, VALUE, cmd->data.data);
    if (sw == KB_SW_OK && store_tries(card, &pin))
        sw = KB_SW_MEMORY_PROBLEM;
    if (sw == KB_SW_OK)
        set_bit(&card->pins_verified, pin.index, true);
    kb_wipe(&pin, sizeof(pin));
    return sw;
}

enum kb_sw kb_pin_change(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct pin pin;
    enum kb_sw sw = open_pin(card, cmd, &pin);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len != 2 * KB_PIN_SIZE)
        sw = KB_SW_WRONG_LENGTH;
    else if (!pin.tries[ENABLED])
        sw = KB_SW_REFERENCED_DATA_INVALIDATED;
    else if (pin.tries[TRIES] && !is_acceptable(&pin, cmd->data.data + KB_PIN_SIZE))
        sw = KB_SW_INCORRECT_DATA;
    else
        sw = spend_try(card, &pin, TRIES, VALUE, cmd->data.data);
    if (sw == KB_SW_OK && store(card, &pin, cmd->data.data + KB_PIN_SIZE))
        sw = KB_SW_MEMORY_PROBLEM;
    if (sw == KB_SW_OK)
        set_bit(&card->pins_verified, pin.index, true);
    kb_wipe(&pin, sizeof(pin));
    return sw;
}

/* DISABLE and ENABLE differ in what they leave behind. */
static enum kb_sw switch_pin(struct kb_card *card, const struct kb_apdu *cmd, bool is_on)
{
    struct pin pin;
    enum kb_sw sw = open_pin(card, cmd, &pin);

    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len != KB_PIN_SIZE)
        sw = KB_SW_WRONG_LENGTH;
    else if (pin.tries[ENABLED] == is_on)
        sw = KB_SW_REFERENCED_DATA_INVALIDATED;
    else if (!is_on && !(pin.object[FLAGS] & KB_PIN_MAY_DISABLE))
        sw = KB_SW_CONDITIONS_NOT_SATISFIED;
    else
        sw = spend_try(card, &pin, TRIES, VALUE, cmd->data.data);
    if (sw == KB_SW_OK) {
        pin.tries[ENABLED] = is_on;
        if (store_tries(card, &pin))
            sw = KB_SW_MEMORY_PROBLEM;
    }
    if (sw == KB_SW_OK) {
        set_bit(&card->pins_disabled, pin.index, !is_on);
        set_bit(&card->pins_verified, pin.index, true);
    }
    kb_wipe(&pin, sizeof(pin));
    return sw;
}

enum kb_sw kb_pin_disable(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    (void)out;
    return switch_pin(card, cmd, false);
}

enum kb_sw kb_pin_enable(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    (void)out;
    return switch_pin(card, cmd, true);
}

enum kb_sw kb_pin_unblock(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct pin pin;
    enum kb_sw sw = open_pin(card, cmd, &pin);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (!(pin.object[FLAGS] & KB_PIN_HAS_UNBLOCK))
        sw = KB_SW_CONDITIONS_NOT_SATISFIED;
    else if (!cmd->data.len)
        sw = tries_left(pin.tries[UNBLOCK_TRIES]);
    else if (cmd->data.len != 2 * KB_PIN_SIZE)
        sw = KB_SW_WRONG_LENGTH;
    else if (pin.tries[UNBLOCK_TRIES] && !is_acceptable(&pin, cmd->data.data + KB_PIN_SIZE))
        sw = KB_SW_INCORRECT_DATA;
    else
        sw = spend_try(card, &pin, UNBLOCK_TRIES, UNBLOCK_VALUE, cmd->data.data);
    if (sw == KB_SW_OK) {
        /* Clause 11.1.13.1: a disabled PIN is enabled again by unblocking it. */
        pin.tries[TRIES] = pin.object[LIMIT];
        pin.tries[ENABLED] = 1;
        if (store(card, &pin, cmd->data.data + KB_PIN_SIZE))
            sw = KB_SW_MEMORY_PROBLEM;
    }
    if (sw == KB_SW_OK) {
        set_bit(&card->pins_disabled, pin.index, false);
        set_bit(&card->pins_verified, pin.index, true);
    }
    kb_wipe(&pin, sizeof(pin));
    return sw;
}
