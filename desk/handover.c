/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the maker's handover. */

#include "desk/handover.h"

#include <string.h>

#include "crypto/secret.h"
#include "wire/bcd.h"
#include "wire/hex.h"

static const char code_column[] = "perso_code";

enum kb_err kb_handover_open(struct kb_handover *handover, const char *path, struct kb_report *why)
{
    enum kb_err err;

    *handover = (struct kb_handover){0};
    err = kb_csv_open(path, &handover->csv, why);
    if (err)
        return err;
    err = kb_csv_need(handover->csv, "iccid", &handover->iccid, why);
    if (!err)
        err = kb_csv_need(handover->csv, "field", &handover->field, why);
    if (!err)
        err = kb_csv_need(handover->csv, code_column, &handover->code, why);
    if (err)
        kb_handover_close(handover);
    return err;
}

void kb_handover_close(struct kb_handover *handover)
{
    kb_csv_close(handover->csv);
    handover->csv = NULL;
}

static enum kb_err read_code(struct kb_handover *handover, uint8_t code[KB_PERSO_CODE],
                             struct kb_report *why)
{
    size_t len = 0;
    enum kb_err err =
        kb_hex_decode(kb_csv_value(handover->csv, handover->code), code, KB_PERSO_CODE, &len);

    if (!err && len == KB_PERSO_CODE)
        return KB_OK;
    kb_report(why, KB_ERR_MALFORMED, "should be 32 hexadecimal digits");
    kb_csv_blame(handover->csv, code_column, why);
    return KB_ERR_MALFORMED;
}

static enum kb_err check_row(struct kb_handover *handover, char *iccid, struct kb_report *why)
{
    uint8_t code[KB_PERSO_CODE];
    struct kb_span digits = kb_csv_value(handover->csv, handover->iccid);
    enum kb_err err;

    if (digits.len == 0 || digits.len >= KB_ICCID_TEXT || !kb_is_digits(digits)) {
        kb_report(why, KB_ERR_MALFORMED, "should be at most 20 digits");
        kb_csv_blame(handover->csv, "iccid", why);
        return KB_ERR_MALFORMED;
    }
    memcpy(iccid, digits.data, digits.len);
    iccid[digits.len] = '\0';
    err = read_code(handover, code, why);
    kb_wipe(code, sizeof code);
    return err;
}

enum kb_err kb_handover_next(struct kb_handover *handover, const char *field, char *iccid,
                             bool *is_row, struct kb_report *why)
{
    enum kb_err err;

    do {
        err = kb_csv_next(handover->csv, is_row, why);
        if (err || !*is_row)
            return err;
    } while (strcmp(kb_csv_text(handover->csv, handover->field), field) != 0);
    return check_row(handover, iccid, why);
}

enum kb_err kb_handover_code(struct kb_handover *handover, struct kb_csv_place place,
                             const char *iccid, uint8_t code[KB_PERSO_CODE], struct kb_report *why)
{
    bool is_row = false;
    enum kb_err err = kb_csv_seek(handover->csv, place, why);

    if (!err)
        err = kb_csv_next(handover->csv, &is_row, why);
    if (err)
        return err;
    if (!is_row || strcmp(kb_csv_text(handover->csv, handover->iccid), iccid) != 0)
        return kb_report(why, KB_ERR_INTEGRITY, "%s: changed since the run was started",
                         kb_csv_path(handover->csv));
    return read_code(handover, code, why);
}
