/* SPDX-License-Identifier: Apache-2.0 */
/* Which application a card has. */
#include "card/application.h"

#include "card/card.h"

const struct kb_application *kb_card_application(const struct kb_card *card)
{
    return card->port->application ? card->port->application : &kb_cpa;
}
