/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication vectors for a Wi-Fi login by SIM: the text protocol in which hostapd asks for them
 * (its option eap_sim_db=unix:PATH). One datagram asks, one answers:
 *
 *     SIM-REQ-AUTH <IMSI> <n>             SIM-RESP-AUTH <IMSI> <Kc>:<SRES>:<RAND> ... (n times)
 *     AKA-REQ-AUTH <IMSI>                 AKA-RESP-AUTH <IMSI> <RAND> <AUTN> <IK> <CK> <RES>
 *     AKA-AUTS <IMSI> <AUTS> <RAND>       (no answer)
 *
 * Where there is none to give, an answer ends in FAILURE. Vectors are those of TS 33.102 clause
 * 6.3; sequence numbers carry an IND of this client's own (annex C.1.1.2). No sockets, no store and
 * no random numbers of its own.
 */
#ifndef KB_NET_EAP_DB_H
#define KB_NET_EAP_DB_H

#include "agree/party.h"
#include "crypto/aka.h"
#include "wire/bcd.h"

enum {
    KB_EAP_DB_MAX = 999,    /* bytes of a datagram that hostapd can take */
    KB_EAP_DB_TRIPLETS = 3, /* EAP-SIM takes two or three (RFC 4186 clause 10.9) */
    KB_SQN_IND_WIFI = 30    /* of 0 .. 31; the desk has 31 */
};

struct kb_eap_subscriber {
    struct kb_aka_profile
        profile; /* CK and IK of 16 bytes, MAC of 8: EAP-AKA has room for no more */
    bool is_gsm; /* no 3G algorithm: triplets only */
    uint8_t k_len, top_len;
    uint8_t k[KB_AKA_KEY_MAX], top[KB_AKA_KEY_MAX];
    uint64_t seq; /* the highest that was given out */
};

struct kb_eap_db {
    const struct kb_crypto *crypto;
    struct kb_random random;
    uint8_t amf[2]; /* EAP-AKA' wants the separation bit: 80 00 */
    uint8_t ind;    /* 0 .. 31 */

    /* The owner of keys and numbers. KB_ERR_ABSENT: no such subscriber. */
    enum kb_err (*find)(void *context, struct kb_span imsi, struct kb_eap_subscriber *subscriber);
    /* Has to be durable when it returns: the vector leaves afterwards. */
    enum kb_err (*keep_seq)(void *context, struct kb_span imsi, uint64_t seq);
    void *context;
};

enum kb_eap_db_result {
    KB_EAP_DB_IGNORED, /* not of this protocol */
    KB_EAP_DB_TRIPLES, /* for EAP-SIM */
    KB_EAP_DB_VECTOR,  /* for EAP-AKA and EAP-AKA' */
    KB_EAP_DB_RESYNC,  /* the number was set to the card's */
    KB_EAP_DB_REFUSED, /* an AUTS with a wrong MAC-S or of nobody; no answer */
    KB_EAP_DB_FAILURE, /* answered so */
    KB_EAP_DB_RESULTS
};

/* Takes one datagram and writes its answer; nothing when there is none. The answer holds keys: who
 * sent it wipes it. imsi: where it stands in the datagram, empty when there is none to show. */
enum kb_eap_db_result kb_eap_db_step(const struct kb_eap_db *db, struct kb_span datagram,
                                     struct kb_writer *answer, struct kb_span *imsi);

#endif
