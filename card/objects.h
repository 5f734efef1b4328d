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
    KB_IMAGE_BLOCK = 240, /* bytes of algorithm image in one object */
    KB_IMAGE_BLOCKS = 48,
    KB_SECRETS = 32
};

enum kb_object {
    KB_OBJ_NONE = 0,
    KB_OBJ_LIFE_CYCLE = 1, /* card: 1 byte, enum kb_life_cycle */
    KB_OBJ_SERIAL = 2,     /* card: the card's identifier (ICCID digits, ASCII) */
    KB_OBJ_MAKER_KEY = 3,  /* perso: KB_P256_PUBLIC bytes; written once */
    KB_OBJ_ATR = 4,        /* card: answer to reset; the built-in one when absent */
    KB_OBJ_IMAGE_SIZE = 5, /* perso: 2 bytes; present when a whole, verified image is loaded */

    KB_OBJ_PERSO_TRIES =
        8, /* + field, perso: tries left (1), condition (1: 0 open, 1 locked, 2 blocked) */
    KB_OBJ_PERSO_CODE = 16, /* + field, perso: 16 bytes */
    KB_OBJ_PERSO_PRESENT =
        24, /* + field, perso: 8 bytes, bit n of byte n/8: item n of the field is there */

    KB_OBJ_PIN = 32,       /* + index, files/pin: struct of value, unblock code, limits */
    KB_OBJ_PIN_TRIES = 40, /* + index, files/pin: tries of PIN and of unblock code, enabled */

    KB_OBJ_KI = 48,  /* + subscription, sim: 16 bytes */
    KB_OBJ_OPC = 50, /* + subscription, sim: 16 bytes */

    KB_OBJ_SECRET = 64, /* + n: other secrets of plans (admin code, packet keys) */

    KB_OBJ_IMAGE = 96, /* + block */

    KB_OBJ_SQN =
        144, /* + 32 * subscription + IND, sim: 6 bytes, highest SEQ accepted with this IND */

    KB_OBJ_FILES = 208 /* files and the further chunks of their bodies, up to KB_NVM_OBJECTS */
};

enum kb_life_cycle { KB_LIFE_ADMINISTRATIVE = 0x01, KB_LIFE_SECURED = 0x0F };

#endif
