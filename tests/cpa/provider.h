/* SPDX-License-Identifier: Apache-2.0 */
/* Application server and personalization server of one operator in one: enough of both to lead a
 * card through a personalization as docs/protocol.md says, and to misbehave when a test wants it.
 */
#ifndef KB_TESTS_CPA_PROVIDER_H
#define KB_TESTS_CPA_PROVIDER_H

#include "tests/crypto/backends.h"

#include "agree/export.h"
#include "agree/trust.h"
#include "card/ota/seal.h"
#include "card/ota/secured.h"
#include "wire/session.h"
#include "wire/sms_parts.h"

enum { PROVIDER_NOW = 1800000000, PROVIDER_PACKET = 1100 };

struct root {
    uint8_t private_key[KB_P256_PRIVATE], public_key[KB_P256_PUBLIC];
    struct kb_credential_root is;
};

/* A key on one curve and its token. */
struct party {
    enum kb_curve curve;
    uint8_t private_key[KB_CURVE_SIZE], public_key[KB_CURVE_SIZE];
    uint8_t token_bytes[KB_CREDENTIAL_MAX];
    struct kb_span token;
};

struct secrets {
    uint8_t seal[16], k[16], opc[16], kic[16], kid[16], kik[16];
};

struct provider {
    uint64_t seed;
    struct root maker, operators;
    struct party card, own;
    const char *id_sc, *id_o, *admin_code;
    enum kb_session_agreement agreement;
    int16_t suites[4];
    size_t suite_count;

    /* Packets. */
    struct kb_ota_keys keys;
    enum kb_packet_bearer bearer;
    uint64_t taken, sent; /* counters */
    struct kb_sms_join join;
    uint8_t join_room[PROVIDER_PACKET];

    /* The attempt. */
    uint32_t session;
    struct kb_agree agree;
    uint8_t id_cred[KB_CREDENTIAL_MAX + 4];
    struct kb_edhoc_identity identity;
    struct kb_edhoc_config edhoc;
    struct kb_dh_config dh;
    char binding[64];
    struct kb_trust trust;
    int64_t now;
    bool has_agreed;        /* in this attempt */
    struct secrets secrets; /* of the last agreement that was finished */
    struct kb_identity gives;
    bool has_released;

    /* What the card said last. */
    struct kb_session_message heard;
    uint8_t heard_bytes[KB_SESSION_MAX];
    unsigned requests, agrees, confirms, refusals, dropped_seals; /* how often; repeats too */

    /* The answer: the message, and the packet that waits to be delivered. */
    uint8_t answer[KB_SESSION_MAX];
    size_t answer_len;
    uint8_t answer_kind;
    uint8_t packet[PROVIDER_PACKET];
    size_t packet_len;

    /* How it misbehaves. */
    bool is_deaf;                   /* to everything */
    enum kb_session_kind silent_at; /* says nothing to this kind */
    enum kb_session_reason refuses; /* every REQUEST, for this reason */
    struct kb_span choice;          /* CHOOSE for who asks for a list */
    struct kb_span revoked;         /* with COMMAND */
    uint64_t time;                  /* with COMMAND */
    /* Changes a message before it is protected, or NULL. */
    void (*change)(struct provider *provider, struct kb_writer *message);
    void *context;
};

/* Two roots, a card and an operator on this curve, both under their roots. */
void provider_start(struct provider *provider, enum kb_curve curve);

/* Its packets go under triple DES, or under AES again. */
void provider_use_old_keys(struct provider *provider, bool is_old);

/* A token for the operator, which takes the place of the one it has. */
void provider_issue(struct provider *provider, const struct root *root, const char *subject,
                    int64_t not_before, int64_t expires);

/* Once curve, suites, agreement and token are what they shall be. */
void provider_ready(struct provider *provider);

/* A short message of the card, or a packet of it. The answer waits in packet. */
void provider_take_short_message(struct provider *provider, struct kb_span tpdu);
void provider_take_packet(struct provider *provider, uint8_t *packet, size_t len);

/* Protects a message for the card, with the next counter. */
void provider_say(struct provider *provider, struct kb_span message);
void provider_write(struct provider *provider, const struct kb_session_message *message);

/* A list of revoked operators, signed by root. Returns its length. */
size_t provider_revoke(const struct root *root, uint64_t number, const struct party *who,
                       uint8_t *bytes, size_t cap);

#endif
