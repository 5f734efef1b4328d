/* SPDX-License-Identifier: Apache-2.0 */
/* The entity view: it comes back as it was written, and tells no place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "tests/plan/small_plan.h"

static struct kb_plan *load(const char *text, const char *file)
{
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    enum kb_err err = text ? load_plan(text, strlen(text), path, &plan, &why)
                           : kb_plan_load(example(file), &plan, &why);

    if (err)
        fail_msg("%s", why.text);
    return plan;
}

/* The view as text; the caller's to free. */
static char *view_of(const struct kb_plan *plan)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct kb_report why;

    assert_non_null(out);
    assert_int_equal(kb_plan_entity(plan, out, &why), KB_OK);
    fclose(out);
    return text;
}

static struct kb_entity *read_view(const char *text)
{
    char path[64];
    struct kb_report why = {0};
    struct kb_entity *entity = NULL;

    if (load_view(text, strlen(text), path, &entity, &why))
        fail_msg("%s", why.text);
    return entity;
}

static void assert_item(const struct kb_plan_field *field, size_t index,
                        const struct kb_entity_item *item)
{
    const struct kb_plan_item *wanted = &field->items[index];

    assert_string_equal(item->name, wanted->name);
    assert_string_equal(item->role, wanted->role);
    assert_string_equal(item->about, wanted->about);
    assert_int_equal(item->tag, wanted->tag);
    assert_int_equal(item->has_command, !wanted->tag);
    assert_int_equal(item->format, wanted->format);
    assert_int_equal(item->check, wanted->check);
    assert_int_equal(item->min, wanted->min);
    assert_int_equal(item->max, wanted->max);
    assert_int_equal(item->is_mandatory, wanted->is_mandatory);
}

/* A row of the image that is no command of its own (card/perso/image.h). */
static bool takes_scp03(const struct kb_plan_field *field)
{
    bool takes = false;

    for (size_t i = 0; i < field->command_count; i++)
        takes |= field->commands[i].action == KB_ACTION_VERIFY &&
                 field->commands[i].argument == KB_VERIFY_SCP03;
    return takes;
}

static void assert_same(const struct kb_plan *plan, const struct kb_entity *entity)
{
    size_t at = 0;

    assert_string_equal(entity->plan, plan->name);
    for (size_t f = 0; f < plan->field_count; f++) {
        const struct kb_plan_field *wanted = &plan->fields[f];
        const struct kb_entity_field *field;

        if (wanted->is_made)
            continue;
        field = &entity->fields[at++];
        assert_string_equal(field->name, wanted->name);
        assert_int_equal(field->number, wanted->number);
        assert_int_equal(field->tries, wanted->tries);
        assert_int_equal(field->has_scp03, takes_scp03(wanted));
        assert_int_equal(field->item_count, wanted->item_count);
        for (size_t i = 0; i < field->item_count; i++)
            assert_item(wanted, i, &field->items[i]);
    }
    assert_int_equal(at, entity->field_count);
}

static void round_trip(const char *text, const char *file)
{
    struct kb_plan *plan = load(text, file);
    char *view = view_of(plan);
    struct kb_entity *entity = read_view(view);

    assert_same(plan, entity);
    kb_entity_free(entity);
    free(view);
    kb_plan_free(plan);
}

/* What TS 35.231 leaves open is what the bureau has to know; where the key lies is not. */
static void a_view_tells_how_its_key_authenticates(void **state)
{
    static const uint8_t profile[] = {1, 2, 16, 32, 16, 32, 3, 4};
    char *whole = replaced(small_plan, "access:\n",
                           "authentication: [{subscription: 1, algorithm: tuak, gsm: comp128v2, "
                           "res: 16, ck: 32, mac: 32, iterations: 3, ind_bits: 4, delta: 77}]\n"
                           "access:\n");
    char *text = replaced(whole, "    items:\n      - {name: imsi, tag: C1",
                          "    items:\n      - {name: topc, tag: C7, format: bytes, length: 32, "
                          "write: [{opc: 1}]}\n      - {name: how_long, tag: C8, format: digits, "
                          "min: 1, max: 2, write: [{aka: 1, part: res}]}\n"
                          "      - {name: imsi, tag: C1");
    struct kb_plan *plan = load(text, NULL);
    char *view = view_of(plan);
    struct kb_entity *entity = read_view(view);

    (void)state;
    assert_true(entity->fields[0].has_profile);
    assert_memory_equal(entity->fields[0].profile, profile, sizeof profile);
    assert_null(strstr(view, "subscription"));
    assert_null(strstr(view, "delta"));
    assert_string_equal(kb_entity_item(&entity->fields[0], "how_long")->role, "res_length");
    kb_entity_free(entity);
    free(view);
    kb_plan_free(plan);
    free(text);
    free(whole);
}

static void a_view_without_it_is_as_good_as_ever(void **state)
{
    struct kb_entity *entity = read_view(small_view);

    (void)state;
    assert_false(entity->fields[0].has_profile);
    kb_entity_free(entity);
}

static void a_view_comes_back_as_it_was_written(void **state)
{
    (void)state;
    round_trip(small_plan, NULL);
    round_trip(NULL, "plans/telecom.yaml");
    round_trip(NULL, "plans/three-fields.yaml");
    round_trip(NULL, "plans/uicc.yaml");
}

/* EMV CPS: the identifier of a data grouping has two bytes, such as 0101. */
static void numbers_of_data_groupings_have_two_bytes_in_a_view(void **state)
{
    static const char *numbers[] = {"tag: 0001", "tag: 0101", "tag: 0FFF", "tag: 9101", "tag: 01"};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        char *grouped = replaced(small_plan, "data: tlv", "data: dgi");
        char *numbered = replaced(grouped, "tag: DF21", numbers[i]);

        round_trip(numbered, NULL);
        free(numbered);
        free(grouped);
    }
}

static void a_view_knows_the_commands(void **state)
{
    struct kb_plan *plan = load(small_plan, NULL);
    char *view = view_of(plan);
    struct kb_entity *entity = read_view(view);
    const struct kb_entity_field *field = kb_entity_field(entity, "tele");
    const struct kb_entity_item *item;

    (void)state;
    assert_non_null(field);
    assert_null(kb_entity_field(entity, "boot"));
    assert_memory_equal(field->enable, "\x80\x50\x01\x00", 4);
    assert_memory_equal(field->verify, "\x84\x52\x00\x01", 4);
    assert_int_equal(field->method, KB_VERIFY_CHALLENGE);
    assert_true(field->has_put && !field->is_dgi);
    assert_memory_equal(field->put, "\x80\xE2\x60\x00", 4);
    assert_memory_equal(field->lock, "\x80\x5E\x00\x00", 4);
    assert_memory_equal(field->state, "\x80\x5C\x00\x00", 4);
    item = kb_entity_item(field, "centre");
    assert_non_null(item);
    assert_true(item->has_command);
    assert_memory_equal(item->command, "\x80\xD0\x01\x02", 4);
    assert_null(kb_entity_item(field, "temp"));
    kb_entity_free(entity);
    free(view);
    kb_plan_free(plan);
}

static void fields_without_tags_have_no_put(void **state)
{
    struct kb_plan *plan = load(NULL, "plans/three-fields.yaml");
    char *view = view_of(plan);
    struct kb_entity *entity = read_view(view);

    (void)state;
    assert_false(kb_entity_field(entity, "identity")->has_put);
    assert_true(kb_entity_field(entity, "payment")->is_dgi);
    assert_int_equal(kb_entity_field(entity, "identity")->method, KB_VERIFY_CODE);
    kb_entity_free(entity);
    free(view);
    kb_plan_free(plan);
}

/* --- No place --- */

static void assert_lacks(const char *view, const char *word)
{
    if (strcasestr(view, word))
        fail_msg("the view tells: %s", word);
}

/* No hexadecimal word of the view has the FID in its bytes. */
static void assert_lacks_fid(const char *view, const char *fid)
{
    static const char hex[] = "0123456789ABCDEFabcdef";

    for (const char *at = view; *at; at += strspn(at, hex) ? strspn(at, hex) : 1) {
        size_t len = strspn(at, hex);

        for (size_t i = 0; len % 2 == 0 && i + 4 <= len; i += 2) {
            if (!strncasecmp(at + i, fid, 4))
                fail_msg("the view tells: %.*s", (int)len, at);
        }
    }
}

static void assert_lacks_file(const char *view, const struct kb_plan_file *file)
{
    char text[2 * KB_AID_MAX + 1] = "";

    assert_lacks(view, file->name);
    for (size_t i = 0; i < file->path.depth; i++) {
        snprintf(text, sizeof text, "%04X", file->path.fid[i]);
        assert_lacks_fid(view, text);
    }
    for (size_t i = 0; i < file->aid_len; i++)
        snprintf(text + 2 * i, 3, "%02X", file->aid[i]);
    if (file->aid_len)
        assert_lacks(view, text);
}

/* The keys of a view are these and no others, so neither SFI nor record, object or encoder can be
 * told by one. */
static void assert_known_key(const char *line)
{
    static const char *const known[] = {
        "format",    "plan",       "fields",  "name",      "number",
        "tries",     "commands",   "enable",  "verify",    "method",
        "put",       "data",       "lock",    "state",     "items",
        "about",     "scp03",      "role",    "tag",       "command",
        "check",     "min",        "max",     "mandatory", "authentication",
        "algorithm", "gsm",        "res",     "ck",        "ik",
        "mac",       "iterations", "ind_bits"};
    size_t start = strspn(line, " -");
    size_t len = strcspn(line + start, ":");

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i]) == len && !strncmp(line + start, known[i], len))
            return;
    }
    fail_msg("unknown key: %.40s", line);
}

static void assert_tells_no_place(const char *file)
{
    static const char *const words[] = {"3F00",   "sfi",     "record:", "offset", "secret",
                                        "object", "encoder", "path",    "aid",    "arr"};
    struct kb_plan *plan = load(NULL, file);
    char *view = view_of(plan);

    for (size_t i = 0; i < plan->file_count; i++)
        assert_lacks_file(view, &plan->files[i]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_lacks(view, words[i]);
    for (char *line = strtok(view, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] != '#')
            assert_known_key(line);
    }
    free(view);
    kb_plan_free(plan);
}

static void no_place_can_be_told_from_a_view(void **state)
{
    (void)state;
    assert_tells_no_place("plans/telecom.yaml");
    assert_tells_no_place("plans/three-fields.yaml");
    assert_tells_no_place("plans/uicc.yaml");
}

static void fields_of_the_maker_are_not_in_a_view(void **state)
{
    struct kb_plan *plan = load(NULL, "plans/telecom.yaml");
    char *view = view_of(plan);

    (void)state;
    assert_lacks(view, "bootstrap");
    assert_lacks(view, "imsi_t");
    assert_lacks(view, "admin_code");
    free(view);
    kb_plan_free(plan);
}

/* --- Reading --- */

static void text_in_quotes_comes_back(void **state)
{
    struct kb_entity *entity = read_view(small_view);

    (void)state;
    assert_string_equal(entity->fields[0].items[1].about, "Said: \"so\"");
    assert_true(entity->fields[0].is_dgi);
    kb_entity_free(entity);
}

static const struct row {
    const char *part, *by, *words;
} rows[] = {
    {"keyborn-entity-1", "@keyborn-entity-9", "this program reads 'keyborn-entity-1'"},
    {"keyborn-entity-1", "@keyborn-plan-1", "this program reads 'keyborn-entity-1'"},
    {"tries: 3", "tris: @3", "did you mean 'tries'?"},
    {"number: 1", "number: @8", "0 to 7"},
    {"80400100", "@804001", "enable should be 4 bytes"},
    {"- {name: imsi", "- @{nam: imsi", "did you mean 'name'?"},
    {"tag: C1,", "tag: C1, command: 80D00100,", "either a 'command', or a 'tag'"},
    {"put: 80480000, ", "", "when the field has a command 'put'"},
    {"name: face", "name: imsi", "item 'imsi' is there twice"},
    {"command: 80D00100", "tag: C1", "tag C1 is that of item 'imsi'"},
    {"min: 14", "min: 16", "min is 16 and max is 15"},
    {"format: digits", "format: @dgits", "did you mean 'digits'?"},
    {"max: 900", "max: @1001", "1 to 1000"},
    {"mandatory: no}", "file: 3F00}", "unknown key 'file'"},
    {"mandatory: no}",
     "mandatory: no}\n  - {name: tele, number: 2, tries: 3, commands: {enable: "
     "80400100, verify: 80420100, method: code, lock: 804A0000, state: 804C0000},"
     " items: [{name: a, command: 80D00100, format: text, min: 1, max: 2, "
     "mandatory: no}]}",
     "field 'tele', number 2, is there twice"},
};

static void each_refusal_names_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[64], prefix[100];
        struct kb_report why = {0};
        struct kb_entity *entity = NULL;
        char *text = replaced(small_view, rows[i].part, rows[i].by);
        int line = take_mark(text);

        assert_int_not_equal(load_view(text, strlen(text), path, &entity, &why), KB_OK);
        assert_null(entity);
        free(text);
        snprintf(prefix, sizeof prefix, line ? "%s:%d: " : "%s:", path, line);
        if (strncmp(why.text, prefix, strlen(prefix)) || !strstr(why.text, rows[i].words))
            fail_msg("wanted %s... %s\n  got %s", prefix, rows[i].words, why.text);
    }
}

static void a_view_cut_or_flipped_is_refused_or_read(void **state)
{
    size_t len = strlen(small_view);
    char path[64];
    struct kb_report why;
    struct kb_entity *entity;
    char *copy = malloc(len);

    (void)state;
    assert_non_null(copy);
    for (size_t i = 0; i < 2 * len; i++) {
        memcpy(copy, small_view, len);
        copy[i % len] = (char)(copy[i % len] ^ (i < len ? 1 : 0x80));
        if (!load_view(copy, len, path, &entity, &why))
            kb_entity_free(entity);
        if (i < len && !load_view(small_view, i, path, &entity, &why))
            kb_entity_free(entity);
    }
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_tells_how_its_key_authenticates),
        cmocka_unit_test(a_view_without_it_is_as_good_as_ever),
        cmocka_unit_test(a_view_comes_back_as_it_was_written),
        cmocka_unit_test(numbers_of_data_groupings_have_two_bytes_in_a_view),
        cmocka_unit_test(a_view_knows_the_commands),
        cmocka_unit_test(fields_without_tags_have_no_put),
        cmocka_unit_test(no_place_can_be_told_from_a_view),
        cmocka_unit_test(fields_of_the_maker_are_not_in_a_view),
        cmocka_unit_test(text_in_quotes_comes_back),
        cmocka_unit_test(each_refusal_names_file_and_line),
        cmocka_unit_test(a_view_cut_or_flipped_is_refused_or_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
