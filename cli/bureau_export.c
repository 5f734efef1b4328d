/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn bureau export and open. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verb_bureau.h"
#include "crypto/secret.h"
#include "desk/audit.h"
#include "desk/export.h"
#include "desk/safe_file.h"

/* What the options point to. */
struct keys {
    uint8_t transport[KB_GCM_KEY];
    uint8_t at_register[KB_AES_BLOCK];
    char register_id[KB_EXPORT_ID];
};

static enum kb_err take_register_key(const char *text, struct kb_export_options *options,
                                     struct keys *keys, struct kb_report *why)
{
    size_t len = text ? strcspn(text, ":") : 0;

    if (!text)
        return KB_OK;
    if (!options->format->takes_register_key)
        return kb_report(why, KB_ERR_USAGE, "format %s has no place for --register-key",
                         options->format->name);
    if (len == 0 || len >= sizeof keys->register_id || text[len] != ':' ||
        strcspn(text, ",\"\\ ") < len)
        return kb_report(why, KB_ERR_USAGE, "--register-key should be a name, a colon and a file");
    memcpy(keys->register_id, text, len);
    keys->register_id[len] = '\0';
    options->register_id = keys->register_id;
    options->register_key = keys->at_register;
    return kb_key_file_read(&text[len + 1], keys->at_register, sizeof keys->at_register, why);
}

static enum kb_err take_transport_key(const struct kb_cli *cli, struct kb_export_options *options,
                                      struct keys *keys, struct kb_report *why)
{
    const char *path = kb_cli_value(cli, "transport-key");

    if (!path == !kb_cli_flag(cli, "clear-keys"))
        return kb_report(why, KB_ERR_USAGE,
                         "keys leave sealed with --transport-key FILE, or with --clear-keys in "
                         "clear: say which");
    if (!path)
        return KB_OK;
    options->transport_key = keys->transport;
    return kb_key_file_read(path, keys->transport, sizeof keys->transport, why);
}

/* Without --out the export goes to standard output, where a result as JSON has no room. */
static enum kb_err take_out(const struct kb_cli *cli, struct kb_export_options *options,
                            struct kb_report *why)
{
    options->out = kb_cli_value(cli, "out") ? kb_cli_value(cli, "out") : KB_SAFE_FILE_STANDARD;
    if (strcmp(options->out, KB_SAFE_FILE_STANDARD) == 0 && kb_cli_is_json(cli))
        return kb_report(why, KB_ERR_USAGE, "--json tells of the export: name its file by --out");
    return KB_OK;
}

static enum kb_err take_options(const struct kb_cli *cli, struct kb_export_options *options,
                                struct keys *keys, struct kb_bureau_names *names,
                                struct kb_report *why)
{
    const char *format = kb_cli_value(cli, "format");
    enum kb_err err;

    options->format = kb_export_format(format);
    if (!options->format)
        return kb_report(why, KB_ERR_USAGE, "--format should be one of %s", kb_export_names);
    err = take_out(cli, options, why);
    if (!err)
        err = kb_cli_journal(cli, names, &options->journal, why);
    if (!err)
        err = take_transport_key(cli, options, keys, why);
    if (!err)
        err = take_register_key(kb_cli_value(cli, "register-key"), options, keys, why);
    if (err)
        return err;
    return kb_cli_read_key(cli, "bureau-key", "bureau.key", options->bureau_key, why);
}

/* Who took keys away, and in which form. */
static enum kb_err write_audit(const struct kb_cli *cli, const struct kb_export_options *options,
                               struct kb_report *why)
{
    struct kb_audit audit;
    char place[KB_BUREAU_PATH];
    const char *path = kb_cli_value(cli, "audit");
    enum kb_err err;

    snprintf(place, sizeof place, "%s.audit.jsonl", options->journal);
    err = kb_audit_open(&audit, path ? path : place, why);
    if (err)
        return err;
    kb_audit_write(&audit, &(struct kb_audit_event){
                               .what = "export",
                               .where = options->out,
                               .result = options->transport_key ? "sealed" : "in clear",
                               .reason = options->format->name,
                           });
    kb_audit_close(&audit);
    return KB_OK;
}

enum kb_exit kb_cli_bureau_export(struct kb_cli *cli)
{
    struct kb_export_options options = {0};
    struct keys keys = {0};
    struct kb_bureau_names names;
    struct kb_report why = {0};
    uint64_t count = 0;
    bool is_sealed;
    enum kb_err err = take_options(cli, &options, &keys, &names, &why);

    is_sealed = options.transport_key != NULL;
    if (!err)
        err = write_audit(cli, &options, &why);
    if (!err)
        err = kb_export_batch(&options, &count, &why);
    kb_wipe(&keys, sizeof keys);
    kb_wipe(options.bureau_key, sizeof options.bureau_key);
    if (err)
        return kb_cli_fail(cli, &why);
    if (strcmp(options.out, KB_SAFE_FILE_STANDARD) == 0)
        return KB_EXIT_OK;
    kb_cli_say(cli, "%s: %" PRIu64 " cards, keys %s", options.out, count,
               is_sealed ? "sealed" : "in clear");
    kb_cli_result(cli,
                  json_pack("{s:s, s:s, s:I, s:b}", "file", options.out, "format",
                            options.format->name, "cards", (json_int_t)count, "sealed", is_sealed));
    return KB_EXIT_OK;
}

enum kb_exit kb_cli_bureau_open(struct kb_cli *cli)
{
    const char *in = kb_cli_operand(cli, 0), *out = kb_cli_value(cli, "out");
    uint8_t key[KB_GCM_KEY];
    struct kb_report why = {0};
    uint64_t opened = 0;
    enum kb_err err = kb_key_file_read(kb_cli_value(cli, "transport-key"), key, sizeof key, &why);

    if (!err)
        err = kb_export_open(in, out, key, &opened, &why);
    kb_wipe(key, sizeof key);
    if (err)
        return kb_cli_fail(cli, &why);
    kb_cli_say(cli, "%s: %" PRIu64 " values opened", out, opened);
    kb_cli_result(cli, json_pack("{s:s, s:I}", "file", out, "opened", (json_int_t)opened));
    return KB_EXIT_OK;
}
