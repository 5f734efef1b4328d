/* SPDX-License-Identifier: Apache-2.0 */
/* Cards for the air made in memory: whole, certified, and the same for the same seed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card/nvm/flash_ram.h"
#include "desk/air_maker.h"
#include "desk/authenticate.h"
#include "desk/talk.h"
#include "reader/memory.h"

enum { NOW = 1700000000, FLASH = 65536 };

/* A seeded generator; fails after so many draws when it has a limit. */
struct seeded {
    uint64_t state;
    unsigned draws, limit;
};

static enum kb_err draw(void *context, void *out, size_t len)
{
    struct seeded *seeded = context;
    uint8_t *to = out;

    if (seeded->limit && ++seeded->draws > seeded->limit)
        return KB_ERR_RANDOM;
    for (size_t i = 0; i < len; i++) {
        seeded->state = seeded->state * 6364136223846793005u + 1442695040888963407u;
        to[i] = (uint8_t)(seeded->state >> 56);
    }
    return KB_OK;
}

/* --- A maker with its roots, and a card with its memory --- */

static const uint8_t root_key[KB_P256_PRIVATE] = {[31] = 9};
static uint8_t operators_key[KB_P256_PUBLIC];

static struct world {
    struct seeded maker_random, card_random;
    struct kb_plan *plan;
    struct kb_air_maker *maker;
    uint8_t model[FLASH], flash[FLASH];
    struct kb_flash_ram ram;
    struct kb_nvm_device device;
    struct kb_card_port port;
    struct kb_card card;
    struct kb_memory_reader reader;
} world;

static struct kb_air_maker_options options(void)
{
    struct kb_air_maker_options options = {
        .plan = world.plan,
        .crypto = &kb_crypto_mbedtls,
        .random = {draw, &world.maker_random},
        .root_name = kb_span("Maker", 5),
        .trust = {.operators = {kb_span("Operators", 9), operators_key}},
    };

    options.maker_key[31] = 7;
    memcpy(options.root_key, root_key, sizeof root_key);
    return options;
}

static void power_up(void)
{
    uint8_t atr[KB_ATR_MAX];
    size_t len;

    assert_int_equal(kb_card_power_up(&world.card, &world.port, atr, &len), KB_OK);
}

static void make_model(void)
{
    struct kb_air_maker_options with = options();
    struct kb_report why = {0};

    if (kb_air_maker_open(&with, &world.maker, &why))
        fail_msg("%s", why.text);
    assert_int_equal(world.plan->sector_size * world.plan->sector_count, FLASH);
    memset(world.flash, 0xFF, FLASH);
    kb_flash_ram_init(&world.ram, &world.device, world.flash, world.plan->sector_size,
                      world.plan->sector_count, world.plan->program_size);
    world.port = (struct kb_card_port){.device = &world.device,
                                       .crypto = &kb_crypto_openssl,
                                       .random = draw,
                                       .random_ctx = &world.card_random};
    kb_memory_reader_init(&world.reader, &world.card, &world.port);
    assert_int_equal(kb_card_format(&world.card, &world.port), KB_OK);
    power_up();
    if (kb_air_maker_model(world.maker, &world.reader.reader, &why))
        fail_msg("%s", why.text);
    memcpy(world.model, world.flash, FLASH);
}

static void start(const char *plan, uint64_t seed)
{
    char path[256];
    struct kb_report why = {0};

    memset(&world, 0, sizeof world);
    world.maker_random.state = seed;
    world.card_random.state = seed + 1;
    assert_int_equal(kb_crypto_openssl.p256_public(root_key, operators_key), KB_OK);
    snprintf(path, sizeof path, "%s/examples/plans/%s", KB_SOURCE, plan);
    if (kb_plan_load(path, &world.plan, &why))
        fail_msg("%s", why.text);
}

static void end(void)
{
    kb_air_maker_close(world.maker);
    kb_plan_free(world.plan);
}

static struct kb_air_card make(uint64_t serial)
{
    struct kb_report why = {0};
    struct kb_air_card made;

    memcpy(world.flash, world.model, FLASH);
    power_up();
    if (kb_air_maker_card(world.maker, &world.reader.reader, serial, &made, &why))
        fail_msg("%s", why.text);
    return made;
}

static void expect_object(uint16_t id, const void *value, size_t len)
{
    uint8_t bytes[KB_NVM_OBJECT_MAX];

    assert_int_equal(kb_nvm_size(&world.card.nvm, id), len);
    assert_int_equal(kb_nvm_read(&world.card.nvm, id, 0, bytes, len), KB_OK);
    assert_memory_equal(bytes, value, len);
}

/* --- Tests --- */

static void what_the_servers_learn_is_what_the_card_holds(void **state)
{
    struct kb_air_card made;

    (void)state;
    start("telecom.yaml", 1);
    make_model();
    made = make(5);
    power_up();
    assert_int_equal(world.card.life_cycle, KB_LIFE_SECURED);
    assert_string_equal(made.id_sc, "8900101000000000050");
    assert_string_equal(made.imsi_t, "901700000000005");
    assert_int_equal(strspn(made.admin_code, "0123456789"), 8);
    expect_object(KB_OBJ_SERIAL, made.id_sc, strlen(made.id_sc));
    expect_object(KB_OBJ_SECRET + KB_SECRET_IMSI_T, made.imsi_t, strlen(made.imsi_t));
    expect_object(KB_OBJ_SECRET + KB_SECRET_ADMIN_CODE, made.admin_code, strlen(made.admin_code));
    expect_object(KB_OBJ_SECRET + KB_SECRET_KIC, made.kic, 16);
    expect_object(KB_OBJ_SECRET + KB_SECRET_KID, made.kid, 16);
    expect_object(KB_OBJ_KI, made.ak_t, 16);
    expect_object(KB_OBJ_OPC, made.opc_t, 16);
    end();
}

static void a_card_in_memory_authenticates_with_its_temporary_key(void **state)
{
    struct kb_subscriber_keys keys = {.pin1 = kb_span(NULL, 0)};
    struct kb_report why = {0};
    struct kb_air_card made;
    uint64_t seq;

    (void)state;
    start("telecom.yaml", 2);
    make_model();
    made = make(1);
    power_up();
    memcpy(keys.ki, made.ak_t, 16);
    memcpy(keys.opc, made.opc_t, 16);
    if (kb_authenticate(&world.reader.reader, &kb_crypto_openssl, &keys, &seq, &why))
        fail_msg("%s", why.text);
    end();
}

static void expect_certified(const struct kb_air_card *made, enum kb_curve curve)
{
    const struct kb_credential_root root = {kb_span("Maker", 5), operators_key};
    const int64_t now = NOW;
    uint8_t key[33], public_key[KB_P256_PUBLIC];
    struct kb_credential credential;

    assert_int_equal(kb_credential_verify(&kb_crypto_openssl, &root, &now,
                                          kb_span(made->credential, made->credential_len),
                                          &credential),
                     KB_OK);
    assert_int_equal(credential.subject.len, 19);
    assert_memory_equal(credential.subject.data, made->id_sc, 19);
    assert_int_equal(kb_nvm_read(&world.card.nvm, KB_OBJ_STATIC_KEY, 0, key, sizeof key), KB_OK);
    assert_int_equal(key[0], curve);
    if (curve == KB_CURVE_P256)
        assert_int_equal(kb_crypto_mbedtls.p256_public(key + 1, public_key), KB_OK);
    else
        assert_int_equal(kb_crypto_mbedtls.x25519_public(key + 1, public_key), KB_OK);
    assert_memory_equal(credential.public_key, public_key, KB_CURVE_SIZE);
}

/* The root of this test is its own operators' root. */
static void a_card_in_memory_has_a_certified_key(void **state)
{
    struct kb_air_card made;

    (void)state;
    start("telecom.yaml", 3);
    make_model();
    made = make(300);
    expect_certified(&made, KB_CURVE_P256);
    assert_int_equal(made.credential_kid_len, 2);
    assert_memory_equal(made.credential_kid, "\x01\x2C", 2);
    end();
    start("machine.yaml", 3);
    make_model();
    made = make(1);
    expect_certified(&made, KB_CURVE_X25519);
    end();
}

static void the_same_seed_makes_the_same_cards(void **state)
{
    static uint8_t first[2][FLASH];
    struct kb_air_card made[2], again;

    (void)state;
    start("telecom.yaml", 4);
    make_model();
    for (uint64_t i = 0; i < 2; i++) {
        made[i] = make(i + 1);
        memcpy(first[i], world.flash, FLASH);
    }
    assert_memory_not_equal(made[0].ak_t, made[1].ak_t, 16);
    assert_memory_not_equal(made[0].kic, made[1].kic, 16);
    end();
    start("telecom.yaml", 4);
    make_model();
    for (uint64_t i = 0; i < 2; i++) {
        again = make(i + 1);
        assert_memory_equal(&again, &made[i], sizeof again);
        assert_memory_equal(world.flash, first[i], FLASH);
    }
    end();
    start("telecom.yaml", 5);
    make_model();
    again = make(1);
    assert_memory_not_equal(again.ak_t, made[0].ak_t, 16);
    end();
}

/* No number comes from anywhere else: when these generators fail, nothing is made. */
static void all_randomness_is_handed_in(void **state)
{
    struct kb_report why = {0};
    struct kb_air_card made;
    unsigned needed;

    (void)state;
    start("telecom.yaml", 6);
    make_model();
    world.maker_random.limit = 100000;
    make(1);
    needed = world.maker_random.draws;
    assert_true(needed > 20);
    for (unsigned limit = 1; limit < needed; limit += 5) {
        world.maker_random = (struct seeded){.state = 6, .limit = limit};
        memcpy(world.flash, world.model, FLASH);
        power_up();
        assert_int_equal(kb_air_maker_card(world.maker, &world.reader.reader, 1, &made, &why),
                         KB_ERR_RANDOM);
    }
    world.maker_random = (struct seeded){.state = 6};
    world.card_random = (struct seeded){.state = 6, .draws = 1, .limit = 1};
    memcpy(world.flash, world.model, FLASH);
    power_up();
    assert_int_equal(kb_air_maker_card(world.maker, &world.reader.reader, 1, &made, &why),
                     KB_ERR_CARD);
    end();
}

static void a_plan_without_the_air_is_refused(void **state)
{
    struct kb_air_maker_options with;
    struct kb_report why = {0};

    (void)state;
    start("three-fields.yaml", 7);
    with = options();
    assert_int_equal(kb_air_maker_open(&with, &world.maker, &why), KB_ERR_RULE);
    assert_null(world.maker);
    assert_non_null(strstr(why.text, "has no section 'air'"));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_servers_learn_is_what_the_card_holds),
        cmocka_unit_test(a_card_in_memory_authenticates_with_its_temporary_key),
        cmocka_unit_test(a_card_in_memory_has_a_certified_key),
        cmocka_unit_test(the_same_seed_makes_the_same_cards),
        cmocka_unit_test(all_randomness_is_handed_in),
        cmocka_unit_test(a_plan_without_the_air_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
