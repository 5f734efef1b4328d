/* SPDX-License-Identifier: Apache-2.0 */
/* External authorization data (RFC 9528 clause 3.8). */
#include "agree/ead.h"

#include "wire/cbor.h"

void kb_ead_put(struct kb_writer *wr, const struct kb_ead_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct kb_ead *item = &list->items[i];

        kb_cbor_put_int(wr, item->is_critical ? -(int64_t)item->label : item->label);
        if (item->has_value)
            kb_cbor_put_bstr(wr, item->value);
    }
}

bool kb_ead_next(struct kb_cursor *rd, struct kb_ead *item)
{
    int64_t label;

    if (!kb_rd_left(rd))
        return false;
    label = kb_cbor_int(rd);
    if (label < -UINT16_MAX || label > UINT16_MAX)
        rd->is_bad = true;
    item->is_critical = label < 0;
    item->label = (uint16_t)(label < 0 ? -label : label);
    item->has_value = kb_rd_left(rd) && kb_cbor_peek(rd) == KB_CBOR_BSTR;
    item->value = item->has_value ? kb_cbor_bstr(rd) : kb_span(rd->data, 0);
    return !rd->is_bad;
}

static enum kb_err deliver_one(const struct kb_ead *item, unsigned message, kb_ead_take *take,
                               void *context)
{
    enum kb_err err;

    if (item->label == 0)
        return KB_OK;
    err = take ? take(context, message, item) : KB_ERR_ABSENT;
    if (err != KB_ERR_ABSENT)
        return err;
    return item->is_critical ? KB_ERR_RULE : KB_OK;
}

enum kb_err kb_ead_deliver(struct kb_span field, unsigned message, kb_ead_take *take, void *context)
{
    struct kb_cursor rd = kb_rd(field);
    struct kb_ead item;
    enum kb_err err = KB_OK;

    while (kb_ead_next(&rd, &item))
        continue;
    if (rd.is_bad)
        return KB_ERR_MALFORMED;
    rd = kb_rd(field);
    while (!err && kb_ead_next(&rd, &item))
        err = deliver_one(&item, message, take, context);
    return err;
}
