/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that come in several short messages. Parts are kept before anybody knows whether the
 * packet is authentic, so there is a bound for each number and one for all: at the most somebody
 * who sends garbage makes real cards send again.
 */
#include <string.h>

#include "service/as_inside.h"

static struct kb_span peer_of(const struct kb_mail *mail)
{
    return kb_span(mail->peer, strnlen(mail->peer, sizeof(mail->peer)));
}

/* 8 and 16 bits of reference do not mix. */
static int64_t reference_of(const struct kb_sms_header *header)
{
    return header->is_wide ? 0x10000 + header->reference : header->reference;
}

static enum kb_err ask(struct kb_as *as, enum kb_as_sql which, const struct kb_span *peer,
                       int64_t *count)
{
    struct kb_statement *st = kb_store_get(as->store, which);
    enum kb_err err;

    if (peer)
        kb_bind_text(st, 1, *peer);
    err = kb_statement_step(st);
    if (!err)
        *count = kb_column_int(st, 0);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_as_count_parts(struct kb_as *as)
{
    return ask(as, AS_ALL_PARTS, NULL, &as->parts);
}

/* Old parts go, and when that is not enough, all. */
static enum kb_err make_room(struct kb_as *as)
{
    const int64_t limits[] = {kb_as_now(as) - KB_AS_PARTS_S, INT64_MAX};
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < 2 && as->parts >= KB_AS_ALL_PARTS && !err; i++) {
        struct kb_statement *st = kb_store_get(as->store, AS_FORGET_OLD);

        kb_bind_int(st, 1, limits[i]);
        err = kb_statement_run(st);
        as->parts -= kb_statement_changes(st);
    }
    return err;
}

static enum kb_err make_room_of_peer(struct kb_as *as, struct kb_span peer)
{
    struct kb_statement *st;
    int64_t count = 0;
    enum kb_err err = ask(as, AS_COUNT_PARTS, &peer, &count);

    if (err || count < KB_AS_PEER_PARTS)
        return err;
    st = kb_store_get(as->store, AS_FORGET_PEER);
    kb_bind_text(st, 1, peer);
    err = kb_statement_run(st);
    as->parts -= kb_statement_changes(st);
    return err;
}

static enum kb_err add(struct kb_as *as, struct kb_span peer, const struct kb_sms_header *header,
                       struct kb_span part)
{
    struct kb_statement *st = kb_store_get(as->store, AS_ADD_PART);

    kb_bind_text(st, 1, peer);
    kb_bind_int(st, 2, reference_of(header));
    kb_bind_int(st, 3, header->total);
    kb_bind_int(st, 4, header->number);
    kb_bind_int(st, 5, kb_as_now(as));
    kb_bind_blob(st, 6, kb_span(header->sender, header->has_sender ? KB_SMS_SENDER_SIZE : 0));
    kb_bind_blob(st, 7, part);
    as->parts++;
    return kb_statement_run(st);
}

static void bind_packet(struct kb_statement *st, struct kb_span peer,
                        const struct kb_sms_header *header)
{
    kb_bind_text(st, 1, peer);
    kb_bind_int(st, 2, reference_of(header));
    kb_bind_int(st, 3, header->total);
}

/* Parts in their order; how many are there, and whose they say they are. */
static enum kb_err gather(struct kb_as *as, struct kb_span peer, struct kb_sms_header *header,
                          struct kb_writer *room, unsigned *count)
{
    struct kb_statement *st = kb_store_get(as->store, AS_PARTS);
    enum kb_err err;

    *count = 0;
    bind_packet(st, peer, header);
    while (!(err = kb_statement_step(st))) {
        struct kb_span sender = kb_column_blob(st, 0), body = kb_column_blob(st, 1);

        if (sender.len == KB_SMS_SENDER_SIZE) {
            memcpy(header->sender, sender.data, sender.len);
            header->has_sender = true;
        }
        kb_wr_copy(room, body.data, body.len);
        ++*count;
    }
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

static enum kb_err forget(struct kb_as *as, struct kb_span peer, const struct kb_sms_header *header)
{
    struct kb_statement *st = kb_store_get(as->store, AS_FORGET_PARTS);
    enum kb_err err;

    bind_packet(st, peer, header);
    err = kb_statement_run(st);
    as->parts -= kb_statement_changes(st);
    return err;
}

static enum kb_err join(struct kb_as *as, struct kb_span peer, struct kb_sms_header *header,
                        struct kb_span part, struct kb_writer *room, bool *is_whole)
{
    unsigned count = 0;
    enum kb_err err = make_room(as);

    if (!err)
        err = make_room_of_peer(as, peer);
    if (!err)
        err = add(as, peer, header, part);
    if (!err)
        err = gather(as, peer, header, room, &count);
    *is_whole = count == header->total && !room->is_bad;
    if (!err && count == header->total)
        err = forget(as, peer, header);
    return err;
}

enum kb_err kb_as_join(struct kb_as *as, const struct kb_mail *mail, struct kb_sms_header *header,
                       struct kb_span part, struct kb_writer *room, bool *is_whole)
{
    enum kb_err err;

    *is_whole = false;
    if (header->total > KB_AS_PACKET_PARTS)
        return KB_OK;
    err = kb_store_begin(as->store);
    if (err)
        return err;
    err = join(as, peer_of(mail), header, part, room, is_whole);
    return kb_store_end(as->store, err);
}
