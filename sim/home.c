/* SPDX-License-Identifier: Apache-2.0 */
/* Registers as their operators' PS and the visited networks see them; and the numbers of their
 * subscriptions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/inside.h"

enum { K_SIZE = 16, COUNTRY = 882, NUMBER_DIGITS = 15 };

int kb_sim_home_of(const struct kb_world *world, const char *imsi)
{
    for (unsigned i = 0; i < world->operator_count; i++)
        if (strncmp(imsi, world->operators[i].plmn, KB_SIM_PLMN) == 0)
            return (int)i;
    return -1;
}

/* --- Numbers: country, operator (2 digits), card (10 digits) --- */

void kb_sim_number(unsigned provider, uint64_t card, char number[KB_SIM_NUMBER])
{
    snprintf(number, KB_SIM_NUMBER, "%d%02u%010llu", COUNTRY, provider % 100,
             (unsigned long long)card % 10000000000);
}

bool kb_sim_number_read(const char *number, unsigned *provider, uint64_t *card)
{
    unsigned country;
    unsigned long long value;

    if (strlen(number) != NUMBER_DIGITS ||
        sscanf(number, "%3u%2u%10llu", &country, provider, &value) != 3 || country != COUNTRY)
        return false;
    *card = value;
    return true;
}

/* --- What a PS wants --- */

static void answer(struct kb_world *world, unsigned provider,
                   const struct kb_register_message *message, uint64_t card)
{
    struct kb_sim_operator *home = &world->operators[provider];
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_sim_letter *letter;

    kb_register_write(&wr, message);
    letter = kb_sim_letter_new(card, kb_wr_span(&wr));
    letter->kind = KB_MAIL_REGISTER;
    letter->id = ++home->next_letter;
    snprintf(letter->peer, sizeof(letter->peer), "%s", home->home);
    letter->from = KB_SIM_OUTSIDE;
    letter->to = provider;
    letter->link = KB_LINK_REGISTER;
    letter->sender = "register";
    letter->receiver = world->hosts[provider].name;
    letter->what = message->what == KB_REGISTER_SEEN ? "seen" : "answer";
    kb_sim_post(world, letter, true);
}

static enum kb_register_what perform(struct kb_sim_subscribers *subscribers,
                                     const struct kb_register_message *message, uint64_t imsi)
{
    struct kb_sim_subscriber *subscriber = NULL;

    if (message->what == KB_REGISTER_CREATE) {
        if (message->k.len != K_SIZE || message->opc.len != K_SIZE)
            return KB_REGISTER_FAILED;
        subscriber = kb_sim_subscribers_put(subscribers, imsi, message->k.data, message->opc.data);
    } else {
        subscriber = kb_sim_subscribers_find(subscribers, imsi);
        kb_sim_subscribers_remove(subscribers, imsi);
    }
    if (subscriber)
        subscriber->request = message->request;
    return KB_REGISTER_DONE;
}

bool kb_sim_home_take(struct kb_world *world, unsigned provider, const struct kb_mail *mail)
{
    unsigned home = world->config.repeats_identity && provider > 1 ? 1 : provider;
    struct kb_sim_subscribers *subscribers = &world->operators[home].subscribers;
    struct kb_register_message message, reply = {0};
    const struct kb_sim_subscriber *known;
    uint64_t imsi, card;

    if (kb_register_read(mail->body, &message))
        return true;
    imsi = kb_sim_imsi(message.imsi);
    if (!imsi || (message.what != KB_REGISTER_CREATE && message.what != KB_REGISTER_REMOVE))
        return true;
    known = kb_sim_subscribers_find(subscribers, imsi);
    card = known ? known->card : KB_SIM_NOBODY;
    reply.request = message.request;
    reply.imsi = message.imsi;
    reply.what = KB_REGISTER_FAILED;
    if (home != provider || !kb_sim_subscribers_is_old(subscribers, imsi, message.request))
        reply.what = perform(subscribers, &message, imsi);
    answer(world, provider, &reply, card);
    return true;
}

void kb_sim_home_seen(struct kb_world *world, unsigned provider, uint64_t card, const char *imsi)
{
    struct kb_register_message message = {.what = KB_REGISTER_SEEN,
                                          .imsi = kb_span(imsi, strlen(imsi))};
    const struct kb_sim_subscriber *subscriber =
        kb_sim_subscribers_find(&world->operators[provider].subscribers, kb_sim_imsi(message.imsi));

    if (!provider || !subscriber)
        return;
    message.request = subscriber->request;
    answer(world, provider, &message, card);
}
