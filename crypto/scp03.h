/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure Channel Protocol 03 (GlobalPlatform Card Specification, Amendment D, version 1.2): session
 * keys, cryptograms, and the protection of commands and responses, for the card (scp03.c) and for
 * whoever talks to it (scp03_host.c). Keys are AES-128, -192 or -256. In S8 mode challenges,
 * cryptograms and MACs have 8 bytes, in S16 mode 16.
 *
 * A command that is checked or protected moves the session on, its response does not: MAC chaining
 * value and encryption counter are those of the command it answers.
 */
#ifndef KB_CRYPTO_SCP03_H
#define KB_CRYPTO_SCP03_H

#include "crypto/crypto.h"

enum {
    KB_SCP03_KEY_MAX = 32,
    KB_SCP03_S8 = 8,
    KB_SCP03_S16 = 16,
    KB_SCP03_COUNTER = 3,                           /* bytes of the sequence counter */
    KB_SCP03_OVERHEAD = KB_AES_BLOCK + KB_SCP03_S16 /* most that protection adds */
};

/* Security level, P1 of EXTERNAL AUTHENTICATE (clause 7.1.2.1). */
enum { KB_SCP03_C_MAC = 0x01, KB_SCP03_C_DEC = 0x02, KB_SCP03_R_MAC = 0x10, KB_SCP03_R_ENC = 0x20 };

/* "i", what a card can do (table 5-1). */
enum {
    KB_SCP03_I_S16 = 0x01,
    KB_SCP03_I_PSEUDO_RANDOM = 0x10,
    KB_SCP03_I_R_MAC = 0x20,
    KB_SCP03_I_R_ENC = 0x40
};

/* A session, wiped by its owner when it ends. */
struct kb_scp03 {
    uint8_t enc[KB_SCP03_KEY_MAX], mac[KB_SCP03_KEY_MAX], rmac[KB_SCP03_KEY_MAX];
    uint8_t chaining[KB_AES_BLOCK]; /* MAC chaining value; until the host has authenticated itself
                                       the cryptogram it has to give */
    uint32_t counter;               /* of commands: encryption counter */
    uint8_t key_len;                /* 16, 24 or 32 */
    uint8_t mode;                   /* KB_SCP03_S8 or KB_SCP03_S16 */
    uint8_t level;                  /* security level in force */
};

/* What INITIALIZE UPDATE brought together. The challenges have as many bytes as the mode says. */
struct kb_scp03_start {
    const uint8_t *enc, *mac; /* Key-ENC and Key-MAC */
    uint8_t key_len;
    uint8_t mode;
    const uint8_t *host_challenge, *card_challenge;
};

/* The pseudo-random card challenge (clause 6.2.2.1). out: mode bytes. */
enum kb_err kb_scp03_challenge(const struct kb_crypto *crypto, const uint8_t *enc, uint8_t key_len,
                               uint8_t mode, const uint8_t counter[KB_SCP03_COUNTER],
                               struct kb_span aid, uint8_t *out);

/* Makes the session keys and both cryptograms (clauses 6.2.1 to 6.2.2.3); the host's waits in
 * chaining. Nothing is protected yet. card_cryptogram: mode bytes. KB_ERR_RANGE: no such key. */
enum kb_err kb_scp03_begin(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                           const struct kb_scp03_start *start, uint8_t *card_cryptogram);

/* Both sides: the next C-MAC, over a header and data as it travels (clause 6.2.4). The class byte
 * is 04 or 84 on whatever logical channel, with bit 10 in all links of a chain but the last. Moves
 * the chaining value on. */
enum kb_err kb_scp03_mac_command(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                 const uint8_t header[4], struct kb_span data);

/* Both sides: ciphers or deciphers whole blocks in place under S-ENC, the initial vector made from
 * the counter (clauses 6.2.6 and 6.2.7). */
enum kb_err kb_scp03_cipher(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                            bool is_response, bool is_sealing, uint8_t *data, size_t len);

/* Both sides: the R-MAC (clause 6.2.5). tag: all 16 bytes, of which mode bytes travel. */
enum kb_err kb_scp03_mac_response(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  struct kb_span data, uint16_t sw, uint8_t tag[KB_AES_BLOCK]);

/* The length of what padding method 2 was put behind (80, then zeros); false: there is none. */
bool kb_scp03_unpad(const uint8_t *data, size_t *len);

/* Card: the EXTERNAL AUTHENTICATE of a session begun, data: host cryptogram and C-MAC. Sets the
 * level. KB_ERR_INTEGRITY: the host does not have the keys. */
enum kb_err kb_scp03_accept(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                            const uint8_t header[4], struct kb_span data);

/* Card: checks a command and deciphers its data in place; len comes back as that of the plain
 * data. mac: mode bytes. KB_ERR_INTEGRITY: MAC or padding is wrong, and the session has to end. */
enum kb_err kb_scp03_open_command(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  const uint8_t header[4], uint8_t *data, size_t *len,
                                  const uint8_t *mac);

/* Card: protects a response as the level says; for 9000, 62XX and 63XX alone (clause 6.2.5).
 * KB_ERR_TOO_LONG: no room in out. */
enum kb_err kb_scp03_seal_response(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                   uint16_t sw, struct kb_writer *out);

/* Host: checks the card's cryptogram of a session begun and writes the data of EXTERNAL
 * AUTHENTICATE, 2 * mode bytes, for this level. */
enum kb_err kb_scp03_authenticate(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  uint8_t level, struct kb_writer *out);

/* Host: writes the data of a command as it travels: ciphered as the level says, with its C-MAC.
 * header: see kb_scp03_mac_command. */
enum kb_err kb_scp03_seal_command(struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                  const uint8_t header[4], struct kb_span data,
                                  struct kb_writer *out);

/* Host: checks a response and deciphers it in place. KB_ERR_INTEGRITY: it is not the card's. */
enum kb_err kb_scp03_open_response(const struct kb_scp03 *scp, const struct kb_crypto *crypto,
                                   uint16_t sw, uint8_t *data, size_t *len);

/* Both sides: whether a response with this status is protected. */
bool kb_scp03_is_protected(const struct kb_scp03 *scp, uint16_t sw);

/* Key check value of an AES key: the first three bytes of a block of 01 under it (GlobalPlatform
 * Card Specification clause B.5). */
enum kb_err kb_scp03_check_value(const struct kb_crypto *crypto, const uint8_t *key, size_t key_len,
                                 uint8_t out[3]);

#endif
