/* SPDX-License-Identifier: Apache-2.0 */
/* Which application a card has, and the one that wants nothing. */
#include "card/application.h"

#include "card/card.h"

static enum kb_err reset(struct kb_card *card)
{
    (void)card;
    return KB_OK;
}

static void profile(struct kb_card *card, struct kb_span bytes)
{
    (void)card, (void)bytes;
}

static bool next(struct kb_card *card, struct kb_cat_command *command, struct kb_writer *scratch)
{
    (void)card, (void)command, (void)scratch;
    return false;
}

static void done(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)card, (void)response;
}

static void event(struct kb_card *card, const struct kb_cat_envelope *envelope)
{
    (void)card, (void)envelope;
}

static enum kb_packet_status packet(struct kb_card *card, const struct kb_ota_command *command,
                                    struct kb_writer *answer)
{
    (void)card, (void)command, (void)answer;
    return KB_STATUS_TAR_UNKNOWN;
}

const struct kb_application kb_no_application = {
    .target = {{0, 0, 0}, 0xFF}, reset, profile, next, done, event, packet};

const struct kb_application *kb_card_application(const struct kb_card *card)
{
    return card->port->application ? card->port->application : &kb_no_application;
}
