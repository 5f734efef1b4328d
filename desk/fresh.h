/* SPDX-License-Identifier: Apache-2.0 */
/* What the factory makes for each card: its numbers, codes, PINs and the values of the fields that
 * are the maker's. Holds secrets: kb_fresh_wipe. */
#ifndef KB_DESK_FRESH_H
#define KB_DESK_FRESH_H

#include "agree/party.h"
#include "card/objects.h"
#include "desk/personalize.h"
#include "desk/table.h"
#include "plan/plan.h"
#include "wire/bcd.h"

enum { KB_FRESH_MADE = 64, KB_FRESH_VALUE = 64 };

struct kb_fresh {
    char iccid[KB_ICCID_TEXT];
    char imsi_t[KB_IMSI_MAX + 1]; /* the temporary identity; empty when the plan has none */
    uint8_t code[KB_FIELDS][KB_PERSO_CODE];
    uint8_t pin[KB_PINS][KB_PIN_OBJECT];
    struct {
        uint8_t value[KB_FRESH_VALUE];
        size_t len;
    } made[KB_FRESH_MADE]; /* as plan->made */
};

/* Where codes come from. */
struct kb_fresh_source {
    const struct kb_crypto *crypto;
    const uint8_t *master; /* NULL: random codes; else 32 bytes they are derived from */
    struct kb_random random;
};

/* Values of the card with this serial number. KB_ERR_RANGE: the number has no room in the plan's
 * ICCIDs or temporary identities. */
enum kb_err kb_fresh_make(struct kb_fresh *fresh, const struct kb_plan *plan,
                          const struct kb_fresh_source *source, uint64_t serial,
                          struct kb_report *why);
void kb_fresh_wipe(struct kb_fresh *fresh);

/* KB_ERR_RANGE: the last of count cards from this serial number on would have no numbers. */
enum kb_err kb_fresh_check_range(const struct kb_plan *plan, uint64_t serial, uint64_t count,
                                 struct kb_report *why);

/* The ICCID alone. iccid: KB_ICCID_TEXT bytes. */
enum kb_err kb_fresh_iccid(const struct kb_plan *plan, uint64_t serial, char *iccid,
                           struct kb_report *why);

/* True when the value is bytes, which tables show as hex. */
bool kb_fresh_is_bytes(const struct kb_plan_made_item *made);

#endif
