/* SPDX-License-Identifier: Apache-2.0 */
/* Key sets of secured packets, and the two things done with them: the body of a packet is ciphered,
 * and its RC or CC computed (TS 102 225 clauses 5.1.2 and 5.1.3). AES is the rule. DES and triple
 * DES work for a key set whose plan says that it is an old one, and for no other. */
#ifndef KB_CARD_OTA_KEYS_H
#define KB_CARD_OTA_KEYS_H

#include "crypto/crypto.h"
#include "wire/packet.h"

enum { KB_OTA_KEY_MAX = 32 };

struct kb_ota_key {
    uint8_t algorithm; /* enum kb_packet_algorithm */
    uint8_t len;       /* AES: 16, 24, 32; DES: 8; triple DES: 16, 24 */
    uint8_t value[KB_OTA_KEY_MAX];
};

struct kb_ota_keys {
    uint8_t number; /* 1 .. 15: upper halves of KIc and KID */
    bool is_old;    /* a plan allows DES and triple DES here */
    uint8_t cc_len; /* bytes of a CC: of AES-CMAC 8 or 4, of a CBC-MAC 8 */
    struct kb_ota_key kic, kid;
};

/* KB_ERR_RANGE: a number, algorithm or length outside of those above; KB_ERR_RULE: DES in a key set
 * that is not an old one. */
enum kb_err kb_ota_keys_check(const struct kb_ota_keys *keys);

/* The byte by which a packet names this key. */
uint8_t kb_ota_kic(const struct kb_ota_keys *keys);
uint8_t kb_ota_kid(const struct kb_ota_keys *keys);

/* Bytes of a block of the cipher. */
size_t kb_ota_block(const struct kb_ota_key *key);

/* Bytes of an RC/CC of this kind; 0 for none and for what nobody can check (DS, other CRCs). */
size_t kb_ota_check_len(const struct kb_ota_keys *keys, enum kb_packet_check check, uint8_t kid);

/* In place; len: whole blocks, otherwise KB_ERR_RANGE. */
enum kb_err kb_ota_cipher(const struct kb_crypto *crypto, const struct kb_ota_key *key,
                          bool is_sealing, uint8_t *bytes, size_t len);

/* RC or CC over the spans in their order; out: KB_CHECK_MAX bytes, of which kb_ota_check_len count.
 */
enum kb_err kb_ota_check(const struct kb_crypto *crypto, const struct kb_ota_keys *keys,
                         enum kb_packet_check check, uint8_t kid, const struct kb_span *spans,
                         size_t count, uint8_t out[KB_CHECK_MAX]);

#endif
