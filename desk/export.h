/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing finished cards to a network: one line for each card, in the format its register takes.
 * Keys leave sealed under a transport key (desk/seal.h), in clear only when asked for; beside them,
 * where the format has room, the AES-128 ciphertext that registers with a transport key take.
 */
#ifndef KB_DESK_EXPORT_H
#define KB_DESK_EXPORT_H

#include <stdio.h>

#include "desk/export_place.h"
#include "desk/journal.h"
#include "desk/seal.h"
#include "desk/subscriber.h"

enum { KB_EXPORT_ID = 33 }; /* name of a register's key, with its zero */

/* What a line is made from. */
struct kb_export_card {
    const char *iccid;
    const char *imsi;
    uint64_t sqn;    /* the next one the card takes, IND 0 */
    uint64_t number; /* from 1 */
    const struct kb_record *record;
    const struct kb_subscriber_keys *keys;
    const struct kb_seal *seal;  /* transport key; NULL: secrets in clear */
    const uint8_t *register_key; /* 16 bytes; NULL: no ciphertext for registers */
    const char *register_id;
};

struct kb_export_format {
    const char *name;
    bool takes_register_key;
    /* NULL, or what the register would take this subscriber wrongly for want of. */
    const char *(*refuses)(const struct kb_subscriber_keys *keys);
    void (*head)(FILE *out, const struct kb_export_card *any); /* NULL: none */
    enum kb_err (*line)(FILE *out, const struct kb_export_card *card);
};

/* NULL: no such format. */
const struct kb_export_format *kb_export_format(const char *name);
/* The names, separated by "|". */
extern const char kb_export_names[];

struct kb_export_options {
    const char *journal, *out; /* files */
    const struct kb_export_format *format;
    uint8_t bureau_key[KB_GCM_KEY];
    const uint8_t *transport_key; /* KB_GCM_KEY bytes; NULL: keys in clear */
    const uint8_t *register_key;  /* 16 bytes; NULL: no such columns */
    const char *register_id;
};

/* Exports every card that is done. count: lines written. KB_ERR_ABSENT: a card without IMSI, Ki or
 * OPc; KB_ERR_RULE: the format has no words for its algorithm. The file has mode 0600, and its name
 * only when it is whole. */
enum kb_err kb_export_batch(const struct kb_export_options *options, uint64_t *count,
                            struct kb_report *why);

/* Turns an export with sealed keys into a clear one, whatever its format. A token counts only in
 * its column on the line of the subscriber it was made for (desk/export_place.h). KB_ERR_INTEGRITY.
 */
enum kb_err kb_export_open(const char *in, const char *out, const uint8_t transport_key[KB_GCM_KEY],
                           uint64_t *opened, struct kb_report *why);

/* One line of it; places: of the file. KB_ERR_MALFORMED, KB_ERR_INTEGRITY. */
enum kb_err kb_export_open_line(const struct kb_seal *seal, struct kb_export_places *places,
                                const char *line, FILE *out, uint64_t *opened);

/* --- For the formats --- */

/* Whether it is what registers without a choice compute: Milenage with RES of 8 bytes. */
bool kb_export_is_usual(const struct kb_subscriber_keys *keys);
/* Writes a value that is no secret; nothing when there is none. */
void kb_export_put(FILE *out, const struct kb_export_card *card, const char *role);
/* Writes a secret: Ki and OPc in hex, codes as digits; sealed when there is a transport key. */
enum kb_err kb_export_put_secret(FILE *out, const struct kb_export_card *card, const char *role);
/* Writes Ki or OPc encrypted for a register: one AES block, in hex. */
enum kb_err kb_export_put_encrypted(FILE *out, const struct kb_export_card *card, const char *role);

extern const struct kb_export_format kb_export_osmohlr, kb_export_open5gs, kb_export_srsran,
    kb_export_pysim;

#endif
