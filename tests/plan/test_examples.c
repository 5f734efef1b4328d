/* SPDX-License-Identifier: Apache-2.0 */
/* The example plans and batches: what the standards ask of a USIM, and that batches fit the cards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plan/small_plan.h"
#include "wire/bcd.h"

static struct kb_plan *load(const char *name)
{
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;

    if (kb_plan_load(example(name), &plan, &why))
        fail_msg("%s", why.text);
    return plan;
}

/* The file with this FID below the ADF with FID 7FF0; NULL when there is none. */
static const struct kb_plan_file *usim_file(const struct kb_plan *plan, uint16_t fid)
{
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct kb_path *path = &plan->files[i].path;

        if (path->depth == 2 && path->fid[0] == 0x7FF0 && path->fid[1] == fid)
            return &plan->files[i];
    }
    return NULL;
}

static const struct kb_plan_file *mf_file(const struct kb_plan *plan, uint16_t fid)
{
    for (size_t i = 0; i < plan->file_count; i++) {
        if (plan->files[i].path.depth == 1 && plan->files[i].path.fid[0] == fid)
            return &plan->files[i];
    }
    return NULL;
}

/* FID, SFI and size of the EFs that every USIM has (TS 31.102 clauses 4.2 and 4.7, annex H). */
static void a_usim_has_the_mandatory_files(void **state)
{
    static const struct {
        uint16_t fid, size;
        uint8_t sfi, record_size;
    } files[] = {
        {0x6F05, 0, 0x02, 0},  {0x6F07, 9, 0x07, 0}, {0x6F08, 33, 0x08, 0}, {0x6F09, 33, 0x09, 0},
        {0x6F31, 1, 0x12, 0},  {0x6F38, 0, 0x04, 0}, {0x6F5B, 6, 0x0F, 0},  {0x6F5C, 3, 0x10, 0},
        {0x6F73, 14, 0x0C, 0}, {0x6F78, 2, 0x06, 0}, {0x6F7B, 12, 0x0D, 0}, {0x6F7E, 11, 0x0B, 0},
        {0x6FAD, 4, 0x03, 0},  {0x6FB7, 0, 0x01, 4}, {0x6FC4, 0, 0, 0},     {0x6FE3, 18, 0x1E, 0},
        {0x6FE4, 0, 0x18, 80}, {0x6F06, 0, 0x17, 0},
    };
    static const char *const plans[] = {"plans/telecom.yaml", "plans/three-fields.yaml",
                                        "plans/machine.yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct kb_plan *plan = load(plans[i]);

        for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
            const struct kb_plan_file *file = usim_file(plan, files[k].fid);

            if (!file)
                fail_msg("%s lacks %04X", plans[i], files[k].fid);
            assert_int_equal(file->sfi, files[k].sfi);
            if (files[k].size)
                assert_int_equal(file->size, files[k].size);
            if (files[k].record_size)
                assert_int_equal(file->record_size, files[k].record_size);
        }
        kb_plan_free(plan);
    }
}

/* Which service makes which file exist (TS 31.102 clause 4.2.8). */
static void the_service_table_agrees_with_the_files(void **state)
{
    static const struct {
        uint8_t service;
        uint16_t fid;
    } services[] = {
        {2, 0x6F3B},  {4, 0x6F49},  {10, 0x6F3C}, {10, 0x6F43}, {11, 0x6F47}, {12, 0x6F42},
        {13, 0x6F39}, {15, 0x6F45}, {16, 0x6F50}, {17, 0x6F3E}, {18, 0x6F3F}, {19, 0x6F46},
        {20, 0x6F60}, {21, 0x6F40}, {27, 0x5F3B}, {29, 0x6F48}, {34, 0x6F56}, {42, 0x6F61},
        {43, 0x6F62}, {45, 0x6FC5}, {46, 0x6FC6}, {47, 0x6FC7}, {51, 0x6FCD}, {71, 0x6FD9},
        {85, 0x6FE3}, {85, 0x6FE4},
    };
    static const char *const plans[] = {"plans/telecom.yaml", "plans/three-fields.yaml",
                                        "plans/machine.yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct kb_plan *plan = load(plans[i]);
        const struct kb_plan_file *table = usim_file(plan, 0x6F38);

        for (size_t k = 0; k < sizeof services / sizeof *services; k++) {
            size_t bit = services[k].service - 1u;
            bool is_available =
                bit / 8 < table->content_len && (table->content[bit / 8] & 1 << bit % 8);

            if (is_available != (usim_file(plan, services[k].fid) != NULL))
                fail_msg("%s: service %u and %04X", plans[i], services[k].service, services[k].fid);
        }
        assert_true(table->content[4] & 1); /* service 33 shall be set */
        kb_plan_free(plan);
    }
}

/* 61 { 4F AID, 50 label }: TS 102 221 clause 13.1. */
static void ef_dir_names_each_application(void **state)
{
    static const uint8_t usim[] = {0x61, 0x18, 0x4F, 0x10, 0xA0, 0x00, 0x00, 0x00, 0x87,
                                   0x10, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x07, 0x09,
                                   0x00, 0x00, 0x50, 0x04, 'U',  'S',  'I',  'M',  0xFF};
    static const uint8_t payment[] = {0x61, 0x12, 0x4F, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x03, 0x10,
                                      0x10, 0x50, 0x07, 'P',  'a',  'y',  'm',  'e',  'n',  't'};
    struct kb_plan *plan = load("plans/three-fields.yaml");
    const struct kb_plan_file *dir = mf_file(plan, 0x2F00);

    (void)state;
    assert_memory_equal(dir->content, usim, sizeof usim);
    assert_memory_equal(dir->content + dir->record_size, payment, sizeof payment);
    assert_int_equal(dir->content_len % dir->record_size, 0);
    kb_plan_free(plan);
}

static const struct kb_plan_file *arr_record(const struct kb_plan *plan, uint16_t fid,
                                             const uint8_t **record)
{
    const struct kb_plan_file *file = usim_file(plan, fid);
    const struct kb_plan_file *arr = usim_file(plan, 0x6F06);

    assert_non_null(file);
    assert_int_equal(file->arr_file, 0x6F06);
    assert_in_range(file->arr_record, 1, arr->record_count);
    *record = arr->content + (size_t)(file->arr_record - 1) * arr->record_size;
    return arr;
}

/* Expanded format, ISO/IEC 7816-4 clause 9.3.5: access mode 80 (01 read, 02 update, 08 deactivate,
 * 10 activate), conditions 90 always and A4 { 83 key reference, 95 08 } (TS 102 221 clause 9.5). */
static void rules_are_records_in_expanded_format(void **state)
{
    static const uint8_t public_rule[] = {0x80, 0x01, 0x01, 0x90, 0x00, 0x80, 0x01, 0x1A,
                                          0xA4, 0x06, 0x83, 0x01, 0x0A, 0x95, 0x01, 0x08};
    static const uint8_t operator_rule[] = {0x80, 0x01, 0x01, 0xA4, 0x06, 0x83, 0x01, 0x01,
                                            0x95, 0x01, 0x08, 0x80, 0x01, 0x1A, 0xA4, 0x06,
                                            0x83, 0x01, 0x0A, 0x95, 0x01, 0x08};
    struct kb_plan *plan = load("plans/telecom.yaml");
    const uint8_t *record;

    (void)state;
    arr_record(plan, 0x6FAD, &record);
    assert_memory_equal(record, public_rule, sizeof public_rule);
    arr_record(plan, 0x6F07, &record);
    assert_memory_equal(record, operator_rule, sizeof operator_rule);
    kb_plan_free(plan);
}

static void conditions_may_be_any_or_all_of_several_pins(void **state)
{
    static const uint8_t rule[] = {
        0x80, 0x01, 0x01, 0xA0, 0x10, 0xA4, 0x06, 0x83, 0x01, 0x01, 0x95,
        0x01, 0x08, 0xA4, 0x06, 0x83, 0x01, 0x0A, 0x95, 0x01, 0x08, /* read: either */
        0x80, 0x01, 0x02, 0x97, 0x00,                               /* update: never */
        0x84, 0x01, 0x32, 0xAF, 0x10, 0xA4, 0x06, 0x83, 0x01, 0x01, 0x95,
        0x01, 0x08, 0xA4, 0x06, 0x83, 0x01, 0x0A, 0x95, 0x01, 0x08, /* INCREASE: both */
    };
    char path[64];
    char *text =
        replaced(small_plan, "update: never", "update: never, increase: {all: [pin1, adm1]}");
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    const uint8_t *record;

    (void)state;
    if (load_plan(text, strlen(text), path, &plan, &why))
        fail_msg("%s", why.text);
    arr_record(plan, 0x6F07, &record);
    assert_memory_equal(record, rule, sizeof rule);
    kb_plan_free(plan);
    free(text);
}

static void parents_come_before_children_and_rules_before_files(void **state)
{
    static const char *const plans[] = {"plans/telecom.yaml", "plans/three-fields.yaml",
                                        "plans/machine.yaml"};

    (void)state;
    for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
        struct kb_plan *plan = load(plans[p]);

        assert_int_equal(plan->files[0].kind, KB_FILE_MF);
        assert_int_equal(plan->files[1].path.fid[0], 0x2F06);
        for (size_t i = 1; i < plan->file_count; i++) {
            struct kb_path above = plan->files[i].path;
            bool is_found = --above.depth == 0;

            for (size_t k = 1; !is_found && k < i; k++)
                is_found = plan->files[k].path.depth == above.depth &&
                           !memcmp(plan->files[k].path.fid, above.fid, above.depth * 2u);
            assert_true(is_found);
            assert_int_not_equal(plan->files[i].arr_record, 0);
        }
        kb_plan_free(plan);
    }
}

/* TS 102 221 clause 9.5: PIN1 01, PIN2 81, ADM1 0A; a PIN is digits padded with FF to 8 bytes. */
static void pins_are_objects_of_the_card(void **state)
{
    static const uint8_t pin1[KB_PIN_OBJECT] = {0x01, 3,    10,   7,    '1',  '2', '3',
                                                '4',  0xFF, 0xFF, 0xFF, 0xFF, '1', '2',
                                                '3',  '4',  '5',  '6',  '7',  '8'};
    struct kb_plan *plan = load("plans/telecom.yaml");

    (void)state;
    assert_int_equal(plan->pin_count, 3);
    assert_memory_equal(plan->pins[0].object, pin1, sizeof pin1);
    assert_false(plan->pins[0].is_enabled);
    assert_false(plan->pins[0].is_random);
    assert_int_equal(plan->pins[1].object[0], 0x81);
    assert_int_equal(plan->pins[1].object[3], KB_PIN_HAS_UNBLOCK | KB_PIN_SHARED);
    assert_true(plan->pins[1].is_enabled);
    assert_int_equal(plan->pins[2].object[0], 0x0A);
    assert_int_equal(plan->pins[2].object[3], 0);
    assert_true(plan->pins[2].is_random);
    kb_plan_free(plan);
}

static void the_factory_makes_the_bootstrap_columns(void **state)
{
    static const struct {
        const char *column;
        enum kb_maker_value value;
        unsigned size;
    } wanted[] = {
        {"idsc", KB_MAKER_ICCID, 19},     {"imsi_t", KB_MAKER_IMSI_T, 15},
        {"ak_t", KB_MAKER_RANDOM, 16},    {"opc_t", KB_MAKER_RANDOM, 16},
        {"admin_code", KB_MAKER_CODE, 8}, {"kic", KB_MAKER_RANDOM, 16},
        {"kid", KB_MAKER_RANDOM, 16},
    };
    struct kb_plan *plan = load("plans/telecom.yaml");

    (void)state;
    assert_int_equal(plan->made_count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < plan->made_count; i++) {
        assert_string_equal(plan->made[i].column, wanted[i].column);
        assert_int_equal(plan->made[i].value, wanted[i].value);
        assert_int_equal(plan->made[i].size, wanted[i].size);
    }
    assert_true(plan->fields[0].is_made);
    assert_true(plan->has_iccid_file && plan->has_imsi_t_file && plan->has_acc_t_file);
    assert_int_equal(plan->imsi_t_path.fid[1], 0x6F07);
    assert_int_equal(plan->acc_t_path.fid[1], 0x6F78);
    kb_plan_free(plan);
}

/* --- Batches --- */

static size_t columns_of(char *line, char *out[], size_t cap)
{
    size_t count = 0;

    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at && count < cap; count++) {
        out[count] = at;
        at = strchr(at, ',');
        if (at)
            *at++ = '\0';
    }
    return count;
}

static const struct kb_plan_item *item_named(const struct kb_plan_field *field, const char *name)
{
    for (size_t i = 0; i < field->item_count; i++) {
        if (!strcmp(field->items[i].name, name))
            return &field->items[i];
    }
    fail_msg("no item %s in field %s", name, field->name);
    return NULL;
}

/* Prefix, serial number, Luhn digit: what a factory gives to the n-th card of the plan. */
static void assert_iccid(const struct kb_plan *plan, unsigned number, const char *iccid)
{
    char wanted[32];
    unsigned width = plan->iccid_digits - 1 - (unsigned)strlen(plan->iccid_prefix);

    snprintf(wanted, sizeof wanted, "%s%0*llu", plan->iccid_prefix, (int)width,
             (unsigned long long)(plan->iccid_first + number));
    assert_int_equal(strlen(iccid), plan->iccid_digits);
    assert_memory_equal(iccid, wanted, plan->iccid_digits - 1);
    assert_int_equal(kb_iccid_check(kb_span(iccid, strlen(iccid))), KB_OK);
}

static void check_batch(const char *plan_name, const char *field_name, const char *batch)
{
    struct kb_plan *plan = load(plan_name);
    const struct kb_plan_field *field = NULL;
    const struct kb_plan_item *items[32] = {NULL};
    FILE *file = fopen(example(batch), "r");
    char line[4096], *names[32], *values[32], header[512];
    size_t columns;
    unsigned rows = 0;

    for (size_t i = 0; i < plan->field_count; i++) {
        if (!strcmp(plan->fields[i].name, field_name))
            field = &plan->fields[i];
    }
    assert_non_null(field);
    assert_non_null(file);
    assert_non_null(fgets(header, sizeof header, file));
    columns = columns_of(header, names, 32);
    assert_string_equal(names[0], "iccid");
    for (size_t i = 1; i < columns; i++)
        items[i] = item_named(field, names[i]);
    for (; fgets(line, sizeof line, file); rows++) {
        assert_int_equal(columns_of(line, values, 32), columns);
        assert_iccid(plan, rows, values[0]);
        for (size_t i = 1; i < columns; i++) {
            size_t len = strlen(values[i]) / (items[i]->format == KB_FORMAT_BYTES ? 2 : 1);

            assert_in_range(len, items[i]->min, items[i]->max);
        }
    }
    assert_int_equal(rows, 20);
    fclose(file);
    kb_plan_free(plan);
}

static void batches_fit_the_cards_of_their_plan(void **state)
{
    (void)state;
    check_batch("plans/telecom.yaml", "telecom", "batches/telecom.csv");
    check_batch("plans/three-fields.yaml", "telecom", "batches/telecom.csv");
    check_batch("plans/three-fields.yaml", "payment", "batches/payment.csv");
    check_batch("plans/three-fields.yaml", "identity", "batches/identity.csv");
}

/* --- The manual --- */

/* The first block of YAML in docs/plan.md that begins with these words; the caller's to free. */
static char *manual_block(const char *start)
{
    FILE *file = fopen(example("../docs/plan.md"), "r");
    char *text = calloc(1, 65536), *block, *end;

    assert_non_null(file);
    assert_non_null(text);
    assert_in_range(fread(text, 1, 65535, file), 1, 65534);
    fclose(file);
    block = strstr(text, start);
    assert_non_null(block);
    end = strstr(block, "```");
    assert_non_null(end);
    block = strndup(block, (size_t)(end - block));
    free(text);
    return block;
}

static void the_manual_s_plan_loads_and_has_the_manual_s_view(void **state)
{
    char *text = manual_block("format: keyborn-plan-1");
    char *wanted = manual_block("format: keyborn-entity-1");
    char path[64], *view = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&view, &len);
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;

    (void)state;
    if (load_plan(text, strlen(text), path, &plan, &why))
        fail_msg("%s", why.text);
    assert_int_equal(kb_plan_entity(plan, out, &why), KB_OK);
    fclose(out);
    if (!strstr(view, wanted))
        fail_msg("the manual says\n%s\nthe compiler\n%s", wanted, view);
    free(view);
    free(wanted);
    free(text);
    kb_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usim_has_the_mandatory_files),
        cmocka_unit_test(the_service_table_agrees_with_the_files),
        cmocka_unit_test(ef_dir_names_each_application),
        cmocka_unit_test(rules_are_records_in_expanded_format),
        cmocka_unit_test(conditions_may_be_any_or_all_of_several_pins),
        cmocka_unit_test(parents_come_before_children_and_rules_before_files),
        cmocka_unit_test(pins_are_objects_of_the_card),
        cmocka_unit_test(the_factory_makes_the_bootstrap_columns),
        cmocka_unit_test(batches_fit_the_cards_of_their_plan),
        cmocka_unit_test(the_manual_s_plan_loads_and_has_the_manual_s_view),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
