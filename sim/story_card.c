/* SPDX-License-Identifier: Apache-2.0 */
/* What card and terminal say to each other in the toolkit, in words. */
#include <stdio.h>
#include <string.h>

#include "device/text.h"
#include "sim/story.h"
#include "wire/apdu.h"

enum { TEXT = 100, INS_ENVELOPE = 0xC2, SW = 2 };

struct name {
    uint8_t number;
    const char *text;
};

/* ETSI TS 102 223 clause 9.4. */
static const struct name commands[] = {
    {KB_CAT_REFRESH, "REFRESH"},
    {KB_CAT_MORE_TIME, "MORE TIME"},
    {KB_CAT_POLL_INTERVAL, "POLL INTERVAL"},
    {KB_CAT_POLLING_OFF, "POLLING OFF"},
    {KB_CAT_SET_UP_EVENT_LIST, "SET UP EVENT LIST"},
    {KB_CAT_SEND_SHORT_MESSAGE, "SEND SHORT MESSAGE"},
    {KB_CAT_DISPLAY_TEXT, "DISPLAY TEXT"},
    {KB_CAT_GET_INKEY, "GET INKEY"},
    {KB_CAT_GET_INPUT, "GET INPUT"},
    {KB_CAT_SELECT_ITEM, "SELECT ITEM"},
    {KB_CAT_SET_UP_MENU, "SET UP MENU"},
    {KB_CAT_PROVIDE_LOCAL_INFORMATION, "PROVIDE LOCAL INFORMATION"},
    {KB_CAT_TIMER_MANAGEMENT, "TIMER MANAGEMENT"},
    {KB_CAT_OPEN_CHANNEL, "OPEN CHANNEL"},
    {KB_CAT_CLOSE_CHANNEL, "CLOSE CHANNEL"},
    {KB_CAT_RECEIVE_DATA, "RECEIVE DATA"},
    {KB_CAT_SEND_DATA, "SEND DATA"},
    {KB_CAT_GET_CHANNEL_STATUS, "GET CHANNEL STATUS"},
};

static const struct name envelopes[] = {
    {KB_CAT_SMS_PP_DOWNLOAD, "ENVELOPE: short message"},
    {KB_CAT_MENU_SELECTION, "ENVELOPE: menu selection"},
    {KB_CAT_EVENT_DOWNLOAD, "ENVELOPE: event"},
    {KB_CAT_TIMER_EXPIRATION, "ENVELOPE: timer expired"},
};

static const char *name_of(const struct name *names, size_t count, uint8_t number)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].text;
    return NULL;
}

static bool tell_command(struct kb_span bytes, char words[KB_STORY_WORDS])
{
    struct kb_cat_command command;
    char text[TEXT] = "";
    const char *name;

    if (kb_cat_command_read(bytes, &command))
        return false;
    name = name_of(commands, sizeof(commands) / sizeof(commands[0]), command.type);
    if (kb_cat_has(&command.with, KB_CAT_TEXT))
        kb_terminal_text_decode(&command.with.text, text, sizeof(text));
    else if (kb_cat_has(&command.with, KB_CAT_ALPHA))
        kb_terminal_text_decode_alpha(command.with.alpha, text, sizeof(text));
    if (text[0])
        snprintf(words, KB_STORY_WORDS, "%s: %s", name ? name : "command", text);
    else
        snprintf(words, KB_STORY_WORDS, "%s", name ? name : "command");
    return true;
}

static bool tell_apdu(struct kb_span bytes, char words[KB_STORY_WORDS])
{
    struct kb_cat_envelope envelope;
    struct kb_apdu apdu;
    const char *name = NULL;

    if (kb_apdu_parse(bytes, &apdu) || apdu.ins != INS_ENVELOPE ||
        kb_cat_envelope_read(apdu.data, &envelope))
        return false;
    name = name_of(envelopes, sizeof(envelopes) / sizeof(envelopes[0]), envelope.tag);
    snprintf(words, KB_STORY_WORDS, "%s", name ? name : "ENVELOPE");
    return true;
}

bool kb_story_card_words(const struct kb_sim_crossing *crossing, char words[KB_STORY_WORDS])
{
    struct kb_span bytes = crossing->bytes;

    if (crossing->link != KB_LINK_CARD)
        return false;
    if (!crossing->is_up)
        return tell_apdu(bytes, words);
    if (bytes.len <= SW || bytes.data[0] != KB_CAT_PROACTIVE_TAG)
        return false;
    return tell_command(kb_span(bytes.data, bytes.len - SW), words);
}
