/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to the maker's commands. */

#include "desk/blueprint.h"

#include <string.h>

#include "card/objects.h"
#include "crypto/secret.h"
#include "wire/bcd.h"
#include "wire/tlv.h"

enum {
    PART = 255,
    FCP_MAX = 128,
    SHAREABLE = 0x40,
    DATA_CODING = 0x21,
    KIND_AES = 0x88,  /* GlobalPlatform Card Specification table 11-16 */
    CPLC_SERIAL = 12, /* where the chip's serial number lies in the production data */
    SERIAL_DIGITS = 8
};

static void put_object(struct kb_commands *list, unsigned object, const void *value, size_t len)
{
    const uint8_t header[4] = {0x80, 0x44, (uint8_t)(object >> 8), (uint8_t)object};

    kb_commands_add(list, "PUT OBJECT", header, kb_span(value, len));
}

/* --- Files --- */

static bool has_records(const struct kb_plan_file *file)
{
    return file->kind == KB_FILE_LINEAR_FIXED || file->kind == KB_FILE_CYCLIC;
}

static bool is_folder(const struct kb_plan_file *file)
{
    return file->kind == KB_FILE_MF || file->kind == KB_FILE_DF || file->kind == KB_FILE_ADF;
}

/* TS 102 221 clause 11.1.1.4.3; TS 102 222 clause 6.3.2.2.1. */
static void put_descriptor(struct kb_writer *fcp, const struct kb_plan_file *file)
{
    static const uint8_t bytes[] = {
        [KB_FILE_MF] = 0x78 & ~SHAREABLE,  [KB_FILE_DF] = 0x78 & ~SHAREABLE,
        [KB_FILE_ADF] = 0x78 & ~SHAREABLE, [KB_FILE_TRANSPARENT] = 0x01,
        [KB_FILE_LINEAR_FIXED] = 0x02,     [KB_FILE_CYCLIC] = 0x06,
        [KB_FILE_BER_TLV] = 0x39,
    };
    const uint8_t value[5] = {(uint8_t)(SHAREABLE | bytes[file->kind]), DATA_CODING, 0,
                              file->record_size, file->record_count};

    kb_tlv_put(fcp, 0x82, kb_span(value, has_records(file) ? 5 : 2));
}

static uint16_t fid_of(const struct kb_path *path)
{
    return path->depth ? path->fid[path->depth - 1] : KB_FID_MF;
}

static void put_access_rule(struct kb_writer *fcp, const struct kb_plan_file *file)
{
    const uint8_t value[3] = {(uint8_t)(file->arr_file >> 8), (uint8_t)file->arr_file,
                              file->arr_record};

    if (file->arr_file)
        kb_tlv_put(fcp, 0x8B, kb_span(value, sizeof value));
}

/* One body under two paths: C7 is the path of the other file from below the MF. A file of BER-TLV
 * structure tells the most it may take (86) beside what is reserved (80). */
static void put_proprietary(struct kb_writer *fcp, const struct kb_plan_file *file)
{
    size_t mark = kb_tlv_open(fcp, 0xA5);
    size_t path;

    if (file->kind == KB_FILE_BER_TLV)
        kb_tlv_put_u16(fcp, 0x86, file->size);
    if (file->is_link) {
        path = kb_tlv_open(fcp, 0xC7);
        for (uint8_t i = 0; i < file->link.depth; i++)
            kb_wr_u16(fcp, file->link.fid[i]);
        kb_tlv_close(fcp, path);
    }
    kb_tlv_close(fcp, mark);
}

static void create_file(struct kb_commands *list, const struct kb_plan_file *file)
{
    static const uint8_t header[4] = {0x00, 0xE0, 0x00, 0x00};
    uint8_t buffer[FCP_MAX];
    struct kb_writer fcp = kb_wr(buffer, sizeof buffer);
    const uint8_t sfi = (uint8_t)(file->sfi << 3);
    size_t mark = kb_tlv_open(&fcp, 0x62);

    put_descriptor(&fcp, file);
    kb_tlv_put_u16(&fcp, 0x83, fid_of(&file->path));
    if (file->aid_len)
        kb_tlv_put(&fcp, 0x84, kb_span(file->aid, file->aid_len));
    kb_tlv_put_u8(&fcp, 0x8A, KB_LCS_ACTIVATED);
    if (!file->is_link)
        put_access_rule(&fcp, file);
    if (!is_folder(file)) {
        if (file->kind != KB_FILE_BER_TLV)
            kb_tlv_put_u16(&fcp, 0x80, file->size);
        else if (file->reserved)
            kb_tlv_put_u16(&fcp, 0x80, file->reserved);
        kb_tlv_put(&fcp, 0x88, kb_span(&sfi, file->sfi ? 1 : 0));
    }
    if (file->is_link || file->kind == KB_FILE_BER_TLV)
        put_proprietary(&fcp, file);
    kb_tlv_close(&fcp, mark);
    kb_commands_add(list, "CREATE FILE", header, kb_wr_span(&fcp));
}

static void select_path(struct kb_commands *list, const struct kb_path *path)
{
    static const uint8_t mf[4] = {0x00, 0xA4, 0x00, 0x0C}, from_mf[4] = {0x00, 0xA4, 0x08, 0x0C};
    uint8_t buffer[2 * KB_FILE_DEPTH];
    struct kb_writer data = kb_wr(buffer, sizeof buffer);

    for (uint8_t i = 0; i < path->depth; i++)
        kb_wr_u16(&data, path->fid[i]);
    if (path->depth == 0)
        kb_wr_u16(&data, KB_FID_MF);
    kb_commands_add(list, "SELECT", path->depth ? from_mf : mf, kb_wr_span(&data));
}

static void update_binary(struct kb_commands *list, struct kb_span content)
{
    for (size_t at = 0; at < content.len; at += PART) {
        size_t len = content.len - at < PART ? content.len - at : PART;
        const uint8_t header[4] = {0x00, 0xD6, (uint8_t)(at >> 8), (uint8_t)at};

        kb_commands_add(list, "UPDATE BINARY", header, kb_span(&content.data[at], len));
    }
}

/* A record of the content, the last one filled up with FF. */
static void update_record(struct kb_commands *list, const struct kb_plan_file *file, uint8_t number)
{
    const uint8_t absolute[4] = {0x00, 0xDC, number, 0x04}, previous[4] = {0x00, 0xDC, 0x00, 0x03};
    uint8_t record[PART];
    size_t at = (size_t)(number - 1) * file->record_size;
    size_t left = file->content_len - at;

    memset(record, 0xFF, sizeof record);
    memcpy(record, &file->content[at], left < file->record_size ? left : file->record_size);
    kb_commands_add(list, "UPDATE RECORD", file->kind == KB_FILE_CYCLIC ? previous : absolute,
                    kb_span(record, file->record_size));
}

static void fill_records(struct kb_commands *list, const struct kb_plan_file *file)
{
    size_t count = (file->content_len + file->record_size - 1) / file->record_size;

    /* A cyclic file takes the oldest record first (TS 102 221 clause 11.1.6: PREVIOUS). */
    for (size_t i = 0; i < count; i++)
        update_record(list, file, (uint8_t)(file->kind == KB_FILE_CYCLIC ? count - i : i + 1));
}

/* Each object in one block (TS 102 221 clause 11.3.2). */
static void fill_data_objects(struct kb_commands *list, const struct kb_plan_file *file)
{
    static const uint8_t set_data[4] = {0x80, 0xDB, 0x00, 0x80};
    struct kb_cursor rd = kb_rd(kb_span(file->content, file->content_len));
    size_t start = 0;
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv)) {
        size_t end = file->content_len - kb_rd_left(&rd);

        kb_commands_add(list, "SET DATA", set_data, kb_span(&file->content[start], end - start));
        start = end;
    }
}

static void fill_file(struct kb_commands *list, const struct kb_plan_file *file)
{
    if (is_folder(file) || !file->content || !file->content_len)
        return;
    if (has_records(file))
        fill_records(list, file);
    else if (file->kind == KB_FILE_BER_TLV)
        fill_data_objects(list, file);
    else
        update_binary(list, kb_span(file->content, file->content_len));
}

static bool is_in(const struct kb_path *path, const struct kb_path *folder)
{
    return path->depth == folder->depth + 1 &&
           memcmp(path->fid, folder->fid, folder->depth * sizeof path->fid[0]) == 0;
}

static void build_tree(struct kb_commands *list, const struct kb_plan *plan)
{
    struct kb_path current = {0};

    for (size_t i = 0; i < plan->file_count; i++) {
        const struct kb_plan_file *file = &plan->files[i];

        if (file->path.depth && !is_in(&file->path, &current)) {
            current = file->path;
            current.depth--;
            select_path(list, &current);
        }
        create_file(list, file);
        if (is_folder(file))
            current = file->path;
        fill_file(list, file);
    }
}

/* --- Objects --- */

static void put_pins(struct kb_commands *list, const struct kb_plan *plan)
{
    for (size_t i = 0; i < plan->pin_count; i++) {
        const struct kb_plan_pin *pin = &plan->pins[i];
        const uint8_t tries[KB_PIN_TRIES_OBJECT] = {pin->object[1], pin->object[2],
                                                    pin->is_enabled};

        put_object(list, KB_OBJ_PIN + pin->index, pin->object, sizeof pin->object);
        put_object(list, (unsigned)KB_OBJ_PIN_TRIES + pin->index, tries, sizeof tries);
    }
}

static void put_objects(struct kb_commands *list, const struct kb_plan *plan)
{
    for (size_t i = 0; i < plan->object_count; i++)
        put_object(list, plan->objects[i].object, plan->objects[i].bytes, plan->objects[i].len);
}

/* Version, kind and keys of each set (card/gp). fresh NULL: the sets without their keys, which the
 * image's proof wants to see. */
static void put_key_sets(struct kb_commands *list, const struct kb_plan *plan,
                         const struct kb_fresh *fresh)
{
    static const uint8_t none[32];

    for (size_t i = 0; i < plan->key_set_count; i++) {
        const struct kb_plan_key_set *set = &plan->key_sets[i];
        uint8_t bytes[2 + KB_PLAN_KEYS * 32];
        struct kb_writer wr = kb_wr(bytes, sizeof bytes);

        kb_wr_u8(&wr, set->version);
        kb_wr_u8(&wr, KIND_AES);
        for (size_t k = 0; k < KB_PLAN_KEYS; k++)
            kb_wr_copy(&wr, fresh ? fresh->made[set->made + k].value : none, set->length);
        put_object(list, KB_OBJ_GP_KEYS + (unsigned)i, bytes, wr.len);
        kb_wipe(bytes, sizeof bytes);
    }
}

static void load_algorithm(struct kb_commands *list, struct kb_span image)
{
    uint8_t block = 0;

    for (size_t at = 0; at < image.len; at += KB_IMAGE_BLOCK, block++) {
        size_t left = image.len - at;
        bool is_last = left <= KB_IMAGE_BLOCK;
        const uint8_t header[4] = {0x80, 0x46, is_last ? 0x80 : 0x00, block};

        kb_commands_add(list, "LOAD ALGORITHM", header,
                        kb_span(&image.data[at], is_last ? left : (size_t)KB_IMAGE_BLOCK));
    }
}

void kb_blueprint_common(struct kb_commands *list, const struct kb_plan *plan,
                         const uint8_t maker_public[KB_P256_PUBLIC], struct kb_span image)
{
    put_object(list, KB_OBJ_MAKER_KEY, maker_public, KB_P256_PUBLIC);
    if (plan->atr_len)
        put_object(list, KB_OBJ_ATR, plan->atr, plan->atr_len);
    for (size_t i = 0; i < plan->field_count; i++) {
        const uint8_t tries[2] = {plan->fields[i].tries, 0};

        put_object(list, (unsigned)KB_OBJ_PERSO_TRIES + plan->fields[i].number, tries,
                   sizeof tries);
    }
    put_pins(list, plan);
    put_objects(list, plan);
    put_key_sets(list, plan, NULL);
    build_tree(list, plan);
    load_algorithm(list, image);
}

/* Files that show the card's numbers before any field is filled. */
static void put_numbers(struct kb_commands *list, const struct kb_plan *plan,
                        const struct kb_fresh *fresh)
{
    struct kb_span iccid = kb_span(fresh->iccid, strlen(fresh->iccid));
    struct kb_span imsi = kb_span(fresh->imsi_t, strlen(fresh->imsi_t));
    uint8_t content[10];

    if (plan->has_iccid_file && !kb_bcd_encode(iccid, content, 10)) {
        select_path(list, &plan->iccid_path);
        update_binary(list, kb_span(content, 10));
    }
    if (plan->has_imsi_t_file && imsi.len && !kb_imsi_encode(imsi, content)) {
        select_path(list, &plan->imsi_t_path);
        update_binary(list, kb_span(content, 9));
    }
    if (plan->has_acc_t_file && imsi.len && !kb_acc_from_imsi(imsi, content)) {
        select_path(list, &plan->acc_t_path);
        update_binary(list, kb_span(content, 2));
    }
}

/* The serial number of the chip is the last eight digits of the card's in front of the check digit
 * (GlobalPlatform: IC serial number, four bytes). */
static void put_cplc(struct kb_commands *list, const struct kb_plan *plan,
                     const struct kb_fresh *fresh)
{
    uint8_t cplc[KB_PLAN_CPLC];
    size_t digits = strlen(fresh->iccid);

    if (!plan->has_cplc || digits < SERIAL_DIGITS + 1)
        return;
    memcpy(cplc, plan->cplc, sizeof cplc);
    for (size_t i = 0; i < SERIAL_DIGITS / 2; i++) {
        const char *pair = fresh->iccid + digits - 1 - SERIAL_DIGITS + 2 * i;

        cplc[CPLC_SERIAL + i] = (uint8_t)((pair[0] - '0') << 4 | (pair[1] - '0'));
    }
    put_object(list, KB_OBJ_CPLC, cplc, sizeof cplc);
}

void kb_blueprint_card(struct kb_commands *list, const struct kb_plan *plan,
                       const struct kb_fresh *fresh)
{
    put_object(list, KB_OBJ_SERIAL, fresh->iccid, strlen(fresh->iccid));
    for (size_t i = 0; i < plan->field_count; i++)
        put_object(list, (unsigned)KB_OBJ_PERSO_CODE + plan->fields[i].number, fresh->code[i],
                   KB_PERSO_CODE);
    for (size_t i = 0; i < plan->pin_count; i++)
        if (plan->pins[i].is_random)
            put_object(list, (unsigned)KB_OBJ_PIN + plan->pins[i].index, fresh->pin[i],
                       KB_PIN_OBJECT);
    put_key_sets(list, plan, fresh);
    put_cplc(list, plan, fresh);
    put_numbers(list, plan, fresh);
}

void kb_blueprint_secure(struct kb_commands *list)
{
    static const uint8_t header[4] = {0x80, 0xF0, 0x80, 0x0F};

    kb_commands_add(list, "SET STATUS", header, kb_span(NULL, 0));
}
