/* SPDX-License-Identifier: Apache-2.0 */
/* AS and PS as hosts run them. */
#include <stdio.h>
#include <string.h>

#include "sim/dishonest.h"
#include "sim/inside.h"
#include "sim/maker.h"
#include "sim/servers.h"

enum { POOL_SPARE = 8 };

static struct kb_span text(const char *words)
{
    return kb_span(words, strlen(words));
}

static int64_t now_of(void *ctx)
{
    return kb_sim_posix(((struct kb_sim_host *)ctx)->world);
}

/* --- AS --- */

static enum kb_err set_operators(struct kb_world *world, struct kb_as *as)
{
    enum kb_err err = KB_OK;

    for (unsigned i = 1; i < world->operator_count && !err; i++) {
        const struct kb_sim_operator *provider = &world->operators[i];
        struct kb_as_operator known = {.id_o = text(provider->id_o),
                                       .name = text(provider->name),
                                       .code = text(provider->code),
                                       .server = text(provider->server),
                                       .has_contract = provider->has_contract};

        err = kb_as_set_operator(as, &known);
    }
    return err ? err : kb_as_commit(as);
}

static enum kb_err open_as(struct kb_sim_host *host, struct kb_report *why)
{
    struct kb_as_config config = {.path = host->path,
                                  .crypto = host->world->crypto,
                                  .random = {kb_chance_fill, &host->chance},
                                  .key = host->key,
                                  .now = now_of,
                                  .now_ctx = host,
                                  .fault = kb_sim_host_fault,
                                  .fault_ctx = host};
    struct kb_as *as = NULL;
    enum kb_err err = kb_as_open(&config, &as, why);

    if (err)
        return err;
    host->server = as;
    err = set_operators(host->world, as);
    return err ? kb_report(why, err, "operators: %s", kb_err_text(err)) : KB_OK;
}

static void close_as(void *server)
{
    kb_as_close(server);
}

static enum kb_err receive_as(void *server, const struct kb_mail *mail, struct kb_report *why)
{
    return kb_as_receive(server, mail, why);
}

static enum kb_err commit_as(void *server)
{
    return kb_as_commit(server);
}

static enum kb_err outbox_as(void *server, uint64_t after, struct kb_mail *mail, uint8_t *room)
{
    return kb_as_outbox(server, after, mail, room);
}

static enum kb_err sent_as(void *server, uint64_t id)
{
    return kb_as_sent(server, id);
}

const struct kb_sim_host_ops kb_sim_as_ops = {open_as,   close_as,  receive_as,
                                              commit_as, outbox_as, sent_as};

/* --- PS --- */

static const int16_t suites[] = {2, 3, 0, 1};
static const int16_t groups[] = {23, 29, 256, 257, 258};
static const char *const clients[] = {"AS"};

static enum kb_err fill_pool(struct kb_sim_host *host, struct kb_ps *ps)
{
    const struct kb_world_config *config = &host->world->config;
    uint64_t count = config->pool ? config->pool : config->cards + POOL_SPARE;
    char first[KB_IMSI_MAX + 1];
    enum kb_err err;

    snprintf(first, sizeof(first), "%s%010d", host->world->operators[host->number].plmn, 1);
    err = kb_ps_add_identities(ps, text(first), count);
    return err ? err : kb_ps_commit(ps);
}

static enum kb_err open_ps(struct kb_sim_host *host, struct kb_report *why)
{
    const struct kb_sim_operator *provider = &host->world->operators[host->number];
    const struct kb_sim_maker *maker = host->world->maker;
    struct kb_ps_config config = {
        .path = host->path,
        .crypto = host->world->crypto,
        .random = {kb_chance_fill, &host->chance},
        .key = host->key,
        .now = now_of,
        .now_ctx = host,
        .fault = kb_sim_host_fault,
        .fault_ctx = host,
        .id_o = text(provider->id_o),
        .name = text(provider->name),
        .mnc_length = KB_SIM_PLMN - 3,
        .identities = maker->operators[host->number].identities,
        .identity_count = KB_SIM_CURVES,
        .makers = &maker->cards_root,
        .maker_count = 1,
        .suites = suites,
        .suite_count = sizeof(suites) / sizeof(suites[0]),
        .groups = groups,
        .group_count = sizeof(groups) / sizeof(groups[0]),
        .servers = clients,
        .server_count = 1,
    };
    struct kb_ps *ps = NULL;
    enum kb_err err = kb_ps_open(&config, &ps, why);

    if (err)
        return err;
    host->server = ps;
    err = fill_pool(host, ps);
    return err ? kb_report(why, err, "pool: %s", kb_err_text(err)) : KB_OK;
}

static void close_ps(void *server)
{
    kb_ps_close(server);
}

static enum kb_err receive_ps(void *server, const struct kb_mail *mail, struct kb_report *why)
{
    return kb_ps_receive(server, mail, why);
}

static enum kb_err commit_ps(void *server)
{
    return kb_ps_commit(server);
}

static enum kb_err outbox_ps(void *server, uint64_t after, struct kb_mail *mail, uint8_t *room)
{
    return kb_ps_outbox(server, after, mail, room);
}

static enum kb_err sent_ps(void *server, uint64_t id)
{
    return kb_ps_sent(server, id);
}

const struct kb_sim_host_ops kb_sim_ps_ops = {open_ps,   close_ps,  receive_ps,
                                              commit_ps, outbox_ps, sent_ps};

/* --- Cards that the AS is told of --- */

enum kb_err kb_sim_servers_tell(struct kb_world *world, uint64_t number,
                                const struct kb_air_card *made)
{
    struct kb_sim_host *host = &world->hosts[0];
    struct kb_chance chance;
    struct kb_as_card card = {.id_sc = text(made->id_sc),
                              .has_old_keys = world->config.has_old_keys,
                              .admin_code = text(made->admin_code),
                              .credential = kb_span(made->credential, made->credential_len)};
    char phone[KB_SIM_NUMBER];
    unsigned wanted;
    enum kb_err err;

    if (!host->server)
        return KB_ERR_TIMEOUT;
    if (world->dishonest)
        kb_sim_dishonest_learn(world->dishonest, number, made);
    kb_chance_init(&chance, world->config.seed, KB_CHANCE_USER, number);
    wanted = kb_sim_choose_operator(world, &chance);
    kb_sim_number(0, number, phone);
    card.operator= text(world->operators[wanted].id_o);
    card.number = text(phone);
    memcpy(card.kic, made->kic, sizeof(card.kic));
    memcpy(card.kid, made->kid, sizeof(card.kid));
    err = kb_as_add_card(host->server, &card);
    if (!err)
        err = kb_as_commit(host->server);
    if (err && host->is_armed) {
        kb_sim_host_die(host);
        return KB_ERR_TIMEOUT;
    }
    return err;
}

/* A server that dies at it is asked again, as a card that does not begin is. */
void kb_sim_servers_start(struct kb_world *world, const char *id_sc)
{
    struct kb_sim_host *host = &world->hosts[0];
    enum kb_err err = host->server ? kb_as_start(host->server, text(id_sc)) : KB_ERR_TIMEOUT;

    if (!err)
        kb_sim_host_stir(host);
    else if (host->server && host->is_armed)
        kb_sim_host_die(host);
}

enum kb_session_reason kb_sim_servers_reason(struct kb_world *world, const char *id_sc)
{
    struct kb_as_status status;

    if (!world->hosts[0].server || kb_as_status(world->hosts[0].server, text(id_sc), &status) ||
        status.state != KB_AS_REFUSED)
        return KB_REASON_NONE;
    return (enum kb_session_reason)status.reason;
}

unsigned kb_sim_choose_operator(const struct kb_world *world, struct kb_chance *chance)
{
    unsigned with_contract = world->operator_count - 1;

    /* The last one has none, when there are strangers at all. */
    if (world->config.stranger > 0) {
        with_contract--;
        if (!with_contract || kb_chance_is(chance, world->config.stranger))
            return world->operator_count - 1;
    }
    return 1 + (unsigned)kb_chance_below(chance, with_contract);
}

uint64_t kb_sim_mail_card(const struct kb_world *world, unsigned host, const struct kb_mail *mail)
{
    struct kb_session_message message;
    struct kb_register_message request;
    const struct kb_sim_subscriber *subscriber;
    unsigned long long card = KB_SIM_NOBODY;
    uint64_t number;
    unsigned provider;

    switch (mail->kind) {
    case KB_MAIL_SMS:
        return kb_sim_number_read(mail->peer, &provider, &number) ? number : KB_SIM_NOBODY;
    case KB_MAIL_CHANNEL:
        return sscanf(mail->peer, "%llu", &card) == 1 ? card : KB_SIM_NOBODY;
    case KB_MAIL_SERVER:
        return kb_session_read(mail->body, &message) ? KB_SIM_NOBODY
                                                     : kb_sim_maker_number(world, message.id_sc);
    default:
        if (kb_register_read(mail->body, &request))
            return KB_SIM_NOBODY;
        subscriber =
            kb_sim_subscribers_find(&world->operators[host].subscribers, kb_sim_imsi(request.imsi));
        return subscriber ? subscriber->card : KB_SIM_NOBODY;
    }
}
