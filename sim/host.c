/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/host.h"

#include <stdlib.h>
#include <string.h>

#include "sim/dishonest.h"
#include "sim/inside.h"
#include "sim/memory.h"

enum { GROUP_MS = 3, REVIVE_MS = 2000, REVIVE_LONGEST_MS = 10000 };

/* --- Measuring --- */

static int64_t enter(struct kb_sim_host *host)
{
    if (!host->world->config.is_measured)
        return 0;
    kb_sim_work_of(&host->work);
    return kb_sim_thread_ns();
}

static void leave(struct kb_sim_host *host, int64_t entered)
{
    if (!host->world->config.is_measured)
        return;
    host->work.all_ns += kb_sim_thread_ns() - entered;
    kb_sim_work_of(NULL);
}

/* --- Life and death --- */

enum kb_err kb_sim_host_fault(void *ctx, const char *where)
{
    struct kb_sim_host *host = ctx;

    (void)where;
    if (host->is_armed && host->dies_in && !--host->dies_in)
        return KB_ERR_IO;
    if (!host->is_armed || !kb_sim_strikes(host->world, &host->kill, host->world->config.kill))
        return KB_OK;
    return KB_ERR_IO;
}

void kb_sim_host_init(struct kb_sim_host *host, struct kb_world *world, unsigned number)
{
    uint64_t seed = world->config.seed;

    host->world = world;
    host->number = number;
    kb_chance_init(&host->chance, seed, KB_CHANCE_SERVER, number);
    kb_chance_init(&host->kill, seed, KB_CHANCE_KILL, number);
    kb_chance_init(&host->mail, seed, KB_CHANCE_MAIL, number);
    kb_chance_fill(&host->chance, host->key, sizeof(host->key));
}

enum kb_err kb_sim_host_open(struct kb_sim_host *host, struct kb_report *why)
{
    enum kb_err err = host->ops->open(host, why);

    host->is_armed = !err && host->world->config.kill > 0;
    host->sent_up_to = 0;
    return err;
}

static void forget_inbox(struct kb_sim_host *host)
{
    for (size_t i = 0; i < host->inbox_count; i++)
        kb_sim_letter_drop(host->inbox[i]);
    host->inbox_count = 0;
}

void kb_sim_host_end(struct kb_sim_host *host)
{
    forget_inbox(host);
    free(host->inbox);
    if (host->server)
        host->ops->close(host->server);
    host->server = NULL;
}

static void revive(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_host *host = ctx;
    struct kb_report why = {KB_OK, ""};

    (void)event;
    if (kb_sim_host_open(host, &why))
        kb_sim_broken(host->world, KB_PROMISE_PARTY, KB_SIM_NOBODY, "%s does not start again: %s",
                      host->name, why.text);
    else
        kb_sim_host_stir(host);
}

void kb_sim_host_die(struct kb_sim_host *host)
{
    struct kb_world *world = host->world;

    if (!host->server)
        return;
    host->ops->close(host->server);
    host->server = NULL;
    host->is_armed = host->is_due = false;
    host->life++;
    forget_inbox(host);
    world->kills++;
    if (host->number == 0)
        kb_sim_channel_break_all(world);
    kb_sim_check_server(world);
    kb_sim_plan(&world->clock, kb_chance_between(&host->mail, REVIVE_MS, REVIVE_LONGEST_MS),
                (struct kb_sim_event){.run = revive, .ctx = host});
}

/* An error of a server that nobody killed is a defect. */
static void fail(struct kb_sim_host *host, enum kb_err err, const char *where)
{
    if (host->is_armed)
        kb_sim_host_die(host);
    else
        kb_sim_broken(host->world, KB_PROMISE_PARTY, KB_SIM_NOBODY, "%s fails to %s: %s",
                      host->name, where, kb_err_text(err));
}

/* --- Acknowledging --- */

static void acknowledged(void *ctx, const struct kb_sim_event *event)
{
    struct kb_world *world = ctx;
    struct kb_sim_letter *letter = event->letter;
    struct kb_sim_host *host;
    int64_t entered;
    enum kb_err err;

    if (letter->is_settled)
        return;
    letter->is_settled = true;
    if (letter->from == KB_SIM_OUTSIDE)
        return;
    host = &world->hosts[letter->from];
    if (!host->server || host->life != letter->life)
        return;
    entered = enter(host);
    err = host->ops->sent(host->server, letter->id);
    leave(host, entered);
    if (err)
        fail(host, err, "note what was sent");
}

static struct kb_chance *chance_of(struct kb_world *world, const struct kb_sim_letter *letter)
{
    struct kb_sim_phone *phone = kb_sim_phone(world, letter->card);

    /* A card's own messages have the card's own fate. */
    if (phone)
        return &phone->network_chance;
    return letter->from == KB_SIM_OUTSIDE ? &world->chance : &world->hosts[letter->from].mail;
}

void kb_sim_acknowledge(struct kb_world *world, struct kb_sim_letter *letter)
{
    if (kb_sim_strikes(world, chance_of(world, letter), world->config.loss))
        return;
    kb_sim_plan(&world->clock, KB_SIM_SERVER_MS,
                (struct kb_sim_event){
                    .run = acknowledged, .ctx = world, .letter = kb_sim_letter_hold(letter)});
}

/* --- On the way --- */

static bool take_outside(struct kb_world *world, const struct kb_sim_letter *letter)
{
    struct kb_mail mail = {.kind = letter->kind, .id = letter->id};

    memcpy(mail.peer, letter->peer, sizeof(mail.peer));
    mail.body = kb_sim_letter_span(letter);
    switch (letter->kind) {
    case KB_MAIL_SMS:
        return kb_sim_centre_take(world, &mail);
    case KB_MAIL_REGISTER:
        return kb_sim_home_take(world, letter->from, &mail);
    default:
        kb_sim_channel_take(world, &mail);
        return true;
    }
}

static void arrived(void *ctx, const struct kb_sim_event *event)
{
    struct kb_world *world = ctx;

    if (event->letter->to != KB_SIM_OUTSIDE)
        kb_sim_host_arrive(&world->hosts[event->letter->to], event->letter);
    else if (take_outside(world, event->letter))
        kb_sim_acknowledge(world, event->letter);
}

static void carry(struct kb_world *world, struct kb_sim_letter *letter, struct kb_chance *chance,
                  int64_t delay)
{
    delay += kb_chance_between(chance, KB_SIM_SERVER_MS, 2 * KB_SIM_SERVER_MS);
    if (kb_sim_strikes(world, chance, world->config.reorder))
        delay += kb_chance_between(chance, 0, KB_SIM_ANSWER_MS);
    kb_sim_plan(
        &world->clock, delay,
        (struct kb_sim_event){.run = arrived, .ctx = world, .letter = kb_sim_letter_hold(letter)});
}

static void carry_all(struct kb_world *world, struct kb_sim_letter *letter,
                      struct kb_chance *chance, const struct kb_sim_fate *fate)
{
    uint64_t which = world->links.count[letter->link].messages * KB_SIM_GOES;

    for (size_t i = 0; i < fate->count; i++) {
        struct kb_sim_letter *goes =
            fate->goes[i].is_forged ? kb_sim_letter_forge(letter, fate->goes[i].bytes, which + i)
                                    : kb_sim_letter_hold(letter);

        carry(world, goes, chance, fate->goes[i].delay_ms);
        kb_sim_letter_drop(goes);
    }
    /* Whoever puts another letter in its place says that it came. */
    if (fate->count && fate->goes[0].is_forged)
        kb_sim_acknowledge(world, letter);
}

static void ship(struct kb_world *world, struct kb_sim_letter *letter, bool is_sure)
{
    struct kb_chance *chance = chance_of(world, letter);
    struct kb_sim_fate fate =
        kb_sim_cross(world, letter->link, letter->is_up, letter->card, letter->sender,
                     letter->receiver, letter->what, kb_sim_letter_span(letter));

    if (is_sure && kb_sim_strikes(world, chance, world->config.loss))
        return;
    carry_all(world, letter, chance, &fate);
    if (is_sure && kb_sim_strikes(world, chance, world->config.duplicate))
        carry(world, letter, chance, 0);
}

enum { REPEAT_MS = 8000, REPEAT_LONGEST = 64 };

static void repeat(void *ctx, const struct kb_sim_event *event)
{
    struct kb_world *world = ctx;
    struct kb_sim_letter *letter = event->letter;

    if (letter->is_settled)
        return;
    if (letter->from != KB_SIM_OUTSIDE && world->hosts[letter->from].life != letter->life)
        return;
    if (letter->tries < REPEAT_LONGEST)
        letter->tries *= 2;
    ship(world, letter, true);
    kb_sim_plan(
        &world->clock, (int64_t)REPEAT_MS * letter->tries,
        (struct kb_sim_event){.run = repeat, .ctx = world, .letter = kb_sim_letter_hold(letter)});
}

void kb_sim_post(struct kb_world *world, struct kb_sim_letter *letter, bool is_sure)
{
    letter->tries = 1;
    ship(world, letter, is_sure);
    if (is_sure)
        kb_sim_plan(&world->clock, REPEAT_MS,
                    (struct kb_sim_event){
                        .run = repeat, .ctx = world, .letter = kb_sim_letter_hold(letter)});
    kb_sim_letter_drop(letter);
}

/* --- Work --- */

static const struct {
    enum kb_sim_link link;
    bool is_up;
    const char *receiver, *what;
} ways[] = {
    [KB_MAIL_SMS] = {KB_LINK_CENTRE, false, "centre", "short message"},
    [KB_MAIL_CHANNEL] = {KB_LINK_CHANNEL, false, "terminal", "frame"},
    [KB_MAIL_SERVER] = {KB_LINK_SERVERS, true, "", "message"},
    [KB_MAIL_REGISTER] = {KB_LINK_REGISTER, true, "register", "request"},
};

static unsigned host_of_name(const struct kb_world *world, const char *name)
{
    for (unsigned i = 0; i < world->operator_count; i++)
        if (strcmp(world->hosts[i].name, name) == 0)
            return i;
    return KB_SIM_OUTSIDE;
}

static void post_mail(struct kb_sim_host *host, const struct kb_mail *mail)
{
    struct kb_world *world = host->world;
    struct kb_sim_letter *letter =
        kb_sim_letter_new(kb_sim_mail_card(world, host->number, mail), mail->body);

    letter->kind = mail->kind;
    letter->id = mail->id;
    memcpy(letter->peer, mail->peer, sizeof(letter->peer));
    letter->from = host->number;
    letter->life = host->life;
    letter->to = mail->kind == KB_MAIL_SERVER ? host_of_name(world, mail->peer) : KB_SIM_OUTSIDE;
    letter->link = ways[mail->kind].link;
    letter->is_up = ways[mail->kind].is_up && letter->to != 0;
    letter->sender = host->name;
    letter->receiver = ways[mail->kind].receiver;
    letter->what = ways[mail->kind].what;
    if (letter->to != KB_SIM_OUTSIDE)
        letter->receiver = world->hosts[letter->to].name;
    else if (mail->kind == KB_MAIL_SERVER) {
        kb_sim_broken(world, KB_PROMISE_PARTY, letter->card, "%s writes to %s, whom nobody knows",
                      host->name, mail->peer);
        kb_sim_letter_drop(letter);
        return;
    }
    if (host->number == 0 && world->dishonest)
        letter = kb_sim_dishonest_sends(world->dishonest, letter);
    if (letter)
        kb_sim_post(world, letter, true);
}

static void send_all(struct kb_sim_host *host)
{
    uint8_t room[KB_MAIL_BODY_MAX];
    enum kb_err err = KB_OK;

    while (!err) {
        struct kb_mail mail;
        int64_t entered = enter(host);

        err = host->ops->outbox(host->server, host->sent_up_to, &mail, room);
        leave(host, entered);
        if (!err)
            err = kb_sim_host_fault(host, "send");
        if (!err) {
            host->sent_up_to = mail.id;
            post_mail(host, &mail);
        }
    }
    if (err != KB_ERR_ABSENT)
        fail(host, err, "send");
}

static enum kb_err take_one(struct kb_sim_host *host, const struct kb_sim_letter *letter)
{
    struct kb_report why = {KB_OK, ""};
    struct kb_mail mail = {.kind = letter->kind};

    mail.id = letter->kind == KB_MAIL_SMS || letter->kind == KB_MAIL_CHANNEL ? 0 : letter->id;
    memcpy(mail.peer, letter->peer, sizeof(mail.peer));
    if (letter->from != KB_SIM_OUTSIDE)
        memcpy(mail.peer, host->world->hosts[letter->from].name, sizeof(host->name));
    mail.body = kb_sim_letter_span(letter);
    return host->ops->receive(host->server, &mail, &why);
}

static enum kb_err take_all(struct kb_sim_host *host)
{
    int64_t entered = enter(host);
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < host->inbox_count && !err; i++)
        err = take_one(host, host->inbox[i]);
    if (!err)
        err = host->ops->commit(host->server);
    leave(host, entered);
    return err;
}

static void work(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_host *host = ctx;
    enum kb_err err;

    if (!host->server || event->turn != host->life)
        return;
    host->is_due = false;
    err = take_all(host);
    if (err) {
        fail(host, err, "take its mail");
        return;
    }
    for (size_t i = 0; i < host->inbox_count; i++)
        kb_sim_acknowledge(host->world, host->inbox[i]);
    forget_inbox(host);
    send_all(host);
}

void kb_sim_host_stir(struct kb_sim_host *host)
{
    if (!host->server || host->is_due)
        return;
    host->is_due = true;
    kb_sim_plan(&host->world->clock, GROUP_MS,
                (struct kb_sim_event){.run = work, .ctx = host, .turn = host->life});
}

/* What the server gets in its place; the letter itself has come. */
static struct kb_sim_letter *through_dishonest(struct kb_sim_host *host,
                                               struct kb_sim_letter *letter)
{
    struct kb_sim_letter *taken =
        kb_sim_dishonest_gets(host->world->dishonest, kb_sim_letter_hold(letter));

    if (taken != letter)
        kb_sim_acknowledge(host->world, letter);
    if (taken && taken != letter)
        taken->is_settled = true;
    return taken;
}

void kb_sim_host_arrive(struct kb_sim_host *host, struct kb_sim_letter *letter)
{
    if (!host->server)
        return;
    letter = host->number == 0 && host->world->dishonest ? through_dishonest(host, letter)
                                                         : kb_sim_letter_hold(letter);
    if (!letter)
        return;
    if (host->inbox_count == host->inbox_room)
        host->inbox = kb_sim_grow(host->inbox, &host->inbox_room, sizeof(struct kb_sim_letter *));
    host->inbox[host->inbox_count++] = letter;
    kb_sim_host_stir(host);
}
