/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/air.h"

#include <stdio.h>

#include "bench/rows.h"
#include "sim/world.h"

enum { CARDS_OF_A_ROW = 20, CARDS_OF_A_RATE = 1000, SMALLEST_WORLD = 1000 };
enum { GOAL_MESSAGES = 7, GOAL_TIMES = 2 };

static const struct {
    const char *name;
    enum kb_session_agreement agreement;
    int16_t suite;
} agreements[] = {
    {"edhoc 0 (X25519)", KB_SESSION_EDHOC, 0}, {"edhoc 1 (X25519)", KB_SESSION_EDHOC, 1},
    {"edhoc 2 (P-256)", KB_SESSION_EDHOC, 2},  {"edhoc 3 (P-256)", KB_SESSION_EDHOC, 3},
    {"dh X25519", KB_SESSION_DH, 29},          {"dh P-256", KB_SESSION_DH, 23},
    {"dh ffdhe2048", KB_SESSION_DH, 256},      {"dh ffdhe3072", KB_SESSION_DH, 257},
    {"dh ffdhe4096", KB_SESSION_DH, 258},
};
enum { AGREEMENTS = sizeof(agreements) / sizeof(agreements[0]), USUAL = 2 };

static struct kb_world_result run(size_t which, uint64_t cards, bool is_measured)
{
    const struct kb_world_config config = {.cards = cards,
                                           .operators = 3,
                                           .seed = 1,
                                           .transport = KB_WORLD_SMS,
                                           .agreement = agreements[which].agreement,
                                           .suite = agreements[which].suite,
                                           .front = KB_WORLD_USER,
                                           .is_measured = is_measured};
    struct kb_world_result result;
    struct kb_report why = {KB_OK, ""};

    if (kb_world_run(&config, &result, &why))
        kb_give_up("the simulated world: %s", why.text);
    if (result.broken != KB_PROMISE_KEPT || result.personalized != cards)
        kb_give_up("%llu of %llu cards were personalized: %s",
                   (unsigned long long)result.personalized, (unsigned long long)cards,
                   result.broken_text);
    return result;
}

static void bench_messages(void)
{
    for (size_t i = 0; i < AGREEMENTS; i++) {
        struct kb_world_result result = run(i, CARDS_OF_A_ROW, false);
        bool is_goal = agreements[i].agreement == KB_SESSION_EDHOC;
        char what[80];

        snprintf(what, sizeof(what), "short messages over the air, %s", agreements[i].name);
        kb_row(what, result.messages, "", is_goal ? GOAL_MESSAGES : 0, KB_LESS_IS_BETTER);
        snprintf(what, sizeof(what), "  bytes in them");
        kb_row(what, result.bytes, "B", 0, KB_LESS_IS_BETTER);
    }
}

static double microseconds(int64_t nanoseconds)
{
    return (double)nanoseconds / 1e3 / CARDS_OF_A_RATE;
}

/* AS and PS, and beside them the public-key operations among what they did. */
static void bench_servers(size_t which)
{
    struct kb_world_result result = run(which, CARDS_OF_A_RATE, true);
    double work = microseconds(result.as.all_ns + result.ps.all_ns);
    double keys = microseconds(result.as.public_key_ns + result.ps.public_key_ns);
    char what[80];

    snprintf(what, sizeof(what), "AS + PS for a card, %s, processor time", agreements[which].name);
    kb_row(what, work, "us", 0, KB_LESS_IS_BETTER);
    kb_row("  of it the AS", microseconds(result.as.all_ns), "us", 0, KB_LESS_IS_BETTER);
    kb_row("  public-key operations among it", keys, "us", 0, KB_LESS_IS_BETTER);
    kb_row("  AS + PS over those operations", work / keys, "", GOAL_TIMES, KB_LESS_IS_BETTER);
}

static void bench_world(uint64_t cards)
{
    double begun = kb_processor_seconds(), used;
    struct kb_world_result result = run(USUAL, cards, false);
    char what[80];

    used = kb_processor_seconds() - begun;
    snprintf(what, sizeof(what), "personalizations with all parties, %llu cards",
             (unsigned long long)result.personalized);
    kb_row(what, (double)cards / used, "/s", 0, KB_MORE_IS_BETTER);
    kb_row("  processor time for a card", used / (double)cards * 1e6, "us", 0, KB_LESS_IS_BETTER);
}

void kb_bench_air(uint64_t most)
{
    bench_messages();
    bench_servers(0);
    bench_servers(USUAL);
    for (uint64_t cards = SMALLEST_WORLD; cards <= most; cards *= 10)
        bench_world(cards);
    kb_row("memory at most, simulation and all", (double)kb_peak_bytes(), "B", 0,
           KB_LESS_IS_BETTER);
}
