/* SPDX-License-Identifier: Apache-2.0 */
/* What stands inside of the user data of short messages: the header (3GPP TS 23.040 clause
 * 9.2.3.24), long contents split over several messages, and joined again whatever the order, with
 * repeats, and with the parts of other contents in between. Nothing is allocated: whoever joins
 * hands in the room, and what does not fit is refused. */
#ifndef KB_WIRE_SMS_PARTS_H
#define KB_WIRE_SMS_PARTS_H

#include "wire/sms.h"

/* Information elements, clause 9.2.3.24 and TS 31.115 clause 4. */
enum kb_sms_element {
    KB_SMS_CONCATENATED = 0x00,      /* with a reference of 8 bits */
    KB_SMS_CONCATENATED_WIDE = 0x08, /* with a reference of 16 bits */
    KB_SMS_COMMAND_PACKET = 0x70,
    KB_SMS_RESPONSE_PACKET = 0x71,
    KB_SMS_SENDER = 0x80 /* IdSC as an EF.ICCID has it; 80-9F are for SME to SME use */
};

enum { KB_SMS_SENDER_SIZE = 10 };

struct kb_sms_header {
    uint8_t packet; /* KB_SMS_COMMAND_PACKET, KB_SMS_RESPONSE_PACKET, or 0 for neither */
    bool has_sender;
    uint8_t sender[KB_SMS_SENDER_SIZE];
    bool is_part; /* what follows is said by an element of concatenation */
    bool is_wide;
    uint16_t reference;
    uint8_t total, number; /* 1 .. total */
};

/* Reads the header of user data whose message has KB_SMS_HAS_HEADER; rest: what follows it. An
 * element that is unknown is skipped; of one that comes twice the last counts; a part without a
 * place (0, or behind the last) or a sender of another length is as if it said nothing.
 * KB_ERR_MALFORMED: an element longer than the header, or a header longer than the user data. */
enum kb_err kb_sms_header_parse(struct kb_span user_data, struct kb_sms_header *out,
                                struct kb_span *rest);

/* Contents to be sent, as one message if they fit into one. */
struct kb_sms_split {
    struct kb_span contents;
    uint8_t packet; /* as in the header: it stands in the first message (TS 31.115 clause 4.4) */
    const uint8_t *sender; /* KB_SMS_SENDER_SIZE bytes for the first message, or NULL */
    uint16_t reference;    /* new for each contents; 8 bits of it unless is_wide */
    bool is_wide;
};

/* How many messages it takes; 0 when 255 do not suffice. */
unsigned kb_sms_split_count(const struct kb_sms_split *split);

/* Writes the user data of message number, 1 .. count; anything else makes the writer bad. */
void kb_sms_split_write(const struct kb_sms_split *split, unsigned number, struct kb_writer *wr);

enum { KB_SMS_PARTS_MAX = 32 };

/* Contents being joined. The caller sets room and cap and zeroes the rest. */
struct kb_sms_join {
    uint8_t *room;
    size_t cap;
    bool is_used, is_whole;
    struct kb_sms_address address;
    struct kb_sms_header header;       /* of the part that came first; packet, sender: of any */
    uint32_t age;                      /* what was begun last has the highest */
    uint8_t lengths[KB_SMS_PARTS_MAX]; /* of the parts that are there */
    uint32_t there;                    /* a bit for each */
    struct kb_span contents;           /* when it is whole */
};

/* Takes the user data of one message from one sender. *whole: the contents that are now complete,
 * or NULL while parts are missing; the caller reads it and calls kb_sms_join_forget. Contents that
 * find no free place take that of those that waited longest. A part that is there already changes
 * nothing. has_header: whether the message has KB_SMS_HAS_HEADER.
 * KB_ERR_MALFORMED: a malformed header; KB_ERR_TOO_LONG: more parts than KB_SMS_PARTS_MAX, or more
 * bytes than the room takes, and then those contents are forgotten. */
enum kb_err kb_sms_join(struct kb_sms_join *places, size_t count,
                        const struct kb_sms_address *address, bool has_header,
                        struct kb_span user_data, struct kb_sms_join **whole);

/* Frees the place and clears what it held. */
void kb_sms_join_forget(struct kb_sms_join *place);

#endif
