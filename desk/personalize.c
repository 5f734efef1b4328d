/* SPDX-License-Identifier: Apache-2.0 */
/* The entity's side of the personalization (docs/apdu.md clause 3). */

#include "desk/personalize.h"

#include <stdio.h>
#include <string.h>

#include "crypto/cmac.h"
#include "crypto/secret.h"
#include "desk/secure.h"
#include "desk/talk.h"
#include "wire/tlv.h"

enum { CHALLENGE = 16, PROOF = 2 * CHALLENGE, PUT_MAX = 1024 };

/* Items collected for one PUT PERSO DATA. */
struct parcel {
    uint8_t data[PUT_MAX];
    size_t len;
};

/* What every step needs. */
struct work {
    struct kb_reader *reader;
    const struct kb_crypto *crypto;
    const struct kb_random *random;
    const struct kb_entity_field *field;
    struct kb_report *why;
    struct kb_secure secure;
    struct kb_answer answer;
    struct parcel parcel;
};

/* A command of the verified field, the way it was verified. */
static enum kb_err talk(struct work *work, const uint8_t header[4], struct kb_span data)
{
    if (work->secure.is_open)
        return kb_secure_talk(&work->secure, header, data, &work->answer, work->why);
    return kb_talk(work->reader, header, data, false, &work->answer, work->why);
}

/* Host challenge, then the CMAC of the code over both challenges. */
static enum kb_err prove_code(const struct work *work, const uint8_t code[KB_PERSO_CODE],
                              const uint8_t challenge[CHALLENGE], uint8_t proof[PROOF])
{
    struct kb_cmac cmac;
    enum kb_err err = kb_random(work->crypto, work->random, proof, CHALLENGE);

    if (!err)
        err = kb_cmac_start(&cmac, work->crypto, code, KB_PERSO_CODE);
    if (err)
        return err;
    kb_cmac_update(&cmac, kb_span(challenge, CHALLENGE));
    kb_cmac_update(&cmac, kb_span(proof, CHALLENGE));
    return kb_cmac_finish(&cmac, &proof[CHALLENGE]);
}

static enum kb_err verify(struct work *work, const uint8_t code[KB_PERSO_CODE],
                          const uint8_t challenge[CHALLENGE])
{
    uint8_t proof[PROOF];
    struct kb_span data = kb_span(code, KB_PERSO_CODE);
    enum kb_err err = KB_OK;

    if (work->field->method == KB_VERIFY_CHALLENGE) {
        data = kb_span(proof, sizeof proof);
        err = prove_code(work, code, challenge, proof);
    }
    if (err)
        err = kb_report(work->why, err, "%s", kb_err_text(err));
    else
        err = kb_talk_ok(work->reader, "VERIFY PERSO CODE", work->field->verify, data, false,
                         &work->answer, work->why);
    kb_wipe(proof, sizeof proof);
    return err;
}

static enum kb_err enter(struct work *work, const uint8_t code[KB_PERSO_CODE], bool is_secure)
{
    uint8_t challenge[CHALLENGE];
    enum kb_err err = kb_talk_ok(work->reader, "ENABLE PERSO", work->field->enable,
                                 kb_span(NULL, 0), true, &work->answer, work->why);

    if (err)
        return err;
    if (work->answer.len != CHALLENGE)
        return kb_report(work->why, KB_ERR_CARD, "ENABLE PERSO: no challenge came back");
    if (is_secure)
        return kb_secure_open(&work->secure, work->random, work->field, code, work->why);
    memcpy(challenge, work->answer.data, CHALLENGE);
    return verify(work, code, challenge);
}

/* --- Data --- */

static enum kb_err send_parcel(struct work *work)
{
    struct parcel *parcel = &work->parcel;
    enum kb_err err = talk(work, work->field->put, kb_span(parcel->data, parcel->len));

    kb_wipe(parcel->data, parcel->len);
    parcel->len = 0;
    return err;
}

/* False when the item does not fit any more. */
static bool add_item(struct work *work, const struct kb_entity_item *item, struct kb_span value)
{
    struct parcel *parcel = &work->parcel;
    struct kb_writer wr = {parcel->data, sizeof parcel->data, parcel->len, false};

    if (work->field->is_dgi)
        kb_dgi_put(&wr, item->tag, value);
    else
        kb_tlv_put(&wr, item->tag, value);
    if (!wr.is_bad)
        parcel->len = wr.len;
    return !wr.is_bad;
}

static enum kb_err refuse_item(struct work *work, const struct kb_entity_item *item, uint16_t sw)
{
    kb_talk_refused(work->why, "PUT PERSO DATA", sw);
    kb_report_in(work->why, "%s", item->name);
    return KB_ERR_CARD;
}

/* One item with a command of its own, or alone in its parcel. */
static enum kb_err put_alone(struct work *work, const struct kb_entity_item *item,
                             struct kb_span value)
{
    enum kb_err err;

    if (item->has_command) {
        err = talk(work, item->command, value);
    } else {
        add_item(work, item, value);
        err = send_parcel(work);
    }
    return err || work->answer.sw == KB_SW_OK ? err : refuse_item(work, item, work->answer.sw);
}

static const struct kb_entity_item *item_of(const struct work *work, struct kb_span name)
{
    char text[KB_NAME_MAX + 1];

    snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.data);
    return kb_entity_item(work->field, text);
}

/* Items that share a PUT start at *at; fills the parcel and moves *at behind the last that fits. */
static void fill_parcel(struct work *work, const struct kb_record *record, size_t *at)
{
    struct kb_record_value value;

    for (size_t next = *at; kb_record_next(record, &next, &value); *at = next) {
        const struct kb_entity_item *item = item_of(work, value.name);

        if (item && !item->has_command && !add_item(work, item, value.value))
            return;
    }
}

/* Each item by itself, to learn which one the card refuses. */
static enum kb_err put_one_by_one(struct work *work, const struct kb_record *record, size_t from,
                                  size_t to)
{
    struct kb_record_value value;
    enum kb_err err = KB_OK;

    while (!err && from < to && kb_record_next(record, &from, &value)) {
        const struct kb_entity_item *item = item_of(work, value.name);

        if (item && !item->has_command)
            err = put_alone(work, item, value.value);
    }
    return err;
}

static enum kb_err put_shared(struct work *work, const struct kb_record *record)
{
    enum kb_err err = KB_OK;

    for (size_t at = 0, from = 0; !err; from = at) {
        fill_parcel(work, record, &at);
        if (work->parcel.len == 0)
            return KB_OK;
        err = send_parcel(work);
        if (!err && work->answer.sw != KB_SW_OK)
            err = put_one_by_one(work, record, from, at);
    }
    return err;
}

static enum kb_err put_with_commands(struct work *work, const struct kb_record *record)
{
    struct kb_record_value value;
    enum kb_err err = KB_OK;

    for (size_t at = 0; !err && kb_record_next(record, &at, &value);) {
        const struct kb_entity_item *item = item_of(work, value.name);

        if (item && item->has_command)
            err = put_alone(work, item, value.value);
    }
    return err;
}

static enum kb_err lock(struct work *work)
{
    enum kb_err err = talk(work, work->field->lock, kb_span(NULL, 0));

    if (err || work->answer.sw == KB_SW_OK)
        return err;
    return kb_talk_refused(work->why, "LOCK PERSO", work->answer.sw);
}

enum kb_err kb_personalize(struct kb_reader *reader, const struct kb_crypto *crypto,
                           const struct kb_random *random, const struct kb_entity_field *field,
                           const uint8_t code[KB_PERSO_CODE], const struct kb_record *record,
                           unsigned how, struct kb_report *why)
{
    static const struct kb_random own = {NULL, NULL};
    struct work work = {.reader = reader,
                        .crypto = crypto,
                        .random = random ? random : &own,
                        .field = field,
                        .why = why,
                        .secure = {.reader = reader, .crypto = crypto}};
    enum kb_err err = enter(&work, code, how & KB_PERSONALIZE_SECURE);

    if (!err)
        err = put_shared(&work, record);
    if (!err)
        err = put_with_commands(&work, record);
    if (!err && how & KB_PERSONALIZE_LOCK)
        err = lock(&work);
    kb_wipe(&work, sizeof work);
    return err;
}
