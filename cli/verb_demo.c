/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn demo: one card personalized over the air, told step by step, and drawn. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/sequence.h"
#include "sim/story.h"
#include "wire/hex.h"

enum { BYTES_A_LINE = 40, STEPS_MAX = 400, NOTE = 48 };

/* Columns of the drawing, by the names that crossings bear. */
static const char *const parties[] = {"card",   "terminal", "visited", "register",
                                      "centre", "AS",       "PS"};
static const char *const titles[] = {
    "card",           "terminal",           "visited network",       "registers",
    "message centre", "application server", "personalization server"};
enum { PARTIES = sizeof(parties) / sizeof(parties[0]) };

/* What is told of each link. Where keys or vectors cross, which is inside of an operator's own
 * house, the bytes stay there. Of what terminal and card say only the toolkit is told. */
static const struct {
    bool is_told, shows_bytes;
} links[KB_LINKS] = {[KB_LINK_RADIO] = {true, false},   [KB_LINK_ROAMING] = {true, false},
                     [KB_LINK_SMS] = {true, true},      [KB_LINK_CENTRE] = {true, true},
                     [KB_LINK_CHANNEL] = {true, true},  [KB_LINK_SERVERS] = {true, true},
                     [KB_LINK_REGISTER] = {true, false}};

struct step {
    size_t from, to;
    char words[KB_STORY_WORDS], note[NOTE];
};

struct telling {
    const struct kb_cli *cli;
    struct step steps[STEPS_MAX];
    size_t count, left_out;
    uint64_t apdus;
};

static size_t column_of(const char *name)
{
    for (size_t i = 0; i < PARTIES; i++)
        if (strncmp(name, parties[i], strlen(parties[i])) == 0)
            return i;
    return strncmp(name, "HLR", 3) == 0 ? 3 : 2;
}

static void tell_bytes(const struct kb_cli *cli, struct kb_span bytes)
{
    for (size_t at = 0; at < bytes.len; at += BYTES_A_LINE) {
        size_t len = bytes.len - at < BYTES_A_LINE ? bytes.len - at : BYTES_A_LINE;
        char hex[2 * BYTES_A_LINE + 1];

        kb_hex_encode(kb_span(bytes.data + at, len), hex);
        kb_cli_say(cli, "          %s", hex);
    }
}

static void keep(struct telling *telling, const struct kb_sim_crossing *crossing, const char *words)
{
    struct step *step = &telling->steps[telling->count];

    if (telling->count == STEPS_MAX) {
        telling->left_out++;
        return;
    }
    telling->count++;
    step->from = column_of(crossing->from);
    step->to = column_of(crossing->to);
    snprintf(step->words, sizeof(step->words), "%s", words);
    snprintf(step->note, sizeof(step->note), "%.1f s, %zu bytes", (double)crossing->at / 1000,
             crossing->bytes.len);
}

static void hear(void *ctx, const struct kb_sim_crossing *crossing)
{
    struct telling *telling = ctx;
    char words[KB_STORY_WORDS];

    if (crossing->link == KB_LINK_CARD)
        telling->apdus += !crossing->is_up;
    if (links[crossing->link].is_told)
        kb_story_words(crossing, words);
    else if (!kb_story_card_words(crossing, words))
        return;
    keep(telling, crossing, words);
    kb_cli_say(telling->cli, "%6.1f s  %s -> %s: %s", (double)crossing->at / 1000, crossing->from,
               crossing->to, words);
    if (links[crossing->link].shows_bytes)
        tell_bytes(telling->cli, crossing->bytes);
}

/* --- The drawing --- */

static enum kb_err draw(const struct telling *telling, const char *path, struct kb_report *why)
{
    struct kb_sequence_arrow *arrows = calloc(telling->count + 1, sizeof(*arrows));
    struct kb_sequence sequence = {.title = "A card is personalized over the air",
                                   .parties = titles,
                                   .party_count = PARTIES,
                                   .arrows = arrows,
                                   .arrow_count = telling->count};
    FILE *out = arrows ? fopen(path, "we") : NULL;
    bool is_written;

    if (!out) {
        free(arrows);
        return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    for (size_t i = 0; i < telling->count; i++) {
        const struct step *step = &telling->steps[i];

        arrows[i] = (struct kb_sequence_arrow){step->from, step->to, step->words, step->note};
    }
    kb_sequence_draw(&sequence, out);
    is_written = !ferror(out);
    is_written = fclose(out) == 0 && is_written;
    free(arrows);
    return is_written ? KB_OK : kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
}

/* --- The end --- */

static void tell_end(struct telling *telling, const struct kb_story_end *end)
{
    const struct kb_cli *cli = telling->cli;
    char card[2 * KB_FINGERPRINT_SIZE + 1], home[2 * KB_FINGERPRINT_SIZE + 1];

    kb_hex_encode(kb_span(end->card_fingerprint, KB_FINGERPRINT_SIZE), card);
    kb_hex_encode(kb_span(end->register_fingerprint, KB_FINGERPRINT_SIZE), home);
    kb_cli_say(cli, "%s", "");
    kb_cli_say(cli, "card %s was %s and is %s", end->id_sc, end->imsi_t, end->imsi_o);
    kb_cli_say(cli, "its key, by fingerprint:     %s in the card, %s in the register", card, home);
    kb_cli_say(cli, "searched for key and OPc:    %" PRIu64 " messages, %" PRIu64 " bytes: %s",
               end->messages, end->bytes, end->was_found ? "FOUND" : "not there");
    kb_cli_say(cli, "commands to the card:        %" PRIu64, telling->apdus);
    kb_cli_say(cli, "short messages or pieces:    %.0f, %.0f bytes", end->result.messages,
               end->result.bytes);
}

static json_t *end_json(const struct kb_story_end *end)
{
    char card[2 * KB_FINGERPRINT_SIZE + 1], home[2 * KB_FINGERPRINT_SIZE + 1];

    kb_hex_encode(kb_span(end->card_fingerprint, KB_FINGERPRINT_SIZE), card);
    kb_hex_encode(kb_span(end->register_fingerprint, KB_FINGERPRINT_SIZE), home);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I}", "idsc", end->id_sc, "imsi_t",
                     end->imsi_t, "imsi", end->imsi_o, "card_fingerprint", card,
                     "register_fingerprint", home, "key_found", end->was_found, "messages_searched",
                     (json_int_t)end->messages, "bytes_searched", (json_int_t)end->bytes);
}

static bool is_good(const struct kb_story_end *end)
{
    return end->result.personalized == 1 && end->has_keys && !end->was_found &&
           memcmp(end->card_fingerprint, end->register_fingerprint, KB_FINGERPRINT_SIZE) == 0;
}

/* --- The verb --- */

static enum kb_err read_options(const struct kb_cli *cli, struct kb_world_config *config,
                                struct kb_report *why)
{
    const char *transport = kb_cli_value(cli, "transport");
    const char *agreement = kb_cli_value(cli, "agreement");
    unsigned long seed = 1;
    enum kb_err err = kb_cli_number(cli, "seed", 0, UINT32_MAX, &seed, why);

    *config = (struct kb_world_config){.seed = seed,
                                       .suite = -1,
                                       .transport = KB_WORLD_SMS,
                                       .agreement = KB_SESSION_EDHOC,
                                       .front = KB_WORLD_USER};
    if (err)
        return err;
    if (transport && strcmp(transport, "packet") == 0)
        config->transport = KB_WORLD_PACKET;
    else if (transport && strcmp(transport, "sms") != 0)
        return kb_report(why, KB_ERR_USAGE, "--transport: %s is neither sms nor packet", transport);
    if (agreement && strcmp(agreement, "dh") == 0)
        config->agreement = KB_SESSION_DH;
    else if (agreement && strcmp(agreement, "edhoc") != 0)
        return kb_report(why, KB_ERR_USAGE, "--agreement: %s is neither edhoc nor dh", agreement);
    return KB_OK;
}

static enum kb_exit tell(struct kb_cli *cli)
{
    struct telling *telling = calloc(1, sizeof(*telling));
    const char *path = kb_cli_value(cli, "svg");
    struct kb_world_config config;
    struct kb_story_end end;
    struct kb_report why = {0};
    enum kb_exit code = KB_EXIT_FAILED;
    enum kb_err err = telling ? read_options(cli, &config, &why)
                              : kb_report(&why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));

    if (telling)
        telling->cli = cli;
    if (!err)
        err = kb_story_tell(&config, hear, telling, &end, &why);
    if (!err) {
        tell_end(telling, &end);
        code = is_good(&end) ? KB_EXIT_OK : KB_EXIT_FAILED;
    }
    if (!err && path)
        err = draw(telling, path, &why);
    if (!err && path)
        kb_cli_say(cli, "drawn:                       %s", path);
    free(telling);
    if (err)
        return kb_cli_fail(cli, &why);
    kb_cli_result(cli, end_json(&end));
    return code;
}

static const struct kb_cli_option options[] = {
    {"svg", "FILE", "Draw the sequence into this file as well.", false, false},
    {"transport", "WAY", "sms or packet; sms unless told.", false, false},
    {"agreement", "KIND", "edhoc or dh; edhoc unless told.", false, false},
    {"seed", "N", "Where all chance comes from; 1 unless told.", false, false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_demo_verbs[] = {
    {"", "demo", "", 0, 0, "Tell how one card is personalized over the air",
     "One card with a temporary identity, in a terminal, in a simulated world whose parties are "
     "the "
     "real ones: it attaches as a roamer, asks the application server, agrees on a key with the "
     "personalization server of the operator that its user picks, gets its identity, swaps both "
     "and attaches as a subscriber. Every message on every link is told, with its bytes where "
     "those are no secret of an operator's own house; at the end both keys by their fingerprints, "
     "and the search for the key in all that was sent.\n\n"
     "  keyborn demo --svg sequence.svg\n\n"
     "Exit code 1: the card was not personalized, or the keys differ, or the key was found.",
     options, tell},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
