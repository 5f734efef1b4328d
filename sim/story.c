/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/cpa/cpa.h"
#include "card/objects.h"
#include "crypto/secret.h"
#include "sim/inside.h"

enum { KEY = 16 };

struct teller {
    kb_sim_observe *tell;
    void *ctx;
    struct kb_sim_watch watch; /* keeps all messages until the keys are known */
    struct kb_sim_watch inside;
    struct kb_story_end *end;
};

static void hear(void *ctx, const struct kb_sim_crossing *crossing)
{
    struct teller *teller = ctx;
    bool is_inside = crossing->link == KB_LINK_REGISTER;

    kb_sim_watch_message(is_inside ? &teller->inside : &teller->watch, crossing->link,
                         crossing->bytes);
    if (!is_inside) {
        teller->end->messages++;
        teller->end->bytes += crossing->bytes.len;
    }
    if (teller->tell)
        teller->tell(teller->ctx, crossing);
}

/* --- Keys --- */

static bool read_key(struct kb_sim_phone *phone, uint16_t object, uint8_t key[KEY])
{
    return !kb_nvm_read(&phone->card.nvm, object, 0, key, KEY);
}

static void look_into_card(struct teller *teller, struct kb_sim_phone *phone)
{
    struct kb_story_end *end = teller->end;
    uint8_t k[KEY], opc[KEY];

    snprintf(end->id_sc, sizeof(end->id_sc), "%s", phone->id_sc);
    if (phone->attach.imsi[0] && !end->imsi_t[0])
        memcpy(end->imsi_t, phone->attach.imsi, sizeof(end->imsi_t));
    if (end->has_keys || phone->state != KB_CPA_DONE || !read_key(phone, KB_OBJ_KI + 1, k) ||
        !read_key(phone, KB_OBJ_OPC + 1, opc))
        return;
    end->has_keys = true;
    memcpy(end->imsi_o, phone->attach.imsi, sizeof(end->imsi_o));
    kb_fingerprint(phone->world->crypto, kb_span(k, KEY), end->card_fingerprint);
    if (kb_sim_watch_add(&teller->watch, "K", 0, kb_span(k, KEY)) ||
        kb_sim_watch_add(&teller->watch, "OPc", 0, kb_span(opc, KEY)))
        end->was_found = true;
    if (kb_sim_watch_add(&teller->inside, "K", 0, kb_span(k, KEY)))
        end->was_found_in_register = true;
    kb_wipe(k, sizeof(k));
    kb_wipe(opc, sizeof(opc));
}

static void look_into_register(const struct kb_world *world, struct kb_story_end *end)
{
    int home = kb_sim_home_of(world, end->imsi_o);
    const struct kb_sim_subscriber *subscriber = NULL;

    if (home > 0)
        subscriber =
            kb_sim_subscribers_find(&world->operators[home].subscribers,
                                    kb_sim_imsi(kb_span(end->imsi_o, strlen(end->imsi_o))));
    if (subscriber)
        kb_fingerprint(world->crypto, kb_span(subscriber->k, KEY), end->register_fingerprint);
}

enum kb_err kb_story_tell(const struct kb_world_config *config, kb_sim_observe *tell, void *ctx,
                          struct kb_story_end *end, struct kb_report *why)
{
    struct kb_world_config single = *config;
    struct teller teller = {.tell = tell, .ctx = ctx, .end = end};
    struct kb_world *world;
    enum kb_err err;

    *end = (struct kb_story_end){0};
    single.cards = 1;
    if (!single.operators)
        single.operators = 1;
    err = kb_world_open(&single, &world, why);
    if (err)
        return err;
    kb_world_observe(world, hear, &teller);
    while (kb_world_step(world))
        if (world->phones[0])
            look_into_card(&teller, world->phones[0]);
    look_into_register(world, end);
    kb_world_result(world, &end->result);
    kb_world_close(world);
    kb_sim_watch_end(&teller.watch);
    kb_sim_watch_end(&teller.inside);
    return KB_OK;
}
