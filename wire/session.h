/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of a personalization over the air (docs/protocol.md): between card and application
 * server, where they travel in secured packets, and between application server and personalization
 * server. One struct for all kinds; a table in session.c says which field each kind must and may
 * have.
 *
 *     message = ( kind : uint, session : uint, { field : uint => value } )      a CBOR sequence
 */
#ifndef KB_WIRE_SESSION_H
#define KB_WIRE_SESSION_H

#include "wire/cursor.h"
#include "wire/err.h"

enum kb_session_kind {
    KB_SESSION_REQUEST = 1,  /* card to AS */
    KB_SESSION_COMMAND = 2,  /* AS to card */
    KB_SESSION_AGREE = 3,    /* both ways, AS to PS and back */
    KB_SESSION_IDENTITY = 4, /* PS to AS to card */
    KB_SESSION_CONFIRM = 5,  /* card to AS to PS: it worked; back to the card: it was heard */
    KB_SESSION_REFUSE = 6,   /* anyone: it is over, and why */
    KB_SESSION_KINDS
};

/* ComP, what a COMMAND wants. */
enum kb_session_command {
    KB_COMMAND_PERSONALIZE = 1, /* agree with this operator; brings the admin code */
    KB_COMMAND_CHOOSE = 2,      /* let the user choose one of these operators, and ask again */
    KB_COMMAND_START = 3        /* begin by itself; session is 0 */
};

/* Numbers travel and never change. */
enum kb_session_reason {
    KB_REASON_NONE = 0,
    KB_REASON_UNKNOWN_CARD = 1,
    KB_REASON_NO_OPERATOR = 2,   /* no such operator */
    KB_REASON_NO_CONTRACT = 3,   /* the operator has no contract with the service */
    KB_REASON_NO_IDENTITY = 4,   /* its pool of identities is empty */
    KB_REASON_ADMIN_CODE = 5,    /* the card did not accept the code */
    KB_REASON_BLOCKED = 6,       /* no tries of the code are left */
    KB_REASON_AGREEMENT = 7,     /* the agreement failed */
    KB_REASON_CREDENTIAL = 8,    /* one side's credential was not accepted */
    KB_REASON_USER = 9,          /* the user said no */
    KB_REASON_NOT_ATTACHED = 10, /* the network refused the new identity */
    KB_REASON_NO_ANSWER = 11,
    KB_REASON_MALFORMED = 12,
    KB_REASON_BUSY = 13,     /* too many sessions; later */
    KB_REASON_FINISHED = 14, /* this card has been personalized */
    KB_REASON_INTERNAL = 15, /* a store, a register or a memory failed */
    KB_REASONS
};

enum {
    KB_ID_SC_MAX = 20,      /* digits of IdSC, which is the ICCID */
    KB_ID_O_MAX = 32,       /* bytes of IdO */
    KB_ADMIN_CODE_MAX = 16, /* digits */
    KB_SESSION_AGREE_MAX = 600,
    KB_SESSION_SEALED_MAX = 160,
    KB_SESSION_CREDENTIAL_MAX = 300,
    KB_SESSION_MAX = 1000,    /* bytes of any message */
    KB_SESSION_OPERATORS = 8, /* at most, in one list */
    KB_OPERATOR_NAME_MAX = 24
};

struct kb_session_operator {
    struct kb_span id_o, name;
};

/* Spans are empty and numbers 0 when the field is not there. Of a message that was read they point
 * into it. */
struct kb_session_message {
    enum kb_session_kind kind;
    uint32_t session; /* number of the card's attempt; a new one is higher */

    struct kb_span id_sc;      /* 1: digits; between AS and PS, on the air the frame has it */
    struct kb_span id_o;       /* 2: text */
    uint8_t command;           /* 3: enum kb_session_command */
    uint8_t agreement;         /* 4: enum kb_session_agreement */
    struct kb_span agree;      /* 5: message of the agreement; opaque to the AS */
    struct kb_span admin_code; /* 6: digits */
    struct kb_span sealed;     /* 7: from PS to card: the identity; from card to PS: its last word.
                                  Opaque to the AS */
    uint8_t reason;            /* 8: enum kb_session_reason */
    uint64_t time;             /* 9: POSIX seconds, 0: not told */
    uint64_t revoked_seen;  /* 10: number of the newest list of revoked credentials the card has */
    struct kb_span revoked; /* 11: a newer one */
    struct kb_span credential; /* 12: the card's token, from AS to PS */
    struct kb_span operators;  /* 13: see kb_session_operators_read */
    bool wants_operators;      /* 14: the user has not chosen yet */
};

enum kb_session_agreement { KB_SESSION_EDHOC = 1, KB_SESSION_DH = 2 };

/* The writer turns bad when there is no room, or a field is missing or has no place in this kind.
 */
void kb_session_write(struct kb_writer *wr, const struct kb_session_message *message);

/* KB_ERR_MALFORMED: not deterministic, a kind, command, agreement or reason that does not exist, a
 * missing field, a known one that has no place in this kind or is too long. Fields that are not
 * known are passed over. */
enum kb_err kb_session_read(struct kb_span bytes, struct kb_session_message *message);

/* [ IdO, name, IdO, name ... ]. Returns how many, 0 when malformed. */
size_t kb_session_operators_read(struct kb_span list,
                                 struct kb_session_operator operators[KB_SESSION_OPERATORS]);
void kb_session_operators_write(struct kb_writer *wr, const struct kb_session_operator *operators,
                                size_t count);

/* A sentence for the user: "the operator has no contract with this service". Never NULL. */
const char *kb_session_reason_text(enum kb_session_reason reason);

/* --- What IDENTITY brings, inside of its seal, and the card's last word --- */

struct kb_identity {
    struct kb_span imsi;   /* 1: 14 or 15 digits */
    uint8_t mnc_length;    /* 2: 2 or 3 */
    struct kb_span name;   /* 3: of the operator, for EF.SPN; may be empty */
    struct kb_span centre; /* 4: number of the short message service centre; may be empty */
};

void kb_identity_write(struct kb_writer *wr, const struct kb_identity *identity);
enum kb_err kb_identity_read(struct kb_span bytes, struct kb_identity *identity);

/* Nonces of AES-CCM under the key KB_EXPORT_IDENTITY (agree/export.h): 12 zeros and one of these. A
 * key seals one message of each. The associated data is the session's number, four bytes. */
enum kb_sealed_what {
    KB_SEALED_IDENTITY = 1, /* kb_identity */
    KB_SEALED_USED = 2,     /* empty: the card is a subscriber with it */
    KB_SEALED_DROPPED = 3   /* reason, one byte: the card has wiped the pair and never uses it */
};
enum { KB_SEALED_TAG = 8 };

/* --- Whose a packet is, in the clear: what names a card is no secret, and no proof --- */

/*
 * By short message: an element of the user data header (3GPP TS 23.040 clause 9.2.3.24, SME to SME
 * specific use), in the first part. In a channel: in front of each packet,
 *
 *     frame = length of what follows, 2 bytes; IdSC, 10 bytes; packet
 *
 * IdSC as an EF.ICCID has it (TS 102 221 clause 13.2).
 */
enum { KB_SESSION_SENDER = 10, KB_SESSION_FRAME_HEAD = 2 + KB_SESSION_SENDER };

void kb_session_sender(struct kb_span id_sc, uint8_t sender[KB_SESSION_SENDER]);
/* Back to digits. Returns how many; 0: no digits. */
size_t kb_session_sender_digits(const uint8_t sender[KB_SESSION_SENDER], char id_sc[KB_ID_SC_MAX]);

#endif
