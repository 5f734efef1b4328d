/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03 against exchanges of real cards and of another implementation (Osmocom's pySim), from
 * either side. */
#include "tests/crypto/backends.h"

#include "crypto/scp03.h"
#include "tests/crypto/failing.h"

#define ENC "000102030405060708090A0B0C0D0E0F"
#define MAC "101112131415161718191A1B1C1D1E1F"
#define DEK "202122232425262728292A2B2C2D2E2F"

/* The security domain of these cards, an ISD-R. */
#define DOMAIN "A0000005591010FFFFFFFF8900000100"

static const char *const plain_commands[] = {
    "80E2910006BF3E035C015A00",       "80F22002",         "80CA006600",
    "80F220020A4F0212345C054F9F70C5", "80F28002024F0000",
};

enum { COMMANDS = sizeof(plain_commands) / sizeof(plain_commands[0]) };

static const char plain_response[] = "BF3E125A1089882119900000000000000000000005";

/* commands: as plain_commands, protected. */
static const struct exchange {
    const char *host_challenge, *response; /* INITIALIZE UPDATE */
    const char *authenticate;
    const char *commands[COMMANDS];
    const char *first_response;
    bool is_pseudo_random; /* the challenge is what clause 6.2.2.1 makes of the counter */
} exchanges[] = {
    {"B13E5F938FC108C4",
     "000000000000000000003003703EB51047495B249F66C484C1D2EF1948000002",
     "84821100107D5F5826A993EBC89EEA24957FA0B3CE",
     {"84E291000EBF3E035C015A558D036518A2829700", "84F220020863A63F8959827FB2",
      "84CA006608A0C6A4A74166F7CE00", "84F22002124F0212345C054F9F70C52249B50272656536",
      "84F280020A4F00E91443F6DCE6B8ED00"},
     "BF3E125A1089882119900000000000000000000005971BE68992DBBDFA",
     true},
    {"8E1552D0513C60F3",
     "0000000000000000000030037030760CD2C47C1DD395065FE5EAD8A9D7000001",
     "8482030010FD4721A14D9B07003C451D2F8AE6BB21",
     {"84E2910018CA9C00F6713D79BC8BAA642BDFF51C3F6A4082D3BD9AD26C00", "84F2200208C9811B11F1264CF1",
      "84CA006608E10AB60B3054798800", "84F22002184E2908BDB48B2315A55482E9E936CA122D6ECFAE7D17416E",
      "84F28002180DD10A6B6193E5340B9E77D32D5A179CD710AC2773AEFB2800"},
     "BF3E125A1089882119900000000000000000000005",
     false},
    {"FDF38259A1E0DE44",
     "000000000000000000003003703B1ACA81E821F219081CDC01C26B372D000003",
     "84823300108C36F96BCC00724A4E13AD591D7DA3F0",
     {"84E2910018267A85DFE4A98FCA6FB0527E0DFECCE4914E40401433C87F00", "84F2200208AC6A59024BED84CC",
      "84CA006608409912AD8FB7AED000", "84F22002185F3DAFC3AC14C381536A488BF44E06D056DF9D74DBD21E5A",
      "84F280021865165105BE3373347D0424D4400AF2AC393F569EC779389E00"},
     "F3BA2B1013AA6224F5E1C138D71805C569E5439B47576260B75FC021B25097CB2E68F8A0144975B9",
     true},
};

enum { EXCHANGES = sizeof(exchanges) / sizeof(exchanges[0]) };

struct apdu {
    uint8_t bytes[64];
    size_t len;
    struct kb_span data; /* behind Lc; empty for a command without data */
};

static void parse(const char *text, struct apdu *out)
{
    out->len = unhex(text, out->bytes, sizeof(out->bytes));
    out->data = kb_span(out->bytes, 0);
    if (out->len > 5)
        out->data = kb_span(out->bytes + 5, out->bytes[4]);
}

/* Both sides, after INITIALIZE UPDATE. */
static void begin(const struct kb_crypto *crypto, const struct exchange *exchange,
                  struct kb_scp03 *scp)
{
    uint8_t enc[16], mac[16], host[8], response[32], cryptogram[8];
    const struct kb_scp03_start start = {.enc = enc,
                                         .mac = mac,
                                         .key_len = sizeof(enc),
                                         .mode = KB_SCP03_S8,
                                         .host_challenge = host,
                                         .card_challenge = response + 13};

    unhex(ENC, enc, sizeof(enc));
    unhex(MAC, mac, sizeof(mac));
    unhex(exchange->host_challenge, host, sizeof(host));
    assert_int_equal(unhex(exchange->response, response, sizeof(response)), sizeof(response));
    assert_int_equal(kb_scp03_begin(scp, crypto, &start, cryptogram), KB_OK);
    assert_memory_equal(cryptogram, response + 21, sizeof(cryptogram));
}

static void the_host_protects_commands_as_another_implementation_does(void **state)
{
    for (size_t i = 0; i < EXCHANGES; i++) {
        const struct exchange *exchange = &exchanges[i];
        struct apdu apdu, expected;
        struct kb_scp03 scp;
        uint8_t data[64];
        struct kb_writer wr = kb_wr(data, sizeof(data));

        begin(backend_of(state), exchange, &scp);
        parse(exchange->authenticate, &expected);
        assert_int_equal(kb_scp03_authenticate(&scp, backend_of(state), expected.bytes[2], &wr),
                         KB_OK);
        assert_int_equal(wr.len, expected.data.len);
        assert_memory_equal(data, expected.data.data, wr.len);
        for (size_t c = 0; c < COMMANDS; c++) {
            wr.len = 0;
            parse(plain_commands[c], &apdu);
            parse(exchange->commands[c], &expected);
            apdu.bytes[0] = 0x84;
            assert_int_equal(
                kb_scp03_seal_command(&scp, backend_of(state), apdu.bytes, apdu.data, &wr), KB_OK);
            assert_int_equal(wr.len, expected.data.len);
            assert_memory_equal(data, expected.data.data, wr.len);
        }
    }
}

static void the_card_takes_commands_of_another_implementation(void **state)
{
    for (size_t i = 0; i < EXCHANGES; i++) {
        const struct exchange *exchange = &exchanges[i];
        struct apdu apdu, expected;
        struct kb_scp03 scp;

        begin(backend_of(state), exchange, &scp);
        parse(exchange->authenticate, &apdu);
        assert_int_equal(kb_scp03_accept(&scp, backend_of(state), apdu.bytes, apdu.data), KB_OK);
        for (size_t c = 0; c < COMMANDS; c++) {
            size_t len;

            parse(exchange->commands[c], &apdu);
            parse(plain_commands[c], &expected);
            len = apdu.data.len - 8;
            assert_int_equal(kb_scp03_open_command(&scp, backend_of(state), apdu.bytes,
                                                   apdu.bytes + 5, &len, apdu.bytes + 5 + len),
                             KB_OK);
            assert_int_equal(len, expected.data.len);
            assert_memory_equal(apdu.bytes + 5, expected.data.data, len);
        }
    }
}

/* Up to the first command, whose response is known. */
static void run_first(const struct kb_crypto *crypto, const struct exchange *exchange,
                      struct kb_scp03 *scp)
{
    uint8_t data[64];
    struct kb_writer wr = kb_wr(data, sizeof(data));
    struct apdu apdu;

    begin(crypto, exchange, scp);
    parse(exchange->authenticate, &apdu);
    assert_int_equal(kb_scp03_authenticate(scp, crypto, apdu.bytes[2], &wr), KB_OK);
    parse(plain_commands[0], &apdu);
    apdu.bytes[0] = 0x84;
    assert_int_equal(kb_scp03_seal_command(scp, crypto, apdu.bytes, apdu.data, &wr), KB_OK);
}

static void responses_are_protected_as_another_implementation_expects(void **state)
{
    for (size_t i = 0; i < EXCHANGES; i++) {
        struct kb_scp03 scp;
        uint8_t data[64];
        struct kb_writer wr = kb_wr(data, sizeof(data));
        size_t len;

        run_first(backend_of(state), &exchanges[i], &scp);
        wr.len = unhex(plain_response, data, sizeof(data));
        assert_int_equal(kb_scp03_seal_response(&scp, backend_of(state), 0x9000, &wr), KB_OK);
        assert_hex(data, wr.len, exchanges[i].first_response);
        if (!kb_scp03_is_protected(&scp, 0x9000))
            continue;
        len = wr.len;
        assert_int_equal(kb_scp03_open_response(&scp, backend_of(state), 0x9000, data, &len),
                         KB_OK);
        assert_hex(data, len, plain_response);
    }
}

static void a_response_with_any_bit_changed_is_refused(void **state)
{
    for (size_t bit = 0; bit < 8 * 40; bit++) {
        struct kb_scp03 scp;
        uint8_t data[64];
        size_t len = unhex(exchanges[2].first_response, data, sizeof(data));

        run_first(backend_of(state), &exchanges[2], &scp);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(kb_scp03_open_response(&scp, backend_of(state), 0x9000, data, &len),
                         KB_ERR_INTEGRITY);
    }
}

static void a_response_is_refused_under_another_status_or_without_its_mac(void **state)
{
    for (size_t len = 0; len <= 40; len++) {
        struct kb_scp03 scp;
        uint8_t data[64];
        size_t cut = len;

        unhex(exchanges[2].first_response, data, sizeof(data));
        run_first(backend_of(state), &exchanges[2], &scp);
        assert_int_equal(
            kb_scp03_open_response(&scp, backend_of(state), len < 40 ? 0x9000 : 0x6282, data, &cut),
            KB_ERR_INTEGRITY);
    }
}

static void the_challenge_is_made_from_counter_and_domain(void **state)
{
    for (size_t i = 0; i < EXCHANGES; i++) {
        uint8_t enc[16], domain[16], response[32], challenge[8];

        if (!exchanges[i].is_pseudo_random)
            continue;
        unhex(ENC, enc, sizeof(enc));
        unhex(DOMAIN, domain, sizeof(domain));
        unhex(exchanges[i].response, response, sizeof(response));
        assert_int_equal(kb_scp03_challenge(backend_of(state), enc, sizeof(enc), KB_SCP03_S8,
                                            response + 29, kb_span(domain, sizeof(domain)),
                                            challenge),
                         KB_OK);
        assert_memory_equal(challenge, response + 13, sizeof(challenge));
    }
}

static void key_check_values_are_those_of_the_key_set(void **state)
{
    static const struct {
        const char *key, *value;
    } vectors[] = {{ENC, "C35280"}, {MAC, "013808"}, {DEK, "840DE5"}};

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t key[16], value[3];

        unhex(vectors[i].key, key, sizeof(key));
        assert_int_equal(kb_scp03_check_value(backend_of(state), key, sizeof(key), value), KB_OK);
        assert_hex(value, sizeof(value), vectors[i].value);
    }
}

/* --- All keys and modes, one side against the other --- */

struct session {
    struct kb_scp03 card, host;
};

static void open_session(const struct kb_crypto *crypto, uint8_t key_len, uint8_t mode,
                         uint8_t level, struct session *out)
{
    uint8_t keys[2][32], challenges[2][16], cryptogram[2][16], data[32];
    uint64_t seed = 0x5C03u + key_len + mode;
    const uint8_t header[4] = {0x84, 0x82, level, 0x00};
    struct kb_writer wr = kb_wr(data, sizeof(data));
    const struct kb_scp03_start start = {keys[0], keys[1],       key_len,
                                         mode,    challenges[0], challenges[1]};

    fill_from_seed(&seed, keys, sizeof(keys));
    fill_from_seed(&seed, challenges, sizeof(challenges));
    assert_int_equal(kb_scp03_begin(&out->card, crypto, &start, cryptogram[0]), KB_OK);
    assert_int_equal(kb_scp03_begin(&out->host, crypto, &start, cryptogram[1]), KB_OK);
    assert_memory_equal(cryptogram[0], cryptogram[1], mode);
    assert_int_equal(kb_scp03_authenticate(&out->host, crypto, level, &wr), KB_OK);
    assert_int_equal(wr.len, 2u * mode);
    assert_int_equal(kb_scp03_accept(&out->card, crypto, header, kb_wr_span(&wr)), KB_OK);
}

static void every_length_of_data_comes_through(void **state)
{
    static const uint8_t header[4] = {0x84, 0xE2, 0x00, 0x00};
    const struct kb_crypto *crypto = backend_of(state);

    for (uint8_t key_len = 16; key_len <= 32; key_len += 8)
        for (uint8_t mode = 8; mode <= 16; mode += 8) {
            struct session session;

            open_session(crypto, key_len, mode, 0x33, &session);
            for (size_t len = 0; len < 300; len += 7) {
                uint8_t data[350], sent[350];
                struct kb_writer wr = kb_wr(data, sizeof(data));
                size_t got;

                memset(sent, (int)len, sizeof(sent));
                assert_int_equal(
                    kb_scp03_seal_command(&session.host, crypto, header, kb_span(sent, len), &wr),
                    KB_OK);
                got = wr.len - mode;
                assert_int_equal(
                    kb_scp03_open_command(&session.card, crypto, header, data, &got, data + got),
                    KB_OK);
                assert_int_equal(got, len);
                assert_memory_equal(data, sent, len);
                wr.len = len;
                assert_int_equal(kb_scp03_seal_response(&session.card, crypto, 0x9000, &wr), KB_OK);
                got = wr.len;
                assert_int_equal(kb_scp03_open_response(&session.host, crypto, 0x9000, data, &got),
                                 KB_OK);
                assert_int_equal(got, len);
                assert_memory_equal(data, sent, len);
            }
        }
}

/* Amendment D clause 4.1.4: 80, and 00 up to a block. */
static void padding_that_is_none_is_refused(void **state)
{
    uint8_t data[32] = {0};
    size_t len = 0;

    (void)state;
    assert_false(kb_scp03_unpad(data, &len));
    len = sizeof(data);
    assert_false(kb_scp03_unpad(data, &len)); /* nothing but zeros */
    data[31] = 0x81;
    assert_false(kb_scp03_unpad(data, &len));
    data[31] = 0;
    data[15] = 0x80;
    assert_false(kb_scp03_unpad(data, &len)); /* a block too much */
    data[16] = 0x80;
    assert_true(kb_scp03_unpad(data, &len));
    assert_int_equal(len, 16);
}

static void what_does_not_fit_is_too_long(void **state)
{
    static const uint8_t header[4] = {0x84, 0xE2, 0x00, 0x00};
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t data[64] = {0};

    for (size_t cap = 0; cap < 40; cap++) {
        struct session session;
        struct kb_writer wr = kb_wr(data, cap);

        open_session(crypto, 16, 8, 0x33, &session);
        assert_int_equal(
            kb_scp03_seal_command(&session.host, crypto, header, kb_span(data, 16), &wr),
            KB_ERR_TOO_LONG);
        wr = kb_wr(data, cap);
        wr.len = cap < 16 ? cap : 16;
        if (wr.len == 16)
            assert_int_equal(kb_scp03_seal_response(&session.card, crypto, 0x9000, &wr),
                             KB_ERR_TOO_LONG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_host_protects_commands_as_another_implementation_does),
        BOTH(the_card_takes_commands_of_another_implementation),
        BOTH(responses_are_protected_as_another_implementation_expects),
        BOTH(a_response_with_any_bit_changed_is_refused),
        BOTH(a_response_is_refused_under_another_status_or_without_its_mac),
        BOTH(the_challenge_is_made_from_counter_and_domain),
        BOTH(key_check_values_are_those_of_the_key_set),
        BOTH(every_length_of_data_comes_through),
        BOTH(padding_that_is_none_is_refused),
        BOTH(what_does_not_fit_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
