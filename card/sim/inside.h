/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef KB_CARD_SIM_INSIDE_H
#define KB_CARD_SIM_INSIDE_H

#include "card/files/files.h"
#include "card/sim/sim.h"
#include "crypto/aka.h"

/* KB_OBJ_AKA, unpacked. */
struct kb_sim_options {
    struct kb_aka_profile profile;
    uint8_t ind_bits;
    uint64_t jump_limit, age_limit; /* of SEQ; as large as can be when there is none */
};

/* A subscription at work: its options and keys. Holds secrets. */
struct kb_sim_material {
    struct kb_sim_options options;
    uint8_t k[KB_AKA_KEY_MAX], top[KB_TUAK_TOPC];
    struct kb_aka_keys keys;
};

/* An application that authenticates, by its AID and the files that tell what it does. */
struct kb_sim_application {
    uint8_t aid[7];
    uint16_t services; /* FIDs */
    uint16_t gba_parameters, gba_names;
    uint8_t service_gba;
    bool has_gsm;
};

/* The keys of the subscription in use. KB_ERR_ABSENT: it has no K. */
enum kb_err kb_sim_load(struct kb_card *card, struct kb_sim_material *material);

/* KB_ERR_RANGE. */
enum kb_err kb_sim_options_parse(struct kb_span value, struct kb_sim_options *options);
enum kb_err kb_sim_options_read(struct kb_card *card, uint8_t subscription,
                                struct kb_sim_options *options);

enum kb_sw kb_sim_sw(enum kb_err err);

/* The application that is current, in whose ADF or below it the current directory lies, and whose
 * PIN is verified; NULL, and why not, otherwise. */
const struct kb_sim_application *kb_sim_current(struct kb_card *card, enum kb_sw *sw);

/* A file of the current application: of its ADF, or of the DF below it when df is not 0. */
enum kb_err kb_sim_file(struct kb_card *card, uint16_t df, uint16_t fid, struct kb_file *file);

/* has_table: false when the application has no table of services. May be NULL. */
bool kb_sim_has_service(struct kb_card *card, const struct kb_sim_application *application,
                        unsigned service, bool *has_table);

/* --- Sequence numbers --- */

/* The highest SQN accepted, into card->sim. */
enum kb_err kb_sim_sequence_load(struct kb_card *card);

/* Annex C.2: newer than what its IND has seen, neither a jump ahead of all nor too old. */
enum kb_err kb_sim_is_fresh(struct kb_card *card, const struct kb_sim_options *options,
                            const uint8_t sqn[6], bool *fresh);

/* Keeps it for its IND, in the caller's transaction when one is open. */
enum kb_err kb_sim_accept(struct kb_card *card, const struct kb_sim_options *options,
                          const uint8_t sqn[6]);

/* SQN_MS. */
void kb_sim_highest(const struct kb_card *card, uint8_t sqn[6]);

/* --- GBA_U --- */

/* MAC of AUTN as a bootstrapping server changed it: xor the first 8 bytes of SHA-1 of IK
 * (TS 33.220 clause 5.3.2). */
enum kb_err kb_sim_gba_unmask(const struct kb_crypto *crypto, struct kb_span ik, uint8_t mac[8]);

/* Keeps Ks and RAND, in the caller's transaction. KB_ERR_TOO_LONG: EF.GBABP cannot hold RAND. */
enum kb_err kb_sim_gba_keep(struct kb_card *card, const struct kb_sim_application *application,
                            const uint8_t rand[16], struct kb_span ck, struct kb_span ik);

/* NAF derivation mode; rd is behind the tag. */
enum kb_sw kb_sim_gba_derive(struct kb_card *card, const struct kb_sim_application *application,
                             struct kb_cursor *rd, struct kb_writer *out);

#endif
