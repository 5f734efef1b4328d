/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of a plan: its own states and transitions or the usual ones, and the proof that
 * no table of a plan undoes what protects the card. */
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"

static const struct kb_plan_transition usual[] = {
    {KB_PERSO_IDLE, KB_EVENT_ENABLE, KB_PERSO_READY},
    {KB_PERSO_IDLE, KB_EVENT_ENABLE_ALERTED, KB_PERSO_ALERT},
    {KB_PERSO_READY, KB_EVENT_VERIFY_OK, KB_PERSO_PERSO},
    {KB_PERSO_READY, KB_EVENT_VERIFY_WRONG, KB_PERSO_ALERT},
    {KB_PERSO_READY, KB_EVENT_VERIFY_EXHAUSTED, KB_PERSO_BLOCKED},
    {KB_PERSO_ALERT, KB_EVENT_VERIFY_OK, KB_PERSO_PERSO},
    {KB_PERSO_ALERT, KB_EVENT_VERIFY_WRONG, KB_PERSO_ALERT},
    {KB_PERSO_ALERT, KB_EVENT_VERIFY_EXHAUSTED, KB_PERSO_BLOCKED},
    {KB_PERSO_PERSO, KB_EVENT_PUT, KB_PERSO_PERSO},
    {KB_PERSO_PERSO, KB_EVENT_LOCK, KB_PERSO_LOCKED},
};

struct raw {
    const yaml_node_t *from, *to;
    unsigned event;
};

static const struct kb_key keys[] = {
    {"from", KB_KEY_SCALAR, true, offsetof(struct raw, from), 0, 0, NULL},
    {"event", KB_KEY_WORD, true, offsetof(struct raw, event), 0, 0, kb_words_event},
    {"to", KB_KEY_SCALAR, true, offsetof(struct raw, to), 0, 0, NULL},
    {0},
};

/* --- What no transition may do --- */

static bool leaves_the_end(const struct kb_plan_transition *t)
{
    return t->from == KB_PERSO_LOCKED || t->from == KB_PERSO_BLOCKED;
}

static bool puts_outside_perso(const struct kb_plan_transition *t)
{
    return t->event == KB_EVENT_PUT && t->from != KB_PERSO_PERSO;
}

static bool enters_perso_unverified(const struct kb_plan_transition *t)
{
    return t->to == KB_PERSO_PERSO && t->event != KB_EVENT_VERIFY_OK && t->event != KB_EVENT_PUT;
}

static bool verifies_unasked(const struct kb_plan_transition *t)
{
    return t->from == KB_PERSO_IDLE && t->event != KB_EVENT_ENABLE &&
           t->event != KB_EVENT_ENABLE_ALERTED;
}

/* The card's loader asks for it, and a bureau, which knows no states, sends one code. */
static bool leads_elsewhere(const struct kb_plan_transition *t)
{
    return t->to != KB_PERSO_PERSO && (t->event == KB_EVENT_VERIFY_OK || t->event == KB_EVENT_PUT);
}

static bool locks_wrongly(const struct kb_plan_transition *t)
{
    bool is_lock = t->event == KB_EVENT_LOCK;

    return is_lock != (t->to == KB_PERSO_LOCKED) || (is_lock && t->from != KB_PERSO_PERSO);
}

static bool blocks_wrongly(const struct kb_plan_transition *t)
{
    return (t->event == KB_EVENT_VERIFY_EXHAUSTED) != (t->to == KB_PERSO_BLOCKED);
}

static const struct {
    bool (*is_broken)(const struct kb_plan_transition *t);
    const char *text;
} rules[] = {
    {leaves_the_end, "LOCKED and BLOCKED are for ever: no transition may leave them; remove it"},
    {verifies_unasked, "nothing but ENABLE and ENABLE_ALERTED leaves IDLE; begin with one of them"},
    {puts_outside_perso, "data are written in PERSO only; PUT should start from PERSO"},
    {enters_perso_unverified, "PERSO is reached by a verified code only; use event VERIFY_OK"},
    {leads_elsewhere, "VERIFY_OK and PUT lead to PERSO and nowhere else; correct 'to'"},
    {locks_wrongly, "LOCK, and nothing else, leads to LOCKED, and only from PERSO"},
    {blocks_wrongly, "VERIFY_EXHAUSTED, and nothing else, leads to BLOCKED"},
};

static enum kb_err check_transition(struct kb_plan_build *build, const yaml_node_t *node,
                                    const struct kb_plan_transition *t)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].is_broken(t))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE, "%s", rules[i].text);
    }
    for (size_t i = 0; i < build->plan->transition_count; i++) {
        const struct kb_plan_transition *other = &build->plan->transitions[i];

        if (other->from == t->from && other->event == t->event)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "%s in state %s has a transition already; keep one of them",
                                kb_words_event[t->event], build->state_names[t->from]);
    }
    return KB_OK;
}

/* --- States --- */

static enum kb_err state_named(struct kb_plan_build *build, const yaml_node_t *node,
                               const char *what, uint8_t *state)
{
    const char *words[KB_IMAGE_STATES + 1] = {0};
    unsigned word = 0;
    enum kb_err err;

    for (size_t i = 0; i < build->plan->state_count; i++)
        words[i] = build->state_names[i];
    err = kb_schema_word(&build->yaml, node, what, words, &word);
    *state = (uint8_t)word;
    return err;
}

static enum kb_err read_states(struct kb_plan_build *build, const yaml_node_t *node)
{
    enum kb_err err = KB_OK;
    struct kb_plan *plan = build->plan;

    for (size_t i = 0; i < KB_PERSO_STATES; i++)
        memcpy(build->state_names[i], kb_words_state[i], strlen(kb_words_state[i]) + 1);
    plan->state_count = KB_PERSO_STATES;
    for (size_t i = 0; !err && i < kb_yaml_count(node); i++) {
        const yaml_node_t *element = kb_yaml_element(&build->yaml, node, i);
        char name[KB_PLAN_STATE_NAME];

        err = kb_schema_name(&build->yaml, element, "states", name, sizeof name);
        for (size_t k = 0; !err && k < plan->state_count; k++) {
            if (!strcmp(name, build->state_names[k]))
                err =
                    kb_yaml_fail(&build->yaml, element, KB_ERR_EXISTS,
                                 "states: %s is there already; list only states of your own", name);
        }
        if (!err)
            memcpy(build->state_names[plan->state_count++], name, sizeof name);
    }
    return err;
}

/* --- The whole table --- */

/* Follows the transitions from IDLE; a bit for each state that can be reached. */
static uint32_t reachable(const struct kb_plan *plan)
{
    uint32_t seen = 1u << KB_PERSO_IDLE;
    uint32_t before = 0;

    while (seen != before) {
        before = seen;
        for (size_t i = 0; i < plan->transition_count; i++) {
            if (seen & 1u << plan->transitions[i].from)
                seen |= 1u << plan->transitions[i].to;
        }
    }
    return seen;
}

/* Events that are outcomes of one command: a state that knows one of them has to know them all. */
static const struct {
    uint32_t events;
    const char *text;
} outcomes[] = {
    {1u << KB_EVENT_ENABLE | 1u << KB_EVENT_ENABLE_ALERTED, "ENABLE and ENABLE_ALERTED"},
    {1u << KB_EVENT_VERIFY_OK | 1u << KB_EVENT_VERIFY_WRONG | 1u << KB_EVENT_VERIFY_EXHAUSTED,
     "VERIFY_OK, VERIFY_WRONG and VERIFY_EXHAUSTED"},
};

static enum kb_err check_outcomes(struct kb_plan_build *build, const yaml_node_t *node)
{
    uint32_t known[KB_IMAGE_STATES] = {0};

    for (size_t i = 0; i < build->plan->transition_count; i++)
        known[build->plan->transitions[i].from] |= 1u << build->plan->transitions[i].event;
    for (size_t i = 0; i < 2u * build->plan->state_count; i++) {
        uint32_t events = known[i / 2] & outcomes[i % 2].events;

        if (events && events != outcomes[i % 2].events)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                                "transitions: state %s knows only some of %s; give it all of them "
                                "or none",
                                build->state_names[i / 2], outcomes[i % 2].text);
    }
    return KB_OK;
}

/* A state of the plan's own that nothing reaches is a slip; without PERSO and LOCKED the card can
 * never be finished. */
static enum kb_err check_table(struct kb_plan_build *build, const yaml_node_t *node)
{
    uint32_t seen = reachable(build->plan);

    for (uint8_t i = 0; i < build->plan->state_count; i++) {
        bool is_needed = i == KB_PERSO_PERSO || i == KB_PERSO_LOCKED || i >= KB_PERSO_STATES;

        if (is_needed && !(seen & 1u << i))
            return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                                "transitions: no way leads from IDLE to %s; add one",
                                build->state_names[i]);
    }
    return check_outcomes(build, node);
}

static enum kb_err read_transition(struct kb_plan_build *build, const yaml_node_t *node)
{
    struct kb_plan_transition t = {0};
    struct raw raw = {0};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (!err)
        err = state_named(build, raw.from, "from", &t.from);
    if (!err)
        err = state_named(build, raw.to, "to", &t.to);
    t.event = (uint8_t)raw.event;
    if (!err)
        err = check_transition(build, node, &t);
    if (!err)
        build->plan->transitions[build->plan->transition_count++] = t;
    return err;
}

enum kb_err kb_plan_read_machine(struct kb_plan_build *build, const yaml_node_t *states,
                                 const yaml_node_t *transitions)
{
    struct kb_plan *plan = build->plan;
    size_t count = kb_yaml_count(transitions);
    enum kb_err err = read_states(build, states);

    plan->transitions = calloc(count + sizeof usual / sizeof *usual, sizeof *plan->transitions);
    if (!plan->transitions)
        return kb_yaml_fail(&build->yaml, transitions, KB_ERR_MEMORY, "%s",
                            kb_err_text(KB_ERR_MEMORY));
    if (!transitions) {
        memcpy(plan->transitions, usual, sizeof usual);
        plan->transition_count = sizeof usual / sizeof *usual;
    }
    for (size_t i = 0; !err && i < count; i++) {
        size_t mark = kb_yaml_enter(&build->yaml, "transitions: number %zu", i + 1);

        err = read_transition(build, kb_yaml_element(&build->yaml, transitions, i));
        kb_yaml_leave(&build->yaml, mark);
    }
    return err ? err : check_table(build, transitions ? transitions : states);
}
