/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that fails the test when it is not treated as flash wants: a unit programmed twice between
 * two erases, an address outside, a length across units. On top of it the power can be cut. */
#ifndef KB_TESTS_NVM_CHECKER_H
#define KB_TESTS_NVM_CHECKER_H

#include "card/nvm/flash_fault.h"
#include "card/nvm/flash_ram.h"

enum { CHECKER_BYTES = 8192, CHECKER_UNITS = CHECKER_BYTES / 4 };

struct checker {
    struct kb_flash_ram ram;
    struct kb_nvm_device below; /* the RAM */
    struct kb_nvm_device middle;
    struct kb_flash_fault fault;
    struct kb_nvm_device device; /* for the store */
    bool is_programmed[CHECKER_UNITS];
    bool may_touch_again; /* a unit programmed without a trace may be programmed again: after two
                             cuts in a row nothing tells where the first one fell */
    uint64_t reads;
    uint64_t fail_read_at; /* the read (from 1) that fails, or 0 */
    unsigned programs;
    unsigned syncs;
    uint8_t data[CHECKER_BYTES];
};

struct geometry {
    uint32_t sector_size;
    uint32_t sector_count;
    uint32_t program_size;
};

void checker_init(struct checker *checker, const struct geometry *geometry);

#endif
