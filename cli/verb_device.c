/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn device: a terminal with a card in it, and its user. */
#include "cli/verb_device.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

/* --- The reader --- */

struct readers {
    char first[128];
    unsigned count;
};

static void see_reader(void *ctx, const char *name)
{
    struct readers *readers = ctx;

    if (!readers->count++)
        snprintf(readers->first, sizeof(readers->first), "%s", name);
}

static enum kb_err open_only_reader(struct kb_reader **reader, struct kb_report *why)
{
    struct readers readers = {.count = 0};
    enum kb_err err = kb_reader_list_pcsc(see_reader, &readers, why);

    if (err)
        return err;
    if (!readers.count)
        return kb_report(why, KB_ERR_READER, "there is no PC/SC reader");
    if (readers.count > 1)
        return kb_report(why, KB_ERR_USAGE,
                         "there are %u PC/SC readers: --reader names one, such "
                         "as \"%s\"",
                         readers.count, readers.first);
    return kb_reader_open_pcsc(readers.first, reader, why);
}

static enum kb_err open_reader(const struct kb_cli *cli, struct kb_reader **reader,
                               struct kb_report *why)
{
    const char *name = kb_cli_value(cli, "reader"), *card = kb_cli_value(cli, "card");

    if (name && card)
        return kb_report(why, KB_ERR_USAGE, "either --reader or --card");
    if (card)
        return kb_reader_open_file(card, reader, why);
    return name ? kb_reader_open_pcsc(name, reader, why) : open_only_reader(reader, why);
}

static enum kb_err take_front(struct kb_cli_device *device, struct kb_report *why)
{
    const char *front = kb_cli_value(device->cli, "front");

    device->script_path = kb_cli_value(device->cli, "script");
    if (!front)
        front = device->script_path ? "script" : "text";
    device->is_automatic = strcmp(front, "automatic") == 0;
    if (strcmp(front, "text") && strcmp(front, "script") && !device->is_automatic)
        return kb_report(why, KB_ERR_USAGE, "--front: %s is none of text, script, automatic",
                         front);
    if ((strcmp(front, "script") == 0) != (device->script_path != NULL))
        return kb_report(why, KB_ERR_USAGE, "--front script goes with --script FILE");
    return KB_OK;
}

static enum kb_err take_options(struct kb_cli_device *device, struct kb_report *why)
{
    const char *imei = kb_cli_value(device->cli, "imei");
    unsigned long seconds = 0;
    enum kb_err err = take_front(device, why);

    if (!err && imei && (strlen(imei) != 15 || strspn(imei, "0123456789") != 15))
        err = kb_report(why, KB_ERR_USAGE, "--imei: %s is not 15 digits", imei);
    if (!err)
        err = kb_cli_number(device->cli, "for", 1, 31536000, &seconds, why);
    device->until = seconds ? kb_cli_device_now() + 1000 * (int64_t)seconds : KB_DPA_NEVER;
    return err;
}

static enum kb_err run(struct kb_cli_device *device, struct kb_reader *reader,
                       struct kb_report *why)
{
    struct kb_dpa_nowhere nowhere;
    struct kb_dpa_settings settings = {.reader = reader,
                                       .radio = kb_dpa_no_network(&nowhere),
                                       .imei = kb_cli_value(device->cli, "imei"),
                                       .now = kb_cli_device_now(),
                                       .tell = kb_cli_device_tell,
                                       .ctx = device};
    enum kb_err err;

    if (kb_cli_flag(device->cli, "trace"))
        settings.trace = kb_cli_device_trace;
    device->script.name = device->script_path ? device->script_path : "";
    device->script.now = settings.now;
    device->dpa = kb_dpa_new(&settings);
    if (!device->dpa)
        return kb_report(why, KB_ERR_MEMORY, "out of memory");
    kb_cli_say(device->cli, "(radio: %s)", settings.radio.name);
    err = kb_dpa_on(device->dpa, why);
    if (!err)
        err = kb_cli_device_loop(device, why);
    kb_dpa_free(device->dpa);
    return err;
}

static enum kb_exit run_device(struct kb_cli *cli)
{
    struct kb_cli_device device = {.cli = cli};
    struct kb_reader *reader = NULL;
    struct kb_report why = {0};
    enum kb_err err = take_options(&device, &why);

    if (!err)
        err = open_reader(cli, &reader, &why);
    if (!err)
        err = run(&device, reader, &why);
    if (reader)
        reader->ops->close(reader);
    return err ? kb_cli_fail(cli, &why) : KB_EXIT_OK;
}

static const struct kb_cli_option device_options[] = {
    {"reader", "NAME", "The PC/SC reader, by its name or a part of it; the only one unless told.",
     false, false},
    {"card", "FILE", "A card kept in a file, in place of a reader.", false, false},
    {"front", "FRONT",
     "Who sits there: text (you), script, or automatic (nobody); text unless told.", false, false},
    {"script", "FILE", "What the user does, line by line; docs/device.md has the words.", false,
     false},
    {"for", "SECONDS", "Switch off after so long.", false, false},
    {"imei", "DIGITS", "The IMEI the device tells its card; none unless told.", false, false},
    {"trace", NULL, "Print every command to the card and its answer, without PINs and keys.", false,
     false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_device_verbs[] = {
    {"", "device", "", 0, 0, "Be the device a card is in",
     "Powers a card up as a telephone does, shows its menu, texts and questions, and hands it what "
     "the user answers. There is no network here: the card is never attached, and what it wants to "
     "send it cannot send.\n\n"
     "A menu and a list are answered by a number, a question by its answer; :help shows the other "
     "words, :quit switches off. With --script a file stands for the user and its clock for the "
     "day's; a line that does not fit what the card asks ends the program with exit code 3 and "
     "the line's number. With --front automatic everything is accepted and nothing chosen, until "
     "the program is ended or --for is over. With --json each thing that happens is an object on a "
     "line of its own.\n\n"
     "  keyborn device --card cards/8900101000000000019.card",
     device_options, run_device},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
