/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication and key agreement of a subscriber (3GPP TS 33.102 clause 6.3) with whichever
 * algorithm the subscription has: Milenage, TUAK or XOR, and for GSM COMP128, XOR or the
 * conversions c2 and c3. A challenge is started, asked for what is wanted in any order, and ended,
 * which wipes it.
 */
#ifndef KB_CRYPTO_AKA_H
#define KB_CRYPTO_AKA_H

#include "crypto/milenage.h"
#include "crypto/tuak.h"

enum kb_aka_algorithm { KB_AKA_MILENAGE, KB_AKA_TUAK, KB_AKA_XOR, KB_AKA_ALGORITHMS };

enum kb_aka_gsm_algorithm {
    KB_GSM_CONVERTED, /* by c2 and c3 from the algorithm above */
    KB_GSM_COMP128_1,
    KB_GSM_COMP128_2,
    KB_GSM_COMP128_3,
    KB_GSM_XOR,
    KB_GSM_ALGORITHMS
};

enum { KB_AKA_RES_MIN = 4, KB_AKA_RES_MAX = 16, KB_AKA_KEY_MAX = 32, KB_AKA_MAC_MAX = 32 };

/* What is fixed for a subscription; lengths in bytes. */
struct kb_aka_profile {
    uint8_t algorithm; /* enum kb_aka_algorithm */
    uint8_t gsm;       /* enum kb_aka_gsm_algorithm */
    uint8_t res_len;
    uint8_t ck_len;
    uint8_t ik_len;
    uint8_t mac_len;
    uint8_t iterations; /* of Keccak */
};

/* K and what the operator adds to it: OPc, TOPc or nothing. */
struct kb_aka_keys {
    struct kb_span k, top;
};

struct kb_aka {
    const struct kb_aka_profile *profile;
    union {
        struct kb_milenage milenage;
        struct kb_tuak tuak;
        uint8_t xdout[16];
    } with;
};

struct kb_aka_answer {
    uint8_t res[KB_AKA_RES_MAX];
    uint8_t ck[KB_AKA_KEY_MAX];
    uint8_t ik[KB_AKA_KEY_MAX];
    uint8_t ak[6];
};

/* KB_ERR_RANGE: numbers that the profile's algorithm does not have. Milenage: RES of 4-8 bytes (the
 * first ones), CK and IK of 16, MAC of 8. TUAK: RES of 4, 8 or 16, CK and IK of 16 or 32, MAC of 8,
 * 16 or 32, at least one iteration. XOR: RES of 4-16, else as Milenage. */
enum kb_err kb_aka_check(const struct kb_aka_profile *profile);

/* KB_ERR_ABSENT: keys of other lengths than the algorithm's: K of 16 bytes (TUAK: or 32), OPc of
 * 16, TOPc of 32. The profile must have passed its check, and outlives the challenge. */
enum kb_err kb_aka_start(struct kb_aka *aka, const struct kb_crypto *crypto,
                         const struct kb_aka_profile *profile, const struct kb_aka_keys *keys,
                         const uint8_t rand[16]);
void kb_aka_end(struct kb_aka *aka);

/* MAC-A by f1, or MAC-S by f1* when is_resync; mac: KB_AKA_MAC_MAX bytes, of which mac_len count.
 */
enum kb_err kb_aka_mac(struct kb_aka *aka, bool is_resync, const uint8_t sqn[6],
                       const uint8_t amf[2], uint8_t mac[KB_AKA_MAC_MAX]);

/* f2 to f5. */
enum kb_err kb_aka_answer(struct kb_aka *aka, struct kb_aka_answer *answer);

/* AK* by f5*. */
enum kb_err kb_aka_resync_key(struct kb_aka *aka, uint8_t ak[6]);

/* Kc by c3 (TS 33.102 clause 6.8.1.2): CK and IK in pieces of 8 bytes, all added up. Of keys of 32
 * bytes the clause does not speak; they have more pieces. */
void kb_aka_kc(const struct kb_aka_profile *profile, const struct kb_aka_answer *answer,
               uint8_t kc[8]);

/* A3 and A8. Errors as kb_aka_start. */
enum kb_err kb_aka_gsm(const struct kb_crypto *crypto, const struct kb_aka_profile *profile,
                       const struct kb_aka_keys *keys, const uint8_t rand[16], uint8_t sres[4],
                       uint8_t kc[8]);

#endif
