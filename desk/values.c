/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed values of a journal's cards: the whole record in one, bound to its card. */

#include "desk/values.h"

#include <string.h>

#include "card/perso/profile.h"

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

/* What the values say of the algorithm, the usual where they say nothing. */
static enum kb_err take_profile(const struct kb_record *record, struct kb_subscriber_keys *keys)
{
    static const char *const roles[] = {
        [KB_PROFILE_ALGORITHM] = "algorithm",   [KB_PROFILE_GSM] = "gsm_algorithm",
        [KB_PROFILE_RES] = "res_length",        [KB_PROFILE_CK] = "ck_length",
        [KB_PROFILE_IK] = "ik_length",          [KB_PROFILE_MAC] = "mac_length",
        [KB_PROFILE_ITERATIONS] = "iterations", [KB_PROFILE_IND_BITS] = "sqn_ind",
    };
    uint8_t bytes[KB_PROFILE_SIZE], encoded[KB_PROFILE_PART_MAX];
    struct kb_cursor rd = kb_rd(kb_span(bytes, sizeof bytes));

    memcpy(bytes, kb_profile_usual, sizeof bytes);
    for (uint8_t part = 0; part < sizeof roles / sizeof *roles; part++) {
        struct kb_span text = kb_record_role(record, roles[part]);

        if (!text.len)
            continue;
        if (kb_profile_encode(part, text, encoded, kb_profile_part_size(part)))
            return KB_ERR_RANGE;
        kb_profile_place(part, encoded, bytes);
    }
    keys->profile.algorithm = kb_rd_u8(&rd);
    keys->profile.gsm = kb_rd_u8(&rd);
    keys->profile.res_len = kb_rd_u8(&rd);
    keys->profile.ck_len = kb_rd_u8(&rd);
    keys->profile.ik_len = kb_rd_u8(&rd);
    keys->profile.mac_len = kb_rd_u8(&rd);
    keys->profile.iterations = kb_rd_u8(&rd);
    keys->ind_bits = kb_rd_u8(&rd);
    return kb_aka_check(&keys->profile);
}

enum kb_err kb_values_keys(const struct kb_record *record, struct kb_subscriber_keys *keys)
{
    struct kb_span ki = kb_record_role(record, "ki"), opc = kb_record_role(record, "opc");

    if (ki.len > sizeof keys->ki || opc.len > sizeof keys->opc || ki.len < KB_SUBSCRIBER_KEY ||
        opc.len < KB_SUBSCRIBER_KEY)
        return KB_ERR_ABSENT;
    memset(keys, 0, sizeof *keys);
    memcpy(keys->ki, ki.data, ki.len);
    memcpy(keys->opc, opc.data, opc.len);
    keys->ki_len = (uint8_t)ki.len;
    keys->opc_len = (uint8_t)opc.len;
    if (take_profile(record, keys))
        return KB_ERR_ABSENT;
    keys->pin1 = kb_record_role(record, "pin1");
    return KB_OK;
}
