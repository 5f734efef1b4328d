/* SPDX-License-Identifier: Apache-2.0 */
/* A field's secure channel (docs/apdu.md 3.1): opened in place of a code, then every command of the
 * field goes through it, ciphered. */
#ifndef KB_DESK_SECURE_H
#define KB_DESK_SECURE_H

#include "agree/party.h"
#include "crypto/scp03.h"
#include "desk/personalize.h"
#include "reader/exchange.h"

struct kb_secure {
    struct kb_reader *reader;
    const struct kb_crypto *crypto;
    struct kb_scp03 scp;
    bool is_open;
};

/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE with keys made from the code; the field is enabled
 * already. The highest security level that the card offers, ciphered commands at least.
 * KB_ERR_CARD: refused, or the card does not have the code, which then costs no try. */
enum kb_err kb_secure_open(struct kb_secure *secure, const struct kb_random *random,
                           const struct kb_entity_field *field, const uint8_t code[KB_PERSO_CODE],
                           struct kb_report *why);

/* As kb_talk. The answer is plain, and checked where it was protected: KB_ERR_INTEGRITY. */
enum kb_err kb_secure_talk(struct kb_secure *secure, const uint8_t header[4], struct kb_span data,
                           struct kb_answer *answer, struct kb_report *why);

#endif
