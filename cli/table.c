/* SPDX-License-Identifier: Apache-2.0 */
/* Finding groups, verbs and options in the table, and guessing what a mistyped word meant. */
#include "cli/frame.h"

#include <stdlib.h>
#include <string.h>

static const struct kb_cli_option common_options[] = {
    {"json", NULL, "Print the result, or the error, as JSON on standard output.", false, false},
    {"help", NULL, "Show this help and do nothing else.", false, false},
};

enum { COMMON_OPTIONS = sizeof(common_options) / sizeof(common_options[0]) };

const struct kb_cli_verb *kb_cli_verb_at(const struct kb_cli_table *table, size_t n)
{
    for (const struct kb_cli_verb *const *verbs = table->verbs; *verbs; verbs++)
        for (const struct kb_cli_verb *verb = *verbs; verb->name; verb++)
            if (n-- == 0)
                return verb;
    return NULL;
}

const struct kb_cli_verb *kb_cli_find_verb(const struct kb_cli_table *table, const char *group,
                                           const char *name)
{
    const struct kb_cli_verb *verb;

    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++)
        if (strcmp(verb->group, group) == 0 && strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

const struct kb_cli_group *kb_cli_find_group(const struct kb_cli_table *table, const char *name)
{
    for (const struct kb_cli_group *group = table->groups; group->name; group++)
        if (strcmp(group->name, name) == 0)
            return group;
    return NULL;
}

const struct kb_cli_option *kb_cli_option_at(const struct kb_cli_verb *verb, size_t n)
{
    const struct kb_cli_option *option = verb->options;

    for (; option && option->name; option++)
        if (n-- == 0)
            return option;
    return n < COMMON_OPTIONS ? &common_options[n] : NULL;
}

/* Edit distance (insert, delete, replace), with one row of memory; words here are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[33];
    size_t len = strlen(b);

    if (len >= sizeof(row) / sizeof(row[0]))
        return len;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            size_t other = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

            diagonal = row[j];
            row[j] = replace < other ? replace : other;
        }
    }
    return row[len];
}

const char *kb_cli_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    size_t best = strlen(word) / 3 + 2; /* farther than that is another word, not a slip */

    for (; *words; words++) {
        size_t far = strncmp(word, *words, strlen(word)) == 0 ? 1 : distance(word, *words);

        if (far < best && far < strlen(*words)) {
            best = far;
            nearest = *words;
        }
    }
    return nearest;
}

void kb_cli_verb_name(const struct kb_cli_verb *verb, char separator, char name[64])
{
    if (*verb->group)
        snprintf(name, 64, "%s%c%s", verb->group, separator, verb->name);
    else
        snprintf(name, 64, "%s", verb->name);
}
