/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a card is personalized over the air, as its maker wants it: read from KB_OBJ_CPA_PLAN, a CBOR
 * map in deterministic encoding with the keys below. What is 0, false or empty is left out. A card
 * without a plan has no CPA.
 */
#ifndef KB_CARD_CPA_PLAN_H
#define KB_CARD_CPA_PLAN_H

#include "wire/session.h"

/* Bits of starts: what begins a personalization. */
enum kb_cpa_start {
    KB_CPA_BY_MENU = 1,
    KB_CPA_BY_CODE = 2, /* typed after the menu entry: that of an operator in the list, or one that
                           the AS knows */
    KB_CPA_BY_ITSELF = 4, /* on location status "normal service" */
    KB_CPA_BY_AIR = 8     /* COMMAND with KB_COMMAND_START */
};

enum kb_cpa_bearer { KB_CPA_SMS = 0, KB_CPA_PACKET = 1 };

enum { KB_CPA_SUITES = 5, KB_CPA_TITLE_MAX = 24, KB_CPA_CODE_MAX = 16, KB_CPA_PLAN_MAX = 255 };

struct kb_cpa_plan {
    uint8_t starts;                /* 1 */
    uint8_t bearer;                /* 2 */
    bool asks_user;                /* 3: "are you sure" */
    bool keeps_temporary;          /* 4: inactive, or deleted once the new pair works */
    uint8_t refusals;              /* 5: attaches refused before it falls back, 1 .. 20 */
    uint8_t tries;                 /* 6: of the admin code, 1 .. 15 */
    uint8_t agreement;             /* 7: enum kb_session_agreement */
    int16_t suites[KB_CPA_SUITES]; /* 8: suites, or groups of dh, best first: an array */
    uint8_t suite_count;
    uint16_t wait_s;         /* 9: seconds before a message is sent again; doubles each time */
    uint8_t resends;         /* 10: how often, up to 10 */
    struct kb_span service;  /* 11: IdPS by short message: digits, + in front when international */
    struct kb_span apn;      /* 12: IdPS by packets: access point name, dotted; may be empty */
    struct kb_span address;  /* 13: IPv4 or IPv6 address of the AS there, 4 or 16 bytes */
    uint16_t port;           /* 14 */
    struct kb_span operator; /* 15: IdO that a machine asks for; may be empty: the AS knows */
    struct kb_span title;    /* 16: of the menu entry */
    struct kb_span
        centre;        /* 17: number of the short message centre; may be empty: the terminal's */
    bool has_old_keys; /* 18: packets under triple DES with two keys, not AES */
};

/* KB_ERR_MALFORMED: not deterministic, a value outside of what stands above, a key that is missing
 * or not known. Missing may be what may be 0 or empty; service goes with KB_CPA_SMS, address and
 * port with KB_CPA_PACKET, title with KB_CPA_BY_MENU and KB_CPA_BY_CODE. */
enum kb_err kb_cpa_plan_read(struct kb_span bytes, struct kb_cpa_plan *plan);

/* The writer turns bad for a plan that would not be read. */
void kb_cpa_plan_write(struct kb_writer *wr, const struct kb_cpa_plan *plan);

/* KB_OBJ_CPA_OPERATORS: [ IdO : tstr, name : tstr, code : tstr (may be empty), IdO ... ], up to
 * KB_SESSION_OPERATORS of them and 255 bytes. */
struct kb_cpa_operator {
    struct kb_span id_o, name, code;
};
/* Returns how many, 0 when malformed. */
size_t kb_cpa_operators_read(struct kb_span list,
                             struct kb_cpa_operator operators[KB_SESSION_OPERATORS]);
void kb_cpa_operators_write(struct kb_writer *wr, const struct kb_cpa_operator *operators,
                            size_t count);

#endif
