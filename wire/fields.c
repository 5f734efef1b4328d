/* SPDX-License-Identifier: Apache-2.0 */
/* Structs as CBOR maps, by tables. */
#include "wire/fields.h"

#include <string.h>

#include "wire/bcd.h"
#include "wire/cbor.h"

/* Any field's value; which member counts is said by the row. */
struct held {
    struct kb_span span;
    uint64_t number;
};

static bool is_span(const struct kb_field *field)
{
    return field->kind <= KB_FIELD_ITEM;
}

static struct held get(const struct kb_field *field, const void *record)
{
    const uint8_t *place = (const uint8_t *)record + field->where;
    struct held held = {{NULL, 0}, 0};

    if (is_span(field))
        memcpy(&held.span, place, sizeof(held.span));
    else if (field->kind == KB_FIELD_NUMBER)
        memcpy(&held.number, place, sizeof(held.number));
    else
        held.number = *place;
    return held;
}

static void set(const struct kb_field *field, void *record, const struct held *held)
{
    uint8_t *place = (uint8_t *)record + field->where;

    if (is_span(field))
        memcpy(place, &held->span, sizeof(held->span));
    else if (field->kind == KB_FIELD_NUMBER)
        memcpy(place, &held->number, sizeof(held->number));
    else
        *place = (uint8_t)held->number;
}

static bool is_there(const struct kb_field *field, const struct held *held)
{
    return is_span(field) ? held->span.len != 0 : held->number != 0;
}

static bool is_printable(struct kb_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7E)
            return false;
    }
    return true;
}

static bool is_phone(struct kb_span text)
{
    struct kb_cursor rd = kb_rd(text);

    if (kb_rd_peek(&rd) == '+')
        kb_rd_u8(&rd);
    return kb_rd_left(&rd) && kb_is_digits(kb_rd_span(&rd, kb_rd_left(&rd)));
}

/* True when a field that is there has a value it may have. */
static bool is_good(const struct kb_field *field, const struct held *held)
{
    if (is_span(field) && held->span.len > field->max)
        return false;
    switch (field->kind) {
    case KB_FIELD_DIGITS:
        return kb_is_digits(held->span);
    case KB_FIELD_PHONE:
        return is_phone(held->span);
    case KB_FIELD_NAME:
        return is_printable(held->span);
    case KB_FIELD_CODE:
        return held->number <= field->max;
    case KB_FIELD_NUMBER:
        return held->number <= INT64_MAX;
    case KB_FIELD_FLAG:
        return held->number == 1;
    default:
        return true;
    }
}

static void put(const struct kb_field *field, const struct held *held, struct kb_writer *wr)
{
    kb_cbor_put_head(wr, KB_CBOR_UINT, field->key);
    if (field->kind == KB_FIELD_ITEM)
        kb_wr_copy(wr, held->span.data, held->span.len);
    else if (field->kind == KB_FIELD_BYTES)
        kb_cbor_put_bstr(wr, held->span);
    else if (is_span(field))
        kb_cbor_put_tstr(wr, held->span);
    else if (field->kind == KB_FIELD_FLAG)
        kb_cbor_put_head(wr, KB_CBOR_SIMPLE, KB_CBOR_TRUE);
    else
        kb_cbor_put_head(wr, KB_CBOR_UINT, held->number);
}

static struct held take(const struct kb_field *field, struct kb_cursor *rd)
{
    struct held held = {{NULL, 0}, 0};

    if (field->kind == KB_FIELD_ITEM)
        held.span = kb_cbor_item(rd);
    else if (field->kind == KB_FIELD_BYTES)
        held.span = kb_cbor_bstr(rd);
    else if (is_span(field))
        held.span = kb_cbor_tstr(rd);
    else if (field->kind == KB_FIELD_FLAG)
        held.number = kb_cbor_head(rd, KB_CBOR_SIMPLE) == KB_CBOR_TRUE;
    else
        held.number = kb_cbor_head(rd, KB_CBOR_UINT);
    return held;
}

bool kb_fields_are_good(const struct kb_field *fields, size_t count, unsigned form,
                        const void *record)
{
    for (size_t i = 0; i < count; i++) {
        struct held held = get(&fields[i], record);
        bool is = is_there(&fields[i], &held);

        if (is ? !((fields[i].must | fields[i].may) & form) : fields[i].must & form)
            return false;
        if (is && !is_good(&fields[i], &held))
            return false;
    }
    return true;
}

void kb_fields_write(struct kb_writer *wr, const struct kb_field *fields, size_t count,
                     const void *record)
{
    size_t there = 0;

    for (size_t i = 0; i < count; i++) {
        struct held held = get(&fields[i], record);

        there += is_there(&fields[i], &held);
    }
    kb_cbor_put_head(wr, KB_CBOR_MAP, there);
    for (size_t i = 0; i < count; i++) {
        struct held held = get(&fields[i], record);

        if (is_there(&fields[i], &held))
            put(&fields[i], &held, wr);
    }
}

static const struct kb_field *find(const struct kb_field *fields, size_t count, struct kb_span key)
{
    for (size_t i = 0; i < count; i++) {
        if (key.len == 1 && key.data[0] == fields[i].key)
            return &fields[i];
    }
    return NULL;
}

/* The item is gone over twice: whole, for its encoding and the order of its keys; then for what is
 * known of it. */
void kb_fields_read(struct kb_cursor *rd, const struct kb_field *fields, size_t count, void *record)
{
    struct kb_cursor map = kb_rd(kb_cbor_item(rd));
    uint64_t pairs = rd->is_bad ? 0 : kb_cbor_head(&map, KB_CBOR_MAP);

    while (pairs-- > 0 && !map.is_bad) {
        const struct kb_field *field = find(fields, count, kb_cbor_item(&map));
        struct held held;

        if (!field) {
            kb_cbor_item(&map);
            continue;
        }
        held = take(field, &map);
        if (!is_there(field, &held) || !is_good(field, &held))
            map.is_bad = true;
        else
            set(field, record, &held);
    }
    rd->is_bad |= map.is_bad;
}
