/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/subscribers.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/milenage.h"
#include "crypto/secret.h"
#include "sim/letter.h"
#include "sim/memory.h"

enum { FIRST_ROOM = 64, IND_BITS = 5, IMSI_MAX = 15, SQN = 6 };

static const uint8_t amf[2] = {0x80, 0x00};
static const uint8_t amf_resync[2] = {0x00, 0x00}; /* TS 33.102 clause 6.3.3 */

uint64_t kb_sim_imsi(struct kb_span digits)
{
    uint64_t value = 1;

    if (!digits.len || digits.len > IMSI_MAX)
        return 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return 0;
        value = value * 10 + (uint64_t)(digits.data[i] - '0');
    }
    return value;
}

void kb_sim_subscribers_init(struct kb_sim_subscribers *subscribers, const struct kb_crypto *crypto,
                             uint64_t seed, uint64_t number)
{
    *subscribers = (struct kb_sim_subscribers){.crypto = crypto, .room = FIRST_ROOM};
    kb_chance_init(&subscribers->chance, seed, KB_CHANCE_REGISTER, number);
    subscribers->table = kb_sim_allocate(FIRST_ROOM, sizeof(*subscribers->table));
}

void kb_sim_subscribers_end(struct kb_sim_subscribers *subscribers)
{
    if (subscribers->table)
        kb_wipe(subscribers->table, subscribers->room * sizeof(*subscribers->table));
    free(subscribers->table);
    *subscribers = (struct kb_sim_subscribers){0};
}

/* Its place, or the free one where it would be. */
static struct kb_sim_subscriber *place_of(const struct kb_sim_subscribers *subscribers,
                                          uint64_t imsi)
{
    size_t at = (size_t)((imsi * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (subscribers->room - 1);

    while (subscribers->table[at].imsi && subscribers->table[at].imsi != imsi)
        at = (at + 1) & (subscribers->room - 1);
    return &subscribers->table[at];
}

struct kb_sim_subscriber *kb_sim_subscribers_find(const struct kb_sim_subscribers *subscribers,
                                                  uint64_t imsi)
{
    struct kb_sim_subscriber *subscriber = place_of(subscribers, imsi);

    return imsi && subscriber->imsi && !subscriber->is_gone ? subscriber : NULL;
}

/* Those who are gone keep their place: an old request about them must not count again. */
static void make_room(struct kb_sim_subscribers *subscribers)
{
    struct kb_sim_subscribers old = *subscribers;

    subscribers->room *= 2;
    subscribers->table = kb_sim_allocate(subscribers->room, sizeof(*subscribers->table));
    for (size_t i = 0; i < old.room; i++)
        if (old.table[i].imsi)
            *place_of(subscribers, old.table[i].imsi) = old.table[i];
    kb_wipe(old.table, old.room * sizeof(*old.table));
    free(old.table);
}

struct kb_sim_subscriber *kb_sim_subscribers_put(struct kb_sim_subscribers *subscribers,
                                                 uint64_t imsi, const uint8_t k[16],
                                                 const uint8_t opc[16])
{
    struct kb_sim_subscriber *subscriber;

    if (2 * (subscribers->taken + 1) > subscribers->room)
        make_room(subscribers);
    subscriber = place_of(subscribers, imsi);
    if (subscriber->imsi && !subscriber->is_gone && memcmp(subscriber->k, k, 16) == 0 &&
        memcmp(subscriber->opc, opc, 16) == 0)
        return subscriber;
    if (!subscriber->imsi)
        subscribers->taken++;
    if (!subscriber->imsi || subscriber->is_gone)
        subscriber->card = KB_SIM_NOBODY;
    subscriber->imsi = imsi;
    subscriber->is_gone = false;
    subscriber->sqn = 0;
    memcpy(subscriber->k, k, 16);
    memcpy(subscriber->opc, opc, 16);
    if (subscribers->forgets)
        subscriber->k[0] ^= 1;
    return subscriber;
}

void kb_sim_subscribers_remove(struct kb_sim_subscribers *subscribers, uint64_t imsi)
{
    struct kb_sim_subscriber *subscriber = kb_sim_subscribers_find(subscribers, imsi);

    if (!subscriber)
        return;
    kb_wipe(subscriber->k, sizeof(subscriber->k));
    kb_wipe(subscriber->opc, sizeof(subscriber->opc));
    subscriber->card = KB_SIM_NOBODY;
    subscriber->is_gone = true;
}

bool kb_sim_subscribers_is_old(const struct kb_sim_subscribers *subscribers, uint64_t imsi,
                               uint64_t request)
{
    const struct kb_sim_subscriber *subscriber = place_of(subscribers, imsi);

    return subscriber->imsi && request < subscriber->request;
}

/* --- Authentication --- */

static void write_sqn(uint64_t value, uint8_t sqn[SQN])
{
    for (int i = SQN - 1; i >= 0; i--, value >>= 8)
        sqn[i] = (uint8_t)value;
}

/* TS 33.102 annex C.1.1.1 with an IND that counts, C.1.1.3.2. */
static uint64_t next_sqn(uint64_t sqn)
{
    uint64_t mask = (UINT64_C(1) << IND_BITS) - 1;

    return (((sqn >> IND_BITS) + 1) << IND_BITS) | ((sqn + 1) & mask);
}

static enum kb_err compute(struct kb_milenage *m, const uint8_t sqn[SQN], struct kb_sim_vector *out)
{
    uint8_t ak[6];
    enum kb_err err = kb_milenage_f2_f5(m, out->xres, ak);

    if (!err)
        err = kb_milenage_f1(m, sqn, amf, out->autn + 8, NULL);
    if (!err)
        err = kb_milenage_f3(m, out->ck);
    if (!err)
        err = kb_milenage_f4(m, out->ik);
    for (size_t i = 0; i < SQN; i++)
        out->autn[i] = sqn[i] ^ ak[i];
    memcpy(out->autn + SQN, amf, sizeof(amf));
    return err;
}

enum kb_err kb_sim_subscribers_vector(struct kb_sim_subscribers *subscribers,
                                      struct kb_sim_subscriber *subscriber,
                                      struct kb_sim_vector *out)
{
    struct kb_milenage m;
    uint8_t sqn[SQN];
    enum kb_err err;

    *out = (struct kb_sim_vector){0};
    subscriber->sqn = next_sqn(subscriber->sqn);
    write_sqn(subscriber->sqn, sqn);
    kb_chance_fill(&subscribers->chance, out->rand, sizeof(out->rand));
    err = kb_milenage_challenge(&m, subscribers->crypto, subscriber->k, subscriber->opc, out->rand);
    if (!err)
        err = compute(&m, sqn, out);
    kb_milenage_end(&m);
    return err;
}

enum kb_err kb_sim_subscribers_resynchronise(struct kb_sim_subscribers *subscribers,
                                             struct kb_sim_subscriber *subscriber,
                                             const uint8_t rand[16], const uint8_t auts[14])
{
    struct kb_milenage m;
    uint8_t ak[SQN], sqn[SQN], mac[8];
    uint64_t value = 0;
    enum kb_err err =
        kb_milenage_challenge(&m, subscribers->crypto, subscriber->k, subscriber->opc, rand);

    if (!err)
        err = kb_milenage_f5star(&m, ak);
    for (size_t i = 0; !err && i < SQN; i++) {
        sqn[i] = auts[i] ^ ak[i];
        value = value << 8 | sqn[i];
    }
    if (!err)
        err = kb_milenage_f1(&m, sqn, amf_resync, NULL, mac);
    kb_milenage_end(&m);
    if (err)
        return err;
    if (!kb_is_equal(mac, auts + SQN, sizeof(mac)))
        return KB_ERR_INTEGRITY;
    subscriber->sqn = value;
    return KB_OK;
}
