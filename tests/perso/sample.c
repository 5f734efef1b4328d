/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/perso/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "wire/apdu.h"
#include "wire/hex.h"
#include "wire/tlv.h"

enum { BLOCK = 240 };

const uint8_t sample_code[16] = {0xC0, 0xDE, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
const uint8_t sample_code_second[16] = {0x5E, 0xC0, 9, 9, 9, 9, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3};
uint8_t sample_key[KB_P256_PRIVATE];
static uint8_t public_key[KB_P256_PUBLIC];

void sample_make_key(void)
{
    assert_int_equal(kb_crypto_openssl.p256_keypair(sample_key, public_key), KB_OK);
}

/* from, event, to: docs/apdu.md 3 */
static const uint8_t transitions[][3] = {
    {0, 0, 1}, {0, 1, 2}, {1, 2, 3}, {1, 3, 2}, {1, 4, 5},
    {2, 2, 3}, {2, 3, 2}, {2, 4, 5}, {3, 5, 3}, {3, 6, 4},
};

/* CLA INS P1 mask P2 mask action argument */
static const uint8_t commands[][8] = {
    {0x80, 0x40, 0x00, 0xFF, 0x00, 0xFF, 0, 0}, /* ENABLE */
    {0x80, 0x42, 0x00, 0xFF, 0x00, 0xFF, 1, 0}, /* VERIFY, the code itself */
    {0x80, 0x42, 0x01, 0xFF, 0x00, 0xFF, 1, 1}, /* VERIFY, challenge */
    {0x80, 0x48, 0x00, 0xFF, 0x00, 0xFF, 2, 0}, /* PUT as BER-TLV */
    {0x80, 0x4A, 0x00, 0xFF, 0x00, 0xFF, 5, 0}, /* LOCK */
    {0x80, 0x4C, 0x00, 0xFF, 0x00, 0xFF, 6, 0}, /* GET PERSO STATE */
    {0x80, 0x40, 0x02, 0xFF, 0x00, 0xFF, 0, 0}, /* the second field: ENABLE */
    {0x80, 0x42, 0x00, 0xFF, 0x00, 0xFF, 1, 0}, /* VERIFY */
    {0x84, 0xE2, 0x00, 0x00, 0x00, 0x00, 3, 0}, /* PUT as data groupings, any P1 P2 */
    {0x80, 0x52, 0x00, 0xFF, 0x00, 0xFF, 4, 1}, /* PUT of the second item */
    {0x80, 0x4A, 0x00, 0xFF, 0x00, 0xFF, 5, 0}, /* LOCK */
    {0x80, 0x4C, 0x00, 0xFF, 0x00, 0xFF, 6, 0}, /* GET PERSO STATE */
};

struct item {
    const char *name;
    uint16_t tag;
    uint8_t flags, format;
    uint16_t min, max;
    uint8_t check, first_write, writes;
};

static const struct item items[] = {
    [ITEM_IMSI] = {"imsi", 0x80, 1, 1, 6, 15, 0, 0, 2},
    [ITEM_KI] = {"ki", 0x81, 1, 0, 16, 16, 2, 2, 1},
    [ITEM_OPC] = {"opc", 0x82, 0, 0, 16, 16, 2, 3, 1},
    [ITEM_SPN] = {"spn", 0x83, 0, 2, 0, 64, 0, 4, 1},
    [ITEM_PIN] = {"pin", 0x84, 0, 1, 4, 8, 0, 5, 1},
    [ITEM_PUK] = {"puk", 0x85, 0, 1, 8, 8, 0, 6, 1},
    [ITEM_LONG] = {"long", 0x9F10, 0, 0, 0, 1000, 0, 7, 1},
    [ITEM_SMSP] = {"smsp", 0xDF21, 0, 4, 1, 21, 0, 8, 1},
    [ITEM_SERIAL] = {"serial", 0x86, 0, 1, 18, 20, 1, 9, 1},
    [ITEM_GROUP] = {"group", 0x0101, 1, 0, 1, 40, 0, 10, 1},
    [ITEM_SECRET] = {"secret", 0x0102, 0, 0, 1, 32, 0, 11, 1},
    [ITEM_SLICE] = {"slice", 0x0103, 0, 0, 1, 4, 0, 12, 1},
};

/* encoder target depth, path or object (8), record, offset (2), length (2), argument, reserved */
static const uint8_t writes[][18] = {
    {2, 0, 1, 0x6F, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0},        /* EF.IMSI */
    {4, 0, 1, 0x6F, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0},        /* EF.ACC */
    {0, 3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0},             /* Ki */
    {0, 4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0},             /* OPc */
    {7, 0, 1, 0x6F, 0x46, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 1, 0},       /* EF.SPN */
    {9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0},              /* PIN */
    {9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 0},              /* unblock code */
    {0, 0, 1, 0x6F, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x58, 0, 0},  /* 600 bytes */
    {8, 0, 1, 0x6F, 0x42, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 28, 0, 0},       /* record 2, offset 2 */
    {0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0},             /* serial */
    {0, 0, 2, 0x7F, 0x50, 0x6F, 0x01, 0, 0, 0, 0, 1, 0, 0, 0, 40, 0, 0}, /* record 1 of EF.DG */
    {0, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0},             /* secret 3 */
    {0, 0, 2, 0x7F, 0x50, 0x6F, 0x01, 0, 0, 0, 0, 2, 0, 8, 0, 4, 0, 0},  /* record 2, offset 8 */
};

static void add_item(struct builder *builder, const struct item *item)
{
    uint16_t name = builder_name(builder, item->name);
    const uint8_t row[14] = {
        (uint8_t)(item->tag >> 8),
        (uint8_t)item->tag,
        item->flags,
        item->format,
        (uint8_t)(item->min >> 8),
        (uint8_t)item->min,
        (uint8_t)(item->max >> 8),
        (uint8_t)item->max,
        item->check,
        item->first_write,
        item->writes,
        (uint8_t)(name >> 8),
        (uint8_t)name,
        0,
    };

    builder_add(builder, BUILDER_ITEMS, row);
}

static void add_field(struct builder *builder, const uint8_t start[6], const char *name)
{
    uint16_t offset = builder_name(builder, name);
    uint8_t row[10] = {0};

    memcpy(row, start, 6);
    row[6] = (uint8_t)(offset >> 8);
    row[7] = (uint8_t)offset;
    builder_add(builder, BUILDER_FIELDS, row);
}

void sample_plan(struct builder *builder)
{
    static const uint8_t first[6] = {0, SAMPLE_TRIES, 0, SAMPLE_ITEMS_FIRST, 0, 6};
    static const uint8_t second[6] = {SAMPLE_SECOND,       1, SAMPLE_ITEMS_FIRST,
                                      SAMPLE_ITEMS_SECOND, 6, 6};

    memset(builder, 0, sizeof *builder);
    builder->states = 6;
    builder->plan_name = builder_name(builder, "sample");
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
        builder_add(builder, BUILDER_TRANSITIONS, transitions[i]);
    add_field(builder, first, "telecom");
    add_field(builder, second, "payment");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        builder_add(builder, BUILDER_COMMANDS, commands[i]);
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        add_item(builder, &items[i]);
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        builder_add(builder, BUILDER_WRITES, writes[i]);
}

static uint16_t send(struct rig *rig, uint32_t header, struct kb_span data, bool has_le)
{
    static uint8_t bytes[KB_APDU_EXTENDED_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof bytes);
    struct kb_apdu apdu = {.cla = (uint8_t)(header >> 24),
                           .ins = (uint8_t)(header >> 16),
                           .p1 = (uint8_t)(header >> 8),
                           .p2 = (uint8_t)header,
                           .data = data,
                           .ne = has_le ? 65536 : 0,
                           .has_le = has_le,
                           .is_extended = has_le};

    kb_apdu_write(&wr, &apdu);
    assert_false(wr.is_bad);
    return rig_send_bytes(rig, kb_wr_span(&wr));
}

uint16_t sample_send(struct rig *rig, uint32_t header, const void *data, size_t len)
{
    return send(rig, header, kb_span(data, len), false);
}

uint16_t sample_send_le(struct rig *rig, uint32_t header)
{
    return send(rig, header, kb_span(NULL, 0), true);
}

uint16_t sample_send_hex(struct rig *rig, uint32_t header, const char *hex)
{
    uint8_t data[1200];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), data, sizeof data, &len), KB_OK);
    return sample_send(rig, header, data, len);
}

static void create(struct rig *rig, const char *fcp)
{
    assert_int_equal(sample_send_hex(rig, 0x00E00000, fcp), 0x9000);
}

void sample_prepare(struct rig *rig)
{
    static const char pin[] = "01030A0331323334FFFFFFFF3132333435363738";

    rig_blank(rig);
    create(rig, "620E 82027821 83023F00 8A0105 8101FF");
    create(rig, "6211 82024121 83026F07 8A0105 80020009 8800");
    create(rig, "6211 82024121 83026F78 8A0105 80020002 8800");
    create(rig, "6211 82024121 83026F46 8A0105 80020011 8800");
    create(rig, "6211 82024121 83026F50 8A0105 80020258 8800");
    create(rig, "6214 82054221001E02 83026F42 8A0105 8002003C 8800");
    create(rig, "6214 82054621001E02 83026F43 8A0105 8002003C 8800");
    create(rig, "620E 82027821 83027F50 8A0105 8101FF");
    create(rig, "6214 82054221002802 83026F01 8A0105 80020050 8800");
    assert_int_equal(sample_send(rig, 0x80440003, public_key, sizeof public_key), 0x9000);
    assert_int_equal(sample_send_hex(rig, 0x80440020, pin), 0x9000);
    assert_int_equal(sample_send_hex(rig, 0x80440028, "030A01"), 0x9000);
    assert_int_equal(sample_send(rig, 0x80440010, sample_code, 16), 0x9000);
    assert_int_equal(sample_send(rig, 0x80440012, sample_code_second, 16), 0x9000);
    assert_int_equal(sample_send_hex(rig, 0x80440008, "0300"), 0x9000);
}

uint16_t sample_load(struct rig *rig, const uint8_t *image, size_t len)
{
    size_t blocks = len == 0 ? 1 : (len + BLOCK - 1) / BLOCK;
    uint16_t sw = 0;

    for (size_t block = 0; block < blocks; block++) {
        bool is_last = block + 1 == blocks;
        size_t part = is_last ? len - block * BLOCK : BLOCK;
        uint32_t header = 0x80460000u | (is_last ? 0x8000u : 0) | (uint32_t)block;

        sw = sample_send(rig, header, image + block * BLOCK, part);
        if (sw != 0x9000)
            return sw;
    }
    return sw;
}

void sample_make(struct rig *rig, const struct builder *builder)
{
    static uint8_t image[BUILDER_IMAGE];
    size_t len = builder_image(builder, sample_key, image);

    sample_prepare(rig);
    assert_int_equal(sample_load(rig, image, len), 0x9000);
    assert_int_equal(sample_send(rig, 0x80F0800F, NULL, 0), 0x9000);
    assert_true(rig_power(rig));
}

void sample_copy(struct rig *to, const struct rig *from)
{
    if (!to->port.device)
        rig_blank(to);
    memcpy(to->memory, from->memory, sizeof to->memory);
}

void sample_enable(struct rig *rig)
{
    assert_int_equal(sample_send(rig, 0x80400000, NULL, 0) & 0xFF00, 0x6100);
}

void sample_open(struct rig *rig)
{
    sample_enable(rig);
    assert_int_equal(sample_send(rig, 0x80420000, sample_code, 16), 0x9000);
}

void sample_open_second(struct rig *rig)
{
    assert_int_equal(sample_send(rig, 0x80400200, NULL, 0) & 0xFF00, 0x6100);
    assert_int_equal(sample_send(rig, 0x80420000, sample_code_second, 16), 0x9000);
}

void sample_put_mandatory(struct rig *rig)
{
    assert_int_equal(sample_send_hex(rig, 0x80480000,
                                     "800F 323632303131323334353637383930"
                                     "8110 000102030405060708090A0B0C0D0E0F"),
                     0x9000);
}

void sample_read_file(struct rig *rig, uint16_t fid, size_t offset, void *out, size_t len)
{
    struct kb_path path = {1, {fid}};
    struct kb_file file;

    if (fid == 0x6F01)
        path = (struct kb_path){2, {0x7F50, fid}};
    assert_int_equal(kb_files_open(&rig->card, &path, &file), KB_OK);
    assert_int_equal(kb_files_read(&rig->card, &file, offset, out, len), KB_OK);
}

struct sample_state sample_state(struct rig *rig, size_t field)
{
    struct kb_cursor rd;
    struct kb_span whole, value;
    struct kb_tlv tlv;
    struct sample_state state = {0xFF, 0xFF};

    assert_int_equal(sample_send_le(rig, 0x804C0000), 0x9000);
    assert_true(kb_tlv_find(kb_span(rig->response, rig->response_len - 2), 0xE1, &whole));
    rd = kb_rd(whole);
    while (kb_tlv_next(&rd, &tlv)) {
        if (tlv.tag != 0xA1 || field-- != 0)
            continue;
        assert_true(kb_tlv_find(tlv.value, 0x81, &value) && value.len == 1);
        state.state = value.data[0];
        assert_true(kb_tlv_find(tlv.value, 0x82, &value) && value.len == 1);
        state.tries = value.data[0];
    }
    return state;
}

void sample_begin(struct rig *made, struct builder *builder)
{
    sample_make_key();
    sample_plan(builder);
    sample_make(made, builder);
}

void sample_start(struct rig *rig, const struct rig *made)
{
    kb_flash_fault_arm(&rig->fault, KB_FLASH_NEVER, 0);
    sample_copy(rig, made);
    assert_true(rig_power(rig));
}
