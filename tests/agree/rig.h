/* SPDX-License-Identifier: Apache-2.0 */
/* A card and an operator that can agree: keys, credentials under two roots, seeded random numbers.
 * The card speaks first. */
#ifndef KB_TESTS_AGREE_RIG_H
#define KB_TESTS_AGREE_RIG_H

#include "tests/crypto/backends.h"

#include "agree/agree.h"
#include "agree/trust.h"

enum { RIG_CURVES = 2, RIG_NOW = 1800000000 };

struct rig_root {
    uint8_t private_key[KB_P256_PRIVATE], public_key[KB_P256_PUBLIC];
    struct kb_credential_root root;
};

struct rig_party {
    uint64_t seed;
    uint8_t private_keys[RIG_CURVES][KB_CURVE_SIZE];
    uint8_t tokens[RIG_CURVES][KB_CREDENTIAL_MAX];
    uint8_t id_creds[RIG_CURVES][KB_CREDENTIAL_MAX + 4];
    struct kb_span token_spans[RIG_CURVES];
    struct kb_edhoc_identity identities[RIG_CURVES];
    struct kb_trust trust;
    struct kb_edhoc_config edhoc;
    struct kb_dh_config dh;
    const struct rig_party *peer; /* whose tokens are known by kid */
    struct kb_agree agree;
};

struct rig {
    struct rig_root maker, operators;
    struct rig_party card, operator_;
    int64_t now;
};

enum rig_names { RIG_BY_KID, RIG_BY_VALUE };

/* One message of an exchange and what each side was before it came; 0 is nobody's. */
struct rig_message {
    uint8_t bytes[KB_AGREE_MESSAGE_MAX];
    size_t len;
    struct kb_agree card, operator_;
};

/* Kids are of one byte, which is sent as such. */
void rig_set_up(struct rig *rig, const struct kb_crypto *card, const struct kb_crypto *operator_,
                enum rig_names names);

/* Suites or groups of both sides. */
void rig_offer(struct rig *rig, const int16_t *values, size_t count);

/* A new agreement on both sides, with the same random numbers every time. */
void rig_start_edhoc(struct rig *rig);
void rig_start_dh(struct rig *rig);

/* The whole exchange; returns the number of messages. messages: of at least 6. Both sides must end
 * well. */
size_t rig_run(struct rig *rig, struct rig_message *messages);

/* Delivers one message to whom it is for, number 1 being for the operator, and the answers to and
 * fro until there is none. */
void rig_deliver(struct rig *rig, size_t number, struct kb_span message);

bool rig_is_done(const struct rig_party *party);

/* A new token for one of the parties, on both curves. */
void rig_issue(const struct kb_crypto *crypto, const struct rig_root *root, struct rig_party *party,
               const char *subject, int64_t not_before, int64_t expires, enum rig_names names,
               char kid);

#endif
