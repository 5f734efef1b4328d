/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/maker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card/cpa/plan.h"
#include "card/nvm/flash_ram.h"
#include "crypto/secret.h"
#include "reader/memory.h"
#include "sim/inside.h"
#include "sim/memory.h"
#include "sim/script.h"

enum {
    WAIT_S = 45,
    RESENDS = 4,
    REFUSALS = 3,
    TRIES = 5,
    SERVER_DAYS = 3650,
    CURVE_OF_X25519_SUITES = 1 /* suites 0 and 1 */
};

extern const char kb_sim_plan_text[];
extern const size_t kb_sim_plan_len;

static const char cards_root_name[] = "Maker", operators_root_name[] = "Operators";
static const uint8_t server_address[4] = {10, 73, 0, 1};

static struct kb_span text(const char *words)
{
    return kb_span(words, strlen(words));
}

/* --- The plan --- */

static enum kb_err load_built_in(struct kb_plan **plan, struct kb_report *why)
{
    char path[32];
    int fd = memfd_create("plan", MFD_CLOEXEC);
    enum kb_err err;

    if (fd < 0 || write(fd, kb_sim_plan_text, kb_sim_plan_len) != (ssize_t)kb_sim_plan_len) {
        if (fd >= 0)
            close(fd);
        return kb_report(why, KB_ERR_IO, "the built-in plan: no memory for it");
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    err = kb_plan_load(path, plan, why);
    close(fd);
    return err;
}

static void choose_suites(const struct kb_world_config *config, struct kb_cpa_plan *plan)
{
    bool is_dh = config->agreement == KB_SESSION_DH;

    plan->agreement = (uint8_t)config->agreement;
    plan->suite_count = 1;
    plan->suites[0] = config->suite;
    if (config->suite < 0)
        plan->suites[0] = is_dh ? 23 : 2; /* P-256 */
}

static void list_operators(const struct kb_world *world, struct kb_plan_air *air)
{
    struct kb_cpa_operator list[KB_SESSION_OPERATORS];
    struct kb_writer wr = kb_wr(air->operators, sizeof(air->operators));
    size_t count = 0;

    for (unsigned i = 1; i < world->operator_count && count < KB_SESSION_OPERATORS; i++) {
        const struct kb_sim_operator *provider = &world->operators[i];

        list[count].id_o = text(provider->id_o);
        list[count].name = text(provider->name);
        list[count++].code = text(provider->code);
    }
    kb_cpa_operators_write(&wr, list, count);
    air->operators_len = wr.is_bad ? 0 : wr.len;
}

static const struct {
    uint8_t starts;
    bool asks_user, has_list;
} fronts[KB_WORLD_FRONTS] = {
    [KB_WORLD_MACHINE] = {KB_CPA_BY_ITSELF | KB_CPA_BY_AIR, false, false},
    [KB_WORLD_USER] = {KB_CPA_BY_MENU | KB_CPA_BY_CODE | KB_CPA_BY_AIR, true, true},
    [KB_WORLD_CODE] = {KB_CPA_BY_CODE, true, false},
    [KB_WORLD_LIST] = {KB_CPA_BY_MENU, true, false},
    [KB_WORLD_AIR] = {KB_CPA_BY_AIR, true, false},
};

/* What the plan says about the air, as this world wants it. */
static enum kb_err adapt(const struct kb_world *world, struct kb_plan *plan, struct kb_report *why)
{
    const struct kb_world_config *config = &world->config;
    struct kb_plan_air *air = &plan->air;
    struct kb_writer wr = kb_wr(air->bytes, sizeof(air->bytes));
    struct kb_cpa_plan cpa = {
        .starts = fronts[config->front].starts,
        .bearer = config->transport == KB_WORLD_SMS ? KB_CPA_SMS : KB_CPA_PACKET,
        .asks_user = fronts[config->front].asks_user,
        .keeps_temporary = true,
        .has_old_keys = config->has_old_keys,
        .refusals = REFUSALS,
        .tries = TRIES,
        .wait_s = WAIT_S,
        .resends = RESENDS,
        .service = text("+" KB_SIM_SERVICE),
        .apn = text(KB_SIM_APN),
        .address = kb_span(server_address, sizeof(server_address)),
        .port = KB_SIM_PORT,
        .title = text("Get connected"),
    };

    choose_suites(config, &cpa);
    air->operators_len = 0; /* those of the plan are not in this world */
    if (fronts[config->front].has_list)
        list_operators(world, air);
    kb_cpa_plan_write(&wr, &cpa);
    if (wr.is_bad)
        return kb_report(why, KB_ERR_USAGE, "the cards cannot be made like that: wrong suite?");
    air->len = wr.len;
    air->is_there = true;
    air->has_credential = config->agreement == KB_SESSION_EDHOC;
    air->curve = cpa.suites[0] <= CURVE_OF_X25519_SUITES ? KB_CURVE_X25519 : KB_CURVE_P256;
    return KB_OK;
}

/* --- Roots and operators --- */

static enum kb_err draw_root(struct kb_world *world, uint8_t key[KB_P256_PRIVATE],
                             uint8_t public_key[KB_P256_PUBLIC])
{
    kb_chance_fill(&world->chance, key, KB_P256_PRIVATE);
    return world->crypto->p256_public(key, public_key);
}

static enum kb_err certify(struct kb_world *world, const char *id_o, enum kb_curve curve,
                           struct kb_sim_credentials *own, size_t at)
{
    struct kb_random random = {kb_chance_fill, &world->chance};
    struct kb_credential claims = {.issuer = text(operators_root_name),
                                   .subject = text(id_o),
                                   .not_before = KB_SIM_EPOCH - 86400,
                                   .expires = KB_SIM_EPOCH + SERVER_DAYS * INT64_C(86400),
                                   .curve = curve};
    struct kb_writer token = kb_wr(own->token[at], sizeof(own->token[at]));
    struct kb_writer id = kb_wr(own->id[at], sizeof(own->id[at]));
    enum kb_err err =
        kb_curve_keypair(world->crypto, &random, curve, own->private_key[at], claims.public_key);

    if (!err)
        err = kb_credential_sign(world->crypto, world->maker->operators_key, &claims, &token);
    kb_credential_put_id(&id, KB_CREDENTIAL_KCWT, kb_wr_span(&token));
    own->identities[at].curve = curve;
    own->identities[at].private_key = own->private_key[at];
    own->identities[at].id_cred = kb_wr_span(&id);
    own->identities[at].cred = kb_wr_span(&token);
    return err;
}

static enum kb_err certify_all(struct kb_world *world, struct kb_report *why)
{
    struct kb_sim_maker *maker = world->maker;
    enum kb_err err = draw_root(world, maker->operators_key, maker->operators_public);

    if (!err)
        err = draw_root(world, maker->cards_key, maker->cards_public);
    maker->cards_root = (struct kb_credential_root){text(cards_root_name), maker->cards_public};
    maker->operators = kb_sim_allocate(world->operator_count, sizeof(*maker->operators));
    for (unsigned i = 1; i < world->operator_count && !err; i++) {
        err = certify(world, world->operators[i].id_o, KB_CURVE_P256, &maker->operators[i], 0);
        if (!err)
            err =
                certify(world, world->operators[i].id_o, KB_CURVE_X25519, &maker->operators[i], 1);
    }
    return err ? kb_report(why, err, "roots and operators: %s", kb_err_text(err)) : KB_OK;
}

/* --- Cards --- */

static enum kb_err make_model(struct kb_world *world, struct kb_report *why)
{
    struct kb_sim_maker *maker = world->maker;
    const struct kb_plan *plan = maker->plan;
    struct kb_card *card = kb_sim_allocate(1, sizeof(*card));
    struct kb_nvm_device device;
    struct kb_flash_ram ram;
    struct kb_memory_reader reader;
    struct kb_card_port port = {&device,        world->crypto,     kb_chance_fill,
                                &maker->chance, KB_TRANSPORT_APDU, NULL};
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;
    enum kb_err err;

    maker->model_size = (size_t)plan->sector_size * plan->sector_count;
    maker->model = kb_sim_allocate(1, maker->model_size);
    memset(maker->model, 0xFF, maker->model_size);
    kb_flash_ram_init(&ram, &device, maker->model, plan->sector_size, plan->sector_count,
                      plan->program_size);
    err = kb_card_format(card, &port);
    if (!err)
        err = kb_card_power_up(card, &port, atr, &atr_len);
    if (err)
        kb_report(why, err, "a blank card: %s", kb_err_text(err));
    kb_memory_reader_init(&reader, card, &port);
    if (!err)
        err = kb_air_maker_model(maker->maker, &reader.reader, why);
    if (!err)
        err = kb_sim_scripts_model(world, &reader.reader, why);
    free(card);
    return err;
}

enum kb_err kb_sim_maker_open(struct kb_world *world, struct kb_report *why)
{
    struct kb_sim_maker *maker = world->maker = kb_sim_allocate(1, sizeof(*maker));
    struct kb_air_maker_options options = {.crypto = world->crypto,
                                           .random = {kb_chance_fill, &maker->chance}};
    enum kb_err err = world->config.plan ? kb_plan_load(world->config.plan, &maker->plan, why)
                                         : load_built_in(&maker->plan, why);

    kb_chance_init(&maker->chance, world->config.seed, KB_CHANCE_MAKER, KB_SIM_NOBODY);
    if (!err && !maker->plan->air.is_there)
        err = kb_report(why, KB_ERR_RULE,
                        "%s: has no section 'air': its cards are not personalized over the air",
                        world->config.plan);
    if (!err)
        err = adapt(world, maker->plan, why);
    if (!err)
        err = certify_all(world, why);
    if (err)
        return err;
    memcpy(world->operators[0].plmn, maker->plan->imsi_t_prefix, KB_SIM_PLMN);
    options.plan = maker->plan;
    options.root_name = maker->cards_root.name;
    memcpy(options.root_key, maker->cards_key, sizeof(options.root_key));
    kb_chance_fill(&world->chance, options.maker_key, sizeof(options.maker_key));
    options.trust.operators =
        (struct kb_credential_root){text(operators_root_name), maker->operators_public};
    err = kb_air_maker_open(&options, &maker->maker, why);
    kb_wipe(&options, sizeof(options));
    return err ? err : make_model(world, why);
}

void kb_sim_maker_close(struct kb_world *world)
{
    struct kb_sim_maker *maker = world->maker;

    if (!maker)
        return;
    kb_air_maker_close(maker->maker);
    kb_plan_free(maker->plan);
    free(maker->operators);
    free(maker->model);
    kb_wipe(maker, sizeof(*maker));
    free(maker);
    world->maker = NULL;
}

enum kb_err kb_sim_maker_card(struct kb_world *world, struct kb_reader *reader, uint64_t number,
                              struct kb_air_card *card, struct kb_report *why)
{
    struct kb_sim_maker *maker = world->maker;

    kb_chance_init(&maker->chance, world->config.seed, KB_CHANCE_MAKER, number);
    return kb_air_maker_card(maker->maker, reader, maker->plan->iccid_first + number, card, why);
}

uint64_t kb_sim_maker_number(const struct kb_world *world, struct kb_span id_sc)
{
    const struct kb_plan *plan = world->maker->plan;
    size_t prefix = strlen(plan->iccid_prefix);
    uint64_t serial = 0;

    if (id_sc.len != plan->iccid_digits || memcmp(id_sc.data, plan->iccid_prefix, prefix) != 0)
        return KB_SIM_NOBODY;
    for (size_t i = prefix; i + 1 < id_sc.len; i++)
        serial = serial * 10 + (uint64_t)(id_sc.data[i] - '0');
    serial -= plan->iccid_first;
    return serial < world->config.cards ? serial : KB_SIM_NOBODY;
}
