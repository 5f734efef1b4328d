/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the libraries: one number and one human sentence each. The card answers status words
 * instead (wire/sw.h). */
#ifndef KB_WIRE_ERR_H
#define KB_WIRE_ERR_H

enum kb_err {
    KB_OK = 0,
    KB_ERR_MALFORMED = -1,   /* bytes that do not follow their format */
    KB_ERR_TOO_LONG = -2,    /* does not fit where it should go */
    KB_ERR_RANGE = -3,       /* a number outside its limits */
    KB_ERR_CHECK_DIGIT = -4, /* Luhn digit of an ICCID */
    KB_ERR_INTEGRITY = -5,   /* checksum, MAC or signature does not match */
    KB_ERR_VERSION = -6,     /* a format version this program does not know */
    KB_ERR_RULE = -7,   /* well formed, but breaks a rule of safety (plan, image, state machine) */
    KB_ERR_ABSENT = -8, /* what was asked for does not exist */
    KB_ERR_EXISTS = -9, /* what should be made exists already */
    KB_ERR_NVM = -10,   /* the card's memory failed or lost power */
    KB_ERR_NVM_FULL = -11,    /* no room left in the card's memory */
    KB_ERR_NVM_DAMAGED = -12, /* the card's memory holds no valid store */
    KB_ERR_CRYPTO = -13,      /* the crypto library refused */
    KB_ERR_RANDOM = -14,      /* no random numbers */
    KB_ERR_IO = -15,          /* a file or socket failed */
    KB_ERR_READER = -16,      /* the reader vanished or does not answer */
    KB_ERR_NO_CARD = -17,     /* no card in the reader, or it was pulled out */
    KB_ERR_CARD = -18,        /* the card refused */
    KB_ERR_TIMEOUT = -19,
    KB_ERR_MEMORY = -20, /* the host is out of memory */
    KB_ERR_USAGE = -21,  /* the caller asked for something that makes no sense */
    KB_ERR_PEER = -22,   /* the other side of an agreement refused */
};

/* One English sentence without a full stop, never NULL, static. */
const char *kb_err_text(enum kb_err err);

#endif
