/* SPDX-License-Identifier: Apache-2.0 */
/* Records: name length, name, role length, role, value length (2), value; one after the other. */

#include "desk/record.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

struct kb_record *kb_record_new(void)
{
    return calloc(1, sizeof(struct kb_record));
}

void kb_record_free(struct kb_record *record)
{
    if (!record)
        return;
    kb_wipe(record, sizeof *record);
    free(record);
}

void kb_record_clear(struct kb_record *record)
{
    kb_wipe(record->data, record->len);
    record->len = 0;
}

static void put_text(struct kb_writer *wr, const char *text)
{
    size_t len = strlen(text);

    kb_wr_u8(wr, (uint8_t)len);
    kb_wr_copy(wr, text, len);
}

enum kb_err kb_record_put(struct kb_record *record, const char *name, const char *role,
                          struct kb_span value)
{
    struct kb_writer wr = {record->data, sizeof record->data, record->len, false};

    put_text(&wr, name);
    put_text(&wr, role);
    kb_wr_u16(&wr, (uint16_t)value.len);
    kb_wr_copy(&wr, value.data, value.len);
    if (wr.is_bad || value.len > UINT16_MAX)
        return KB_ERR_TOO_LONG;
    record->len = wr.len;
    return KB_OK;
}

bool kb_record_next(const struct kb_record *record, size_t *at, struct kb_record_value *out)
{
    struct kb_cursor rd = {record->data, record->len, *at, false};

    if (kb_rd_left(&rd) == 0)
        return false;
    out->name = kb_rd_span(&rd, kb_rd_u8(&rd));
    out->role = kb_rd_span(&rd, kb_rd_u8(&rd));
    out->value = kb_rd_span(&rd, kb_rd_u16(&rd));
    *at = rd.at;
    return !rd.is_bad;
}

static bool is_text(struct kb_span span, const char *text)
{
    return span.len > 0 && span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

struct kb_span kb_record_name(const struct kb_record *record, const char *name)
{
    struct kb_record_value value;

    for (size_t at = 0; kb_record_next(record, &at, &value);)
        if (is_text(value.name, name))
            return value.value;
    return kb_span(NULL, 0);
}

struct kb_span kb_record_role(const struct kb_record *record, const char *role)
{
    struct kb_record_value value;

    for (size_t at = 0; kb_record_next(record, &at, &value);)
        if (is_text(value.role, role))
            return value.value;
    return kb_span(NULL, 0);
}
