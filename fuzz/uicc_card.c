/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/uicc_card.h"

#include <stdlib.h>
#include <string.h>

#include "desk/air_maker.h"
#include "fuzz/fuzz.h"
#include "reader/memory.h"

const uint8_t uicc_gp_keys[3][16] = {"GP ENC is secret", "GP MAC is secret", "GP DEK is secret"};

static enum kb_err draw(void *context, void *out, size_t len)
{
    uint64_t *state = context;
    uint8_t *to = out;

    for (size_t i = 0; i < len; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        to[i] = (uint8_t)(*state >> 56);
    }
    return KB_OK;
}

static void make_card(struct uicc_card *uicc, const struct kb_plan *plan)
{
    static uint8_t operators_key[KB_P256_PUBLIC];
    struct kb_air_maker_options options = {
        .plan = plan,
        .crypto = &kb_crypto_mbedtls,
        .random = {draw, &uicc->random},
        .root_name = kb_span("Maker", 5),
        .trust = {.operators = {kb_span("Operators", 9), operators_key}},
    };
    struct kb_air_maker *maker;
    struct kb_memory_reader reader;
    struct kb_air_card told;
    struct kb_report why = {0};
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    options.maker_key[31] = 7;
    options.root_key[31] = 9;
    kb_fuzz_insist(!kb_crypto_openssl.p256_public(options.root_key, operators_key), "a root");
    kb_fuzz_insist(!kb_air_maker_open(&options, &maker, &why), why.text);
    kb_memory_reader_init(&reader, &uicc->card, &uicc->port);
    kb_fuzz_insist(!kb_card_format(&uicc->card, &uicc->port) &&
                       !kb_card_power_up(&uicc->card, &uicc->port, atr, &atr_len),
                   "a blank card");
    kb_fuzz_insist(!kb_air_maker_model(maker, &reader.reader, &why) &&
                       !kb_air_maker_card(maker, &reader.reader, 1, &told, &why),
                   why.text);
    kb_air_maker_close(maker);
}

static void plant(struct uicc_card *uicc, uint16_t object, const void *bytes, size_t len)
{
    kb_fuzz_insist(!kb_nvm_put(&uicc->card.nvm, object, bytes, len), "an object is planted");
}

static void plant_keys(struct uicc_card *uicc)
{
    uint8_t set[2 + sizeof(uicc_gp_keys)] = {UICC_GP_VERSION, 0x88};

    memcpy(set + 2, uicc_gp_keys, sizeof(uicc_gp_keys));
    plant(uicc, KB_OBJ_GP_KEYS, set, sizeof(set));
    plant(uicc, KB_OBJ_KI + 1, "planted Ki, of 1", UICC_SECRET);
    plant(uicc, KB_OBJ_OPC + 1, "and its operator", UICC_SECRET);
}

static void keep_secret(struct uicc_card *uicc, const void *secret)
{
    kb_fuzz_insist(uicc->secret_count < UICC_SECRETS, "room for all that is secret");
    memcpy(uicc->secrets[uicc->secret_count++], secret, UICC_SECRET);
}

/* Whatever key of 16 bytes lies below the files. */
static void learn_secrets(struct uicc_card *uicc)
{
    static const uint16_t ranges[][2] = {
        {KB_OBJ_PERSO_CODE, KB_FIELDS}, {KB_OBJ_KI, 2}, {KB_OBJ_OPC, 2}, {KB_OBJ_SECRET, 28}};
    uint8_t bytes[33];

    for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
        for (uint16_t i = 0; i < ranges[r][1]; i++) {
            uint16_t object = (uint16_t)(ranges[r][0] + i);

            if (kb_nvm_size(&uicc->card.nvm, object) == UICC_SECRET &&
                !kb_nvm_read(&uicc->card.nvm, object, 0, bytes, UICC_SECRET))
                keep_secret(uicc, bytes);
        }
    }
    for (size_t i = 0; i < 3; i++)
        keep_secret(uicc, uicc_gp_keys[i]);
    if (!kb_nvm_read(&uicc->card.nvm, KB_OBJ_STATIC_KEY, 0, bytes, sizeof(bytes)))
        keep_secret(uicc, bytes + 1);
    kb_fuzz_insist(
        !kb_nvm_read(&uicc->card.nvm, KB_OBJ_PERSO_CODE + 1, 0, uicc->code, KB_PERSO_CODE),
        "the code of the telecom field");
}

void uicc_card_make(struct uicc_card *uicc)
{
    struct kb_plan *plan;
    struct kb_report why = {0};

    uicc->random = 1;
    kb_fuzz_insist(!kb_plan_load(KB_FUZZ_PLAN, &plan, &why), why.text);
    uicc->size = (size_t)plan->sector_size * plan->sector_count;
    uicc->flash = malloc(uicc->size);
    uicc->made = malloc(uicc->size);
    kb_fuzz_insist(uicc->flash && uicc->made, "memory");
    memset(uicc->flash, 0xFF, uicc->size);
    kb_flash_ram_init(&uicc->ram, &uicc->below, uicc->flash, plan->sector_size, plan->sector_count,
                      plan->program_size);
    kb_flash_fault_init(&uicc->fault, &uicc->device, &uicc->below);
    uicc->port = (struct kb_card_port){.device = &uicc->device,
                                       .crypto = &kb_crypto_openssl,
                                       .random = draw,
                                       .random_ctx = &uicc->random};
    make_card(uicc, plan);
    kb_plan_free(plan);
    plant_keys(uicc);
    learn_secrets(uicc);
    memcpy(uicc->made, uicc->flash, uicc->size);
}

void uicc_card_power(struct uicc_card *uicc)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    kb_flash_fault_arm(&uicc->fault, KB_FLASH_NEVER, 0);
    kb_fuzz_insist(!kb_card_power_up(&uicc->card, &uicc->port, atr, &atr_len),
                   "a card comes up after any cut");
}

void uicc_card_renew(struct uicc_card *uicc)
{
    memcpy(uicc->flash, uicc->made, uicc->size);
    uicc_card_power(uicc);
}
