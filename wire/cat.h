/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What card and terminal say to each other in the card application toolkit (ETSI TS 102 223 clauses
 * 6.6, 6.8, 7 and 8; 3GPP TS 31.111): proactive commands, terminal responses and envelopes. All
 * three are lists of COMPREHENSION-TLV data objects, so there is one struct of data objects and one
 * table (cat.c) from which they are read and written, on both sides.
 */
#ifndef KB_WIRE_CAT_H
#define KB_WIRE_CAT_H

#include "wire/cursor.h"
#include "wire/err.h"

/* Type of command, clause 9.4. */
enum kb_cat_type {
    KB_CAT_REFRESH = 0x01,
    KB_CAT_MORE_TIME = 0x02,
    KB_CAT_POLL_INTERVAL = 0x03,
    KB_CAT_POLLING_OFF = 0x04,
    KB_CAT_SET_UP_EVENT_LIST = 0x05,
    KB_CAT_SEND_SHORT_MESSAGE = 0x13,
    KB_CAT_DISPLAY_TEXT = 0x21,
    KB_CAT_GET_INKEY = 0x22,
    KB_CAT_GET_INPUT = 0x23,
    KB_CAT_SELECT_ITEM = 0x24,
    KB_CAT_SET_UP_MENU = 0x25,
    KB_CAT_PROVIDE_LOCAL_INFORMATION = 0x26,
    KB_CAT_TIMER_MANAGEMENT = 0x27,
    KB_CAT_OPEN_CHANNEL = 0x40,
    KB_CAT_CLOSE_CHANNEL = 0x41,
    KB_CAT_RECEIVE_DATA = 0x42,
    KB_CAT_SEND_DATA = 0x43,
    KB_CAT_GET_CHANNEL_STATUS = 0x44
};

/* Device identities, clause 8.7. */
enum kb_cat_device {
    KB_CAT_KEYPAD = 0x01,
    KB_CAT_DISPLAY = 0x02,
    KB_CAT_CHANNEL_1 = 0x21, /* 21 .. 27 */
    KB_CAT_UICC = 0x81,
    KB_CAT_TERMINAL = 0x82,
    KB_CAT_NETWORK = 0x83
};

/* Envelopes, clause 9.1; the first is 3GPP TS 31.111's. */
enum kb_cat_envelope_tag {
    KB_CAT_SMS_PP_DOWNLOAD = 0xD1,
    KB_CAT_MENU_SELECTION = 0xD3,
    KB_CAT_EVENT_DOWNLOAD = 0xD6,
    KB_CAT_TIMER_EXPIRATION = 0xD7
};

/* Events, clause 8.25; the last is 3GPP TS 31.111's. */
enum kb_cat_event {
    KB_CAT_EVENT_LOCATION_STATUS = 0x03,
    KB_CAT_EVENT_USER_ACTIVITY = 0x04,
    KB_CAT_EVENT_IDLE_SCREEN = 0x05,
    KB_CAT_EVENT_DATA_AVAILABLE = 0x09,
    KB_CAT_EVENT_CHANNEL_STATUS = 0x0A,
    KB_CAT_EVENT_NETWORK_REJECTION = 0x12
};

/* Location status, clause 8.27. */
enum kb_cat_service {
    KB_CAT_NORMAL_SERVICE = 0,
    KB_CAT_LIMITED_SERVICE = 1,
    KB_CAT_NO_SERVICE = 2
};

/* General results, clause 8.12. Below 20: performed; 2X: may work when tried again. */
enum kb_cat_result {
    KB_CAT_OK = 0x00,
    KB_CAT_PARTIAL_COMPREHENSION = 0x01,
    KB_CAT_MISSING_INFORMATION = 0x02,
    KB_CAT_REFRESH_ADDITIONAL_FILES = 0x03,
    KB_CAT_LIMITED = 0x06, /* performed, but the service is limited */
    KB_CAT_SESSION_TERMINATED_BY_USER = 0x10,
    KB_CAT_BACKWARD_MOVE = 0x11,
    KB_CAT_NO_RESPONSE_FROM_USER = 0x12,
    KB_CAT_HELP_REQUIRED = 0x13,
    KB_CAT_TERMINAL_BUSY = 0x20, /* unable to process at the moment */
    KB_CAT_NETWORK_BUSY = 0x21,
    KB_CAT_USER_DID_NOT_ACCEPT = 0x22,
    KB_CAT_TIMER_CONTRADICTION = 0x24,
    KB_CAT_BEYOND_CAPABILITIES = 0x30,
    KB_CAT_TYPE_NOT_UNDERSTOOD = 0x31,
    KB_CAT_DATA_NOT_UNDERSTOOD = 0x32,
    KB_CAT_NUMBER_NOT_KNOWN = 0x33,
    KB_CAT_SMS_RP_ERROR = 0x35,
    KB_CAT_VALUES_MISSING = 0x36,
    KB_CAT_BEARER_INDEPENDENT_ERROR = 0x3A
};

/* Qualifiers, clause 8.6. */
enum kb_cat_qualifier {
    KB_CAT_REFRESH_INIT_AND_FULL = 0x00,
    KB_CAT_REFRESH_FILES = 0x01,
    KB_CAT_REFRESH_INIT_AND_FILES = 0x02,
    KB_CAT_REFRESH_INIT = 0x03,
    KB_CAT_REFRESH_RESET = 0x04,
    KB_CAT_TEXT_HIGH_PRIORITY = 0x01,
    KB_CAT_TEXT_WAIT_FOR_USER = 0x80,
    KB_CAT_INKEY_YES_NO = 0x04,
    KB_CAT_LOCAL_LOCATION = 0x00,
    KB_CAT_LOCAL_IMEI = 0x01,
    KB_CAT_LOCAL_DATE_TIME = 0x03,
    KB_CAT_TIMER_START = 0x00,
    KB_CAT_TIMER_DEACTIVATE = 0x01,
    KB_CAT_TIMER_VALUE = 0x02,
    KB_CAT_SEND_IMMEDIATELY = 0x01 /* of SEND DATA and OPEN CHANNEL: at once */
};

/* Text coding, clause 8.15. */
enum { KB_CAT_DCS_GSM7_PACKED = 0x00, KB_CAT_DCS_8BIT = 0x04, KB_CAT_DCS_UCS2 = 0x08 };

enum {
    KB_CAT_PROACTIVE_TAG = 0xD0,
    KB_CAT_MAX = 255, /* bytes of a proactive command, a response or an envelope with its tag */
    KB_CAT_DATA_MAX = 200, /* bytes of channel data that always fit in one command or response */
    KB_CAT_TEXT_MAX = 200
};

/* Data objects: bit numbers of kb_cat_objects.has. One row each in cat.c. */
enum kb_cat_object {
    KB_CAT_ALPHA,           /* 05 */
    KB_CAT_ADDRESS,         /* 06 */
    KB_CAT_TPDU,            /* 0B */
    KB_CAT_TEXT,            /* 0D */
    KB_CAT_DURATION,        /* 04 */
    KB_CAT_ITEM,            /* 10: item identifier */
    KB_CAT_RESPONSE_LENGTH, /* 11 */
    KB_CAT_FILES,           /* 12 */
    KB_CAT_LOCATION,        /* 13 */
    KB_CAT_IMEI,            /* 14 */
    KB_CAT_HELP,            /* 15: help request */
    KB_CAT_DEFAULT_TEXT,    /* 17 */
    KB_CAT_EVENTS,          /* 19 */
    KB_CAT_LOCATION_STATUS, /* 1B */
    KB_CAT_TIMER,           /* 24 */
    KB_CAT_TIMER_SECONDS,   /* 25 */
    KB_CAT_DATE_TIME,       /* 26 */
    KB_CAT_BEARER,          /* 35 */
    KB_CAT_CHANNEL_DATA,    /* 36 */
    KB_CAT_CHANNEL_LENGTH,  /* 37 */
    KB_CAT_CHANNEL_STATUS,  /* 38 */
    KB_CAT_BUFFER_SIZE,     /* 39 */
    KB_CAT_TRANSPORT,       /* 3C */
    KB_CAT_OTHER_ADDRESS,   /* 3E */
    KB_CAT_NETWORK_NAME,    /* 47: access point name, labels with their lengths */
    KB_CAT_TECHNOLOGY,      /* 3F: access technology */
    KB_CAT_UPDATE_TYPE,     /* 74: update or attach type, 3GPP TS 31.111 clause 8.92 */
    KB_CAT_REJECTION_CAUSE, /* 75: 3GPP TS 31.111 clause 8.99 */
    KB_CAT_OBJECTS
};

struct kb_cat_text {
    uint8_t dcs;
    struct kb_span bytes;
};

/* Spans point into what was read, or are the caller's. A text without bytes is written and read as
 * the null text string, whatever its coding scheme. Of an object that comes twice the first counts.
 */
struct kb_cat_objects {
    uint32_t has; /* bit n: enum kb_cat_object n is there */
    struct kb_span alpha;
    struct kb_span address;
    struct kb_span tpdu;
    struct kb_cat_text text;
    uint8_t duration_unit; /* 0 minutes, 1 seconds, 2 tenths */
    uint8_t duration;
    uint8_t item;
    uint8_t response_min, response_max;
    struct kb_span files;
    struct kb_span location;
    struct kb_span imei;
    struct kb_cat_text default_text;
    struct kb_span events;
    uint8_t location_status;
    uint8_t timer;          /* 1 .. 8 */
    uint32_t timer_seconds; /* less than 100 hours; a terminal times up to 24 */
    struct kb_span date_time;
    struct kb_span bearer;
    struct kb_span channel_data;
    uint8_t channel_length;
    uint8_t channel_status[2];
    uint16_t buffer_size;
    uint8_t transport_protocol; /* clause 8.59: 01 UDP client, 02 TCP client */
    uint16_t transport_port;
    struct kb_span other_address; /* type (21: IPv4) and address */
    struct kb_span network_name;
    struct kb_span technology; /* clause 8.61: 00 GSM, 03 UTRAN, 08 E-UTRAN; one, or several */
    uint8_t update_type;       /* 02: IMSI attach */
    uint8_t rejection_cause;
    struct kb_span items; /* a run of item objects (0F), made by kb_cat_put_item */
};

struct kb_cat_command {
    uint8_t number, type, qualifier;
    uint8_t destination; /* enum kb_cat_device; the source is the card */
    struct kb_cat_objects with;
};

struct kb_cat_response {
    uint8_t number, type, qualifier;
    uint8_t result;
    struct kb_span additional; /* information on the result, clause 8.12 */
    struct kb_cat_objects with;
};

struct kb_cat_envelope {
    uint8_t tag; /* enum kb_cat_envelope_tag */
    uint8_t source, destination;
    struct kb_cat_objects with;
};

static inline bool kb_cat_has(const struct kb_cat_objects *objects, enum kb_cat_object which)
{
    return objects->has >> which & 1;
}

static inline void kb_cat_add(struct kb_cat_objects *objects, enum kb_cat_object which)
{
    objects->has |= UINT32_C(1) << which;
}

/* Writers turn bad past KB_CAT_MAX. Readers: KB_ERR_MALFORMED for lengths that do not fit, a data
 * object with an impossible value, no command details or device identities. A data object that is
 * not known is passed over, unless it wants comprehension: KB_ERR_VERSION (clause 6.10). */
void kb_cat_command_write(struct kb_writer *wr, const struct kb_cat_command *command);
enum kb_err kb_cat_command_read(struct kb_span bytes, struct kb_cat_command *command);
void kb_cat_response_write(struct kb_writer *wr, const struct kb_cat_response *response);
enum kb_err kb_cat_response_read(struct kb_span bytes, struct kb_cat_response *response);
void kb_cat_envelope_write(struct kb_writer *wr, const struct kb_cat_envelope *envelope);
enum kb_err kb_cat_envelope_read(struct kb_span bytes, struct kb_cat_envelope *envelope);

/* Items of SET UP MENU and SELECT ITEM. Identifier 0: the empty item that takes a menu away (clause
 * 6.4.8). next: false at the end, and on malformed input, which marks the cursor bad. */
void kb_cat_put_item(struct kb_writer *wr, uint8_t id, struct kb_span text);
bool kb_cat_next_item(struct kb_cursor *rd, uint8_t *id, struct kb_span *text);

#endif
