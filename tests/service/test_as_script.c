/* SPDX-License-Identifier: Apache-2.0 */
/* Remote management by the application server: what it queues reaches a card, and what the card
 * answers is kept (docs/ota.md). The card is a real one. */
#include <stdio.h>
#include <string.h>

#include "card/ota/remote_keys.h"
#include "service/as_inside.h"
#include "tests/service/as_rig.h"
#include "tests/toolkit/sending.h"
#include "wire/hex.h"
#include "wire/remote.h"

enum { KEY_SET = 5, SECRETS = 8 };

static struct as_rig as;
static struct fake_card card;
static struct rig phone;
static struct letters out, back;

static void must(const char *command)
{
    assert_int_equal(rig_send(&phone, command), 0x9000);
}

static int enter(void **state)
{
    static const uint8_t set[] = {
        KEY_SET, 0, KB_REMOTE_LEAST, 0, SECRETS, SECRETS + 1, 0xB0, 0x00, 0x00, 0x3F, 0x00};
    static const uint8_t zero[KB_CNTR_SIZE];

    (void)state;
    rig_enter(&as);
    rig_card(&as, 1, &card);
    rig_blank(&phone);
    phone.port.application = &asking;
    asking_clear();
    must("00E00000 (62(82(7821) 83(3F00) 8A(05)))");
    must("00E00000 (62(82(4121) 83(2F10) 80(012C) 8A(05)))");
    assert_int_equal(kb_nvm_put(&phone.card.nvm, KB_OBJ_SECRET + SECRETS, card.keys.kic.value, 16),
                     KB_OK);
    assert_int_equal(
        kb_nvm_put(&phone.card.nvm, KB_OBJ_SECRET + SECRETS + 1, card.keys.kid.value, 16), KB_OK);
    assert_int_equal(kb_nvm_put(&phone.card.nvm, KB_OBJ_REMOTE_KEYS, set, sizeof(set)), KB_OK);
    assert_int_equal(kb_nvm_put(&phone.card.nvm, KB_OBJ_REMOTE_CNTR, zero, sizeof(zero)), KB_OK);
    must("80100000 (FF)");
    memset(&out, 0, sizeof(out));
    memset(&back, 0, sizeof(back));
    return 0;
}

static int leave(void **state)
{
    (void)state;
    rig_leave(&as);
    return 0;
}

static enum kb_err queue(const char *hex, uint8_t spi2, uint64_t *id)
{
    static uint8_t bytes[KB_AS_SCRIPT_MAX + 10];
    struct kb_as_order order = {.id_sc = kb_span(card.id_sc, strlen(card.id_sc)),
                                .key_set = KEY_SET,
                                .tar = {0xB0, 0x00, 0x00},
                                .spi = {FULL, spi2}};
    size_t len;
    enum kb_err err;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), bytes, sizeof(bytes), &len), KB_OK);
    order.script = kb_span(bytes, len);
    err = kb_as_queue(as.as, &order, id);
    assert_int_equal(kb_as_commit(as.as), KB_OK);
    return err;
}

/* The phone sends what the card wants sent. */
static void send_submits(uint16_t sw)
{
    while (sw >> 8 == 0x91) {
        struct letter *letter = &back.at[back.count++];
        struct kb_writer wr = kb_wr(letter->body, sizeof(letter->body));
        struct kb_cat_command command;
        struct kb_sms sms;
        char hex[64];

        snprintf(hex, sizeof(hex), "80120000%02X", sw & 0xFF);
        must(hex);
        assert_int_equal(
            kb_cat_command_read(kb_span(phone.response, phone.response_len - 2), &command), KB_OK);
        assert_int_equal(kb_sms_parse(command.with.tpdu, KB_SMS_SUBMIT, &sms), KB_OK);
        kb_wr_copy(&wr, sms.user_data.data, sms.user_data.len);
        letter->mail.kind = KB_MAIL_SMS;
        snprintf(letter->mail.peer, sizeof(letter->mail.peer), "%s", card.number);
        letter->mail.body = kb_wr_span(&wr);
        snprintf(hex, sizeof(hex), "80140000 (8103%02X1300 82028281 830100)", command.number);
        sw = rig_send(&phone, hex);
    }
}

/* Everything that is in the outbox comes to the card. */
static void deliver(void)
{
    out.count = 0;
    back.count = 0;
    assert_int_equal(rig_collect(&as, &out), KB_OK);
    for (size_t i = 0; i < out.count; i++) {
        assert_int_equal(out.at[i].mail.kind, KB_MAIL_SMS);
        assert_string_equal(out.at[i].mail.peer, card.number);
        send_submits(sender_send_user_data(&phone, out.at[i].mail.body, KB_SMS_PID_USIM_DOWNLOAD,
                                           KB_SMS_DCS_USIM_8BIT));
    }
}

static struct kb_as_script script_of(uint64_t id)
{
    struct kb_as_script script;

    assert_int_equal(kb_as_script(as.as, id - 1, &script), KB_OK);
    assert_int_equal(script.id, id);
    return script;
}

static void assert_answer_is(const struct kb_as_script *script, const char *hex)
{
    char got[2 * KB_AS_ANSWER_MAX + 1];

    assert_true(script->is_answered);
    assert_int_equal(script->status, KB_STATUS_POR_OK);
    kb_hex_encode(kb_span(script->answer, script->len), got);
    assert_string_equal(got, hex);
}

static void a_script_goes_to_its_card_and_the_answer_is_kept(void **state)
{
    struct kb_as_script script;
    uint64_t first, second;

    (void)state;
    assert_int_equal(queue("00A4000C022F1000D6000003C0FFEE", POR_SUBMIT, &first), KB_OK);
    script = script_of(first);
    assert_false(script.is_answered);
    assert_string_equal(script.id_sc, card.id_sc);
    assert_int_equal(script.counter, 1);
    deliver();
    rig_deliver(&as, &back);
    script = script_of(first);
    assert_answer_is(&script, "029000");
    assert_int_equal(queue("00A4000C022F1000B0000003", POR_SUBMIT, &second), KB_OK);
    assert_int_equal(second, first + 1);
    deliver();
    rig_deliver(&as, &back);
    script = script_of(second);
    assert_int_equal(script.counter, 2);
    assert_answer_is(&script, "029000C0FFEE");
    assert_int_equal(kb_as_script(as.as, second, &script), KB_ERR_ABSENT);
}

static void a_long_answer_comes_in_parts_in_any_order(void **state)
{
    struct kb_as_script script;
    uint64_t id;

    (void)state;
    assert_int_equal(queue("00A4000C022F1000B0000000", POR_SUBMIT, &id), KB_OK);
    deliver();
    assert_int_equal(back.count, 3);
    assert_int_equal(rig_give(&as, &back.at[2].mail), KB_OK);
    assert_int_equal(rig_give(&as, &back.at[0].mail), KB_OK);
    assert_false(script_of(id).is_answered);
    assert_int_equal(rig_give(&as, &back.at[1].mail), KB_OK);
    script = script_of(id);
    assert_true(script.is_answered);
    assert_int_equal(script.len, 3 + 300);
    assert_int_equal(script.answer[3], 0xFF);
}

static void keep_answers(struct letters *kept)
{
    *kept = back;
    for (size_t i = 0; i < kept->count; i++)
        kept->at[i].mail.body.data = kept->at[i].body;
}

static void answers_may_come_twice_late_and_after_a_restart(void **state)
{
    struct letters first;
    struct kb_as_script script;
    uint64_t one, two;

    (void)state;
    assert_int_equal(queue("00A4000C022F10", POR_SUBMIT, &one), KB_OK);
    deliver();
    keep_answers(&first);
    assert_int_equal(queue("0088008100", POR_SUBMIT, &two), KB_OK);
    deliver();
    rig_close(&as);
    assert_int_equal(rig_open(&as), KB_OK);
    rig_deliver(&as, &back);
    rig_deliver(&as, &first);
    rig_deliver(&as, &first);
    script = script_of(one);
    assert_answer_is(&script, "019000");
    script = script_of(two);
    assert_answer_is(&script, "016D00");
}

/* The centre gives a message twice, and loses or delays an answer. */
static void that_a_packet_came_twice_is_said_only_until_its_answer_comes(void **state)
{
    struct letters first, second;
    struct kb_as_script script;
    uint64_t id;

    (void)state;
    assert_int_equal(queue("00A4000C022F10", POR_SUBMIT, &id), KB_OK);
    deliver();
    keep_answers(&first);
    back.count = 0;
    send_submits(sender_send_user_data(&phone, out.at[0].mail.body, KB_SMS_PID_USIM_DOWNLOAD,
                                       KB_SMS_DCS_USIM_8BIT));
    keep_answers(&second);
    assert_int_equal(second.count, 1);
    for (int i = 0; i < 2; i++) {
        rig_deliver(&as, &second);
        script = script_of(id);
        assert_true(script.is_answered);
        assert_int_equal(script.status, KB_STATUS_CNTR_LOW);
    }
    rig_deliver(&as, &first);
    script = script_of(id);
    assert_answer_is(&script, "019000");
    rig_deliver(&as, &second);
    script = script_of(id);
    assert_answer_is(&script, "019000");
}

/* What tells the parts of a packet from those of others. */
static uint16_t reference_of(struct kb_span user_data)
{
    struct kb_sms_header header;
    struct kb_span rest;

    assert_int_equal(kb_sms_header_parse(user_data, &header, &rest), KB_OK);
    assert_true(header.is_part);
    return header.reference;
}

/* Scripts and their answers have counters of their own, and so the references of their parts. */
static void parts_of_scripts_are_never_taken_for_parts_of_other_packets(void **state)
{
    char hex[800];
    uint64_t id;

    (void)state;
    snprintf(hex, sizeof(hex), "00A4000C022F1000D60000C8%0400d00B0000000", 0);
    assert_int_equal(queue(hex, POR_SUBMIT, &id), KB_OK);
    deliver();
    assert_true(out.count > 1 && back.count > 1);
    for (size_t i = 0; i < out.count; i++)
        assert_int_equal(reference_of(out.at[i].mail.body), 0x81);
    for (size_t i = 0; i < back.count; i++)
        assert_int_equal(reference_of(kb_span(back.at[i].body, back.at[i].mail.body.len)), 0x81);
}

/* Sealed: neither the script nor what it read lies open in the store. */
static void what_was_read_is_sealed(void **state)
{
    static const uint8_t secret[] = "what only this file says";
    char hex[200], script[300];
    uint64_t id;

    (void)state;
    kb_hex_encode(kb_span(secret, sizeof(secret)), hex);
    snprintf(script, sizeof(script), "00A4000C022F1000D60000%02X%s00B0000019",
             (unsigned)sizeof(secret), hex);
    assert_int_equal(queue(script, POR_SUBMIT, &id), KB_OK);
    deliver();
    rig_deliver(&as, &back);
    assert_int_equal(script_of(id).len, 3 + 25);
    assert_int_equal(rig_search(&as, kb_span(secret, sizeof(secret))), 0);
}

static void an_answer_of_nobody_changes_nothing(void **state)
{
    struct kb_as_counts counts;
    uint64_t id;

    (void)state;
    assert_int_equal(queue("00A4000C022F10", POR_SUBMIT, &id), KB_OK);
    deliver();
    assert_int_equal(back.count, 1);
    /* From another number, and with each byte changed. */
    snprintf(back.at[0].mail.peer, sizeof(back.at[0].mail.peer), "4711");
    assert_int_equal(rig_give(&as, &back.at[0].mail), KB_OK);
    snprintf(back.at[0].mail.peer, sizeof(back.at[0].mail.peer), "%s", card.number);
    for (size_t i = 0; i < back.at[0].mail.body.len; i++) {
        back.at[0].body[i] ^= 0x01;
        assert_int_equal(rig_give(&as, &back.at[0].mail), KB_OK);
        back.at[0].body[i] ^= 0x01;
    }
    assert_false(script_of(id).is_answered);
    kb_as_counts(as.as, &counts);
    assert_true(counts.forged > 10);
    assert_int_equal(rig_give(&as, &back.at[0].mail), KB_OK);
    assert_true(script_of(id).is_answered);
}

static void an_order_that_makes_no_sense_is_not_taken(void **state)
{
    uint64_t id;

    (void)state;
    assert_int_equal(queue("00A4000C022F10", POR_DELIVER, &id), KB_ERR_USAGE);
    /* A proof that anybody could make is none. */
    assert_int_equal(queue("00A4000C022F10", POR_SUBMIT & ~0x0C, &id), KB_ERR_USAGE);
    card.id_sc[0] ^= 1;
    assert_int_equal(queue("00A4000C022F10", POR_SUBMIT, &id), KB_ERR_ABSENT);
    card.id_sc[0] ^= 1;
    out.count = 0;
    assert_int_equal(rig_collect(&as, &out), KB_OK);
    assert_int_equal(out.count, 0);
}

/* Killed anywhere: a script is queued wholly or not at all, and no counter is used twice. */
static void a_script_is_queued_wholly_or_not_at_all(void **state)
{
    size_t sent = 0;
    uint64_t id;

    (void)state;
    for (unsigned point = 1;; point++) {
        struct kb_as_order order = {.id_sc = kb_span(card.id_sc, strlen(card.id_sc)),
                                    .key_set = KEY_SET,
                                    .tar = {0xB0, 0x00, 0x00},
                                    .spi = {FULL, POR_SUBMIT},
                                    .script = kb_span("\x00\xA4\x00\x0C\x02\x2F\x10", 7)};
        struct kb_as_script script;
        size_t scripts = 0;
        enum kb_err err;

        as.dies_at = point;
        rig_close(&as);
        assert_int_equal(rig_open(&as), KB_OK);
        err = kb_as_queue(as.as, &order, &id);
        if (!err)
            err = kb_as_commit(as.as);
        as.dies_at = 0;
        rig_close(&as);
        assert_int_equal(rig_open(&as), KB_OK);
        for (uint64_t at = 0; !kb_as_script(as.as, at, &script); at = script.id)
            scripts++;
        out.count = 0;
        assert_int_equal(rig_collect(&as, &out), KB_OK);
        sent += out.count;
        assert_int_equal(sent, scripts);
        if (!err)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_script_goes_to_its_card_and_the_answer_is_kept, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_long_answer_comes_in_parts_in_any_order, enter, leave),
        cmocka_unit_test_setup_teardown(answers_may_come_twice_late_and_after_a_restart, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(
            that_a_packet_came_twice_is_said_only_until_its_answer_comes, enter, leave),
        cmocka_unit_test_setup_teardown(parts_of_scripts_are_never_taken_for_parts_of_other_packets,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(what_was_read_is_sealed, enter, leave),
        cmocka_unit_test_setup_teardown(an_answer_of_nobody_changes_nothing, enter, leave),
        cmocka_unit_test_setup_teardown(an_order_that_makes_no_sense_is_not_taken, enter, leave),
        cmocka_unit_test_setup_teardown(a_script_is_queued_wholly_or_not_at_all, enter, leave),
    };

    return cmocka_run_group_tests_name("as script", tests, NULL, NULL);
}
