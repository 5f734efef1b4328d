/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between a PS and its register as bytes. */
#include "service/register.h"

#include <string.h>

#include "wire/bcd.h"
#include "wire/cbor.h"
#include "wire/fields.h"

enum { CREATE = 1, PLAIN = 2, IMSI_LEAST = 14, SHORT_KEY = 16, LONG_KEY = 32 };

#define AT(member) offsetof(struct kb_register_message, member)

static const struct kb_field fields[] = {
    {1, KB_FIELD_DIGITS, AT(imsi), KB_IMSI_MAX, CREATE | PLAIN, 0},
    {2, KB_FIELD_BYTES, AT(k), LONG_KEY, CREATE, 0},
    {3, KB_FIELD_BYTES, AT(opc), LONG_KEY, CREATE, 0},
};

#undef AT

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static bool is_key(struct kb_span key)
{
    return key.len == SHORT_KEY || key.len == LONG_KEY;
}

static bool is_message(const struct kb_register_message *message)
{
    bool is_create = message->what == KB_REGISTER_CREATE;

    if (message->what < KB_REGISTER_CREATE || message->what > KB_REGISTER_SEEN)
        return false;
    /* Only what nobody asked for has no number. */
    if (message->what != KB_REGISTER_SEEN && !message->request)
        return false;
    return message->request <= INT64_MAX && message->imsi.len >= IMSI_LEAST &&
           kb_fields_are_good(fields, FIELDS, is_create ? CREATE : PLAIN, message) &&
           (!is_create || (is_key(message->k) && is_key(message->opc)));
}

void kb_register_write(struct kb_writer *wr, const struct kb_register_message *message)
{
    if (!is_message(message)) {
        wr->is_bad = true;
        return;
    }
    kb_cbor_put_head(wr, KB_CBOR_UINT, message->what);
    kb_cbor_put_head(wr, KB_CBOR_UINT, message->request);
    kb_fields_write(wr, fields, FIELDS, message);
}

enum kb_err kb_register_read(struct kb_span bytes, struct kb_register_message *message)
{
    struct kb_cursor rd = kb_rd(bytes);
    uint64_t what = kb_cbor_head(&rd, KB_CBOR_UINT);

    memset(message, 0, sizeof(*message));
    if (what <= KB_REGISTER_SEEN)
        message->what = (enum kb_register_what)what;
    message->request = kb_cbor_head(&rd, KB_CBOR_UINT);
    kb_fields_read(&rd, fields, FIELDS, message);
    if (kb_rd_is_done(&rd) && bytes.len <= KB_REGISTER_MAX && is_message(message))
        return KB_OK;
    memset(message, 0, sizeof(*message));
    return KB_ERR_MALFORMED;
}
