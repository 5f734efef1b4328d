/* SPDX-License-Identifier: Apache-2.0 */
/* Whom cards trust over the air, from the files that the operators' root gives out. */
#ifndef KB_DESK_AIR_TRUST_H
#define KB_DESK_AIR_TRUST_H

#include "card/nvm/nvm.h"
#include "desk/static_key.h"
#include "wire/report.h"

struct kb_air_trust_file {
    char name[KB_CREDENTIAL_NAME_MAX + 1];
    uint8_t public_key[KB_P256_PUBLIC];
    uint8_t revoked[KB_NVM_OBJECT_MAX]; /* the longest list a card takes */
    size_t revoked_len;
};

/*
 * root: the folder of the operators' root, which has its name and its list as well, or its root.pub
 * alone; then name says what it is called. revoked: the operators' list, NULL for none or that of
 * the folder; it counts only when the root signed it.
 *
 * KB_ERR_RULE: a maker's root, or a list of another one; KB_ERR_TOO_LONG: a list that no card
 * takes.
 */
enum kb_err kb_air_trust_read(struct kb_air_trust_file *trust, const char *root, const char *name,
                              const char *revoked, struct kb_report *why);

/* Points into the file's struct. */
struct kb_air_trust kb_air_trust_of(const struct kb_air_trust_file *trust);

#endif
