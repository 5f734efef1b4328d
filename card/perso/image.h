/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The personalization algorithm as the card keeps it: tables of bytes in NVM, read in place by the
 * interpreter (perso.h). The plan compiler writes this format, the card's loader proves it before
 * it counts. All numbers big-endian.
 *
 *   header       KB_IMAGE_HEADER bytes, below
 *   transitions  3 bytes each: from, event, to
 *   fields       KB_IMAGE_FIELD bytes each
 *   commands     KB_IMAGE_COMMAND bytes each, grouped by field
 *   items        KB_IMAGE_ITEM bytes each, grouped by field
 *   writes       KB_IMAGE_WRITE bytes each, grouped by item
 *   names        length byte and ASCII, each; referred to by offset from the start of the names
 *   crc          4 bytes: CRC-32 of everything before
 *   signature    64 bytes: the maker's ECDSA P-256 signature (r || s) over SHA-256 of everything
 * before, crc included
 */
#ifndef KB_CARD_PERSO_IMAGE_H
#define KB_CARD_PERSO_IMAGE_H

#include "card/files/files.h"

enum {
    KB_IMAGE_VERSION = 1,
    KB_IMAGE_HEADER = 20,
    KB_IMAGE_TRANSITION = 3,
    KB_IMAGE_FIELD = 10,
    KB_IMAGE_COMMAND = 8,
    KB_IMAGE_ITEM = 14,
    KB_IMAGE_WRITE = 18,
    KB_IMAGE_CRC = 4,
    KB_IMAGE_MAX = KB_IMAGE_BLOCK * KB_IMAGE_BLOCKS,
    KB_IMAGE_STATES = 16,
    KB_FIELD_ITEMS = 64,  /* in one field */
    KB_ITEM_MAX = 1000,   /* bytes of one item's value */
    KB_ENCODED_MAX = 512, /* bytes that an encoder other than RAW fills at once */
    KB_NAME_MAX = 32,
    KB_NAMES_MAX = 800 /* all item names of one field, two bytes more counted for each */
};

#define KB_IMAGE_MAGIC "KBPI"

/* header: magic (4), version (2), total length with crc and signature (2), states (1), transitions
 * (1), fields (1), commands (1), items (1), writes (1), length of names (2), plan name as offset
 * (2), reserved 0000 (2) */

/* States 0-5 are these; 6 .. states - 1 are a plan's own and behave like READY: nothing but what
 * the table allows. */
enum kb_perso_state {
    KB_PERSO_IDLE,
    KB_PERSO_READY,
    KB_PERSO_ALERT,
    KB_PERSO_PERSO,
    KB_PERSO_LOCKED,
    KB_PERSO_BLOCKED,
    KB_PERSO_STATES
};

/* Events of the state machine. ENABLE_ALERTED: ENABLE while tries are already lost.
 * VERIFY_EXHAUSTED: wrong, and no try is left. */
enum kb_perso_event {
    KB_EVENT_ENABLE,
    KB_EVENT_ENABLE_ALERTED,
    KB_EVENT_VERIFY_OK,
    KB_EVENT_VERIFY_WRONG,
    KB_EVENT_VERIFY_EXHAUSTED,
    KB_EVENT_PUT,
    KB_EVENT_LOCK,
    KB_PERSO_EVENTS
};

/* field: number (1), tries (1), first item (1), items (1), first command (1), commands (1), name
 * (2), reserved (2) */

/* command: CLA, CLA is compared whole but for the chaining bit 10; INS; P1; P1 mask; P2; P2 mask;
 * action; argument */
enum kb_perso_action {
    KB_ACTION_ENABLE,   /* argument 0 */
    KB_ACTION_VERIFY,   /* argument: enum kb_verify_method */
    KB_ACTION_PUT_TLV,  /* argument 0; data: one or more items as BER-TLV */
    KB_ACTION_PUT_DGI,  /* argument 0; data: one or more items as data groupings */
    KB_ACTION_PUT_ITEM, /* argument: item of this field, counted from 0; data: its value */
    KB_ACTION_LOCK,     /* argument 0 */
    KB_ACTION_STATE,    /* argument 0 */
    KB_PERSO_ACTIONS
};

enum kb_verify_method {
    KB_VERIFY_CODE = 0,      /* data: the code */
    KB_VERIFY_CHALLENGE = 1, /* data: host challenge (16), AES-CMAC of the code over card challenge
                                and host challenge (16) */
    KB_VERIFY_SCP03 = 3      /* by INITIALIZE UPDATE and EXTERNAL AUTHENTICATE, with keys made from
                                the code; the row itself is no command */
};

/* item: tag or data grouping (2), flags (1), format (1), min length (2), max length (2), check (1),
 * first write (1), writes (1), name (2), reserved (1). Lengths are of the value as it is sent. */
enum { KB_ITEM_MANDATORY = 0x01 };

/* What a value looks like when it is sent. */
enum kb_item_format {
    KB_FORMAT_BYTES,  /* any bytes */
    KB_FORMAT_DIGITS, /* ASCII digits */
    KB_FORMAT_TEXT,   /* UTF-8 */
    KB_FORMAT_PLMNS,  /* ASCII: MCC and MNC, 5 or 6 digits each, ":" and 4 hex digits of access
                         technologies or not, separated by ";" */
    KB_FORMAT_DIAL,   /* ASCII: digits, with "+" in front for an international number */
    KB_ITEM_FORMATS
};

enum kb_item_check {
    KB_CHECK_NONE,
    KB_CHECK_LUHN,     /* digits that end in their Luhn digit */
    KB_CHECK_NOT_FLAT, /* not all bytes the same: no key of zeros */
    KB_ITEM_CHECKS
};

/* write: encoder (1), target (1), depth (1), path (4 x 2) or object (2) and zeros, record (1, 0 for
 * transparent), offset (2), length (2), argument (1), reserved (1) */
enum kb_write_target {
    KB_TARGET_FILE,   /* path, record, offset; length bytes there, shorter values padded as the
                         encoder says */
    KB_TARGET_SECRET, /* object KB_OBJ_SECRET + n; a RAW value keeps its own length */
    KB_TARGET_PIN,    /* PIN object with index n: argument 0 PIN, 1 its unblock code; both come with
                         fresh tries */
    KB_TARGET_KI,     /* subscription n, 16 or 32 bytes; its SQN array starts again */
    KB_TARGET_OPC,    /* subscription n, 16 or 32 bytes */
    KB_TARGET_SERIAL, /* the card's identifier, in its own length */
    KB_TARGET_AKA,    /* subscription n: the part of KB_OBJ_AKA that the argument says */
    KB_TARGET_SCP03,  /* key set n of the security domain: its three keys, one behind the other */
    KB_WRITE_TARGETS
};

enum kb_encoder {
    KB_ENCODE_RAW,      /* bytes as they are, padded with FF */
    KB_ENCODE_BCD,      /* digits, swapped BCD, padded with F */
    KB_ENCODE_IMSI,     /* EF.IMSI, 9 bytes */
    KB_ENCODE_ICCID,    /* EF.ICCID, 10 bytes */
    KB_ENCODE_ACC,      /* EF.ACC, 2 bytes, from an IMSI */
    KB_ENCODE_PLMN,     /* 3 bytes each, padded with FF: EF.FPLMN, EF.EHPLMN */
    KB_ENCODE_PLMN_ACT, /* 5 bytes each, padded with FFFFFF0000: EF.PLMNwAcT and its kin; an entry
                           that names no access technologies gets C880: all of 3GPP's */
    KB_ENCODE_SPN,  /* EF.SPN: argument is the display condition; text in GSM default alphabet or
                       UCS2 */
    KB_ENCODE_SMSP, /* last 28 bytes of a record of EF.SMSP with this service centre */
    KB_ENCODE_PIN,  /* 4-8 digits padded with FF to 8 bytes */
    KB_ENCODE_MNC_LENGTH, /* 1 byte, from a number 2 or 3 in ASCII: EF.AD offset 3 */
    KB_ENCODE_AKA, /* goes with the target of that name; argument: enum kb_profile_part (profile.h)
                    */
    KB_ENCODERS
};

#endif
