/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/letter.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "sim/memory.h"

struct kb_sim_letter *kb_sim_letter_new(uint64_t card, struct kb_span bytes)
{
    struct kb_sim_letter *letter = kb_sim_allocate(1, sizeof(*letter) + bytes.len);

    letter->holders = 1;
    letter->from = letter->to = KB_SIM_OUTSIDE;
    letter->card = card;
    letter->len = bytes.len;
    if (bytes.len)
        memcpy(letter->bytes, bytes.data, bytes.len);
    return letter;
}

struct kb_sim_letter *kb_sim_letter_forge(const struct kb_sim_letter *letter, struct kb_span bytes,
                                          uint64_t which)
{
    static const uint64_t forged = UINT64_C(1) << 51; /* no number of the sender's own */
    struct kb_sim_letter *copy = kb_sim_letter_new(letter->card, bytes);

    memcpy(copy, letter, offsetof(struct kb_sim_letter, bytes));
    copy->holders = 1;
    copy->len = bytes.len;
    copy->id = forged + which;
    copy->is_settled = true;
    return copy;
}

struct kb_sim_letter *kb_sim_letter_hold(struct kb_sim_letter *letter)
{
    letter->holders++;
    return letter;
}

void kb_sim_letter_drop(struct kb_sim_letter *letter)
{
    if (!letter || --letter->holders)
        return;
    kb_wipe(letter->bytes, letter->len); /* mail for a register holds keys */
    free(letter);
}
