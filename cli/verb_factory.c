/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn factory: making semi-finished cards. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/verb_desk.h"
#include "crypto/secret.h"
#include "desk/factory.h"

static enum kb_err take_numbers(const struct kb_cli *cli, struct kb_factory_options *options,
                                struct kb_report *why)
{
    unsigned long count = 0, first = 0, wait = 60;
    enum kb_err err = kb_cli_number(cli, "count", 1, 100000000, &count, why);

    if (!err)
        err = kb_cli_number(cli, "first", 0, 999999999999UL, &first, why);
    if (!err)
        err = kb_cli_number(cli, "wait", 1, 1000000, &wait, why);
    options->count = count;
    options->has_first = kb_cli_value(cli, "first") != NULL;
    options->first = first;
    options->wait_s = (unsigned)wait;
    return err;
}

static enum kb_err take_keys(const struct kb_cli *cli, struct kb_factory_options *options,
                             uint8_t master[KB_MASTER_KEY], struct kb_report *why)
{
    const char *path = kb_cli_value(cli, "master");
    enum kb_err err = KB_OK;

    if (path)
        err = kb_key_file_read(path, master, KB_MASTER_KEY, why);
    options->master = path ? master : NULL;
    if (err)
        return err;
    return kb_cli_need_key(cli, "maker-key", "maker.key", kb_key_draw_p256, options->maker_key,
                           why);
}

static void tell(const struct kb_cli *cli, const struct kb_factory_options *options,
                 const struct kb_factory_summary *summary)
{
    kb_cli_say(cli, "%" PRIu64 " cards made in %.1f s, %" PRIu64 " were there already",
               summary->made, summary->seconds, summary->skipped);
    if (summary->made)
        kb_cli_say(cli, "%s to %s in %s", summary->first, summary->last,
                   options->reader ? options->reader : options->dir);
    kb_cli_say(cli, "%s/entity.yaml and %s/handover.csv go to the bureau", options->dir,
               options->dir);
    kb_cli_result(cli, json_pack("{s:I, s:I, s:s, s:s, s:s, s:f}", "made",
                                 (json_int_t)summary->made, "skipped", (json_int_t)summary->skipped,
                                 "first", summary->first, "last", summary->last, "dir",
                                 options->dir, "seconds", summary->seconds));
}

static enum kb_exit make(struct kb_cli *cli)
{
    struct kb_factory_options options = {
        .plan = kb_cli_value(cli, "plan"),
        .dir = kb_cli_value(cli, "dir"),
        .reader = kb_cli_value(cli, "reader"),
        .maker_ca = kb_cli_value(cli, "maker-ca"),
        .maker_ca_key = kb_cli_value(cli, "maker-ca-key"),
        .operators_root = kb_cli_value(cli, "operators-root"),
        .operators_name = kb_cli_value(cli, "operators-name"),
        .revoked = kb_cli_value(cli, "revoked"),
        .progress = kb_cli_progress(cli),
        .stop = kb_cli_stop_flag(),
    };
    struct kb_factory_summary summary = {0};
    uint8_t master[KB_MASTER_KEY];
    struct kb_report why = {0};
    enum kb_err err = take_numbers(cli, &options, &why);

    if (!err)
        err = take_keys(cli, &options, master, &why);
    if (!err)
        err = kb_factory_make(&options, &summary, &why);
    kb_wipe(options.maker_key, sizeof options.maker_key);
    kb_wipe(master, sizeof master);
    if (err)
        return kb_cli_fail(cli, &why);
    tell(cli, &options, &summary);
    return summary.made + summary.skipped < options.count ? KB_EXIT_FAILED : KB_EXIT_OK;
}

static const struct kb_cli_option make_options[] = {
    {"plan", "FILE", "The maker's plan.", true, false},
    {"count", "N", "How many cards the batch has.", true, false},
    {"dir", "DIR", "Where cards and tables go; made when it is not there.", true, false},
    {"first", "SERIAL", "Serial number of the first card; the plan's unless told.", false, false},
    {"reader", "NAME", "Make blank cards in this PC/SC reader instead of card files.", false,
     false},
    {"maker-key", "FILE",
     "The maker's private key; ~/.keyborn/maker.key unless told, made on first use.", false, false},
    {"maker-ca", "DIR",
     "The root that certifies the cards' own keys (keyborn ca init --kind maker); needed when the "
     "plan has a section 'air' with agreement edhoc.",
     false, false},
    {"maker-ca-key", "FILE", "Its private key, when that lies elsewhere.", false, false},
    {"operators-root", "PATH",
     "The root whose operators the cards trust over the air: the folder of keyborn ca, or its "
     "root.pub.",
     false, false},
    {"operators-name", "NAME", "What that root is called; needed with a root.pub.", false, false},
    {"revoked", "FILE",
     "Its list of revoked credentials (revoked.cwt); that of the folder unless told.", false,
     false},
    {"master", "FILE",
     "Derive the codes from this key (64 hexadecimal digits) instead of drawing them.", false,
     false},
    {"wait", "SECONDS", "With --reader: how long to wait for the next card; 60 unless told.", false,
     false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_factory_verbs[] = {
    {"factory", "make", "", 0, 0, "Make semi-finished cards from a plan",
     "Makes cards: files and contents, codes and PINs, the plan's algorithm; then SECURED, and the "
     "fields that are the maker's own filled and locked. Cards are files DIR/ICCID.card, or blank "
     "cards put into a reader one after the other.\n\n"
     "It writes DIR/entity.yaml and DIR/handover.csv (iccid, field, perso_code) for the bureau, "
     "DIR/bootstrap.csv (identifiers, temporary identities and their keys) for the servers that "
     "speak to cards over the air, and DIR/audit.jsonl. The tables hold secrets: mode 0600.\n\n"
     "Cards that are personalized over the air (section 'air' of the plan) make a key pair of "
     "their "
     "own; --maker-ca certifies its public half, --operators-root says whom the cards trust. "
     "bootstrap.csv then has number and token of each credential as well.\n\n"
     "A run that was ended goes on when it is started again: cards that are there are left alone, "
     "and the batch ends with the same numbers.\n\n"
     "  keyborn factory make --plan examples/plans/telecom.yaml --count 20 --dir cards "
     "--maker-ca maker-root --operators-root operators-root",
     make_options, make},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
