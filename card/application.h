/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application of the card as the toolkit and the packets see it. It is asked what it wants the
 * terminal to do, hears how that went and what happens outside, and receives the packets for its
 * TAR. There is one for each card; the built-in one is the CPA (card/cpa/cpa.h).
 */
#ifndef KB_CARD_APPLICATION_H
#define KB_CARD_APPLICATION_H

#include "card/ota/secured.h"
#include "wire/cat.h"

struct kb_card;

struct kb_application {
    struct kb_ota_target target; /* its TAR, and the least security of packets to it */

    /* After power-up or reset, before any command: reads what it needs, repairs nothing. */
    enum kb_err (*reset)(struct kb_card *card);

    /* TERMINAL PROFILE came: proactive commands may begin. */
    void (*profile)(struct kb_card *card, struct kb_span profile);

    /*
     * What the terminal should do now; false: nothing. Fills type, qualifier, destination and data
     * objects; number is the toolkit's. Spans point to constants or into scratch. It is asked after
     * every command while nothing is under way, once more at FETCH, and must say the same both
     * times: nothing but events and responses may change its mind.
     */
    bool (*next)(struct kb_card *card, struct kb_cat_command *command, struct kb_writer *scratch);

    /* The terminal responded to the command that next gave. */
    void (*done)(struct kb_card *card, const struct kb_cat_response *response);

    /* Menu selection, event, timer expiration. Short messages go to packet instead. */
    void (*event)(struct kb_card *card, const struct kb_cat_envelope *envelope);

    /* A secured packet that was accepted: authentic, with a fresh counter, which is committed. What
     * it writes to answer (100 bytes) travels in the proof of receipt, when the sender wants one.
     * With is_repeat the newest packet came once more: it has no data, the status it returns does
     * not count, and all there is to do is to answer as before. packet->data is wiped afterwards.
     */
    enum kb_packet_status (*packet)(struct kb_card *card, const struct kb_ota_command *packet,
                                    struct kb_writer *answer);

    /* Of a stream: what RECEIVE DATA brought is put together to frames (wire/session.h) by the
     * application itself, which calls kb_inbox_packet (card/ota/inbox.h). */
};

/* The one of this card: its port's, or the built-in one. */
const struct kb_application *kb_card_application(const struct kb_card *card);

#endif
