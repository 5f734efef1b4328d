/* SPDX-License-Identifier: Apache-2.0 */
/* How the cards of a plan are personalized over the air (card/cpa/plan.h). */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "agree/dh_groups.h"
#include "card/cpa/plan.h"
#include "plan/air.h"

enum {
    DIGITS_MAX = 20, /* of a telephone number, ITU-T E.164 and what networks allow (TS 23.040) */
    APN_MAX = 63,
    ADDRESS_MAX = 16,
    TIMER_MAX = 24 * 60 * 60 - 1 /* seconds, TS 102 223 clause 8.38 */
};

struct raw {
    const yaml_node_t *starts, *suites, *groups, *service, *centre, *apn, *address, *wanted, *title,
        *operators;
    unsigned bearer, temporary, agreement, curve, packets;
    uint32_t refusals, tries, wait, resends, port;
    bool asks_user;
};

/* What the plan's spans point to until it is written. */
struct air {
    struct kb_cpa_plan plan;
    char service[DIGITS_MAX + 2], centre[DIGITS_MAX + 2], apn[APN_MAX + 1], id_o[KB_ID_O_MAX + 1],
        title[KB_CPA_TITLE_MAX + 1];
    uint8_t address[ADDRESS_MAX];
};

static const char *const bearers[] = {"sms", "packet", NULL};
static const char *const temporaries[] = {"delete", "keep", NULL};
static const char *const agreements[] = {"edhoc", "dh", NULL};
static const char *const curves[] = {"p256", "x25519", NULL};
static const char *const ciphers[] = {"aes", "triple-des", NULL};
static const char *const start_words[] = {"menu", "code", "itself", "air", NULL};

static const struct kb_key keys[] = {
    {"starts", KB_KEY_LIST, true, offsetof(struct raw, starts), 1, 4, NULL},
    {"bearer", KB_KEY_WORD, false, offsetof(struct raw, bearer), 0, 0, bearers},
    {"confirm", KB_KEY_FLAG, false, offsetof(struct raw, asks_user), 0, 0, NULL},
    {"temporary", KB_KEY_WORD, false, offsetof(struct raw, temporary), 0, 0, temporaries},
    {"refusals", KB_KEY_NUMBER, false, offsetof(struct raw, refusals), 1, 20, NULL},
    {"tries", KB_KEY_NUMBER, false, offsetof(struct raw, tries), 1, 15, NULL},
    {"agreement", KB_KEY_WORD, false, offsetof(struct raw, agreement), 0, 0, agreements},
    {"curve", KB_KEY_WORD, false, offsetof(struct raw, curve), 0, 0, curves},
    {"packets", KB_KEY_WORD, false, offsetof(struct raw, packets), 0, 0, ciphers},
    {"suites", KB_KEY_LIST, false, offsetof(struct raw, suites), 1, KB_CPA_SUITES, NULL},
    {"groups", KB_KEY_LIST, false, offsetof(struct raw, groups), 1, KB_CPA_SUITES, NULL},
    {"wait", KB_KEY_NUMBER, false, offsetof(struct raw, wait), 1, 3600, NULL},
    {"resends", KB_KEY_NUMBER, false, offsetof(struct raw, resends), 0, 10, NULL},
    {"service", KB_KEY_SCALAR, false, offsetof(struct raw, service), 0, 0, NULL},
    {"centre", KB_KEY_SCALAR, false, offsetof(struct raw, centre), 0, 0, NULL},
    {"apn", KB_KEY_SCALAR, false, offsetof(struct raw, apn), 0, 0, NULL},
    {"address", KB_KEY_SCALAR, false, offsetof(struct raw, address), 0, 0, NULL},
    {"port", KB_KEY_NUMBER, false, offsetof(struct raw, port), 1, 65535, NULL},
    {"operator", KB_KEY_SCALAR, false, offsetof(struct raw, wanted), 0, 0, NULL},
    {"title", KB_KEY_SCALAR, false, offsetof(struct raw, title), 0, 0, NULL},
    {"operators", KB_KEY_LIST, false, offsetof(struct raw, operators), 1, KB_SESSION_OPERATORS,
     NULL},
    {0},
};

/* --- Single values --- */

static struct kb_span span_of(const char *text)
{
    return kb_span(text, strlen(text));
}

/* Characters that ASCII and the GSM default alphabet (TS 23.038 clause 6.2.1) code alike, so that
 * every terminal shows them. */
enum kb_err kb_plan_air_shown(struct kb_plan_build *build, const yaml_node_t *node,
                              const char *what, char *out, size_t size)
{
    static const char alike[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                " !\"#%&'()*+,-./:;<=>?";
    enum kb_err err = kb_schema_text(&build->yaml, node, what, out, size);

    if (!err && (!out[0] || out[strspn(out, alike)]))
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                           "%s holds a character that not every terminal shows; it may have "
                           "letters A-Z, digits, blanks and !\"#%%&'()*+,-./:;<=>?",
                           what);
    return err;
}

/* IdO: a word that is put in subjects of credentials, lists and logs. */
enum kb_err kb_plan_air_id_o(struct kb_plan_build *build, const yaml_node_t *node, const char *what,
                             char out[KB_ID_O_MAX + 1])
{
    enum kb_err err = kb_schema_text(&build->yaml, node, what, out, KB_ID_O_MAX + 1);

    for (const char *at = out; !err && (*at || at == out); at++) {
        if (*at <= ' ' || *at > '~')
            err = kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                               "%s should be 1 to %d printable ASCII characters without blanks",
                               what, KB_ID_O_MAX);
    }
    return err;
}

/* Digits with + in front when the number is international; node may be NULL. */
static enum kb_err read_number(struct kb_plan_build *build, const yaml_node_t *node,
                               const char *what, char out[DIGITS_MAX + 2])
{
    const char *text = kb_yaml_text(node);
    size_t plus = text && text[0] == '+', digits;

    if (!node)
        return KB_OK;
    digits = text ? strspn(text + plus, "0123456789") : 0;
    if (digits == 0 || digits > DIGITS_MAX || text[plus + digits])
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "%s should be 1 to %d decimal digits, with + in front when the number "
                            "is international",
                            what, DIGITS_MAX);
    memcpy(out, text, plus + digits + 1);
    return KB_OK;
}

/* --- What begins it, and by which agreement --- */

static enum kb_err read_starts(struct kb_plan_build *build, const yaml_node_t *list,
                               struct kb_cpa_plan *plan)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; !err && i < kb_yaml_count(list); i++) {
        const yaml_node_t *node = kb_yaml_element(&build->yaml, list, i);
        unsigned word = 0;

        err = kb_schema_word(&build->yaml, node, "starts", start_words, &word);
        if (!err && plan->starts & 1u << word)
            err = kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                               "starts names '%s' twice; keep one of them", start_words[word]);
        plan->starts |= (uint8_t)(1u << word);
    }
    return err;
}

static enum kb_err add_suite(struct kb_plan_build *build, const yaml_node_t *node, const char *what,
                             int16_t number, struct kb_cpa_plan *plan)
{
    for (size_t i = 0; i < plan->suite_count; i++) {
        if (plan->suites[i] == number)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_EXISTS,
                                "%s names '%s' twice; keep one of them", what, kb_yaml_text(node));
    }
    plan->suites[plan->suite_count++] = number;
    return KB_OK;
}

/* A card has one static key, and a suite runs on one curve (RFC 9528 clause 3.6). */
static enum kb_err read_suites(struct kb_plan_build *build, const struct raw *raw,
                               struct kb_cpa_plan *plan)
{
    uint32_t first = curves[raw->curve][0] == 'p' ? 2 : 0, number = 0;
    enum kb_err err = KB_OK;

    for (size_t i = 0; !err && raw->suites && i < kb_yaml_count(raw->suites); i++) {
        const yaml_node_t *node = kb_yaml_element(&build->yaml, raw->suites, i);

        err = kb_schema_number(&build->yaml, node, "suites", 0, 3, &number);
        if (!err && number - first > 1)
            err = kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                               "suite %u needs a key on curve %s, but the card's is on %s; choose "
                               "%u or %u, or the other curve",
                               number, curves[!raw->curve], curves[raw->curve], first, first + 1);
        if (!err)
            err = add_suite(build, node, "suites", (int16_t)number, plan);
    }
    for (number = first; !raw->suites && number <= first + 1; number++)
        plan->suites[plan->suite_count++] = (int16_t)number;
    return err;
}

static const char *const group_words[] = {"x25519",    "secp256r1", "ffdhe2048",
                                          "ffdhe3072", "ffdhe4096", NULL};
static const int16_t group_numbers[] = {29, 23, 256, 257, 258};

static enum kb_err read_groups(struct kb_plan_build *build, const yaml_node_t *list,
                               struct kb_cpa_plan *plan)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; !err && list && i < kb_yaml_count(list); i++) {
        const yaml_node_t *node = kb_yaml_element(&build->yaml, list, i);
        unsigned word = 0;

        err = kb_schema_word(&build->yaml, node, "groups", group_words, &word);
        if (!err)
            err = add_suite(build, node, "groups", group_numbers[word], plan);
    }
    for (size_t i = 0; !list && i < 2; i++)
        plan->suites[plan->suite_count++] = group_numbers[i];
    return err;
}

static enum kb_err read_agreement(struct kb_plan_build *build, const struct raw *raw,
                                  struct kb_cpa_plan *plan)
{
    bool is_dh = raw->agreement;
    const yaml_node_t *other = is_dh ? raw->suites : raw->groups;

    plan->agreement = is_dh ? KB_SESSION_DH : KB_SESSION_EDHOC;
    if (other)
        return kb_yaml_fail(&build->yaml, other, KB_ERR_RULE,
                            "%s goes with agreement %s; use '%s' here", is_dh ? "suites" : "groups",
                            agreements[!is_dh], is_dh ? "groups" : "suites");
    return is_dh ? read_groups(build, raw->groups, plan) : read_suites(build, raw, plan);
}

/* --- Where the service is --- */

/* Labels of letters, digits and hyphens (TS 23.003 clause 9.1). */
static enum kb_err read_apn(struct kb_plan_build *build, const yaml_node_t *node,
                            char out[APN_MAX + 1])
{
    const char *text = kb_yaml_text(node);
    bool is_sound = text && strlen(text) <= APN_MAX && text[0] != '.' && !strstr(text, "..") &&
                    text[strlen(text) - 1] != '.' &&
                    !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-.")];

    if (!node)
        return KB_OK;
    if (!is_sound)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "apn should be names of letters, digits and '-' with dots between "
                            "them, up to %d characters",
                            APN_MAX);
    memcpy(out, text, strlen(text) + 1);
    return KB_OK;
}

static enum kb_err read_address(struct kb_plan_build *build, const yaml_node_t *node,
                                struct air *air)
{
    const char *text = kb_yaml_text(node);
    size_t len = 0;

    if (!node)
        return KB_OK;
    if (text && inet_pton(AF_INET, text, air->address) == 1)
        len = 4;
    else if (text && inet_pton(AF_INET6, text, air->address) == 1)
        len = 16;
    air->plan.address = kb_span(air->address, len);
    return len ? KB_OK
               : kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                              "address should be an IPv4 or IPv6 address, such as 192.0.2.1 or "
                              "2001:db8::1");
}

static enum kb_err need(struct kb_plan_build *build, const yaml_node_t *at, const yaml_node_t *node,
                        const char *what, const char *bearer)
{
    if (node)
        return KB_OK;
    return kb_yaml_fail(&build->yaml, at, KB_ERR_ABSENT,
                        "key '%s' is missing; a card with bearer %s needs it", what, bearer);
}

static enum kb_err read_places(struct kb_plan_build *build, const yaml_node_t *at,
                               const struct raw *raw, struct air *air)
{
    enum kb_err err = raw->bearer ? need(build, at, raw->address, "address", "packet")
                                  : need(build, at, raw->service, "service", "sms");

    if (!err && raw->bearer && !raw->port)
        err = need(build, at, NULL, "port", "packet");
    if (!err)
        err = read_number(build, raw->service, "service", air->service);
    if (!err)
        err = read_number(build, raw->centre, "centre", air->centre);
    if (!err)
        err = read_apn(build, raw->apn, air->apn);
    if (!err)
        err = read_address(build, raw->address, air);
    air->plan.service = span_of(air->service);
    air->plan.centre = span_of(air->centre);
    air->plan.apn = span_of(air->apn);
    air->plan.port = (uint16_t)raw->port;
    return err;
}

/* --- The whole --- */

static enum kb_err read_words(struct kb_plan_build *build, const struct raw *raw, struct air *air)
{
    enum kb_err err = KB_OK;

    memcpy(air->title, "Choose an operator", 19);
    if (raw->title)
        err = kb_plan_air_shown(build, raw->title, "title", air->title, sizeof air->title);
    if (!err && raw->wanted)
        err = kb_plan_air_id_o(build, raw->wanted, "operator", air->id_o);
    air->plan.title = span_of(air->title);
    air->plan.operator= span_of(air->id_o);
    return err;
}

/* The wait doubles with each try, on a timer of the terminal. */
static enum kb_err check_wait(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct raw *raw)
{
    if ((uint64_t)raw->wait << raw->resends <= TIMER_MAX)
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                        "a wait of %u seconds, doubled %u times, is more than a day; use a shorter "
                        "one or fewer resends",
                        raw->wait, raw->resends);
}

static enum kb_err write_plan(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct air *air)
{
    struct kb_plan_air *out = &build->plan->air;
    struct kb_writer wr = kb_wr(out->bytes, sizeof out->bytes);
    struct kb_cpa_plan again;

    kb_cpa_plan_write(&wr, &air->plan);
    out->len = wr.len;
    if (wr.is_bad)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_TOO_LONG,
                            "this needs more than the %zu bytes a card has for it; use shorter "
                            "names",
                            sizeof out->bytes);
    if (kb_cpa_plan_read(kb_wr_span(&wr), &again))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE, "the card would not take this");
    return KB_OK;
}

static enum kb_err read_air(struct kb_plan_build *build, const yaml_node_t *node, struct air *air)
{
    struct raw raw = {
        .asks_user = true, .temporary = 1, .refusals = 3, .tries = 3, .wait = 60, .resends = 4};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (!err)
        err = read_starts(build, raw.starts, &air->plan);
    if (!err)
        err = read_agreement(build, &raw, &air->plan);
    if (!err)
        err = read_places(build, node, &raw, air);
    if (!err)
        err = read_words(build, &raw, air);
    if (!err)
        err = check_wait(build, node, &raw);
    if (!err)
        err = kb_plan_air_operators(build, raw.operators);
    air->plan.bearer = (uint8_t)raw.bearer;
    air->plan.asks_user = raw.asks_user;
    air->plan.keeps_temporary = raw.temporary;
    air->plan.has_old_keys = raw.packets;
    air->plan.refusals = (uint8_t)raw.refusals;
    air->plan.tries = (uint8_t)raw.tries;
    air->plan.wait_s = (uint16_t)raw.wait;
    air->plan.resends = (uint8_t)raw.resends;
    build->plan->air.curve = raw.curve ? KB_CURVE_X25519 : KB_CURVE_P256;
    build->plan->air.has_credential = air->plan.agreement == KB_SESSION_EDHOC;
    return err;
}

enum kb_err kb_plan_read_air(struct kb_plan_build *build, const yaml_node_t *node)
{
    size_t mark = kb_yaml_enter(&build->yaml, "air");
    struct air air = {0};
    enum kb_err err = KB_OK;

    build->plan->air.is_there = node;
    if (node)
        err = read_air(build, node, &air);
    if (node && !err)
        err = write_plan(build, node, &air);
    if (node && !err)
        err = kb_plan_air_check_fields(build, node);
    kb_yaml_leave(&build->yaml, mark);
    return err;
}
