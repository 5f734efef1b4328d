/* SPDX-License-Identifier: Apache-2.0 */
/* The front end for a person at a terminal that may be able to do nothing but lines. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "device/dpa_front.h"

enum { QUESTIONS_AT_ONCE = 64 };

const char *kb_dpa_service_text(enum kb_cat_service service)
{
    return service == KB_CAT_NORMAL_SERVICE    ? "normal service"
           : service == KB_CAT_LIMITED_SERVICE ? "limited service"
                                               : "no service";
}

/* --- Showing --- */

/* A text of the card may have lines; each gets the mark, so that none looks like one of ours. */
static void print_text(FILE *out, const char *mark, const char *text)
{
    size_t len;

    do {
        len = strcspn(text, "\r\n");
        fprintf(out, "%s%.*s\n", mark, (int)len, text);
        text += len;
        text += strspn(text, "\r\n");
    } while (*text);
}

static void print_list(FILE *out, const struct kb_terminal_menu *menu)
{
    if (menu->title[0])
        print_text(out, "= ", menu->title);
    for (size_t i = 0; i < menu->count; i++) {
        char number[32];

        snprintf(number, sizeof(number), "%3zu  ", i + 1);
        print_text(out, number, menu->items[i].text);
    }
}

static void print_menu(FILE *out, const struct kb_dpa *dpa)
{
    if (kb_dpa_menu(dpa))
        print_list(out, kb_dpa_menu(dpa));
    else
        fprintf(out, "(no menu)\n");
}

/* What the user may type. */
static void print_hint(FILE *out, const struct kb_terminal_question *question)
{
    static const char *const hints[] = {
        [KB_ASK_SHOW] = "Enter when read",        [KB_ASK_YES_NO] = "y or n",
        [KB_ASK_KEY] = "one character",           [KB_ASK_INPUT] = "",
        [KB_ASK_SELECT] = "a number of the list",
    };

    if (question->kind != KB_ASK_INPUT) {
        fprintf(out, "(%s)\n", hints[question->kind]);
        return;
    }
    fprintf(out, "(%u", question->min);
    if (question->max != question->min)
        fprintf(out, " to %u", question->max);
    fprintf(out, " %s%s", question->is_digits ? "digits" : "characters",
            question->is_hidden ? ", hidden" : "");
    if (question->proposal[0])
        fprintf(out, "; Enter for %s", question->proposal);
    fprintf(out, ")\n");
}

static void print_question(FILE *out, const struct kb_terminal_question *question)
{
    if (question->kind == KB_ASK_SELECT)
        print_list(out, question->choice);
    else
        print_text(out, "? ", question->text);
    print_hint(out, question);
}

void kb_dpa_text_info(FILE *out, const struct kb_dpa *dpa)
{
    const struct kb_terminal *terminal = kb_dpa_terminal(dpa);
    const char *imsi = kb_terminal_imsi(terminal), *iccid = kb_terminal_iccid(terminal);

    if (!kb_terminal_is_on(terminal)) {
        fprintf(out, "(off)\n");
        return;
    }
    fprintf(out, "(card %s, IMSI %s, %s)\n", *iccid ? iccid : "without number",
            *imsi ? imsi : "none", kb_dpa_service_text(kb_terminal_service(terminal)));
}

void kb_dpa_text_tell(FILE *out, const struct kb_dpa *dpa, const struct kb_dpa_news *news)
{
    switch (news->what) {
    case KB_DPA_SHOW:
        print_text(out, "  ", news->text);
        break;
    case KB_DPA_MENU:
        print_menu(out, dpa);
        break;
    case KB_DPA_ASK:
        print_question(out, kb_dpa_question(dpa));
        break;
    case KB_DPA_MESSAGE:
        fprintf(out, "Message from %s:\n", news->sender);
        print_text(out, "  ", news->text);
        break;
    case KB_DPA_STATE:
        kb_dpa_text_info(out, dpa);
        break;
    }
    fflush(out);
}

/* --- Reading --- */

static void leave(struct kb_dpa *dpa, FILE *out, uint8_t result)
{
    const struct kb_terminal_reply reply = {.result = result};

    if (kb_dpa_answer(dpa, &reply))
        fprintf(out, "(nothing was asked)\n");
}

static void back(struct kb_dpa *dpa, FILE *out)
{
    leave(dpa, out, KB_CAT_BACKWARD_MOVE);
}

static void end(struct kb_dpa *dpa, FILE *out)
{
    leave(dpa, out, KB_CAT_SESSION_TERMINATED_BY_USER);
}

static void show_menu(struct kb_dpa *dpa, FILE *out)
{
    print_menu(out, dpa);
}

static void show_info(struct kb_dpa *dpa, FILE *out)
{
    kb_dpa_text_info(out, dpa);
}

static void help(struct kb_dpa *dpa, FILE *out)
{
    (void)dpa;
    fprintf(out, "A number chooses from the menu or list, anything else answers the question.\n"
                 ":back  :end  :menu  :info  :help  :quit\n");
}

static const struct {
    const char *word;
    void (*run)(struct kb_dpa *dpa, FILE *out);
} words[] = {
    {":back", back}, {":end", end}, {":menu", show_menu}, {":info", show_info}, {":help", help},
};

/* 0: no number. */
static size_t number_of(const char *line)
{
    size_t len = strlen(line);

    if (!len || len > 3 || strspn(line, "0123456789") != len)
        return 0;
    return strtoul(line, NULL, 10);
}

static bool fill_reply(const struct kb_terminal_question *question, const char *line,
                       struct kb_terminal_reply *reply)
{
    size_t n = number_of(line);

    if (question->kind == KB_ASK_SELECT) {
        if (n < 1 || n > question->choice->count)
            return false;
        reply->item = question->choice->items[n - 1].id;
        return true;
    }
    if (question->kind == KB_ASK_YES_NO)
        line = strchr("yY+", *line) && *line ? "+" : strchr("nN-", *line) && *line ? "-" : "";
    else if (!*line && question->proposal[0])
        line = question->proposal;
    if (strlen(line) > KB_TERMINAL_INPUT_MAX)
        return false;
    strcpy(reply->text, line);
    return true;
}

static void answer(struct kb_dpa *dpa, FILE *out, const char *line)
{
    const struct kb_terminal_question *question = kb_dpa_question(dpa);
    struct kb_terminal_reply reply = {.result = KB_CAT_OK};
    const char *refused = "there is no such answer";

    if (fill_reply(question, line, &reply))
        refused = kb_dpa_answer(dpa, &reply);
    kb_wipe(&reply, sizeof(reply));
    if (!refused)
        return;
    fprintf(out, "(%s)\n", refused);
    print_hint(out, question);
}

bool kb_dpa_text_line(struct kb_dpa *dpa, FILE *out, const char *line)
{
    bool is_done = strcmp(line, ":quit") == 0;

    for (size_t i = 0; !is_done && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(line, words[i].word) == 0) {
            words[i].run(dpa, out);
            fflush(out);
            return true;
        }
    if (is_done)
        return false;
    if (kb_dpa_question(dpa))
        answer(dpa, out, line);
    else if (*line && !kb_dpa_choose(dpa, number_of(line)))
        fprintf(out, "(%s)\n",
                kb_dpa_menu(dpa) ? "a number of the menu, or :help"
                                 : "there is nothing to choose now");
    fflush(out);
    return true;
}

/* --- Nobody --- */

/* A card that never stops asking is left alone until something happens again. */
void kb_dpa_automatic(struct kb_dpa *dpa)
{
    const struct kb_terminal_question *question;

    for (int i = 0; i < QUESTIONS_AT_ONCE && (question = kb_dpa_question(dpa)); i++) {
        struct kb_terminal_reply reply = {.result = KB_CAT_OK};

        if (question->kind == KB_ASK_YES_NO)
            strcpy(reply.text, "+");
        else if (question->proposal[0])
            memcpy(reply.text, question->proposal, sizeof(question->proposal));
        else if (question->kind != KB_ASK_SHOW)
            reply.result = KB_CAT_NO_RESPONSE_FROM_USER;
        if (kb_dpa_answer(dpa, &reply)) {
            reply.result = KB_CAT_NO_RESPONSE_FROM_USER;
            kb_dpa_answer(dpa, &reply);
        }
    }
}
