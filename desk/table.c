/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: from columns to items. */

#include "desk/table.h"

#include <stdio.h>
#include <string.h>

#include "card/perso/encode.h"
#include "crypto/secret.h"
#include "desk/subscriber.h"
#include "wire/bcd.h"
#include "wire/hex.h"

static const char iccid_column[] = "iccid";

/* What a value of each format should be, for messages. */
static const struct {
    const char *unit, *wish;
} formats[KB_ITEM_FORMATS] = {
    [KB_FORMAT_BYTES] = {"bytes", "hexadecimal bytes"},
    [KB_FORMAT_DIGITS] = {"digits", "digits only"},
    [KB_FORMAT_TEXT] = {"bytes", "text in UTF-8"},
    [KB_FORMAT_PLMNS] = {"characters", "networks like 24001;310410:C000"},
    [KB_FORMAT_DIAL] = {"characters", "a telephone number like +46700000000"},
};

bool kb_item_is_key(const struct kb_entity_item *item)
{
    return strcmp(item->role, "ki") == 0 || strcmp(item->role, "opc") == 0;
}

static bool is_iccid(const struct kb_entity_item *item)
{
    return strcmp(item->role, "iccid") == 0;
}

/* An item whose column may be left out though the item is mandatory. */
static bool is_supplied(const struct kb_table *table, const struct kb_entity_item *item)
{
    return is_iccid(item) || (table->may_generate && kb_item_is_key(item));
}

static enum kb_err bind_items(struct kb_table *table, struct kb_report *why)
{
    for (size_t i = 0; i < table->field->item_count; i++) {
        const struct kb_entity_item *item = &table->field->items[i];

        table->column[i] = kb_csv_column(table->csv, item->name);
        if (table->column[i] >= 0 || !item->is_mandatory || is_supplied(table, item))
            continue;
        return kb_report(why, KB_ERR_ABSENT, "%s:1: the mandatory item %s has no column%s",
                         kb_csv_path(table->csv), item->name,
                         kb_item_is_key(item) ? " (or ask for generated keys)" : "");
    }
    return KB_OK;
}

static enum kb_err check_columns(struct kb_table *table, struct kb_report *why)
{
    for (size_t i = 0; i < kb_csv_columns(table->csv); i++) {
        const char *name = kb_csv_name(table->csv, i);

        if (strcmp(name, iccid_column) == 0 || kb_entity_item(table->field, name))
            continue;
        return kb_report(why, KB_ERR_ABSENT, "%s:1: column %.40s is no item of the field %s",
                         kb_csv_path(table->csv), name, table->field->name);
    }
    return KB_OK;
}

enum kb_err kb_table_open(struct kb_table *table, const char *path,
                          const struct kb_entity_field *field, bool may_generate,
                          struct kb_report *why)
{
    enum kb_err err;
    int column;

    *table = (struct kb_table){.field = field, .may_generate = may_generate};
    err = kb_csv_open(path, &table->csv, why);
    if (err)
        return err;
    column = kb_csv_column(table->csv, iccid_column);
    table->has_iccid = column >= 0;
    table->iccid = table->has_iccid ? (size_t)column : 0;
    err = bind_items(table, why);
    if (!err)
        err = check_columns(table, why);
    if (err)
        kb_table_close(table);
    return err;
}

void kb_table_close(struct kb_table *table)
{
    kb_csv_close(table->csv);
    table->csv = NULL;
}

static enum kb_err check_iccid(struct kb_span digits, struct kb_report *why)
{
    enum kb_err err = kb_iccid_check(digits);

    if (err != KB_ERR_CHECK_DIGIT)
        return err ? kb_report(why, err, "should be 18 to 20 digits") : KB_OK;
    return kb_report(why, err, "check digit is %c, should be %c", digits.data[digits.len - 1],
                     kb_luhn_digit(kb_span(digits.data, digits.len - 1)));
}

enum kb_err kb_table_iccid(const struct kb_table *table, char *iccid, struct kb_report *why)
{
    struct kb_span digits = kb_csv_value(table->csv, table->iccid);
    enum kb_err err = check_iccid(digits, why);

    if (err) {
        kb_csv_blame(table->csv, iccid_column, why);
        return err;
    }
    snprintf(iccid, KB_ICCID_TEXT, "%s", kb_csv_text(table->csv, table->iccid));
    return KB_OK;
}

static enum kb_err check_length(const struct kb_entity_item *item, size_t len,
                                struct kb_report *why)
{
    const char *unit = formats[item->format].unit;

    if (len < item->min)
        return kb_report(why, KB_ERR_RANGE, "%zu %s, should be at least %u", len, unit, item->min);
    if (len > item->max)
        return kb_report(why, KB_ERR_RANGE, "%zu %s, should be at most %u", len, unit, item->max);
    return KB_OK;
}

/* A value as it will be sent. No message repeats it: it may be a secret. */
static enum kb_err check_value(const struct kb_entity_item *item, struct kb_span value,
                               struct kb_report *why)
{
    enum kb_err err;

    if (!kb_format_accepts(item->format, value))
        return kb_report(why, KB_ERR_MALFORMED, "should be %s", formats[item->format].wish);
    err = check_length(item, value.len, why);
    if (err || kb_check_accepts(item->check, value))
        return err;
    if (item->check != KB_CHECK_LUHN || value.len < 2)
        return kb_report(why, KB_ERR_RULE, "all bytes are the same");
    return kb_report(why, KB_ERR_CHECK_DIGIT, "check digit is %c, should be %c",
                     value.data[value.len - 1], kb_luhn_digit(kb_span(value.data, value.len - 1)));
}

static enum kb_err take_value(const struct kb_entity_item *item, struct kb_span text,
                              struct kb_record *record, struct kb_report *why)
{
    uint8_t bytes[KB_ITEM_MAX];
    struct kb_span value = text;
    size_t len = 0;
    enum kb_err err = KB_OK;

    if (item->format == KB_FORMAT_BYTES) {
        err = kb_hex_decode(text, bytes, sizeof bytes, &len);
        value = kb_span(bytes, len);
        if (err)
            err = kb_report(why, err, "should be %s, at most %d", formats[item->format].wish,
                            KB_ITEM_MAX);
    }
    if (!err)
        err = check_value(item, value, why);
    if (!err && kb_record_put(record, item->name, item->role, value))
        err = kb_report(why, KB_ERR_TOO_LONG, "the values of this card are too long together");
    kb_wipe(bytes, sizeof bytes);
    return err;
}

/* The value of an item in this row; the ICCID is known without one. */
static struct kb_span find_value(const struct kb_table *table, size_t item, const char *iccid)
{
    struct kb_span value = kb_span(NULL, 0);

    if (table->column[item] >= 0)
        value = kb_csv_value(table->csv, (size_t)table->column[item]);
    if (value.len == 0 && is_iccid(&table->field->items[item]))
        value = kb_span(iccid, strlen(iccid));
    return value;
}

static enum kb_err collect(const struct kb_table *table, size_t at, const char *iccid,
                           struct kb_record *record, struct kb_report *why)
{
    const struct kb_entity_item *item = &table->field->items[at];
    struct kb_span value = find_value(table, at, iccid);

    if (value.len == 0 && item->is_mandatory && !is_supplied(table, item))
        return kb_report(why, KB_ERR_ABSENT, "is mandatory, and missing here");
    if (value.len == 0)
        return KB_OK;
    if (is_iccid(item) && (value.len != strlen(iccid) || memcmp(value.data, iccid, value.len)))
        return kb_report(why, KB_ERR_RULE, "is not the card's, %s", iccid);
    return take_value(item, value, record, why);
}

/* The keys, where they are there, have the lengths of the algorithms. */
static bool has_its_keys(const struct kb_record *record, const struct kb_subscriber_keys *profile)
{
    struct kb_subscriber_keys keys = *profile;

    keys.ki_len = (uint8_t)kb_record_role(record, "ki").len;
    keys.opc_len = (uint8_t)kb_record_role(record, "opc").len;
    if (keys.ki_len && keys.opc_len && !kb_subscriber_has_3g(&keys))
        return false;
    return !keys.ki_len || keys.profile.gsm == KB_GSM_CONVERTED || kb_subscriber_has_gsm(&keys);
}

/* A card with values that do not go together would answer no network. */
static enum kb_err check_together(const struct kb_table *table, struct kb_record *record,
                                  struct kb_report *why)
{
    struct kb_subscriber_keys profile = {.ind_bits = 0};
    enum kb_err err = KB_OK;

    if (kb_subscriber_tell(table->field, record))
        err = kb_report(why, KB_ERR_TOO_LONG, "the values of this card are too long together");
    else if (kb_subscriber_profile(record, &profile))
        err = kb_report(why, KB_ERR_RULE,
                        "these lengths do not go with the algorithm: milenage has RES of 4 to 8 "
                        "bytes, xor of 4 to 16, both CK and IK of 16 and MAC of 8; tuak has RES of "
                        "4, 8 or 16");
    else if (!has_its_keys(record, &profile))
        err = kb_report(why, KB_ERR_RULE,
                        "the keys have not the lengths of the algorithm: milenage, xor and the GSM "
                        "algorithms have Ki of 16 bytes, tuak of 16 or 32; OPc of milenage has 16, "
                        "of tuak 32");
    if (err)
        kb_csv_blame(table->csv, NULL, why);
    return err;
}

enum kb_err kb_table_values(const struct kb_table *table, const char *iccid,
                            struct kb_record *record, struct kb_report *why)
{
    kb_record_clear(record);
    for (size_t i = 0; i < table->field->item_count; i++) {
        enum kb_err err = collect(table, i, iccid, record, why);

        if (err) {
            kb_csv_blame(table->csv, table->field->items[i].name, why);
            return err;
        }
    }
    return check_together(table, record, why);
}
