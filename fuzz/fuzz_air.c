/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole personalizations over the air, all parties the real ones, with somebody on the links. An
 * input says what the world is like (how; suite, and who begins; seed: one byte each), and then
 * what happens to which message (fuzz/meddler.h). Everything else goes well, so at the end each
 * card is personalized or knows why not, and no promise of the world was broken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/cpa/cpa.h"
#include "fuzz/fuzz.h"
#include "fuzz/meddler.h"
#include "sim/inside.h"

enum how {
    HOW_PACKET = 1,
    HOW_DH = 2,
    HOW_MACHINE = 4,
    HOW_TWO_CARDS = 8,
    HOW_TWO_OPERATORS = 16,
    HOW_REFUSED = 32, /* at first the network will not have the new identity */
    HOW_NO = 64,      /* the user says no */
    HOW_ONE_IDENTITY = 128
};

enum { HEAD = 3 };

/* A share that never strikes, but makes a world ready for what its fault does. */
static const double never = 1e-300;

static struct meddler meddler;

static struct kb_world_config config_of(uint8_t how, uint8_t suite, uint8_t seed)
{
    static const int16_t suites[] = {-1, 0, 1, 2, 3}, groups[] = {-1, 23, 29};
    static const uint8_t fronts[] = {KB_WORLD_USER, KB_WORLD_CODE, KB_WORLD_LIST, KB_WORLD_AIR};
    struct kb_world_config config = {
        .cards = how & HOW_TWO_CARDS ? 2 : 1,
        .operators = how & HOW_TWO_OPERATORS ? 2 : 1,
        .seed = seed,
        .transport = how & HOW_PACKET ? KB_WORLD_PACKET : KB_WORLD_SMS,
        .agreement = how & HOW_DH ? KB_SESSION_DH : KB_SESSION_EDHOC,
        .front = how & HOW_MACHINE ? KB_WORLD_MACHINE : (enum kb_world_front)fronts[suite >> 6],
        .refuse = how & HOW_REFUSED ? 1 : 0,
        .no = how & HOW_NO ? 1 : 0,
        .pool = how & HOW_ONE_IDENTITY ? 1 : 0,
        .reorder = never, /* finished cards stay for a while: something may come late */
    };

    config.suite = how & HOW_DH ? groups[suite % 3] : suites[suite % 5];
    config.kill = meddler_kills(&meddler) ? never : 0;
    return config;
}

static void check_trail(struct kb_world *world)
{
    struct kb_as *as = world->hosts[0].server;
    uint64_t line;

    if (as)
        kb_fuzz_insist(!kb_store_audit_check(kb_as_store(as), &line), "the trail is whole");
}

/* Who lies to a server can keep it from ever hearing of a card again. The card knows no more than
 * that it waits: it has its operator's pair and reports it, or is a machine that tries anew. */
static bool is_denial(const struct kb_world *world)
{
    const struct kb_sim_phone *phone = kb_sim_phone(world, world->broken_card);

    return meddler.has_lied && world->broken == KB_PROMISE_END && phone &&
           (phone->state == KB_CPA_REPORTING || world->config.front == KB_WORLD_MACHINE);
}

static void check_end(struct kb_world *world)
{
    struct kb_world_result result;

    kb_world_result(world, &result);
    if (is_denial(world))
        return;
    if (result.broken)
        fprintf(stderr, "event %llu: %s: %s\n", (unsigned long long)result.broken_event,
                kb_world_promise_text(result.broken), result.broken_text);
    kb_fuzz_insist(!result.broken, "every promise is kept");
    kb_fuzz_insist(!result.mismatched, "card and register have the same keys");
    kb_fuzz_insist(result.personalized + result.refused == world->config.cards,
                   "every card came to an end");
    kb_fuzz_insist(!result.reasons[KB_REASON_NONE], "who was refused knows why");
    check_trail(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_report why = {KB_OK, ""};
    struct kb_world_config config;
    struct kb_world *world;

    if (size < HEAD)
        return 0;
    memset(&meddler, 0, sizeof(meddler));
    meddler_read(&meddler, kb_span(data + HEAD, size - HEAD));
    config = config_of(data[0], data[1], data[2]);
    if (kb_world_open(&config, &world, &why)) {
        fprintf(stderr, "%s\n", why.text);
        kb_fuzz_insist(false, "a world opens");
    }
    meddler.world = world;
    kb_world_meddle(world, meddler_meddle, &meddler);
    while (kb_world_step(world))
        ;
    check_end(world);
    kb_world_close(world);
    return 0;
}

/* --- Inputs that mean something --- */

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = (unsigned)((uint64_t)*seed * 48271 % 0x7FFFFFFF);
    return *seed % below;
}

static void put(uint8_t *entry, unsigned *seed)
{
    /* Links where something can be done, as often as there is something to do. */
    static const uint8_t links[] = {KB_LINK_SMS,     KB_LINK_CENTRE,  KB_LINK_CHANNEL,
                                    KB_LINK_SERVERS, KB_LINK_SERVERS, KB_LINK_REGISTER,
                                    KB_LINK_CARD};
    uint8_t link = links[draw(seed, sizeof(links))];
    bool is_card = link == KB_LINK_CARD;
    unsigned number = draw(seed, is_card ? 160 : 12);

    entry[0] = link;
    entry[1] = (uint8_t)(is_card ? MEDDLE_POWER + draw(seed, 2) : draw(seed, MEDDLINGS));
    entry[2] = (uint8_t)(number >> 8);
    entry[3] = (uint8_t)number;
    entry[4] = (uint8_t)(draw(seed, 4) ? 0 : draw(seed, 256));
    entry[5] = (uint8_t)draw(seed, 256);
    entry[6] = (uint8_t)draw(seed, 16);
    entry[7] = (uint8_t)draw(seed, 4);
}

/* One entry more, less, or another; or one byte, in the way of the library. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size_t count = size > HEAD ? (size - HEAD) / MEDDLE_SIZE : 0;
    uint8_t *list = data + HEAD;
    size_t at;

    seed = seed % 0x7FFFFFFE + 1;
    if (max_size < HEAD + MEDDLE_SIZE)
        return LLVMFuzzerMutate(data, size, max_size);
    if (size < HEAD)
        memset(data + size, 0, HEAD - size);
    at = count ? draw(&seed, (unsigned)count) : 0;
    switch (draw(&seed, 8)) {
    case 0:
        LLVMFuzzerMutate(data, HEAD, HEAD);
        break;
    case 1:
        if (count > 1) {
            memmove(list + at * MEDDLE_SIZE, list + (at + 1) * MEDDLE_SIZE,
                    (count - at - 1) * MEDDLE_SIZE);
            count--;
        }
        break;
    case 2:
    case 3:
        if (count)
            put(list + at * MEDDLE_SIZE, &seed);
        break;
    case 4:
    case 5:
        if (count)
            LLVMFuzzerMutate(list + at * MEDDLE_SIZE, MEDDLE_SIZE, MEDDLE_SIZE);
        break;
    default:
        if (count < MEDDLE_MAX && HEAD + (count + 1) * MEDDLE_SIZE <= max_size)
            put(list + count++ * MEDDLE_SIZE, &seed);
        break;
    }
    return HEAD + count * MEDDLE_SIZE;
}
