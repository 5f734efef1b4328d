/* SPDX-License-Identifier: Apache-2.0 */
/* The packet path between terminal and application server: an access point that leads there and
 * nowhere else, and connections that keep the order of what they carry but may break at any time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/inside.h"

enum { OPENING_MS = 200, WAY_MS = 80, LENGTH = 2 };

/* The AS at its access point: type (TS 102 223 clause 8.58: IPv4) and address. */
static const uint8_t server_address[] = {0x21, 10, 73, 0, 1};

static void plan(struct kb_sim_phone *phone, int64_t in_ms,
                 void (*run)(void *ctx, const struct kb_sim_event *event),
                 struct kb_sim_letter *letter)
{
    kb_sim_plan(&phone->world->clock, in_ms,
                (struct kb_sim_event){.run = run,
                                      .ctx = phone->world,
                                      .card = phone->number,
                                      .turn = phone->connection.number,
                                      .letter = letter});
}

/* The phone, when the connection of the event is its own still. */
static struct kb_sim_phone *connected(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    return phone && phone->connection.number == event->turn ? phone : NULL;
}

static void opened(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = connected(ctx, event);

    if (!phone)
        return;
    phone->connection.is_open = event->what && phone->is_attached;
    kb_terminal_channel_opened(phone->terminal, phone->connection.is_open);
    kb_sim_phone_look(phone);
}

void kb_sim_channel_open(struct kb_sim_phone *phone, const char *apn, struct kb_span address,
                         uint16_t port)
{
    struct kb_world *world = phone->world;
    struct kb_sim_connection *connection = &phone->connection;
    bool is_there = phone->is_attached && strcmp(apn, KB_SIM_APN) == 0 && port == KB_SIM_PORT &&
                    address.len == sizeof(server_address) &&
                    memcmp(address.data, server_address, address.len) == 0;

    connection->number++;
    connection->is_open = false;
    connection->up_len = connection->down_len = 0;
    if (kb_sim_strikes(world, &phone->network_chance, world->config.loss))
        is_there = false;
    kb_sim_plan(&world->clock, OPENING_MS,
                (struct kb_sim_event){.run = opened,
                                      .ctx = world,
                                      .card = phone->number,
                                      .turn = connection->number,
                                      .what = is_there});
}

/* --- Breaking --- */

static void break_it(struct kb_sim_phone *phone)
{
    if (!phone->connection.is_open)
        return;
    phone->connection.number++;
    phone->connection.is_open = false;
    kb_terminal_channel_lost(phone->terminal);
    kb_sim_phone_look(phone);
}

static void breaks(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = connected(ctx, event);

    if (phone)
        break_it(phone);
}

/* The connection is about to break; what it should carry is lost. */
static bool is_breaking(struct kb_sim_phone *phone)
{
    if (!kb_sim_strikes(phone->world, &phone->network_chance, phone->world->config.loss))
        return false;
    plan(phone, WAY_MS, breaks, NULL);
    return true;
}

void kb_sim_channel_break_all(struct kb_world *world)
{
    for (uint64_t card = 0; card < world->begun; card++)
        if (world->phones[card])
            break_it(world->phones[card]);
}

void kb_sim_channel_close(struct kb_sim_phone *phone)
{
    phone->connection.number++;
    phone->connection.is_open = false;
}

/* --- To the server --- */

static void forward(struct kb_sim_phone *phone, struct kb_span frame)
{
    struct kb_world *world = phone->world;
    struct kb_sim_letter *letter = kb_sim_letter_new(phone->number, frame);

    letter->kind = KB_MAIL_CHANNEL;
    snprintf(letter->peer, sizeof(letter->peer), "%llu.%u", (unsigned long long)phone->number,
             phone->connection.number);
    letter->is_settled = true; /* nobody repeats it */
    kb_sim_host_arrive(&world->hosts[0], letter);
    kb_sim_letter_drop(letter);
}

static void cut_frames(struct kb_sim_phone *phone)
{
    struct kb_sim_connection *connection = &phone->connection;
    size_t at = 0;

    while (connection->up_len - at >= LENGTH) {
        const uint8_t *head = connection->up + at;
        size_t len = LENGTH + (size_t)(head[0] << 8 | head[1]);

        if (len > connection->up_len - at)
            break;
        forward(phone, kb_span(head, len));
        at += len;
    }
    memmove(connection->up, connection->up + at, connection->up_len - at);
    connection->up_len -= at;
}

static void reached_server(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = connected(ctx, event);
    const struct kb_sim_letter *letter = event->letter;
    struct kb_sim_connection *connection;

    if (!phone)
        return;
    connection = &phone->connection;
    if (!phone->world->hosts[0].server || letter->len > KB_SIM_STREAM - connection->up_len) {
        break_it(phone);
        return;
    }
    memcpy(connection->up + connection->up_len, letter->bytes, letter->len);
    connection->up_len += letter->len;
    cut_frames(phone);
}

void kb_sim_channel_send(struct kb_sim_phone *phone, struct kb_span data)
{
    struct kb_sim_fate fate;

    if (!phone->connection.is_open)
        return;
    fate = kb_sim_cross(phone->world, KB_LINK_CHANNEL, true, phone->number, "terminal", "AS",
                        "data", data);
    if (is_breaking(phone))
        return;
    for (size_t i = 0; i < fate.count; i++)
        plan(phone, WAY_MS + fate.goes[i].delay_ms, reached_server,
             kb_sim_letter_new(phone->number, fate.goes[i].bytes));
}

/* --- To the card --- */

void kb_sim_channel_offer(struct kb_sim_phone *phone)
{
    struct kb_sim_connection *connection = &phone->connection;
    size_t taken;

    if (!connection->is_open || !connection->down_len)
        return;
    taken = kb_terminal_channel_received(phone->terminal,
                                         kb_span(connection->down, connection->down_len));
    connection->down_len -= taken;
    memmove(connection->down, connection->down + taken, connection->down_len);
}

static void reached_terminal(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = connected(ctx, event);
    const struct kb_sim_letter *letter = event->letter;
    struct kb_sim_connection *connection;

    if (!phone || !phone->connection.is_open)
        return;
    connection = &phone->connection;
    if (letter->len > KB_SIM_STREAM - connection->down_len) {
        break_it(phone);
        return;
    }
    memcpy(connection->down + connection->down_len, letter->bytes, letter->len);
    connection->down_len += letter->len;
    kb_sim_channel_offer(phone);
    kb_sim_phone_look(phone);
}

void kb_sim_channel_take(struct kb_world *world, const struct kb_mail *mail)
{
    unsigned long long card;
    unsigned number;
    struct kb_sim_phone *phone;

    if (sscanf(mail->peer, "%llu.%u", &card, &number) != 2)
        return;
    phone = kb_sim_phone(world, card);
    if (phone && phone->connection.is_open && phone->connection.number == number &&
        !is_breaking(phone))
        plan(phone, WAY_MS, reached_terminal, kb_sim_letter_new(card, mail->body));
}
