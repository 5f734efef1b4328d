/* SPDX-License-Identifier: Apache-2.0 */
/* One packet, command or response, put together and taken apart under a key set. Whether it should
 * be is not decided here (card/ota/secured.h). */
#ifndef KB_CARD_OTA_SEAL_H
#define KB_CARD_OTA_SEAL_H

#include "card/ota/keys.h"

/* What the SPI asks for one direction. */
struct kb_ota_protection {
    const struct kb_crypto *crypto;
    const struct kb_ota_keys *keys; /* may be NULL when neither is_ciphered nor a CC */
    enum kb_packet_check check;
    bool is_ciphered;
    uint8_t kid; /* of the command: it names the CRC of an RC */
};

struct kb_ota_protection kb_ota_protection(const struct kb_crypto *crypto,
                                           const struct kb_ota_keys *keys, const uint8_t spi[2],
                                           uint8_t kid, enum kb_packet_kind kind);

/* Bytes of a body (from CNTR to the end) around data of this length; *padding of them are such. */
size_t kb_ota_body_len(const struct kb_ota_protection *protection, enum kb_packet_kind kind,
                       size_t data_len, size_t *padding);

/* Writes a packet. Read are of packet what its head says, of body cntr, status and data. */
enum kb_err kb_ota_seal(const struct kb_ota_protection *protection, struct kb_packet *packet,
                        struct kb_packet_body *body, struct kb_writer *wr);

/* Deciphers the body of a parsed packet in place (body_bytes: where packet->body lies) and checks
 * RC/CC. KB_ERR_RANGE: no whole blocks, or an RC/CC of another length than the key set's;
 * KB_ERR_INTEGRITY: RC/CC is wrong. */
enum kb_err kb_ota_unseal(const struct kb_ota_protection *protection,
                          const struct kb_packet *packet, uint8_t *body_bytes,
                          struct kb_packet_body *body);

/* Takes the padding off the data. KB_ERR_MALFORMED: more than a block needs, or more than there is.
 */
enum kb_err kb_ota_unpad(const struct kb_ota_protection *protection, struct kb_packet_body *body);

#endif
