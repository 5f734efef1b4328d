/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever talks to the card through a secure channel, with the other backend of the port. */
#ifndef KB_TESTS_GP_HOST_H
#define KB_TESTS_GP_HOST_H

#include "tests/card/rig.h"

struct host {
    struct rig *rig;
    struct kb_scp03 scp;
    uint8_t channel; /* logical, 0 to 3 */
    uint8_t command[300];
    size_t command_len; /* as it was sent last */
    uint8_t data[1024]; /* of the answer, plain */
    size_t len;
};

/* ENC, MAC, DEK. */
struct host_keys {
    uint8_t key_len;
    uint8_t keys[3][32];
};

extern const struct host_keys host_keys_128, host_keys_192, host_keys_256;

/* A card with a key set of this version and length in slot 0, SECURED. */
void host_make_card(struct rig *rig, uint8_t version, const struct host_keys *keys);

/* SELECT of the issuer security domain. */
uint16_t host_select(struct host *host);

/* INITIALIZE UPDATE; 0x6F01 when the card's cryptogram is wrong. */
uint16_t host_initialize(struct host *host, uint8_t version, const struct host_keys *keys,
                         uint8_t mode);

/* EXTERNAL AUTHENTICATE. */
uint16_t host_authenticate(struct host *host, uint8_t level);

/* Both, for S8. */
uint16_t host_open(struct host *host, uint8_t version, const struct host_keys *keys, uint8_t level);

/* A command through the secure channel; header: CLA INS P1 P2 in the clear. 0x6F02 when the answer
 * is not the card's. more: a link of a chain with more behind it. */
uint16_t host_send(struct host *host, uint32_t header, const void *data, size_t len);
uint16_t host_send_hex(struct host *host, uint32_t header, const char *hex);
uint16_t host_send_link(struct host *host, uint32_t header, const void *data, size_t len,
                        bool more);

/* What host_send would send, in host->command; nothing is sent. */
void host_protect(struct host *host, uint32_t header, const void *data, size_t len, bool more);

/* Sends host->command, and takes the answer. */
uint16_t host_transmit(struct host *host);

/* The data of PUT KEY, ciphered under the key encryption key of these. Returns its length. */
size_t host_put_key_data(const struct host_keys *by, uint8_t version, const struct host_keys *keys,
                         uint8_t out[160]);

#endif
