/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn ota queue, list, show: scripts in the store of an application server. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verb_desk.h"
#include "cli/verb_ota.h"
#include "crypto/secret.h"
#include "service/as.h"
#include "wire/hex.h"

enum { SPI_DEFAULT = 0x1639, KEY_SET_DEFAULT = 5 };

/* Only a store that is there: a mistyped name must not make one. */
static enum kb_err open_as(const struct kb_cli *cli, struct kb_as **as, struct kb_report *why)
{
    const char *path = kb_cli_value(cli, "as");
    uint8_t key[KB_GCM_KEY];
    struct kb_as_config config = {.path = path, .crypto = &kb_crypto_openssl, .key = key};
    enum kb_err err = KB_OK;

    if (access(path, F_OK))
        return kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    err = kb_cli_read_key(cli, "as-key", "as.key", key, why);
    if (!err)
        err = kb_as_open(&config, as, why);
    kb_wipe(key, sizeof(key));
    return err;
}

/* --- queue --- */

static enum kb_err take_order(struct kb_ota_work *work, struct kb_as_order *order,
                              struct kb_report *why)
{
    const struct kb_cli *cli = work->cli;
    const char *id_sc = kb_cli_operand(cli, 0);
    unsigned long key_set = KEY_SET_DEFAULT;
    enum kb_err err = kb_ota_take_format(work, why);

    order->id_sc = kb_span(id_sc, strlen(id_sc));
    if (!err)
        err = kb_cli_number(cli, "key-set", 2, 15, &key_set, why);
    order->key_set = (uint8_t)key_set;
    if (!err)
        err = kb_ota_take_hex(cli, "tar", KB_OTA_TAR, order->tar, sizeof(order->tar), why);
    if (!err)
        err = kb_ota_take_hex(cli, "spi", SPI_DEFAULT, order->spi, sizeof(order->spi), why);
    return err ? err : kb_ota_take_script(work, why);
}

static enum kb_err queue_order(const struct kb_cli *cli, const struct kb_as_order *order,
                               uint64_t *id, struct kb_report *why)
{
    struct kb_as *as = NULL;
    enum kb_err err = open_as(cli, &as, why);

    if (err)
        return err;
    err = kb_as_queue(as, order, id);
    if (!err)
        err = kb_as_commit(as);
    if (err == KB_ERR_ABSENT)
        kb_report(why, err, "%.*s: no such card, or no number of it", (int)order->id_sc.len,
                  order->id_sc.data);
    else if (err == KB_ERR_USAGE)
        kb_report(why, err,
                  "--spi: a CC, and a proof of receipt with a CC by short message, or none");
    else if (err)
        kb_report(why, err, "%s", kb_err_text(err));
    kb_as_close(as);
    return err;
}

enum kb_exit kb_cli_ota_queue(struct kb_cli *cli)
{
    struct kb_ota_work *work = calloc(1, sizeof(*work));
    struct kb_report why = {KB_OK, ""};
    struct kb_as_order order;
    uint8_t bytes[KB_AS_SCRIPT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    uint64_t id = 0;
    enum kb_err err;

    if (!work) {
        kb_report(&why, KB_ERR_MEMORY, "out of memory");
        return kb_cli_fail(cli, &why);
    }
    work->cli = cli;
    err = take_order(work, &order, &why);
    if (!err)
        err = kb_script_write(&work->script, work->format, &wr, &why);
    order.script = kb_wr_span(&wr);
    if (!err)
        err = queue_order(cli, &order, &id, &why);
    kb_wipe(bytes, sizeof(bytes));
    kb_wipe(work, sizeof(*work));
    free(work);
    if (err)
        return kb_cli_fail(cli, &why);
    kb_cli_say(cli, "script %" PRIu64 " waits to be sent", id);
    kb_cli_result(cli, json_pack("{s:I}", "script", (json_int_t)id));
    return KB_EXIT_OK;
}

/* --- list and show --- */

static const char *state_of(const struct kb_as_script *script)
{
    return script->is_answered ? kb_script_status_text((enum kb_packet_status)script->status)
                               : "no answer yet";
}

static json_t *describe(const struct kb_as_script *script)
{
    char tar[2 * KB_TAR_SIZE + 1];

    kb_hex_encode(kb_span(script->tar, sizeof(script->tar)), tar);
    return json_pack("{s:I, s:s, s:i, s:s, s:I, s:I, s:b, s:i, s:s}", "script",
                     (json_int_t)script->id, "card", script->id_sc, "key_set", (int)script->key_set,
                     "tar", tar, "counter", (json_int_t)script->counter, "queued",
                     (json_int_t)script->queued, "answered", script->is_answered, "status",
                     (int)script->status, "text", state_of(script));
}

enum kb_exit kb_cli_ota_list(struct kb_cli *cli)
{
    struct kb_report why = {KB_OK, ""};
    struct kb_as *as = NULL;
    struct kb_as_script script = {0};
    json_t *list = json_array();
    enum kb_err err = open_as(cli, &as, &why);

    while (!err && !(err = kb_as_script(as, script.id, &script))) {
        kb_cli_say(cli, "%" PRIu64 " %s counter %" PRIu64 ": %s", script.id, script.id_sc,
                   script.counter, state_of(&script));
        json_array_append_new(list, describe(&script));
        kb_wipe(script.answer, sizeof(script.answer));
    }
    if (err != KB_ERR_ABSENT && !why.err)
        kb_report(&why, err, "%s: %s", kb_cli_value(cli, "as"), kb_err_text(err));
    kb_as_close(as);
    if (why.err) {
        json_decref(list);
        return kb_cli_fail(cli, &why);
    }
    kb_cli_result(cli, list);
    return KB_EXIT_OK;
}

static enum kb_err find_script(const struct kb_cli *cli, struct kb_as_script *script,
                               struct kb_report *why)
{
    const char *text = kb_cli_operand(cli, 0);
    char *end;
    uint64_t id = strtoull(text, &end, 10);
    struct kb_as *as = NULL;
    enum kb_err err;

    if (*end || !id || *text == '-' || *text == '+')
        return kb_report(why, KB_ERR_USAGE, "%s: not the number of a script", text);
    err = open_as(cli, &as, why);
    if (err)
        return err;
    err = kb_as_script(as, id - 1, script);
    if (!err && script->id != id)
        err = KB_ERR_ABSENT;
    if (err)
        kb_report(why, err, "%s: %s", text,
                  err == KB_ERR_ABSENT ? "there is no such script" : kb_err_text(err));
    kb_as_close(as);
    return err;
}

/* What format the script had is seen from the answer. */
static enum kb_err show_results(struct kb_ota_work *work, const struct kb_as_script *script,
                                struct kb_report *why)
{
    struct kb_span answer = kb_span(script->answer, script->len);
    struct kb_remote_response response;

    work->format =
        kb_remote_response_open(&response, answer, true) ? KB_REMOTE_COMPACT : KB_REMOTE_DEFINITE;
    return kb_ota_show_answer(work, answer, why);
}

enum kb_exit kb_cli_ota_show(struct kb_cli *cli)
{
    struct kb_ota_work *work = calloc(1, sizeof(*work));
    struct kb_as_script script = {0};
    struct kb_report why = {KB_OK, ""};
    enum kb_exit code = KB_EXIT_OK;
    enum kb_err err =
        work ? find_script(cli, &script, &why) : kb_report(&why, KB_ERR_MEMORY, "out of memory");

    if (!err) {
        json_t *object = describe(&script);

        work->cli = cli;
        work->results = json_array();
        kb_cli_say(cli, "%" PRIu64 " %s counter %" PRIu64 ": %s", script.id, script.id_sc,
                   script.counter, state_of(&script));
        err = show_results(work, &script, &why);
        json_object_set_new(object, "results", work->results);
        if (err)
            json_decref(object);
        else
            kb_cli_result(cli, object);
    }
    if (err)
        code = kb_cli_fail(cli, &why);
    else if (work->is_refused || script.status)
        code = KB_EXIT_FAILED;
    kb_wipe(&script, sizeof(script));
    free(work);
    return code;
}
