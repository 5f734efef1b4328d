/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn plan: checking and compiling a maker's plan. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/cpa/plan.h"
#include "cli/verb_desk.h"
#include "crypto/secret.h"
#include "plan/plan.h"
#include "plan/words.h"

/* How the cards are personalized over the air. */
static void describe_air(const struct kb_cli *cli, const struct kb_plan_air *air, json_t *result)
{
    struct kb_cpa_plan plan;
    const char *agreement, *bearer;

    if (!air->is_there || kb_cpa_plan_read(kb_span(air->bytes, air->len), &plan))
        return;
    agreement = plan.agreement == KB_SESSION_EDHOC ? "edhoc" : "dh";
    bearer = plan.bearer == KB_CPA_SMS ? "short messages" : "packets";
    kb_cli_say(cli, "  over the air     %s in %s", agreement, bearer);
    json_object_set_new(result, "air",
                        json_pack("{s:s, s:s}", "agreement", agreement, "bearer",
                                  plan.bearer == KB_CPA_SMS ? "sms" : "packet"));
}

static void describe_keys(const struct kb_cli *cli, const struct kb_plan *plan, json_t *result)
{
    for (size_t i = 0; i < KB_SUBSCRIPTIONS; i++)
        if (plan->profiles[i].is_there)
            kb_cli_say(cli, "  subscription %zu   authenticates with %s", i,
                       kb_words_algorithm[plan->profiles[i].bytes[0]]);
    if (plan->remote_count)
        kb_cli_say(cli, "  remote           key sets: %zu", plan->remote_count);
    if (plan->key_set_count)
        kb_cli_say(cli, "  security domain  key sets: %zu", plan->key_set_count);
    json_object_set_new(result, "remote", json_integer((json_int_t)plan->remote_count));
    json_object_set_new(result, "scp03", json_integer((json_int_t)plan->key_set_count));
}

static void warn(const struct kb_cli *cli, const struct kb_plan *plan, json_t *result)
{
    json_t *warnings = json_array();
    struct kb_report why = {0};
    size_t at = 0;

    while (kb_plan_next_warning(plan, &at, &why)) {
        kb_cli_say(cli, "warning: %s", why.text);
        json_array_append_new(warnings, json_string(why.text));
    }
    json_object_set_new(result, "warnings", warnings);
}

static void describe(const struct kb_cli *cli, const struct kb_plan *plan, const char *path)
{
    json_t *fields = json_array(), *result;

    kb_cli_say(cli, "%s: plan %s, %zu files, %zu fields, %" PRIu32 " bytes of memory", path,
               plan->name, plan->file_count, plan->field_count,
               plan->sector_size * plan->sector_count);
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct kb_plan_field *field = &plan->fields[i];
        const char *owner = field->is_made ? "maker" : "entity";

        kb_cli_say(cli, "  %-16s %2zu items, filled by the %s", field->name, field->item_count,
                   owner);
        json_array_append_new(fields, json_pack("{s:s, s:I, s:s}", "name", field->name, "items",
                                                (json_int_t)field->item_count, "filled_by", owner));
    }
    result = json_pack("{s:s, s:s, s:I, s:I, s:o}", "file", path, "plan", plan->name, "files",
                       (json_int_t)plan->file_count, "memory",
                       (json_int_t)plan->sector_size * plan->sector_count, "fields", fields);
    describe_keys(cli, plan, result);
    describe_air(cli, &plan->air, result);
    warn(cli, plan, result);
    kb_cli_result(cli, result);
}

static enum kb_exit check(struct kb_cli *cli)
{
    const char *path = kb_cli_operand(cli, 0);
    struct kb_plan *plan = NULL;
    struct kb_report why = {0};

    if (kb_plan_load(path, &plan, &why))
        return kb_cli_fail(cli, &why);
    describe(cli, plan, path);
    kb_plan_free(plan);
    return KB_EXIT_OK;
}

static enum kb_err blame(const char *path, struct kb_report *why)
{
    return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
}

static enum kb_err write_image(const struct kb_plan *plan, const uint8_t key[KB_P256_PRIVATE],
                               const char *path, size_t *len, struct kb_report *why)
{
    uint8_t *bytes = malloc(KB_IMAGE_MAX);
    struct kb_writer image = kb_wr(bytes, bytes ? KB_IMAGE_MAX : 0);
    FILE *file = NULL;
    enum kb_err err = KB_OK;

    if (!bytes)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    err = kb_plan_image(plan, &kb_crypto_openssl, key, &image, why);
    if (!err)
        file = fopen(path, "we");
    if (!err && (!file || fwrite(image.data, 1, image.len, file) != image.len))
        err = blame(path, why);
    if (file && fclose(file) && !err)
        err = blame(path, why);
    *len = image.len;
    free(bytes);
    return err;
}

static enum kb_err write_view(const struct kb_plan *plan, const char *path, struct kb_report *why)
{
    FILE *file = fopen(path, "we");
    enum kb_err err;

    if (!file)
        return blame(path, why);
    err = kb_plan_entity(plan, file, why);
    if (fclose(file) && !err)
        err = blame(path, why);
    return err;
}

static enum kb_exit build(struct kb_cli *cli)
{
    const char *image = kb_cli_value(cli, "image"), *view = kb_cli_value(cli, "entity");
    uint8_t key[KB_P256_PRIVATE];
    struct kb_plan *plan = NULL;
    struct kb_report why = {0};
    size_t len = 0;
    enum kb_err err = kb_plan_load(kb_cli_operand(cli, 0), &plan, &why);

    if (!err)
        err = kb_cli_need_key(cli, "maker-key", "maker.key", kb_key_draw_p256, key, &why);
    if (!err)
        err = write_image(plan, key, image, &len, &why);
    if (!err)
        err = write_view(plan, view, &why);
    kb_wipe(key, sizeof key);
    kb_plan_free(plan);
    if (err)
        return kb_cli_fail(cli, &why);
    kb_cli_say(cli, "%s: %zu bytes, signed\n%s: what the bureau may know", image, len, view);
    kb_cli_result(cli, json_pack("{s:s, s:I, s:s}", "image", image, "bytes", (json_int_t)len,
                                 "entity", view));
    return KB_EXIT_OK;
}

static const struct kb_cli_option build_options[] = {
    {"image", "FILE", "Where the signed algorithm image goes.", true, false},
    {"entity", "FILE", "Where the entity view goes.", true, false},
    {"maker-key", "FILE",
     "The maker's private key; ~/.keyborn/maker.key unless told, made on first use.", false, false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_plan_verbs[] = {
    {"plan", "check", "FILE", 1, 1, "Check a maker's plan",
     "Reads a plan and checks all of it: files, access rules, fields, commands, items and where "
     "they go, the state machine, and whether everything fits into the card's memory. An error "
     "names file, line and what would be right.\n\n"
     "  keyborn plan check examples/plans/telecom.yaml",
     NULL, check},
    {"plan", "build", "FILE", 1, 1, "Compile a plan into image and entity view",
     "Compiles a plan into the algorithm image that the factory loads into cards, signed with the "
     "maker's key, and into the entity view: names, formats and limits of the items, and nothing "
     "from which a place in the card could be told. keyborn factory make does both by itself.\n\n"
     "  keyborn plan build examples/plans/telecom.yaml --image telecom.image --entity "
     "telecom-entity.yaml",
     build_options, build},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
