/* SPDX-License-Identifier: Apache-2.0 */
/* The maker's plan for the air, and the operators that stand in the card. */
#include "card/cpa/plan.h"

#include <string.h>

#include "wire/cbor.h"
#include "wire/fields.h"

enum { FORM = 1, RESENDS_MAX = 10, REFUSALS_MAX = 20, TRIES_MAX = 15, NETWORK_NAME_MAX = 100 };

/* A plan with its numbers and its array as the table takes them. */
struct stored {
    struct kb_cpa_plan plan;
    uint64_t wait_s, port;
    struct kb_span suites;
};

#define AT(member) offsetof(struct stored, member)

static const struct kb_field fields[] = {
    {1, KB_FIELD_CODE, AT(plan.starts), 15, FORM, 0},
    {2, KB_FIELD_CODE, AT(plan.bearer), KB_CPA_PACKET, 0, FORM},
    {3, KB_FIELD_FLAG, AT(plan.asks_user), 0, 0, FORM},
    {4, KB_FIELD_FLAG, AT(plan.keeps_temporary), 0, 0, FORM},
    {5, KB_FIELD_CODE, AT(plan.refusals), REFUSALS_MAX, FORM, 0},
    {6, KB_FIELD_CODE, AT(plan.tries), TRIES_MAX, FORM, 0},
    {7, KB_FIELD_CODE, AT(plan.agreement), KB_SESSION_DH, FORM, 0},
    {8, KB_FIELD_ITEM, AT(suites), KB_CPA_PLAN_MAX, FORM, 0},
    {9, KB_FIELD_NUMBER, AT(wait_s), 0, FORM, 0},
    {10, KB_FIELD_CODE, AT(plan.resends), RESENDS_MAX, 0, FORM},
    {11, KB_FIELD_PHONE, AT(plan.service), 1 + KB_ID_SC_MAX, 0, FORM},
    {12, KB_FIELD_NAME, AT(plan.apn), NETWORK_NAME_MAX, 0, FORM},
    {13, KB_FIELD_BYTES, AT(plan.address), 16, 0, FORM},
    {14, KB_FIELD_NUMBER, AT(port), 0, 0, FORM},
    {15, KB_FIELD_NAME, AT(plan.operator), KB_ID_O_MAX, 0, FORM},
    {16, KB_FIELD_TEXT, AT(plan.title), KB_CPA_TITLE_MAX, 0, FORM},
    {17, KB_FIELD_PHONE, AT(plan.centre), 1 + KB_ID_SC_MAX, 0, FORM},
    {18, KB_FIELD_FLAG, AT(plan.has_old_keys), 0, 0, FORM},
};

#undef AT

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static bool has_bearer(const struct kb_cpa_plan *plan)
{
    if (plan->bearer == KB_CPA_SMS)
        return plan->service.len != 0;
    return plan->port && (plan->address.len == 4 || plan->address.len == 16);
}

static bool is_good(const struct stored *stored)
{
    const struct kb_cpa_plan *plan = &stored->plan;
    bool has_menu = plan->starts & (KB_CPA_BY_MENU | KB_CPA_BY_CODE);

    return kb_fields_are_good(fields, FIELDS, FORM, stored) && stored->wait_s <= UINT16_MAX &&
           stored->port <= UINT16_MAX && has_bearer(plan) && (!has_menu || plan->title.len);
}

static void read_suites(struct kb_span item, struct kb_cpa_plan *plan, struct kb_cursor *whole)
{
    struct kb_cursor rd = kb_rd(item);
    uint64_t count = kb_cbor_head(&rd, KB_CBOR_ARRAY);

    if (!count || count > KB_CPA_SUITES)
        rd.is_bad = true;
    for (size_t i = 0; i < count && !rd.is_bad; i++) {
        int64_t suite = kb_cbor_int(&rd);

        if (suite < INT16_MIN || suite > INT16_MAX)
            rd.is_bad = true;
        plan->suites[i] = (int16_t)suite;
    }
    plan->suite_count = (uint8_t)count;
    whole->is_bad |= !kb_rd_is_done(&rd);
}

/* The table passes over what it does not know; here nothing may be unknown. */
static bool knows_all(struct kb_span bytes)
{
    struct kb_cursor rd = kb_rd(bytes);
    uint64_t pairs = kb_cbor_head(&rd, KB_CBOR_MAP);

    while (pairs-- > 0 && !rd.is_bad) {
        uint64_t key = kb_cbor_head(&rd, KB_CBOR_UINT);

        if (!key || key > FIELDS)
            return false;
        kb_cbor_item(&rd);
    }
    return kb_rd_is_done(&rd);
}

enum kb_err kb_cpa_plan_read(struct kb_span bytes, struct kb_cpa_plan *plan)
{
    struct stored stored;
    struct kb_cursor rd = kb_rd(bytes);

    memset(&stored, 0, sizeof(stored));
    memset(plan, 0, sizeof(*plan));
    kb_fields_read(&rd, fields, FIELDS, &stored);
    stored.plan.port = (uint16_t)stored.port;
    stored.plan.wait_s = (uint16_t)stored.wait_s;
    read_suites(stored.suites, &stored.plan, &rd);
    if (!kb_rd_is_done(&rd) || bytes.len > KB_CPA_PLAN_MAX || !knows_all(bytes) ||
        !is_good(&stored))
        return KB_ERR_MALFORMED;
    *plan = stored.plan;
    return KB_OK;
}

void kb_cpa_plan_write(struct kb_writer *wr, const struct kb_cpa_plan *plan)
{
    uint8_t suites[1 + 3 * KB_CPA_SUITES];
    struct kb_writer array = kb_wr(suites, sizeof(suites));
    struct stored stored = {*plan, plan->wait_s, plan->port, {NULL, 0}};
    size_t start = wr->len;

    if (!plan->suite_count || plan->suite_count > KB_CPA_SUITES) {
        wr->is_bad = true;
        return;
    }
    kb_cbor_put_head(&array, KB_CBOR_ARRAY, plan->suite_count);
    for (size_t i = 0; i < plan->suite_count; i++)
        kb_cbor_put_int(&array, plan->suites[i]);
    stored.suites = kb_wr_span(&array);
    if (is_good(&stored))
        kb_fields_write(wr, fields, FIELDS, &stored);
    else
        wr->is_bad = true;
    if (wr->len - start > KB_CPA_PLAN_MAX)
        wr->is_bad = true;
}

/* --- Operators --- */

static const struct kb_field operator_fields[] = {
    {1, KB_FIELD_NAME, offsetof(struct kb_cpa_operator, id_o), KB_ID_O_MAX, FORM, 0},
    {2, KB_FIELD_TEXT, offsetof(struct kb_cpa_operator, name), KB_OPERATOR_NAME_MAX, FORM, 0},
    {3, KB_FIELD_DIGITS, offsetof(struct kb_cpa_operator, code), KB_CPA_CODE_MAX, 0, FORM},
};

enum { OPERATOR_FIELDS = sizeof(operator_fields) / sizeof(operator_fields[0]) };

size_t kb_cpa_operators_read(struct kb_span list,
                             struct kb_cpa_operator operators[KB_SESSION_OPERATORS])
{
    struct kb_cursor rd = kb_rd(list);
    uint64_t items = kb_cbor_head(&rd, KB_CBOR_ARRAY);
    size_t count =
        items <= OPERATOR_FIELDS * KB_SESSION_OPERATORS ? (size_t)items / OPERATOR_FIELDS : 0;

    memset(operators, 0, KB_SESSION_OPERATORS * sizeof(operators[0]));
    if (items % OPERATOR_FIELDS)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        operators[i].id_o = kb_cbor_tstr(&rd);
        operators[i].name = kb_cbor_tstr(&rd);
        operators[i].code = kb_cbor_tstr(&rd);
        rd.is_bad |= !kb_fields_are_good(operator_fields, OPERATOR_FIELDS, FORM, &operators[i]);
    }
    return kb_rd_is_done(&rd) ? count : 0;
}

void kb_cpa_operators_write(struct kb_writer *wr, const struct kb_cpa_operator *operators,
                            size_t count)
{
    size_t start = wr->len;

    if (!count || count > KB_SESSION_OPERATORS)
        wr->is_bad = true;
    kb_cbor_put_head(wr, KB_CBOR_ARRAY, OPERATOR_FIELDS * (uint64_t)count);
    for (size_t i = 0; i < count && !wr->is_bad; i++) {
        wr->is_bad |= !kb_fields_are_good(operator_fields, OPERATOR_FIELDS, FORM, &operators[i]);
        kb_cbor_put_tstr(wr, operators[i].id_o);
        kb_cbor_put_tstr(wr, operators[i].name);
        kb_cbor_put_tstr(wr, operators[i].code);
    }
    if (wr->len - start > KB_CPA_PLAN_MAX)
        wr->is_bad = true;
}
