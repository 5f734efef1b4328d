/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cpa/world.h"

#include <stdio.h>

#include "card/files/tree.h"

struct world world;

static const char imsi_t[] = "901700000000001";

static const uint16_t fids[] = {0x6F07, 0x6F08, 0x6F09, 0x6F42, 0x6F46, 0x6F5B, 0x6F73,
                                0x6F78, 0x6F7B, 0x6F7E, 0x6FAD, 0x6FE3, 0x6FE4};

/* --- The card --- */

void world_put(uint16_t object, const void *bytes, size_t len)
{
    assert_int_equal(kb_nvm_put(&world.rig.card.nvm, object, bytes, len), KB_OK);
}

static void create(const char *hex)
{
    char command[512];

    snprintf(command, sizeof(command), "00E00000 (62(%s))", hex);
    assert_int_equal(rig_send(&world.rig, command), 0x9000);
}

static void make_folders(void)
{
    create("82(7821) 83(3F00) 8A(05) 8B(2F0601)");
    create("82(4221000A01) 83(2F06) 8A(05) 8B(2F0601) 80(000A) 88()");
    assert_int_equal(rig_send(&world.rig, "00DC0104 (80010190 00 FFFFFFFFFF)"), 0x9000);
    create("82(7821) 83(7FF0) 84(A0000000871002FFFFFFFF8907090000) 8A(05) 8B(2F0601)");
}

/* As a card comes from a maker that showed the temporary identity in its files; where it was last
 * is there as well. */
static void make_files(void)
{
    make_folders();
    create("82(4121) 83(6F07) 8A(05) 8B(2F0601) 80(0009) 88() A5(C1(089910070000000010))");
    create("82(4121) 83(6F08) 8A(05) 8B(2F0601) 80(0021) 88() A5(C2(03))");
    create("82(4121) 83(6F09) 8A(05) 8B(2F0601) 80(0021) 88() A5(C2(04))");
    create("82(4221002802) 83(6F42) 8A(05) 8B(2F0601) 80(0050) 88() A5(C2(11))");
    create("82(4121) 83(6F46) 8A(05) 8B(2F0601) 80(0011) 88() A5(C1(0242626262FF))");
    create("82(4121) 83(6F5B) 8A(05) 8B(2F0601) 80(0006) 88() A5(C2(05))");
    create("82(4121) 83(6F73) 8A(05) 8B(2F0601) 80(000E) 88() A5(C2(06))");
    create("82(4121) 83(6F78) 8A(05) 8B(2F0601) 80(0002) 88() A5(C1(0002))");
    create("82(4121) 83(6F7B) 8A(05) 8B(2F0601) 80(000C) 88() A5(C2(62F210))");
    create("82(4121) 83(6F7E) 8A(05) 8B(2F0601) 80(000B) 88() A5(C2(07))");
    create("82(4121) 83(6FAD) 8A(05) 8B(2F0601) 80(0004) 88() A5(C1(00000003))");
    create("82(4121) 83(6FE3) 8A(05) 8B(2F0601) 80(0012) 88() A5(C2(08))");
    create("82(4221003601) 83(6FE4) 8A(05) 8B(2F0601) 80(0036) 88() A5(C2(09))");
    create("82(7821) 83(5F3B) 8A(05) 8B(2F0601)");
    create("82(4121) 83(4F20) 8A(05) 8B(2F0601) 80(0009) 88() A5(C2(0A))");
    create("82(4121) 83(4F52) 8A(05) 8B(2F0601) 80(0009) 88() A5(C2(0B))");
    assert_int_equal(rig_send(&world.rig, "00A4080C (7FF0)"), 0x9000);
    create("82(7821) 83(5FC0) 8A(05) 8B(2F0601)");
    create("82(4121) 83(4F01) 8A(05) 8B(2F0601) 80(0014) 88() A5(C2(0C))");
}

static void put_credentials(void)
{
    const struct party *party = &world.provider.card;
    const struct root *root = &world.provider.operators;
    uint8_t bytes[512];
    struct kb_writer key = kb_wr(bytes, sizeof(bytes)), wr;

    kb_wr_u8(&key, (uint8_t)party->curve);
    kb_wr_copy(&key, party->private_key, KB_CURVE_SIZE);
    world_put(KB_OBJ_STATIC_KEY, bytes, key.len);
    wr = kb_wr(bytes, sizeof(bytes));
    kb_wr_u8(&wr, 1);
    kb_wr_u8(&wr, 0x2A);
    kb_wr_copy(&wr, party->token.data, party->token.len);
    world_put(KB_OBJ_CREDENTIAL, bytes, wr.len);
    wr = kb_wr(bytes, sizeof(bytes));
    kb_wr_u8(&wr, (uint8_t)root->is.name.len);
    kb_wr_copy(&wr, root->is.name.data, root->is.name.len);
    kb_wr_copy(&wr, root->public_key, KB_P256_PUBLIC);
    world_put(KB_OBJ_OPERATORS_ROOT, bytes, wr.len);
}

void world_plan(void)
{
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_cpa_plan_write(&wr, &world.plan);
    assert_false(wr.is_bad);
    world_put(KB_OBJ_CPA_PLAN, bytes, wr.len);
}

static void put_objects(void)
{
    static const uint8_t zero[KB_CNTR_SIZE];
    const struct provider *provider = &world.provider;

    world_put(KB_OBJ_SERIAL, provider->id_sc, strlen(provider->id_sc));
    world_put(KB_OBJ_KI, world.phone.temporary.k, 16);
    world_put(KB_OBJ_OPC, world.phone.temporary.opc, 16);
    world_put(KB_OBJ_CNTR_IN, zero, sizeof(zero));
    world_put(KB_OBJ_CNTR_OUT, zero, sizeof(zero));
    world_put(KB_OBJ_SECRET + KB_SECRET_ADMIN_CODE, "31415926", 8);
    world_put(KB_OBJ_SECRET + KB_SECRET_KIC, provider->keys.kic.value, 16);
    world_put(KB_OBJ_SECRET + KB_SECRET_KID, provider->keys.kid.value, 16);
    world_put(KB_OBJ_SECRET + KB_SECRET_IMSI_T, imsi_t, sizeof(imsi_t) - 1);
    put_credentials();
    world_plan();
}

/* --- The world --- */

static void begin(enum kb_curve curve, uint32_t sectors)
{
    memset(&world, 0, sizeof(world));
    provider_start(&world.provider, curve);
    phone_start(&world.phone, &world.rig, &world.provider);
    memcpy(world.phone.temporary.imsi, imsi_t, sizeof(imsi_t));
    memset(world.phone.temporary.k, 0x4B, 16);
    memset(world.phone.temporary.opc, 0x4F, 16);
    world.plan = (struct kb_cpa_plan){
        .starts = KB_CPA_BY_ITSELF,
        .keeps_temporary = true,
        .refusals = 3,
        .tries = 3,
        .agreement = KB_SESSION_EDHOC,
        .suites = {world.provider.suites[0]},
        .suite_count = 1,
        .wait_s = 30,
        .resends = 3,
        .service = kb_span("+4917000", 8),
        .title = kb_span("My operator", 11),
    };
    rig_blank_small(&world.rig, sectors);
    /* The library of the chip, but for what it is slow at. */
    world.crypto = kb_crypto_mbedtls;
    world.crypto.p256_verify = kb_crypto_openssl.p256_verify;
    world.crypto.p256_public = kb_crypto_openssl.p256_public;
    world.crypto.p256_shared = kb_crypto_openssl.p256_shared;
    world.crypto.x25519_public = kb_crypto_openssl.x25519_public;
    world.crypto.x25519_shared = kb_crypto_openssl.x25519_shared;
    world.rig.port.crypto = &world.crypto;
}

void world_begin(enum kb_curve curve)
{
    world_begin_small(curve, RIG_SECTORS);
}

void world_begin_bare(enum kb_curve curve, const char *file)
{
    begin(curve, RIG_SECTORS);
    make_folders();
    create(file);
}

void world_begin_small(enum kb_curve curve, uint32_t sectors)
{
    begin(curve, sectors);
    make_files();
}

static bool has_file(uint16_t fid)
{
    const struct kb_path path = {2, {0x7FF0, fid}};
    struct kb_file file;

    return !kb_files_open(&world.rig.card, &path, &file);
}

static void remember_files(void)
{
    uint8_t *to = world.temporary_files;

    for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++)
        if (has_file(fids[i]))
            to += world_file(fids[i], to);
}

void world_make(void)
{
    put_objects();
    rig_secure(&world.rig);
    provider_ready(&world.provider);
    remember_files();
    memcpy(world.made, world.rig.memory, sizeof(world.made));
    phone_on(&world.phone);
}

void world_renew(void)
{
    memcpy(world.rig.memory, world.made, sizeof(world.made));
    kb_flash_fault_arm(&world.rig.fault, KB_FLASH_NEVER, 0);
    phone_on(&world.phone);
}

void world_start(void)
{
    const struct kb_session_message start = {.kind = KB_SESSION_COMMAND,
                                             .command = KB_COMMAND_START};

    provider_write(&world.provider, &start);
    world.provider.answer_kind = 0; /* it answers nothing */
}

enum kb_cpa_state world_state(void)
{
    return kb_cpa_state(&world.rig.card);
}

bool world_has(uint16_t object)
{
    return kb_nvm_has(&world.rig.card.nvm, object);
}

/* --- What the card holds --- */

static size_t read_path(struct kb_path path, uint8_t bytes[64])
{
    struct kb_file file;
    size_t size;

    assert_int_equal(kb_files_open(&world.rig.card, &path, &file), KB_OK);
    size = file.size < 64 ? file.size : 64;
    assert_int_equal(kb_files_read(&world.rig.card, &file, 0, bytes, size), KB_OK);
    return size;
}

size_t world_file(uint16_t fid, uint8_t bytes[64])
{
    return read_path((struct kb_path){2, {0x7FF0, fid}}, bytes);
}

void assert_file(uint16_t fid, const char *hex)
{
    uint8_t bytes[64];
    char got[129];

    kb_hex_encode(kb_span(bytes, world_file(fid, bytes)), got);
    assert_string_equal(got, hex);
}

static void assert_file_below(uint16_t df, uint16_t fid, const char *hex)
{
    uint8_t bytes[64];
    char got[129];

    kb_hex_encode(kb_span(bytes, read_path((struct kb_path){3, {0x7FF0, df, fid}}, bytes)), got);
    assert_string_equal(got, hex);
}

static void assert_object(uint16_t object, const uint8_t *expected, size_t len)
{
    uint8_t bytes[64];

    assert_int_equal(kb_nvm_size(&world.rig.card.nvm, object), len);
    assert_int_equal(kb_nvm_read(&world.rig.card.nvm, object, 0, bytes, len), KB_OK);
    assert_memory_equal(bytes, expected, len);
}

static void assert_no_way_there(void)
{
    assert_false(world_has(KB_OBJ_CPA_AGREEMENT));
    assert_false(world_has(KB_OBJ_CPA_PAIR));
    assert_false(world_has(KB_OBJ_CPA_OUT));
}

/* Values of 3GPP TS 31.102 annex E for files that have nothing stored. */
static void assert_nothing_stored(void)
{
    assert_file(0x6F08, "07FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    assert_file(0x6F09, "07FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    assert_file(0x6F5B, "F00000F00000");
    assert_file(0x6F73, "FFFFFFFFFFFFFFFFFFFF0000FF01");
    assert_file(0x6F7B, "FFFFFFFFFFFFFFFFFFFFFFFF");
    assert_file(0x6F7E, "FFFFFFFFFFFFFF0000FF01");
    assert_file(0x6FE3, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001");
    assert_file_below(0x5F3B, 0x4F20, "FFFFFFFFFFFFFFFF07");
    assert_file_below(0x5F3B, 0x4F52, "FFFFFFFFFFFFFFFF07");
    assert_file_below(0x5FC0, 0x4F01, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001");
}

void assert_personalized(void)
{
    const struct secrets *secrets = &world.provider.secrets;

    assert_int_equal(world_state(), KB_CPA_DONE);
    assert_object(KB_OBJ_KI + 1, secrets->k, 16);
    assert_object(KB_OBJ_OPC + 1, secrets->opc, 16);
    assert_object(KB_OBJ_OPERATOR_KEYS, secrets->kic, 16);
    assert_object(KB_OBJ_OPERATOR_KEYS + 1, secrets->kid, 16);
    assert_object(KB_OBJ_OPERATOR_KEYS + 2, secrets->kik, 16);
    assert_false(world_has(KB_OBJ_SECRET + KB_SECRET_ADMIN_CODE));
    assert_no_way_there();
    assert_nothing_stored();
    /* IMSI 001010123456789; its last digit says the class; "Test Net" where "bbb" was, shown as
     * before; the centre +49170123 at the end of the first record. */
    assert_file(0x6F07, "080910101032547698");
    assert_file(0x6F78, "0200");
    assert_file(0x6FAD, "00000002");
    assert_file(0x6F46, "02546573"
                        "74204E6574FFFFFFFFFFFFFFFF");
    assert_file(0x6F42, "111111111111111111111111FDFFFFFFFFFFFFFFFFFFFFFFFF"
                        "0591947110"
                        "32FFFFFFFFFFFFFFFFFF"
                        "111111111111111111111111"
                        "111111111111111111111111");
}

void assert_temporary(void)
{
    const uint8_t *from = world.temporary_files;
    uint8_t bytes[64];

    assert_object(KB_OBJ_KI, world.phone.temporary.k, 16);
    assert_object(KB_OBJ_OPC, world.phone.temporary.opc, 16);
    for (uint16_t i = 0; i < 2; i++)
        assert_false(world_has((uint16_t)((i ? KB_OBJ_KI : KB_OBJ_OPC) + 1)));
    for (uint16_t i = 0; i < 3; i++)
        assert_false(world_has((uint16_t)(KB_OBJ_OPERATOR_KEYS + i)));
    for (uint16_t i = 0; i < KB_SQN_SLOTS; i++)
        assert_false(world_has((uint16_t)(KB_OBJ_SQN + KB_SQN_SLOTS + i)));
    for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
        size_t size = has_file(fids[i]) ? world_file(fids[i], bytes) : 0;
        bool is_identity = fids[i] == 0x6F07 || fids[i] == 0x6F42 || fids[i] == 0x6F46 ||
                           fids[i] == 0x6F78 || fids[i] == 0x6FAD;

        if (is_identity && size)
            assert_memory_equal(bytes, from, size);
        from += size;
    }
}

void assert_nowhere(const uint8_t *secret, size_t len)
{
    static uint8_t bytes[KB_NVM_OBJECT_MAX];

    for (uint16_t id = 1; id < KB_NVM_OBJECTS; id++) {
        size_t size = kb_nvm_size(&world.rig.card.nvm, id);

        assert_true(!size || !kb_nvm_read(&world.rig.card.nvm, id, 0, bytes, size));
        for (size_t at = 0; at + len <= size; at++)
            assert_memory_not_equal(bytes + at, secret, len);
    }
}
