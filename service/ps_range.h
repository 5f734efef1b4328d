/* SPDX-License-Identifier: Apache-2.0 */
/* Identities that nobody ever had, in ranges: millions of them are a few rows. */
#ifndef KB_SERVICE_PS_RANGE_H
#define KB_SERVICE_PS_RANGE_H

#include "service/store.h"
#include "wire/bcd.h"

/* The next one. KB_ERR_ABSENT: there is none. */
enum kb_err kb_ps_range_take(struct kb_store *store, char imsi[KB_IMSI_MAX + 1]);
enum kb_err kb_ps_range_count(struct kb_store *store, uint64_t *count);

#endif
