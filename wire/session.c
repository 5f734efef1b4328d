/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a personalization over the air as bytes (docs/protocol.md): tables of fields, and one
 * writer and one reader over them. */
#include "wire/session.h"

#include <string.h>

#include "wire/bcd.h"
#include "wire/cbor.h"

/* What a field is. A number that is 0, an empty string and a false flag are not sent at all, so
 * that each message has one form. */
enum value {
    DIGITS, /* tstr of '0'-'9' */
    PHONE,  /* tstr of digits, perhaps behind one '+' */
    NAME,   /* tstr of printable ASCII: it also names rows of a store and stands in logs */
    TEXT,   /* tstr */
    BYTES,  /* bstr */
    LIST,   /* of operators, as kb_session_operators_write makes it */
    CODE,   /* uint 1 .. max, of an enumeration */
    NUMBER, /* uint up to what an int64_t takes */
    FLAG    /* true */
};

struct field {
    uint8_t key;
    uint8_t value;  /* enum value */
    uint16_t where; /* offset in the struct */
    uint16_t max;   /* length of strings and lists; of a code the highest */
    uint16_t must, may;
};

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
static const struct field message_fields[] = {
    {1, DIGITS, AT(id_sc), KB_ID_SC_MAX, 0, ALL},
    {2, NAME, AT(id_o), KB_ID_O_MAX, PERSONALIZE,
     REQUEST | START | AGREE | IDENTITY | CONFIRM | REFUSE},
    {3, CODE, AT(command), KB_COMMAND_START, COMMAND, 0},
    {4, CODE, AT(agreement), KB_SESSION_DH, REQUEST, WANTING | AGREE},
    {5, BYTES, AT(agree), KB_SESSION_AGREE_MAX, REQUEST | PERSONALIZE | AGREE, WANTING},
    {6, DIGITS, AT(admin_code), KB_ADMIN_CODE_MAX, PERSONALIZE, 0},
    {7, BYTES, AT(sealed), KB_SESSION_SEALED_MAX, IDENTITY, CONFIRM | REFUSE},
    {8, CODE, AT(reason), KB_REASONS - 1, REFUSE, 0},
    {9, NUMBER, AT(time), 0, 0, COMMAND},
    {10, NUMBER, AT(revoked_seen), 0, 0, REQUEST | WANTING},
    {11, BYTES, AT(revoked), KB_SESSION_MAX, 0, COMMAND},
    {12, BYTES, AT(credential), KB_SESSION_CREDENTIAL_MAX, 0, AGREE},
    {13, LIST, AT(operators), KB_SESSION_MAX, CHOOSE, 0},
    {14, FLAG, AT(wants_operators), 0, WANTING, 0},
};

#undef AT

/* What IDENTITY brings, under its seal: one form. */
static const struct field identity_fields[] = {
    {1, DIGITS, offsetof(struct kb_identity, imsi), KB_IMSI_MAX, 1, 0},
    {2, CODE, offsetof(struct kb_identity, mnc_length), 3, 1, 0},
    {3, TEXT, offsetof(struct kb_identity, name), KB_OPERATOR_NAME_MAX, 0, 1},
    {4, PHONE, offsetof(struct kb_identity, centre), 1 + KB_ID_SC_MAX, 0, 1},
};

enum {
    MESSAGE_FIELDS = sizeof(message_fields) / sizeof(message_fields[0]),
    IDENTITY_FIELDS = sizeof(identity_fields) / sizeof(identity_fields[0]),
    FORMS = sizeof(forms) / sizeof(forms[0]),
    IMSI_LEAST = 14,
    MNC_LEAST = 2
};

/* 0: there is no such message. */
static unsigned form_of(const struct kb_session_message *message)
{
    for (size_t i = 0; i < FORMS; i++) {
        if (forms[i].kind == message->kind && forms[i].command == message->command &&
            forms[i].wants_operators == message->wants_operators)
            return message->session && forms[i].form == START ? 0 : forms[i].form;
    }
    return 0;
}

/* --- One field of a struct, by its row --- */

/* Any field's value; which member counts is said by the row. */
struct held {
    struct kb_span span;
    uint64_t number;
};

static bool is_span(const struct field *field)
{
    return field->value <= LIST;
}

static struct held get(const struct field *field, const void *record)
{
    const uint8_t *place = (const uint8_t *)record + field->where;
    struct held held = {{NULL, 0}, 0};

    if (is_span(field))
        memcpy(&held.span, place, sizeof(held.span));
    else if (field->value == NUMBER)
        memcpy(&held.number, place, sizeof(held.number));
    else
        held.number = *place;
    return held;
}

static void set(const struct field *field, void *record, const struct held *held)
{
    uint8_t *place = (uint8_t *)record + field->where;

    if (is_span(field))
        memcpy(place, &held->span, sizeof(held->span));
    else if (field->value == NUMBER)
        memcpy(place, &held->number, sizeof(held->number));
    else
        *place = (uint8_t)held->number;
}

static bool is_there(const struct field *field, const struct held *held)
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

static bool is_list(struct kb_span list)
{
    struct kb_session_operator operators[KB_SESSION_OPERATORS];

    return kb_session_operators_read(list, operators) != 0;
}

/* True when a field that is there has a value it may have. */
static bool is_good(const struct field *field, const struct held *held)
{
    if (is_span(field) && held->span.len > field->max)
        return false;
    switch (field->value) {
    case DIGITS:
        return kb_is_digits(held->span);
    case PHONE:
        return is_phone(held->span);
    case NAME:
        return is_printable(held->span);
    case LIST:
        return is_list(held->span);
    case CODE:
        return held->number <= field->max;
    case NUMBER:
        return held->number <= INT64_MAX;
    case FLAG:
        return held->number == 1;
    default:
        return true;
    }
}

static void put(const struct field *field, const struct held *held, struct kb_writer *wr)
{
    kb_cbor_put_head(wr, KB_CBOR_UINT, field->key);
    if (field->value == LIST)
        kb_wr_copy(wr, held->span.data, held->span.len);
    else if (field->value == BYTES)
        kb_cbor_put_bstr(wr, held->span);
    else if (is_span(field))
        kb_cbor_put_tstr(wr, held->span);
    else if (field->value == FLAG)
        kb_cbor_put_head(wr, KB_CBOR_SIMPLE, KB_CBOR_TRUE);
    else
        kb_cbor_put_head(wr, KB_CBOR_UINT, held->number);
}

static struct held take(const struct field *field, struct kb_cursor *rd)
{
    struct held held = {{NULL, 0}, 0};

    if (field->value == LIST)
        held.span = kb_cbor_item(rd);
    else if (field->value == BYTES)
        held.span = kb_cbor_bstr(rd);
    else if (is_span(field))
        held.span = kb_cbor_tstr(rd);
    else if (field->value == FLAG)
        held.number = kb_cbor_head(rd, KB_CBOR_SIMPLE) == KB_CBOR_TRUE;
    else
        held.number = kb_cbor_head(rd, KB_CBOR_UINT);
    return held;
}

/* --- All fields of a struct, as a map --- */

/* True when everything that must be there in this form is, and nothing that has no place. */
static bool has_its_fields(const struct field *fields, size_t count, unsigned form,
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

static void write_map(const struct field *fields, size_t count, const void *record,
                      struct kb_writer *wr)
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

static const struct field *find(const struct field *fields, size_t count, struct kb_span key)
{
    for (size_t i = 0; i < count; i++) {
        if (key.len == 1 && key.data[0] == fields[i].key)
            return &fields[i];
    }
    return NULL;
}

/* Fills the record from the next item. The item is gone over twice: whole, for its encoding and the
 * order of its keys; then for what is known of it. */
static void read_map(const struct field *fields, size_t count, struct kb_cursor *rd, void *record)
{
    struct kb_cursor map = kb_rd(kb_cbor_item(rd));
    uint64_t pairs = rd->is_bad ? 0 : kb_cbor_head(&map, KB_CBOR_MAP);

    while (pairs-- > 0 && !map.is_bad) {
        const struct field *field = find(fields, count, kb_cbor_item(&map));
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

/* --- Messages --- */

void kb_session_write(struct kb_writer *wr, const struct kb_session_message *message)
{
    unsigned form = form_of(message);
    size_t start = wr->len;

    if (!form || !has_its_fields(message_fields, MESSAGE_FIELDS, form, message)) {
        wr->is_bad = true;
        return;
    }
    kb_cbor_put_head(wr, KB_CBOR_UINT, message->kind);
    kb_cbor_put_head(wr, KB_CBOR_UINT, message->session);
    write_map(message_fields, MESSAGE_FIELDS, message, wr);
    if (wr->len - start > KB_SESSION_MAX)
        wr->is_bad = true;
}

enum kb_err kb_session_read(struct kb_span bytes, struct kb_session_message *message)
{
    struct kb_cursor rd = kb_rd(bytes);
    uint64_t kind = kb_cbor_head(&rd, KB_CBOR_UINT), session = kb_cbor_head(&rd, KB_CBOR_UINT);
    unsigned form;

    memset(message, 0, sizeof(*message));
    if (rd.is_bad || bytes.len > KB_SESSION_MAX || kind >= KB_SESSION_KINDS || session > UINT32_MAX)
        return KB_ERR_MALFORMED;
    message->kind = (enum kb_session_kind)kind;
    message->session = (uint32_t)session;
    read_map(message_fields, MESSAGE_FIELDS, &rd, message);
    form = form_of(message);
    if (!kb_rd_is_done(&rd) || !form ||
        !has_its_fields(message_fields, MESSAGE_FIELDS, form, message)) {
        memset(message, 0, sizeof(*message));
        return KB_ERR_MALFORMED;
    }
    return KB_OK;
}

static bool is_operator(const struct kb_session_operator *operator)
{
    return operator->id_o.len && operator->id_o.len <= KB_ID_O_MAX && operator->name
        .len &&
        operator->name.len <= KB_OPERATOR_NAME_MAX && is_printable(operator->id_o);
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
        rd.is_bad |= !is_operator(&operators[i]);
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
        wr->is_bad |= !is_operator(&operators[i]);
    }
}

/* --- Identity --- */

static bool is_identity(const struct kb_identity *identity)
{
    return has_its_fields(identity_fields, IDENTITY_FIELDS, 1, identity) &&
           identity->imsi.len >= IMSI_LEAST && identity->mnc_length >= MNC_LEAST;
}

void kb_identity_write(struct kb_writer *wr, const struct kb_identity *identity)
{
    if (is_identity(identity))
        write_map(identity_fields, IDENTITY_FIELDS, identity, wr);
    else
        wr->is_bad = true;
}

enum kb_err kb_identity_read(struct kb_span bytes, struct kb_identity *identity)
{
    struct kb_cursor rd = kb_rd(bytes);

    memset(identity, 0, sizeof(*identity));
    read_map(identity_fields, IDENTITY_FIELDS, &rd, identity);
    if (kb_rd_is_done(&rd) && is_identity(identity))
        return KB_OK;
    memset(identity, 0, sizeof(*identity));
    return KB_ERR_MALFORMED;
}
