/* SPDX-License-Identifier: Apache-2.0 */
/* Keccak-f[1600] (FIPS 202 clause 3). */
#include "crypto/keccak.h"

#include <stddef.h>

#include "crypto/secret.h"

enum { LANES = 25, ROW = 5, ROUNDS = 24 };

/* Clauses 3.2.2 and 3.2.3: rho and pi walk through all lanes but the first; where a step leads to,
 * and by how much the lane is turned. */
static const struct {
    uint8_t to, turn;
} walk[LANES - 1] = {
    {10, 1},  {7, 3},   {11, 6},  {17, 10}, {18, 15}, {3, 21},  {5, 28},  {16, 36},
    {8, 45},  {21, 55}, {24, 2},  {4, 14},  {15, 27}, {23, 41}, {19, 56}, {13, 8},
    {12, 25}, {2, 43},  {20, 62}, {14, 18}, {22, 39}, {9, 61},  {6, 20},  {1, 44},
};

static uint64_t turned(uint64_t lane, unsigned by)
{
    return lane << by | lane >> (64 - by);
}

static void theta(uint64_t a[LANES])
{
    uint64_t parity[ROW];

    for (size_t x = 0; x < ROW; x++)
        parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (size_t i = 0; i < LANES; i++)
        a[i] ^= parity[(i + 4) % ROW] ^ turned(parity[(i + 1) % ROW], 1);
}

static void rho_and_pi(uint64_t a[LANES])
{
    uint64_t carried = a[1];

    for (size_t i = 0; i < LANES - 1; i++) {
        uint64_t next = a[walk[i].to];

        a[walk[i].to] = turned(carried, walk[i].turn);
        carried = next;
    }
}

static void chi(uint64_t a[LANES])
{
    for (size_t y = 0; y < LANES; y += ROW) {
        const uint64_t row[ROW] = {a[y], a[y + 1], a[y + 2], a[y + 3], a[y + 4]};

        for (size_t x = 0; x < ROW; x++)
            a[y + x] = row[x] ^ (~row[(x + 1) % ROW] & row[(x + 2) % ROW]);
    }
}

/* Clause 3.2.5: the bits at 2^j - 1 come out of a shift register of 8 bits. */
static uint64_t iota(uint8_t *shift)
{
    uint64_t constant = 0;

    for (unsigned j = 0; j < 7; j++) {
        constant |= (uint64_t)(*shift & 1) << ((1u << j) - 1);
        *shift = (uint8_t)(*shift << 1 ^ (*shift & 0x80 ? 0x71 : 0));
    }
    return constant;
}

void kb_keccak(uint8_t state[KB_KECCAK_STATE])
{
    uint64_t a[LANES] = {0};
    uint8_t shift = 1;

    for (size_t i = 0; i < KB_KECCAK_STATE; i++)
        a[i / 8] |= (uint64_t)state[i] << i % 8 * 8;
    for (unsigned round = 0; round < ROUNDS; round++) {
        theta(a);
        rho_and_pi(a);
        chi(a);
        a[0] ^= iota(&shift);
    }
    for (size_t i = 0; i < KB_KECCAK_STATE; i++)
        state[i] = (uint8_t)(a[i / 8] >> i % 8 * 8);
    kb_wipe(a, sizeof(a));
}
