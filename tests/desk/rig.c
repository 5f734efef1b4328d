/* SPDX-License-Identifier: Apache-2.0 */
/* What the desk's tests share. */

#include "rig.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/bcd.h"
#include "wire/hex.h"

static char home[64];

static const uint8_t maker_key[KB_P256_PRIVATE] = {[KB_P256_PRIVATE - 1] = 7};

void rig_enter(void)
{
    snprintf(home, sizeof home, "/tmp/keyborn-desk-XXXXXX");
    assert_non_null(mkdtemp(home));
    assert_int_equal(chdir(home), 0);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void rig_leave(void)
{
    assert_int_equal(chdir("/"), 0);
    nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void rig_write_bytes(const char *name, const void *data, size_t len)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void rig_write(const char *name, const char *text)
{
    rig_write_bytes(name, text, strlen(text));
}

char *rig_read(const char *name, size_t *len)
{
    FILE *file = fopen(name, "r");
    char *text;
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    text[size] = '\0';
    fclose(file);
    if (len)
        *len = (size_t)size;
    return text;
}

bool rig_has(const char *name)
{
    return access(name, F_OK) == 0;
}

bool rig_finds(const char *prefix, const void *needle, size_t len)
{
    DIR *folder = opendir(".");
    struct dirent *entry;
    bool found = false;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t size;
        char *text;

        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || entry->d_type != DT_REG)
            continue;
        text = rig_read(entry->d_name, &size);
        found = found || memmem(text, size, needle, len) != NULL;
        free(text);
    }
    closedir(folder);
    return found;
}

void rig_need_root(const char *dir, const char *name, enum kb_ca_kind kind)
{
    struct kb_report why = {0};

    if (!rig_has(dir) && kb_ca_init(dir, NULL, name, kind, 1700000000, &why))
        fail_msg("%s", why.text);
}

struct kb_factory_options rig_factory(uint64_t count)
{
    struct kb_factory_options options = {
        .plan = KB_SOURCE "/examples/plans/telecom.yaml",
        .dir = "cards",
        .count = count,
        .maker_ca = "maker-root",
        .operators_root = "operators-root",
    };

    rig_need_root(options.maker_ca, "Maker", KB_CA_MAKER);
    rig_need_root(options.operators_root, "Operators", KB_CA_OPERATORS);
    memcpy(options.maker_key, maker_key, sizeof maker_key);
    return options;
}

void rig_make_cards(uint64_t count)
{
    struct kb_factory_options options = rig_factory(count);
    struct kb_factory_summary summary;
    struct kb_report why = {0};

    if (kb_factory_make(&options, &summary, &why))
        fail_msg("%s", why.text);
}

struct kb_bureau_options rig_bureau(void)
{
    return (struct kb_bureau_options){
        .entity = "cards/entity.yaml",
        .handover = "cards/handover.csv",
        .batch = "batch.csv",
        .dir = "cards",
        .journal = "journal",
        .audit = "audit",
        .key = {1, 2, 3},
        .is_to_lock = true,
        .is_to_verify = true,
        .jobs = 1,
    };
}

const char *rig_iccid(uint64_t n)
{
    static char iccid[24];

    snprintf(iccid, sizeof iccid, "8900101%011llu", (unsigned long long)n);
    iccid[18] = kb_luhn_digit(kb_span(iccid, 18));
    iccid[19] = '\0';
    return iccid;
}

void rig_ki(uint64_t n, uint8_t ki[16])
{
    memcpy(ki, "planted-key-", 12);
    for (size_t i = 0; i < 4; i++)
        ki[12 + i] = (uint8_t)(n >> 8 * (3 - i));
}

void rig_make_batch(uint64_t count, bool has_keys)
{
    FILE *file = fopen("batch.csv", "w");

    assert_non_null(file);
    fprintf(file, has_keys ? "iccid,imsi,ki,opc\n" : "iccid,imsi\n");
    for (uint64_t n = 1; n <= count; n++) {
        uint8_t ki[16];
        char hex[33];

        rig_ki(n, ki);
        kb_hex_encode(kb_span(ki, sizeof ki), hex);
        fprintf(file, "%s,00101%010llu", rig_iccid(n), (unsigned long long)n);
        if (has_keys)
            fprintf(file, ",%s,CD63CB71954A9F4E48A5994E37A02BAF", hex);
        fputc('\n', file);
    }
    assert_int_equal(fclose(file), 0);
}
