/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for user, clock and radio side at once. */
#include "cli/verb_device.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secret.h"

enum { LINE_MAX_BYTES = 512, WAIT_MAX_MS = 1000 };

static volatile sig_atomic_t was_stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    was_stopped = 1;
}

int64_t kb_cli_device_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The keyboard --- */

struct keyboard {
    char line[LINE_MAX_BYTES];
    size_t len;
    bool is_too_long, is_over;
    bool is_hidden; /* the echo is off */
    struct termios usual;
};

static void hide(struct keyboard *keyboard, bool wants_hidden)
{
    struct termios quiet;

    if (keyboard->is_hidden == wants_hidden || !isatty(STDIN_FILENO))
        return;
    if (wants_hidden && tcgetattr(STDIN_FILENO, &keyboard->usual))
        return;
    quiet = keyboard->usual;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSADRAIN, wants_hidden ? &quiet : &keyboard->usual);
    keyboard->is_hidden = wants_hidden;
}

/* One byte; true when it ends a line. */
static bool take_byte(struct keyboard *keyboard, char c)
{
    if (c == '\n') {
        if (keyboard->len && keyboard->line[keyboard->len - 1] == '\r')
            keyboard->len--;
        keyboard->line[keyboard->len] = 0;
        return true;
    }
    if (keyboard->len + 1 < sizeof(keyboard->line) && c)
        keyboard->line[keyboard->len++] = c;
    else
        keyboard->is_too_long = true;
    return false;
}

/* false: the user leaves. */
static bool take_line(struct kb_cli_device *device, struct keyboard *keyboard)
{
    FILE *out = kb_cli_is_json(device->cli) ? stderr : stdout;
    bool goes_on = true;

    if (keyboard->is_too_long)
        fprintf(out, "(too long)\n");
    else
        goes_on = kb_dpa_text_line(device->dpa, out, keyboard->line);
    kb_wipe(keyboard->line, sizeof(keyboard->line));
    keyboard->len = 0;
    keyboard->is_too_long = false;
    return goes_on;
}

/* Byte by byte: a line after this one may be for a question that is not yet there. */
static bool read_keyboard(struct kb_cli_device *device, struct keyboard *keyboard)
{
    char c;
    ssize_t got = read(STDIN_FILENO, &c, 1);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0) {
        keyboard->is_over = true;
        return keyboard->len ? take_byte(keyboard, '\n') && take_line(device, keyboard) && false
                             : false;
    }
    return !take_byte(keyboard, c) || take_line(device, keyboard);
}

/* --- The loop --- */

static int wait_ms(const struct kb_cli_device *device, int64_t now)
{
    int64_t at = kb_dpa_next(device->dpa);

    if (device->until < at)
        at = device->until;
    if (at <= now)
        return 0;
    return at - now > WAIT_MAX_MS ? WAIT_MAX_MS : (int)(at - now);
}

static bool goes_on(struct kb_cli_device *device, struct keyboard *keyboard)
{
    struct pollfd input = {.fd = device->is_automatic ? -1 : STDIN_FILENO, .events = POLLIN};
    const struct kb_terminal_question *question = kb_dpa_question(device->dpa);
    int64_t now = kb_cli_device_now();
    bool has_input;

    if (was_stopped || now >= device->until)
        return false;
    if (device->is_automatic)
        kb_dpa_automatic(device->dpa);
    else
        hide(keyboard, question && question->is_hidden);
    has_input = poll(&input, 1, wait_ms(device, now)) > 0;
    kb_dpa_pass(device->dpa, kb_cli_device_now()); /* first: what is typed may start a timer */
    return !has_input || read_keyboard(device, keyboard);
}

static enum kb_err run_script(struct kb_cli_device *device, struct kb_report *why)
{
    FILE *file = fopen(device->script_path, "r");
    enum kb_err err;

    if (!file)
        return kb_report(why, errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO, "%s: %s",
                         device->script_path, strerror(errno));
    err = kb_dpa_script_run(&device->script, device->dpa, file, why);
    fclose(file);
    return err;
}

enum kb_err kb_cli_device_loop(struct kb_cli_device *device, struct kb_report *why)
{
    const struct sigaction action = {.sa_handler = stop};
    struct keyboard keyboard = {.len = 0};
    bool is_on;

    if (device->script_path)
        return run_script(device, why);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    do {
        is_on = kb_terminal_is_on(kb_dpa_terminal(device->dpa));
    } while (is_on && goes_on(device, &keyboard));
    hide(&keyboard, false);
    kb_wipe(&keyboard, sizeof(keyboard));
    if (!is_on)
        return kb_report(why, KB_ERR_NO_CARD, "the card is gone");
    return KB_OK;
}
