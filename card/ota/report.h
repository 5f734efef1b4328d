/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of receipt: in the answer to the ENVELOPE that brought the packet, or in short messages of
 * the card, as many as it takes. Private to card/ota; the toolkit asks the inbox for them. */
#ifndef KB_CARD_OTA_REPORT_H
#define KB_CARD_OTA_REPORT_H

#include "card/ota/secured.h"
#include "wire/sms.h"

struct kb_card;

/* Where a packet came from and where its proof of receipt goes. */
struct kb_ota_way {
    enum kb_packet_bearer bearer;
    const struct kb_sms_address *sender; /* of a short message */
    struct kb_writer *deliver_report;
};

/* Bytes of data that a proof of receipt for this command may have. */
size_t kb_ota_report_room(const struct kb_card *card, const struct kb_ota_way *way,
                          const struct kb_ota_command *command);

/* Gives the proof, when the command wants one. */
void kb_ota_report(struct kb_card *card, const struct kb_ota_way *way,
                   const struct kb_ota_command *command, const struct kb_ota_response *response);

#endif
