/* SPDX-License-Identifier: Apache-2.0 */
/* Packets between the application server and cards: what carries them, and their protection. */
#include <string.h>

#include "card/cpa/cpa.h"
#include "card/ota/inbox.h"
#include "service/as_inside.h"

enum { LENGTH = 2 }; /* bytes of a frame's length */

static struct kb_as_digits digits_of(const uint8_t sender[KB_SESSION_SENDER])
{
    struct kb_as_digits id_sc;

    id_sc.len = kb_session_sender_digits(sender, id_sc.digits);
    return id_sc;
}

/* --- Coming in --- */

/* What is dropped is counted, and it is no error. */
static enum kb_err drop(uint64_t *count)
{
    ++*count;
    return KB_ERR_ABSENT;
}

/* The first of several messages names the card; those of strangers are not kept. */
static enum kb_err is_welcome(struct kb_as *as, const struct kb_mail *mail,
                              const struct kb_sms_header *header)
{
    const struct kb_as_known *known;
    struct kb_as_digits id_sc = digits_of(header->sender);
    bool awaits = false;
    enum kb_err err;

    if (header->number != 1)
        return KB_OK;
    if (header->packet == KB_SMS_RESPONSE_PACKET) {
        err = kb_as_awaits(as, mail, &awaits);
        return err || awaits ? err : drop(&as->counts.malformed);
    }
    if (header->packet != KB_SMS_COMMAND_PACKET || !header->has_sender)
        return drop(&as->counts.malformed);
    err = kb_as_find(as, &id_sc, &known);
    return err == KB_ERR_ABSENT ? drop(&as->counts.unknown) : err;
}

static enum kb_err unpack_sms(struct kb_as *as, const struct kb_mail *mail,
                              struct kb_as_packet *packet)
{
    struct kb_sms_header header;
    struct kb_span rest;
    bool is_whole = true;
    enum kb_err err = KB_OK;

    packet->bearer = KB_PACKET_SMS;
    if (mail->body.len > KB_SMS_USER_DATA || kb_sms_header_parse(mail->body, &header, &rest))
        return drop(&as->counts.malformed);
    if (header.is_part && header.total > 1) {
        err = is_welcome(as, mail, &header);
        if (!err)
            err = kb_as_join(as, mail, &header, rest, &packet->bytes, &is_whole);
    } else if (header.packet == KB_SMS_RESPONSE_PACKET) {
        packet->is_response = true;
        kb_wr_copy(&packet->bytes, rest.data, rest.len);
    } else if (header.packet != KB_SMS_COMMAND_PACKET) {
        return drop(&as->counts.malformed);
    } else {
        kb_wr_copy(&packet->bytes, rest.data, rest.len);
    }
    if (err)
        return err;
    if (!is_whole)
        return KB_ERR_ABSENT;
    packet->is_response |= header.is_part && !header.has_sender;
    if (packet->is_response)
        return KB_OK;
    if (!header.has_sender)
        return drop(&as->counts.malformed);
    packet->id_sc = digits_of(header.sender);
    return KB_OK;
}

static enum kb_err unpack_frame(struct kb_as *as, const struct kb_mail *mail,
                                struct kb_as_packet *packet)
{
    struct kb_cursor rd = kb_rd(mail->body);
    uint16_t len = kb_rd_u16(&rd);
    uint8_t sender[KB_SESSION_SENDER];
    struct kb_span rest;

    packet->bearer = KB_PACKET_CHANNEL;
    if (len != kb_rd_left(&rd) || len <= KB_SESSION_SENDER)
        return drop(&as->counts.malformed);
    kb_rd_copy(&rd, sender, sizeof(sender));
    rest = kb_rd_span(&rd, kb_rd_left(&rd));
    kb_wr_copy(&packet->bytes, rest.data, rest.len);
    packet->id_sc = digits_of(sender);
    return packet->bytes.is_bad ? drop(&as->counts.malformed) : KB_OK;
}

enum kb_err kb_as_unpack(struct kb_as *as, const struct kb_mail *mail, struct kb_as_packet *packet)
{
    return mail->kind == KB_MAIL_SMS ? unpack_sms(as, mail, packet)
                                     : unpack_frame(as, mail, packet);
}

/* --- Going out --- */

enum kb_err kb_as_post_sms(struct kb_as *as, struct kb_mail *mail, struct kb_span packet,
                           uint64_t reference)
{
    const struct kb_sms_split split = {.contents = packet,
                                       .packet = KB_SMS_COMMAND_PACKET,
                                       .reference = (uint16_t)(reference & 0xFF)};
    unsigned count = kb_sms_split_count(&split);
    enum kb_err err = count ? KB_OK : KB_ERR_TOO_LONG;

    for (unsigned number = 1; number <= count && !err; number++) {
        uint8_t room[KB_SMS_USER_DATA];
        struct kb_writer wr = kb_wr(room, sizeof(room));

        kb_sms_split_write(&split, number, &wr);
        mail->body = kb_wr_span(&wr);
        err = wr.is_bad ? KB_ERR_TOO_LONG : kb_store_post(as->store, mail);
    }
    return err;
}

static enum kb_err post_frame(struct kb_as *as, struct kb_mail *mail, struct kb_span packet,
                              struct kb_span id_sc)
{
    uint8_t room[KB_MAIL_BODY_MAX], sender[KB_SESSION_SENDER];
    struct kb_writer wr = kb_wr(room, sizeof(room));

    kb_session_sender(id_sc, sender);
    kb_wr_u16(&wr, (uint16_t)(sizeof(sender) + packet.len));
    kb_wr_copy(&wr, sender, sizeof(sender));
    kb_wr_copy(&wr, packet.data, packet.len);
    mail->body = kb_wr_span(&wr);
    return wr.is_bad ? KB_ERR_TOO_LONG : kb_store_post(as->store, mail);
}

enum kb_err kb_as_send(struct kb_as *as, const struct kb_as_known *known, struct kb_as_row *row,
                       struct kb_span message)
{
    struct kb_ota_command command = {.spi = {KB_AS_SPI, 0}, .tar = KB_TAR_CPA, .data = message};
    struct kb_mail mail = {.kind = row->place.kind};
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    enum kb_err err;

    if (row->cntr_out >= KB_CNTR_MAX)
        return KB_ERR_RANGE;
    command.cntr = ++row->cntr_out;
    command.bearer = mail.kind == KB_MAIL_SMS ? KB_PACKET_SMS : KB_PACKET_CHANNEL;
    memcpy(mail.peer, row->place.peer, sizeof(mail.peer));
    kb_ota_command_name_keys(&command, &known->keys);
    err = kb_ota_protect(as->crypto, &known->keys, &command, &wr);
    if (err)
        return err;
    return mail.kind == KB_MAIL_SMS
               ? kb_as_post_sms(as, &mail, kb_wr_span(&wr), command.cntr & (KB_AS_SCRIPTS - 1))
               : post_frame(as, &mail, kb_wr_span(&wr), kb_as_digits(&known->id_sc));
}
