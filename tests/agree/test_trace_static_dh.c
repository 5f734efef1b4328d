/* SPDX-License-Identifier: Apache-2.0 */
/* The second trace of RFC 9529: method 3, cipher suite 2, credentials named by kid. Both roles run
 * with its ephemeral keys, each on both backends, and every value of the trace must come by. */
#include "tests/agree/rfc9529_static_dh.h"

#include "agree/edhoc.h"
#include "tests/agree/spy.h"

enum { COUNT = sizeof(rfc9529_static_dh) / sizeof(rfc9529_static_dh[0]) };

static struct kb_span value_of(const char *part, const char *name, uint8_t bytes[512])
{
    return rfc9529_find(rfc9529_static_dh, COUNT, part, name, bytes);
}

/* The key pair of the trace instead of a fresh one. */
static enum kb_err give_scalar(void *context, void *out, size_t len)
{
    assert_int_equal(len, 32);
    memcpy(out, context, len);
    return KB_OK;
}

/* One side as the trace has it. */
struct side {
    uint8_t ephemeral[512], private_key[512], id_cred[512], cred[512], connection[512];
    uint8_t peer_id_cred[512], peer_cred[512], peer_key[512];
    struct kb_span peer_id;
    struct kb_edhoc_identity identity;
    struct kb_edhoc_peer peer;
    struct kb_edhoc_config config;
    struct kb_edhoc edhoc;
};

static enum kb_err find_peer(void *context, struct kb_span id_cred, struct kb_edhoc_peer *peer)
{
    struct side *side = context;

    if (id_cred.len != side->peer_id.len || memcmp(id_cred.data, side->peer_id.data, id_cred.len))
        return KB_ERR_ABSENT;
    *peer = side->peer;
    return KB_OK;
}

static const int16_t suites[] = {6, 2};

/* What the trace calls the values of one side. */
struct names {
    const char *part_of_share, *ephemeral, *connection;
    const char *part, *private_key, *public_key, *id_cred, *cred;
};

static const struct names names[] = {
    {"message_1 (second time)", "X", "C_I", "message_3", "SK_I", "PK_I x",
     "ID_CRED_I (CBOR Data Item)", "CRED_I (CBOR Data Item)"},
    {"message_2", "Y", "C_R", "message_2", "SK_R", "PK_R x", "ID_CRED_R (CBOR Data Item)",
     "CRED_R (CBOR Data Item)"},
};

static void set_up(struct side *side, bool is_initiator, const struct kb_crypto *crypto)
{
    const struct names *own = &names[!is_initiator], *other = &names[is_initiator];

    memset(side, 0, sizeof(*side));
    value_of(own->part_of_share, own->ephemeral, side->ephemeral);
    side->identity = (struct kb_edhoc_identity){
        .curve = KB_CURVE_P256,
        .private_key = value_of(own->part, own->private_key, side->private_key).data,
        .id_cred = value_of(own->part, own->id_cred, side->id_cred),
        .cred = value_of(own->part, own->cred, side->cred),
    };
    side->peer_id = value_of(other->part, other->id_cred, side->peer_id_cred);
    side->peer.curve = KB_CURVE_P256;
    side->peer.cred = value_of(other->part, other->cred, side->peer_cred);
    memcpy(side->peer.public_key, value_of(other->part, other->public_key, side->peer_key).data,
           KB_CURVE_SIZE);
    side->config = (struct kb_edhoc_config){
        .crypto = crypto,
        .random = {give_scalar, side->ephemeral},
        .suites = is_initiator ? suites : suites + 1,
        .suite_count = is_initiator ? 2 : 1,
        .identities = &side->identity,
        .identity_count = 1,
        .connection = value_of(own->part_of_share, own->connection, side->connection),
        .has_message_4 = true,
        .find_peer = find_peer,
        .find_context = side,
    };
    assert_int_equal(kb_edhoc_start(&side->edhoc,
                                    is_initiator ? KB_AGREE_INITIATOR : KB_AGREE_RESPONDER,
                                    &side->config),
                     KB_OK);
}

/* Steps with one message; what comes out must be the trace's next one, or nothing. */
static size_t step(struct side *side, const struct kb_crypto *backend, struct kb_span in,
                   uint8_t out[KB_EDHOC_MESSAGE_MAX], const char *part, const char *name)
{
    struct kb_writer wr = kb_wr(out, KB_EDHOC_MESSAGE_MAX);
    uint8_t expected[512];
    struct kb_span message = {expected, 0};

    spy_on(backend);
    assert_int_equal(kb_edhoc_step(&side->edhoc, in, &wr), KB_OK);
    if (name)
        message = value_of(part, name, expected);
    assert_int_equal(wr.len, message.len);
    if (wr.len)
        assert_memory_equal(out, message.data, wr.len);
    spy_add(message);
    return wr.len;
}

static void run(struct side *initiator, struct side *responder, const struct kb_crypto *left,
                const struct kb_crypto *right)
{
    uint8_t a[KB_EDHOC_MESSAGE_MAX], b[KB_EDHOC_MESSAGE_MAX];
    size_t len;

    set_up(initiator, true, spy_on(left));
    set_up(responder, false, spy_on(right));
    len = step(initiator, left, kb_span(NULL, 0), a, "message_1 (second time)",
               "message_1 (CBOR Sequence)");
    len = step(responder, right, kb_span(a, len), b, "message_2", "message_2 (CBOR Sequence)");
    len = step(initiator, left, kb_span(b, len), a, "message_3", "message_3 (CBOR Sequence)");
    assert_int_equal(initiator->edhoc.state, KB_AGREE_WAIT_4);
    len = step(responder, right, kb_span(a, len), b, "message_4", "message_4 (CBOR Sequence)");
    step(initiator, left, kb_span(b, len), a, NULL, NULL);
    assert_int_equal(initiator->edhoc.state, KB_AGREE_DONE);
    assert_int_equal(responder->edhoc.state, KB_AGREE_DONE);
}

static void export_is(struct side *side, uint16_t label, size_t len, const char *name)
{
    uint8_t expected[512], out[32];
    struct kb_span value =
        value_of(strstr(name, "after") ? "Key Update" : "OSCORE Parameters", name, expected);

    assert_int_equal(value.len, len);
    assert_int_equal(kb_edhoc_export(&side->edhoc, label, kb_span(NULL, 0), out, len), KB_OK);
    assert_memory_equal(out, value.data, len);
    spy_add(kb_span(out, len));
}

/* RFC 8613 over EDHOC takes label 0 for its secret and 1 for its salt (RFC 9528 appendix A.1). */
static void check_exports(struct side *side)
{
    uint8_t context[512];

    export_is(side, 0, 16, "OSCORE Master Secret");
    export_is(side, 1, 8, "OSCORE Master Salt");
    assert_int_equal(
        kb_edhoc_update(&side->edhoc, value_of("Key Update", "context for KeyUpdate", context)),
        KB_OK);
    export_is(side, 0, 16, "OSCORE Master Secret after KeyUpdate");
    export_is(side, 1, 8, "OSCORE Master Salt after KeyUpdate");
}

/* The first message_1 of the trace wants suite 6, which the responder does not have. */
static void refuse_first(struct side *responder, const struct kb_crypto *backend)
{
    uint8_t message[512], expected[512], out[64], scalar[512], point[KB_P256_PUBLIC];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct kb_span first = value_of("message_1 (first time)", "message_1 (CBOR Sequence)", message);
    struct kb_span error = value_of("error", "error (CBOR Sequence)", expected);

    set_up(responder, false, spy_on(backend));
    assert_int_equal(kb_edhoc_step(&responder->edhoc, first, &wr), KB_ERR_VERSION);
    assert_int_equal(wr.len, error.len);
    assert_memory_equal(out, error.data, error.len);
    spy_add(first);
    spy_add(error);
    value_of("message_1 (first time)", "X", scalar);
    spy_on(backend)->p256_public(scalar, point); /* G_X of that message is ours to make as well */
}

static bool is_seen(struct kb_span value, const char *name)
{
    static const uint8_t prime[32] = {0xFF, 0xFF,        0xFF, 0xFF, 0,    0,    0,
                                      1,    [20] = 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                      0xFF, 0xFF,        0xFF, 0xFF, 0xFF, 0xFF};
    uint8_t other[32];
    int borrow = 0;

    if (spy_has_seen(value))
        return true;
    if (strcmp(name, "G_X y") != 0 && strcmp(name, "G_Y y") != 0)
        return false;
    /* "One" Y coordinate, says the trace: the other one is p - Y. */
    for (size_t i = 32; i-- > 0;) {
        int difference = prime[i] - value.data[i] - borrow;

        other[i] = (uint8_t)difference;
        borrow = difference < 0;
    }
    return spy_has_seen(kb_span(other, sizeof(other)));
}

static void every_value_of_the_trace_comes_by(void **state)
{
    const struct kb_crypto *left = backend_of(state);
    const struct kb_crypto *right =
        left == &kb_crypto_openssl ? &kb_crypto_mbedtls : &kb_crypto_openssl;
    struct side initiator, responder;

    spy_start();
    refuse_first(&responder, right);
    run(&initiator, &responder, left, right);
    check_exports(&initiator);
    check_exports(&responder);
    for (size_t i = 0; i < COUNT; i++) {
        const struct rfc9529_value *row = &rfc9529_static_dh[i];
        uint8_t bytes[512];
        size_t len = unhex(row->hex, bytes, sizeof(bytes));

        if (!is_seen(kb_span(bytes, len), row->name))
            fail_msg("not seen: %s, %s", row->part, row->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(every_value_of_the_trace_comes_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
