/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of EDHOC share, and nobody else sees. */
#ifndef KB_AGREE_EDHOC_INSIDE_H
#define KB_AGREE_EDHOC_INSIDE_H

#include "agree/edhoc.h"

enum { KB_EDHOC_MAC_MAX = 16 };

/* RFC 9528 clause 3.6: AES-CCM-16-64-128 or -16-128-128 and SHA-256; the MAC is as long as the tag.
 */
struct kb_edhoc_suite {
    int16_t number;
    enum kb_curve curve;
    uint8_t mac_len;
};

/* That of the agreement, which is one of the table. */
const struct kb_edhoc_suite *kb_edhoc_suite_of(const struct kb_edhoc *e);
const struct kb_edhoc_identity *kb_edhoc_identity_of(const struct kb_edhoc *e);
bool kb_edhoc_supports(const void *config, int16_t suite); /* a kb_offer_supports */

/* edhoc_message.c */

/* The parts of PLAINTEXT_2 and PLAINTEXT_3 that a MAC is computed over, as context_2 and context_3
 * have them. */
struct kb_edhoc_parts {
    struct kb_span connection; /* C_R as it is encoded; nothing in message 3 */
    struct kb_span id_cred;    /* ID_CRED_x, always as a map */
    struct kb_span ead;
    struct kb_span cred; /* CRED_x */
};

/* What was read of one: the parts but CRED_x, C_R as the byte string it stands for, the MAC. */
struct kb_edhoc_plaintext {
    struct kb_edhoc_parts parts;
    struct kb_edhoc_identifier connection;
    struct kb_span mac;
    uint8_t kid_map[4 + KB_EDHOC_KID_MAX]; /* where id_cred lies when a kid alone was sent */
};

/* Byte strings that look like the encoding of a small integer are sent as that (clause 3.3.2). */
void kb_edhoc_put_identifier(struct kb_writer *wr, struct kb_span identifier);
/* The longer form of such a one marks the cursor bad. */
struct kb_span kb_edhoc_read_identifier(struct kb_cursor *rd);
void kb_edhoc_keep_identifier(struct kb_edhoc_identifier *to, struct kb_span from);

/* Composes PLAINTEXT_2 (label MAC_2, with the own connection identifier) or PLAINTEXT_3 (MAC_3),
 * with th and prk as they stand. */
enum kb_err kb_edhoc_compose(const struct kb_edhoc *e, enum kb_edhoc_label label,
                             const struct kb_ead_list *ead, struct kb_writer *plaintext);

enum kb_err kb_edhoc_parse(const struct kb_edhoc *e, enum kb_edhoc_label label,
                           struct kb_span plaintext, struct kb_edhoc_plaintext *out);

/* KB_ERR_INTEGRITY: the MAC of the peer is another one. */
enum kb_err kb_edhoc_check_mac(const struct kb_edhoc *e, enum kb_edhoc_label label,
                               const struct kb_edhoc_plaintext *plaintext);

/* edhoc_keys.c */

/* TH_2 from H(message_1), PRK_2e from G_XY (clauses 4.1.1.1 and 5.3.2). */
enum kb_err kb_edhoc_agree(struct kb_edhoc *e, const uint8_t g_y[KB_CURVE_SIZE],
                           const uint8_t peer[KB_CURVE_SIZE]);

/* PRK = Extract(KDF(PRK, label, TH, 32), shared secret) (clauses 4.1.1.2 and 4.1.1.3). */
enum kb_err kb_edhoc_mix(struct kb_edhoc *e, enum kb_edhoc_label label, const uint8_t *private_key,
                         const uint8_t *peer);

/* TH = H(TH, plaintext, CRED_x) (clauses 5.4.2 and 5.5). */
enum kb_err kb_edhoc_extend(struct kb_edhoc *e, struct kb_span plaintext, struct kb_span cred);

/* XORs with KEYSTREAM_2, that of PRK_2e. */
enum kb_err kb_edhoc_stream(const struct kb_edhoc *e, const uint8_t prk_2e[KB_PRK_SIZE],
                            uint8_t *text, size_t len);

/* message_3 or message_4 from its plaintext and back; key_label: of K, that of IV being the next
 * one. */
enum kb_err kb_edhoc_seal(const struct kb_edhoc *e, const uint8_t prk[KB_PRK_SIZE],
                          enum kb_edhoc_label key_label, struct kb_span plaintext,
                          struct kb_writer *out);
enum kb_err kb_edhoc_open(const struct kb_edhoc *e, const uint8_t prk[KB_PRK_SIZE],
                          enum kb_edhoc_label key_label, struct kb_span message,
                          struct kb_writer *plaintext);

/* PRK_out; the agreement is done. */
enum kb_err kb_edhoc_finish(struct kb_edhoc *e);

/* edhoc_steps.c: each takes the message of its number and writes what follows. */
enum kb_err kb_edhoc_write_1(struct kb_edhoc *e, const struct kb_offer *limits,
                             struct kb_writer *out);
enum kb_err kb_edhoc_take_1(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out);
enum kb_err kb_edhoc_take_2(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out);
enum kb_err kb_edhoc_take_3(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out);
enum kb_err kb_edhoc_take_4(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out);

#endif
