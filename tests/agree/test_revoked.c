/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that were taken back: a signed list (CWT, RFC 8392) tells which. */
#include "tests/crypto/backends.h"

#include "agree/revoked.h"
#include "agree/trust.h"
#include "wire/cbor.h"

/* The root's key is that of RFC 6979 appendix A.2.5; the credential's is that of RFC 5903 clause
 * 8.1, whose fingerprint was computed with sha256sum. */
#define ROOT_PRIVATE "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define LEAF_X       "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
#define FINGERPRINT  "063BA295E518A7C52A82A971E895BA3C"

/* Claims written by hand: { 1: "Operators", 6: 1700000000, -65537: 5, -65538: [ h'01', h'...' ] }.
 */
#define CLAIMS "A401694F70657261746F7273061A6553F1003A00010000053A0001000182410150" FINGERPRINT

struct rig {
    const struct kb_crypto *crypto;
    uint8_t private_key[KB_P256_PRIVATE], public_key[KB_P256_PUBLIC];
    struct kb_credential_root root;
    uint8_t bytes[512];
    size_t len;
    struct kb_revoked list;
};

static void sign_claims(struct rig *rig, struct kb_span claims)
{
    struct kb_writer wr = kb_wr(rig->bytes, sizeof(rig->bytes));

    assert_int_equal(kb_sign1_put(rig->crypto, rig->private_key, claims, &wr), KB_OK);
    rig->len = wr.len;
}

static void sign_hex(struct rig *rig, const char *hex)
{
    uint8_t claims[256];

    sign_claims(rig, kb_span(claims, unhex(hex, claims, sizeof(claims))));
}

static void set_up(void **state, struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    rig->crypto = backend_of(state);
    unhex(ROOT_PRIVATE, rig->private_key, sizeof(rig->private_key));
    assert_int_equal(rig->crypto->p256_public(rig->private_key, rig->public_key), KB_OK);
    rig->root = (struct kb_credential_root){kb_span("Operators", 9), rig->public_key};
    sign_hex(rig, CLAIMS);
}

static enum kb_err read_list(struct rig *rig, uint64_t lowest)
{
    return kb_revoked_read(rig->crypto, &rig->root, lowest, kb_span(rig->bytes, rig->len),
                           &rig->list);
}

static struct kb_credential leaf(void)
{
    struct kb_credential credential = {
        .issuer = kb_span("Operators", 9), .subject = kb_span("001-01", 6), .curve = KB_CURVE_P256};

    unhex(LEAF_X, credential.public_key, sizeof(credential.public_key));
    return credential;
}

static void the_claims_have_these_bytes(void **state)
{
    uint8_t entries[64], claims[256], fingerprint[KB_REVOKED_FINGERPRINT];
    struct kb_credential credential = leaf();
    struct kb_writer list = kb_wr(entries, sizeof(entries)), wr = kb_wr(claims, sizeof(claims));
    struct kb_revoked written = {kb_span("Operators", 9), 1700000000, 5, {NULL, 0}, 1};

    assert_int_equal(
        kb_credential_fingerprint(backend_of(state), credential.public_key, fingerprint), KB_OK);
    kb_revoked_put_entry(&list, kb_span("\x01", 1), fingerprint);
    written.entries = kb_wr_span(&list);
    kb_revoked_put_claims(&wr, &written);
    assert_false(wr.is_bad);
    assert_hex(claims, wr.len, CLAIMS);
}

static enum kb_err judge(void *context, const struct kb_credential *credential)
{
    struct rig *rig = context;

    return kb_revoked_judge(rig->crypto, &rig->list, credential);
}

static enum kb_err find_peer(struct rig *rig, const struct kb_credential *credential)
{
    uint8_t token[KB_CREDENTIAL_MAX], id[KB_CREDENTIAL_MAX + 8];
    struct kb_writer wr = kb_wr(token, sizeof(token)), id_wr = kb_wr(id, sizeof(id));
    struct kb_trust trust = {rig->crypto, &rig->root, 1, NULL, NULL, rig, judge, {0}, 0};
    struct kb_edhoc_peer peer;

    assert_int_equal(kb_credential_sign(rig->crypto, rig->private_key, credential, &wr), KB_OK);
    kb_credential_put_id(&id_wr, KB_CREDENTIAL_KCWT, kb_wr_span(&wr));
    return kb_trust_find_peer(&trust, kb_wr_span(&id_wr), &peer);
}

static void a_party_refuses_a_peer_whose_credential_was_taken_back(void **state)
{
    struct kb_credential credential = leaf();
    struct rig rig;

    set_up(state, &rig);
    assert_int_equal(find_peer(&rig, &credential), KB_OK); /* as long as it has no list */
    assert_int_equal(read_list(&rig, 0), KB_OK);
    assert_true(rig.list.number == 5 && rig.list.count == 1 && rig.list.issued == 1700000000);
    assert_int_equal(find_peer(&rig, &credential), KB_ERR_RULE);
    credential.public_key[0] ^= 1;
    assert_int_equal(find_peer(&rig, &credential), KB_OK);
}

static void a_list_speaks_of_its_own_issuer_only(void **state)
{
    struct kb_credential credential = leaf();
    struct rig rig;

    set_up(state, &rig);
    assert_int_equal(read_list(&rig, 0), KB_OK);
    credential.issuer = kb_span("Maker", 5);
    assert_int_equal(kb_revoked_judge(rig.crypto, &rig.list, &credential), KB_OK);
}

static void an_older_list_than_the_last_one_is_refused(void **state)
{
    struct rig rig;

    set_up(state, &rig);
    assert_int_equal(read_list(&rig, 5), KB_OK);
    assert_int_equal(read_list(&rig, 6), KB_ERR_VERSION);
    assert_null(rig.list.entries.data);
}

static void a_list_cut_anywhere_is_refused(void **state)
{
    struct rig rig;
    size_t whole;

    set_up(state, &rig);
    whole = rig.len;
    for (rig.len = 0; rig.len < whole; rig.len++)
        assert_int_equal(read_list(&rig, 0), KB_ERR_MALFORMED);
    rig.bytes[whole] = 0;
    rig.len = whole + 1;
    assert_int_equal(read_list(&rig, 0), KB_ERR_MALFORMED);
}

static void a_list_changed_in_any_bit_is_refused(void **state)
{
    struct rig rig;

    set_up(state, &rig);
    for (size_t bit = 0; bit < 8 * rig.len; bit++) {
        rig.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(read_list(&rig, 0), KB_OK);
        rig.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(read_list(&rig, 0), KB_OK);
}

static void a_list_of_another_root_is_refused(void **state)
{
    struct rig rig;

    set_up(state, &rig);
    rig.root.name = kb_span("Maker", 5);
    assert_int_equal(read_list(&rig, 0), KB_ERR_RULE);
    set_up(state, &rig);
    rig.private_key[0] ^= 1;
    sign_hex(&rig, CLAIMS);
    assert_int_equal(read_list(&rig, 0), KB_ERR_INTEGRITY);
}

/* The root signs both, and neither may stand for the other. */
static void a_credential_is_no_list_and_a_list_is_no_credential(void **state)
{
    struct kb_credential credential = leaf(), found;
    struct rig rig;
    struct kb_writer wr;

    set_up(state, &rig);
    assert_int_equal(
        kb_credential_verify(rig.crypto, &rig.root, NULL, kb_span(rig.bytes, rig.len), &found),
        KB_ERR_MALFORMED);
    wr = kb_wr(rig.bytes, sizeof(rig.bytes));
    assert_int_equal(kb_credential_sign(rig.crypto, rig.private_key, &credential, &wr), KB_OK);
    rig.len = wr.len;
    assert_int_equal(read_list(&rig, 0), KB_ERR_MALFORMED);
}

/* Signed well, and yet of another shape. */
static void claims_of_another_shape_are_refused(void **state)
{
    static const char *const odd[] = {
        "A0",
        "A301694F70657261746F7273061A6553F1003A0001000005",                     /* no entries */
        "A401694F70657261746F7273061A6553F1003A00010000203A0001000180",         /* number -1 */
        "A401694F70657261746F7273061A6553F1003A00010000053A00010001814101",     /* a kid alone */
        "A401694F70657261746F7273061A6553F1003A00010000053A000100018241014100", /* short one */
        "A401694F70657261746F7273061A6553F1003A00010000053A000100018000",       /* more behind it */
        "A401694F70657261746F7273061A6553F1003A00010000053A000100019BFFFFFFFFFFFFFFFE",
        "A4061A6553F10001694F70657261746F72733A00010000053A0001000180", /* another order */
    };
    struct rig rig;

    set_up(state, &rig);
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        sign_hex(&rig, odd[i]);
        assert_int_equal(read_list(&rig, 0), KB_ERR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_claims_have_these_bytes),
        BOTH(a_party_refuses_a_peer_whose_credential_was_taken_back),
        BOTH(a_list_speaks_of_its_own_issuer_only),
        BOTH(an_older_list_than_the_last_one_is_refused),
        BOTH(a_list_cut_anywhere_is_refused),
        BOTH(a_list_changed_in_any_bit_is_refused),
        BOTH(a_list_of_another_root_is_refused),
        BOTH(a_credential_is_no_list_and_a_list_is_no_credential),
        BOTH(claims_of_another_shape_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
