/* SPDX-License-Identifier: Apache-2.0 */
/* The map of the card's memory: which object number holds what. Numbers below KB_OBJ_FILES are
 * reached by no SELECT and no READ; while the card is ADMINISTRATIVE the maker writes them with PUT
 * OBJECT, later only the rooms named here do. */
#ifndef KB_CARD_OBJECTS_H
#define KB_CARD_OBJECTS_H

#include "card/nvm/nvm.h"

enum {
    KB_FIELDS = 8, /* application fields 0 .. 7 in one card */
    KB_PINS = 8,
    KB_SUBSCRIPTIONS = 2, /* 0: temporary pair, 1: the operator's */
    KB_SQN_SLOTS = 32,    /* IND of 5 bits, TS 33.102 annex C.3.2 */
    KB_IMAGE_BLOCK = 240, /* bytes of algorithm image in one command */
    KB_IMAGE_BLOCKS = 48,
    KB_IMAGE_PAGE = 4 * KB_IMAGE_BLOCK, /* and in one object */
    KB_IMAGE_PAGES = KB_IMAGE_BLOCKS * KB_IMAGE_BLOCK / KB_IMAGE_PAGE,
    KB_KI_SHORT = 16, /* bytes of K and OPc; K of TUAK may be long, TOPc is */
    KB_KI_LONG = 32,
    KB_SECRETS = 32,
    KB_SECRETS_OF_PLANS = 28, /* the others are the operator's, see KB_OBJ_OPERATOR_KEYS */
    KB_SECRET_ADMIN_CODE = 0, /* as written by the plan's field for the maker */
    KB_SECRET_KIC = 1,
    KB_SECRET_KID = 2,
    KB_SECRET_IMSI_T = 3
};

enum kb_object {
    KB_OBJ_NONE = 0,
    KB_OBJ_LIFE_CYCLE = 1, /* card: 1 byte, enum kb_life_cycle */
    KB_OBJ_SERIAL = 2,     /* card: the card's identifier (ICCID digits, ASCII) */
    KB_OBJ_MAKER_KEY = 3,  /* perso: KB_P256_PUBLIC bytes; written once */
    KB_OBJ_ATR = 4,        /* card: answer to reset; the built-in one when absent */
    KB_OBJ_IMAGE_SIZE = 5, /* perso: 2 bytes; present when a whole, verified image is loaded */

    KB_OBJ_CPA_TRIES = 6, /* cpa: tries of the admin code left (1); absent: as many as planned */
    KB_OBJ_CPA_CLOCK = 7, /* cpa: latest time that was told, POSIX seconds (8) */

    KB_OBJ_PERSO_TRIES =
        8, /* + field, perso: tries left (1), condition (1: 0 open, 1 locked, 2 blocked) */
    KB_OBJ_PERSO_CODE = 16, /* + field, perso: 16 bytes */
    KB_OBJ_PERSO_PRESENT =
        24, /* + field, perso: 8 bytes, bit n of byte n/8: item n of the field is there */

    KB_OBJ_PIN = 32,       /* + index, files/pin: struct of value, unblock code, limits */
    KB_OBJ_PIN_TRIES = 40, /* + index, files/pin: tries of PIN and of unblock code, enabled */

    KB_OBJ_KI = 48,  /* + subscription, sim: 16 or 32 bytes */
    KB_OBJ_OPC = 50, /* + subscription, sim: OPc 16, TOPc 32 bytes */

    /* Over the air. Down to KB_OBJ_CPA_OPERATORS the maker writes them; the card never shows them.
     */
    KB_OBJ_CNTR_IN = 52,        /* ota: counter of the last packet taken (5) */
    KB_OBJ_CNTR_OUT = 53,       /* ota: of the last one sent (5) */
    KB_OBJ_STATIC_KEY = 54,     /* cpa: curve (1), private key (32); made by GENERATE KEY */
    KB_OBJ_CREDENTIAL = 55,     /* cpa: length of kid (1), kid, the card's token */
    KB_OBJ_OPERATORS_ROOT = 56, /* cpa: length of name (1), name, public key (64) */
    KB_OBJ_REVOKED = 57,        /* cpa: newest list of revoked operators, as it was signed */
    KB_OBJ_CPA_PLAN = 58,       /* cpa: card/cpa/plan.h */
    KB_OBJ_CPA_OPERATORS = 59,  /* cpa: list of operators, see card/cpa/plan.h */
    KB_OBJ_CPA_SESSION = 60,    /* cpa: where the attempt stands */
    KB_OBJ_CPA_AGREEMENT = 61,  /* cpa: the agreement between two steps, then its keys */
    KB_OBJ_CPA_OUT = 62,        /* cpa: the packet that waits for an answer */
    KB_OBJ_CPA_PAIR = 63,       /* cpa: the new identity and keys until they are swapped in */

    KB_OBJ_SECRET = 64, /* + n: other secrets of plans (admin code, packet keys) */
    KB_OBJ_OPERATOR_KEYS =
        92, /* + 0 KIc, 1 KID, 2 KIK: the operator's key set, made over the air */

    KB_OBJ_IMAGE = 96, /* + page */

    KB_OBJ_SQN =
        108, /* + 32 * subscription + IND, sim: 6 bytes, highest SEQ accepted with this IND */

    KB_OBJ_AKA = 172,       /* + subscription, sim: which algorithms, how long the answers are, how
                               sequence numbers are taken */
    KB_OBJ_GBA = 174,       /* sim: Ks of the last bootstrapping */
    KB_OBJ_SUSPENDED = 175, /* terminal: what a suspended session was */
    KB_OBJ_CPLC = 176,      /* gp: card production life cycle data */
    KB_OBJ_GP = 177,        /* gp: life cycle, sequence counter, tries */
    KB_OBJ_GP_KEYS = 180,   /* + set, gp: version, kind, ENC, MAC, DEK; 8 of them */
    KB_OBJ_GP_DATA = 188,   /* + index, gp: what STORE DATA left; 4 of them */
    KB_OBJ_REMOTE_KEYS = 192, /* + set, ota: key sets of remote management; 4 of them */
    KB_OBJ_REMOTE_CNTR = 196, /* + set, ota: their counters */

    KB_OBJ_FILES = 204 /* files and the further chunks of their bodies, up to KB_NVM_OBJECTS */
};

enum kb_life_cycle {
    KB_LIFE_ADMINISTRATIVE = 0x01,
    KB_LIFE_SECURED = 0x0F,
    KB_LIFE_TERMINATED = 0x7F
};

#endif
