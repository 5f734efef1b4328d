/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the factory: shared by its files. */
#ifndef KB_DESK_FACTORY_INSIDE_H
#define KB_DESK_FACTORY_INSIDE_H

#include "desk/audit.h"
#include "desk/blueprint.h"
#include "desk/factory.h"
#include "desk/factory_tables.h"
#include "desk/maker_field.h"
#include "desk/progress.h"

struct kb_factory {
    const struct kb_factory_options *options;
    struct kb_factory_summary *summary;
    struct kb_plan *plan;
    int lock; /* the folder, this process's alone */
    struct kb_fresh_source source;
    struct kb_maker_field fields[KB_FIELDS]; /* those the maker fills */
    size_t field_count;
    struct kb_commands common, own; /* of every card; of the one being made */
    struct kb_fresh fresh;          /* of the one being made */
    struct kb_record *record;
    struct kb_factory_tables tables;
    struct kb_audit audit;
    struct kb_progress progress;
    struct kb_reader *reader;    /* NULL: card files */
    char highest[KB_ICCID_TEXT]; /* with a reader: the last card the tables know */
    char
        model[KB_FACTORY_PATH + 64]; /* file of a card with all that cards share; empty: none yet */
    bool (*has)(void *factory, const char *iccid); /* the card is there already */
};

/* --- factory_folder.c: cards as files --- */

enum kb_err kb_factory_open_folder(struct kb_factory *factory, struct kb_report *why);
void kb_factory_close_folder(struct kb_factory *factory);
enum kb_err kb_factory_card_file(struct kb_factory *factory, struct kb_report *why);

/* --- factory_reader.c: cards in a reader --- */

enum kb_err kb_factory_open_reader(struct kb_factory *factory, struct kb_report *why);
/* Waits for a blank card; one that is not, or fails, is told of and the next one waited for. */
enum kb_err kb_factory_card_in_reader(struct kb_factory *factory, struct kb_report *why);

/* Both: SET STATUS, then the maker's own fields, in a powered card. */
enum kb_err kb_factory_secure(struct kb_factory *factory, struct kb_reader *reader,
                              struct kb_report *why);

#endif
