/* SPDX-License-Identifier: Apache-2.0 */
/* The promises, looked at whenever something happens that could break one. The world may look into
 * cards and registers; none of the parties can. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/objects.h"
#include "crypto/secret.h"
#include "sim/inside.h"
#include "sim/secrets.h"

enum { KEY = 16, STATIC_KEY = 1 + 32 };

void kb_sim_broken(struct kb_world *world, enum kb_world_promise promise, uint64_t card,
                   const char *format, ...)
{
    va_list values;

    if (world->broken)
        return;
    world->broken = promise;
    world->broken_event = world->clock.happened;
    world->broken_card = card;
    va_start(values, format);
    vsnprintf(world->broken_text, sizeof(world->broken_text), format, values);
    va_end(values);
}

const char *kb_world_promise_text(enum kb_world_promise promise)
{
    static const char *const texts[] = {
        [KB_PROMISE_KEPT] = "all promises were kept",
        [KB_PROMISE_IDENTITY] = "an identity is on two cards",
        [KB_PROMISE_PAIR] = "a card uses a pair that its register lacks",
        [KB_PROMISE_END] = "a card ends neither personalized nor with a reason",
        [KB_PROMISE_SECRET] = "a secret shows on a link",
        [KB_PROMISE_SERVER] = "the application server's database holds a key",
        [KB_PROMISE_SCRIPT] = "a script runs twice, is lost, or has an answer without having run",
        [KB_PROMISE_PARTY] = "a party does not do what it says",
    };

    return texts[promise];
}

/* --- Identities and pairs --- */

static bool has_pair_of(struct kb_sim_phone *phone, const struct kb_sim_subscriber *subscriber,
                        unsigned subscription)
{
    uint8_t k[KEY], opc[KEY];
    struct kb_nvm *nvm = &phone->card.nvm;
    bool is_same = !kb_nvm_read(nvm, (uint16_t)(KB_OBJ_KI + subscription), 0, k, KEY) &&
                   !kb_nvm_read(nvm, (uint16_t)(KB_OBJ_OPC + subscription), 0, opc, KEY) &&
                   kb_is_equal(k, subscriber->k, KEY) && kb_is_equal(opc, subscriber->opc, KEY);

    kb_wipe(k, sizeof(k));
    kb_wipe(opc, sizeof(opc));
    return is_same;
}

/* The identity it had is not its own any more. */
static void let_go(struct kb_world *world, struct kb_sim_phone *phone)
{
    struct kb_sim_subscriber *subscriber;

    if (!phone->held)
        return;
    subscriber =
        kb_sim_subscribers_find(&world->operators[phone->held_of].subscribers, phone->held);
    if (subscriber && subscriber->card == phone->number)
        subscriber->card = KB_SIM_NOBODY;
    phone->held = 0;
}

static void hold(struct kb_world *world, struct kb_sim_phone *phone, unsigned provider,
                 struct kb_sim_subscriber *subscriber)
{
    if (phone->held != subscriber->imsi || phone->held_of != provider)
        let_go(world, phone);
    phone->held = subscriber->imsi;
    phone->held_of = provider;
    if (subscriber->card != KB_SIM_NOBODY && subscriber->card != phone->number)
        kb_sim_broken(world, KB_PROMISE_IDENTITY, phone->number,
                      "card %llu has the identity of card %llu", (unsigned long long)phone->number,
                      (unsigned long long)subscriber->card);
    subscriber->card = phone->number;
    world->records[phone->number].provider = (uint8_t)provider;
}

/* Each card once, however often it tries. */
static void count_mismatch(struct kb_world *world, struct kb_sim_phone *phone)
{
    world->mismatched += !phone->is_mismatched;
    phone->is_mismatched = true;
}

void kb_sim_check_attach(struct kb_world *world, struct kb_sim_phone *phone, const char *imsi)
{
    int home = kb_sim_home_of(world, imsi);
    struct kb_sim_subscriber *subscriber = NULL;

    if (home >= 0)
        subscriber = kb_sim_subscribers_find(&world->operators[home].subscribers,
                                             kb_sim_imsi(kb_span(imsi, strlen(imsi))));
    if (subscriber && home > 0)
        hold(world, phone, (unsigned)home, subscriber);
    else
        let_go(world, phone);
    if (subscriber && has_pair_of(phone, subscriber, home > 0))
        return;
    count_mismatch(world, phone);
    /* Plain Diffie-Hellman promises nothing against a server in the middle. */
    if (world->config.dishonest == KB_DISHONEST_SHARES && world->config.agreement == KB_SESSION_DH)
        return;
    kb_sim_broken(world, KB_PROMISE_PAIR, phone->number, "card %llu attaches with %s",
                  (unsigned long long)phone->number,
                  subscriber ? "another key than its register has"
                             : "an identity that no register has");
}

void kb_sim_check_retire(struct kb_world *world, struct kb_sim_phone *phone)
{
    const struct kb_world_record *record = &world->records[phone->number];
    struct kb_sim_subscriber *subscriber =
        kb_sim_subscribers_find(&world->operators[phone->held_of].subscribers, phone->held);

    if (record->outcome != KB_OUTCOME_PERSONALIZED || !phone->is_powered)
        return;
    if (subscriber && subscriber->card == phone->number && has_pair_of(phone, subscriber, 1))
        return;
    count_mismatch(world, phone);
    kb_sim_broken(world, KB_PROMISE_PAIR, phone->number,
                  "card %llu was personalized and its register does not know it",
                  (unsigned long long)phone->number);
}

/* --- Secrets --- */

/* In the card from some moment on; on the way to the register keys may show. */
static const struct {
    const char *name;
    uint16_t object;
    uint8_t offset, len;
    unsigned allowed;
} objects[] = {
    {"K", KB_OBJ_KI + 1, 0, KEY, 1u << KB_LINK_REGISTER},
    {"OPc", KB_OBJ_OPC + 1, 0, KEY, 1u << KB_LINK_REGISTER},
    {"the operator's KIc", KB_OBJ_OPERATOR_KEYS, 0, KEY, 0},
    {"the operator's KID", KB_OBJ_OPERATOR_KEYS + 1, 0, KEY, 0},
    {"the operator's KIK", KB_OBJ_OPERATOR_KEYS + 2, 0, KEY, 0},
    {"the card's static key", KB_OBJ_STATIC_KEY, 1, STATIC_KEY - 1, 0},
};

static void found(struct kb_world *world, uint64_t card, const char *name, enum kb_sim_link link)
{
    kb_sim_broken(world, KB_PROMISE_SECRET, card, "%s of card %llu shows%s%s", name,
                  (unsigned long long)card, link < KB_LINKS ? " on link " : " earlier",
                  link < KB_LINKS ? kb_sim_link_name(link) : "");
}

static void learn_object(struct kb_world *world, struct kb_sim_phone *phone, size_t which)
{
    uint8_t value[STATIC_KEY];
    struct kb_span secret = {value, objects[which].len};
    const char *shown;

    if (kb_nvm_read(&phone->card.nvm, objects[which].object, objects[which].offset, value,
                    objects[which].len))
        return;
    shown = kb_sim_watch_add(&phone->watch, objects[which].name, objects[which].allowed, secret);
    if (shown)
        found(world, phone->number, shown, KB_LINKS);
    kb_sim_secrets_add(world->secrets, secret);
    if (world->config.leaks_key && which == 0)
        kb_sim_cross(world, KB_LINK_SMS, true, phone->number, "terminal", "centre", "leak", secret);
    kb_wipe(value, sizeof(value));
}

void kb_sim_check_learn(struct kb_world *world, struct kb_sim_phone *phone)
{
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        learn_object(world, phone, i);
}

void kb_sim_check_crossing(struct kb_world *world, const struct kb_sim_crossing *crossing)
{
    struct kb_sim_phone *phone = kb_sim_phone(world, crossing->card);
    struct kb_world_record *record;
    const char *shown;

    if (!phone)
        return;
    record = &world->records[crossing->card];
    if (crossing->link == KB_LINK_SMS || crossing->link == KB_LINK_CHANNEL) {
        record->messages++;
        record->bytes += (uint32_t)crossing->bytes.len;
    }
    shown = kb_sim_watch_message(&phone->watch, crossing->link, crossing->bytes);
    if (shown)
        found(world, crossing->card, shown, crossing->link);
}

void kb_sim_check_server(struct kb_world *world)
{
    static const char *const endings[] = {"", "-wal", "-journal"};
    char path[sizeof(world->hosts[0].path) + 16];

    if (!world->dir[0])
        return;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", world->hosts[0].path, endings[i]);
        if (kb_sim_secrets_show_in_file(world->secrets, path))
            kb_sim_broken(world, KB_PROMISE_SERVER, KB_SIM_NOBODY,
                          "a secret of a card lies in the open in the AS's database");
    }
}
