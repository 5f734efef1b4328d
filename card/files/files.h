/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system of the card (TS 102 221 clause 8) on the object store.
 *
 * A file is an object: KB_FILE_HEADER bytes of header, then the first KB_FILE_FIRST bytes of its
 * body; what is longer goes on in objects of KB_FILE_CHUNK bytes. The body of a DF or ADF is its
 * AID (length byte, up to 16 bytes, padded to 17) and a list of its children (FID, SFI, object
 * number). A second entry, in any DF, for the object of an EF is a link: another name of the one
 * file. Cyclic files keep the number of their newest record in the header.
 */
#ifndef KB_CARD_FILES_FILES_H
#define KB_CARD_FILES_FILES_H

#include <stdbool.h>

#include "card/objects.h"
#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

enum {
    KB_FILE_HEADER = 24,
    KB_FILE_FIRST = 232,
    KB_FILE_CHUNK = 256,
    KB_FILE_LARGE = 2048, /* a larger body goes on in objects of KB_NVM_OBJECT_MAX bytes */
    KB_FILE_DEPTH = 4,    /* levels below the MF in a path */
    KB_AID_MAX = 16,
    KB_FID_MF = 0x3F00,
    KB_FID_CURRENT_ADF = 0x7FFF
};

enum kb_file_kind {
    KB_FILE_NONE = 0,
    KB_FILE_MF = 1,
    KB_FILE_DF = 2,
    KB_FILE_ADF = 3,
    KB_FILE_TRANSPARENT = 4,
    KB_FILE_LINEAR_FIXED = 5,
    KB_FILE_CYCLIC = 6,
    KB_FILE_BER_TLV = 7
};

enum {
    KB_FILE_READABLE = 0x80, /* read and updated also while deactivated (TS 102 222 table 5) */
    KB_FILE_LINKS = 0x7F
};

enum kb_file_lcs {
    KB_LCS_CREATION = 0x01,
    KB_LCS_INITIALISATION = 0x03,
    KB_LCS_ACTIVATED = 0x05,
    KB_LCS_DEACTIVATED = 0x04,
    KB_LCS_TERMINATED = 0x0C
};

/* What an access rule speaks of (TS 102 221 clause 9.2 table 9.2 and ISO/IEC 7816-4 table 17). */
enum kb_operation {
    KB_OP_READ,
    KB_OP_UPDATE,
    KB_OP_INCREASE,
    KB_OP_ACTIVATE,
    KB_OP_DEACTIVATE,
    KB_OP_TERMINATE,
    KB_OP_DELETE,
    KB_OP_CREATE,    /* of an EF, below this DF */
    KB_OP_CREATE_DF, /* of a DF, below this one */
    KB_OP_RESIZE,
    KB_OPERATIONS
};

/* The header of a file, unpacked. object is its number in the store. */
struct kb_file {
    uint16_t object;
    uint16_t parent; /* object number of the DF above; 0 for the MF */
    uint16_t fid;
    uint16_t size;  /* bytes of body (EF) */
    uint16_t chunk; /* first further object, 0 when the body fits */
    uint16_t
        arr_file; /* FID of the EF.ARR that holds the rule, 0 when the file has none: then never */
    uint16_t arr_object; /* the same file's object number */
    uint8_t arr_record;
    uint8_t kind; /* enum kb_file_kind */
    uint8_t sfi;  /* 1-30, 0 when none */
    uint8_t lcs;  /* enum kb_file_lcs */
    uint8_t record_size;
    uint8_t record_count;
    uint8_t newest; /* cyclic: index of the record that READ number 1 means */
    uint8_t flags;  /* KB_FILE_READABLE, and in the other bits how many links lead to the file */
};

/* Where a plan or an APDU names a file: FIDs from below the MF downward, an ADF by its own FID;
 * depth 0 is the MF. */
struct kb_path {
    uint8_t depth;
    uint16_t fid[KB_FILE_DEPTH];
};

/* A data object on its way to or from the terminal in several commands; one at a time. */
struct kb_transfer {
    uint16_t ef; /* object of the file, 0 when there is none */
    uint16_t at; /* where the last block began, and its bytes */
    uint16_t len;
    uint8_t channel; /* the logical channel it goes on */
    uint8_t index;   /* the data object's place in the file */
    bool is_set;     /* SET DATA; otherwise RETRIEVE DATA */
    bool is_first;   /* SET DATA: the last block was the first one */
};

/* --- For other rooms of the card (perso, sim, cpa): no access rules, no current file. --- */

/* KB_ERR_ABSENT when there is no such file. */
enum kb_err kb_files_open(struct kb_card *card, const struct kb_path *path, struct kb_file *out);

/* How many files the card has, the MF among them. */
unsigned kb_files_count(struct kb_card *card);

/* Reads or writes inside the body. KB_ERR_RANGE past its end. write is part of the caller's
 * transaction when one is open. */
enum kb_err kb_files_read(struct kb_card *card, const struct kb_file *file, size_t offset,
                          void *out, size_t len);
enum kb_err kb_files_write(struct kb_card *card, const struct kb_file *file, size_t offset,
                           const void *data, size_t len);

#endif
