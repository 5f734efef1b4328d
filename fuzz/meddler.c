/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/meddler.h"

#include <string.h>

#include "sim/inside.h"
#include "wire/sms.h"

enum { DELAY_UNIT_MS = 50 };

void meddler_read(struct meddler *meddler, struct kb_span list)
{
    struct kb_cursor rd = kb_rd(list);

    while (kb_rd_left(&rd) >= MEDDLE_SIZE && meddler->count < MEDDLE_MAX) {
        size_t at = meddler->count++;

        meddler->list[at].link = kb_rd_u8(&rd) % KB_LINKS;
        meddler->list[at].what = kb_rd_u8(&rd) % MEDDLINGS;
        meddler->list[at].number = kb_rd_u16(&rd);
        meddler->list[at].a = kb_rd_u16(&rd);
        meddler->list[at].b = kb_rd_u8(&rd);
        meddler->list[at].c = kb_rd_u8(&rd);
    }
}

bool meddler_kills(const struct meddler *meddler)
{
    for (size_t i = 0; i < meddler->count; i++)
        if (meddler->list[i].what == MEDDLE_KILL)
            return true;
    return false;
}

/* --- What came before --- */

static void keep(struct meddler *meddler, const struct kb_sim_crossing *crossing)
{
    struct meddler_kept *kept = &meddler->kept[meddler->next % MEDDLE_KEPT];

    if (crossing->bytes.len > sizeof(kept->bytes) || !crossing->bytes.len)
        return;
    kept->link = (uint8_t)crossing->link;
    kept->is_up = crossing->is_up;
    kept->card = crossing->card;
    kept->len = crossing->bytes.len;
    memcpy(kept->bytes, crossing->bytes.data, kept->len);
    meddler->next++;
}

/* The one before `ago` others of this link and direction; of another card when is_other. Empty:
 * there is none. */
static struct kb_span earlier(const struct meddler *meddler, const struct kb_sim_crossing *like,
                              size_t ago, bool is_other)
{
    size_t count = meddler->next < MEDDLE_KEPT ? meddler->next : MEDDLE_KEPT;

    for (size_t i = 1; i <= count; i++) {
        const struct meddler_kept *kept = &meddler->kept[(meddler->next - i) % MEDDLE_KEPT];

        if (kept->link == like->link && kept->is_up == like->is_up &&
            (!is_other || kept->card != like->card) && ago-- == 0)
            return kb_span(kept->bytes, kept->len);
    }
    return kb_span(NULL, 0);
}

/* --- Fields of a message between servers --- */

static const size_t spans[] = {
    offsetof(struct kb_session_message, id_sc),
    offsetof(struct kb_session_message, id_o),
    offsetof(struct kb_session_message, agree),
    offsetof(struct kb_session_message, admin_code),
    offsetof(struct kb_session_message, sealed),
    offsetof(struct kb_session_message, revoked),
    offsetof(struct kb_session_message, credential),
    offsetof(struct kb_session_message, operators),
};

enum number { KIND, SESSION, COMMAND, AGREEMENT, REASON, TIME, SEEN, WANTS, NUMBERS };
enum { SPANS = sizeof(spans) / sizeof(spans[0]) };

static void set_number(struct kb_session_message *message, unsigned which, uint16_t value)
{
    switch (which) {
    case KIND:
        message->kind = (enum kb_session_kind)(value % KB_SESSION_KINDS);
        break;
    case SESSION: /* the highest one too */
        message->session = value == UINT16_MAX ? UINT32_MAX : value;
        break;
    case COMMAND:
        message->command = (uint8_t)value;
        break;
    case AGREEMENT:
        message->agreement = (uint8_t)value;
        break;
    case REASON:
        message->reason = (uint8_t)value;
        break;
    case TIME:
        message->time = (uint64_t)value << 16;
        break;
    case SEEN:
        message->revoked_seen = value;
        break;
    default:
        message->wants_operators = value & 1;
        break;
    }
}

static struct kb_span *span_of(struct kb_session_message *message, unsigned which)
{
    return (struct kb_span *)(void *)((uint8_t *)message + spans[which]);
}

/* Empty, with a bit changed, or as an earlier message had it. */
static void set_span(struct meddler *meddler, const struct kb_sim_crossing *crossing,
                     struct kb_session_message *message, unsigned which, uint16_t a, uint8_t ago)
{
    struct kb_span *span = span_of(message, which);
    struct kb_session_message other;
    struct kb_span bytes = earlier(meddler, crossing, ago, false);

    if (a == 0) {
        *span = kb_span(NULL, 0);
    } else if (a & 1) {
        if (!span->len || span->len > sizeof(meddler->extra))
            return;
        memcpy(meddler->extra, span->data, span->len);
        meddler->extra[a / 16 % span->len] ^= (uint8_t)(1u << a / 2 % 8);
        *span = kb_span(meddler->extra, span->len);
    } else if (bytes.len && !kb_session_read(bytes, &other)) {
        *span = *span_of(&other, which);
    }
}

static void change_field(struct meddler *meddler, const struct kb_sim_crossing *crossing, size_t at,
                         struct kb_sim_fate *fate)
{
    struct kb_session_message message;
    struct kb_writer wr = kb_wr(meddler->room, sizeof(meddler->room));
    unsigned which = meddler->list[at].b % (NUMBERS + SPANS);

    if (kb_session_read(crossing->bytes, &message))
        return;
    if (which < NUMBERS)
        set_number(&message, which, meddler->list[at].a);
    else
        set_span(meddler, crossing, &message, which - NUMBERS, meddler->list[at].a,
                 meddler->list[at].c);
    kb_session_write(&wr, &message);
    if (wr.is_bad)
        return;
    fate->goes[0].bytes = kb_wr_span(&wr);
    fate->goes[0].is_forged = true;
}

/* --- Bytes --- */

static void replace(struct kb_sim_fate *fate, struct kb_span bytes)
{
    if (!bytes.len)
        return;
    fate->goes[0].bytes = bytes;
    fate->goes[0].is_forged = true;
}

static void change_bytes(struct meddler *meddler, size_t at, struct kb_sim_fate *fate)
{
    uint8_t *room = meddler->room;
    size_t len = fate->goes[0].bytes.len, a = meddler->list[at].a;

    if (!len || len >= sizeof(meddler->room))
        return;
    if (meddler->list[at].what == MEDDLE_INSERT && meddler->list[at].link == KB_LINK_CENTRE &&
        len >= KB_SMS_USER_DATA)
        return; /* a centre is given no more than fits */
    memmove(room, fate->goes[0].bytes.data, len);
    switch (meddler->list[at].what) {
    case MEDDLE_CUT:
        len = a % len;
        break;
    case MEDDLE_FLIP:
        room[a / 8 % len] ^= (uint8_t)(1u << a % 8);
        break;
    default:
        a %= len + 1;
        memmove(room + a + 1, room + a, len - a);
        room[a] = meddler->list[at].b;
        len++;
        break;
    }
    fate->goes[0].bytes = kb_span(room, len);
    fate->goes[0].is_forged = true;
}

/* --- Parties --- */

static void cut_power(struct meddler *meddler, size_t at)
{
    uint64_t card = meddler->list[at].b % meddler->world->config.cards;
    struct kb_sim_phone *phone = kb_sim_phone(meddler->world, card);

    if (phone && phone->is_on && phone->is_powered && !phone->fault.is_off)
        kb_flash_fault_arm(&phone->fault, 1 + meddler->list[at].a % 512, meddler->list[at].c);
}

static void kill_server(struct meddler *meddler, size_t at)
{
    unsigned number = meddler->list[at].b % meddler->world->operator_count;

    meddler->world->hosts[number].dies_in = 1 + meddler->list[at].a % 256;
}

/* --- The list --- */

static void again(struct kb_sim_fate *fate, struct kb_span bytes, int64_t delay_ms, bool is_forged)
{
    if (fate->count != 1 || !bytes.len)
        return;
    fate->goes[1].bytes = bytes;
    fate->goes[1].delay_ms = delay_ms;
    fate->goes[1].is_forged = is_forged;
    fate->count = 2;
}

/* What says nothing new: any link may do that. */
static bool carry_badly(struct meddler *meddler, const struct kb_sim_crossing *crossing, size_t at,
                        struct kb_sim_fate *fate)
{
    uint16_t a = meddler->list[at].a;

    switch (meddler->list[at].what) {
    case MEDDLE_DROP:
        fate->count = 0;
        return true;
    case MEDDLE_DOUBLE:
        again(fate, fate->goes[0].bytes, a, fate->goes[0].is_forged);
        return true;
    case MEDDLE_DELAY:
        fate->goes[0].delay_ms += a * DELAY_UNIT_MS;
        return true;
    case MEDDLE_REPLAY:
        again(fate, earlier(meddler, crossing, meddler->list[at].b, false), a, true);
        return true;
    case MEDDLE_POWER:
        cut_power(meddler, at);
        return true;
    case MEDDLE_KILL:
        kill_server(meddler, at);
        return true;
    default:
        return false;
    }
}

/* Between a PS and its register is nobody: it is one house. */
static void tell_lies(struct meddler *meddler, const struct kb_sim_crossing *crossing, size_t at,
                      struct kb_sim_fate *fate)
{
    if (crossing->link == KB_LINK_REGISTER)
        return;
    meddler->has_lied |= crossing->link == KB_LINK_SERVERS;
    switch (meddler->list[at].what) {
    case MEDDLE_INSTEAD:
        replace(fate, earlier(meddler, crossing, meddler->list[at].b, false));
        break;
    case MEDDLE_OTHER:
        replace(fate, earlier(meddler, crossing, meddler->list[at].b, true));
        break;
    case MEDDLE_FIELD:
        if (crossing->link == KB_LINK_SERVERS)
            change_field(meddler, crossing, at, fate);
        break;
    default:
        change_bytes(meddler, at, fate);
        break;
    }
}

void meddler_meddle(void *ctx, const struct kb_sim_crossing *crossing, struct kb_sim_fate *fate)
{
    struct meddler *meddler = ctx;
    uint16_t number = meddler->seen[crossing->link]++;

    for (size_t i = 0; i < meddler->count; i++)
        if (meddler->list[i].link == crossing->link && meddler->list[i].number == number &&
            !carry_badly(meddler, crossing, i, fate))
            tell_lies(meddler, crossing, i, fate);
    /* APDUs and signalling would leave no place for what may come again. */
    if (crossing->link >= KB_LINK_SMS)
        keep(meddler, crossing);
}
