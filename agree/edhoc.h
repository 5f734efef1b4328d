/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EDHOC (RFC 9528), method 3: both sides prove who they are with static Diffie-Hellman keys, and
 * no signature travels. Cipher suites 0-3, both roles. A step takes one message and gives the next
 * one; there is no I/O and no heap. The RFC calls a failure fatal, and so it is: the agreement is
 * over and its secrets are wiped.
 */
#ifndef KB_AGREE_EDHOC_H
#define KB_AGREE_EDHOC_H

#include "agree/curve.h"
#include "agree/ead.h"
#include "agree/party.h"
#include "agree/refusal.h"
#include "agree/schedule.h"

enum {
    KB_EDHOC_METHOD = 3,
    KB_EDHOC_IDENTIFIER_MAX = 8, /* bytes of a connection identifier */
    KB_EDHOC_KID_MAX = 32,
    KB_EDHOC_PLAINTEXT_MAX = 512, /* identifier, credential, MAC and EAD of message 2 or 3 */
    KB_EDHOC_MESSAGE_MAX = KB_EDHOC_PLAINTEXT_MAX + 64
};

/* One of the own credentials. At most one for each curve is used. */
struct kb_edhoc_identity {
    enum kb_curve curve;
    const uint8_t *private_key; /* KB_CURVE_SIZE bytes, the static key */
    struct kb_span id_cred;     /* ID_CRED_x: a header map, such as {4: kid} or {13: CWT} */
    struct kb_span cred;        /* CRED_x: the CWT or CCS itself */
};

/* What a caller knows about the peer that an ID_CRED_x names. */
struct kb_edhoc_peer {
    enum kb_curve curve;
    uint8_t public_key[KB_CURVE_SIZE];
    struct kb_span cred; /* CRED_x; may point into the id_cred that was asked for */
};

struct kb_edhoc_config {
    const struct kb_crypto *crypto;
    struct kb_random random;

    /* Suites in order of preference, at most KB_OFFER_MAX. One is supported when this code knows it
     * and there is an identity on its curve; others may stand here, and are only named. */
    const int16_t *suites;
    size_t suite_count;

    const struct kb_edhoc_identity *identities;
    size_t identity_count;

    struct kb_span connection; /* C_I or C_R, up to KB_EDHOC_IDENTIFIER_MAX bytes */
    bool has_message_4;        /* both sides must know (clause 5.5) */

    /* Finds and judges the peer's credential; called after the message was decrypted and before its
     * MAC is verified, so what it does must be harmless. The credential counts only once the step
     * has succeeded. KB_ERR_ABSENT: nobody knows it, which the peer is told; any other error ends
     * the agreement. */
    enum kb_err (*find_peer)(void *context, struct kb_span id_cred, struct kb_edhoc_peer *peer);
    void *find_context;

    /* Items for message 1-4 at index 0-3; and who takes those of the peer, or NULL. EAD_1 comes
     * from nobody knows whom; the others are handed over once their message has been verified. */
    struct kb_ead_list ead[4];
    kb_ead_take *take_ead;
    void *take_context;
};

struct kb_edhoc_identifier {
    uint8_t len;
    uint8_t bytes[KB_EDHOC_IDENTIFIER_MAX];
};

/* For one agreement. Holds no pointer but that to the configuration, which has to stay. */
struct kb_edhoc {
    const struct kb_edhoc_config *config;
    uint8_t role;  /* enum kb_agree_role */
    uint8_t state; /* enum kb_agree_state */
    bool has_retried;
    int16_t suite;
    struct kb_edhoc_identifier peer_connection;
    uint8_t private_key[KB_CURVE_SIZE]; /* X or Y */
    uint8_t th[KB_TH_SIZE];             /* H(message_1), then TH_3, then TH_4 */
    uint8_t prk[KB_PRK_SIZE];           /* PRK_3e2m, PRK_4e3m, then PRK_out */
};

/* An initiator's next step takes an empty message. KB_ERR_USAGE: the configuration cannot work. */
enum kb_err kb_edhoc_start(struct kb_edhoc *edhoc, enum kb_agree_role role,
                           const struct kb_edhoc_config *config);

/*
 * Takes a message and writes the next one, if there is one, to out, which needs room for
 * KB_EDHOC_MESSAGE_MAX bytes and is written from where it stands. A refused suite makes the
 * initiator start over, once, with one that the responder named (clause 6.3.1): the step gives
 * a new message_1. After an error what was written is an error message for the peer, or nothing:
 *
 * KB_ERR_MALFORMED  the message has another shape
 * KB_ERR_INTEGRITY  a MAC, a tag or a point is wrong
 * KB_ERR_VERSION    no suite in common (or, of a responder: another one is wanted)
 * KB_ERR_ABSENT     the peer's credential is not known
 * KB_ERR_RULE       a critical EAD item is not known, or the credential is our own
 * KB_ERR_PEER       the peer refused
 * KB_ERR_USAGE      no message is awaited; nothing changes
 * others            of the port, find_peer, take_ead, or no room in out
 */
enum kb_err kb_edhoc_step(struct kb_edhoc *edhoc, struct kb_span message, struct kb_writer *out);

/* EDHOC_Exporter (clause 4.2.1). KB_ERR_USAGE before the agreement is done: an initiator that
 * awaits message_4 gets nothing earlier. */
enum kb_err kb_edhoc_export(const struct kb_edhoc *edhoc, uint16_t label, struct kb_span context,
                            uint8_t *out, size_t out_len);

/* EDHOC_KeyUpdate (appendix H): both sides give the same context, and no older key comes back. */
enum kb_err kb_edhoc_update(struct kb_edhoc *edhoc, struct kb_span context);

void kb_edhoc_end(struct kb_edhoc *edhoc); /* wipes */

#endif
