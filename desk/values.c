/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed values of a journal's cards: the whole record in one, bound to its card. */

#include "desk/values.h"

#include <string.h>

static const char column[] = "record";

enum kb_err kb_values_open(struct kb_journal *journal, const struct kb_seal *seal,
                           const char *iccid, struct kb_record *record, uint8_t *sealed,
                           struct kb_report *why)
{
    size_t len = 0;
    enum kb_err err;

    kb_record_clear(record);
    err = kb_journal_values(journal, iccid, sealed, &len, why);
    if (err)
        return err;
    err = kb_seal_open(seal, iccid, column, kb_span(sealed, len), record->data);
    if (err)
        return kb_report(why, err,
                         "the values of %s do not open: the journal belongs to another bureau key",
                         iccid);
    record->len = len - KB_SEAL_OVERHEAD;
    return KB_OK;
}

enum kb_err kb_values_close(struct kb_journal *journal, const struct kb_seal *seal,
                            const char *iccid, const struct kb_record *record, uint8_t *sealed,
                            struct kb_report *why)
{
    enum kb_err err =
        kb_seal_close(seal, iccid, column, kb_span(record->data, record->len), sealed);

    if (err)
        return kb_report(why, err, "%s: %s", iccid, kb_err_text(err));
    return kb_journal_put_values(journal, iccid, kb_span(sealed, record->len + KB_SEAL_OVERHEAD),
                                 why);
}

enum kb_err kb_values_keys(const struct kb_record *record, struct kb_subscriber_keys *keys)
{
    struct kb_span ki = kb_record_role(record, "ki"), opc = kb_record_role(record, "opc");

    if (ki.len != sizeof keys->ki || opc.len != sizeof keys->opc)
        return KB_ERR_ABSENT;
    memcpy(keys->ki, ki.data, sizeof keys->ki);
    memcpy(keys->opc, opc.data, sizeof keys->opc);
    keys->pin1 = kb_record_role(record, "pin1");
    return KB_OK;
}
