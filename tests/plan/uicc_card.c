/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/plan/uicc_card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card/nvm/flash_ram.h"
#include "desk/air_maker.h"
#include "reader/memory.h"
#include "tests/plan/small_plan.h"
#include "wire/hex.h"

static const uint8_t root_key[KB_P256_PRIVATE] = {[31] = 9};
static uint8_t operators_key[KB_P256_PUBLIC];

static struct {
    uint64_t random;
    struct kb_plan *plan;
    struct kb_air_maker *maker;
    uint8_t *flash;
    struct kb_flash_ram ram;
    struct kb_nvm_device device;
    struct kb_card_port port;
    struct kb_card card;
    struct kb_memory_reader reader;
    struct kb_air_card made;
} world;

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

static void open_maker(void)
{
    struct kb_air_maker_options options = {
        .crypto = &kb_crypto_mbedtls,
        .random = {draw, &world.random},
        .root_name = kb_span("Maker", 5),
        .trust = {.operators = {kb_span("Operators", 9), operators_key}},
    };
    struct kb_report why = {0};

    assert_int_equal(kb_crypto_openssl.p256_public(root_key, operators_key), KB_OK);
    if (kb_plan_load(example("plans/uicc.yaml"), &world.plan, &why))
        fail_msg("%s", why.text);
    options.plan = world.plan;
    options.maker_key[31] = 7;
    memcpy(options.root_key, root_key, sizeof root_key);
    if (kb_air_maker_open(&options, &world.maker, &why))
        fail_msg("%s", why.text);
}

static void blank_card(void)
{
    size_t size = world.plan->sector_size * world.plan->sector_count;

    world.flash = malloc(size);
    assert_non_null(world.flash);
    memset(world.flash, 0xFF, size);
    kb_flash_ram_init(&world.ram, &world.device, world.flash, world.plan->sector_size,
                      world.plan->sector_count, world.plan->program_size);
    world.port = (struct kb_card_port){.device = &world.device,
                                       .crypto = &kb_crypto_openssl,
                                       .random = draw,
                                       .random_ctx = &world.random};
    kb_memory_reader_init(&world.reader, &world.card, &world.port);
    assert_int_equal(kb_card_format(&world.card, &world.port), KB_OK);
}

void uicc_make(void)
{
    struct kb_report why = {0};

    world.random = 1;
    open_maker();
    blank_card();
    uicc_power_up();
    if (kb_air_maker_model(world.maker, &world.reader.reader, &why) ||
        kb_air_maker_card(world.maker, &world.reader.reader, 1, &world.made, &why))
        fail_msg("%s", why.text);
    uicc_power_up();
}

void uicc_end(void)
{
    kb_air_maker_close(world.maker);
    kb_plan_free(world.plan);
    free(world.flash);
}

void uicc_power_up(void)
{
    uint8_t atr[KB_ATR_MAX];
    size_t len;

    assert_int_equal(kb_card_power_up(&world.card, &world.port, atr, &len), KB_OK);
}

const struct kb_plan *uicc_plan(void)
{
    return world.plan;
}

size_t uicc_object(unsigned object, uint8_t *bytes, size_t size)
{
    size_t len = kb_nvm_size(&world.card.nvm, (uint16_t)object);

    assert_true(len <= size);
    if (len)
        assert_int_equal(kb_nvm_read(&world.card.nvm, (uint16_t)object, 0, bytes, len), KB_OK);
    return len;
}

uint16_t uicc_transmit(struct kb_span command, struct kb_span *answer)
{
    struct kb_span all = kb_card_transmit(&world.card, command);

    assert_true(all.len >= 2);
    if (answer)
        *answer = kb_span(all.data, all.len - 2);
    return (uint16_t)(all.data[all.len - 2] << 8 | all.data[all.len - 1]);
}

uint16_t uicc_send(const char *hex, struct kb_span *answer)
{
    uint8_t command[300];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), command, sizeof command, &len),
                     KB_OK);
    return uicc_transmit(kb_span(command, len), answer);
}

uint16_t uicc_select(const char *path, struct kb_span *fcp)
{
    char hex[64] = "00A4";
    char digits[2 * KB_FILE_DEPTH * 2 + 1];
    size_t count = 0;

    for (; *path; path++)
        if (*path != '/')
            digits[count++] = *path;
    digits[count] = '\0';
    snprintf(hex, sizeof hex, "00A4%s04%02zX%s00", count ? "08" : "00", count ? count / 2 : 2,
             count ? digits : "3F00");
    return uicc_send(hex, fcp);
}
