/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: a table whose columns are the items of one field, and iccid. Every value is held against
 * the limits of the entity view, so that a card is touched only with values it will take. */
#ifndef KB_DESK_TABLE_H
#define KB_DESK_TABLE_H

#include "desk/csv.h"
#include "desk/record.h"
#include "plan/entity.h"

enum { KB_ICCID_TEXT = 21 };

struct kb_table {
    struct kb_csv *csv;
    const struct kb_entity_field *field;
    bool may_generate;          /* items with the role ki or opc may be missing */
    bool has_iccid;             /* else rows go to the cards in the order of the handover */
    size_t iccid;               /* column */
    int column[KB_FIELD_ITEMS]; /* of each item of the field, -1 when there is none */
};

/* KB_ERR_ABSENT: a mandatory item has no column, or a column is no item. */
enum kb_err kb_table_open(struct kb_table *table, const char *path,
                          const struct kb_entity_field *field, bool may_generate,
                          struct kb_report *why);
void kb_table_close(struct kb_table *table);

/* The checked ICCID of the current row. iccid: KB_ICCID_TEXT bytes. */
enum kb_err kb_table_iccid(const struct kb_table *table, char *iccid, struct kb_report *why);

/* Checks the current row and collects its values; iccid is the card it is for. */
enum kb_err kb_table_values(const struct kb_table *table, const char *iccid,
                            struct kb_record *record, struct kb_report *why);

/* True for items the bureau may draw itself. */
bool kb_item_is_key(const struct kb_entity_item *item);

#endif
