/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server as a process: takes mail, lets it do its steps, commits, acknowledges, sends what is in
 * the outbox until that is acknowledged. It can die at any store or send operation; then all that
 * was not committed is lost, and after a while it is started again on the same database.
 */
#ifndef KB_SIM_HOST_H
#define KB_SIM_HOST_H

#include "service/as.h"
#include "service/ps.h"
#include "sim/clock.h"
#include "sim/crypto.h"
#include "sim/random.h"

struct kb_world;
struct kb_sim_host;

/* What AS and PS have in common. */
struct kb_sim_host_ops {
    enum kb_err (*open)(struct kb_sim_host *host, struct kb_report *why);
    void (*close)(void *server);
    enum kb_err (*receive)(void *server, const struct kb_mail *mail, struct kb_report *why);
    enum kb_err (*commit)(void *server);
    enum kb_err (*outbox)(void *server, uint64_t after, struct kb_mail *mail, uint8_t *room);
    enum kb_err (*sent)(void *server, uint64_t id);
};

struct kb_sim_host {
    struct kb_world *world;
    unsigned number; /* 0: the AS; n: the PS of operator n */
    const struct kb_sim_host_ops *ops;
    char name[KB_MAIL_PEER];
    char path[96];
    void *server;     /* NULL: it is dead */
    bool is_armed;    /* it may die */
    uint64_t dies_in; /* so many of its operations from now, when armed; 0: not by that */
    bool is_due;      /* work is planned */
    uint32_t life;
    uint64_t sent_up_to; /* number in the outbox */
    struct kb_chance chance, kill, mail;
    uint8_t key[KB_GCM_KEY];
    struct kb_sim_letter **inbox;
    size_t inbox_count, inbox_room;
    struct kb_sim_work work;
};

void kb_sim_host_init(struct kb_sim_host *host, struct kb_world *world, unsigned number);
enum kb_err kb_sim_host_open(struct kb_sim_host *host, struct kb_report *why);
void kb_sim_host_end(struct kb_sim_host *host);

/* A letter comes in, which the host holds until it is acknowledged. */
void kb_sim_host_arrive(struct kb_sim_host *host, struct kb_sim_letter *letter);

/* Something was told to the server directly: commits, and sends what that gave. */
void kb_sim_host_stir(struct kb_sim_host *host);

/* It dies, and comes again. */
void kb_sim_host_die(struct kb_sim_host *host);

/* For config.fault of AS and PS; ctx is the host. */
enum kb_err kb_sim_host_fault(void *ctx, const char *where);

/* Mail from outside for a host (from a centre, a register, a connection), sent again until it is
 * acknowledged when is_sure. Takes over the letter. */
void kb_sim_post(struct kb_world *world, struct kb_sim_letter *letter, bool is_sure);

/* Tells the sender of a letter, by and by, that it came. */
void kb_sim_acknowledge(struct kb_world *world, struct kb_sim_letter *letter);

#endif
