/* SPDX-License-Identifier: Apache-2.0 */
/* A card kept in a file: what is stored stays, what is no card is refused with words, and nothing
 * is ever replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "reader/card_file.h"
#include "tests/reader/folder.h"

enum { SECTOR = 512, SECTORS = 8, UNIT = 8, HEADER = 64, WHOLE = HEADER + SECTOR * SECTORS };

static struct folder folder;

static int make_folder(void **state)
{
    (void)state;
    return folder_make(&folder);
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(&folder);
}

static struct kb_card_file *create(void)
{
    struct kb_card_file *file;
    struct kb_report why;

    assert_int_equal(kb_card_file_create(folder.card, SECTOR, SECTORS, UNIT, &file, &why), KB_OK);
    return file;
}

static enum kb_err power_up(struct kb_card_file *file)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    return kb_card_power_up(kb_card_file_card(file), kb_card_file_port(file), atr, &atr_len);
}

static void read_whole(uint8_t out[WHOLE])
{
    FILE *file = fopen(folder.card, "rb");

    assert_non_null(file);
    assert_int_equal(fread(out, 1, WHOLE, file), WHOLE);
    assert_int_equal(getc(file), EOF);
    fclose(file);
}

static void write_file(const uint8_t *data, size_t len)
{
    FILE *file = fopen(folder.card, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

static void open_is_refused(enum kb_err expected)
{
    struct kb_card_file *file;
    struct kb_report why = {KB_OK, ""};

    assert_int_equal(kb_card_file_open(folder.card, &file, &why), expected);
    assert_null(file);
    assert_int_equal(why.err, expected);
    assert_non_null(strstr(why.text, folder.card));
}

static void a_new_card_is_administrative_and_has_no_mf(void **state)
{
    static const uint8_t select_mf[] = {0x00, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00};
    struct kb_card_file *file = create();
    struct kb_span answer;

    (void)state;
    assert_int_equal(power_up(file), KB_OK);
    assert_int_equal(kb_card_file_card(file)->life_cycle, KB_LIFE_ADMINISTRATIVE);
    answer = kb_card_transmit(kb_card_file_card(file), kb_span(select_mf, sizeof(select_mf)));
    assert_int_equal(answer.len, 2);
    assert_memory_equal(answer.data, "\x6A\x82", 2); /* TS 102 221 table 10.14: file not found */
    kb_card_file_close(file);
}

static void only_the_owner_may_read_a_card_file(void **state)
{
    struct stat about;

    (void)state;
    kb_card_file_close(create());
    assert_int_equal(stat(folder.card, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void an_existing_file_is_never_replaced(void **state)
{
    struct kb_card_file *file;
    struct kb_report why;
    uint8_t before[] = "somebody's file";
    char after[sizeof(before)];
    FILE *left;

    (void)state;
    write_file(before, sizeof(before));
    assert_int_equal(kb_card_file_create(folder.card, SECTOR, SECTORS, UNIT, &file, &why),
                     KB_ERR_EXISTS);
    assert_null(file);
    left = fopen(folder.card, "rb");
    assert_int_equal(fread(after, 1, sizeof(after), left), sizeof(before));
    assert_memory_equal(before, after, sizeof(before));
    fclose(left);
}

/* remove_folder fails when the directory is not empty: no temporary file is left. */
static void a_geometry_that_no_memory_has_leaves_no_file(void **state)
{
    static const uint32_t geometries[][3] = {{0, 8, 8},     {512, 0, 8},         {512, 7, 8},
                                             {512, 8, 0},   {500, 8, 8},         {512, 8, 5},
                                             {512, 8, 512}, {0x80000000u, 2, 8}, {64, 2, 8}};
    struct kb_card_file *file;
    struct kb_report why;

    (void)state;
    for (size_t i = 0; i < sizeof(geometries) / sizeof(geometries[0]); i++) {
        assert_int_equal(kb_card_file_create(folder.card, geometries[i][0], geometries[i][1],
                                             geometries[i][2], &file, &why),
                         KB_ERR_USAGE);
        assert_null(file);
        assert_int_not_equal(access(folder.card, F_OK), 0);
    }
}

static void a_folder_that_does_not_exist_is_told(void **state)
{
    struct kb_card_file *file;
    struct kb_report why;

    (void)state;
    assert_int_equal(kb_card_file_create("/nonexistent/a.card", SECTOR, SECTORS, UNIT, &file, &why),
                     KB_ERR_IO);
    assert_non_null(strstr(why.text, "/nonexistent/a.card"));
}

static void what_was_stored_is_there_after_closing(void **state)
{
    struct kb_card_file *file = create();
    struct kb_report why;
    char serial[5];

    (void)state;
    assert_int_equal(power_up(file), KB_OK);
    assert_int_equal(kb_nvm_put(&kb_card_file_card(file)->nvm, KB_OBJ_SERIAL, "12345", 5), KB_OK);
    kb_card_file_close(file);
    assert_int_equal(kb_card_file_open(folder.card, &file, &why), KB_OK);
    assert_int_equal(power_up(file), KB_OK);
    assert_int_equal(kb_nvm_read(&kb_card_file_card(file)->nvm, KB_OBJ_SERIAL, 0, serial, 5),
                     KB_OK);
    assert_memory_equal(serial, "12345", 5);
    kb_card_file_close(file);
}

static void store_and_die(void)
{
    struct kb_card_file *file;

    if (!kb_card_file_open(folder.card, &file, NULL) && !power_up(file) &&
        !kb_nvm_put(&kb_card_file_card(file)->nvm, KB_OBJ_SERIAL, "12345", 5))
        raise(SIGKILL);
    _exit(1);
}

static void a_killed_process_loses_nothing_it_stored(void **state)
{
    struct kb_card_file *file;
    int status;
    pid_t child;

    (void)state;
    kb_card_file_close(create());
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        store_and_die();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(kb_card_file_open(folder.card, &file, NULL), KB_OK);
    assert_int_equal(power_up(file), KB_OK);
    assert_int_equal(kb_nvm_size(&kb_card_file_card(file)->nvm, KB_OBJ_SERIAL), 5);
    kb_card_file_close(file);
}

static void powering_up_changes_no_byte(void **state)
{
    static uint8_t before[WHOLE], after[WHOLE];
    struct kb_card_file *file;

    (void)state;
    kb_card_file_close(create());
    read_whole(before);
    assert_int_equal(kb_card_file_open(folder.card, &file, NULL), KB_OK);
    assert_int_equal(power_up(file), KB_OK);
    kb_card_file_close(file);
    read_whole(after);
    assert_memory_equal(before, after, WHOLE);
}

static void a_card_is_used_by_one_program_at_a_time(void **state)
{
    struct kb_card_file *file = create();

    (void)state;
    open_is_refused(KB_ERR_READER);
    kb_card_file_close(file);
    assert_int_equal(kb_card_file_open(folder.card, &file, NULL), KB_OK);
    kb_card_file_close(file);
}

static void a_card_cut_short_at_any_length_is_refused(void **state)
{
    (void)state;
    kb_card_file_close(create());
    for (off_t len = WHOLE - 1; len >= 0; len--) {
        assert_int_equal(truncate(folder.card, len), 0);
        open_is_refused(KB_ERR_NVM_DAMAGED);
    }
}

static void a_card_with_bytes_behind_its_end_is_refused(void **state)
{
    static uint8_t longer[WHOLE + 1];

    (void)state;
    kb_card_file_close(create());
    read_whole(longer);
    write_file(longer, sizeof(longer));
    open_is_refused(KB_ERR_NVM_DAMAGED);
}

static void a_header_with_any_bit_flipped_is_refused(void **state)
{
    static uint8_t whole[WHOLE];

    (void)state;
    kb_card_file_close(create());
    read_whole(whole);
    for (size_t bit = 0; bit < 8 * HEADER; bit++) {
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
        write_file(whole, WHOLE);
        open_is_refused(KB_ERR_NVM_DAMAGED);
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    struct kb_card_file *file;
    struct kb_report why;

    (void)state;
    assert_int_equal(kb_card_file_open(folder.directory, &file, &why), KB_ERR_ABSENT);
    assert_int_equal(kb_card_file_open("/dev/null", &file, &why), KB_ERR_NVM_DAMAGED);
    assert_int_equal(mkfifo(folder.card, 0600), 0);
    open_is_refused(KB_ERR_NVM_DAMAGED);
}

static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    open_is_refused(KB_ERR_ABSENT);
}

#define test_in_folder(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_new_card_is_administrative_and_has_no_mf),
        test_in_folder(only_the_owner_may_read_a_card_file),
        test_in_folder(an_existing_file_is_never_replaced),
        test_in_folder(a_geometry_that_no_memory_has_leaves_no_file),
        test_in_folder(a_folder_that_does_not_exist_is_told),
        test_in_folder(what_was_stored_is_there_after_closing),
        test_in_folder(a_killed_process_loses_nothing_it_stored),
        test_in_folder(powering_up_changes_no_byte),
        test_in_folder(a_card_is_used_by_one_program_at_a_time),
        test_in_folder(a_card_cut_short_at_any_length_is_refused),
        test_in_folder(a_card_with_bytes_behind_its_end_is_refused),
        test_in_folder(a_header_with_any_bit_flipped_is_refused),
        test_in_folder(what_is_no_file_is_refused),
        test_in_folder(a_file_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
