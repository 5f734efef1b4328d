/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a personalization over the air as bytes (docs/protocol.md): which message has which
 * field stands in tables. */
#include "wire/session.h"

#include <string.h>

#include "wire/bcd.h"
#include "wire/cbor.h"
#include "wire/fields.h"

/* --- Which message has what --- */

/* A kind of message has one form or, where the fields differ with what it wants, several. */
enum form {
    REQUEST = 1 << 0,
    WANTING = 1 << 1, /* REQUEST of a user who has not chosen yet */
    PERSONALIZE = 1 << 2,
    CHOOSE = 1 << 3,
    START = 1 << 4,
    AGREE = 1 << 5,
    IDENTITY = 1 << 6,
    CONFIRM = 1 << 7,
    REFUSE = 1 << 8,
    COMMAND = PERSONALIZE | CHOOSE | START,
    ALL = 0x1FF
};

static const struct {
    uint16_t form;
    uint8_t kind, command;
    bool wants_operators;
} forms[] = {
    {REQUEST, KB_SESSION_REQUEST, 0, false},
    {WANTING, KB_SESSION_REQUEST, 0, true},
    {PERSONALIZE, KB_SESSION_COMMAND, KB_COMMAND_PERSONALIZE, false},
    {CHOOSE, KB_SESSION_COMMAND, KB_COMMAND_CHOOSE, false},
    {START, KB_SESSION_COMMAND, KB_COMMAND_START, false},
    {AGREE, KB_SESSION_AGREE, 0, false},
    {IDENTITY, KB_SESSION_IDENTITY, 0, false},
    {CONFIRM, KB_SESSION_CONFIRM, 0, false},
    {REFUSE, KB_SESSION_REFUSE, 0, false},
};

#define AT(member) offsetof(struct kb_session_message, member)

/* In ascending order of keys, as they are sent. */
static const struct kb_field message_fields[] = {
    {1, KB_FIELD_DIGITS, AT(id_sc), KB_ID_SC_MAX, 0, ALL},
    {2, KB_FIELD_NAME, AT(id_o), KB_ID_O_MAX, PERSONALIZE,
     REQUEST | START | AGREE | IDENTITY | CONFIRM | REFUSE},
    {3, KB_FIELD_CODE, AT(command), KB_COMMAND_START, COMMAND, 0},
    {4, KB_FIELD_CODE, AT(agreement), KB_SESSION_DH, REQUEST, WANTING | AGREE},
    {5, KB_FIELD_BYTES, AT(agree), KB_SESSION_AGREE_MAX, REQUEST | PERSONALIZE | AGREE, WANTING},
    {6, KB_FIELD_DIGITS, AT(admin_code), KB_ADMIN_CODE_MAX, PERSONALIZE, 0},
    {7, KB_FIELD_BYTES, AT(sealed), KB_SESSION_SEALED_MAX, IDENTITY, CONFIRM | REFUSE},
    {8, KB_FIELD_CODE, AT(reason), KB_REASONS - 1, REFUSE, 0},
    {9, KB_FIELD_NUMBER, AT(time), 0, 0, COMMAND},
    {10, KB_FIELD_NUMBER, AT(revoked_seen), 0, 0, REQUEST | WANTING},
    {11, KB_FIELD_BYTES, AT(revoked), KB_SESSION_MAX, 0, COMMAND},
    {12, KB_FIELD_BYTES, AT(credential), KB_SESSION_CREDENTIAL_MAX, 0, AGREE},
    {13, KB_FIELD_ITEM, AT(operators), KB_SESSION_MAX, CHOOSE, 0},
    {14, KB_FIELD_FLAG, AT(wants_operators), 0, WANTING, 0},
};

#undef AT

/* What IDENTITY brings, under its seal: one form. */
static const struct kb_field identity_fields[] = {
    {1, KB_FIELD_DIGITS, offsetof(struct kb_identity, imsi), KB_IMSI_MAX, 1, 0},
    {2, KB_FIELD_CODE, offsetof(struct kb_identity, mnc_length), 3, 1, 0},
    {3, KB_FIELD_TEXT, offsetof(struct kb_identity, name), KB_OPERATOR_NAME_MAX, 0, 1},
    {4, KB_FIELD_PHONE, offsetof(struct kb_identity, centre), 1 + KB_ID_SC_MAX, 0, 1},
};

/* An operator is no map but two items of a list; the rows say what those may be. */
static const struct kb_field operator_fields[] = {
    {1, KB_FIELD_NAME, offsetof(struct kb_session_operator, id_o), KB_ID_O_MAX, 1, 0},
    {2, KB_FIELD_TEXT, offsetof(struct kb_session_operator, name), KB_OPERATOR_NAME_MAX, 1, 0},
};

enum {
    MESSAGE_FIELDS = sizeof(message_fields) / sizeof(message_fields[0]),
    IDENTITY_FIELDS = sizeof(identity_fields) / sizeof(identity_fields[0]),
    OPERATOR_FIELDS = sizeof(operator_fields) / sizeof(operator_fields[0]),
    FORMS = sizeof(forms) / sizeof(forms[0]),
    IMSI_LEAST = 14,
    MNC_LEAST = 2
};

static bool is_list(struct kb_span list)
{
    struct kb_session_operator operators[KB_SESSION_OPERATORS];

    return kb_session_operators_read(list, operators) != 0;
}

/* True when there is such a message. One that starts a card belongs to no attempt of it. */
static bool is_message(const struct kb_session_message *message)
{
    for (size_t i = 0; i < FORMS; i++) {
        if (forms[i].kind != message->kind || forms[i].command != message->command ||
            forms[i].wants_operators != message->wants_operators)
            continue;
        return kb_fields_are_good(message_fields, MESSAGE_FIELDS, forms[i].form, message) &&
               (forms[i].form != START || message->session == 0) &&
               (forms[i].form != CHOOSE || is_list(message->operators));
    }
    return false;
}

/* --- Messages --- */

void kb_session_write(struct kb_writer *wr, const struct kb_session_message *message)
{
    size_t start = wr->len;

    if (!is_message(message)) {
        wr->is_bad = true;
        return;
    }
    kb_cbor_put_head(wr, KB_CBOR_UINT, message->kind);
    kb_cbor_put_head(wr, KB_CBOR_UINT, message->session);
    kb_fields_write(wr, message_fields, MESSAGE_FIELDS, message);
    if (wr->len - start > KB_SESSION_MAX)
        wr->is_bad = true;
}

enum kb_err kb_session_read(struct kb_span bytes, struct kb_session_message *message)
{
    struct kb_cursor rd = kb_rd(bytes);
    uint64_t kind = kb_cbor_head(&rd, KB_CBOR_UINT), session = kb_cbor_head(&rd, KB_CBOR_UINT);

    memset(message, 0, sizeof(*message));
    if (rd.is_bad || bytes.len > KB_SESSION_MAX || kind >= KB_SESSION_KINDS || session > UINT32_MAX)
        return KB_ERR_MALFORMED;
    message->kind = (enum kb_session_kind)kind;
    message->session = (uint32_t)session;
    kb_fields_read(&rd, message_fields, MESSAGE_FIELDS, message);
    if (kb_rd_is_done(&rd) && is_message(message))
        return KB_OK;
    memset(message, 0, sizeof(*message));
    return KB_ERR_MALFORMED;
}

size_t kb_session_operators_read(struct kb_span list,
                                 struct kb_session_operator operators[KB_SESSION_OPERATORS])
{
    struct kb_cursor rd = kb_rd(list);
    uint64_t items = kb_cbor_head(&rd, KB_CBOR_ARRAY);
    size_t count = items <= 2 * KB_SESSION_OPERATORS ? (size_t)items / 2 : 0;

    memset(operators, 0, KB_SESSION_OPERATORS * sizeof(operators[0]));
    if (items % 2)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        operators[i].id_o = kb_cbor_tstr(&rd);
        operators[i].name = kb_cbor_tstr(&rd);
        rd.is_bad |= !kb_fields_are_good(operator_fields, OPERATOR_FIELDS, 1, &operators[i]);
    }
    return kb_rd_is_done(&rd) ? count : 0;
}

void kb_session_operators_write(struct kb_writer *wr, const struct kb_session_operator *operators,
                                size_t count)
{
    if (!count || count > KB_SESSION_OPERATORS)
        wr->is_bad = true;
    kb_cbor_put_head(wr, KB_CBOR_ARRAY, 2 * (uint64_t)count);
    for (size_t i = 0; i < count && !wr->is_bad; i++) {
        kb_cbor_put_tstr(wr, operators[i].id_o);
        kb_cbor_put_tstr(wr, operators[i].name);
        wr->is_bad |= !kb_fields_are_good(operator_fields, OPERATOR_FIELDS, 1, &operators[i]);
    }
}

/* --- Identity --- */

static bool is_identity(const struct kb_identity *identity)
{
    return kb_fields_are_good(identity_fields, IDENTITY_FIELDS, 1, identity) &&
           identity->imsi.len >= IMSI_LEAST && identity->mnc_length >= MNC_LEAST;
}

void kb_identity_write(struct kb_writer *wr, const struct kb_identity *identity)
{
    if (is_identity(identity))
        kb_fields_write(wr, identity_fields, IDENTITY_FIELDS, identity);
    else
        wr->is_bad = true;
}

enum kb_err kb_identity_read(struct kb_span bytes, struct kb_identity *identity)
{
    struct kb_cursor rd = kb_rd(bytes);

    memset(identity, 0, sizeof(*identity));
    kb_fields_read(&rd, identity_fields, IDENTITY_FIELDS, identity);
    if (kb_rd_is_done(&rd) && is_identity(identity))
        return KB_OK;
    memset(identity, 0, sizeof(*identity));
    return KB_ERR_MALFORMED;
}
