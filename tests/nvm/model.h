/* SPDX-License-Identifier: Apache-2.0 */
/* What the store should hold, kept in plain memory, and transactions chosen by a seed that are run
 * on both. */
#ifndef KB_TESTS_NVM_MODEL_H
#define KB_TESTS_NVM_MODEL_H

#include "card/nvm/nvm.h"

enum { MODEL_OBJECTS = 9, MODEL_MAX = 160 };

struct model_object {
    bool is_there;
    uint16_t len;
    uint8_t data[MODEL_MAX];
};

struct model {
    struct model_object object[MODEL_OBJECTS];
};

/* The store's number of a model's object. */
uint16_t model_id(size_t object);

/* The next number of a sequence that looks random: below count. */
uint32_t model_choose(uint64_t *seed, uint32_t count);

/* True when the store holds exactly what the model holds. */
bool model_matches(const struct model *model, struct kb_nvm *nvm);

/* Runs one transaction, from a single write to thirty, some of them rolled back. after: what the
 * store should hold if it is carried out whole. A full store is no error: the transaction goes on
 * without that write, or is rolled back. Any other error of the store is returned at once. */
enum kb_err model_run(struct kb_nvm *nvm, uint64_t seed, const struct model *before,
                      struct model *after);

#endif
