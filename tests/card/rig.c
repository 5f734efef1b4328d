/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/rig.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/hex.h"

/* The rig itself is wrong: nothing a test could say about the card. */
static void insist(bool holds, const char *words)
{
    if (holds)
        return;
    fprintf(stderr, "rig: %s\n", words);
    abort();
}

static enum kb_err seeded_random(void *ctx, void *out, size_t len)
{
    struct rig *rig = ctx;
    uint8_t *to = out;

    for (size_t i = 0; i < len; i++) {
        rig->random = rig->random * 6364136223846793005u + 1442695040888963407u;
        to[i] = (uint8_t)(rig->random >> 56);
    }
    return KB_OK;
}

void rig_blank(struct rig *rig)
{
    rig_blank_small(rig, RIG_SECTORS);
}

void rig_blank_small(struct rig *rig, uint32_t sectors)
{
    memset(rig, 0, sizeof(*rig));
    memset(rig->memory, 0xFF, sizeof(rig->memory));
    kb_flash_ram_init(&rig->ram, &rig->below, rig->memory, RIG_SECTOR, sectors, 8);
    kb_flash_fault_init(&rig->fault, &rig->device, &rig->below);
    rig->port = (struct kb_card_port){.device = &rig->device,
                                      .crypto = &kb_crypto_mbedtls,
                                      .random = seeded_random,
                                      .random_ctx = rig};
    insist(!kb_card_format(&rig->card, &rig->port) && rig_power(rig), "a blank card fails");
}

bool rig_power(struct rig *rig)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    return !kb_card_power_up(&rig->card, &rig->port, atr, &atr_len);
}

void rig_expand(const char *from, char *to)
{
    char *open[8];
    size_t depth = 0;

    for (; *from; from++) {
        if (isspace((unsigned char)*from))
            continue;
        if (*from == '(' && depth < 8) {
            open[depth++] = to;
            to += 2;
        } else if (*from == ')' && depth) {
            char *at = open[--depth];
            char digits[3];

            snprintf(digits, sizeof(digits), "%02X", (unsigned)(to - at - 2) / 2 & 0xFF);
            memcpy(at, digits, 2);
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
}

uint16_t rig_send_bytes(struct rig *rig, struct kb_span command)
{
    struct kb_span answer = kb_card_transmit(&rig->card, command);

    memcpy(rig->response, answer.data, answer.len);
    rig->response_len = answer.len;
    return (uint16_t)(rig->response[rig->response_len - 2] << 8 |
                      rig->response[rig->response_len - 1]);
}

uint16_t rig_send(struct rig *rig, const char *hex)
{
    uint8_t command[2048];
    char plain[2 * sizeof(command) + 1];
    size_t len;

    insist(strlen(hex) < sizeof(plain), "a command is too long");
    rig_expand(hex, plain);
    insist(!kb_hex_decode(kb_span(plain, strlen(plain)), command, sizeof(command), &len),
           "bad hex");
    return rig_send_bytes(rig, kb_span(command, len));
}

void rig_secure(struct rig *rig)
{
    uint8_t secured = KB_LIFE_SECURED;

    insist(!kb_nvm_put(&rig->card.nvm, KB_OBJ_LIFE_CYCLE, &secured, 1) && rig_power(rig),
           "the life cycle cannot be set");
}
