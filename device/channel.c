/* SPDX-License-Identifier: Apache-2.0 */
/* The bearer independent protocol with one channel (ETSI TS 102 223 clauses 6.4.27 - 6.4.31). */
#include <string.h>

#include "device/inside.h"
#include "wire/cat_objects.h"

enum {
    BEARER_PACKET = 0x02, /* clause 8.52 */
    BEARER_DEFAULT = 0x03,
    UDP_CLIENT = 0x01, /* clause 8.59 */
    TCP_CLIENT = 0x02,
    TAG_TRANSPORT = 0x3C,
    TAG_OTHER_ADDRESS = 0x3E,
    ESTABLISHED = 0x80, /* clause 8.56 */
    LINK_DROPPED = 0x05,
    LENGTH_MAX = 0xFF, /* clause 8.54: that many bytes or more */
    NAME_MAX_BYTES = 100
};

uint8_t kb_terminal_channel_state(const struct kb_terminal *terminal)
{
    if (!terminal->channel.is_open)
        return terminal->channel.is_lost ? 1 : 0;
    return ESTABLISHED | 1;
}

static uint8_t capped(size_t len)
{
    return len > LENGTH_MAX ? LENGTH_MAX : (uint8_t)len;
}

uint8_t kb_terminal_channel_waiting(const struct kb_terminal *terminal)
{
    return capped(terminal->channel.in_len);
}

static void forget_events(struct kb_terminal *terminal)
{
    kb_terminal_unnote(terminal, KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENT_DATA_AVAILABLE, 0);
    kb_terminal_unnote(terminal, KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENT_CHANNEL_STATUS, 0);
}

void kb_terminal_drop_channel(struct kb_terminal *terminal)
{
    bool was_open = terminal->channel.is_open;

    if (!was_open && !terminal->channel.is_lost && !terminal->channel.size)
        return;
    memset(&terminal->channel, 0, sizeof(terminal->channel));
    forget_events(terminal);
    if (was_open)
        terminal->port->close(terminal->port->ctx);
}

/* --- OPEN CHANNEL --- */

/* Labels behind their lengths, as in a DNS name, with dots between them. */
static bool read_name(struct kb_span labels, char *out)
{
    struct kb_cursor rd = kb_rd(labels);
    struct kb_writer wr = kb_wr(out, NAME_MAX_BYTES);

    while (kb_rd_left(&rd)) {
        struct kb_span label = kb_rd_span(&rd, kb_rd_u8(&rd));

        if (wr.len)
            kb_wr_u8(&wr, '.');
        kb_wr_copy(&wr, label.data, label.len);
    }
    kb_wr_u8(&wr, 0);
    return !rd.is_bad && !wr.is_bad && strlen(out) + 1 == wr.len;
}

/* Of the two addresses a command may bear the one behind the transport level is the destination
 * (clause 6.6.27.2). */
static struct kb_span destination(struct kb_span command)
{
    struct kb_cursor rd = kb_rd(command);
    struct kb_span found = kb_span(NULL, 0);
    struct kb_cat_tlv object;
    bool is_behind = false;

    kb_rd_u8(&rd);
    if (kb_rd_u8(&rd) == 0x81)
        kb_rd_u8(&rd);
    while (kb_cat_tlv_next(&rd, &object)) {
        is_behind |= object.tag == TAG_TRANSPORT;
        if (is_behind && object.tag == TAG_OTHER_ADDRESS)
            found = object.value;
    }
    return found;
}

/* 0: this terminal can do it. */
static uint8_t refusal(const struct kb_cat_objects *with)
{
    if (!with->bearer.len || with->bearer.len > KB_TERMINAL_BEARER || !with->buffer_size)
        return KB_CAT_DATA_NOT_UNDERSTOOD;
    if (with->bearer.data[0] != BEARER_PACKET && with->bearer.data[0] != BEARER_DEFAULT)
        return KB_CAT_BEYOND_CAPABILITIES;
    if (!kb_cat_has(with, KB_CAT_TRANSPORT) ||
        (with->transport_protocol != UDP_CLIENT && with->transport_protocol != TCP_CLIENT))
        return KB_CAT_BEYOND_CAPABILITIES;
    return 0;
}

static void prepare(struct kb_terminal *terminal, const struct kb_cat_objects *with)
{
    struct kb_terminal_channel *channel = &terminal->channel;

    memset(channel, 0, sizeof(*channel));
    forget_events(terminal);
    memcpy(channel->bearer, with->bearer.data, with->bearer.len);
    channel->bearer_len = (uint8_t)with->bearer.len;
    channel->size = with->buffer_size;
    if (channel->size > KB_TERMINAL_BUFFER) {
        channel->size = KB_TERMINAL_BUFFER;
        terminal->command.result = KB_TERMINAL_MODIFIED;
    }
}

KB_PERFORM(open)
{
    const struct kb_cat_objects *with = &work->command->with;
    struct kb_span address = destination(work->bytes);
    uint8_t refused = refusal(with);
    char name[NAME_MAX_BYTES];

    if (refused)
        return kb_terminal_result(work, refused);
    if (!address.len)
        return kb_terminal_result(work, KB_CAT_VALUES_MISSING);
    if (!read_name(with->network_name, name))
        return kb_terminal_result(work, KB_CAT_DATA_NOT_UNDERSTOOD);
    if (terminal->channel.is_open)
        return kb_terminal_result_with(work, KB_CAT_BEARER_INDEPENDENT_ERROR,
                                       KB_TERMINAL_NO_CHANNEL);
    if (!kb_terminal_has_service(terminal))
        return kb_terminal_result_with(work, KB_CAT_TERMINAL_BUSY, KB_TERMINAL_NO_SERVICE);
    prepare(terminal, with);
    kb_terminal_tell_progress(terminal, with);
    terminal->port->open(terminal->port->ctx, name, with->transport_protocol, address,
                         with->transport_port);
    return KB_PERFORMING;
}

/* Bearer and buffer size are told also when it failed (clause 6.8). */
KB_FINISH(open)
{
    struct kb_cat_objects *with = &work->response.with;
    struct kb_terminal_channel *channel = &terminal->channel;

    /* clause 8.12.3: that the network cannot is never said without a cause */
    if (terminal->command.result == KB_CAT_NETWORK_BUSY)
        kb_terminal_result_with(work, KB_CAT_NETWORK_BUSY, KB_TERMINAL_NO_CAUSE);
    else
        kb_terminal_result(work, terminal->command.result);
    with->bearer = kb_span(channel->bearer, channel->bearer_len);
    with->buffer_size = channel->size;
    kb_cat_add(with, KB_CAT_BEARER);
    kb_cat_add(with, KB_CAT_BUFFER_SIZE);
    if (!channel->is_open) {
        channel->size = 0;
        return;
    }
    with->channel_status[0] = kb_terminal_channel_state(terminal);
    kb_cat_add(with, KB_CAT_CHANNEL_STATUS);
}

void kb_terminal_channel_opened(struct kb_terminal *terminal, bool is_open)
{
    struct kb_terminal_command *command = &terminal->command;

    if (!command->is_open || command->is_done || command->type != KB_CAT_OPEN_CHANNEL)
        return;
    command->is_done = true;
    terminal->channel.is_open = is_open;
    if (!is_open)
        command->result = KB_CAT_NETWORK_BUSY;
    kb_terminal_run(terminal);
}

/* --- CLOSE CHANNEL, GET CHANNEL STATUS --- */

/* false: not the open channel; the response says so. */
static bool is_usable(const struct kb_terminal *terminal, struct kb_terminal_work *work)
{
    if (work->command->destination == KB_CAT_CHANNEL_1 && terminal->channel.is_open)
        return true;
    kb_terminal_result_with(work, KB_CAT_BEARER_INDEPENDENT_ERROR,
                            work->command->destination == KB_CAT_CHANNEL_1 &&
                                    terminal->channel.is_lost
                                ? KB_TERMINAL_CHANNEL_CLOSED
                                : KB_TERMINAL_CHANNEL_INVALID);
    return false;
}

KB_PERFORM(close)
{
    if (!is_usable(terminal, work))
        return KB_PERFORMED;
    kb_terminal_drop_channel(terminal);
    return kb_terminal_result(work, KB_CAT_OK);
}

KB_PERFORM(status)
{
    struct kb_cat_objects *with = &work->response.with;

    with->channel_status[0] = kb_terminal_channel_state(terminal);
    with->channel_status[1] = terminal->channel.is_lost ? LINK_DROPPED : 0;
    kb_cat_add(with, KB_CAT_CHANNEL_STATUS);
    return kb_terminal_result(work, KB_CAT_OK);
}

/* --- SEND DATA --- */

KB_PERFORM(send)
{
    struct kb_terminal_channel *channel = &terminal->channel;
    struct kb_span data = work->command->with.channel_data;

    if (!is_usable(terminal, work))
        return KB_PERFORMED;
    if (data.len > (size_t)(channel->size - channel->out_len))
        return kb_terminal_result_with(work, KB_CAT_BEARER_INDEPENDENT_ERROR,
                                       KB_TERMINAL_BUFFER_TOO_SMALL);
    if (data.len)
        memcpy(channel->out + channel->out_len, data.data, data.len);
    channel->out_len = (uint16_t)(channel->out_len + data.len);
    if (work->command->qualifier & KB_CAT_SEND_IMMEDIATELY && channel->out_len) {
        size_t len = channel->out_len;

        channel->out_len = 0;
        terminal->port->send(terminal->port->ctx, kb_span(channel->out, len));
    }
    work->response.with.channel_length = capped((size_t)(channel->size - channel->out_len));
    kb_cat_add(&work->response.with, KB_CAT_CHANNEL_LENGTH);
    return kb_terminal_result(work, KB_CAT_OK);
}

/* --- RECEIVE DATA --- */

static void take_out(struct kb_terminal_channel *channel, size_t len)
{
    channel->in_len = (uint16_t)(channel->in_len - len);
    memmove(channel->in, channel->in + len, channel->in_len);
}

/* What has come before the link was lost may still be read. */
KB_PERFORM(receive)
{
    struct kb_terminal_channel *channel = &terminal->channel;
    struct kb_cat_objects *with = &work->response.with;
    size_t asked = work->command->with.channel_length;
    size_t len = asked < channel->in_len ? asked : channel->in_len;
    uint8_t *room;

    if (!(channel->is_lost && channel->in_len) && !is_usable(terminal, work))
        return KB_PERFORMED;
    if (len > KB_CAT_DATA_MAX)
        len = KB_CAT_DATA_MAX;
    room = kb_wr_reserve(&work->scratch, len);
    if (len)
        memcpy(room, channel->in, len);
    take_out(channel, len);
    if (!channel->in_len) /* the card has it all before it heard of it */
        kb_terminal_unnote(terminal, KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENT_DATA_AVAILABLE, 0);
    with->channel_data = kb_span(room, len);
    with->channel_length = capped(channel->in_len);
    kb_cat_add(with, KB_CAT_CHANNEL_DATA);
    kb_cat_add(with, KB_CAT_CHANNEL_LENGTH);
    if (channel->is_short && len) {
        channel->is_short = false;
        if (terminal->port->room)
            terminal->port->room(terminal->port->ctx);
    }
    return kb_terminal_result(work, len < asked ? KB_CAT_MISSING_INFORMATION : KB_CAT_OK);
}

size_t kb_terminal_channel_received(struct kb_terminal *terminal, struct kb_span data)
{
    struct kb_terminal_channel *channel = &terminal->channel;
    bool was_empty = !channel->in_len;
    size_t room = (size_t)(channel->size - channel->in_len);
    size_t len = data.len < room ? data.len : room;

    if (!channel->is_open)
        return 0;
    if (len)
        memcpy(channel->in + channel->in_len, data.data, len);
    channel->in_len = (uint16_t)(channel->in_len + len);
    channel->is_short |= len < data.len;
    if (was_empty && len)
        kb_terminal_note(terminal, KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENT_DATA_AVAILABLE, 0);
    kb_terminal_run(terminal);
    return len;
}

void kb_terminal_channel_lost(struct kb_terminal *terminal)
{
    if (!terminal->channel.is_open)
        return;
    terminal->channel.is_open = false;
    terminal->channel.is_lost = true;
    kb_terminal_note(terminal, KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENT_CHANNEL_STATUS, LINK_DROPPED);
    kb_terminal_run(terminal);
}
