/* SPDX-License-Identifier: Apache-2.0 */
/* Private to card/nvm: banks, and the index made from their records. */
#ifndef KB_CARD_NVM_MOUNT_H
#define KB_CARD_NVM_MOUNT_H

#include "card/nvm/nvm.h"

/* The unit of a bank where its first record goes. */
uint32_t kb_mount_first(const struct kb_nvm_bank *bank);

/* The other half of the device, to be used with the next sequence. */
struct kb_nvm_bank kb_mount_other(const struct kb_nvm_bank *bank);

/* Erases the bank, whatever it holds. */
enum kb_err kb_mount_erase(const struct kb_nvm_bank *bank);

/* Programs the header, which makes the bank the active one. */
enum kb_err kb_mount_activate(const struct kb_nvm_bank *bank);

enum kb_err kb_mount_sync(const struct kb_nvm_bank *bank);

/* Makes index[] from the transactions that are whole before unit end: forgets the open one.
 * KB_ERR_NVM_DAMAGED unless the records reach exactly to end. */
enum kb_err kb_mount_replay(struct kb_nvm *nvm, uint32_t end);

/* Brings index[] up to date with the records of nvm->transaction in the units from .. end. */
enum kb_err kb_mount_apply(struct kb_nvm *nvm, uint32_t from, uint32_t end, uint16_t transaction);

/* Units taken by the records index[] points to. */
enum kb_err kb_mount_count(const struct kb_nvm *nvm, uint32_t *units);

#endif
