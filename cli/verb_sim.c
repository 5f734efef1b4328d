/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn sim: a simulated world of cards, networks and servers. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verb_ota.h"
#include "desk/progress.h"
#include "sim/world.h"
#include "wire/hex.h"

enum { CARDS = 100, OPERATORS = 3, SEED = 1, CARDS_MAX = 100000000, OPERATORS_MAX = 90 };

/* --- Options --- */

struct word {
    const char *text;
    int value;
};

static const struct word transports[] = {
    {"sms", KB_WORLD_SMS}, {"packet", KB_WORLD_PACKET}, {NULL, 0}};
static const struct word agreements[] = {
    {"edhoc", KB_SESSION_EDHOC}, {"dh", KB_SESSION_DH}, {NULL, 0}};
static const struct word ciphers[] = {{"aes", false}, {"triple-des", true}, {NULL, 0}};
static const struct word fronts[] = {{"user", KB_WORLD_USER},       {"code", KB_WORLD_CODE},
                                     {"list", KB_WORLD_LIST},       {"air", KB_WORLD_AIR},
                                     {"machine", KB_WORLD_MACHINE}, {NULL, 0}};
static const struct word groups[] = {{"p256", 23},       {"x25519", 29},     {"ffdhe2048", 256},
                                     {"ffdhe3072", 257}, {"ffdhe4096", 258}, {NULL, 0}};
static const struct word lies[] = {{"shares", KB_DISHONEST_SHARES},
                                   {"credentials", KB_DISHONEST_CREDENTIALS},
                                   {"replay", KB_DISHONEST_REPLAY},
                                   {"reorder", KB_DISHONEST_REORDER},
                                   {"operator", KB_DISHONEST_OPERATOR},
                                   {"fields", KB_DISHONEST_FIELDS},
                                   {NULL, 0}};

static enum kb_err take_word(const struct kb_cli *cli, const char *option, const struct word *words,
                             int *value, struct kb_report *why)
{
    const char *text = kb_cli_value(cli, option);
    char list[96] = "";
    size_t len = 0;

    if (!text)
        return KB_OK;
    for (const struct word *word = words; word->text; word++) {
        if (strcmp(word->text, text) == 0) {
            *value = word->value;
            return KB_OK;
        }
        if (len < sizeof(list))
            len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
                                    word->text);
    }
    return kb_report(why, KB_ERR_USAGE, "--%s: %s is none of %s", option, text, list);
}

static enum kb_err take_share(const struct kb_cli *cli, const char *option, double *share,
                              struct kb_report *why)
{
    const char *text = kb_cli_value(cli, option);
    char *end;

    if (!text)
        return KB_OK;
    errno = 0;
    *share = strtod(text, &end);
    if (errno || end == text || *end || !(*share >= 0 && *share <= 1))
        return kb_report(why, KB_ERR_USAGE, "--%s: %s is no share from 0 to 1", option, text);
    return KB_OK;
}

static enum kb_err take_shares(const struct kb_cli *cli, struct kb_world_config *config,
                               struct kb_report *why)
{
    const struct {
        const char *option;
        double *share;
    } shares[] = {{"loss", &config->loss},       {"duplicate", &config->duplicate},
                  {"reorder", &config->reorder}, {"cut", &config->cut},
                  {"kill", &config->kill},       {"refuse", &config->refuse},
                  {"no", &config->no},           {"stranger", &config->stranger}};
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]) && !err; i++)
        err = take_share(cli, shares[i].option, shares[i].share, why);
    return err;
}

static enum kb_err take_numbers(const struct kb_cli *cli, struct kb_world_config *config,
                                struct kb_report *why)
{
    unsigned long cards = CARDS, operators = OPERATORS, seed = SEED, suite = 2;
    enum kb_err err = kb_cli_number(cli, "cards", 1, CARDS_MAX, &cards, why);

    if (!err)
        err = kb_cli_number(cli, "operators", 1, OPERATORS_MAX, &operators, why);
    if (!err)
        err = kb_cli_number(cli, "seed", 0, UINT32_MAX, &seed, why);
    if (!err)
        err = kb_cli_number(cli, "suite", 0, 3, &suite, why);
    config->cards = cards;
    config->operators = (unsigned)operators;
    config->seed = seed;
    config->suite = kb_cli_value(cli, "suite") ? (int16_t)suite : -1;
    return err;
}

static enum kb_err take_words(const struct kb_cli *cli, struct kb_world_config *config,
                              struct kb_report *why)
{
    int transport = KB_WORLD_SMS, agreement = KB_SESSION_EDHOC, front = KB_WORLD_USER;
    int group = config->suite, lie = KB_WORLD_HONEST, has_old_keys = false;
    enum kb_err err = take_word(cli, "transport", transports, &transport, why);

    if (!err)
        err = take_word(cli, "agreement", agreements, &agreement, why);
    if (!err)
        err = take_word(cli, "front", fronts, &front, why);
    if (!err)
        err = take_word(cli, "group", groups, &group, why);
    if (!err)
        err = take_word(cli, "packets", ciphers, &has_old_keys, why);
    if (!err)
        err = take_word(cli, "dishonest", lies, &lie, why);
    if (err)
        return err;
    config->transport = (enum kb_world_transport)transport;
    config->agreement = (enum kb_session_agreement)agreement;
    config->front = (enum kb_world_front)front;
    config->suite = (int16_t)group;
    config->has_old_keys = has_old_keys;
    config->dishonest = (enum kb_world_dishonest)lie;
    if (kb_cli_value(cli, agreement == KB_SESSION_DH ? "suite" : "group"))
        return kb_report(why, KB_ERR_USAGE, "--suite is for edhoc, --group for dh");
    return KB_OK;
}

static enum kb_err take_config(const struct kb_cli *cli, struct kb_ota_work *script,
                               struct kb_world_config *config, struct kb_report *why)
{
    enum kb_err err = take_numbers(cli, config, why);

    if (!err)
        err = take_words(cli, config, why);
    if (!err)
        err = take_shares(cli, config, why);
    if (!err && kb_cli_value(cli, "script"))
        err = kb_ota_take_script(script, why);
    if (script->script.count)
        config->script = &script->script;
    config->plan = kb_cli_value(cli, "plan");
    config->has_files = kb_cli_flag(cli, "files");
    return err;
}

/* --- The summary --- */

static void say_reasons(const struct kb_cli *cli, const struct kb_world_result *result)
{
    for (unsigned i = 1; i < KB_REASONS; i++)
        if (result->reasons[i])
            kb_cli_say(cli, "  %-13" PRIu64 " %s", result->reasons[i],
                       kb_session_reason_text((enum kb_session_reason)i));
}

static void say_summary(const struct kb_cli *cli, const struct kb_world_config *config,
                        const struct kb_world_result *result, const char *digest)
{
    kb_cli_say(cli, "personalized    %" PRIu64, result->personalized);
    kb_cli_say(cli, "refused         %" PRIu64, result->refused);
    say_reasons(cli, result);
    if (result->open)
        kb_cli_say(cli, "still open      %" PRIu64, result->open);
    kb_cli_say(cli, "mismatched      %" PRIu64, result->mismatched);
    if (result->personalized)
        kb_cli_say(cli, "latency         median %.1f s, 95 %% within %.1f s",
                   (double)result->median_ms / 1000, (double)result->slow_ms / 1000);
    kb_cli_say(cli, "for each card   %.1f %s, %.0f bytes", result->messages,
               config->transport == KB_WORLD_SMS ? "short messages" : "pieces of channel data",
               result->bytes);
    kb_cli_say(cli, "faults          %" PRIu64 " cuts of power, %" PRIu64 " killed servers",
               result->cuts, result->kills);
    if (config->script)
        kb_cli_say(cli,
                   "scripts         %" PRIu64 " done, %" PRIu64 " failed, %" PRIu64
                   " without an answer; on %" PRIu64 " cards",
                   result->scripts.done, result->scripts.failed, result->scripts.open,
                   result->scripts.cards);
    if (config->dishonest)
        kb_cli_say(cli,
                   "dishonest       %" PRIu64 " lies; it knows the keys of %" PRIu64 " subscribers",
                   result->lies, result->known);
    kb_cli_say(cli, "events          %" PRIu64 " in %.0f s simulated, %.2f s here", result->events,
               (double)result->simulated_ms / 1000, result->wall_s);
    kb_cli_say(cli, "digest          %s", digest);
}

static json_t *reasons_json(const struct kb_world_result *result)
{
    json_t *object = json_object();

    for (unsigned i = 1; i < KB_REASONS; i++)
        if (result->reasons[i])
            json_object_set_new(object, kb_session_reason_text((enum kb_session_reason)i),
                                json_integer((json_int_t)result->reasons[i]));
    return object;
}

static json_t *links_json(const struct kb_world_result *result)
{
    json_t *object = json_object();

    for (unsigned i = 0; i < KB_LINKS; i++)
        json_object_set_new(object, kb_sim_link_name((enum kb_sim_link)i),
                            json_pack("{s:I, s:I}", "messages",
                                      (json_int_t)result->links[i].messages, "bytes",
                                      (json_int_t)result->links[i].bytes));
    return object;
}

static json_t *scripts_json(const struct kb_world_result *result)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "queued", (json_int_t)result->scripts.queued,
                     "done", (json_int_t)result->scripts.done, "failed",
                     (json_int_t)result->scripts.failed, "open", (json_int_t)result->scripts.open,
                     "cards", (json_int_t)result->scripts.cards);
}

static json_t *summary_json(const struct kb_world_config *config,
                            const struct kb_world_result *result, const char *digest)
{
    json_t *object = json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:f, s:f, s:o, s:I, s:I, s:I, s:I, s:f, s:s}",
        "seed", (json_int_t)config->seed, "cards", (json_int_t)config->cards, "personalized",
        (json_int_t)result->personalized, "refused", (json_int_t)result->refused, "reasons",
        reasons_json(result), "mismatched", (json_int_t)result->mismatched, "latency_median_ms",
        (json_int_t)result->median_ms, "latency_95_ms", (json_int_t)result->slow_ms,
        "messages_per_card", result->messages, "bytes_per_card", result->bytes, "links",
        links_json(result), "cuts", (json_int_t)result->cuts, "kills", (json_int_t)result->kills,
        "events", (json_int_t)result->events, "simulated_ms", (json_int_t)result->simulated_ms,
        "wall_s", result->wall_s, "digest", digest);

    if (config->dishonest) {
        json_object_set_new(object, "lies", json_integer((json_int_t)result->lies));
        json_object_set_new(object, "known_keys", json_integer((json_int_t)result->known));
    }
    if (config->script)
        json_object_set_new(object, "scripts", scripts_json(result));
    if (result->open)
        json_object_set_new(object, "open", json_integer((json_int_t)result->open));
    json_object_set_new(object, "promises", json_string(kb_world_promise_text(result->broken)));
    if (result->broken) {
        json_object_set_new(object, "broken", json_string(result->broken_text));
        json_object_set_new(object, "broken_event", json_integer((json_int_t)result->broken_event));
    }
    return object;
}

static enum kb_exit tell(struct kb_cli *cli, const struct kb_world_config *config,
                         const struct kb_world_result *result)
{
    char digest[2 * KB_SHA256_SIZE + 1];

    kb_hex_encode(kb_span(result->digest, sizeof(result->digest)), digest);
    say_summary(cli, config, result, digest);
    kb_cli_result(cli, summary_json(config, result, digest));
    if (result->broken) {
        fflush(stdout);
        fprintf(stderr, "keyborn: a broken promise: %s: %s (seed %" PRIu64 ", event %" PRIu64 ")\n",
                kb_world_promise_text(result->broken), result->broken_text, config->seed,
                result->broken_event);
        return KB_EXIT_BROKEN;
    }
    return KB_EXIT_OK;
}

/* --- The run --- */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    stopped = signal;
}

/* Whoever ends the run early finds no databases left behind. What is ignored (nohup) stays so. */
static void catch_signals(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    const struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    struct sigaction before;

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

static void run_to_end(struct kb_world *world, uint64_t cards, bool is_silent)
{
    struct kb_progress progress = {0};
    uint64_t shown = 0;

    kb_progress_start(&progress, is_silent ? NULL : stderr, "cards", cards);
    while (!stopped && kb_world_step(world))
        for (; shown < kb_world_settled(world); shown++)
            kb_progress_step(&progress, false);
    kb_progress_end(&progress);
}

static enum kb_exit run_world(struct kb_cli *cli, struct kb_ota_work *script)
{
    struct kb_world_config config = {0};
    struct kb_world_result result;
    struct kb_report why = {KB_OK, ""};
    struct kb_world *world = NULL;
    enum kb_exit code;

    if (take_config(cli, script, &config, &why) || kb_world_open(&config, &world, &why))
        return kb_cli_fail(cli, &why);
    run_to_end(world, config.cards, kb_cli_is_json(cli));
    if (stopped) {
        kb_world_close(world);
        raise(stopped); /* caught once only */
    }
    kb_world_result(world, &result);
    code = tell(cli, &config, &result);
    kb_world_close(world);
    return code;
}

static enum kb_exit simulate(struct kb_cli *cli)
{
    struct kb_ota_work *script = calloc(1, sizeof(*script));
    struct kb_report why = {KB_OK, ""};
    enum kb_exit code;

    catch_signals();
    if (!script) {
        kb_report(&why, KB_ERR_MEMORY, "out of memory");
        return kb_cli_fail(cli, &why);
    }
    script->cli = cli;
    code = run_world(cli, script);
    free(script);
    return code;
}

static const struct kb_cli_option options[] = {
    {"cards", "N", "Cards in the world; 100 unless told.", false, false},
    {"operators", "N", "Operators, each with a server and a register; 3 unless told.", false,
     false},
    {"seed", "N", "Where all chance comes from; equal seeds, equal runs. 1 unless told.", false,
     false},
    {"transport", "WAY", "sms or packet; sms unless told.", false, false},
    {"agreement", "KIND", "edhoc or dh; edhoc unless told.", false, false},
    {"suite", "N", "The cipher suite of edhoc, 0-3; 2 unless told.", false, false},
    {"group", "NAME",
     "The group of dh: p256 (unless told), x25519, ffdhe2048, ffdhe3072, "
     "ffdhe4096.",
     false, false},
    {"packets", "CIPHER",
     "What the packets are secured with, aes or triple-des; aes unless told. Triple DES is for a "
     "service that has nothing else.",
     false, false},
    {"front", "WHO",
     "user (picks the menu entry and an operator, says yes), code (types an operator's code), list "
     "(picks from a list that the service sends), air (the service asks the card to begin) or "
     "machine (the card begins by itself); user unless told.",
     false, false},
    {"loss", "P", "Share of messages that are lost, on each link; at most 0.9.", false, false},
    {"duplicate", "P", "Share of messages that come twice.", false, false},
    {"reorder", "P", "Share of messages that are overtaken by others.", false, false},
    {"cut", "P", "Share of power-ups that end in a cut of power while the card writes.", false,
     false},
    {"kill", "P", "Share of store and send operations at which a server dies; at most 0.5.", false,
     false},
    {"refuse", "P", "Share of cards whose new identity a visited network refuses for a while.",
     false, false},
    {"no", "P", "Share of users who say no.", false, false},
    {"stranger", "P", "Share of cards that want an operator without a contract.", false, false},
    {"dishonest", "WHAT",
     "A dishonest application server: shares, credentials, replay, reorder, "
     "operator or fields.",
     false, false},
    {"plan", "FILE",
     "The maker's plan of the cards, with a section 'air'; a built-in one unless told. "
     "What that section says gives way to the options here and the operators of this world.",
     false, false},
    {"script", "FILE",
     "The application server sends this script of remote file management to every card, in the "
     "words of keyborn ota send.",
     false, false},
    {"files", NULL,
     "Keep the databases in files (a private folder, removed afterwards) and search "
     "those of the application server for keys.",
     false, false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_sim_verbs[] = {
    {"", "sim", "", 0, 0, "Personalize cards over the air in a simulated world",
     "Runs a whole world in this process: cards in terminals, visited networks, registers, a short "
     "message centre, a packet path, the application server and a personalization server for each "
     "operator. All parties are the real ones; time, network and faults are simulated and come "
     "from one seed, which repeats the run exactly.\n\n"
     "  keyborn sim --cards 200 --loss 0.1 --duplicate 0.1 --reorder 0.1 --cut 0.5 --kill 0.001\n\n"
     "After every event the world checks its promises: no identity on two cards; no card uses a "
     "pair that its register lacks; every card ends personalized or with a reason; no secret on a "
     "link outside of its seal; no key in the application server's database; no script that runs "
     "twice, is lost with the server, or has an answer without having run. The first one that is "
     "broken ends the run with exit code 6, and seed and number of the event are printed.",
     options, simulate},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
