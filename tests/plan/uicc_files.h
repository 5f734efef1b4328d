/* SPDX-License-Identifier: Apache-2.0 */
/* What the standards ask of each file of a complete UICC. */
#ifndef KB_TESTS_PLAN_UICC_FILES_H
#define KB_TESTS_PLAN_UICC_FILES_H

#include "card/files/files.h"

enum { UICC_FILES = 301, UICC_SERVICES = 4 };

struct uicc_file {
    const char *path; /* below the MF: "7FF0/6F07" */
    uint8_t kind;     /* enum kb_file_kind */
    uint8_t sfi;      /* 0: none is asked for */
    uint16_t least;   /* bytes of the body, or of a record */
    uint16_t only;    /* the same when the standard leaves no choice, else 0 */
    bool is_any;      /* any of the services makes the file exist, else all of them together */
    uint8_t services[UICC_SERVICES]; /* of EF.UST, of EF.IST for the ISIM; 0 ends them */
};

extern const struct uicc_file uicc_files[UICC_FILES];

#endif
