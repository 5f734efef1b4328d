/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secured packets as they come to the card: short messages put together, opened under the key set
 * of the service (KB_OBJ_SECRET + KB_SECRET_KIC and KB_SECRET_KID, number 1; AES, or triple DES
 * where the plan for the air says so) and handed to the application, or under one of remote
 * management (card/ota/remote_keys.h) and run (card/ota/remote.h); proofs of receipt as the SPI
 * wants them. And the way out: packets of the card.
 */
#ifndef KB_CARD_OTA_INBOX_H
#define KB_CARD_OTA_INBOX_H

#include "card/application.h"
#include "wire/apdu.h"
#include "wire/sms_parts.h"

enum {
    KB_INBOX_ROOM = 720,   /* bytes of the longest packet that is put together */
    KB_INBOX_PLACES = 2,   /* contents of up to two parts that may come at once */
    KB_INBOX_REPORT = 160, /* bytes of an SMS-SUBMIT with a proof of receipt */
    KB_OTA_KEY_SET = 1     /* number of the service's key set */
};

/* TAR of the service; that of the card's application is in card/cpa/cpa.h. Each direction has its
 * own, so that no packet can be sent back to whom it came from. */
#define KB_TAR_SERVICE                                                                             \
    {                                                                                              \
        0x4B, 0x42, 0x02                                                                           \
    }

struct kb_inbox {
    struct kb_sms_join join[KB_INBOX_PLACES]; /* their rooms are parts of room below */
    bool is_stream;                           /* room is that of a channel: see kb_inbox_stream */
    uint16_t received;   /* bytes of the stream that lie in room, the application's to count */
    uint16_t answer_len; /* bytes of a proof of receipt in room, which goes in several messages */
    uint8_t chain;       /* scripts of remote management are chained: the key set's index + 1 */
    uint8_t report_len;  /* 0: none waits */
    uint8_t report[KB_INBOX_REPORT];
    uint8_t room[KB_INBOX_ROOM];
};

void kb_inbox_reset(struct kb_card *card);

/* SMS-PP DOWNLOAD (3GPP TS 31.111 clause 7.1.1): out gets the proof of receipt when it goes by
 * deliver report. What is no packet for this card gets KB_SW_OK and no answer, and leaves no trace.
 */
enum kb_sw kb_inbox_short_message(struct kb_card *card, const struct kb_cat_envelope *envelope,
                                  struct kb_writer *out);

/* Gives the room to a channel, or takes it back: before the first bytes of a stream are put there,
 * and when the channel is closed. What lies there is forgotten; meanwhile packets in more than one
 * short message are not taken. */
void kb_inbox_stream(struct kb_card *card, bool is_stream);

/* A packet from a channel, opened in its own buffer, which is wiped. No proof of receipt is given.
 */
void kb_inbox_packet(struct kb_card *card, uint8_t *packet, size_t len);

/* A proof of receipt that wants to go by submit; the toolkit sends it before anything else the
 * application wants. */
bool kb_inbox_has_report(const struct kb_card *card);
void kb_inbox_report(const struct kb_card *card, struct kb_cat_command *command);
void kb_inbox_forget_report(struct kb_card *card); /* the terminal responded, however it went */

/* Protects data as a packet of the card for the service, with the next counter (committed before it
 * is seen): ciphered, with a CC. KB_ERR_ABSENT: the card has no packet keys. */
enum kb_err kb_ota_send(struct kb_card *card, enum kb_packet_bearer bearer, struct kb_span data,
                        struct kb_writer *packet);

#endif
