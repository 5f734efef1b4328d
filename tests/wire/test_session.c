/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a personalization: their bytes, which of them has which field, and how much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "tests/wire/session_examples.h"
#include "wire/cbor.h"
#include "wire/hex.h"

enum { MOST = KB_SESSION_MAX + 100 };

struct bytes {
    uint8_t data[MOST];
    size_t len;
};

static struct bytes from_hex(const char *hex)
{
    struct bytes bytes;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), bytes.data, MOST, &bytes.len), KB_OK);
    return bytes;
}

/* In memory of exactly its size. */
static enum kb_err read_exact(struct kb_span span, struct kb_session_message *message)
{
    uint8_t *copy = exact_copy(span.data, span.len);
    enum kb_err err = kb_session_read(kb_span(copy, span.len), message);

    free(copy);
    return err;
}

static void assert_same(struct kb_span a, struct kb_span b)
{
    assert_int_equal(a.len, b.len);
    if (a.len)
        assert_memory_equal(a.data, b.data, a.len);
}

static void messages_have_the_bytes_of_rfc_8949(void **state)
{
    (void)state;
    for (size_t i = 0; i < SESSION_EXAMPLES; i++) {
        struct bytes expected = from_hex(session_examples[i].hex);
        uint8_t out[KB_SESSION_MAX];
        struct kb_writer wr = kb_wr(out, sizeof(out));

        kb_session_write(&wr, &session_examples[i].message);
        assert_false(wr.is_bad);
        assert_same(kb_wr_span(&wr), kb_span(expected.data, expected.len));
        wr = kb_wr(out, expected.len - 1);
        kb_session_write(&wr, &session_examples[i].message);
        assert_true(wr.is_bad);
    }
}

static void what_was_read_is_what_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < SESSION_EXAMPLES; i++) {
        struct bytes bytes = from_hex(session_examples[i].hex);
        const struct kb_session_message *want = &session_examples[i].message;
        struct kb_session_message got;

        assert_int_equal(kb_session_read(kb_span(bytes.data, bytes.len), &got), KB_OK);
        assert_int_equal(got.kind, want->kind);
        assert_int_equal(got.session, want->session);
        assert_same(got.id_sc, want->id_sc);
        assert_same(got.id_o, want->id_o);
        assert_int_equal(got.command, want->command);
        assert_int_equal(got.agreement, want->agreement);
        assert_same(got.agree, want->agree);
        assert_same(got.admin_code, want->admin_code);
        assert_same(got.sealed, want->sealed);
        assert_int_equal(got.reason, want->reason);
        assert_int_equal(got.time, want->time);
        assert_int_equal(got.revoked_seen, want->revoked_seen);
        assert_same(got.revoked, want->revoked);
        assert_same(got.credential, want->credential);
        assert_same(got.operators, want->operators);
        assert_int_equal(got.wants_operators, want->wants_operators);
    }
}

/* --- Fields by hand: each key with a value, and the forms of a message --- */

enum { KEYS = 14 };

static const char *const values[KEYS + 1] = {
    [1] = "73 38393439303132333435363738393031323334",
    [2] = "66 3030312D3031",
    [3] = "01", /* and as the form wants it */
    [4] = "01",
    [5] = "42 0102",
    [6] = "64 30303030",
    [7] = "41 00",
    [8] = "09",
    [9] = "1A 6553F100",
    [10] = "05",
    [11] = "41 AA",
    [12] = "41 BB",
    [13] = "82 61 31 61 41",
    [14] = "F5",
};

#define KEY(number) (1u << (number))

/* docs/protocol.md, table of fields. */
static const struct form {
    const char *head, *command;
    unsigned must, may;
} forms[] = {
    {"01 01", "", KEY(4) | KEY(5), KEY(1) | KEY(2) | KEY(10) | KEY(14)},
    {"01 01", "", KEY(14), KEY(1) | KEY(4) | KEY(5) | KEY(10)},
    {"02 01", "01", KEY(2) | KEY(3) | KEY(5) | KEY(6), KEY(1) | KEY(9) | KEY(11)},
    {"02 01", "02", KEY(3) | KEY(13), KEY(1) | KEY(9) | KEY(11)},
    {"02 00", "03", KEY(3), KEY(1) | KEY(2) | KEY(9) | KEY(11)},
    {"03 01", "", KEY(5), KEY(1) | KEY(2) | KEY(4) | KEY(12)},
    {"04 01", "", KEY(7), KEY(1) | KEY(2)},
    {"05 01", "", 0, KEY(1) | KEY(2) | KEY(7)},
    {"06 01", "", KEY(8), KEY(1) | KEY(2) | KEY(7)},
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static void append(struct bytes *bytes, const char *hex)
{
    struct bytes more = from_hex(hex);

    assert_true(bytes->len + more.len <= MOST);
    memcpy(bytes->data + bytes->len, more.data, more.len);
    bytes->len += more.len;
}

/* A message of this form with these fields; the one with key other has another value. */
static struct bytes compose(const struct form *form, unsigned keys, unsigned other,
                            const char *value)
{
    struct bytes bytes = from_hex(form->head);

    bytes.data[bytes.len] = 0xA0;
    for (unsigned key = 1; key <= KEYS; key++)
        bytes.data[bytes.len] = (uint8_t)(bytes.data[bytes.len] + (keys >> key & 1));
    bytes.len++;
    for (unsigned key = 1; key <= KEYS; key++) {
        if (!(keys >> key & 1))
            continue;
        bytes.data[bytes.len++] = (uint8_t)key;
        append(&bytes, key == other                 ? value
                       : key == 3 && *form->command ? form->command
                                                    : values[key]);
    }
    return bytes;
}

static enum kb_err read_composed(const struct form *form, unsigned keys)
{
    struct bytes bytes = compose(form, keys, 0, "");
    struct kb_session_message message;

    return read_exact(kb_span(bytes.data, bytes.len), &message);
}

/* The bytes of a message that was read are those that are written. */
static void assert_written_again(struct kb_span bytes)
{
    struct kb_session_message message;
    uint8_t out[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    assert_int_equal(kb_session_read(bytes, &message), KB_OK);
    kb_session_write(&wr, &message);
    assert_false(wr.is_bad);
    assert_same(kb_wr_span(&wr), bytes);
}

static void every_field_stands_where_it_must_or_may_and_nowhere_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        unsigned must = forms[i].must, may = forms[i].may;
        struct bytes bytes = compose(&forms[i], must, 0, "");

        assert_written_again(kb_span(bytes.data, bytes.len));
        for (unsigned key = 1; key <= KEYS; key++) {
            if (must & KEY(key)) {
                assert_int_equal(read_composed(&forms[i], must & ~KEY(key)), KB_ERR_MALFORMED);
            } else if (may & KEY(key)) {
                bytes = compose(&forms[i], must | KEY(key), 0, "");
                assert_written_again(kb_span(bytes.data, bytes.len));
            } else {
                assert_int_equal(read_composed(&forms[i], must | KEY(key)), KB_ERR_MALFORMED);
            }
        }
    }
}

/* The writer keeps the same table: a struct that was read, with a field too few or too many. */
static void a_struct_that_is_no_message_is_not_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        struct bytes bytes = compose(&forms[i], forms[i].must, 0, "");
        struct kb_session_message good, bad[8];

        assert_int_equal(kb_session_read(kb_span(bytes.data, bytes.len), &good), KB_OK);
        for (size_t k = 0; k < 8; k++)
            bad[k] = good;
        bad[0].kind = KB_SESSION_KINDS;
        bad[1].kind = (enum kb_session_kind)0;
        bad[2].command = good.command ? 0 : KB_COMMAND_START;
        bad[3].reason = good.reason ? 0 : KB_REASON_BUSY;
        bad[4].agree =
            good.agree.len ? kb_span(NULL, 0) : kb_span(bytes.data, KB_SESSION_AGREE_MAX + 1);
        bad[5].admin_code = good.admin_code.len ? kb_span("12a4", 4) : kb_span("1234", 4);
        bad[6].id_sc = kb_span("894901234567890123412", 21);
        bad[7].command = KB_COMMAND_START + 1;
        for (size_t k = 0; k < 8; k++) {
            uint8_t out[KB_SESSION_MAX];
            struct kb_writer wr = kb_wr(out, sizeof(out));

            kb_session_write(&wr, &bad[k]);
            assert_true(wr.is_bad);
        }
    }
}

static void a_user_who_has_not_chosen_names_no_operator(void **state)
{
    (void)state;
    assert_int_equal(read_composed(&forms[0], KEY(2) | KEY(4) | KEY(5)), KB_OK);
    assert_int_equal(read_composed(&forms[0], KEY(2) | KEY(4) | KEY(5) | KEY(14)),
                     KB_ERR_MALFORMED);
}

static void only_a_start_belongs_to_no_attempt(void **state)
{
    struct bytes bytes = from_hex("02 01 A1 03 03");
    struct kb_session_message message;

    (void)state;
    assert_int_equal(kb_session_read(kb_span(bytes.data, bytes.len), &message), KB_ERR_MALFORMED);
    bytes.data[1] = 0;
    assert_int_equal(kb_session_read(kb_span(bytes.data, bytes.len), &message), KB_OK);
}

/* --- How much of each --- */

/* Values that are the last to be taken, and that are the first not to be. */
static const struct limit {
    unsigned form, key;
    const char *value;
    bool is_good;
} limits[] = {
    {5, 1, "74 3839343930313233343536373839303132333435", true},
    {5, 1, "75 383934393031323334353637383930313233343536", false},
    {5, 1, "60", false},    /* empty is as not there, and is not sent */
    {5, 1, "61 3A", false}, /* no digit */
    {5, 1, "41 31", false}, /* bytes */
    {5, 2, "61 20", true},  /* printable */
    {5, 2, "61 1F", false}, /* and what is not */
    {5, 2, "61 7E", true},
    {5, 2, "61 7F", false},
    {5, 2, "62 C3A4", false}, /* ASCII only */
    {2, 3, "04", false},
    {0, 4, "02", true},
    {0, 4, "00", false},
    {0, 4, "03", false},
    {0, 4, "20", false},      /* -1 */
    {0, 4, "19 0101", false}, /* 257 does not become 1 */
    {2, 6, "70 30303030303030303030303030303030", true},
    {2, 6, "71 3030303030303030303030303030303030", false},
    {8, 8, "01", true},
    {8, 8, "0F", true},
    {8, 8, "00", false},
    {8, 8, "10", false},
    {2, 9, "01", true},
    {2, 9, "00", false},
    {2, 9, "1B 7FFFFFFFFFFFFFFF", true},
    {2, 9, "1B 8000000000000000", false},
    {0, 10, "1B 7FFFFFFFFFFFFFFF", true},
    {0, 10, "1B 8000000000000000", false},
    {3, 13, "80", false},          /* nobody to choose from */
    {3, 13, "81 61 31", false},    /* a name is missing */
    {3, 13, "82 61 31 60", false}, /* is empty */
    {3, 13, "82 60 61 41", false},
    {3, 13, "82 61 31 41 41", false}, /* is no text */
    {3, 13, "82 61 0A 61 41", false}, /* IdO on two lines */
    {3, 13, "A1 61 31 61 41", false}, /* no array */
    {1, 14, "F4", false},             /* false is as not there */
    {1, 14, "01", false},
    {1, 14, "F6", false},
};

static void values_end_where_the_protocol_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct form *form = &forms[limits[i].form];
        struct bytes bytes =
            compose(form, form->must | KEY(limits[i].key), limits[i].key, limits[i].value);
        struct kb_session_message message;

        assert_int_equal(read_exact(kb_span(bytes.data, bytes.len), &message),
                         limits[i].is_good ? KB_OK : KB_ERR_MALFORMED);
        if (limits[i].is_good)
            assert_written_again(kb_span(bytes.data, bytes.len));
    }
}

/* A message of the form with a string of so many bytes at key, and nothing else it does not need.
 */
static struct bytes with_string(const struct form *form, unsigned key, enum kb_cbor_major major,
                                size_t len)
{
    struct bytes bytes = compose(form, form->must & ~KEY(key), 0, ""), whole;
    struct kb_cursor rd = kb_rd(kb_span(bytes.data, bytes.len));
    struct kb_writer wr = kb_wr(whole.data, MOST);
    uint64_t pairs;

    kb_cbor_put_head(&wr, KB_CBOR_UINT, kb_cbor_head(&rd, KB_CBOR_UINT));
    kb_cbor_put_head(&wr, KB_CBOR_UINT, kb_cbor_head(&rd, KB_CBOR_UINT));
    pairs = kb_cbor_head(&rd, KB_CBOR_MAP);
    kb_cbor_put_head(&wr, KB_CBOR_MAP, pairs + 1);
    for (bool is_put = false; pairs > 0 || !is_put;) {
        if (!is_put && (!pairs || kb_rd_peek(&rd) > key)) {
            kb_cbor_put_head(&wr, KB_CBOR_UINT, key);
            kb_cbor_put_head(&wr, major, len);
            kb_wr_fill(&wr, '7', len);
            is_put = true;
            continue;
        }
        for (unsigned half = 0; half < 2; half++) {
            struct kb_span item = kb_cbor_item(&rd);

            kb_wr_copy(&wr, item.data, item.len);
        }
        pairs--;
    }
    assert_false(wr.is_bad || rd.is_bad);
    whole.len = wr.len;
    return whole;
}

static void strings_are_no_longer_than_the_protocol_says(void **state)
{
    static const struct {
        unsigned form, key;
        enum kb_cbor_major major;
        size_t most;
    } cases[] = {
        {5, 2, KB_CBOR_TSTR, KB_ID_O_MAX},
        {5, 5, KB_CBOR_BSTR, KB_SESSION_AGREE_MAX},
        {6, 7, KB_CBOR_BSTR, KB_SESSION_SEALED_MAX},
        {5, 12, KB_CBOR_BSTR, KB_SESSION_CREDENTIAL_MAX},
        /* 02 00 A2 03 03 0B 59 nnnn: nine bytes, and the rest of what a message may have. */
        {4, 11, KB_CBOR_BSTR, KB_SESSION_MAX - 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t more = 0; more < 2; more++) {
            struct bytes bytes = with_string(&forms[cases[i].form], cases[i].key, cases[i].major,
                                             cases[i].most + more);
            struct kb_session_message message;

            assert_int_equal(read_exact(kb_span(bytes.data, bytes.len), &message),
                             more ? KB_ERR_MALFORMED : KB_OK);
        }
    }
}

static void a_message_is_never_longer_than_its_limit(void **state)
{
    static const uint8_t list[KB_SESSION_MAX];
    struct kb_session_message message = {.kind = KB_SESSION_COMMAND, .command = KB_COMMAND_START};
    uint8_t out[2 * KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    message.revoked = kb_span(list, KB_SESSION_MAX - 9);
    kb_session_write(&wr, &message);
    assert_false(wr.is_bad);
    assert_int_equal(wr.len, KB_SESSION_MAX);
    message.revoked.len++;
    kb_session_write(&wr, &message);
    assert_true(wr.is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_have_the_bytes_of_rfc_8949),
        cmocka_unit_test(what_was_read_is_what_was_written),
        cmocka_unit_test(every_field_stands_where_it_must_or_may_and_nowhere_else),
        cmocka_unit_test(a_struct_that_is_no_message_is_not_written),
        cmocka_unit_test(a_user_who_has_not_chosen_names_no_operator),
        cmocka_unit_test(only_a_start_belongs_to_no_attempt),
        cmocka_unit_test(values_end_where_the_protocol_says),
        cmocka_unit_test(strings_are_no_longer_than_the_protocol_says),
        cmocka_unit_test(a_message_is_never_longer_than_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
