/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages as they cross the network: TPDUs of 3GPP TS 23.040 clause 9.2.2. Headers inside of
 * the user data, splitting and joining are in wire/sms_parts.h. */
#ifndef KB_WIRE_SMS_H
#define KB_WIRE_SMS_H

#include "wire/cursor.h"
#include "wire/err.h"

/* The two bits of TP-MTI mean one thing towards the card and another away from it (clause 9.2.3.1),
 * and a report differs with the RP message that carries it, so the reader has to know. */
enum kb_sms_kind {
    KB_SMS_DELIVER,              /* network to terminal */
    KB_SMS_SUBMIT,               /* terminal to network */
    KB_SMS_DELIVER_REPORT,       /* terminal to network, in RP-ACK */
    KB_SMS_DELIVER_REPORT_ERROR, /* in RP-ERROR */
    KB_SMS_SUBMIT_REPORT,        /* network to terminal, in RP-ACK */
    KB_SMS_SUBMIT_REPORT_ERROR   /* in RP-ERROR */
};

/* Bits of the first byte beside TP-MTI, clause 9.2.3. */
enum kb_sms_flag {
    KB_SMS_HAS_HEADER = 0x40,     /* TP-UDHI: the user data begins with a header */
    KB_SMS_REPLY_PATH = 0x80,     /* TP-RP */
    KB_SMS_STATUS_REPORT = 0x20,  /* TP-SRI, TP-SRR */
    KB_SMS_NO_MORE = 0x04,        /* TP-MMS of DELIVER: nothing more waits */
    KB_SMS_REJECT_REPEATS = 0x04, /* TP-RD of SUBMIT */
    KB_SMS_VALIDITY = 0x18,       /* TP-VPF of SUBMIT: none, enhanced, relative, absolute */
    KB_SMS_VALIDITY_RELATIVE = 0x10
};

/* Bits of TP-PI: what a report has, clause 9.2.3.27. */
enum kb_sms_present { KB_SMS_HAS_PID = 0x01, KB_SMS_HAS_DCS = 0x02, KB_SMS_HAS_USER_DATA = 0x04 };

enum {
    KB_SMS_PID_USIM_DOWNLOAD = 0x7F, /* (U)SIM data download, clause 9.2.3.9 */
    KB_SMS_DCS_USIM_8BIT = 0xF6,     /* 8-bit data, class 2: for the card (TS 23.038 clause 4) */
    KB_SMS_ADDRESS_DIGITS = 20,
    KB_SMS_TIME = 7,
    KB_SMS_USER_DATA = 140,        /* bytes, with the header, of DELIVER and SUBMIT */
    KB_SMS_REPORT_USER_DATA = 159, /* the most that any report may bear, clause 9.2.2.1a */
    KB_SMS_MAX = 176               /* bytes of the longest TPDU */
};

/* TP-OA or TP-DA, clause 9.1.2.5: the type and the semi-octets as they are sent. */
struct kb_sms_address {
    uint8_t type;  /* 0x91 international, 0x81 unknown, 0xD0 letters */
    uint8_t count; /* of semi-octets that count */
    uint8_t digits[KB_SMS_ADDRESS_DIGITS / 2];
};

struct kb_sms {
    enum kb_sms_kind kind;
    uint8_t flags;                 /* enum kb_sms_flag */
    uint8_t reference;             /* TP-MR of SUBMIT */
    struct kb_sms_address address; /* of DELIVER and SUBMIT */
    uint8_t cause;                 /* TP-FCS of an error */
    uint8_t present;               /* TP-PI of a report */
    uint8_t pid, dcs;
    uint8_t time[KB_SMS_TIME]; /* TP-SCTS of DELIVER and SUBMIT-REPORT */
    uint8_t validity[KB_SMS_TIME];
    uint8_t length; /* TP-UDL as sent: septets or bytes, as the DCS says; set by reading only */
    struct kb_span user_data;
};

/* Digits '0'-'9' and '*' '#' 'a' 'b' 'c'. KB_ERR_MALFORMED: others, KB_ERR_TOO_LONG: too many. */
enum kb_err kb_sms_address_set(struct kb_sms_address *address, uint8_t type, struct kb_span digits);

/* Returns the number of digits; 0 for an address of letters. */
size_t kb_sms_address_digits(const struct kb_sms_address *address, char out[KB_SMS_ADDRESS_DIGITS]);

bool kb_sms_address_is_same(const struct kb_sms_address *a, const struct kb_sms_address *b);

/* KB_ERR_MALFORMED: another TP-MTI than that of the kind, fields cut off, bytes left over, an
 * address that is too long, or more user data than fit. user_data points into the input. */
enum kb_err kb_sms_parse(struct kb_span tpdu, enum kb_sms_kind kind, struct kb_sms *out);

/* TP-UDL is made from user_data, which counts bytes: a DCS of 7-bit text makes the writer bad. */
void kb_sms_write(struct kb_writer *wr, const struct kb_sms *sms);

/* True when TP-UDL counts septets (TS 23.038 clause 4). */
bool kb_sms_counts_septets(uint8_t dcs);

#endif
