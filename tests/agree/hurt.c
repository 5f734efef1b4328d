/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of an exchange, changed in every way. */
#include "tests/agree/hurt.h"

#include <stdlib.h>

bool hurt_is_refused(struct rig *rig, const struct rig_message *messages, size_t number,
                     struct kb_span bytes)
{
    struct rig_party *receiver = number % 2 ? &rig->operator_ : &rig->card;
    uint8_t *own = malloc(bytes.len ? bytes.len : 1);

    assert_non_null(own);
    if (bytes.len)
        memcpy(own, bytes.data, bytes.len);
    rig->card.agree = messages[number].card;
    rig->operator_.agree = messages[number].operator_;
    rig_deliver(rig, number, kb_span(own, bytes.len));
    free(own);
    return !rig_is_done(receiver) && !(rig_is_done(&rig->card) && rig_is_done(&rig->operator_)) &&
           (number > 1 || (!rig_is_done(&rig->card) && !rig_is_done(&rig->operator_)));
}

void hurt_everything(struct rig *rig, const struct rig_message *messages, size_t count, size_t step)
{
    for (size_t number = 1; number <= count; number++) {
        uint8_t bytes[KB_AGREE_MESSAGE_MAX + 1] = {0};
        size_t len = messages[number].len;

        memcpy(bytes, messages[number].bytes, len);
        for (size_t bit = 0; bit < 8 * len; bit += bit < 64 ? 1 : step) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (!hurt_is_refused(rig, messages, number, kb_span(bytes, len)))
                fail_msg("message %zu with bit %zu flipped was accepted", number, bit);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < len; cut += cut < 64 ? 1 : step) {
            if (!hurt_is_refused(rig, messages, number, kb_span(bytes, cut)))
                fail_msg("message %zu cut to %zu bytes was accepted", number, cut);
        }
        if (!hurt_is_refused(rig, messages, number, kb_span(bytes, len + 1)))
            fail_msg("message %zu with a byte more was accepted", number);
    }
}
