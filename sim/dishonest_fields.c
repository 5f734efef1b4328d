/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of every message that an application server passes on or makes, each changed once. */
#include <string.h>

#include "sim/dishonest_inside.h"

enum field {
    SESSION,
    ID_SC,
    ID_O,
    COMMAND,
    AGREEMENT,
    AGREE,
    ADMIN_CODE,
    SEALED,
    TIME,
    CREDENTIAL
};

enum which { ANY, FIRST, LATER }; /* of AGREE: with the kind of agreement, or without */

static const struct {
    enum kb_liar_way way;
    enum kb_session_kind kind;
    enum which which;
    enum field field;
} lies[] = {
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, FIRST, SESSION},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, FIRST, ID_SC},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, FIRST, ID_O},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, FIRST, AGREEMENT},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, FIRST, AGREE},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, FIRST, CREDENTIAL},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, LATER, SESSION},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, LATER, ID_SC},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, LATER, ID_O},
    {KB_LIAR_TO_SERVER, KB_SESSION_AGREE, LATER, AGREE},
    {KB_LIAR_TO_SERVER, KB_SESSION_CONFIRM, ANY, SESSION},
    {KB_LIAR_TO_SERVER, KB_SESSION_CONFIRM, ANY, ID_SC},
    {KB_LIAR_TO_SERVER, KB_SESSION_CONFIRM, ANY, SEALED},
    {KB_LIAR_FROM_SERVER, KB_SESSION_AGREE, ANY, SESSION},
    {KB_LIAR_FROM_SERVER, KB_SESSION_AGREE, ANY, ID_SC},
    {KB_LIAR_FROM_SERVER, KB_SESSION_AGREE, ANY, AGREE},
    {KB_LIAR_FROM_SERVER, KB_SESSION_IDENTITY, ANY, SESSION},
    {KB_LIAR_FROM_SERVER, KB_SESSION_IDENTITY, ANY, ID_SC},
    {KB_LIAR_FROM_SERVER, KB_SESSION_IDENTITY, ANY, SEALED},
    {KB_LIAR_FROM_SERVER, KB_SESSION_CONFIRM, ANY, SESSION},
    {KB_LIAR_FROM_SERVER, KB_SESSION_CONFIRM, ANY, ID_SC},
    {KB_LIAR_TO_CARD, KB_SESSION_COMMAND, ANY, SESSION},
    {KB_LIAR_TO_CARD, KB_SESSION_COMMAND, ANY, COMMAND},
    {KB_LIAR_TO_CARD, KB_SESSION_COMMAND, ANY, ID_O},
    {KB_LIAR_TO_CARD, KB_SESSION_COMMAND, ANY, ADMIN_CODE},
    {KB_LIAR_TO_CARD, KB_SESSION_COMMAND, ANY, AGREE},
    {KB_LIAR_TO_CARD, KB_SESSION_COMMAND, ANY, TIME},
    {KB_LIAR_TO_CARD, KB_SESSION_IDENTITY, ANY, SESSION},
    {KB_LIAR_TO_CARD, KB_SESSION_IDENTITY, ANY, SEALED},
    {KB_LIAR_TO_CARD, KB_SESSION_CONFIRM, ANY, SESSION},
};

size_t kb_liar_field_count(void)
{
    return sizeof(lies) / sizeof(lies[0]);
}

static struct kb_span *span_of(struct kb_session_message *message, enum field field)
{
    switch (field) {
    case ID_SC:
        return &message->id_sc;
    case ID_O:
        return &message->id_o;
    case AGREE:
        return &message->agree;
    case ADMIN_CODE:
        return &message->admin_code;
    case SEALED:
        return &message->sealed;
    case CREDENTIAL:
        return &message->credential;
    default:
        return NULL;
    }
}

/* Its last byte becomes a neighbour: digits stay digits. */
static bool change_span(struct kb_span *span, uint8_t room[KB_SESSION_AGREE_MAX])
{
    if (!span->len || span->len > KB_SESSION_AGREE_MAX)
        return false;
    memcpy(room, span->data, span->len);
    room[span->len - 1] ^= 1;
    span->data = room;
    return true;
}

static bool change_number(struct kb_session_message *message, enum field field)
{
    switch (field) {
    case SESSION:
        message->session ^= 1;
        return true;
    case COMMAND:
        message->command = KB_COMMAND_START;
        return true;
    case AGREEMENT:
        message->agreement =
            message->agreement == KB_SESSION_EDHOC ? KB_SESSION_DH : KB_SESSION_EDHOC;
        return true;
    default:
        message->time += INT64_C(40) * 365 * 86400;
        return true;
    }
}

bool kb_liar_change_field(size_t lie, enum kb_liar_way way, struct kb_session_message *message,
                          uint8_t room[KB_SESSION_AGREE_MAX])
{
    struct kb_span *span = span_of(message, lies[lie].field);

    if (lies[lie].way != way || lies[lie].kind != message->kind ||
        (lies[lie].which == FIRST && !message->agreement) ||
        (lies[lie].which == LATER && message->agreement))
        return false;
    return span ? change_span(span, room) : change_number(message, lies[lie].field);
}
