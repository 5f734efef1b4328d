/* SPDX-License-Identifier: Apache-2.0 */
/* Packets to a card, opened and closed again: the server has the keys, so this is no attack on
 * them. */
#include <string.h>

#include "card/ota/inbox.h"
#include "crypto/secret.h"
#include "card/cpa/cpa.h"
#include "sim/dishonest_inside.h"

enum { FRAME_HEAD = KB_SESSION_FRAME_HEAD };

static enum kb_err read_counter(void *self, uint64_t *last)
{
    (void)self;
    *last = 0;
    return KB_OK;
}

static enum kb_err commit_counter(void *self, uint64_t value)
{
    (void)self, (void)value;
    return KB_OK;
}

static bool open_packet(const struct kb_sim_dishonest *liar, const struct kb_liar_card *card,
                        enum kb_packet_bearer bearer, uint8_t *packet, size_t len,
                        struct kb_ota_command *command)
{
    const struct kb_ota_counter counter = {NULL, read_counter, commit_counter};
    const struct kb_ota_target target = {.tar = KB_TAR_CPA};
    const struct kb_ota_receiver receiver = {.crypto = liar->world->crypto,
                                             .keys = &card->keys,
                                             .key_count = 1,
                                             .targets = &target,
                                             .target_count = 1,
                                             .counter = &counter};

    return kb_ota_open(&receiver, bearer, packet, len, command) == KB_OTA_ACCEPTED;
}

/* Writes the changed packet, or nothing. */
static void reseal(struct kb_sim_dishonest *liar, uint64_t number, enum kb_packet_bearer bearer,
                   kb_liar_change *change, struct kb_writer *out)
{
    struct kb_liar_card *card = kb_liar_card(liar, number);
    uint8_t room[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_session_message message;
    struct kb_ota_command command;

    if (!open_packet(liar, card, bearer, card->packet, card->packet_len, &command) ||
        kb_session_read(command.data, &message) || !change(liar, number, &message))
        return;
    kb_session_write(&wr, &message);
    command.data = kb_wr_span(&wr);
    if (!wr.is_bad)
        kb_ota_protect(liar->world->crypto, &card->keys, &command, out);
    kb_wipe(room, sizeof(room));
}

static struct kb_sim_letter *another(const struct kb_sim_letter *letter, struct kb_span bytes)
{
    struct kb_sim_letter *copy = kb_sim_letter_new(letter->card, bytes);

    copy->link = letter->link;
    copy->is_up = letter->is_up;
    copy->sender = letter->sender;
    copy->receiver = letter->receiver;
    copy->what = letter->what;
    copy->kind = letter->kind;
    copy->id = letter->id;
    memcpy(copy->peer, letter->peer, sizeof(copy->peer));
    copy->from = letter->from;
    copy->to = letter->to;
    copy->life = letter->life;
    return copy;
}

/* --- Frames --- */

static struct kb_sim_letter *repack_frame(struct kb_sim_dishonest *liar,
                                          struct kb_sim_letter *letter, kb_liar_change *change)
{
    struct kb_liar_card *card = kb_liar_card(liar, letter->card);
    uint8_t room[KB_LIAR_PACKET];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_sim_letter *changed;

    card->packet_len = letter->len - FRAME_HEAD;
    memcpy(card->packet, letter->bytes + FRAME_HEAD, card->packet_len);
    kb_wr_copy(&wr, letter->bytes, FRAME_HEAD);
    reseal(liar, letter->card, KB_PACKET_CHANNEL, change, &wr);
    if (wr.len == FRAME_HEAD)
        return letter;
    room[0] = (uint8_t)((wr.len - 2) >> 8);
    room[1] = (uint8_t)(wr.len - 2);
    changed = another(letter, kb_wr_span(&wr));
    kb_sim_letter_drop(letter);
    return changed;
}

/* --- Short messages --- */

static void post_parts(struct kb_sim_dishonest *liar, const struct kb_sim_letter *letter,
                       struct kb_span packet, uint16_t reference)
{
    const struct kb_sms_split split = {
        .contents = packet, .packet = KB_SMS_COMMAND_PACKET, .reference = reference};
    const struct kb_liar_card *card = kb_liar_card(liar, letter->card);
    unsigned count = kb_sms_split_count(&split);

    for (unsigned number = 1; number <= count; number++) {
        uint8_t room[KB_SMS_USER_DATA];
        struct kb_writer wr = kb_wr(room, sizeof(room));
        struct kb_sim_letter *part;

        kb_sms_split_write(&split, number, &wr);
        part = another(letter, kb_wr_span(&wr));
        part->id = card->first_id + number - 1;
        kb_sim_post(liar->world, part, true);
    }
}

static struct kb_sim_letter *repack_parts(struct kb_sim_dishonest *liar,
                                          struct kb_sim_letter *letter, kb_liar_change *change)
{
    struct kb_liar_card *card = kb_liar_card(liar, letter->card);
    uint8_t room[KB_LIAR_PACKET], whole[KB_LIAR_PACKET];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_sms_header header;
    struct kb_span rest;
    size_t len;

    if (kb_sms_header_parse(kb_sim_letter_span(letter), &header, &rest))
        return letter;
    if (!header.is_part || header.number == 1) {
        card->packet_len = 0;
        card->first_id = letter->id;
    }
    /* A last part that comes alone, since its server was killed before it had sent it for good. */
    if (header.is_part && header.number > 1 && !card->packet_len)
        return letter;
    if (rest.len > sizeof(card->packet) - card->packet_len)
        return letter;
    memcpy(card->packet + card->packet_len, rest.data, rest.len);
    card->packet_len += rest.len;
    if (header.is_part && header.number < header.total) {
        kb_sim_letter_drop(letter);
        return NULL;
    }
    len = card->packet_len;
    memcpy(whole, card->packet, len);
    reseal(liar, letter->card, KB_PACKET_SMS, change, &wr);
    kb_wipe(card->packet, len); /* it lies open there */
    card->packet_len = 0;
    post_parts(liar, letter, wr.len ? kb_wr_span(&wr) : kb_span(whole, len), header.reference);
    kb_sim_letter_drop(letter);
    return NULL;
}

struct kb_sim_letter *kb_liar_repack(struct kb_sim_dishonest *liar, struct kb_sim_letter *letter,
                                     kb_liar_change *change)
{
    if (letter->kind == KB_MAIL_SMS)
        return repack_parts(liar, letter, change);
    return letter->len > FRAME_HEAD ? repack_frame(liar, letter, change) : letter;
}
