/* SPDX-License-Identifier: Apache-2.0 */
/* GBA_U (3GPP TS 33.220 clause 5) against libosmogsm as the home network's authentication centre
 * and OpenSSL's SHA-1 and HMAC as its bootstrapping server; also with power cut at every write. The
 * executable links libosmogsm and is GPL as a whole; it is never installed. */
#include "tests/sim_card/subscriber.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <osmocom/crypt/auth.h>

#include "wire/tlv.h"

enum { BOOTSTRAPPING = 0xDD, NAF_DERIVATION = 0xDE, B_TID_AT = 17 };

static struct rig rig, saved;
static struct osmo_sub_auth_data centre;

static int make_card(void **state)
{
    (void)state;
    make_applications(&rig);
    /* EF.UST with service 68, EF.IST with service 2. */
    assert_int_equal(rig_send(&rig, "00A4000C026F38"), 0x9000);
    assert_int_equal(rig_send(&rig, "00D60000 (00000000 00000000 08)"), 0x9000);
    select_isim(&rig);
    assert_int_equal(rig_send(&rig, "00A4000C026F07"), 0x9000);
    assert_int_equal(rig_send(&rig, "00D60000 (02)"), 0x9000);
    select_usim(&rig);
    memset(&centre, 0, sizeof(centre));
    centre.type = OSMO_AUTH_TYPE_UMTS;
    centre.algo = OSMO_AUTH_ALG_MILENAGE;
    centre.u.umts.ind_bitlen = 5;
    draw(&rig, centre.u.umts.k, 16);
    draw(&rig, centre.u.umts.opc, 16);
    put_object(&rig, KB_OBJ_KI, centre.u.umts.k, 16);
    put_object(&rig, KB_OBJ_OPC, centre.u.umts.opc, 16);
    return 0;
}

/* AUTN* has MAC* = MAC xor Trunc(SHA-1(IK)) (clause 5.3.2). */
static struct osmo_auth_vector bootstrapping_vector(void)
{
    struct osmo_auth_vector vector;
    uint8_t rand[16], digest[20];

    draw(&rig, rand, sizeof(rand));
    memset(&vector, 0, sizeof(vector));
    assert_int_equal(osmo_auth_gen_vec(&vector, &centre, rand), 0);
    assert_true(EVP_Digest(vector.ik, 16, digest, NULL, EVP_sha1(), NULL));
    for (size_t i = 0; i < 8; i++)
        vector.autn[8 + i] ^= digest[i];
    return vector;
}

static uint16_t bootstrap(const struct osmo_auth_vector *vector)
{
    return authenticate(&rig, GBA, BOOTSTRAPPING, kb_span(vector->rand, 16),
                        kb_span(vector->autn, 16));
}

static void assert_bootstraps(const struct osmo_auth_vector *vector)
{
    assert_int_equal(bootstrap(vector), 0x9000);
    assert_int_equal(rig.response_len, 2 + 8 + 2);
    assert_int_equal(rig.response[0], 0xDB);
    assert_int_equal(rig.response[1], 8);
    assert_memory_equal(rig.response + 2, vector->res, 8);
}

static uint16_t derive(const char *naf_id, const char *impi)
{
    return authenticate(&rig, GBA, NAF_DERIVATION, kb_span(naf_id, strlen(naf_id)),
                        kb_span(impi, strlen(impi)));
}

/* Annex B.3, put together by hand: FC, then each parameter and its length. */
static void expect_key(const struct osmo_auth_vector *vector, const char *label, const char *naf_id,
                       const char *impi, uint8_t key[32])
{
    uint8_t text[512], ks[32];
    struct kb_writer wr = kb_wr(text, sizeof(text));

    memcpy(ks, vector->ck, 16);
    memcpy(ks + 16, vector->ik, 16);
    kb_wr_u8(&wr, 0x01);
    kb_wr_copy(&wr, label, strlen(label));
    kb_wr_u16(&wr, (uint16_t)strlen(label));
    kb_wr_copy(&wr, vector->rand, 16);
    kb_wr_u16(&wr, 16);
    kb_wr_copy(&wr, impi, strlen(impi));
    kb_wr_u16(&wr, (uint16_t)strlen(impi));
    kb_wr_copy(&wr, naf_id, strlen(naf_id));
    kb_wr_u16(&wr, (uint16_t)strlen(naf_id));
    assert_non_null(HMAC(EVP_sha256(), ks, 32, text, wr.len, key, NULL));
}

static void assert_derives(const struct osmo_auth_vector *vector, const char *naf_id,
                           const char *impi)
{
    uint8_t key[32];

    expect_key(vector, "gba-me", naf_id, impi, key);
    assert_int_equal(derive(naf_id, impi), 0x9000);
    assert_int_equal(rig.response_len, 2 + 32 + 2);
    assert_int_equal(rig.response[0], 0xDB);
    assert_int_equal(rig.response[1], 32);
    assert_memory_equal(rig.response + 2, key, 32);
}

/* True when Ks_int_NAF is somewhere in the card's object. */
static bool keeps_inner_key(const struct osmo_auth_vector *vector, const char *naf_id,
                            const char *impi)
{
    uint8_t key[32], object[1024];
    size_t size = kb_nvm_size(&rig.card.nvm, KB_OBJ_GBA);
    bool found = false;

    expect_key(vector, "gba-u", naf_id, impi, key);
    assert_int_equal(kb_nvm_read(&rig.card.nvm, KB_OBJ_GBA, 0, object, size), KB_OK);
    for (size_t i = 0; i + 32 <= size && !found; i++)
        found = !memcmp(object + i, key, 32);
    return found;
}

static void assert_name(unsigned record, const char *naf_id, const char *b_tid)
{
    const uint8_t command[] = {0x00, 0xB2, (uint8_t)record, 0x04, 60};
    struct kb_span value;

    assert_int_equal(rig_send(&rig, "00A4000C026FDA"), 0x9000);
    assert_int_equal(rig_send_bytes(&rig, kb_span(command, sizeof(command))), 0x9000);
    assert_true(kb_tlv_find(kb_span(rig.response, 60), 0x80, &value));
    assert_int_equal(value.len, strlen(naf_id));
    assert_memory_equal(value.data, naf_id, value.len);
    assert_true(kb_tlv_find(kb_span(rig.response, 60), 0x81, &value));
    assert_int_equal(value.len, strlen(b_tid));
    assert_memory_equal(value.data, b_tid, value.len);
    assert_int_equal(rig.response[59], 0xFF);
}

/* The terminal writes B-TID and lifetime behind RAND (annex G.1). */
static void write_b_tid(const char *b_tid)
{
    uint8_t command[64] = {0x00, 0xD6, 0x00, B_TID_AT};
    struct kb_writer wr = kb_wr(command + 5, sizeof(command) - 5);

    kb_wr_u8(&wr, (uint8_t)strlen(b_tid));
    kb_wr_copy(&wr, b_tid, strlen(b_tid));
    kb_wr_u8(&wr, 0);
    command[4] = (uint8_t)wr.len;
    assert_int_equal(rig_send(&rig, "00A4000C026FD6"), 0x9000);
    assert_int_equal(rig_send_bytes(&rig, kb_span(command, 5 + wr.len)), 0x9000);
}

/* --- Bootstrapping (TS 31.102 clause 7.1.1.4) --- */

static void res_alone_leaves_the_card_and_rand_is_in_ef_gbabp(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector();

    (void)state;
    assert_bootstraps(&vector);
    assert_int_equal(rig_send(&rig, "00A4000C026FD6"), 0x9000);
    assert_int_equal(rig_send(&rig, "00B0000013"), 0x9000);
    assert_int_equal(rig.response[0], 16);
    assert_memory_equal(rig.response + 1, vector.rand, 16);
    assert_int_equal(rig.response[17], 0);
    assert_int_equal(rig.response[18], 0);
}

/* An AUTN of an ordinary authentication is none for GBA_U, nor the other way round. */
static void the_mac_is_that_of_a_bootstrapping_server(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector();

    (void)state;
    assert_int_equal(
        authenticate(&rig, UMTS, 0, kb_span(vector.rand, 16), kb_span(vector.autn, 16)), 0x9862);
    for (size_t byte = 0; byte < 16; byte++) {
        struct osmo_auth_vector wrong = vector;

        wrong.autn[byte] ^= 0x10;
        assert_int_equal(bootstrap(&wrong), 0x9862);
    }
    assert_bootstraps(&vector);
}

static void a_used_number_asks_for_resynchronisation_and_keeps_ks(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector(), older = vector, next;

    (void)state;
    assert_bootstraps(&vector);
    assert_int_equal(bootstrap(&older), 0x9000);
    assert_int_equal(rig.response_len, 18);
    assert_int_equal(rig.response[0], 0xDC);
    memset(&next, 0, sizeof(next));
    assert_int_equal(
        osmo_auth_gen_vec_auts(&next, &centre, rig.response + 2, vector.rand, vector.rand), 0);
    assert_derives(&vector, "naf.example", "user@example");
}

/* --- NAF derivation (clause 7.1.1.5) --- */

static void ks_ext_naf_leaves_and_ks_int_naf_stays(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector();

    (void)state;
    assert_bootstraps(&vector);
    write_b_tid("abc@bsf.example");
    assert_derives(&vector, "naf.example", "001010123456789@ims");
    assert_true(keeps_inner_key(&vector, "naf.example", "001010123456789@ims"));
    assert_name(1, "naf.example", "abc@bsf.example");
    /* Again, after power off, and for another name. */
    assert_true(rig_power(&rig));
    select_usim(&rig);
    assert_derives(&vector, "naf.example", "001010123456789@ims");
    assert_derives(&vector, "other.example", "001010123456789@ims");
    assert_name(1, "naf.example", "abc@bsf.example");
    assert_name(2, "other.example", "abc@bsf.example");
}

static void without_ks_nothing_is_derived(void **state)
{
    (void)state;
    assert_int_equal(derive("naf", "impi"), 0x6985);
}

/* Annex G.2: without a free record, the key that was not used for the longest time goes. */
static void the_longest_unused_name_makes_room(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector();

    (void)state;
    assert_bootstraps(&vector);
    assert_derives(&vector, "one", "me");
    assert_derives(&vector, "two", "me");
    assert_derives(&vector, "three", "me");
    assert_derives(&vector, "one", "me");
    assert_derives(&vector, "four", "me");
    assert_name(1, "one", "");
    assert_name(2, "four", "");
    assert_name(3, "three", "");
    assert_true(keeps_inner_key(&vector, "one", "me"));
    assert_false(keeps_inner_key(&vector, "two", "me"));
    assert_true(keeps_inner_key(&vector, "four", "me"));
}

/* A new bootstrapping replaces Ks; keys for names stay until they are derived anew. */
static void a_new_bootstrapping_leaves_the_names_keys(void **state)
{
    struct osmo_auth_vector first = bootstrapping_vector(), second;

    (void)state;
    assert_bootstraps(&first);
    assert_derives(&first, "one", "me");
    second = bootstrapping_vector();
    assert_bootstraps(&second);
    assert_true(keeps_inner_key(&first, "one", "me"));
    assert_derives(&second, "two", "me");
    assert_true(keeps_inner_key(&first, "one", "me"));
    assert_derives(&second, "one", "me");
    assert_false(keeps_inner_key(&first, "one", "me"));
}

static void ks_is_of_the_application_that_bootstrapped(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector();

    (void)state;
    select_isim(&rig);
    assert_bootstraps(&vector);
    select_usim(&rig);
    assert_int_equal(derive("naf", "impi"), 0x6985);
    select_isim(&rig);
    assert_derives(&vector, "naf", "impi");
}

static void a_name_that_does_not_fit_is_refused(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector();
    char name[100];

    (void)state;
    assert_bootstraps(&vector);
    memset(name, 'n', sizeof(name));
    name[57] = 0;
    assert_int_equal(derive(name, "me"), 0x9866);
    name[56] = 0;
    assert_int_equal(derive(name, "me"), 0x9000);
}

/* --- Refusals --- */

static void without_its_service_there_is_no_gba(void **state)
{
    struct osmo_auth_vector vector = bootstrapping_vector();

    (void)state;
    assert_int_equal(rig_send(&rig, "00A4000C026F38"), 0x9000);
    assert_int_equal(rig_send(&rig, "00D60008 01 F7"), 0x9000);
    assert_int_equal(bootstrap(&vector), 0x9864);
    assert_int_equal(derive("naf", "impi"), 0x9864);
    select_isim(&rig);
    assert_bootstraps(&vector);
}

static void a_wrong_shape_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rig_send(&rig, "00880084 01 DD"), 0x6700);
    assert_int_equal(rig_send(&rig, "00880084 01 00"), 0x6A80);
    assert_int_equal(rig_send(&rig, "00880084 03 DD0000"), 0x6A80);
    assert_int_equal(rig_send(&rig, "00880084 03 DE0001"), 0x6700);
    assert_int_equal(rig_send(&rig, "00880084 04 DE000000"), 0x6700);
}

/* --- Power cuts --- */

static bool run_cut(uint16_t (*command)(void), uint64_t cut)
{
    memcpy(rig.memory, saved.memory, sizeof(rig.memory));
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    select_usim(&rig);
    kb_flash_fault_arm(&rig.fault, cut, cut);
    command();
    return rig.fault.is_off;
}

static void power_up(void)
{
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    select_usim(&rig);
}

static struct osmo_auth_vector before, now;

static uint16_t bootstrap_now(void)
{
    return bootstrap(&now);
}

static uint16_t derive_now(void)
{
    return derive("two", "me");
}

/* Number, Ks and RAND in EF.GBABP are the old ones or the new ones, together. */
static void a_cut_bootstrapping_is_there_or_not(void **state)
{
    uint64_t cut;

    (void)state;
    before = bootstrapping_vector();
    assert_bootstraps(&before);
    now = bootstrapping_vector();
    memcpy(saved.memory, rig.memory, sizeof(rig.memory));
    for (cut = 1; run_cut(bootstrap_now, cut); cut++) {
        bool is_new;

        power_up();
        assert_int_equal(rig_send(&rig, "00A4000C026FD6"), 0x9000);
        assert_int_equal(rig_send(&rig, "00B0000111"), 0x9000);
        is_new = !memcmp(rig.response, now.rand, 16);
        if (!is_new)
            assert_memory_equal(rig.response, before.rand, 16);
        assert_derives(is_new ? &now : &before, "one", "me");
        assert_int_equal(bootstrap(&now), 0x9000);
        assert_int_equal(rig.response[0], is_new ? 0xDC : 0xDB);
    }
    assert_true(cut > 1);
}

/* A name and its key come together. */
static void a_cut_derivation_is_there_or_not(void **state)
{
    uint64_t cut;

    (void)state;
    now = bootstrapping_vector();
    assert_bootstraps(&now);
    assert_derives(&now, "one", "me");
    memcpy(saved.memory, rig.memory, sizeof(rig.memory));
    for (cut = 1; run_cut(derive_now, cut); cut++) {
        bool is_named;

        power_up();
        assert_int_equal(rig_send(&rig, "00A4000C026FDA"), 0x9000);
        assert_int_equal(rig_send(&rig, "00B202043C"), 0x9000);
        is_named = rig.response[0] == 0x80;
        assert_int_equal(keeps_inner_key(&now, "two", "me"), is_named);
        assert_true(keeps_inner_key(&now, "one", "me"));
        assert_derives(&now, "two", "me");
    }
    assert_true(cut > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(res_alone_leaves_the_card_and_rand_is_in_ef_gbabp, make_card),
        cmocka_unit_test_setup(the_mac_is_that_of_a_bootstrapping_server, make_card),
        cmocka_unit_test_setup(a_used_number_asks_for_resynchronisation_and_keeps_ks, make_card),
        cmocka_unit_test_setup(ks_ext_naf_leaves_and_ks_int_naf_stays, make_card),
        cmocka_unit_test_setup(without_ks_nothing_is_derived, make_card),
        cmocka_unit_test_setup(the_longest_unused_name_makes_room, make_card),
        cmocka_unit_test_setup(a_new_bootstrapping_leaves_the_names_keys, make_card),
        cmocka_unit_test_setup(ks_is_of_the_application_that_bootstrapped, make_card),
        cmocka_unit_test_setup(a_name_that_does_not_fit_is_refused, make_card),
        cmocka_unit_test_setup(without_its_service_there_is_no_gba, make_card),
        cmocka_unit_test_setup(a_wrong_shape_is_refused, make_card),
        cmocka_unit_test_setup(a_cut_bootstrapping_is_there_or_not, make_card),
        cmocka_unit_test_setup(a_cut_derivation_is_there_or_not, make_card),
    };

    return cmocka_run_group_tests_name("GBA", tests, NULL, NULL);
}
