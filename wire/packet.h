/* SPDX-License-Identifier: Apache-2.0 */
/* Secured packets as bytes (TS 102 225 clauses 5.1 and 5.2): headers read and written, nothing
 * ciphered, checked or decided (card/ota/secured.h does that). In a short message the packet
 * identifier is an element of the user data header (3GPP TS 31.115 clause 4) and lengths have a
 * fixed size; in a channel the identifier is the first byte and lengths are coded as those of BER
 * (TS 102 225 clauses 6 and 7; TS 101 220 clause 7.1.2). CHI and RHI are absent in both. */
#ifndef KB_WIRE_PACKET_H
#define KB_WIRE_PACKET_H

#include "wire/cursor.h"
#include "wire/err.h"

enum kb_packet_bearer { KB_PACKET_SMS, KB_PACKET_CHANNEL };

enum kb_packet_kind { KB_PACKET_COMMAND, KB_PACKET_RESPONSE };

/* Fields of the SPI; the table in packet.c says which bits and which clause. */
enum kb_spi_field {
    KB_SPI_CHECK,         /* enum kb_packet_check */
    KB_SPI_CIPHERING,     /* 1: ciphered from CNTR on */
    KB_SPI_COUNTER,       /* enum kb_packet_counter */
    KB_SPI_POR,           /* enum kb_packet_por */
    KB_SPI_POR_CHECK,     /* enum kb_packet_check */
    KB_SPI_POR_CIPHERING, /* 1: ciphered from CNTR on */
    KB_SPI_POR_SUBMIT     /* 1: by SMS-SUBMIT, 0: by SMS-DELIVER-REPORT (TS 31.115 clause 4.2) */
};

enum kb_packet_check { KB_CHECK_ABSENT, KB_CHECK_RC, KB_CHECK_CC, KB_CHECK_DS };

enum kb_packet_counter {
    KB_COUNTER_NONE,      /* the field is there and means nothing */
    KB_COUNTER_UNCHECKED, /* for information only */
    KB_COUNTER_HIGHER,    /* higher than that of the last packet */
    KB_COUNTER_NEXT       /* higher by one */
};

enum kb_packet_por { KB_POR_NEVER, KB_POR_ALWAYS, KB_POR_ON_ERROR, KB_POR_RESERVED };

/* Lower halves of KIc, and of KID for a CC: tables of clauses 5.1.2 and 5.1.3.2. */
enum kb_packet_algorithm {
    KB_ALGORITHM_IMPLICIT = 0x0,
    KB_ALGORITHM_DES = 0x1,
    KB_ALGORITHM_AES = 0x2, /* CBC; CMAC */
    KB_ALGORITHM_3DES2 = 0x5,
    KB_ALGORITHM_3DES3 = 0x9
};

/* Lower half of KID for an RC: table of clause 5.1.3.1. */
enum kb_packet_crc { KB_ALGORITHM_CRC16 = 0x1, KB_ALGORITHM_CRC32 = 0x5 };

/* Response status codes, table of clause 5.2; 0B and 0C are of TS 31.115. */
enum kb_packet_status {
    KB_STATUS_POR_OK = 0x00,
    KB_STATUS_CHECK_FAILED = 0x01, /* RC/CC/DS */
    KB_STATUS_CNTR_LOW = 0x02,
    KB_STATUS_CNTR_HIGH = 0x03,
    KB_STATUS_CNTR_BLOCKED = 0x04,
    KB_STATUS_CIPHERING_ERROR = 0x05,
    KB_STATUS_SECURITY_ERROR = 0x06, /* not further identified */
    KB_STATUS_NO_MEMORY = 0x07,      /* for the incoming message */
    KB_STATUS_MORE_TIME = 0x08,
    KB_STATUS_TAR_UNKNOWN = 0x09,
    KB_STATUS_INSUFFICIENT_SECURITY = 0x0A,
    KB_STATUS_ANSWER_BY_SUBMIT = 0x0B,
    KB_STATUS_ANSWER_BY_USSD = 0x0C
};

enum {
    KB_TAR_SIZE = 3,
    KB_CNTR_SIZE = 5,
    KB_CHECK_MAX = 8,                /* bytes of the longest RC or CC */
    KB_PACKET_HEAD_MAX = 4 + 1 + 7,  /* up to the TAR, longest in a channel */
    KB_PACKET_CLEAR_LEN = 7,         /* SPI, KIc, KID, TAR */
    KB_PACKET_BODY_LEN = 6,          /* CNTR, PCNTR */
    KB_PACKET_RESPONSE_BODY_LEN = 7, /* CNTR, PCNTR, status */
    KB_PACKET_MAX = 65535            /* what CPL and RPL can say */
};

#define KB_CNTR_MAX UINT64_C(0xFFFFFFFFFF)

/* The part that is never ciphered. */
struct kb_packet {
    enum kb_packet_bearer bearer;
    enum kb_packet_kind kind;
    uint8_t spi[2], kic, kid; /* of a command; zero in a response */
    uint8_t tar[KB_TAR_SIZE];
    size_t check_len;    /* bytes of RC/CC/DS */
    struct kb_span head; /* from the first byte to the TAR: what RC/CC/DS covers of it */
    struct kb_span body; /* from CNTR to the end */
};

/* The rest, once deciphered. */
struct kb_packet_body {
    uint64_t cntr;
    uint8_t pcntr;
    uint8_t status;       /* of a response, otherwise 0 */
    struct kb_span front; /* CNTR, PCNTR, status */
    struct kb_span check;
    struct kb_span data; /* with its padding */
};

unsigned kb_spi_get(const uint8_t spi[2], enum kb_spi_field field);
void kb_spi_set(uint8_t spi[2], enum kb_spi_field field, unsigned value);

/* KB_ERR_MALFORMED: too short, a length that is not that of the packet, or a header too short or
 * with an RC/CC/DS longer than KB_CHECK_MAX. A length in a channel must be in its shortest form. */
enum kb_err kb_packet_parse(struct kb_span bytes, enum kb_packet_bearer bearer,
                            enum kb_packet_kind kind, struct kb_packet *out);

/* body: at least CNTR, PCNTR, status and check_len bytes, otherwise KB_ERR_MALFORMED. */
enum kb_err kb_packet_parse_body(struct kb_span body, enum kb_packet_kind kind, size_t check_len,
                                 struct kb_packet_body *out);

/* Everything before CNTR, for a body of body_len bytes; head and body of packet are not read. */
void kb_packet_write_head(struct kb_writer *wr, const struct kb_packet *packet, size_t body_len);

/* CNTR, PCNTR and, in a response, the status. */
void kb_packet_write_front(struct kb_writer *wr, enum kb_packet_kind kind,
                           const struct kb_packet_body *body);

/* What RC/CC/DS covers before the first byte of the packet: nothing, but for a response by short
 * message the header that announces it (TS 31.115 clause 4.2), as if it were sent in one. */
struct kb_span kb_packet_announcement(enum kb_packet_bearer bearer, enum kb_packet_kind kind);

#endif
