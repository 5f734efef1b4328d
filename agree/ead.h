/* SPDX-License-Identifier: Apache-2.0 */
/* External authorization data (RFC 9528 clause 3.8): items that an application adds to messages. */
#ifndef KB_AGREE_EAD_H
#define KB_AGREE_EAD_H

#include "wire/cursor.h"
#include "wire/err.h"

struct kb_ead {
    uint16_t label; /* 0 is padding */
    bool is_critical;
    bool has_value;
    struct kb_span value;
};

/* Several items, for one message. */
struct kb_ead_list {
    const struct kb_ead *items;
    size_t count;
};

/* Takes one item of message 1-4. KB_ERR_ABSENT: nobody here knows the label. Any other error ends
 * the agreement. */
typedef enum kb_err kb_ead_take(void *context, unsigned message, const struct kb_ead *item);

void kb_ead_put(struct kb_writer *wr, const struct kb_ead_list *list);

/* Reads the next item; false at the end and on malformed input, which marks the cursor bad. */
bool kb_ead_next(struct kb_cursor *rd, struct kb_ead *item);

/* Hands all items to take, which may be NULL for an application that knows none; padding is left
 * out. Nothing is handed over of a malformed field. KB_ERR_RULE: a critical item that nobody
 * knows. */
enum kb_err kb_ead_deliver(struct kb_span field, unsigned message, kb_ead_take *take,
                           void *context);

#endif
