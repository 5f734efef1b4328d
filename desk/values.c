/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed values of a journal's cards: the whole record in one, bound to its card. */

#include "desk/values.h"

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
