/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between a PS and its register from any bytes: there is one way to write each. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "service/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[KB_REGISTER_MAX];
    struct kb_writer wr = kb_wr(again, sizeof(again));
    struct kb_register_message message;

    if (kb_register_read(kb_span(data, size), &message)) {
        kb_fuzz_insist(!message.imsi.len && !message.k.len, "nothing is told of what was refused");
        return 0;
    }
    kb_register_write(&wr, &message);
    kb_fuzz_insist(!wr.is_bad, "what was read can be written");
    /* Fields that nobody knows are passed over, and not written. */
    kb_fuzz_insist(wr.len <= size, "it is not longer");
    kb_fuzz_insist(wr.len < size || !memcmp(again, data, size), "it is the same");
    return 0;
}
