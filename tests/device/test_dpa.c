/* SPDX-License-Identifier: Apache-2.0 */
/* The front ends of the device personalization application, with a card that says what a test wrote
 * down. */
#include "tests/device/fake.h"

#include <stdio.h>
#include <stdlib.h>

#include "device/dpa_front.h"
#include "device/dpa_script.h"

#define MENU                                                                                       \
    "D03B810301250082028182850C546F6F6C6B6974204D656E758F07014974656D20318F07024974656D2032"       \
    "8F07034974656D20338F07044974656D2034"
#define SELECT                                                                                     \
    "D03D810301240082028182850E546F6F6C6B69742053656C6563748F07014974656D20318F07024974656D2032"   \
    "8F07034974656D20338F07044974656D2034"
#define YES_NO "D0148103012204820281828D0904456E746572202B21"
#define INPUT  "D01B8103012300820281828D0C04456E74657220313233343591020505"
#define PROPOSAL                                                                                   \
    "D0238103012300820281828D0C04456E7465722031323334359102050517060431323334"                     \
    "35"
#define HIDDEN "D01D8103012304820281828D0E045479706520313233343536373891020408"
#define READ                                                                                       \
    "D01A8103012180820281028D0F04546F6F6C6B69742054657374"                                         \
    "2031"
#define SHOW                                                                                       \
    "D01A8103012100820281028D0F04546F6F6C6B69742054657374"                                         \
    "2034"
#define TIMER "D011810301270082028182A40101A503000001" /* 10 seconds */

static struct fake_card card;
static struct kb_dpa *dpa;
static struct kb_dpa_nowhere nowhere;
static struct kb_dpa_script script;
static char *shown;
static size_t shown_len;
static FILE *out;

static void on_tell(void *ctx, const struct kb_dpa *told, const struct kb_dpa_news *news)
{
    (void)ctx;
    kb_dpa_script_hear(&script, told, news);
    kb_dpa_text_tell(out, told, news);
}

static int begin(void **state)
{
    struct kb_dpa_settings settings = {.reader = &card.reader,
                                       .radio = kb_dpa_no_network(&nowhere),
                                       .now = 1700000000000,
                                       .tell = on_tell};

    (void)state;
    fake_card_init(&card);
    script = (struct kb_dpa_script){.name = "user.txt", .now = settings.now};
    out = open_memstream(&shown, &shown_len);
    dpa = kb_dpa_new(&settings);
    assert_non_null(dpa);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kb_dpa_free(dpa);
    fclose(out);
    free(shown);
    return 0;
}

static void on(const char *command)
{
    fake_card_wants(&card, command);
    assert_int_equal(kb_dpa_on(dpa, NULL), KB_OK);
}

static enum kb_err run(const char *text, struct kb_report *why)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    enum kb_err err;

    assert_non_null(file);
    err = kb_dpa_script_run(&script, dpa, file, why);
    fclose(file);
    return err;
}

/* --- Text --- */

static void lines_are_read_by_a_person(void **state)
{
    (void)state;
    on(MENU);
    fake_card_wants(&card, READ);
    assert_true(kb_dpa_text_line(dpa, out, "3"));
    assert_true(fake_has(card.said, "ENVELOPE D30782020181900103\n"));
    fflush(out);
    assert_string_equal(shown, "(card 89881021000000000130, IMSI 001010123456789, no service)\n"
                               "= Toolkit Menu\n"
                               "  1  Item 1\n"
                               "  2  Item 2\n"
                               "  3  Item 3\n"
                               "  4  Item 4\n"
                               "? Toolkit Test 1\n"
                               "(Enter when read)\n");
    assert_true(kb_dpa_text_line(dpa, out, ""));
    assert_true(fake_has(card.said, "RESPONSE 810301218082028281830100\n"));
}

static void each_question_has_its_answer_in_text(void **state)
{
    static const struct {
        const char *command, *line, *response;
    } rows[] = {
        {SELECT, "2", "810301240082028281830100900102"},
        {YES_NO, "y", "8103012204820282818301008D020401"},
        {YES_NO, "No", "8103012204820282818301008D020400"},
        {INPUT, "12345", "8103012300820282818301008D06043132333435"},
        {PROPOSAL, "", "8103012300820282818301008D06043132333435"},
        {HIDDEN, "2345678", "8103012304820282818301008D080432333435363738"},
        {INPUT, ":back", "810301230082028281830111"},
        {INPUT, ":end", "810301230082028281830110"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kb_dpa_off(dpa);
        card.said[0] = 0;
        on(rows[i].command);
        assert_true(kb_dpa_text_line(dpa, out, rows[i].line));
        assert_true(fake_has(card.said, rows[i].response));
    }
}

static void what_cannot_be_an_answer_is_asked_again(void **state)
{
    static const char *const wrong[] = {"", "1", "123456", "abcde", ":menu", ":info", ":help"};
    char *line = calloc(1, 300);

    (void)state;
    on(INPUT);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_true(kb_dpa_text_line(dpa, out, wrong[i]));
    memset(line, '1', 299);
    assert_true(kb_dpa_text_line(dpa, out, line));
    free(line);
    assert_non_null(kb_dpa_question(dpa));
    assert_false(fake_has(card.said, "RESPONSE"));
    assert_true(kb_dpa_text_line(dpa, out, "12345"));
    assert_null(kb_dpa_question(dpa));
}

static void numbers_that_no_list_has_choose_nothing(void **state)
{
    static const char *const wrong[] = {"0", "5", "999", "4294967297", "x", "-1", ""};

    (void)state;
    on(MENU);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_true(kb_dpa_text_line(dpa, out, wrong[i]));
    assert_false(fake_has(card.said, "ENVELOPE"));
    assert_false(kb_dpa_text_line(dpa, out, ":quit"));
}

/* --- A radio side --- */

/* Attaches after five seconds, and then brings a message. */
static struct radio {
    struct kb_terminal *terminal;
    int64_t due;
    bool is_attached;
} radio;

static void radio_begin(void *ctx, struct kb_terminal *terminal)
{
    ((struct radio *)ctx)->terminal = terminal;
}

static void radio_attach(void *ctx, const char *imsi)
{
    (void)imsi;
    ((struct radio *)ctx)->due = 1700000005000;
}

static void radio_stop(void *ctx)
{
    ((struct radio *)ctx)->due = KB_DPA_NEVER;
}

static int64_t radio_next(void *ctx)
{
    return ((struct radio *)ctx)->due;
}

static void radio_step(void *ctx, int64_t now)
{
    const struct kb_terminal_attached attached = {.service = KB_CAT_NORMAL_SERVICE};
    struct radio *self = ctx;
    uint8_t tpdu[64], room[KB_SMS_MAX];
    struct kb_writer report = kb_wr(room, sizeof(room));
    size_t len;

    if (!self->is_attached) {
        self->is_attached = true;
        self->due = now + 1000;
        kb_terminal_attached(self->terminal, &attached);
        return;
    }
    self->due = KB_DPA_NEVER;
    fake_bytes("040C9121436587092100002211111111110005C8329BFD06", tpdu, sizeof(tpdu), &len);
    assert_true(kb_terminal_deliver(self->terminal, kb_span(tpdu, len), &report));
    fake_bytes("0408A82143658700F52211111111110003616263", tpdu, sizeof(tpdu), &len);
    assert_true(kb_terminal_deliver(self->terminal, kb_span(tpdu, len), &report));
}

static void a_radio_side_is_called_when_it_wants_to_be(void **state)
{
    struct kb_dpa_settings settings = {.reader = &card.reader,
                                       .radio = {.ctx = &radio,
                                                 .begin = radio_begin,
                                                 .attach = radio_attach,
                                                 .detach = radio_stop,
                                                 .next = radio_next,
                                                 .step = radio_step},
                                       .now = 1700000000000,
                                       .tell = on_tell};
    struct kb_report why = {0};

    (void)state;
    kb_dpa_free(dpa);
    radio = (struct radio){.due = KB_DPA_NEVER};
    dpa = kb_dpa_new(&settings);
    on(SHOW);
    assert_int_equal(kb_dpa_next(dpa), 1700000005000);
    assert_int_equal(run("wait 5\nexpect normal service\nwait 10\nexpect Hello\n", &why), KB_OK);
    fflush(out);
    assert_true(fake_has(shown, "Message from +123456789012:\n  Hello\n"));
    assert_true(fake_has(shown, "Message from 12345678:\n  (data)\n"));
}

/* --- Nobody --- */

static void a_machine_accepts_everything_and_chooses_nothing(void **state)
{
    static const struct {
        const char *command, *response;
    } rows[] = {
        {READ, "810301218082028281830100"},
        {YES_NO, "8103012204820282818301008D020401"},
        {PROPOSAL, "8103012300820282818301008D06043132333435"},
        {INPUT, "810301230082028281830112"},
        {SELECT, "810301240082028281830112"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kb_dpa_off(dpa);
        card.said[0] = 0;
        on(rows[i].command);
        kb_dpa_automatic(dpa);
        assert_true(fake_has(card.said, rows[i].response));
    }
}

static void a_card_that_asks_for_ever_does_not_hold_a_machine(void **state)
{
    (void)state;
    card.is_endless = true;
    on(YES_NO);
    kb_dpa_automatic(dpa);
    assert_true(kb_terminal_is_on(kb_dpa_terminal(dpa)));
}

/* --- A user written down --- */

static void a_script_answers_in_order(void **state)
{
    struct kb_report why = {0};

    (void)state;
    on(MENU);
    fake_card_wants(&card, SELECT);
    fake_card_wants(&card, YES_NO);
    fake_card_wants(&card, INPUT);
    fake_card_wants(&card, READ);
    fake_card_wants(&card, SHOW);
    assert_int_equal(run("# a user\n"
                         "menu Item 2\n"
                         "expect Toolkit Select\n"
                         "select 4\n"
                         "\n"
                         "no\r\n"
                         "input 12345\n"
                         "read\n"
                         "expect Toolkit Test 4\n",
                         &why),
                     KB_OK);
    assert_true(fake_has(card.said, "900104\n"));
    assert_true(fake_has(card.said, "8D020400\n"));
    assert_true(fake_has(card.said, "8D06043132333435\n"));
}

static void a_script_may_leave_and_switch_off(void **state)
{
    struct kb_report why = {0};

    (void)state;
    on(INPUT);
    fake_card_wants(&card, INPUT);
    fake_card_wants(&card, INPUT);
    fake_card_wants(&card, "D0158103012200820281828D0A04456E74657220222B22");
    assert_int_equal(run("back\nend\nsilence\nkey +\noff\nexpect no service\non\n"
                         "expect 001010123456789\n",
                         &why),
                     KB_OK);
    assert_true(fake_has(card.said, "830111\n"));
    assert_true(fake_has(card.said, "830110\n"));
    assert_true(fake_has(card.said, "830112\n"));
    assert_true(fake_has(card.said, "8D02042B\n"));
}

static void a_line_that_does_not_fit_is_refused_with_its_number(void **state)
{
    static const struct {
        const char *text, *words;
        enum kb_err err;
    } rows[] = {
        {"yes\n", "user.txt:1: the card asks nothing", KB_ERR_RULE},
        {"# x\nmenu 9\n",
         "user.txt:2: the menu has no such item: 9; say its number or its whole text", KB_ERR_RULE},
        {"menu 1\nyes\n", "user.txt:2: the card wants a selection: Toolkit Select", KB_ERR_RULE},
        {"menu 1\nselect 9\n",
         "user.txt:2: the list has no such item: 9; say its number or its whole text", KB_ERR_RULE},
        {"menu 1\nmenu 1\n", "user.txt:2: the card wants a selection: Toolkit Select", KB_ERR_RULE},
        {"menu 1\n", "user.txt:1: the script ends, but the card wants a selection: Toolkit Select",
         KB_ERR_RULE},
        {"expect Foo\n", "user.txt:1: nothing was told with \"Foo\" in it", KB_ERR_RULE},
        {"dance\n", "user.txt:1: dance is no word of a script", KB_ERR_MALFORMED},
        {"yes please\n", "user.txt:1: nothing stands behind this word", KB_ERR_MALFORMED},
        {"wait\n", "user.txt:1: wait for how many seconds?", KB_ERR_MALFORMED},
        {"wait 1x\n", "user.txt:1: wait for how many seconds?", KB_ERR_MALFORMED},
        {"silence\n", "user.txt:1: nothing was asked", KB_ERR_RULE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kb_report why = {0};

        end(NULL);
        begin(NULL);
        on(MENU);
        fake_card_wants(&card, SELECT);
        assert_int_equal(run(rows[i].text, &why), rows[i].err);
        assert_string_equal(why.text, rows[i].words);
    }
}

static void an_answer_of_the_wrong_shape_is_refused_without_showing_it(void **state)
{
    struct kb_report why = {0};

    (void)state;
    on(HIDDEN);
    assert_int_equal(run("input 987654321\n", &why), KB_ERR_RULE);
    assert_string_equal(why.text, "user.txt:1: too long");
}

static void waiting_lets_timers_expire_in_their_order(void **state)
{
    struct kb_report why = {0};

    (void)state;
    on(TIMER);
    assert_int_equal(run("wait 9\n", &why), KB_OK);
    assert_false(fake_has(card.said, "ENVELOPE"));
    assert_int_equal(run("wait 1\n", &why), KB_OK);
    assert_true(fake_has(card.said, "ENVELOPE D7"));
    assert_int_equal(run("off\nexpect no service\nmenu 1\n", &why), KB_ERR_RULE);
}

static void without_a_network_attaching_is_tried_again_and_again(void **state)
{
    struct kb_report why = {0};
    unsigned before;

    (void)state;
    on(SHOW);
    before = card.commands;
    assert_int_equal(run("wait 3600\n", &why), KB_OK);
    assert_int_equal(kb_terminal_service(kb_dpa_terminal(dpa)), KB_CAT_NO_SERVICE);
    assert_in_range(card.commands - before, 110, 130); /* a STATUS every 30 seconds */
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH(lines_are_read_by_a_person),
        WITH(each_question_has_its_answer_in_text),
        WITH(what_cannot_be_an_answer_is_asked_again),
        WITH(numbers_that_no_list_has_choose_nothing),
        WITH(a_radio_side_is_called_when_it_wants_to_be),
        WITH(a_machine_accepts_everything_and_chooses_nothing),
        WITH(a_card_that_asks_for_ever_does_not_hold_a_machine),
        WITH(a_script_answers_in_order),
        WITH(a_script_may_leave_and_switch_off),
        WITH(a_line_that_does_not_fit_is_refused_with_its_number),
        WITH(an_answer_of_the_wrong_shape_is_refused_without_showing_it),
        WITH(waiting_lets_timers_expire_in_their_order),
        WITH(without_a_network_attaching_is_tried_again_and_again),
    };

    return cmocka_run_group_tests_name("device/dpa", tests, NULL, NULL);
}
