/* SPDX-License-Identifier: Apache-2.0 */
/* The table reader: any bytes give rows or words of refusal; a row found again by its place is the
 * same row. */

#include <string.h>

#include "desk/csv.h"
#include "fuzz/fuzz.h"
#include "fuzz/memory_file.h"

static size_t row_size(const struct kb_csv *csv)
{
    size_t size = 0;

    for (size_t i = 0; i < kb_csv_columns(csv); i++)
        size += kb_csv_value(csv, i).len + 1;
    return size;
}

static void read_rows(struct kb_csv *csv)
{
    struct kb_report why = {0};
    struct kb_csv_place place = {0};
    size_t size = 0;
    bool is_row = false, was_row = false;

    while (!kb_csv_next(csv, &is_row, &why) && is_row) {
        was_row = true;
        place = kb_csv_place(csv);
        size = row_size(csv);
    }
    if (!was_row)
        return;
    kb_fuzz_insist(!kb_csv_seek(csv, place, &why), "a row can be found again");
    kb_fuzz_insist(!kb_csv_next(csv, &is_row, &why) && is_row, "and read again");
    kb_fuzz_insist(row_size(csv) == size, "and is the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_memory_file file = kb_memory_file(data, size);
    struct kb_report why = {0};
    struct kb_csv *csv = NULL;

    if (!kb_csv_open(file.path, &csv, &why)) {
        read_rows(csv);
        kb_csv_close(csv);
    } else {
        kb_fuzz_insist(why.text[0] != 0, "a refusal has words");
    }
    kb_memory_file_end(&file);
    return 0;
}
