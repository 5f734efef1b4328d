/* SPDX-License-Identifier: Apache-2.0 */
/* A port that remembers all that goes in and out of another one, so that a test can look for the
 * values of a published trace in a real run. */
#ifndef KB_TESTS_AGREE_SPY_H
#define KB_TESTS_AGREE_SPY_H

#include "crypto/crypto.h"

/* Forgets what was seen. */
void spy_start(void);

/* From here on works with this backend. A context belongs to the one it was started with. */
const struct kb_crypto *spy_on(const struct kb_crypto *backend);

/* Adds something that did not pass the port. */
void spy_add(struct kb_span bytes);

/* True when these bytes stand somewhere in one of the inputs or outputs. */
bool spy_has_seen(struct kb_span bytes);

#endif
