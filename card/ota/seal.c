/* SPDX-License-Identifier: Apache-2.0 */
/* Packets put together and taken apart. */
#include "card/ota/seal.h"

#include <string.h>

#include "crypto/secret.h"

struct kb_ota_protection kb_ota_protection(const struct kb_crypto *crypto,
                                           const struct kb_ota_keys *keys, const uint8_t spi[2],
                                           uint8_t kid, enum kb_packet_kind kind)
{
    bool is_command = kind == KB_PACKET_COMMAND;
    unsigned check = kb_spi_get(spi, is_command ? KB_SPI_CHECK : KB_SPI_POR_CHECK);

    return (struct kb_ota_protection){
        .crypto = crypto,
        .keys = keys,
        .check = (enum kb_packet_check)check,
        .is_ciphered = kb_spi_get(spi, is_command ? KB_SPI_CIPHERING : KB_SPI_POR_CIPHERING),
        .kid = kid,
    };
}

static size_t check_len(const struct kb_ota_protection *protection)
{
    return kb_ota_check_len(protection->keys, protection->check, protection->kid);
}

size_t kb_ota_body_len(const struct kb_ota_protection *protection, enum kb_packet_kind kind,
                       size_t data_len, size_t *padding)
{
    size_t front = kind == KB_PACKET_COMMAND ? KB_PACKET_BODY_LEN : KB_PACKET_RESPONSE_BODY_LEN;
    size_t len = front + check_len(protection) + data_len;
    size_t over = protection->is_ciphered ? len % kb_ota_block(&protection->keys->kic) : 0;

    *padding = over ? kb_ota_block(&protection->keys->kic) - over : 0;
    return len + *padding;
}

/* RC/CC over everything but itself: clauses 5.1.3 and 5.2; padding counts. */
static enum kb_err compute(const struct kb_ota_protection *protection,
                           const struct kb_packet *packet, const struct kb_packet_body *body,
                           uint8_t out[KB_CHECK_MAX])
{
    struct kb_span spans[] = {kb_packet_announcement(packet->bearer, packet->kind), packet->head,
                              body->front, body->data};

    return kb_ota_check(protection->crypto, protection->keys, protection->check, protection->kid,
                        spans, sizeof(spans) / sizeof(spans[0]), out);
}

/* Fills the room that was reserved for the body, and leaves in body where its parts lie. */
static enum kb_err fill(const struct kb_ota_protection *protection, const struct kb_packet *packet,
                        struct kb_packet_body *body, size_t padding, struct kb_writer *wr)
{
    uint8_t check[KB_CHECK_MAX] = {0}, *place;
    enum kb_err err = KB_OK;

    kb_packet_write_front(wr, packet->kind, body);
    body->front = kb_wr_span(wr);
    place = kb_wr_reserve(wr, packet->check_len);
    kb_wr_copy(wr, body->data.data, body->data.len);
    kb_wr_fill(wr, 0, padding);
    body->data = kb_span(wr->data + body->front.len + packet->check_len,
                         wr->len - body->front.len - packet->check_len);
    if (protection->check)
        err = compute(protection, packet, body, check);
    if (!err)
        memcpy(place, check, packet->check_len);
    if (!err && protection->is_ciphered)
        err = kb_ota_cipher(protection->crypto, &protection->keys->kic, true, wr->data, wr->len);
    kb_wipe(check, sizeof(check));
    return err;
}

enum kb_err kb_ota_seal(const struct kb_ota_protection *protection, struct kb_packet *packet,
                        struct kb_packet_body *body, struct kb_writer *wr)
{
    size_t start = wr->len, padding;
    size_t body_len = kb_ota_body_len(protection, packet->kind, body->data.len, &padding);
    struct kb_writer inside;
    enum kb_err err = KB_ERR_TOO_LONG;
    uint8_t *room;

    packet->check_len = check_len(protection);
    body->pcntr = (uint8_t)padding;
    kb_packet_write_head(wr, packet, body_len);
    packet->head = kb_span(wr->data + start, wr->len - start);
    room = kb_wr_reserve(wr, body_len);
    if (!room) {
        wr->len = start;
        return err;
    }
    inside = kb_wr(room, body_len);
    err = fill(protection, packet, body, padding, &inside);
    if (err) {
        kb_wipe(wr->data + start, wr->len - start);
        wr->len = start;
    }
    return err;
}

enum kb_err kb_ota_unseal(const struct kb_ota_protection *protection,
                          const struct kb_packet *packet, uint8_t *body_bytes,
                          struct kb_packet_body *body)
{
    uint8_t expected[KB_CHECK_MAX] = {0};
    enum kb_err err = KB_OK;
    bool is_right;

    if (packet->check_len != check_len(protection))
        return KB_ERR_RANGE;
    if (protection->is_ciphered)
        err = kb_ota_cipher(protection->crypto, &protection->keys->kic, false, body_bytes,
                            packet->body.len);
    if (err)
        return err;
    err = kb_packet_parse_body(packet->body, packet->kind, packet->check_len, body);
    if (err || !protection->check)
        return err;
    err = compute(protection, packet, body, expected);
    is_right = kb_is_equal(expected, body->check.data, packet->check_len);
    kb_wipe(expected, sizeof(expected));
    if (err)
        return err;
    return is_right ? KB_OK : KB_ERR_INTEGRITY;
}

enum kb_err kb_ota_unpad(const struct kb_ota_protection *protection, struct kb_packet_body *body)
{
    size_t block = protection->is_ciphered ? kb_ota_block(&protection->keys->kic) : 1;

    if (body->pcntr >= block || body->pcntr > body->data.len)
        return KB_ERR_MALFORMED;
    body->data.len -= body->pcntr;
    return KB_OK;
}
