/* SPDX-License-Identifier: Apache-2.0 */
/* What the desk's tests share: a directory of their own, files in it, a batch of cards. */
#ifndef KB_TESTS_DESK_RIG_H
#define KB_TESTS_DESK_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desk/bureau.h"
#include "desk/ca.h"
#include "desk/factory.h"

/* Makes a new directory and enters it; removed by rig_leave. */
void rig_enter(void);
void rig_leave(void);

void rig_write(const char *name, const char *text);
void rig_write_bytes(const char *name, const void *data, size_t len);
/* The whole file with a zero behind it, to be freed. len may be NULL. */
char *rig_read(const char *name, size_t *len);
bool rig_has(const char *name);

/* True when these bytes are in a file whose name starts with prefix, in this directory. */
bool rig_finds(const char *prefix, const void *needle, size_t len);

/* Cards 1 .. count of examples/plans/telecom.yaml in cards/, certified by the root in maker-root/;
 * they trust the one in operators-root/. */
void rig_make_cards(uint64_t count);
struct kb_factory_options rig_factory(uint64_t count);
/* Makes a root there, unless there is one. */
void rig_need_root(const char *dir, const char *name, enum kb_ca_kind kind);

/* A run over cards/ with batch.csv, the journal "journal" and a fixed bureau key; silent. */
struct kb_bureau_options rig_bureau(void);

/* ICCID of the n-th card, from 1. */
const char *rig_iccid(uint64_t n);

/* batch.csv for cards 1 .. count; with keys: Ki and OPc as 15 bytes of a pattern and one of n. */
void rig_make_batch(uint64_t count, bool has_keys);
/* The Ki that rig_make_batch gives card n. */
void rig_ki(uint64_t n, uint8_t ki[16]);

#endif
