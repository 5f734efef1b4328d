/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a personalization, identities and lists of operators from any bytes: what is taken is
 * written again, read again and the same. The first byte says which. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/session.h"

enum { MESSAGE, IDENTITY, OPERATORS, SENDER, KINDS };

static uint8_t first[KB_SESSION_MAX + 16], second[KB_SESSION_MAX + 16];

static void insist_same(const struct kb_writer *a, const struct kb_writer *b)
{
    kb_fuzz_insist(!a->is_bad && !b->is_bad, "what was read can be written");
    kb_fuzz_insist(a->len == b->len && !memcmp(a->data, b->data, a->len),
                   "what was written is read as it was");
}

static void insist_inside(struct kb_span part, struct kb_span whole)
{
    kb_fuzz_insist(!part.len || (part.data >= whole.data && part.len <= whole.len &&
                                 part.data + part.len <= whole.data + whole.len),
                   "a field lies inside of its message");
}

static void read_message(struct kb_span input)
{
    struct kb_writer a = kb_wr(first, sizeof(first)), b = kb_wr(second, sizeof(second));
    struct kb_session_message message;

    if (kb_session_read(input, &message))
        return;
    insist_inside(message.id_sc, input);
    insist_inside(message.id_o, input);
    insist_inside(message.agree, input);
    insist_inside(message.admin_code, input);
    insist_inside(message.sealed, input);
    insist_inside(message.revoked, input);
    insist_inside(message.credential, input);
    insist_inside(message.operators, input);
    kb_session_write(&a, &message);
    kb_fuzz_insist(a.len <= input.len, "nothing is added");
    kb_fuzz_insist(!kb_session_read(kb_wr_span(&a), &message), "what was written can be read");
    kb_session_write(&b, &message);
    insist_same(&a, &b);
}

static void read_identity(struct kb_span input)
{
    struct kb_writer a = kb_wr(first, sizeof(first)), b = kb_wr(second, sizeof(second));
    struct kb_identity identity;

    if (kb_identity_read(input, &identity))
        return;
    insist_inside(identity.imsi, input);
    insist_inside(identity.name, input);
    insist_inside(identity.centre, input);
    kb_identity_write(&a, &identity);
    kb_fuzz_insist(!kb_identity_read(kb_wr_span(&a), &identity), "what was written can be read");
    kb_identity_write(&b, &identity);
    insist_same(&a, &b);
}

static void read_operators(struct kb_span input)
{
    struct kb_session_operator operators[KB_SESSION_OPERATORS];
    struct kb_writer a = kb_wr(first, sizeof(first));
    size_t count = kb_session_operators_read(input, operators);

    if (!count)
        return;
    kb_fuzz_insist(count <= KB_SESSION_OPERATORS, "a list has its limit");
    kb_session_operators_write(&a, operators, count);
    kb_fuzz_insist(!a.is_bad && a.len == input.len && !memcmp(a.data, input.data, a.len),
                   "a list has one encoding");
}

static void read_sender(struct kb_span input)
{
    uint8_t sender[KB_SESSION_SENDER], again[KB_SESSION_SENDER];
    char digits[KB_ID_SC_MAX];
    size_t len;

    if (input.len == KB_SESSION_SENDER) {
        memcpy(sender, input.data, sizeof(sender));
        len = kb_session_sender_digits(sender, digits);
        kb_fuzz_insist(len <= KB_ID_SC_MAX, "a sender has 20 digits at most");
        kb_session_sender(kb_span(digits, len), again);
        kb_fuzz_insist(!len || !memcmp(sender, again, sizeof(again)), "a sender has one encoding");
    }
    kb_session_sender(input, sender);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[KINDS])(struct kb_span) = {read_message, read_identity,
                                                           read_operators, read_sender};
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    uint8_t kind = kb_rd_u8(&rd);

    if (size)
        readers[kind % KINDS](kb_rd_span(&rd, kb_rd_left(&rd)));
    return 0;
}
