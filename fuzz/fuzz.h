/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target shares. A broken promise ends the process, so that the fuzzer keeps the
 * input. */
#ifndef KB_FUZZ_FUZZ_H
#define KB_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void kb_fuzz_insist(int holds, const char *promise)
{
    if (holds)
        return;
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

#endif
