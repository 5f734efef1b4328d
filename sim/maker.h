/* SPDX-License-Identifier: Apache-2.0 */
/* Who was there before the world began: the maker of the cards with its root, the operators' root,
 * and what each operator's server has from it. */
#ifndef KB_SIM_MAKER_H
#define KB_SIM_MAKER_H

#include "desk/air_maker.h"
#include "service/ps.h"
#include "sim/random.h"

struct kb_world;

enum { KB_SIM_CURVES = 2 };

/* An operator's static keys and credentials, one for each curve. */
struct kb_sim_credentials {
    uint8_t private_key[KB_SIM_CURVES][KB_CURVE_SIZE];
    uint8_t token[KB_SIM_CURVES][KB_CREDENTIAL_MAX];
    uint8_t id[KB_SIM_CURVES][KB_CREDENTIAL_MAX + 8];
    struct kb_edhoc_identity identities[KB_SIM_CURVES];
};

struct kb_sim_maker {
    struct kb_plan *plan;
    struct kb_air_maker *maker;
    struct kb_chance chance; /* of the card being made */
    uint8_t cards_key[KB_P256_PRIVATE], cards_public[KB_P256_PUBLIC];
    uint8_t operators_key[KB_P256_PRIVATE], operators_public[KB_P256_PUBLIC];
    struct kb_credential_root cards_root;
    struct kb_sim_credentials *operators; /* by number */
    uint8_t *model;                       /* memory of a card before it has anything of its own */
    size_t model_size;
};

enum kb_err kb_sim_maker_open(struct kb_world *world, struct kb_report *why);
void kb_sim_maker_close(struct kb_world *world);

/* Makes card number in a powered copy of the model. */
enum kb_err kb_sim_maker_card(struct kb_world *world, struct kb_reader *reader, uint64_t number,
                              struct kb_air_card *card, struct kb_report *why);

/* Number of the card with this IdSC, or KB_SIM_NOBODY. */
uint64_t kb_sim_maker_number(const struct kb_world *world, struct kb_span id_sc);

#endif
