/* SPDX-License-Identifier: Apache-2.0 */
/* Agreements: the decoders one by one, any bytes as any message of an agreement under way, and
 * exchanges whose messages are changed between the two. Neither side ever ends well with a message
 * that the other one did not send. The first byte tells which. */

#include <string.h>

#include "agree/edhoc_inside.h"
#include "fuzz/fuzz.h"
#include "tests/agree/rig.h"
#include "wire/cbor.h"

enum { EXCHANGES = 4, MESSAGES = 6 };

static const int16_t offers[EXCHANGES] = {2, 0, 23, 29}; /* two suites, two groups */

static struct rig rig;
static struct rig_message recorded[EXCHANGES][MESSAGES];
static size_t counts[EXCHANGES];

static bool is_edhoc(size_t exchange)
{
    return exchange < 2;
}

static void record(void)
{
    rig_set_up(&rig, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_VALUE);
    for (size_t i = 0; i < EXCHANGES; i++) {
        rig_offer(&rig, &offers[i], 1);
        if (is_edhoc(i))
            rig_start_edhoc(&rig);
        else
            rig_start_dh(&rig);
        counts[i] = rig_run(&rig, recorded[i]);
    }
}

static bool lies_inside(struct kb_span part, struct kb_span whole)
{
    return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
                             part.data + part.len <= whole.data + whole.len);
}

/* What is deterministic is read and written alike. */
static void read_items(struct kb_span input)
{
    struct kb_cursor rd = kb_rd(input);
    uint8_t again[KB_CBOR_HEAD_MAX];

    while (kb_rd_left(&rd)) {
        struct kb_cursor number = rd;
        struct kb_writer wr = kb_wr(again, sizeof(again));
        struct kb_span item = kb_cbor_item(&rd);
        int64_t value = kb_cbor_int(&number);

        kb_fuzz_insist(lies_inside(item, input) && (item.len || rd.is_bad), "an item has bytes");
        if (number.is_bad || rd.is_bad)
            continue;
        kb_cbor_put_int(&wr, value);
        kb_fuzz_insist(wr.len == item.len && !memcmp(again, item.data, wr.len),
                       "an integer has one encoding");
    }
}

static void read_credentials(struct kb_span input)
{
    enum kb_credential_header header;
    struct kb_credential credential;
    struct kb_span value;
    uint8_t again[KB_CREDENTIAL_MAX];
    struct kb_writer wr = kb_wr(again, sizeof(again));

    if (!kb_credential_read_claims(input, &credential)) {
        kb_fuzz_insist(lies_inside(credential.subject, input), "a name lies in the claims");
        kb_credential_put_claims(&wr, &credential);
        kb_fuzz_insist(!wr.is_bad, "what was read can be written");
    }
    if (!kb_credential_read_id(input, &header, &value))
        kb_fuzz_insist(lies_inside(value, input), "a credential lies in its map");
    if (!kb_credential_verify(&kb_crypto_openssl, &rig.maker.root, NULL, input, &credential))
        kb_fuzz_insist(input.len == rig.card.identities[0].cred.len ||
                           input.len == rig.card.identities[1].cred.len,
                       "only a token that was issued is good");
}

static enum kb_err take_item(void *context, unsigned message, const struct kb_ead *item)
{
    kb_fuzz_insist(message == 1 && lies_inside(item->value, *(const struct kb_span *)context),
                   "a value lies in its field");
    return item->label % 2 ? KB_OK : KB_ERR_ABSENT;
}

static void read_small_things(struct kb_span input)
{
    struct kb_refusal refusal;

    (void)kb_ead_deliver(input, 1, take_item, &input);
    if (!kb_refusal_read(input, &refusal))
        kb_fuzz_insist(refusal.supported.count <= KB_OFFER_MAX, "an offer has its limit");
}

static void read_plaintext(struct kb_span input, uint8_t choice)
{
    enum kb_edhoc_label label = choice & 1 ? KB_EDHOC_MAC_2 : KB_EDHOC_MAC_3;
    struct kb_edhoc_plaintext out;
    struct kb_edhoc edhoc = recorded[choice >> 1 & 1][2].operator_.as.edhoc;

    if (kb_edhoc_parse(&edhoc, label, input, &out))
        return;
    kb_fuzz_insist(lies_inside(out.mac, input) && lies_inside(out.parts.ead, input) &&
                       lies_inside(out.parts.connection, input),
                   "parts lie in their plaintext");
    kb_fuzz_insist(lies_inside(out.parts.id_cred, input) || out.parts.id_cred.data == out.kid_map,
                   "a name too");
}

/* Both sides as they were when that message came; nobody may end well with other bytes. */
static void deliver(size_t exchange, size_t number, struct kb_span input)
{
    const struct rig_message *was = &recorded[exchange][number];
    bool is_same = input.len == was->len && !memcmp(input.data, was->bytes, was->len);
    const struct rig_party *receiver = number % 2 ? &rig.operator_ : &rig.card;

    rig_offer(&rig, &offers[exchange], 1);
    rig.card.agree = was->card;
    rig.operator_.agree = was->operator_;
    rig_deliver(&rig, number, input);
    kb_fuzz_insist(is_same || !rig_is_done(receiver), "a changed message is refused");
    kb_fuzz_insist(is_same || number > 1 || !rig_is_done(&rig.card), "and by the initiator");
}

/* The message that was sent, changed: pairs of a place and what to put there. */
static void change(size_t exchange, size_t number, struct kb_span input)
{
    const struct rig_message *was = &recorded[exchange][number];
    struct kb_cursor rd = kb_rd(input);
    uint8_t bytes[KB_AGREE_MESSAGE_MAX];

    memcpy(bytes, was->bytes, was->len);
    while (kb_rd_left(&rd) >= 2) {
        size_t place = kb_rd_u8(&rd);

        bytes[place % was->len] ^= kb_rd_u8(&rd);
    }
    deliver(exchange, number, kb_span(bytes, was->len));
}

static void restore(size_t exchange, struct kb_span input)
{
    struct kb_agree agree;
    uint8_t again[KB_AGREE_SAVED_MAX];
    struct kb_writer wr = kb_wr(again, sizeof(again));
    enum kb_err err;

    rig_offer(&rig, &offers[exchange], 1);
    err = is_edhoc(exchange) ? kb_agree_restore_edhoc(&agree, &rig.card.edhoc, input)
                             : kb_agree_restore_dh(&agree, &rig.card.dh, input);
    if (err)
        return;
    kb_agree_save(&agree, &wr);
    kb_fuzz_insist(wr.len == input.len && !memcmp(again, input.data, wr.len),
                   "what was restored is saved the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    uint8_t what = kb_rd_u8(&rd), choice = kb_rd_u8(&rd);
    size_t exchange = choice & 3, number;
    struct kb_span input;

    if (!counts[0])
        record();
    number = 1 + (size_t)(choice >> 2) % counts[exchange];
    input = kb_rd_span(&rd, kb_rd_left(&rd));
    switch (what % 8) {
    case 0:
        read_items(input);
        break;
    case 1:
        read_credentials(input);
        break;
    case 2:
        read_small_things(input);
        break;
    case 3:
        read_plaintext(input, choice);
        break;
    case 4:
    case 5:
        deliver(exchange, number, input);
        break;
    case 6:
        change(exchange, number, input);
        break;
    default:
        restore(exchange, input);
    }
    return 0;
}
