/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dpa_script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "device/dpa_front.h"

enum { WAIT_MAX = 31536000 }; /* a year */

/* --- What was told --- */

static void hear(struct kb_dpa_script *script, const char *text)
{
    size_t len = strlen(script->heard), more = strlen(text) + 1;

    if (more + 1 > sizeof(script->heard))
        return;
    if (len + more + 1 > sizeof(script->heard)) { /* the oldest is forgotten */
        size_t away = len + more + 1 - sizeof(script->heard);

        len -= away;
        memmove(script->heard, script->heard + away, len);
    }
    memcpy(script->heard + len, text, more - 1);
    memcpy(script->heard + len + more - 1, "\n", 2);
}

static void hear_list(struct kb_dpa_script *script, const struct kb_terminal_menu *menu)
{
    hear(script, menu->title);
    for (size_t i = 0; i < menu->count; i++)
        hear(script, menu->items[i].text);
}

void kb_dpa_script_hear(struct kb_dpa_script *script, const struct kb_dpa *dpa,
                        const struct kb_dpa_news *news)
{
    const struct kb_terminal *terminal = kb_dpa_terminal(dpa);

    hear(script, news->text);
    if (news->what == KB_DPA_MENU && kb_dpa_menu(dpa))
        hear_list(script, kb_dpa_menu(dpa));
    if (news->what == KB_DPA_ASK && kb_dpa_question(dpa)->choice)
        hear_list(script, kb_dpa_question(dpa)->choice);
    if (news->what == KB_DPA_STATE) {
        hear(script, kb_dpa_service_text(kb_terminal_service(terminal)));
        hear(script, kb_terminal_imsi(terminal));
    }
}

/* --- One line --- */

struct step {
    struct kb_dpa_script *script;
    struct kb_dpa *dpa;
    const char *argument;
    struct kb_report *why;
};

static enum kb_err refuse(const struct step *step, enum kb_err err, const char *text)
{
    return kb_report(step->why, err, "%s:%u: %s", step->script->name, step->script->line, text);
}

/* What the card asks, in the words of a script. */
static const char *asked(const struct kb_dpa *dpa)
{
    static const char *const kinds[] = {
        [KB_ASK_SHOW] = "wants a text to be read",
        [KB_ASK_YES_NO] = "asks yes or no",
        [KB_ASK_KEY] = "wants a key",
        [KB_ASK_INPUT] = "wants an input",
        [KB_ASK_SELECT] = "wants a selection",
    };
    const struct kb_terminal_question *question = kb_dpa_question(dpa);

    return question ? kinds[question->kind] : "asks nothing";
}

static enum kb_err check_kind(const struct step *step, enum kb_terminal_ask kind)
{
    const struct kb_terminal_question *question = kb_dpa_question(step->dpa);

    if (question && question->kind == kind)
        return KB_OK;
    return kb_report(step->why, KB_ERR_RULE, "%s:%u: the card %s%s%s", step->script->name,
                     step->script->line, asked(step->dpa), question && *question->text ? ": " : "",
                     question ? question->text : "");
}

static enum kb_err answer(const struct step *step, const struct kb_terminal_reply *reply)
{
    const char *refused = kb_dpa_answer(step->dpa, reply);

    return refused ? refuse(step, KB_ERR_RULE, refused) : KB_OK;
}

/* By number from 1, or by the text of the item. 0: there is none. */
static size_t find_item(const struct kb_terminal_menu *menu, const char *argument)
{
    size_t n = strspn(argument, "0123456789") == strlen(argument) && strlen(argument) < 4
                   ? strtoul(argument, NULL, 10)
                   : 0;

    for (size_t i = 0; !n && i < menu->count; i++)
        if (strcmp(menu->items[i].text, argument) == 0)
            n = i + 1;
    return n <= menu->count ? n : 0;
}

static enum kb_err refuse_item(const struct step *step, const char *list)
{
    return kb_report(step->why, KB_ERR_RULE,
                     "%s:%u: the %s has no such item: %s; say its number or its whole text",
                     step->script->name, step->script->line, list, step->argument);
}

static enum kb_err do_menu(const struct step *step)
{
    const struct kb_terminal_menu *menu = kb_dpa_menu(step->dpa);

    if (kb_dpa_question(step->dpa))
        return kb_report(step->why, KB_ERR_RULE, "%s:%u: the card %s: %s", step->script->name,
                         step->script->line, asked(step->dpa), kb_dpa_question(step->dpa)->text);
    if (!menu)
        return refuse(step, KB_ERR_RULE, "the card has no menu");
    if (!kb_dpa_choose(step->dpa, find_item(menu, step->argument)))
        return refuse_item(step, "menu");
    return KB_OK;
}

static enum kb_err do_select(const struct step *step)
{
    struct kb_terminal_reply reply = {.result = KB_CAT_OK};
    enum kb_err err = check_kind(step, KB_ASK_SELECT);
    size_t n = err ? 0 : find_item(kb_dpa_question(step->dpa)->choice, step->argument);

    if (err)
        return err;
    if (!n)
        return refuse_item(step, "list");
    reply.item = kb_dpa_question(step->dpa)->choice->items[n - 1].id;
    return answer(step, &reply);
}

static enum kb_err do_type(const struct step *step, enum kb_terminal_ask kind, const char *text)
{
    struct kb_terminal_reply reply = {.result = KB_CAT_OK};
    enum kb_err err = check_kind(step, kind);

    if (!err && strlen(text) > KB_TERMINAL_INPUT_MAX)
        err = refuse(step, KB_ERR_RULE, "too long");
    if (!err) {
        strcpy(reply.text, text);
        err = answer(step, &reply);
    }
    kb_wipe(&reply, sizeof(reply));
    return err;
}

static enum kb_err do_yes(const struct step *step)
{
    return do_type(step, KB_ASK_YES_NO, "+");
}

static enum kb_err do_no(const struct step *step)
{
    return do_type(step, KB_ASK_YES_NO, "-");
}

static enum kb_err do_key(const struct step *step)
{
    return do_type(step, KB_ASK_KEY, step->argument);
}

static enum kb_err do_input(const struct step *step)
{
    return do_type(step, KB_ASK_INPUT, step->argument);
}

static enum kb_err do_read(const struct step *step)
{
    return do_type(step, KB_ASK_SHOW, "");
}

static enum kb_err leave(const struct step *step, uint8_t result)
{
    const struct kb_terminal_reply reply = {.result = result};

    return answer(step, &reply);
}

static enum kb_err do_back(const struct step *step)
{
    return leave(step, KB_CAT_BACKWARD_MOVE);
}

static enum kb_err do_end(const struct step *step)
{
    return leave(step, KB_CAT_SESSION_TERMINATED_BY_USER);
}

static enum kb_err do_silence(const struct step *step)
{
    return leave(step, KB_CAT_NO_RESPONSE_FROM_USER);
}

static enum kb_err do_wait(const struct step *step)
{
    char *rest;
    unsigned long seconds = strtoul(step->argument, &rest, 10);

    if (!*step->argument || *rest || seconds > WAIT_MAX)
        return refuse(step, KB_ERR_MALFORMED, "wait for how many seconds?");
    step->script->now += 1000 * (int64_t)seconds;
    kb_dpa_pass(step->dpa, step->script->now);
    return KB_OK;
}

static enum kb_err do_expect(const struct step *step)
{
    bool was_heard = strstr(step->script->heard, step->argument) != NULL;

    if (!was_heard)
        return kb_report(step->why, KB_ERR_RULE, "%s:%u: nothing was told with \"%s\" in it",
                         step->script->name, step->script->line, step->argument);
    step->script->heard[0] = 0;
    return KB_OK;
}

static enum kb_err do_off(const struct step *step)
{
    kb_dpa_off(step->dpa);
    return KB_OK;
}

static enum kb_err do_on(const struct step *step)
{
    return kb_dpa_on(step->dpa, step->why);
}

static const struct {
    const char *word;
    bool has_argument;
    enum kb_err (*run)(const struct step *step);
} words[] = {
    {"menu", true, do_menu},  {"select", true, do_select},    {"yes", false, do_yes},
    {"no", false, do_no},     {"key", true, do_key},          {"input", true, do_input},
    {"read", false, do_read}, {"back", false, do_back},       {"end", false, do_end},
    {"wait", true, do_wait},  {"silence", false, do_silence}, {"expect", true, do_expect},
    {"off", false, do_off},   {"on", false, do_on},
};

enum kb_err kb_dpa_script_line(struct kb_dpa_script *script, struct kb_dpa *dpa, const char *line,
                               struct kb_report *why)
{
    size_t len = strcspn(line, " ");
    struct step step = {script, dpa, line[len] ? line + len + 1 : "", why};

    script->line++;
    if (!*line || *line == '#')
        return KB_OK;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].word) != len || memcmp(words[i].word, line, len) != 0)
            continue;
        if (!words[i].has_argument && *step.argument)
            return refuse(&step, KB_ERR_MALFORMED, "nothing stands behind this word");
        return words[i].run(&step);
    }
    return kb_report(why, KB_ERR_MALFORMED, "%s:%u: %.*s is no word of a script", script->name,
                     script->line, (int)(len < 40 ? len : 40), line);
}

enum kb_err kb_dpa_script_run(struct kb_dpa_script *script, struct kb_dpa *dpa, FILE *file,
                              struct kb_report *why)
{
    enum kb_err err = KB_OK;
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    while (!err && (len = getline(&line, &room, file)) >= 0) {
        while (len && strchr("\r\n", line[len - 1]) && line[len - 1])
            line[--len] = 0;
        err = kb_dpa_script_line(script, dpa, line, why);
    }
    if (!err && ferror(file))
        err = kb_report(why, KB_ERR_IO, "%s: %s", script->name, strerror(errno));
    if (!err && kb_dpa_question(dpa))
        err = kb_report(why, KB_ERR_RULE, "%s:%u: the script ends, but the card %s: %s",
                        script->name, script->line, asked(dpa), kb_dpa_question(dpa)->text);
    if (line)
        kb_wipe(line, room); /* PINs come this way */
    free(line);
    return err;
}
