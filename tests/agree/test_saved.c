/* SPDX-License-Identifier: Apache-2.0 */
/* Agreements that are written down after every step and gone on with by somebody else. */
#include "tests/agree/rig.h"

static const int16_t suites[] = {2, 0}, groups[] = {23, 256};

static void restart(struct rig_party *party, bool is_edhoc)
{
    uint8_t saved[KB_AGREE_SAVED_MAX];
    struct kb_writer wr = kb_wr(saved, sizeof(saved));
    enum kb_err err;

    kb_agree_save(&party->agree, &wr);
    assert_false(wr.is_bad);
    memset(&party->agree, 0xEE, sizeof(party->agree));
    err = is_edhoc ? kb_agree_restore_edhoc(&party->agree, &party->edhoc, kb_wr_span(&wr))
                   : kb_agree_restore_dh(&party->agree, &party->dh, kb_wr_span(&wr));
    assert_int_equal(err, KB_OK);
}

static void an_agreement_goes_on_after_a_restart_at_every_step(void **state)
{
    struct rig_message undisturbed[6];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_VALUE);
    for (int is_edhoc = 0; is_edhoc <= 1; is_edhoc++) {
        uint8_t buffer[2][KB_AGREE_MESSAGE_MAX], left[32], right[32];
        struct kb_span in = {NULL, 0};

        rig_offer(&rig, is_edhoc ? suites : groups, 2);
        is_edhoc ? rig_start_edhoc(&rig) : rig_start_dh(&rig);
        rig_run(&rig, undisturbed);
        is_edhoc ? rig_start_edhoc(&rig) : rig_start_dh(&rig);
        for (size_t number = 1; number == 1 || in.len; number++) {
            struct rig_party *to = number % 2 ? &rig.card : &rig.operator_;
            struct kb_writer out = kb_wr(buffer[number % 2], KB_AGREE_MESSAGE_MAX);

            restart(&rig.card, is_edhoc);
            restart(&rig.operator_, is_edhoc);
            assert_int_equal(kb_agree_step(&to->agree, in, &out), KB_OK);
            assert_int_equal(out.len, undisturbed[number].len);
            if (out.len)
                assert_memory_equal(out.data, undisturbed[number].bytes, out.len);
            in = kb_wr_span(&out);
        }
        restart(&rig.card, is_edhoc);
        restart(&rig.operator_, is_edhoc);
        assert_int_equal(kb_agree_export(&rig.card.agree, 9, kb_span(NULL, 0), left, 32), KB_OK);
        assert_int_equal(kb_agree_export(&rig.operator_.agree, 9, kb_span(NULL, 0), right, 32),
                         KB_OK);
        assert_memory_equal(left, right, sizeof(left));
    }
}

static void what_was_not_saved_by_this_kind_is_refused(void **state)
{
    uint8_t saved[KB_AGREE_SAVED_MAX + 1] = {0};
    struct kb_writer wr = kb_wr(saved, KB_AGREE_SAVED_MAX);
    struct rig_message messages[6];
    struct kb_agree agree;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 2);
    rig_start_edhoc(&rig);
    rig_run(&rig, messages);
    kb_agree_save(&messages[1].card, &wr);
    for (size_t len = 0; len <= wr.len + 1; len++)
        assert_int_equal(kb_agree_restore_edhoc(&agree, &rig.card.edhoc, kb_span(saved, len)),
                         len == wr.len ? KB_OK : KB_ERR_MALFORMED);
    rig.card.dh.groups = groups;
    assert_int_equal(kb_agree_restore_dh(&agree, &rig.card.dh, kb_wr_span(&wr)), KB_ERR_MALFORMED);
    saved[0] = 2;
    assert_int_equal(kb_agree_restore_edhoc(&agree, &rig.card.edhoc, kb_wr_span(&wr)),
                     KB_ERR_VERSION);
    saved[0] = 1;
    rig.card.edhoc.suite_count = 1;
    rig.card.edhoc.suites = &suites[1]; /* suite 2 was dropped meanwhile */
    assert_int_equal(kb_agree_restore_edhoc(&agree, &rig.card.edhoc, kb_wr_span(&wr)),
                     KB_ERR_VERSION);
    assert_int_equal(kb_agree_state(&agree), KB_AGREE_FAILED);
}

static void no_saved_bytes_bring_an_impossible_state(void **state)
{
    static const struct {
        uint8_t role, state;
        bool is_possible;
    } rows[] = {{0, KB_AGREE_START, false},
                {3, KB_AGREE_START, false},
                {1, 1, false},
                {1, KB_AGREE_WAIT_3, false},
                {2, KB_AGREE_WAIT_2, false},
                {2, KB_AGREE_WAIT_4, false},
                {1, 7, false},
                {1, 255, false},
                {1, KB_AGREE_WAIT_2, true},
                {2, KB_AGREE_WAIT_3, true},
                {1, KB_AGREE_FAILED, true},
                {2, KB_AGREE_DONE, true}};
    uint8_t saved[KB_AGREE_SAVED_MAX];
    struct kb_writer wr = kb_wr(saved, sizeof(saved));
    struct rig_message messages[6];
    struct kb_agree agree;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 2);
    rig_start_edhoc(&rig);
    rig_run(&rig, messages);
    kb_agree_save(&messages[1].card, &wr);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        saved[2] = rows[i].role;
        saved[3] = rows[i].state;
        assert_int_equal(kb_agree_restore_edhoc(&agree, &rig.card.edhoc, kb_wr_span(&wr)),
                         rows[i].is_possible ? KB_OK : KB_ERR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(an_agreement_goes_on_after_a_restart_at_every_step),
        BOTH(what_was_not_saved_by_this_kind_is_refused),
        BOTH(no_saved_bytes_bring_an_impossible_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
