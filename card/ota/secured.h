/* SPDX-License-Identifier: Apache-2.0 */
/* Secured packets with their security (TS 102 225 clause 5; 3GPP TS 31.115): commands protected and
 * opened, responses (proofs of receipt) protected and opened. Card and server use the same
 * functions, each for both directions. Whoever uses one key set in both directions has to tell the
 * directions apart by TAR or by content; a key set for each is better.
 *
 * What is not authentic gets silence: an answer to it, even one that says "wrong", tells an
 * attacker something (Nohl 2013). */
#ifndef KB_CARD_OTA_SECURED_H
#define KB_CARD_OTA_SECURED_H

#include "card/ota/keys.h"

/* The counter of the last packet that was taken, kept by the caller in memory that survives. commit
 * returns when the value is safe against a loss of power; nothing is done before. A commit that
 * fails means that the packet is not taken. */
struct kb_ota_counter {
    void *self;
    enum kb_err (*read)(void *self, uint64_t *last);
    enum kb_err (*commit)(void *self, uint64_t value);
};

/* Who receives, and the least security a command to it must have: coded as the first octet of the
 * SPI, each field at least that (TS 102 226 clause 8.2.1.3.2.4.2). */
struct kb_ota_target {
    uint8_t tar[KB_TAR_SIZE];
    uint8_t minimum;
};

struct kb_ota_receiver {
    const struct kb_crypto *crypto;
    const struct kb_ota_keys *keys; /* which pass kb_ota_keys_check */
    size_t key_count;
    const struct kb_ota_target *targets;
    size_t target_count;
    const struct kb_ota_counter *counter; /* of the sender, whatever the target */
};

enum kb_ota_verdict {
    KB_OTA_ACCEPTED, /* data may be acted on; the counter is committed */
    KB_OTA_REFUSED,  /* authentic, and refused for the reason in status */
    KB_OTA_SILENCE   /* nothing is answered; status is for the receiver's own use */
};

struct kb_ota_command {
    enum kb_packet_bearer bearer;
    uint8_t spi[2], kic, kid;
    uint8_t tar[KB_TAR_SIZE];
    uint64_t cntr; /* up to KB_CNTR_MAX */
    struct kb_span data;
    /* Of a command that was opened: */
    const struct kb_ota_keys *keys; /* NULL unless its key set is here */
    enum kb_packet_status status;
    bool is_repeat; /* authentic, with the counter of the last one taken: the answer was lost */
};

struct kb_ota_response {
    enum kb_packet_status status;
    struct kb_span data;
};

/* Names the key set in KIc and KID, as the SPI needs them; a KID for an RC is CRC-32. */
void kb_ota_command_name_keys(struct kb_ota_command *command, const struct kb_ota_keys *keys);

/* Bytes of a packet with data of this length. Never less than what kb_ota_protect writes. */
size_t kb_ota_protected_len(const struct kb_ota_command *command, const struct kb_ota_keys *keys);

/* Writes the command packet. KB_ERR_USAGE: an SPI that asks for what is not defined (a DS, an RC
 * and a CC beside each other), names other keys, or has a counter above KB_CNTR_MAX;
 * KB_ERR_TOO_LONG; errors of the port. After an error nothing is left in wr. */
enum kb_err kb_ota_protect(const struct kb_crypto *crypto, const struct kb_ota_keys *keys,
                           const struct kb_ota_command *command, struct kb_writer *wr);

/* Opens a command packet in its own buffer: data points into it. Unless the verdict is
 * KB_OTA_ACCEPTED, everything behind the TAR is wiped. The order is: shape, keys, RC/CC (compared
 * in constant time), target and its minimum, counter, padding, commit of the counter. A counter is
 * committed only when it came with a CC: otherwise anybody could use it up. */
enum kb_ota_verdict kb_ota_open(const struct kb_ota_receiver *receiver,
                                enum kb_packet_bearer bearer, uint8_t *packet, size_t len,
                                struct kb_ota_command *out);

/* True when the sender of this command wants to hear of this status. */
bool kb_ota_wants_response(const struct kb_ota_command *command, enum kb_packet_status status);

/* Writes the response packet to a command that was opened, as its SPI wants it. Errors as those of
 * kb_ota_protect. */
enum kb_err kb_ota_respond(const struct kb_crypto *crypto, const struct kb_ota_command *command,
                           const struct kb_ota_response *response, struct kb_writer *wr);

/* Opens, in its own buffer, the response packet to the command that was sent. KB_ERR_MALFORMED: its
 * shape; KB_ERR_INTEGRITY: its RC/CC, or it belongs to another command. After an error everything
 * behind the TAR is wiped. */
enum kb_err kb_ota_open_response(const struct kb_crypto *crypto, const struct kb_ota_keys *keys,
                                 const struct kb_ota_command *command, uint8_t *packet, size_t len,
                                 struct kb_ota_response *out);

#endif
