/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of a million rows is checked and matched with its codes in constant memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "desk/import.h"
#include "rig.h"

enum { ROWS = 1000000, ROUND = 50000, GROWTH_MAX_KB = 16 * 1024 };

/* Under AddressSanitizer freed memory would be kept, up to 256 MB of it. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

static void make_handover(uint64_t count)
{
    FILE *file = fopen("cards/handover.csv", "w");

    assert_non_null(file);
    fputs("iccid,field,perso_code\n", file);
    for (uint64_t n = 1; n <= count; n++)
        fprintf(file, "%s,telecom,%032llX\n", rig_iccid(n), (unsigned long long)n * 7919);
    assert_int_equal(fclose(file), 0);
}

/* The greatest amount of memory this process ever had, in KB. */
static long peak(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static enum kb_err import(const struct kb_entity *entity, struct kb_report *why)
{
    struct kb_journal *journal = NULL;
    struct kb_handover handover = {0};
    struct kb_table table = {0};
    uint64_t count = 0;
    enum kb_err err = kb_journal_open("journal", true, &journal, why);

    if (!err)
        err = kb_handover_open(&handover, "cards/handover.csv", why);
    if (!err)
        err = kb_table_open(&table, "batch.csv", &entity->fields[0], true, why);
    if (!err)
        err = kb_import(journal, &kb_crypto_openssl, entity->plan, &handover, &table, why);
    if (!err)
        err = kb_journal_count(journal, KB_JOURNAL_OPEN, &count, why);
    if (!err && count != ROWS && count != ROUND)
        err = kb_report(why, KB_ERR_RANGE, "%llu rows", (unsigned long long)count);
    kb_journal_close(journal);
    kb_handover_close(&handover);
    kb_table_close(&table);
    return err;
}

/* Peak of a process that imports this many rows. */
static long peak_of_import(uint64_t rows)
{
    struct kb_entity *entity;
    struct kb_report why = {0};
    long answer = 0;
    int ends[2];
    pid_t child;

    remove("journal");
    make_handover(rows);
    rig_make_batch(rows, false);
    assert_int_equal(kb_entity_load("cards/entity.yaml", &entity, &why), KB_OK);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        if (import(entity, &why))
            fprintf(stderr, "%s\n", why.text);
        else
            answer = peak();
        _exit(write(ends[1], &answer, sizeof answer) != (ssize_t)sizeof answer);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &answer, sizeof answer), sizeof answer);
    close(ends[0]);
    waitpid(child, NULL, 0);
    kb_entity_free(entity);
    assert_true(answer > 0);
    return answer;
}

static void test_a_million_rows_need_no_more_memory_than_some_thousand(void **state)
{
    long some, many;

    (void)state;
    rig_enter();
    rig_make_cards(1);
    some = peak_of_import(ROUND);
    many = peak_of_import(ROWS);
    print_message("peak: %ld KB for %d rows, %ld KB for %d\n", some, ROUND, many, ROWS);
    assert_true(many - some < GROWTH_MAX_KB);
    rig_leave();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_million_rows_need_no_more_memory_than_some_thousand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
