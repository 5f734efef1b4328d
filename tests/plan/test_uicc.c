/* SPDX-License-Identifier: Apache-2.0 */
/* examples/plans/uicc.yaml makes a complete UICC: every file of the standards is there and as they
 * say, asked of a finished card by SELECT and READ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plan/uicc_card.h"
#include "tests/plan/uicc_files.h"
#include "wire/hex.h"
#include "wire/tlv.h"

static int make_card(void **state)
{
    (void)state;
    uicc_make();
    return 0;
}

static int drop_card(void **state)
{
    (void)state;
    uicc_end();
    return 0;
}

/* --- What an FCP says (TS 102 221 clause 11.1.1.3) --- */

struct fcp {
    uint16_t fid, size, record_size;
    uint8_t descriptor, sfi, records, life_cycle;
    bool has_rule, has_sfi;
    uint16_t rule_file;
    uint8_t rule_record;
    struct kb_span aid;
};

static uint16_t number(struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);

    return kb_rd_u16(&rd);
}

static void take(struct fcp *fcp, const struct kb_tlv *tlv)
{
    struct kb_cursor rd = kb_rd(tlv->value);

    switch (tlv->tag) {
    case 0x82:
        fcp->descriptor = kb_rd_u8(&rd) & 0xBF;
        kb_rd_u8(&rd);
        fcp->record_size = kb_rd_u16(&rd);
        fcp->records = kb_rd_u8(&rd);
        break;
    case 0x83:
        fcp->fid = number(tlv->value);
        break;
    case 0x80:
        fcp->size = number(tlv->value);
        break;
    case 0x84:
        fcp->aid = tlv->value;
        break;
    case 0x88:
        fcp->has_sfi = true;
        fcp->sfi = tlv->value.len ? tlv->value.data[0] >> 3 : 0;
        break;
    case 0x8A:
        fcp->life_cycle = kb_rd_u8(&rd);
        break;
    case 0x8B:
        fcp->has_rule = tlv->value.len == 3;
        fcp->rule_file = kb_rd_u16(&rd);
        fcp->rule_record = kb_rd_u8(&rd);
        break;
    default:
        break;
    }
}

static struct fcp read_fcp(struct kb_span answer)
{
    struct kb_cursor rd = kb_rd(answer);
    struct kb_tlv tlv;
    struct fcp fcp = {0};

    assert_true(kb_tlv_next(&rd, &tlv) && tlv.tag == 0x62 && kb_rd_is_done(&rd));
    rd = kb_rd(tlv.value);
    while (kb_tlv_next(&rd, &tlv))
        take(&fcp, &tlv);
    assert_true(kb_rd_is_done(&rd));
    if (!fcp.has_sfi) /* clause 11.1.1.4.8: then the last five bits of the FID are it */
        fcp.sfi = fcp.fid & 0x1F;
    return fcp;
}

/* --- Each file --- */

static bool is_folder(const struct uicc_file *file)
{
    return file->kind <= KB_FILE_ADF;
}

static uint16_t fid_of(const struct uicc_file *file)
{
    unsigned fid = 0x3F00;
    size_t len = strlen(file->path);

    if (len)
        sscanf(file->path + len - 4, "%4X", &fid);
    return (uint16_t)fid;
}

static bool is_size_right(const struct uicc_file *file, const struct fcp *fcp)
{
    bool has_records = file->kind == KB_FILE_LINEAR_FIXED || file->kind == KB_FILE_CYCLIC;
    uint16_t size = has_records ? fcp->record_size : fcp->size;

    if (is_folder(file) || file->kind == KB_FILE_BER_TLV)
        return true;
    if (has_records && fcp->size != fcp->record_size * fcp->records)
        return false;
    return size && size >= file->least && (!file->only || size == file->only);
}

/* Descriptor bytes of TS 102 221 table 11.5, the shareable bit aside. */
static bool is_as_asked(const struct uicc_file *file, const struct fcp *fcp)
{
    static const uint8_t descriptors[] = {
        [KB_FILE_MF] = 0x38,          [KB_FILE_DF] = 0x38,           [KB_FILE_ADF] = 0x38,
        [KB_FILE_TRANSPARENT] = 0x01, [KB_FILE_LINEAR_FIXED] = 0x02, [KB_FILE_CYCLIC] = 0x06,
        [KB_FILE_BER_TLV] = 0x39,
    };

    return fcp->descriptor == descriptors[file->kind] &&
           (is_folder(file) || fcp->sfi == file->sfi) && fcp->life_cycle == 0x05 && fcp->has_rule &&
           is_size_right(file, fcp) && (file->kind == KB_FILE_ADF || fcp->fid == fid_of(file));
}

static void every_file_of_the_standards_is_there_and_as_they_say(void **state)
{
    struct kb_span answer;
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < UICC_FILES; i++) {
        const struct uicc_file *file = &uicc_files[i];
        uint16_t sw = uicc_select(file->path, &answer);
        struct fcp fcp = {0};

        if (sw == 0x9000)
            fcp = read_fcp(answer);
        if (sw == 0x9000 && is_as_asked(file, &fcp))
            continue;
        print_error(
            "3F00/%s: SW %04X, descriptor %02X, FID %04X, SFI %u, %u bytes, records of %u\n",
            file->path, sw, fcp.descriptor, fcp.fid, fcp.sfi, fcp.size, fcp.record_size);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* TS 102 221 clause 8.5.1: an SFI names the EF in the current DF. */
static void an_sfi_leads_to_the_file_that_has_it(void **state)
{
    struct kb_span by_sfi, by_fid;
    uint8_t copy[256];

    (void)state;
    for (size_t i = 0; i < UICC_FILES; i++) {
        const struct uicc_file *file = &uicc_files[i];
        char folder[32] = "", command[16];
        size_t len = strlen(file->path);
        uint16_t sw;

        if (!file->sfi || file->kind != KB_FILE_TRANSPARENT)
            continue;
        memcpy(folder, file->path, len > 4 ? len - 5 : 0);
        assert_int_equal(uicc_select(folder, NULL), 0x9000);
        snprintf(command, sizeof command, "00B0%02X0001", 0x80 | file->sfi);
        sw = uicc_send(command, &by_sfi);
        memcpy(copy, by_sfi.data, by_sfi.len);
        assert_int_equal(uicc_select(file->path, NULL), 0x9000);
        assert_int_equal(uicc_send("00B0000001", &by_fid), sw);
        assert_int_equal(by_fid.len, by_sfi.len);
        assert_memory_equal(by_fid.data, copy, by_sfi.len);
    }
}

/* --- Services --- */

/* Services of the USIM that are not available though their files are there: barred dialling needs
 * call control by the card (TS 31.102 clause 4.2.44), voice groups and broadcasts contexts of
 * AUTHENTICATE that this card lacks, pairing further files, the card takes no cell broadcast, and
 * the identity is an IMSI. */
static bool is_left_out(uint8_t service)
{
    static const uint8_t services[] = {6, 7, 29, 57, 58, 64, 65, 69, 102, 130};

    return memchr(services, service, sizeof services) != NULL;
}

static bool is_available(struct kb_span table, uint8_t service)
{
    size_t byte = (service - 1u) / 8;

    return byte < table.len && table.data[byte] >> (service - 1) % 8 & 1;
}

static bool is_served(const struct uicc_file *file, struct kb_span table)
{
    size_t available = 0, count = 0;

    for (; count < UICC_SERVICES && file->services[count]; count++)
        available += is_available(table, file->services[count]);
    return file->is_any ? available > 0 : available == count;
}

static bool should_be_served(const struct uicc_file *file)
{
    bool is_usim = strncmp(file->path, "7FF0", 4) == 0;
    size_t left_out = 0, count = 0;

    for (; count < UICC_SERVICES && file->services[count]; count++)
        left_out += is_usim && is_left_out(file->services[count]);
    return file->is_any ? left_out < count : !left_out;
}

/* In the table of DF.5G_ProSe numbers are services of EF.5G_PROSE_ST. */
static bool has_table_of_its_own(const struct uicc_file *file)
{
    return strncmp(file->path, "7FF0/5FF0/", 10) == 0;
}

static void the_service_tables_speak_of_the_files(void **state)
{
    static const char *const tables[] = {"7FF0/6F38", "7FF1/6F07"};
    uint8_t bytes[32];
    struct kb_span table;

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        assert_int_equal(uicc_select(tables[t], NULL), 0x9000);
        assert_int_equal(uicc_send("00B0000000", &table), 0x9000);
        assert_true(table.len <= sizeof bytes);
        memcpy(bytes, table.data, table.len);
        table.data = bytes;
        for (size_t i = 0; i < UICC_FILES; i++) {
            const struct uicc_file *file = &uicc_files[i];

            if (strncmp(file->path, tables[t], 4) || !file->services[0] ||
                has_table_of_its_own(file))
                continue;
            if (is_served(file, table) != should_be_served(file))
                fail_msg("3F00/%s and its service %u do not agree", file->path, file->services[0]);
        }
    }
}

/* TS 31.102 clauses 4.2.8 and 4.4.11: records of two registrations are service 136, DF.5G_ProSe is
 * there for service 139, DF.5MBSUECONFIG for 147. */
static void services_of_5g_are_told(void **state)
{
    static const uint8_t services[] = {122, 136, 139, 147};
    struct kb_span answer;

    (void)state;
    assert_int_equal(uicc_select("7FF0/5FC0/4F03", &answer), 0x9000);
    assert_int_equal(read_fcp(answer).records, 2);
    assert_int_equal(uicc_select("7FF0/6F38", NULL), 0x9000);
    assert_int_equal(uicc_send("00B0000000", &answer), 0x9000);
    for (size_t i = 0; i < sizeof services; i++)
        assert_true(is_available(answer, services[i]));
}

/* --- Contents --- */

/* TS 31.102 annex E, and clause 4.2.8 for service 33 of EF.UST. */
static void files_begin_with_the_suggested_contents(void **state)
{
    static const struct {
        const char *path, *content;
    } rows[] = {
        {"2FE2", "980001010000000010F9"},
        {"2F08", "3C00020000"}, /* TS 102 221 clause 13.6: the card can be suspended */
        {"7FF0/6F08", "07FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"},
        {"7FF0/6F7E", "FFFFFFFFFFFFFF0000FF01"},
        {"7FF0/6F73", "FFFFFFFFFFFFFFFFFFFF0000FF01"},
        {"7FF0/6FE3", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001"},
        {"7FF0/6F5B", "F00000F00000"},
        {"7FF0/6F5C", "FFFFFF"},
        {"7FF0/6FB5", "0000"},
        {"7FF0/6F41", "FFFFFF0000"},
        {"7FF0/5F3B/4F20", "FFFFFFFFFFFFFFFF07"},
        {"7FF0/5FC0/4F0A", "F0FFFFFF"},
        {"7FF0/5FC0/4F01", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001"},
        {"7F20/6F20", "FFFFFFFFFFFFFFFF07"},
        {"7F20/6FAE", "03"},
        {"7F20/6F53", "FFFFFFFFFFFFFFFFFFFF0000FF01"},
    };
    char hex[600];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kb_span answer;

        assert_int_equal(uicc_select(rows[i].path, NULL), 0x9000);
        assert_int_equal(uicc_send("00B0000000", &answer), 0x9000);
        kb_hex_encode(answer, hex);
        assert_string_equal(hex, rows[i].content);
    }
}

/* --- Links, and who may do what --- */

/* The rule that the FCP of a file names, as a terminal looks for it: in the DF of the file, then in
 * the ones above (TS 102 221 clause 9.2.7). */
static bool find_rule(const char *path, const struct fcp *fcp, struct kb_span *rule)
{
    char folder[32], name[40], command[16];

    snprintf(folder, sizeof folder, "%s", path);
    do {
        char *end = strrchr(folder, '/');

        *(end ? end : folder) = 0;
        snprintf(name, sizeof name, "%s%s%04X", folder, *folder ? "/" : "", fcp->rule_file);
        if (uicc_select(name, NULL) == 0x9000) {
            snprintf(command, sizeof command, "00B2%02X0400", fcp->rule_record);
            return uicc_send(command, rule) == 0x9000;
        }
    } while (*folder);
    return false;
}

static void a_rule_is_found_from_every_name_of_a_file(void **state)
{
    static const char *const names[][2] = {
        {"7FF1/6F3C", "7FF0/6F3C"}, {"7FF1/6FF7", "7FF0/6FF7"},
        {"7F10/6F3B", "7FF0/6F3B"}, {"7F20/6F07", "7FF0/6F07"},
        {"7F20/6F39", "7FF0/6F39"}, {"7F10/5F3A/4F3A", "7FF0/5F3A/4F3A"},
    };
    struct kb_span answer, rule;
    uint8_t copy[256];
    size_t len;

    (void)state;
    for (size_t i = 0; i < UICC_FILES; i++) {
        struct fcp fcp;

        assert_int_equal(uicc_select(uicc_files[i].path, &answer), 0x9000);
        fcp = read_fcp(answer);
        if (!find_rule(uicc_files[i].path, &fcp, &rule) || rule.data[0] == 0xFF)
            fail_msg("3F00/%s: no rule %04X/%u", uicc_files[i].path, fcp.rule_file,
                     fcp.rule_record);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fcp fcp[2];

        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(uicc_select(names[i][k], &answer), 0x9000);
            fcp[k] = read_fcp(answer);
        }
        assert_true(find_rule(names[i][0], &fcp[0], &rule));
        memcpy(copy, rule.data, rule.len);
        len = rule.len;
        assert_true(find_rule(names[i][1], &fcp[1], &rule));
        assert_true(len == rule.len && !memcmp(copy, rule.data, len));
    }
}

/* What the terminal writes into the USIM's file, a GSM terminal reads from its own. */
static void files_of_two_applications_are_one(void **state)
{
    struct kb_span answer;

    (void)state;
    assert_int_equal(uicc_select("7FF0/6F7B", NULL), 0x9000);
    assert_int_equal(uicc_send("00D6000003 42F618", NULL), 0x9000);
    assert_int_equal(uicc_select("7F20/6F7B", NULL), 0x9000);
    assert_int_equal(uicc_send("00B0000003", &answer), 0x9000);
    assert_memory_equal(answer.data, "\x42\xF6\x18", 3);
    assert_int_equal(uicc_select("7F10/6F43", NULL), 0x9000);
    assert_int_equal(uicc_send("00D6000002 01FE", NULL), 0x9000);
    assert_int_equal(uicc_select("7FF1/6F43", NULL), 0x9000);
    assert_int_equal(uicc_send("00B0000002", &answer), 0x9000);
    assert_memory_equal(answer.data, "\x01\xFE", 2);
}

/* TS 31.102 clause 4: UPDATE of what the operator answers for takes an administrative code, that of
 * fixed dialling numbers PIN2, and the public files are read by all. */
static void nobody_writes_but_whom_the_standards_let(void **state)
{
    static const char *const operators[] = {"7FF0/6F07",      "7FF0/6F38", "7FF0/6F46", "7FF0/6FAD",
                                            "7FF0/5FC0/4F07", "7FF1/6F02", "7F20/6F38", "2F00"};
    static const char *const second[] = {"7FF0/6F3B", "7FF0/6F4B", "7F10/6F3B"};

    (void)state;
    uicc_power_up();
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        assert_int_equal(uicc_select(operators[i], NULL), 0x9000);
        assert_int_equal(uicc_send(i < 7 ? "00D600000100" : "00DC01040100", NULL), 0x6982);
    }
    for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
        char command[80] = "00DC01040D";
        bool is_long = i != 1;

        memset(command + 8, 'F', is_long ? 58 : 28);
        memcpy(command + 8, is_long ? "1C" : "0D", 2);
        assert_int_equal(uicc_select(second[i], NULL), 0x9000);
        assert_int_equal(uicc_send(command, NULL), 0x6982);
        assert_int_equal(uicc_send("0020008108 31323334FFFFFFFF", NULL), 0x9000);
        assert_int_equal(uicc_send(command, NULL), 0x9000);
        uicc_power_up();
    }
}

/* TS 102 221 clause 11.1.9.1.1: a modem asks for the PIN on the basic channel and reads the ISIM on
 * another one. */
static void the_user_s_pin_counts_on_every_channel(void **state)
{
    (void)state;
    uicc_power_up();
    assert_int_equal(uicc_send("0028000108 31323334FFFFFFFF", NULL), 0x9000);
    uicc_power_up();
    assert_int_equal(uicc_send("0070000001", NULL), 0x9000);
    assert_int_equal(uicc_send("01A4040C07 A0000000871004", NULL), 0x9000);
    assert_int_equal(uicc_send("01B0820001", NULL), 0x6982);
    assert_int_equal(uicc_send("0020000108 31323334FFFFFFFF", NULL), 0x9000);
    assert_int_equal(uicc_send("01B0820001", NULL), 0x9000);
    assert_int_equal(uicc_send("0070000001", NULL), 0x9000);
    assert_int_equal(uicc_send("02A4040C07 A0000000871004", NULL), 0x9000);
    assert_int_equal(uicc_send("02B0820001", NULL), 0x9000);
    assert_int_equal(uicc_send("0026000108 31323334FFFFFFFF", NULL), 0x9000);
    uicc_power_up();
}

/* --- As a SIM, and what is no file --- */

/* TS 51.011 clause 9.2.1: SELECT by identifier in class A0, answers wait behind 9F. */
static void a_terminal_of_gsm_finds_its_files(void **state)
{
    size_t found = 0;

    (void)state;
    uicc_power_up();
    for (size_t i = 0; i < UICC_FILES; i++) {
        const struct uicc_file *file = &uicc_files[i];
        char command[32];

        if ((strncmp(file->path, "7F20", 4) && strncmp(file->path, "7F10", 4)) ||
            strlen(file->path) > 9 || file->kind == KB_FILE_BER_TLV)
            continue;
        assert_int_equal(uicc_send("A0A4000002 3F00", NULL) >> 8, 0x9F);
        snprintf(command, sizeof command, "A0A4000002 %.4s", file->path);
        assert_int_equal(uicc_send(command, NULL) >> 8, 0x9F);
        snprintf(command, sizeof command, "A0A4000002 %04X", fid_of(file));
        if (strlen(file->path) == 9 && uicc_send(command, NULL) >> 8 != 0x9F)
            fail_msg("3F00/%s", file->path);
        found++;
    }
    assert_int_equal(found, 76);
}

/* card/objects.h, card/ota/remote_keys.h, card/gp: what the sections of the plan put there. */
static void the_plan_s_objects_are_in_the_card(void **state)
{
    static const uint8_t profile[] = {0, 0, 8, 16, 16, 8, 1, 5, 1, 0, 0, 0x10, 0, 0, 0};
    static const uint8_t set[] = {3,    0,    0x16, 0x07, 4,    5,    0xB0, 0x00, 0x01, 0x3F, 0x00,
                                  0xB0, 0x00, 0x11, 0x7F, 0xF0, 0xB0, 0x00, 0x25, 0x7F, 0xF1};
    uint8_t bytes[128], none[48] = {0};

    (void)state;
    assert_int_equal(uicc_object(KB_OBJ_AKA + 1, bytes, sizeof bytes), 21);
    assert_memory_equal(bytes, profile, sizeof profile);
    assert_int_equal(uicc_object(KB_OBJ_AKA, bytes, sizeof bytes), 0);
    assert_int_equal(uicc_object(KB_OBJ_REMOTE_KEYS, bytes, sizeof bytes), sizeof set);
    assert_memory_equal(bytes, set, sizeof set);
    assert_int_equal(uicc_object(KB_OBJ_REMOTE_CNTR, bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, none, 5);
    assert_int_equal(uicc_object(KB_OBJ_SECRET + 4, bytes, sizeof bytes), 16);
    assert_int_equal(uicc_object(KB_OBJ_GP_KEYS, bytes, sizeof bytes), 2 + 48);
    assert_memory_equal(bytes, "\x30\x88", 2);
    assert_memory_not_equal(bytes + 2, none, 48);
    assert_int_equal(uicc_object(KB_OBJ_CPLC, bytes, sizeof bytes), 42);
    assert_memory_equal(bytes + 12, "\x00\x00\x00\x01", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_standards_is_there_and_as_they_say),
        cmocka_unit_test(an_sfi_leads_to_the_file_that_has_it),
        cmocka_unit_test(the_service_tables_speak_of_the_files),
        cmocka_unit_test(services_of_5g_are_told),
        cmocka_unit_test(files_begin_with_the_suggested_contents),
        cmocka_unit_test(a_rule_is_found_from_every_name_of_a_file),
        cmocka_unit_test(files_of_two_applications_are_one),
        cmocka_unit_test(nobody_writes_but_whom_the_standards_let),
        cmocka_unit_test(the_user_s_pin_counts_on_every_channel),
        cmocka_unit_test(a_terminal_of_gsm_finds_its_files),
        cmocka_unit_test(the_plan_s_objects_are_in_the_card),
    };

    return cmocka_run_group_tests(tests, make_card, drop_card);
}
