/* SPDX-License-Identifier: Apache-2.0 */
/* Private to card/nvm: moving the store to the other bank without its garbage. */
#ifndef KB_CARD_NVM_COMPACT_H
#define KB_CARD_NVM_COMPACT_H

#include "card/nvm/nvm.h"

/* Moves the live objects, and of the open transaction the newest records, to the other bank, which
 * becomes the active one with at least room units free. Possible in the middle of a transaction.
 * KB_ERR_NVM_FULL, before anything is erased: that much room cannot be had. */
enum kb_err kb_compact(struct kb_nvm *nvm, uint32_t room);

#endif
