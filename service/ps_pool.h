/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities of an operator: ranges that nobody ever had, and holdings, which were taken at some
 * time and belong to a card or have come back. To take one costs the same however many there are.
 */
#ifndef KB_SERVICE_PS_POOL_H
#define KB_SERVICE_PS_POOL_H

#include "service/ps_agree.h"
#include "service/store.h"
#include "wire/bcd.h"

enum kb_ps_use {
    KB_PS_USE_TAKE,    /* for a card: a free one, or the one that it has, with new keys */
    KB_PS_USE_RELEASE, /* it leaves */
    KB_PS_USE_SEE,     /* the register saw it */
    KB_PS_USE_CONFIRM, /* the card says that it works */
    KB_PS_USE_DROP,    /* the card has wiped it */
    KB_PS_USE_REMOVED, /* the register has it no more */
    KB_PS_USES
};

/* The pure part: false when that cannot happen to an identity in this state. */
bool kb_ps_pool_next(enum kb_ps_identity state, enum kb_ps_use use, enum kb_ps_identity *next);

struct kb_ps_holding {
    char imsi[KB_IMSI_MAX + 1];
    enum kb_ps_identity state;
    char server[KB_MAIL_PEER]; /* empty, as the next: no card has it */
    char id_sc[KB_ID_SC_MAX + 1];
    uint32_t number;  /* of the attempt whose keys it has */
    uint64_t request; /* of the last that the register was asked about it */
};

/* KB_ERR_RANGE: first is no IMSI, or the last one would have more digits. */
enum kb_err kb_ps_pool_add(struct kb_store *store, struct kb_span first, uint64_t count);

/* KB_ERR_ABSENT. */
enum kb_err kb_ps_pool_of_card(struct kb_store *store, struct kb_span server, struct kb_span id_sc,
                               struct kb_ps_holding *holding);
enum kb_err kb_ps_pool_of_imsi(struct kb_store *store, struct kb_span imsi,
                               struct kb_ps_holding *holding);

/* One that is free. It is nobody's before kb_ps_pool_give. KB_ERR_ABSENT: there is none. */
enum kb_err kb_ps_pool_free(struct kb_store *store, struct kb_ps_holding *holding);

/* Binds an identity to the card that the holding names, with the keys of an attempt. */
enum kb_err kb_ps_pool_give(struct kb_store *store, struct kb_ps_holding *holding,
                            const struct kb_ps_keys *keys);

/* Anything else that happens to it; request: of REMOVE, for USE_DROP. KB_ERR_RULE: it cannot.
 * KB_ERR_EXISTS: another process was first. */
enum kb_err kb_ps_pool_use(struct kb_store *store, struct kb_ps_holding *holding,
                           enum kb_ps_use use, uint64_t request);

/* The key that seals what the card says of it. KB_ERR_ABSENT: it is over. The caller wipes. */
enum kb_err kb_ps_pool_seal(struct kb_store *store, const struct kb_ps_holding *holding,
                            uint8_t key[KB_PS_KEY]);
/* It is used, and nothing more is to be sealed. */
enum kb_err kb_ps_pool_forget_seal(struct kb_store *store, struct kb_ps_holding *holding);

/* A number for the register. */
enum kb_err kb_ps_pool_request(struct kb_store *store, uint64_t *request);

enum kb_err kb_ps_pool_count(struct kb_store *store, struct kb_ps_count *count);

#endif
