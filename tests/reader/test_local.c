/* SPDX-License-Identifier: Apache-2.0 */
/* The reader without a reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reader/card_file.h"
#include "reader/exchange.h"
#include "tests/reader/folder.h"

static struct folder folder;
static struct kb_reader *reader;

static int open_reader(void **state)
{
    struct kb_card_file *file;

    (void)state;
    if (folder_make(&folder) || kb_card_file_create(folder.card, 512, 8, 8, &file, NULL))
        return -1;
    kb_card_file_close(file);
    return kb_reader_open_file(folder.card, &reader, NULL);
}

static int close_reader(void **state)
{
    (void)state;
    reader->ops->close(reader);
    return folder_remove(&folder);
}

static enum kb_err power_up(void)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len = 0;
    enum kb_err err = reader->ops->power_up(reader, atr, &atr_len, NULL);

    assert_true(err || (atr_len >= 2 && atr_len <= KB_ATR_MAX && atr[0] == 0x3B));
    return err;
}

static void the_card_is_there_and_answers(void **state)
{
    const struct kb_apdu status = {.cla = 0x80, .ins = 0xF2, .has_le = true, .ne = 256};
    struct kb_answer answer;

    (void)state;
    assert_int_equal(reader->ops->wait(reader, true, 0, NULL), KB_OK);
    assert_int_equal(power_up(), KB_OK);
    assert_int_equal(kb_exchange(reader, &status, &answer, NULL), KB_OK);
    assert_int_not_equal(answer.sw, 0);
    assert_int_equal(power_up(), KB_OK);
}

static void without_power_there_is_no_answer(void **state)
{
    uint8_t rsp[KB_RESPONSE_MAX];
    size_t len;
    struct kb_report why = {KB_OK, ""};

    (void)state;
    assert_int_equal(reader->ops->transmit(reader, kb_span("\x80\xF2\0\0", 4), rsp, &len, &why),
                     KB_ERR_NO_CARD);
    assert_int_equal(power_up(), KB_OK);
    reader->ops->power_down(reader);
    assert_int_equal(reader->ops->transmit(reader, kb_span("\x80\xF2\0\0", 4), rsp, &len, &why),
                     KB_ERR_NO_CARD);
    assert_non_null(strstr(why.text, folder.card));
}

static void the_card_is_not_taken_out_by_waiting(void **state)
{
    (void)state;
    assert_int_equal(reader->ops->wait(reader, false, 1000000, NULL), KB_ERR_TIMEOUT);
}

static void a_file_that_is_no_card_gives_no_reader(void **state)
{
    struct kb_reader *other;
    struct kb_report why = {KB_OK, ""};

    (void)state;
    assert_int_equal(kb_reader_open_file("/dev/null", &other, &why), KB_ERR_NVM_DAMAGED);
    assert_null(other);
    assert_non_null(strstr(why.text, "/dev/null"));
}

#define test_with_reader(name) cmocka_unit_test_setup_teardown(name, open_reader, close_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_reader(the_card_is_there_and_answers),
        test_with_reader(without_power_there_is_no_answer),
        test_with_reader(the_card_is_not_taken_out_by_waiting),
        cmocka_unit_test(a_file_that_is_no_card_gives_no_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
