/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crypto port of a simulated world: OpenSSL's, with three differences. Signatures have the
 * nonce of RFC 6979, so that they are the same in every run. Its generator always fails: whoever
 * draws from it instead of the generator that was handed in is found out, and no run could be
 * repeated. And public-key operations are counted, for whoever is at work.
 */
#ifndef KB_SIM_CRYPTO_H
#define KB_SIM_CRYPTO_H

#include "crypto/crypto.h"

enum kb_sim_operation {
    KB_WORK_PUBLIC, /* of a private key: P-256 or X25519 */
    KB_WORK_SHARED,
    KB_WORK_VERIFY,
    KB_WORK_SIGN,
    KB_WORK_POWER,
    KB_WORK_KINDS
};

struct kb_sim_work {
    uint64_t operations[KB_WORK_KINDS];
    int64_t public_key_ns; /* processor time inside of them */
    int64_t all_ns;        /* and around them, where the caller measures */
};

const struct kb_crypto *kb_sim_crypto(void);

/* Whose work it is from now on, in this thread; NULL: nobody's, and nothing is measured. Returns
 * whose it was. */
struct kb_sim_work *kb_sim_work_of(struct kb_sim_work *work);

/* Processor time of this thread. */
int64_t kb_sim_thread_ns(void);

#endif
