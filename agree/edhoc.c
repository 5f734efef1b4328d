/* SPDX-License-Identifier: Apache-2.0 */
/* EDHOC (RFC 9528): suites, states, refusals, exporter. */
#include "agree/edhoc_inside.h"

#include <string.h>

#include "crypto/secret.h"

enum { NO_SUITE = -1 };

static const struct kb_edhoc_suite suites[] = {
    {0, KB_CURVE_X25519, 8},
    {1, KB_CURVE_X25519, 16},
    {2, KB_CURVE_P256, 8},
    {3, KB_CURVE_P256, 16},
};

static const struct kb_edhoc_suite *find_suite(int16_t number)
{
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        if (suites[i].number == number)
            return &suites[i];
    }
    return NULL;
}

static const struct kb_edhoc_identity *find_identity(const struct kb_edhoc_config *config,
                                                     enum kb_curve curve)
{
    for (size_t i = 0; i < config->identity_count; i++) {
        if (config->identities[i].curve == curve)
            return &config->identities[i];
    }
    return NULL;
}

const struct kb_edhoc_suite *kb_edhoc_suite_of(const struct kb_edhoc *e)
{
    return find_suite(e->suite);
}

const struct kb_edhoc_identity *kb_edhoc_identity_of(const struct kb_edhoc *e)
{
    return find_identity(e->config, kb_edhoc_suite_of(e)->curve);
}

static bool is_listed(const struct kb_edhoc_config *config, int16_t suite)
{
    for (size_t i = 0; i < config->suite_count; i++) {
        if (config->suites[i] == suite)
            return true;
    }
    return false;
}

bool kb_edhoc_supports(const void *party, int16_t suite)
{
    const struct kb_edhoc_config *config = party;
    const struct kb_edhoc_suite *known = find_suite(suite);

    return known && is_listed(config, suite) && find_identity(config, known->curve);
}

enum kb_err kb_edhoc_start(struct kb_edhoc *edhoc, enum kb_agree_role role,
                           const struct kb_edhoc_config *config)
{
    struct kb_offer all;

    memset(edhoc, 0, sizeof(*edhoc));
    edhoc->config = config;
    edhoc->role = (uint8_t)role;
    edhoc->state = KB_AGREE_FAILED;
    edhoc->suite = NO_SUITE;
    kb_offer_all(config->suites, config->suite_count, kb_edhoc_supports, config, &all);
    if (!all.count || config->suite_count > KB_OFFER_MAX ||
        config->connection.len > KB_EDHOC_IDENTIFIER_MAX)
        return KB_ERR_USAGE;
    edhoc->state = KB_AGREE_START;
    return KB_OK;
}

/* The peer sent an error message, which nobody answers with another one. Clause 6.3.1. */
static enum kb_err take_refusal(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out)
{
    bool may_retry = e->state == KB_AGREE_WAIT_2 && !e->has_retried;
    int16_t refused = e->suite;
    struct kb_offer supported;
    enum kb_err err = kb_refusal_take(message, may_retry, &supported);

    if (err)
        return err;
    e->has_retried = true;
    err = kb_edhoc_write_1(e, &supported, out);
    return !err && e->suite == refused ? KB_ERR_PEER : err;
}

typedef enum kb_err take(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out);

static enum kb_err take_nothing(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out)
{
    return message.len ? KB_ERR_MALFORMED : kb_edhoc_write_1(e, NULL, out);
}

/* NULL: no message is awaited. */
static take *handler_of(const struct kb_edhoc *e)
{
    static take *const handlers[] = {
        [KB_AGREE_WAIT_2] = kb_edhoc_take_2,
        [KB_AGREE_WAIT_3] = kb_edhoc_take_3,
        [KB_AGREE_WAIT_4] = kb_edhoc_take_4,
    };

    if (e->state == KB_AGREE_START)
        return e->role == KB_AGREE_INITIATOR ? take_nothing : kb_edhoc_take_1;
    return e->state < sizeof(handlers) / sizeof(handlers[0]) ? handlers[e->state] : NULL;
}

enum kb_err kb_edhoc_step(struct kb_edhoc *edhoc, struct kb_span message, struct kb_writer *out)
{
    const struct kb_edhoc_config *config = edhoc->config;
    take *handler = handler_of(edhoc);
    bool is_reply = edhoc->state != KB_AGREE_START;
    bool is_refusal = is_reply && kb_refusal_is_one(message);
    bool is_silent = is_refusal || (!is_reply && edhoc->role == KB_AGREE_INITIATOR);
    size_t start = out->len;
    struct kb_offer supported;
    enum kb_err err;

    if (!handler || out->is_bad)
        return KB_ERR_USAGE;
    err = is_refusal ? take_refusal(edhoc, message, out) : handler(edhoc, message, out);
    if (!err)
        return KB_OK;
    /* Only message_1 is answered with suites. */
    kb_offer_all(config->suites, is_reply ? 0 : config->suite_count, kb_edhoc_supports, config,
                 &supported);
    kb_refusal_replace(out, start, is_silent ? KB_ERR_PEER : err, &supported);
    kb_edhoc_end(edhoc);
    return err;
}

enum kb_err kb_edhoc_export(const struct kb_edhoc *edhoc, uint16_t label, struct kb_span context,
                            uint8_t *out, size_t out_len)
{
    if (edhoc->state != KB_AGREE_DONE) {
        kb_wipe(out, out_len);
        return KB_ERR_USAGE;
    }
    return kb_schedule_export(edhoc->config->crypto, edhoc->prk, label, context, out, out_len);
}

enum kb_err kb_edhoc_update(struct kb_edhoc *edhoc, struct kb_span context)
{
    if (edhoc->state != KB_AGREE_DONE)
        return KB_ERR_USAGE;
    return kb_schedule_update(edhoc->config->crypto, edhoc->prk, context);
}

void kb_edhoc_end(struct kb_edhoc *edhoc)
{
    const struct kb_edhoc_config *config = edhoc->config;
    uint8_t role = edhoc->role;

    kb_wipe(edhoc, sizeof(*edhoc));
    edhoc->config = config;
    edhoc->role = role;
    edhoc->state = KB_AGREE_FAILED;
    edhoc->suite = NO_SUITE;
}
