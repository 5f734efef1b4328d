/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages for the card (3GPP TS 31.111 clause 7.1.1) put together to packets, opened, handed
 * on, and acknowledged (3GPP TS 31.115 clause 4). */
#include "card/ota/inbox.h"

#include <string.h>

#include "card/card.h"
#include "card/ota/counter.h"
#include "card/ota/remote.h"
#include "card/ota/report.h"
#include "card/ota/service.h"
#include "crypto/secret.h"

enum {
    SHARED_PARTS = 2, /* contents of so many parts fit into half of the room */
    ANSWER_MAX = 100, /* bytes of the application in a proof of receipt: it fits in one message */
    BEHIND_REPORT =
        160, /* answers to scripts lie in the buffer, behind the proof that bears them */
    DCS_8BIT_CLASS_2 = 0x16 /* the other way to say KB_SMS_DCS_USIM_8BIT, TS 23.038 clause 4 */
};

void kb_inbox_reset(struct kb_card *card)
{
    kb_wipe(&card->inbox, sizeof(card->inbox));
}

/* --- Packets --- */

/* The application hears of what was accepted, and of a repeat, whose data are of no use to it any
 * more. Of all else nobody hears. */
static void hand_on(struct kb_card *card, const struct kb_ota_way *way,
                    const struct kb_ota_command *command, enum kb_ota_verdict verdict)
{
    uint8_t bytes[ANSWER_MAX];
    struct kb_writer answer = kb_wr(bytes, sizeof(bytes));
    struct kb_ota_response response = {.status = command->status};

    if (verdict == KB_OTA_ACCEPTED)
        response.status = kb_card_application(card)->packet(card, command, &answer);
    else if (command->is_repeat)
        kb_card_application(card)->packet(card, command, &answer);
    if (!answer.is_bad)
        response.data = kb_wr_span(&answer);
    kb_ota_report(card, way, command, &response);
    kb_wipe(bytes, sizeof(bytes));
}

static void take_for_application(struct kb_card *card, const struct kb_ota_way *way,
                                 uint8_t *packet, size_t len)
{
    struct kb_ota_stored stored = {&card->nvm, KB_OBJ_CNTR_IN};
    struct kb_ota_counter counter = kb_ota_counter(&stored);
    struct kb_ota_keys keys;
    struct kb_ota_receiver receiver = {
        card->port->crypto, &keys, 1, &kb_card_application(card)->target, 1, &counter};
    struct kb_ota_command command;

    if (!kb_ota_service_keys(card, &keys)) {
        enum kb_ota_verdict verdict = kb_ota_open(&receiver, way->bearer, packet, len, &command);

        if (verdict != KB_OTA_SILENCE)
            hand_on(card, way, &command, verdict);
    }
    kb_wipe(&keys, sizeof(keys));
}

/* What was accepted runs; of a repeat only its being one is told, lest it be done twice. The packet
 * is wiped before the report may need its place. */
static void run_script(struct kb_card *card, const struct kb_ota_way *way,
                       const struct kb_remote_set *set, const struct kb_ota_command *command,
                       struct kb_writer *packet)
{
    size_t at = (size_t)card->chain_len + BEHIND_REPORT;
    size_t cap = at < KB_RESPONSE_DATA_MAX ? KB_RESPONSE_DATA_MAX - at : 0;
    size_t limit = kb_ota_report_room(card, way, command);
    struct kb_writer answer = kb_wr(card->buffer + (cap ? at : 0), cap);
    struct kb_ota_response response = {.status = command->status};

    if (!response.status)
        response.status =
            kb_remote_run(card, set, command->data, &answer, limit < cap ? limit : cap);
    if (!answer.is_bad)
        response.data = kb_wr_span(&answer);
    kb_wipe(packet->data, packet->cap);
    kb_ota_report(card, way, command, &response);
    kb_wipe(answer.data, cap);
}

static void take_for_remote(struct kb_card *card, const struct kb_ota_way *way,
                            const struct kb_remote_set *set, uint8_t *packet, size_t len)
{
    struct kb_ota_stored stored = {&card->nvm, (uint16_t)(KB_OBJ_REMOTE_CNTR + set->index)};
    struct kb_ota_counter counter = kb_ota_counter(&stored);
    struct kb_ota_receiver receiver = {card->port->crypto, &set->keys, 1,
                                       &set->target,       1,          &counter};
    struct kb_writer whole = kb_wr(packet, len);
    struct kb_ota_command command;

    if (kb_ota_open(&receiver, way->bearer, packet, len, &command) == KB_OTA_SILENCE)
        kb_wipe(packet, len);
    else
        run_script(card, way, set, &command, &whole);
}

/* The TAR and the number of the key set say whose packet it is. */
static void take_packet(struct kb_card *card, const struct kb_ota_way *way, uint8_t *packet,
                        size_t len)
{
    const uint8_t *own = kb_card_application(card)->target.tar;
    struct kb_remote_set set;
    struct kb_packet head;

    if (!kb_packet_parse(kb_span(packet, len), way->bearer, KB_PACKET_COMMAND, &head) &&
        memcmp(head.tar, own, KB_TAR_SIZE) && kb_remote_find(card, &head, &set)) {
        take_for_remote(card, way, &set, packet, len);
        kb_wipe(&set, sizeof(set));
        return;
    }
    take_for_application(card, way, packet, len);
    kb_wipe(packet, len);
}

void kb_inbox_packet(struct kb_card *card, uint8_t *packet, size_t len)
{
    const struct kb_ota_way way = {.bearer = KB_PACKET_CHANNEL};

    take_packet(card, &way, packet, len);
}

/* --- Short messages --- */

/* The room is shared by two contents of few parts, or all one's of more. While a stream uses it
 * there is none. Returns the number of places. */
static size_t divide_room(struct kb_inbox *inbox, unsigned parts)
{
    size_t first = parts <= SHARED_PARTS ? KB_INBOX_ROOM / 2 : KB_INBOX_ROOM;

    if (inbox->is_stream || inbox->answer_len)
        return 0;
    if (inbox->join[0].cap != first) {
        memset(inbox->join, 0, sizeof(inbox->join));
        kb_wipe(inbox->room, sizeof(inbox->room));
        inbox->join[0].room = inbox->room;
        inbox->join[0].cap = first;
        inbox->join[1].room = inbox->room + first;
        inbox->join[1].cap = KB_INBOX_ROOM - first;
    }
    return inbox->join[1].cap ? KB_INBOX_PLACES : 1;
}

void kb_inbox_stream(struct kb_card *card, bool is_stream)
{
    struct kb_inbox *inbox = &card->inbox;

    memset(inbox->join, 0, sizeof(inbox->join));
    kb_wipe(inbox->room, sizeof(inbox->room));
    inbox->received = 0;
    if (inbox->answer_len)
        inbox->report_len = 0;
    inbox->answer_len = 0;
    inbox->is_stream = is_stream;
}

static void take_part(struct kb_card *card, const struct kb_ota_way *way, const struct kb_sms *sms,
                      unsigned parts)
{
    struct kb_inbox *inbox = &card->inbox;
    size_t places = divide_room(inbox, parts);
    struct kb_sms_join *whole;

    if (!places || kb_sms_join(inbox->join, places, &sms->address, true, sms->user_data, &whole) ||
        !whole)
        return;
    if (whole->header.packet == KB_SMS_COMMAND_PACKET)
        take_packet(card, way, whole->room, whole->contents.len);
    kb_sms_join_forget(whole);
}

/* What fits in one message needs no place among those that wait for more. */
static void take_single(struct kb_card *card, const struct kb_ota_way *way, struct kb_span contents)
{
    uint8_t packet[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(packet, sizeof(packet));

    kb_wr_copy(&wr, contents.data, contents.len);
    take_packet(card, way, packet, wr.len);
}

/* Data for the card: PID, eight bits, class 2 (TS 31.111 clause 7.1.1.1), and a header. */
static bool is_download(const struct kb_sms *sms)
{
    return sms->pid == KB_SMS_PID_USIM_DOWNLOAD && sms->flags & KB_SMS_HAS_HEADER &&
           (sms->dcs == KB_SMS_DCS_USIM_8BIT || sms->dcs == DCS_8BIT_CLASS_2);
}

enum kb_sw kb_inbox_short_message(struct kb_card *card, const struct kb_cat_envelope *envelope,
                                  struct kb_writer *out)
{
    struct kb_sms sms;
    struct kb_sms_header header;
    struct kb_span contents;
    const struct kb_ota_way way = {KB_PACKET_SMS, &sms.address, out};

    if (kb_sms_parse(envelope->with.tpdu, KB_SMS_DELIVER, &sms) || !is_download(&sms) ||
        kb_sms_header_parse(sms.user_data, &header, &contents))
        return KB_SW_OK;
    if (header.is_part)
        take_part(card, &way, &sms, header.total);
    else if (header.packet == KB_SMS_COMMAND_PACKET)
        take_single(card, &way, contents);
    return KB_SW_OK;
}
