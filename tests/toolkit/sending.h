/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of a card's packets: a service with its keys and a network that wraps what it
 * sends into short messages and ENVELOPEs. */
#ifndef KB_TESTS_TOOLKIT_SENDING_H
#define KB_TESTS_TOOLKIT_SENDING_H

#include "card/ota/inbox.h"
#include "tests/card/asking.h"
#include "tests/card/rig.h"

enum {
    CC = 0x02,
    CIPHERED = 0x04,
    HIGHER = 0x10,
    FULL = CC | CIPHERED | HIGHER,
    POR_NEVER = 0x00,
    POR_DELIVER = 0x19, /* always, with a CC, ciphered, in the deliver report */
    POR_SUBMIT = 0x39,
    POR_ON_ERROR = 0x1A
};

struct sender {
    struct kb_ota_keys keys;
    uint64_t cntr; /* of the last packet */
    struct kb_ota_command command;
    uint8_t packet[KB_INBOX_ROOM + 100];
    size_t len;
    unsigned reference; /* of contents in several parts */
};

/* Keys for both sides, counters of zero. */
void sender_start(struct sender *sender, struct rig *rig);
void sender_put_keys(struct rig *rig, const uint8_t kic[16], const uint8_t kid[16]);

/* Makes the next packet to the test's application; spi1, spi2 as above. */
void sender_make(struct sender *sender, uint8_t spi1, uint8_t spi2, struct kb_span data);
/* With another TAR or counter: set what differs in command and make it again. */
void sender_seal(struct sender *sender);

/* How many short messages the packet takes, and one of them sent. Returns SW. */
unsigned sender_parts(const struct sender *sender);
uint16_t sender_send(struct sender *sender, struct rig *rig, unsigned part);

/* All of them in order; the last SW. */
uint16_t sender_send_all(struct sender *sender, struct rig *rig);

/* One message with this user data, for the card (7F, F6). */
uint16_t sender_send_user_data(struct rig *rig, struct kb_span user_data, uint8_t pid, uint8_t dcs);

/* What the rig's card answered last, without SW, is this hex. */
void assert_answer(const struct rig *rig, const char *hex);

/* The proof of receipt behind its user data header 02 71 00. */
void assert_report(const struct sender *sender, struct kb_span user_data,
                   enum kb_packet_status status, const char *data_hex);

#endif
