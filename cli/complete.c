/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for bash, zsh and fish, from the table. */
#include "cli/frame.h"

#include <string.h>

/* What a shell is to offer for the value of an option or an operand. */
enum offer { OFFER_NOTHING, OFFER_FILES, OFFER_DIRS };

static enum offer offer_of(const char *value)
{
    static const struct {
        const char *word;
        enum offer offer;
    } offers[] = {{"DIR", OFFER_DIRS},
                  {"FILE", OFFER_FILES},
                  {"CSV", OFFER_FILES},
                  {"PLAN", OFFER_FILES},
                  {"F", OFFER_FILES}};

    for (size_t i = 0; value && i < sizeof(offers) / sizeof(offers[0]); i++)
        if (strncmp(value, offers[i].word, strlen(offers[i].word)) == 0)
            return offers[i].offer;
    return OFFER_NOTHING;
}

/* The words that may stand first (group NULL), or behind a group. */
static void put_words(FILE *out, const struct kb_cli_table *table, const char *group)
{
    const struct kb_cli_verb *verb;

    for (size_t i = 0; !group && table->groups[i].name; i++)
        fprintf(out, "%s ", table->groups[i].name);
    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++)
        if (strcmp(verb->group, group ? group : "") == 0)
            fprintf(out, "%s ", verb->name);
}

static void put_options(FILE *out, const struct kb_cli_verb *verb)
{
    const struct kb_cli_option *option;

    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++)
        fprintf(out, "--%s ", option->name);
}

/* Text between single quotes of a shell. */
static void put_quoted(FILE *out, const char *text)
{
    putc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else
            putc(*text, out);
    }
    putc('\'', out);
}

static void bash_values(FILE *out, const struct kb_cli_verb *verb, const char *name)
{
    static const char *const actions[] = {"", "compgen -f -- \"$word\"", "compgen -d -- \"$word\""};
    const struct kb_cli_option *option;

    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++)
        if (option->value)
            fprintf(out, "    '%s --%s') %s; return ;;\n", name, option->name,
                    offer_of(option->value) ? actions[offer_of(option->value)] : ":");
}

/* Prints the candidates for $word behind the words of $1 (verb) and $2 (the word before). */
static void put_candidates(FILE *out, const struct kb_cli_table *table)
{
    const struct kb_cli_verb *verb;

    fputs("_keyborn_candidates() {\n    local verb=$1 before=$2 word=$3\n"
          "    case \"$verb $before\" in\n",
          out);
    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++) {
        char name[64];

        kb_cli_verb_name(verb, ' ', name);
        bash_values(out, verb, name);
    }
    fputs("    esac\n    case $verb in\n", out);
    for (const struct kb_cli_group *group = table->groups; group->name; group++) {
        fprintf(out, "    '%s') compgen -W '", group->name);
        put_words(out, table, group->name);
        fputs("--help' -- \"$word\" ;;\n", out);
    }
    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++) {
        char name[64];

        kb_cli_verb_name(verb, ' ', name);
        fprintf(out, "    '%s') compgen -W '", name);
        put_options(out, verb);
        fputs("' -- \"$word\"", out);
        if (offer_of(verb->operands))
            fputs("; [[ $word == -* ]] || compgen -f -- \"$word\"", out);
        fputs(" ;;\n", out);
    }
    fputs("    '') compgen -W '", out);
    put_words(out, table, NULL);
    fputs("--help --version --json' -- \"$word\" ;;\n    esac\n}\n", out);
}

void kb_cli_complete_bash(FILE *out, const struct kb_cli_table *table)
{
    fputs("# Completion of keyborn for bash; keyborn completion bash writes it.\n", out);
    put_candidates(out, table);
    fputs("_keyborn() {\n"
          "    local verb='' word=${COMP_WORDS[COMP_CWORD]} i\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in -*) continue ;; esac\n"
          "        case $verb in\n"
          "        '') verb=${COMP_WORDS[i]} ;;\n"
          "        ",
          out);
    for (const struct kb_cli_group *group = table->groups; group->name; group++)
        fprintf(out, "%s%s", group == table->groups ? "" : " | ", group->name);
    fputs(") verb=\"$verb ${COMP_WORDS[i]}\" ;;\n"
          "        esac\n"
          "    done\n"
          "    mapfile -t COMPREPLY < <(_keyborn_candidates \"$verb\" "
          "\"${COMP_WORDS[COMP_CWORD - 1]}\" \"$word\")\n"
          "}\n"
          "complete -o filenames -F _keyborn keyborn\n",
          out);
}

static void zsh_verb(FILE *out, const struct kb_cli_verb *verb)
{
    static const char *const actions[] = {":value: ", ":file:_files", ":directory:_files -/"};
    const struct kb_cli_option *option;
    char name[64];

    kb_cli_verb_name(verb, ' ', name);
    fprintf(out, "    '%s') _arguments", name);
    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++) {
        fprintf(out, " '%s--%s%s", option->is_repeatable ? "*" : "", option->name,
                option->value ? "=" : "");
        fprintf(out, "%s'", option->value ? actions[offer_of(option->value)] : "");
    }
    fprintf(out, " '*%s' ;;\n", actions[offer_of(verb->operands)]);
}

void kb_cli_complete_zsh(FILE *out, const struct kb_cli_table *table)
{
    const struct kb_cli_verb *verb;

    fputs("#compdef keyborn\n"
          "# Completion of keyborn for zsh; keyborn completion zsh writes it.\n"
          "local verb=${words[2]} taken=1\n"
          "case $verb in\n",
          out);
    for (const struct kb_cli_group *group = table->groups; group->name; group++) {
        fprintf(out, "%s)\n    if ((CURRENT == 3)); then compadd -- ", group->name);
        put_words(out, table, group->name);
        fputs("--help; return; fi\n    verb=\"$verb ${words[3]}\" taken=2 ;;\n", out);
    }
    fputs("esac\n"
          "if ((CURRENT == 2)); then\n    compadd -- ",
          out);
    put_words(out, table, NULL);
    fputs("--help --version --json\n"
          "else\n"
          "    shift $taken words\n    ((CURRENT -= taken))\n"
          "    case $verb in\n",
          out);
    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++)
        zsh_verb(out, verb);
    fputs("    esac\nfi\n", out);
}

static void fish_verb(FILE *out, const struct kb_cli_verb *verb)
{
    static const char *const actions[] = {"-x", "-r -F", "-x -a '(__fish_complete_directories)'"};
    const struct kb_cli_option *option;
    char seen[160];

    if (*verb->group)
        snprintf(seen, sizeof(seen),
                 "__fish_seen_subcommand_from %s; and __fish_seen_subcommand_from %s", verb->group,
                 verb->name);
    else
        snprintf(seen, sizeof(seen), "__fish_seen_subcommand_from %s", verb->name);
    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++) {
        fprintf(out, "complete -c keyborn -n '%s' -l %s %s -d ", seen, option->name,
                option->value ? actions[offer_of(option->value)] : "");
        put_quoted(out, option->help);
        putc('\n', out);
    }
    if (offer_of(verb->operands))
        fprintf(out, "complete -c keyborn -n '%s' -F\n", seen);
}

static void fish_word(FILE *out, const char *condition, const char *word, const char *help)
{
    fprintf(out, "complete -c keyborn -n '%s' -a %s -d ", condition, word);
    put_quoted(out, help);
    putc('\n', out);
}

void kb_cli_complete_fish(FILE *out, const struct kb_cli_table *table)
{
    const struct kb_cli_verb *verb;

    fputs("# Completion of keyborn for fish; keyborn completion fish writes it.\n"
          "complete -c keyborn -f\n",
          out);
    for (const struct kb_cli_group *group = table->groups; group->name; group++)
        fish_word(out, "__fish_use_subcommand", group->name, group->summary);
    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++) {
        char condition[96] = "__fish_use_subcommand";

        if (*verb->group)
            snprintf(condition, sizeof(condition), "__fish_seen_subcommand_from %s", verb->group);
        fish_word(out, condition, verb->name, verb->summary);
        fish_verb(out, verb);
    }
}
