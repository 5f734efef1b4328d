/* SPDX-License-Identifier: Apache-2.0 */
/* One card of a run: personalize, lock, power up again, read back, authenticate. */

#include <string.h>

#include "crypto/secret.h"
#include "desk/authenticate.h"
#include "desk/bureau_inside.h"
#include "desk/talk.h"
#include "wire/bcd.h"

enum kb_err kb_bureau_identify(const struct kb_bureau *bureau, struct kb_reader *reader,
                               char iccid[KB_ICCID_TEXT], struct kb_report *why)
{
    struct kb_card_state state;
    enum kb_err err = kb_card_state_get(reader, bureau->field, &state, why);

    if (err)
        return err;
    if (!state.id[0])
        return kb_report(why, KB_ERR_CARD, "the card has no identifier");
    memcpy(iccid, state.id, sizeof state.id);
    return KB_OK;
}

enum kb_err kb_bureau_read_iccid(const struct kb_bureau *bureau, struct kb_reader *reader,
                                 char iccid[KB_ICCID_TEXT], struct kb_report *why)
{
    static const uint8_t by_path[4] = {0x00, 0xA4, 0x08, 0x0C}, read[4] = {0x00, 0xB0, 0x00, 0x00};
    static const uint8_t ef_iccid[2] = {0x2F, 0xE2}; /* TS 102 221 clause 13.2 */
    struct kb_answer answer;
    size_t len = 0;
    enum kb_err err = kb_talk_ok(reader, "SELECT EF.ICCID", by_path,
                                 kb_span(ef_iccid, sizeof ef_iccid), false, &answer, why);

    (void)bureau;
    if (!err)
        err = kb_talk_ok(reader, "READ EF.ICCID", read, kb_span(NULL, 0), true, &answer, why);
    if (!err && kb_bcd_decode(kb_span(answer.data, answer.len), iccid, KB_ICCID_TEXT - 1, &len))
        err = kb_report(why, KB_ERR_CARD, "EF.ICCID holds no digits");
    iccid[err ? 0 : len] = '\0';
    return err;
}

/* Whether this is the card that was meant, and one that can be worked on. */
static enum kb_err check_card(const struct kb_bureau *bureau, const struct kb_card_state *state,
                              const struct kb_job *job, struct kb_report *why)
{
    if (state->id[0] && strcmp(state->id, job->row.iccid) != 0)
        return kb_report(why, KB_ERR_CARD, "the card says it is %s", state->id);
    if (state->life_cycle != KB_LIFE_SECURED)
        return kb_report(why, KB_ERR_CARD, "the maker has not finished this card");
    if (!state->has_field)
        return kb_report(why, KB_ERR_CARD, "the card has no field %s", bureau->field->name);
    if (state->state == KB_PERSO_BLOCKED)
        return kb_report(why, KB_ERR_CARD, "blocked after too many wrong codes");
    return KB_OK;
}

/* Runs are repeated; a code that is wrong in the handover must not use up a card by that alone. */
static enum kb_err check_tries(const struct kb_bureau *bureau, const struct kb_card_state *state,
                               struct kb_report *why)
{
    if (state->tries > 1 || bureau->field->tries == 1 || bureau->options->may_spend_last_try)
        return KB_OK;
    return kb_report(why, KB_ERR_CARD,
                     "one try of the perso code is left: make sure that the handover is right, "
                     "then run again with --last-try");
}

static enum kb_err authenticate(const struct kb_bureau *bureau, struct kb_reader *reader,
                                struct kb_job *job, struct kb_report *why)
{
    struct kb_subscriber_keys keys;
    enum kb_err err;

    if (!bureau->options->is_to_verify || kb_subscriber_keys(job->record, &keys))
        return KB_OK;
    if (bureau->options->is_secure) /* nor does a PIN travel in the clear */
        keys.pin1 = kb_span(NULL, 0);
    err = kb_authenticate(reader, bureau->crypto, &keys, &job->seq, why);
    job->is_proved = !err;
    kb_wipe(&keys, sizeof keys);
    return err;
}

/* What the card says after a new power-up. */
static enum kb_err read_back(const struct kb_bureau *bureau, struct kb_reader *reader,
                             const struct kb_job *job, struct kb_report *why)
{
    struct kb_card_state state;
    enum kb_err err = kb_talk_power_up(reader, why);

    if (!err)
        err = kb_card_state_get(reader, bureau->field, &state, why);
    if (err || !bureau->options->is_to_lock)
        return err;
    if (state.state != KB_PERSO_LOCKED)
        return kb_report(why, KB_ERR_CARD, "read back: the card is not locked");
    if (!kb_card_state_has(&state, job->record))
        return kb_report(why, KB_ERR_CARD, "read back: items are missing");
    return KB_OK;
}

/* Locked before this run touched it: right when it holds what the journal holds. */
static enum kb_err confirm(const struct kb_bureau *bureau, struct kb_reader *reader,
                           const struct kb_card_state *state, struct kb_job *job,
                           struct kb_report *why)
{
    enum kb_err err;

    job->was_locked = true;
    if (!job->row.is_prepared || !kb_card_state_has(state, job->record))
        return kb_report(why, KB_ERR_CARD, "locked already, and not by this run");
    err = authenticate(bureau, reader, job, why);
    if (err)
        kb_report_in(why, "locked already, with other values");
    return err;
}

static unsigned how(const struct kb_bureau_options *options)
{
    return (options->is_to_lock ? KB_PERSONALIZE_LOCK : 0u) |
           (options->is_secure ? KB_PERSONALIZE_SECURE : 0u);
}

enum kb_err kb_bureau_card(const struct kb_bureau *bureau, struct kb_reader *reader,
                           struct kb_job *job, struct kb_report *why)
{
    struct kb_card_state state;
    enum kb_err err = kb_card_state_get(reader, bureau->field, &state, why);

    if (!err)
        err = check_card(bureau, &state, job, why);
    if (!err && state.state == KB_PERSO_LOCKED)
        return confirm(bureau, reader, &state, job, why);
    if (!err)
        err = check_tries(bureau, &state, why);
    if (!err)
        err = kb_personalize(reader, bureau->crypto, NULL, bureau->field, job->code, job->record,
                             how(bureau->options), why);
    if (!err)
        err = read_back(bureau, reader, job, why);
    return err ? err : authenticate(bureau, reader, job, why);
}

enum kb_err kb_bureau_prove_card(const struct kb_bureau *bureau, struct kb_reader *reader,
                                 struct kb_job *job, struct kb_report *why)
{
    struct kb_subscriber_keys keys;
    enum kb_err err = kb_subscriber_keys(job->record, &keys);

    if (err)
        return kb_report(why, err, "there are no keys to prove it with");
    kb_wipe(&keys, sizeof keys);
    return authenticate(bureau, reader, job, why);
}
