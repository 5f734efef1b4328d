/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a PS: what it is configured with, and whether that can work. */
#include <stdlib.h>

#include "service/ps_inside.h"
#include "service/ps_sql.h"

enum { OPEN_MAX = 10000 };

static bool is_name(const char *name)
{
    return name && name[0] && strlen(name) < KB_MAIL_PEER;
}

static enum kb_err check(const struct kb_ps_config *config, struct kb_report *why)
{
    if (!config->id_o.len || config->id_o.len > KB_ID_O_MAX)
        return kb_report(why, KB_ERR_RANGE, "the operator's name has 1 to %d bytes", KB_ID_O_MAX);
    if (config->mnc_length != 2 && config->mnc_length != 3)
        return kb_report(why, KB_ERR_RANGE, "a network code has 2 or 3 digits, not %d",
                         config->mnc_length);
    if (config->name.len > KB_OPERATOR_NAME_MAX)
        return kb_report(why, KB_ERR_TOO_LONG, "the name to show has at most %d bytes",
                         KB_OPERATOR_NAME_MAX);
    if (!config->suite_count && !config->group_count)
        return kb_report(why, KB_ERR_USAGE, "there is neither a suite nor a group to agree in");
    for (size_t i = 0; i < config->server_count; i++) {
        if (!is_name(config->servers[i]))
            return kb_report(why, KB_ERR_RANGE, "the name of server %zu has 1 to %d bytes", i + 1,
                             KB_MAIL_PEER - 1);
    }
    return KB_OK;
}

static enum kb_err open_store(struct kb_ps *ps, struct kb_report *why)
{
    const struct kb_ps_config *config = &ps->config;
    const struct kb_store_config store = {
        .path = config->path,
        .crypto = config->crypto,
        .random = config->random,
        .key = config->key,
        .now = config->now,
        .now_ctx = config->now_ctx,
        .schema_version = KB_PS_SCHEMA,
        .schema = kb_ps_schema,
        .statements = kb_ps_statements,
        .statement_count = PS_STATEMENTS,
        .fault = config->fault,
        .fault_ctx = config->fault_ctx,
    };

    return kb_store_open(&store, &ps->store, why);
}

static enum kb_err add_servers(struct kb_ps *ps)
{
    enum kb_err err = kb_store_begin(ps->store), ended;

    if (err)
        return err;
    for (size_t i = 0; i < ps->config.server_count && !err; i++) {
        struct kb_statement *st = kb_store_get(ps->store, PS_OPEN_ADD);

        kb_bind_text(st, 1, kb_ps_text(ps->config.servers[i]));
        err = kb_statement_run(st);
    }
    ended = kb_store_end(ps->store, err);
    return ended ? ended : kb_store_commit(ps->store);
}

enum kb_err kb_ps_open(const struct kb_ps_config *config, struct kb_ps **out, struct kb_report *why)
{
    struct kb_ps *ps = calloc(1, sizeof(*ps));
    enum kb_err err =
        ps ? check(config, why) : kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));

    *out = NULL;
    if (!err) {
        ps->config = *config;
        ps->open_max = config->open_max ? config->open_max : OPEN_MAX;
        err = kb_ps_makers_open(&ps->makers, config->crypto, config->makers, config->maker_count,
                                config->revoked);
        if (err)
            kb_report(why, err, "the list of revoked cards: %s", kb_err_text(err));
    }
    if (!err)
        err = open_store(ps, why);
    if (!err) {
        err = add_servers(ps);
        if (err)
            kb_report(why, err, "%s: %s", config->path, kb_err_text(err));
    }
    if (err) {
        kb_ps_close(ps);
        return err;
    }
    *out = ps;
    return KB_OK;
}

void kb_ps_close(struct kb_ps *ps)
{
    if (!ps)
        return;
    kb_store_close(ps->store);
    free(ps);
}
