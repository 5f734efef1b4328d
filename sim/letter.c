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
