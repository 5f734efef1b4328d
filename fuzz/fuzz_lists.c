/* SPDX-License-Identifier: Apache-2.0 */
/* What a card is told once and keeps: its plan for the air, a list of operators, a list of revoked
 * credentials. From any bytes; the first one says which. What is taken has one encoding. */
#include <string.h>

#include "agree/revoked.h"
#include "agree/sign1.h"
#include "card/cpa/plan.h"
#include "fuzz/fuzz.h"

enum { ROOM = 4096 };

static uint8_t room[ROOM];

static bool lies_inside(struct kb_span part, struct kb_span whole)
{
    return !part.len || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void insist_same(const struct kb_writer *wr, struct kb_span input)
{
    kb_fuzz_insist(!wr->is_bad && wr->len == input.len && !memcmp(wr->data, input.data, input.len),
                   "what was read is written as it was");
}

static void read_plan(struct kb_span input)
{
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_cpa_plan plan;

    if (kb_cpa_plan_read(input, &plan))
        return;
    kb_fuzz_insist(plan.suite_count <= KB_CPA_SUITES, "a plan has so many suites");
    kb_fuzz_insist(lies_inside(plan.service, input) && lies_inside(plan.apn, input) &&
                       lies_inside(plan.address, input) && lies_inside(plan.operator, input) &&
                       lies_inside(plan.title, input) && lies_inside(plan.centre, input),
                   "a value lies in the plan");
    kb_cpa_plan_write(&wr, &plan);
    insist_same(&wr, input);
}

static void read_operators(struct kb_span input)
{
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    size_t count = kb_cpa_operators_read(input, operators);

    kb_fuzz_insist(count <= KB_SESSION_OPERATORS, "a list has its limit");
    if (!count)
        return;
    for (size_t i = 0; i < count; i++)
        kb_fuzz_insist(lies_inside(operators[i].id_o, input) &&
                           lies_inside(operators[i].name, input) &&
                           lies_inside(operators[i].code, input),
                       "an operator lies in the list");
    kb_cpa_operators_write(&wr, operators, count);
    insist_same(&wr, input);
}

static void read_revoked(struct kb_span input)
{
    static const uint8_t no_key[KB_P256_PUBLIC];
    const struct kb_credential_root root = {{(const uint8_t *)"Operators", 9}, no_key};
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_credential credential = {.issuer = root.name};
    struct kb_revoked list;
    struct kb_sign1 signed_list;

    kb_fuzz_insist(kb_revoked_read(&kb_crypto_openssl, &root, 0, input, &list),
                   "nobody can sign for this root");
    if (kb_revoked_reread(input, &list))
        return;
    kb_fuzz_insist(lies_inside(list.issuer, input) && lies_inside(list.entries, input),
                   "it lies in the list");
    kb_revoked_judge(&kb_crypto_openssl, &list, &credential);
    kb_revoked_put_claims(&wr, &list);
    kb_fuzz_insist(!kb_sign1_read(input, &signed_list), "a list is a signed message");
    insist_same(&wr, signed_list.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct kb_span) = {read_plan, read_operators, read_revoked};
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    uint8_t kind = kb_rd_u8(&rd);

    if (size && size < ROOM)
        readers[kind % (sizeof(readers) / sizeof(readers[0]))](kb_rd_span(&rd, kb_rd_left(&rd)));
    return 0;
}
