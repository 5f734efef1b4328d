/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/random.h"

#include <string.h>

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64_t rotated(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

void kb_chance_init(struct kb_chance *chance, uint64_t seed, enum kb_chance_purpose purpose,
                    uint64_t number)
{
    uint64_t state = seed;

    /* Each of the three goes through the mixer by itself: neighbours share nothing. */
    state = split_mix(&state) ^ (uint64_t)purpose;
    state = split_mix(&state) ^ number;
    for (size_t i = 0; i < 4; i++)
        chance->state[i] = split_mix(&state);
}

uint64_t kb_chance_u64(struct kb_chance *chance)
{
    uint64_t *s = chance->state;
    uint64_t result = rotated(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}

uint64_t kb_chance_below(struct kb_chance *chance, uint64_t limit)
{
    return kb_chance_u64(chance) % limit;
}

int64_t kb_chance_between(struct kb_chance *chance, int64_t low, int64_t high)
{
    return low + (int64_t)kb_chance_below(chance, (uint64_t)(high - low) + 1);
}

bool kb_chance_is(struct kb_chance *chance, double share)
{
    return share > 0 && (double)(kb_chance_u64(chance) >> 11) * 0x1p-53 < share;
}

enum kb_err kb_chance_fill(void *ctx, void *out, size_t len)
{
    struct kb_chance *chance = ctx;
    uint8_t *to = out;

    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t value = kb_chance_u64(chance);
        size_t part = len - at < sizeof(value) ? len - at : sizeof(value);

        memcpy(to + at, &value, part);
    }
    return KB_OK;
}
