/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in words. */
#include <stdio.h>
#include <string.h>

#include "service/register.h"
#include "sim/story.h"
#include "wire/cat.h"
#include "wire/sms_parts.h"

static const char *const kinds[KB_SESSION_KINDS] = {
    [KB_SESSION_REQUEST] = "REQUEST", [KB_SESSION_COMMAND] = "COMMAND",
    [KB_SESSION_AGREE] = "AGREE",     [KB_SESSION_IDENTITY] = "IDENTITY",
    [KB_SESSION_CONFIRM] = "CONFIRM", [KB_SESSION_REFUSE] = "REFUSE"};

static const char *const requests[] = {[KB_REGISTER_CREATE] = "CREATE",
                                       [KB_REGISTER_REMOVE] = "REMOVE",
                                       [KB_REGISTER_DONE] = "DONE",
                                       [KB_REGISTER_FAILED] = "FAILED",
                                       [KB_REGISTER_SEEN] = "SEEN"};

static void tell_session(struct kb_span bytes, char words[KB_STORY_WORDS])
{
    struct kb_session_message message;
    size_t len;

    if (kb_session_read(bytes, &message))
        return;
    len = (size_t)snprintf(words, KB_STORY_WORDS, "%s, session %u", kinds[message.kind],
                           message.session);
    if (message.agree.len)
        len += (size_t)snprintf(words + len, KB_STORY_WORDS - len, ", agreement: %zu bytes",
                                message.agree.len);
    if (message.sealed.len)
        len += (size_t)snprintf(words + len, KB_STORY_WORDS - len, ", sealed: %zu bytes",
                                message.sealed.len);
    if (message.reason)
        snprintf(words + len, KB_STORY_WORDS - len, ": %s",
                 kb_session_reason_text((enum kb_session_reason)message.reason));
}

static void tell_user_data(struct kb_span user_data, char words[KB_STORY_WORDS])
{
    struct kb_sms_header header;
    struct kb_span rest;

    if (kb_sms_header_parse(user_data, &header, &rest))
        return;
    if (header.is_part)
        snprintf(words, KB_STORY_WORDS, "secured packet, part %u of %u", header.number,
                 header.total);
    else
        snprintf(words, KB_STORY_WORDS, "secured packet");
}

static void tell_tpdu(const struct kb_sim_crossing *crossing, char words[KB_STORY_WORDS])
{
    struct kb_sms sms;
    char inner[KB_STORY_WORDS] = "";

    if (kb_sms_parse(crossing->bytes, crossing->is_up ? KB_SMS_SUBMIT : KB_SMS_DELIVER, &sms))
        return;
    tell_user_data(sms.user_data, inner);
    snprintf(words, KB_STORY_WORDS, "%s: %.100s", crossing->what, inner);
}

static void tell_request(struct kb_span bytes, char words[KB_STORY_WORDS])
{
    struct kb_register_message message;

    if (!kb_register_read(bytes, &message))
        snprintf(words, KB_STORY_WORDS, "%s %.*s", requests[message.what], (int)message.imsi.len,
                 (const char *)message.imsi.data);
}

void kb_story_words(const struct kb_sim_crossing *crossing, char words[KB_STORY_WORDS])
{
    snprintf(words, KB_STORY_WORDS, "%s", crossing->what);
    switch (crossing->link) {
    case KB_LINK_SMS:
        tell_tpdu(crossing, words);
        break;
    case KB_LINK_CENTRE:
        tell_user_data(crossing->bytes, words);
        break;
    case KB_LINK_SERVERS:
        tell_session(crossing->bytes, words);
        break;
    case KB_LINK_REGISTER:
        tell_request(crossing->bytes, words);
        break;
    default:
        break;
    }
}
