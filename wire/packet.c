/* SPDX-License-Identifier: Apache-2.0 */
/* Secured packets as bytes. */
#include "wire/packet.h"

#include <string.h>

/* TS 102 225 clause 5.1.1. */
static const struct {
    uint8_t byte, shift, mask;
} spi_fields[] = {
    /* byte, lowest bit, mask      first octet of the SPI */
    [KB_SPI_CHECK] = {0, 0, 0x3},     /* b2b1: none, RC, CC, DS */
    [KB_SPI_CIPHERING] = {0, 2, 0x1}, /* b3 */
    [KB_SPI_COUNTER] = {0, 3, 0x3},   /* b5b4 */
    /*                             second octet */
    [KB_SPI_POR] = {1, 0, 0x3},           /* b2b1: never, always, on error */
    [KB_SPI_POR_CHECK] = {1, 2, 0x3},     /* b4b3: none, RC, CC, DS */
    [KB_SPI_POR_CIPHERING] = {1, 4, 0x1}, /* b5 */
    [KB_SPI_POR_SUBMIT] = {1, 5, 0x1},    /* b6: TS 31.115 clause 4.2 */
};

/* What differs between commands and responses. */
static const struct {
    uint8_t identifier; /* CPI or RPI in a channel, clauses 6.1 and 7.1 */
    uint8_t clear;      /* bytes of the header before CNTR */
    uint8_t front;      /* CNTR, PCNTR, status */
} kinds[] = {
    [KB_PACKET_COMMAND] = {0x01, KB_PACKET_CLEAR_LEN, KB_PACKET_BODY_LEN},
    [KB_PACKET_RESPONSE] = {0x02, KB_TAR_SIZE, KB_PACKET_RESPONSE_BODY_LEN},
};

unsigned kb_spi_get(const uint8_t spi[2], enum kb_spi_field field)
{
    return (unsigned)spi[spi_fields[field].byte] >> spi_fields[field].shift &
           spi_fields[field].mask;
}

void kb_spi_set(uint8_t spi[2], enum kb_spi_field field, unsigned value)
{
    unsigned mask = (unsigned)spi_fields[field].mask << spi_fields[field].shift;
    uint8_t *byte = &spi[spi_fields[field].byte];

    *byte = (uint8_t)((*byte & ~mask) | (value << spi_fields[field].shift & mask));
}

static size_t read_ber_length(struct kb_cursor *rd)
{
    static const size_t least[] = {0x80, 0x100};
    unsigned first = kb_rd_u8(rd);
    size_t len;

    if (first < 0x80)
        return first;
    if (first != 0x81 && first != 0x82)
        rd->is_bad = true;
    len = first == 0x81 ? kb_rd_u8(rd) : kb_rd_u16(rd);
    if (!rd->is_bad && len < least[first - 0x81])
        rd->is_bad = true;
    return len;
}

static void write_ber_length(struct kb_writer *wr, size_t len)
{
    if (len > KB_PACKET_MAX) {
        wr->is_bad = true;
        return;
    }
    if (len >= 0x100)
        kb_wr_u8(wr, 0x82);
    else if (len >= 0x80)
        kb_wr_u8(wr, 0x81);
    if (len >= 0x100)
        kb_wr_u8(wr, (uint8_t)(len >> 8));
    kb_wr_u8(wr, (uint8_t)len);
}

/* CPL and CHL, or RPL and RHL; returns the header length. */
static size_t read_lengths(struct kb_cursor *rd, enum kb_packet_bearer bearer,
                           enum kb_packet_kind kind)
{
    size_t packet_len, header_len;

    if (bearer == KB_PACKET_SMS) {
        packet_len = kb_rd_u16(rd);
    } else {
        if (kb_rd_u8(rd) != kinds[kind].identifier)
            rd->is_bad = true;
        packet_len = read_ber_length(rd);
    }
    if (packet_len != kb_rd_left(rd))
        rd->is_bad = true;
    header_len = bearer == KB_PACKET_SMS ? kb_rd_u8(rd) : read_ber_length(rd);
    return rd->is_bad ? 0 : header_len;
}

enum kb_err kb_packet_parse(struct kb_span bytes, enum kb_packet_bearer bearer,
                            enum kb_packet_kind kind, struct kb_packet *out)
{
    struct kb_cursor rd = kb_rd(bytes);
    size_t fixed = (size_t)kinds[kind].clear + kinds[kind].front;
    size_t header_len = read_lengths(&rd, bearer, kind);

    memset(out, 0, sizeof(*out));
    out->bearer = bearer;
    out->kind = kind;
    if (kind == KB_PACKET_COMMAND) {
        kb_rd_copy(&rd, out->spi, sizeof(out->spi));
        out->kic = kb_rd_u8(&rd);
        out->kid = kb_rd_u8(&rd);
    }
    kb_rd_copy(&rd, out->tar, KB_TAR_SIZE);
    out->head = kb_span(bytes.data, rd.at);
    out->body = kb_rd_span(&rd, kb_rd_left(&rd));
    if (rd.is_bad || header_len < fixed || header_len - fixed > KB_CHECK_MAX ||
        header_len - kinds[kind].clear > out->body.len)
        return KB_ERR_MALFORMED;
    out->check_len = header_len - fixed;
    return KB_OK;
}

enum kb_err kb_packet_parse_body(struct kb_span body, enum kb_packet_kind kind, size_t check_len,
                                 struct kb_packet_body *out)
{
    struct kb_cursor rd = kb_rd(body);

    out->cntr = (uint64_t)kb_rd_u8(&rd) << 32;
    out->cntr |= kb_rd_u32(&rd);
    out->pcntr = kb_rd_u8(&rd);
    out->status = kind == KB_PACKET_RESPONSE ? kb_rd_u8(&rd) : 0;
    out->front = kb_span(body.data, rd.at);
    out->check = kb_rd_span(&rd, check_len);
    out->data = kb_rd_span(&rd, kb_rd_left(&rd));
    return rd.is_bad ? KB_ERR_MALFORMED : KB_OK;
}

void kb_packet_write_head(struct kb_writer *wr, const struct kb_packet *packet, size_t body_len)
{
    size_t header_len =
        (size_t)kinds[packet->kind].clear + kinds[packet->kind].front + packet->check_len;
    size_t packet_len = 1 + (size_t)kinds[packet->kind].clear + body_len;

    if (packet_len > KB_PACKET_MAX) {
        wr->is_bad = true;
        return;
    }
    if (packet->bearer == KB_PACKET_SMS) {
        kb_wr_u16(wr, (uint16_t)packet_len);
        kb_wr_u8(wr, (uint8_t)header_len);
    } else {
        kb_wr_u8(wr, kinds[packet->kind].identifier);
        write_ber_length(wr, packet_len);
        write_ber_length(wr, header_len);
    }
    if (packet->kind == KB_PACKET_COMMAND) {
        kb_wr_copy(wr, packet->spi, sizeof(packet->spi));
        kb_wr_u8(wr, packet->kic);
        kb_wr_u8(wr, packet->kid);
    }
    kb_wr_copy(wr, packet->tar, KB_TAR_SIZE);
}

void kb_packet_write_front(struct kb_writer *wr, enum kb_packet_kind kind,
                           const struct kb_packet_body *body)
{
    kb_wr_u8(wr, (uint8_t)(body->cntr >> 32));
    kb_wr_u32(wr, (uint32_t)body->cntr);
    kb_wr_u8(wr, body->pcntr);
    if (kind == KB_PACKET_RESPONSE)
        kb_wr_u8(wr, body->status);
}

struct kb_span kb_packet_announcement(enum kb_packet_bearer bearer, enum kb_packet_kind kind)
{
    static const uint8_t response[] = {0x02, 0x71, 0x00}; /* UDHL, IEI, its length */

    if (bearer == KB_PACKET_SMS && kind == KB_PACKET_RESPONSE)
        return kb_span(response, sizeof(response));
    return kb_span(response, 0);
}
