/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the frame (cli.h): the whole table, the parsed command line, and what is made from
 * them. For the files of the frame and its tests; verbs need cli.h only. */
#ifndef KB_CLI_FRAME_H
#define KB_CLI_FRAME_H

#include <stdio.h>

#include "cli/cli.h"

struct kb_cli_group {
    const char *name; /* NULL in the row behind the last */
    const char *summary;
};

/* Everything the program can do. */
struct kb_cli_table {
    const struct kb_cli_group *groups;
    const struct kb_cli_verb *const *verbs; /* arrays of verbs; ends with NULL */
};

struct kb_cli_given {
    const struct kb_cli_option *option;
    const char *value; /* NULL for a flag */
};

struct kb_cli {
    const struct kb_cli_table *table;
    const struct kb_cli_verb *verb; /* NULL: none was named */
    const char *group;              /* the group whose help is wanted; NULL: none */
    struct kb_cli_given *given;     /* room for as many as there are arguments */
    size_t given_count;
    const char **operands;
    size_t operand_count;
    bool is_json;
    bool wants_help;
    bool wants_version;
};

/* --- table.c --- */

/* The n-th verb of the whole table, NULL past the last. */
const struct kb_cli_verb *kb_cli_verb_at(const struct kb_cli_table *table, size_t n);
const struct kb_cli_verb *kb_cli_find_verb(const struct kb_cli_table *table, const char *group,
                                           const char *name);
const struct kb_cli_group *kb_cli_find_group(const struct kb_cli_table *table, const char *name);

/* Options of a verb one after the other, the common ones (--json, --help) last; NULL past them. */
const struct kb_cli_option *kb_cli_option_at(const struct kb_cli_verb *verb, size_t n);

/* The known word a mistyped one was probably meant to be, NULL when none is near. words ends with
 * NULL. */
const char *kb_cli_nearest(const char *word, const char *const *words);

/* "card apdu", "doctor": the verb's words into name, 64 bytes. separator goes between them. */
void kb_cli_verb_name(const struct kb_cli_verb *verb, char separator, char name[64]);

/* --- parse.c --- */

/* Fills cli; given and operands must have room for argc rows. KB_ERR_USAGE with words. */
enum kb_err kb_cli_parse(struct kb_cli *cli, int argc, char **argv, struct kb_report *why);

/* --- help.c, man.c, complete.c: each writes text made from the table. --- */

extern const char *const kb_cli_exit_words[]; /* by enum kb_exit; ends with NULL */

/* Paragraphs are divided by an empty line; one that starts with a blank is an example, kept as it
 * is. Moves *text behind the block; false at the end. */
struct kb_cli_block {
    const char *text;
    size_t len;
    bool is_example;
};
bool kb_cli_block_next(const char **text, struct kb_cli_block *block);

void kb_cli_usage(FILE *out, const struct kb_cli_verb *verb);
void kb_cli_help(FILE *out, const struct kb_cli_table *table);
void kb_cli_help_group(FILE *out, const struct kb_cli_table *table, const char *group);
void kb_cli_help_verb(FILE *out, const struct kb_cli_verb *verb);
json_t *kb_cli_help_json(const struct kb_cli_table *table);

/* verb NULL: the page of the whole program. */
void kb_cli_man(FILE *out, const struct kb_cli_table *table, const struct kb_cli_verb *verb);

void kb_cli_complete_bash(FILE *out, const struct kb_cli_table *table);
void kb_cli_complete_zsh(FILE *out, const struct kb_cli_table *table);
void kb_cli_complete_fish(FILE *out, const struct kb_cli_table *table);

/* --- verb_frame.c: help, man, completion, version --- */
extern const struct kb_cli_verb kb_cli_frame_verbs[];

/* --- run.c --- */

/* Parses and runs; returns the exit code. */
int kb_cli_run(const struct kb_cli_table *table, int argc, char **argv);

#endif
