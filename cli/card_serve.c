/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn card serve: cards for a virtual reader. */
#include "cli/verb_card.h"

#include "reader/vpcd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* One for the process: a signal handler has to find it. */
static struct kb_vpcd vpcd;

static void stop(int number)
{
    (void)number;
    kb_vpcd_stop(&vpcd);
}

static void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop};

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

static const char *const ends[] = {
    [KB_VPCD_TAKEN_OUT] = "taken out",
    [KB_VPCD_STOPPED] = "stopped",
    [KB_VPCD_CLOSED] = "the reader went away",
};

static void show_end(const struct kb_cli *cli, const char *path, enum kb_vpcd_end end)
{
    kb_cli_say(cli, "%s: %s after %llu commands", path, ends[end],
               (unsigned long long)vpcd.commands);
    kb_cli_result(cli, json_pack("{s:s, s:s, s:I}", "card", path, "end", ends[end], "commands",
                                 (json_int_t)vpcd.commands));
    fflush(stdout);
}

/* A reader looks at its slot several times a second. */
enum { LOOK_MS = 3000 };

/* Tells that the card is in once the reader has looked at it. */
static void show_start(const struct kb_cli *cli, const char *path)
{
    if (!kb_vpcd_is_asked(&vpcd, LOOK_MS) && !vpcd.is_stopped) {
        kb_cli_say(cli, "%s: waits: the reader does not look, another card may be in it", path);
        fflush(stdout);
        kb_vpcd_is_asked(&vpcd, -1);
    }
    if (!vpcd.is_stopped)
        kb_cli_say(cli, "%s: put in", path);
    fflush(stdout);
}

/* Puts one card in. */
static enum kb_err serve_one(const struct kb_cli *cli, const char *path, int timeout_ms,
                             bool is_once, struct kb_report *why)
{
    struct kb_card_file *file;
    enum kb_vpcd_end end;
    enum kb_err err = kb_card_file_open(path, &file, why);

    if (err)
        return err;
    err = kb_vpcd_connect(&vpcd, kb_cli_value(cli, "vpcd"), timeout_ms, why);
    if (!err) {
        show_start(cli, path);
        err = kb_vpcd_serve(&vpcd, file, is_once, &end, why);
        if (err)
            kb_report_in(why, "%s", path);
        else
            show_end(cli, path, end);
        if (!err && is_once && end == KB_VPCD_CLOSED)
            err = kb_report(why, KB_ERR_READER, "%s: the reader went away before the card was used",
                            path);
    }
    kb_card_file_close(file);
    return err;
}

enum kb_exit kb_cli_card_serve(struct kb_cli *cli)
{
    bool is_once = kb_cli_flag(cli, "once") || kb_cli_operand(cli, 1);
    unsigned long seconds = 10;
    struct kb_report why = {KB_OK, ""};
    const char *path;
    enum kb_exit code = KB_EXIT_OK;

    if (kb_cli_number(cli, "timeout", 0, 3600, &seconds, &why))
        return kb_cli_fail(cli, &why);
    kb_vpcd_init(&vpcd);
    stop_on_signals();
    /* A card that cannot be put in does not keep the others out; a reader that is gone does. */
    for (size_t i = 0; (path = kb_cli_operand(cli, i)) && !vpcd.is_stopped; i++) {
        enum kb_err err = serve_one(cli, path, (int)seconds * 1000, is_once, &why);

        if (err)
            code = kb_cli_fail(cli, &why);
        if (code == KB_EXIT_READER || code == KB_EXIT_USAGE)
            break;
    }
    return code;
}
