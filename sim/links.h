/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that one party sends to another goes through here: it is counted, enters the digest
 * by which two runs are compared, and is shown to whoever watches. */
#ifndef KB_SIM_LINKS_H
#define KB_SIM_LINKS_H

#include "crypto/crypto.h"
#include "wire/cursor.h"

enum kb_sim_link {
    KB_LINK_CARD,     /* card and terminal: APDUs */
    KB_LINK_RADIO,    /* terminal and visited network: attaching */
    KB_LINK_ROAMING,  /* visited network and the register of the identity */
    KB_LINK_SMS,      /* terminal and short message centre: TPDUs */
    KB_LINK_CENTRE,   /* short message centre and AS: user data */
    KB_LINK_CHANNEL,  /* terminal and AS: bytes of a connection */
    KB_LINK_SERVERS,  /* AS and PS */
    KB_LINK_REGISTER, /* PS and register of one operator: the only one where keys may show */
    KB_LINKS
};

struct kb_sim_crossing {
    int64_t at; /* milliseconds since the world began */
    enum kb_sim_link link;
    bool is_up;    /* from the card's side towards the operator's */
    uint64_t card; /* KB_SIM_NOBODY: of none */
    const char *from, *to;
    const char *what; /* in words: "SMS-SUBMIT" */
    struct kb_span bytes;
};

typedef void kb_sim_observe(void *ctx, const struct kb_sim_crossing *crossing);

enum { KB_SIM_GOES = 2 };

/* What becomes of a message: what goes on, and when. The bytes are the meddler's, until the next
 * message crosses. */
struct kb_sim_fate {
    struct {
        struct kb_span bytes;
        int64_t delay_ms;
        bool is_forged; /* other bytes than were sent */
    } goes[KB_SIM_GOES];
    size_t count; /* 0: it is lost, and nobody is told */
};

/* fate: the message goes on as it is; may be changed. What crosses the links of cards, radio and
 * roaming goes on whatever is said. */
typedef void kb_sim_meddle(void *ctx, const struct kb_sim_crossing *crossing,
                           struct kb_sim_fate *fate);

enum { KB_SIM_OBSERVERS = 4 };

struct kb_sim_links {
    struct kb_sim_count {
        uint64_t messages, bytes;
    } count[KB_LINKS];
    const struct kb_crypto *crypto;
    struct kb_sha256 digest;
    struct {
        kb_sim_observe *observe;
        void *ctx;
    } observers[KB_SIM_OBSERVERS];
    size_t observer_count;
    kb_sim_meddle *meddle; /* NULL: nobody does */
    void *meddle_ctx;
};

enum kb_err kb_sim_links_start(struct kb_sim_links *links, const struct kb_crypto *crypto);
/* Whoever observes sees everything from now on. At most KB_SIM_OBSERVERS. */
void kb_sim_links_observe(struct kb_sim_links *links, kb_sim_observe *observe, void *ctx);
struct kb_sim_fate kb_sim_links_cross(struct kb_sim_links *links,
                                      const struct kb_sim_crossing *crossing);
void kb_sim_links_finish(struct kb_sim_links *links, uint8_t digest[KB_SHA256_SIZE]);

/* "SMS", "channel" ... */
const char *kb_sim_link_name(enum kb_sim_link link);

#endif
