/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to no application: the card's memory, its answer to reset, the ranges of numbers. */
#include <string.h>

#include "plan/build.h"

/* --- Memory (card/nvm/nvm.h) --- */

struct memory {
    uint32_t sectors, sector_size, program;
};

static const struct kb_key memory_keys[] = {
    {"sectors", KB_KEY_NUMBER, false, offsetof(struct memory, sectors), 2, 65534, NULL},
    {"sector_size", KB_KEY_NUMBER, false, offsetof(struct memory, sector_size), 64, 262144, NULL},
    {"program", KB_KEY_NUMBER, false, offsetof(struct memory, program), 4, KB_NVM_PROGRAM_MAX,
     NULL},
    {0},
};

static enum kb_err check_memory(struct kb_plan_build *build, const yaml_node_t *node,
                                const struct memory *memory)
{
    uint64_t units = (uint64_t)memory->sectors / 2 * memory->sector_size / memory->program;

    if (memory->sectors % 2)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "sectors is %u; it should be even: the memory is cut in two halves",
                            memory->sectors);
    if (memory->program & (memory->program - 1))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "program is %u; it should be 4, 8, 16 or 32", memory->program);
    if (memory->sector_size % memory->program)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "sector_size is %u; it should be a multiple of program, %u",
                            memory->sector_size, memory->program);
    if (units > UINT16_MAX || units * memory->program < 256)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "half of the memory is %llu units of %u bytes; it should be 256 bytes "
                            "to 65535 units",
                            (unsigned long long)units, memory->program);
    return KB_OK;
}

enum kb_err kb_plan_read_memory(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct memory memory = {32, 2048, 8};
    size_t mark = kb_yaml_enter(&build->yaml, "memory");
    enum kb_err err = node ? kb_schema_read(&build->yaml, node, memory_keys, &memory) : KB_OK;

    if (!err)
        err = check_memory(build, node, &memory);
    build->plan->sector_count = memory.sectors;
    build->plan->sector_size = memory.sector_size;
    build->plan->program_size = memory.program;
    kb_yaml_leave(&build->yaml, mark);
    return err;
}

/* --- ATR (ISO/IEC 7816-3 clause 8.2) --- */

/* Interface bytes that Y announces: a bit for each of TA, TB, TC, TD. */
static size_t announced(uint8_t byte)
{
    return (size_t)((byte >> 4 & 1) + (byte >> 5 & 1) + (byte >> 6 & 1) + (byte >> 7 & 1));
}

/* The length that TS, T0 and the interface bytes promise; 0 when they run past the end. */
static size_t promised_length(const uint8_t *atr, size_t len)
{
    size_t at = 1;
    bool has_check = false;

    for (uint8_t y = atr[1]; y & 0x80; y = atr[at]) {
        at += announced(y);
        if (at >= len)
            return 0;
        has_check = has_check || (atr[at] & 0x0F);
        if (!(atr[at] & 0x80))
            return at + 1 + announced(atr[at]) + (atr[1] & 0x0F) + has_check;
    }
    return 2 + announced(atr[1]) + (atr[1] & 0x0F);
}

/* TCK is there when a protocol other than T=0 is named; all bytes from T0 then add up to zero. */
static bool has_valid_check(const uint8_t *atr, size_t len)
{
    uint8_t sum = 0;
    size_t at = 1;

    for (size_t i = 1; i < len; i++)
        sum ^= atr[i];
    if (!sum)
        return true;
    for (uint8_t y = atr[1]; y & 0x80; y = atr[at]) {
        at += announced(y);
        if (atr[at] & 0x0F)
            return false;
    }
    return true;
}

enum kb_err kb_plan_read_atr(struct kb_plan_build *build, const yaml_node_t *node)
{
    uint8_t *atr = build->plan->atr;
    enum kb_err err;

    if (!node)
        return KB_OK;
    err = kb_schema_hex(&build->yaml, node, "atr", 2, sizeof build->plan->atr, atr,
                        &build->plan->atr_len);
    if (err)
        return err;
    if (atr[0] != 0x3B && atr[0] != 0x3F)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "atr: begins with %02X; it should be 3B or 3F", atr[0]);
    if (promised_length(atr, build->plan->atr_len) != build->plan->atr_len)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "atr: has %zu bytes; its T0 and interface bytes promise %zu",
                            build->plan->atr_len, promised_length(atr, build->plan->atr_len));
    if (!has_valid_check(atr, build->plan->atr_len))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "atr: the last byte, TCK, is wrong; all bytes after the first one "
                            "should have an exclusive or of 00");
    return KB_OK;
}

/* --- Ranges of numbers --- */

struct range {
    const yaml_node_t *prefix, *first, *file, *acc;
    uint32_t digits;
};

static const struct kb_key iccid_keys[] = {
    {"prefix", KB_KEY_SCALAR, true, offsetof(struct range, prefix), 0, 0, NULL},
    {"digits", KB_KEY_NUMBER, false, offsetof(struct range, digits), 18, 20, NULL},
    {"first", KB_KEY_SCALAR, false, offsetof(struct range, first), 0, 0, NULL},
    {"file", KB_KEY_SCALAR, false, offsetof(struct range, file), 0, 0, NULL},
    {0},
};

static const struct kb_key imsi_keys[] = {
    {"prefix", KB_KEY_SCALAR, false, offsetof(struct range, prefix), 0, 0, NULL},
    {"digits", KB_KEY_NUMBER, false, offsetof(struct range, digits), 6, 15, NULL},
    {"file", KB_KEY_SCALAR, false, offsetof(struct range, file), 0, 0, NULL},
    {"acc", KB_KEY_SCALAR, false, offsetof(struct range, acc), 0, 0, NULL},
    {0},
};

static uint64_t number_of(const char *digits)
{
    uint64_t value = 0;

    for (; *digits; digits++)
        value = value * 10 + (uint64_t)(*digits - '0');
    return value;
}

/* The first serial number has as many digits as prefix and check digit leave. */
static enum kb_err read_first(struct kb_plan_build *build, const struct range *range)
{
    size_t room = range->digits - 1 - strlen(build->plan->iccid_prefix);
    char digits[21] = "1";
    enum kb_err err = KB_OK;

    if (range->first)
        err = kb_schema_digits(&build->yaml, range->first, "first", 1, room, digits);
    build->plan->iccid_first = number_of(digits);
    return err;
}

static bool is_file_of(const struct kb_plan *plan, const struct kb_path *path, size_t size)
{
    const struct kb_plan_file *file = kb_plan_file_at(plan, path);

    return file && file->kind == KB_FILE_TRANSPARENT && file->size == size;
}

/* A file that the factory writes for each card. node may be NULL. */
static enum kb_err read_own_file(struct kb_plan_build *build, const yaml_node_t *node,
                                 const char *what, const char *name, size_t size,
                                 struct kb_path *path)
{
    enum kb_err err = node ? kb_plan_read_path(build, node, what, path) : KB_OK;

    if (err || !node || is_file_of(build->plan, path, size))
        return err;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                        "%s: %s is no transparent file of %zu bytes in this plan; %s is one", what,
                        kb_plan_path_text(path).text, size, name);
}

/* EF.ICCID: the file named, or 2FE2 below the MF when the plan has it (TS 102 221 clause 13.2). */
static enum kb_err read_iccid_file(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct kb_plan *plan = build->plan;
    enum kb_err err;

    plan->iccid_path = (struct kb_path){1, {0x2FE2}};
    err = read_own_file(build, node, "file", "EF.ICCID", 10, &plan->iccid_path);
    plan->has_iccid_file = is_file_of(plan, &plan->iccid_path, 10);
    return err;
}

/* EF.IMSI and EF.ACC of the temporary identity (TS 31.102 clauses 4.2.2 and 4.2.15). */
static enum kb_err read_imsi_t_files(struct kb_plan_build *build, const struct range *range)
{
    struct kb_plan *plan = build->plan;
    enum kb_err err = read_own_file(build, range->file, "file", "EF.IMSI", 9, &plan->imsi_t_path);

    if (!err)
        err = read_own_file(build, range->acc, "acc", "EF.ACC", 2, &plan->acc_t_path);
    plan->has_imsi_t_file = range->file;
    plan->has_acc_t_file = range->acc;
    return err;
}

enum kb_err kb_plan_read_iccid(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct range range = {.digits = 19};
    size_t mark = kb_yaml_enter(&build->yaml, "iccid");
    enum kb_err err = kb_schema_read(&build->yaml, node, iccid_keys, &range);

    if (!err)
        err = kb_schema_digits(&build->yaml, range.prefix, "prefix", 2, range.digits - 2,
                               build->plan->iccid_prefix);
    if (!err && strncmp(build->plan->iccid_prefix, "89", 2))
        err = kb_yaml_fail(&build->yaml, range.prefix, KB_ERR_RANGE,
                           "prefix is %s; an ICCID begins with 89 (ITU-T E.118)",
                           build->plan->iccid_prefix);
    build->plan->iccid_digits = range.digits;
    if (!err)
        err = read_first(build, &range);
    if (!err)
        err = read_iccid_file(build, range.file);
    kb_yaml_leave(&build->yaml, mark);
    return err;
}

/* The first card needs a temporary identity, too. */
static enum kb_err check_first(struct kb_plan_build *build, const yaml_node_t *node)
{
    const struct kb_plan *plan = build->plan;
    size_t room = plan->imsi_t_digits - strlen(plan->imsi_t_prefix);
    unsigned long long first = plan->iccid_first;
    char digits[24];

    if ((size_t)snprintf(digits, sizeof digits, "%llu", first) <= room)
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                        "the first serial number %llu has no room behind the prefix; it should "
                        "have at most %zu digits",
                        first, room);
}

enum kb_err kb_plan_read_imsi_t(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct range range = {.digits = 15};
    size_t mark = kb_yaml_enter(&build->yaml, "imsi_t");
    enum kb_err err = KB_OK;

    if (node) {
        memcpy(build->plan->imsi_t_prefix, "90170", 6);
        err = kb_schema_read(&build->yaml, node, imsi_keys, &range);
    }
    if (!err && range.prefix)
        err = kb_schema_digits(&build->yaml, range.prefix, "prefix", 5, range.digits - 1,
                               build->plan->imsi_t_prefix);
    build->plan->imsi_t_digits = range.digits;
    if (!err && node)
        err = check_first(build, node);
    if (!err)
        err = read_imsi_t_files(build, &range);
    kb_yaml_leave(&build->yaml, mark);
    return err;
}
