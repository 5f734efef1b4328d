/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of networks, from "26201:4000;310410" to what the card keeps. */
#ifndef KB_CARD_PERSO_PLMN_H
#define KB_CARD_PERSO_PLMN_H

#include "wire/cursor.h"
#include "wire/err.h"

enum {
    KB_PLMN_SIZE = 3,
    KB_PLMN_ACT_SIZE = 5,
    /* Access technologies of an entry that names none: UTRAN, E-UTRAN, NG-RAN and GSM
     * (TS 31.102 clause 4.2.5). */
    KB_PLMN_ACT_DEFAULT = 0xC880
};

/* True for an empty list, or entries of 5 or 6 digits, each with ":" and four hexadecimal digits
 * or without, separated by ";". */
bool kb_plmn_is_list(struct kb_span value);

/* Fills size bytes with entries of TS 24.008 clause 10.5.1.13, has_act with access technologies
 * behind each (TS 31.102 clause 4.2.5); the rest as an unused entry of such a file. */
enum kb_err kb_plmn_encode(struct kb_span value, bool has_act, uint8_t *out, size_t size);

#endif
