/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the `keyborn` command. Every verb is one row of a table: its options, words and exit
 * codes. From that table come the parser, --help, the man pages, shell completion and the README's
 * list; a verb cannot have one without the other.
 */
#ifndef KB_CLI_CLI_H
#define KB_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "wire/report.h"

enum kb_exit {
    KB_EXIT_OK = 0,
    KB_EXIT_FAILED = 1, /* the work was done, but not for every card */
    KB_EXIT_USAGE = 2,  /* unknown verb or option, or one is missing */
    KB_EXIT_INPUT = 3,  /* a plan, table, card file or key that is wrong or cannot be read */
    KB_EXIT_READER = 4, /* no reader, no card, or it vanished */
    KB_EXIT_SYSTEM = 5, /* this machine: memory, disk, a missing service */
    KB_EXIT_BROKEN = 6  /* sim: a promise was broken */
};

struct kb_cli_option {
    const char *name;  /* "plan" for --plan */
    const char *value; /* "FILE"; NULL for a flag */
    const char *help;
    bool is_required;
    bool is_repeatable;
};

struct kb_cli; /* the parsed command line */

struct kb_cli_verb {
    const char *group;    /* "factory"; "" for verbs of one word */
    const char *name;     /* "make" */
    const char *operands; /* "FILE", "[NAME...]" or "" */
    unsigned operands_min, operands_max;
    const char *summary; /* one line */
    const char *about;   /* some paragraphs: what it does, what it writes, an example */
    const struct kb_cli_option
        *options; /* ends with a row of NULL; --help and --json are everyone's */
    enum kb_exit (*run)(struct kb_cli *cli);
};

/* The verbs of each file, ended by a row whose name is NULL; listed in cli/main.c. */
extern const struct kb_cli_verb kb_cli_plan_verbs[];
extern const struct kb_cli_verb kb_cli_factory_verbs[];
extern const struct kb_cli_verb kb_cli_bureau_verbs[];
extern const struct kb_cli_verb kb_cli_card_verbs[];
extern const struct kb_cli_verb kb_cli_ca_verbs[];
extern const struct kb_cli_verb kb_cli_eap_verbs[];
extern const struct kb_cli_verb kb_cli_ota_verbs[];
extern const struct kb_cli_verb kb_cli_sim_verbs[];
extern const struct kb_cli_verb kb_cli_demo_verbs[];
extern const struct kb_cli_verb kb_cli_device_verbs[];
extern const struct kb_cli_verb kb_cli_doctor_verbs[];

/* The value of an option, NULL when it was not given. */
const char *kb_cli_value(const struct kb_cli *cli, const char *option);
/* The n-th value of a repeatable option, NULL past the last. */
const char *kb_cli_nth(const struct kb_cli *cli, const char *option, size_t n);
bool kb_cli_flag(const struct kb_cli *cli, const char *option);
/* A whole number in min .. max; KB_ERR_USAGE with words when it is not one. Leaves *out alone when
 * the option was not given. */
enum kb_err kb_cli_number(const struct kb_cli *cli, const char *option, unsigned long min,
                          unsigned long max, unsigned long *out, struct kb_report *why);
const char *kb_cli_operand(const struct kb_cli *cli, size_t n);
bool kb_cli_is_json(const struct kb_cli *cli);

/* Prints the result: with --json the object (one line, stolen reference), else nothing. Called
 * once, at the end; a verb that answers line by line calls it for each. */
void kb_cli_result(const struct kb_cli *cli, json_t *object);

/* Prints a line for people on standard output; nothing with --json. */
void kb_cli_say(const struct kb_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints the error to standard error ("keyborn: text", or {"error": ..., "text": ...} on standard
 * output with --json) and returns the exit code that belongs to it. */
enum kb_exit kb_cli_fail(const struct kb_cli *cli, const struct kb_report *why);

#endif
