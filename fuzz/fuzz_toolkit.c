/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The toolkit from any bytes: first what stands in one list of objects, then sequences at a card.
 * An input is one byte what and the rest; for a card the rest is a list of steps, each one byte
 * what, one byte length, then that many bytes. What was read is written so that it reads the same;
 * nobody without a key reaches the application, and the card always has one thing to say at a time.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "tests/card/asking.h"
#include "tests/card/rig.h"

enum { STEPS = 100 };
enum what { WHAT_COMMAND, WHAT_RESPONSE, WHAT_ENVELOPE, WHAT_CARD, WHAT_COUNT };
enum step {
    STEP_APDU,
    STEP_MESSAGE,
    STEP_FETCH,
    STEP_RESPONSE,
    STEP_ENVELOPE,
    STEP_RESET,
    STEP_COUNT
};

static struct rig rig;

/* --- Lists of objects --- */

static void read_items(struct kb_span items)
{
    struct kb_cursor rd = kb_rd(items);
    struct kb_span text;
    uint8_t id;

    while (kb_cat_next_item(&rd, &id, &text))
        kb_fuzz_insist(text.len <= items.len, "an item is inside of its run");
}

static void read_command(struct kb_span input)
{
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_cat_command first, second;

    if (kb_cat_command_read(input, &first))
        return;
    read_items(first.with.items);
    kb_cat_command_write(&wr, &first);
    if (wr.is_bad)
        return;
    kb_fuzz_insist(!kb_cat_command_read(kb_wr_span(&wr), &second), "it can be read again");
    kb_fuzz_insist(second.type == first.type && second.with.has == first.with.has,
                   "it is the same");
}

static void read_response(struct kb_span input)
{
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_cat_response first, second;

    if (kb_cat_response_read(input, &first))
        return;
    kb_cat_response_write(&wr, &first);
    if (wr.is_bad)
        return;
    kb_fuzz_insist(!kb_cat_response_read(kb_wr_span(&wr), &second), "it can be read again");
    kb_fuzz_insist(second.result == first.result && second.with.has == first.with.has,
                   "it is the same");
}

static void read_envelope(struct kb_span input)
{
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_cat_envelope first, second;

    if (kb_cat_envelope_read(input, &first))
        return;
    kb_cat_envelope_write(&wr, &first);
    if (wr.is_bad)
        return;
    kb_fuzz_insist(!kb_cat_envelope_read(kb_wr_span(&wr), &second), "it can be read again");
    kb_fuzz_insist(second.tag == first.tag && second.with.has == first.with.has, "it is the same");
}

/* --- A card --- */

static void start(void)
{
    static const uint8_t zero[KB_CNTR_SIZE];

    rig_blank(&rig);
    rig.port.application = &asking;
    asking_clear();
    kb_nvm_put(&rig.card.nvm, KB_OBJ_SECRET + KB_SECRET_KIC, "nobody knows KIc", 16);
    kb_nvm_put(&rig.card.nvm, KB_OBJ_SECRET + KB_SECRET_KID, "nobody knows KID", 16);
    kb_nvm_put(&rig.card.nvm, KB_OBJ_CNTR_IN, zero, sizeof(zero));
    asking_add("D01A8103012180820281028D0F04546F6F6C6B697420546573742031");
    asking_add("D009810301020082028182");
    rig_send(&rig, "80100000 (FF)");
}

static void send(uint8_t ins, uint8_t le, struct kb_span data)
{
    uint8_t bytes[KB_APDU_SHORT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_apdu apdu = {.cla = 0x80, .ins = ins, .data = data, .has_le = true, .ne = le};

    kb_apdu_write(&wr, &apdu);
    if (!wr.is_bad)
        rig_send_bytes(&rig, kb_wr_span(&wr));
}

/* The bytes are user data of a short message to the card, header and all. */
static void send_message(struct kb_span user_data)
{
    struct kb_cat_envelope envelope = {
        .tag = KB_CAT_SMS_PP_DOWNLOAD, .source = KB_CAT_NETWORK, .destination = KB_CAT_UICC};
    struct kb_sms sms = {.kind = KB_SMS_DELIVER,
                         .flags = KB_SMS_HAS_HEADER,
                         .pid = KB_SMS_PID_USIM_DOWNLOAD,
                         .dcs = KB_SMS_DCS_USIM_8BIT,
                         .user_data = user_data};
    uint8_t tpdu[KB_SMS_MAX], bytes[KB_CAT_MAX];
    struct kb_writer tpdu_wr = kb_wr(tpdu, sizeof(tpdu)), wr = kb_wr(bytes, sizeof(bytes));

    kb_sms_write(&tpdu_wr, &sms);
    if (tpdu_wr.is_bad)
        return;
    envelope.with.tpdu = kb_wr_span(&tpdu_wr);
    kb_cat_add(&envelope.with, KB_CAT_TPDU);
    kb_cat_envelope_write(&wr, &envelope);
    if (wr.is_bad)
        return;
    send(0xC2, 0, kb_wr_span(&wr));
    kb_fuzz_insist(rig.response_len == 2, "a stranger gets no answer");
}

/* The bytes are what follows the result of the command that was fetched last. */
static void send_response(struct kb_span objects)
{
    const struct kb_toolkit *toolkit = &rig.card.toolkit;
    uint8_t bytes[255];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_wr_copy(&wr, "\x81\x03", 2);
    kb_wr_u8(&wr, toolkit->number);
    kb_wr_u8(&wr, toolkit->type);
    kb_wr_copy(&wr, "\x00\x82\x02\x82\x81\x83\x01\x00", 8);
    kb_wr_copy(&wr, objects.data, objects.len);
    if (!wr.is_bad)
        send(0x14, 0, kb_wr_span(&wr));
}

static void check_promises(void)
{
    const struct kb_inbox *inbox = &rig.card.inbox;

    kb_fuzz_insist(rig.response_len >= 2 && rig.response_len <= KB_RESPONSE_MAX,
                   "an answer has a status");
    kb_fuzz_insist(!strstr(asking_heard(), "packet"), "nobody has the key");
    kb_fuzz_insist(!inbox->report_len, "nobody gets a proof of receipt");
    for (size_t i = 0; i < KB_INBOX_PLACES; i++)
        kb_fuzz_insist(inbox->join[i].contents.len <= inbox->join[i].cap,
                       "parts stay in their room");
    kb_fuzz_insist(!memmem(rig.response, rig.response_len, "nobody knows", 12), "no key is told");
}

static void take_step(unsigned what, struct kb_span bytes)
{
    uint8_t le = bytes.len ? bytes.data[0] : rig.card.toolkit.waiting;
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    switch (what % STEP_COUNT) {
    case STEP_APDU:
        rig_send_bytes(&rig, bytes);
        break;
    case STEP_MESSAGE:
        send_message(bytes);
        break;
    case STEP_FETCH:
        send(0x12, le, kb_span(NULL, 0));
        break;
    case STEP_RESPONSE:
        send_response(bytes);
        break;
    case STEP_ENVELOPE:
        send(0xC2, 0, bytes);
        break;
    default:
        kb_card_reset(&rig.card, atr, &atr_len);
        send(0x10, 0, bytes);
        break;
    }
}

static void run_card(struct kb_span input)
{
    struct kb_cursor rd = kb_rd(input);

    start();
    for (int i = 0; i < STEPS && kb_rd_left(&rd); i++) {
        unsigned what = kb_rd_u8(&rd);

        take_step(what, kb_rd_span(&rd, kb_rd_u8(&rd)));
        check_promises();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const run[WHAT_COUNT])(struct kb_span) = {read_command, read_response,
                                                            read_envelope, run_card};
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    unsigned what = kb_rd_u8(&rd) % WHAT_COUNT;

    run[what](kb_rd_span(&rd, kb_rd_left(&rd)));
    return 0;
}
