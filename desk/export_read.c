/* SPDX-License-Identifier: Apache-2.0 */
/* Reading exports back, to prove cards with what the network was given. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/export_rows.h"
#include "desk/subscriber.h"
#include "desk/values.h"
#include "desk/verify.h"
#include "plan/words.h"
#include "wire/bcd.h"
#include "wire/hex.h"

struct work {
    struct kb_journal *journal;
    const struct kb_seal *values;
    struct kb_record *record;
    uint8_t *sealed;
};

static enum kb_err put_key(struct work *work, const char *role, const char *hex)
{
    uint8_t key[KB_AKA_KEY_MAX];
    size_t len = 0;
    enum kb_err err = kb_hex_decode(kb_span(hex, strlen(hex)), key, sizeof key, &len);

    if (!err && len)
        err = kb_record_put(work->record, role, role, kb_span(key, len));
    kb_wipe(key, sizeof key);
    return err;
}

/* What formats tell of algorithms: the other lengths are the usual ones. */
static enum kb_err put_algorithm(struct work *work, const struct kb_export_row *row)
{
    const char *name = kb_words_algorithm[row->profile.algorithm];
    char res[4];
    enum kb_err err = kb_record_put(work->record, "", "algorithm", kb_span(name, strlen(name)));

    snprintf(res, sizeof res, "%u", row->profile.res_len);
    return err ? err : kb_record_put(work->record, "", "res_length", kb_span(res, strlen(res)));
}

/* True when the record has keys that its algorithm takes. */
static bool has_keys(const struct kb_record *record)
{
    struct kb_subscriber_keys keys;
    bool has = !kb_subscriber_keys(record, &keys);

    kb_wipe(&keys, sizeof keys);
    return has;
}

static enum kb_err keep_row(void *context, const struct kb_export_row *row, struct kb_report *why)
{
    struct work *work = context;
    struct kb_csv_place place = {0, row->line};
    uint64_t first = 0;
    enum kb_err err;

    if (row->is_command)
        return kb_report(why, KB_ERR_USAGE,
                         "this format names no cards; verify with --journal, or with an export of "
                         "another format");
    if (kb_iccid_check(kb_span(row->iccid, strlen(row->iccid))))
        return kb_report(why, KB_ERR_MALFORMED, "names no card by a valid ICCID");
    kb_record_clear(work->record);
    if (put_algorithm(work, row) || put_key(work, "ki", row->ki) ||
        put_key(work, "opc", row->opc) || !has_keys(work->record))
        return kb_report(why, KB_ERR_MALFORMED,
                         "has no Ki and OPc in clear; a sealed export needs --transport-key");
    if (row->pin1[0])
        kb_record_put(work->record, "pin1", "pin1", kb_span(row->pin1, strlen(row->pin1)));
    err = kb_journal_add_card(work->journal, row->iccid, place, &first, why);
    if (err == KB_ERR_EXISTS)
        return kb_report(why, err, "the card is there twice");
    if (!err)
        err = kb_journal_add_row(work->journal, row->iccid, place, &first, why);
    if (!err)
        err = kb_values_close(work->journal, work->values, row->iccid, work->record, work->sealed,
                              why);
    return err ? err : kb_journal_set_state(work->journal, row->iccid, KB_JOURNAL_DONE, NULL, why);
}

enum kb_err kb_export_read(struct kb_journal *journal, const struct kb_seal *values,
                           const char *path, const uint8_t *transport_key, struct kb_report *why)
{
    struct work work = {.journal = journal,
                        .values = values,
                        .record = kb_record_new(),
                        .sealed = malloc(KB_JOURNAL_SEALED_MAX)};
    enum kb_err err;

    if (!work.record || !work.sealed)
        err = kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    else
        err = kb_export_rows(path, transport_key, keep_row, &work, why);
    if (!err)
        err = kb_journal_commit(journal, why);
    kb_record_free(work.record);
    free(work.sealed);
    return err;
}
