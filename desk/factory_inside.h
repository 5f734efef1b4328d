/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the factory: shared by its files. */
#ifndef KB_DESK_FACTORY_INSIDE_H
#define KB_DESK_FACTORY_INSIDE_H

#include "desk/air_trust.h"
#include "desk/audit.h"
#include "desk/blueprint.h"
#include "desk/ca.h"
#include "desk/factory.h"
#include "desk/factory_tables.h"
#include "desk/maker_field.h"
#include "desk/progress.h"

enum { KB_FACTORY_GROUP = 32 };

/* A card on its way. */
struct kb_factory_card {
    struct kb_fresh fresh;
    struct kb_reader *reader; /* a card file that is open; NULL: none yet, or it is finished */
    struct kb_static_key key;
    struct kb_ca_row credential;
};

struct kb_factory {
    const struct kb_factory_options *options;
    struct kb_factory_summary *summary;
    struct kb_plan *plan;
    int lock; /* the folder, this process's alone */
    struct kb_fresh_source source;
    struct kb_maker_field fields[KB_FIELDS]; /* those the maker fills */
    size_t field_count;
    struct kb_commands common, own; /* of every card; of the one being made */
    struct kb_air_trust_file trust;
    struct kb_factory_card cards[KB_FACTORY_GROUP]; /* their credentials share a commit */
    size_t card_count;
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
/* A file with everything but credential and life cycle, then the rest and its name. */
enum kb_err kb_factory_begin_file(struct kb_factory *factory, struct kb_factory_card *card,
                                  struct kb_report *why);
enum kb_err kb_factory_finish_file(struct kb_factory *factory, struct kb_factory_card *card,
                                   struct kb_report *why);
/* Takes away what was begun and not finished. */
void kb_factory_drop_file(struct kb_factory *factory, struct kb_factory_card *card);

/* --- factory_reader.c: cards in a reader --- */

enum kb_err kb_factory_open_reader(struct kb_factory *factory, struct kb_report *why);
/* Waits for a blank card; one that is not, or fails, is told of and the next one waited for. */
enum kb_err kb_factory_card_in_reader(struct kb_factory *factory, struct kb_factory_card *card,
                                      struct kb_report *why);

/* --- factory_air.c: credentials --- */

/* Reads the roots that the plan needs. */
enum kb_err kb_factory_read_trust(struct kb_factory *factory, struct kb_report *why);
/* Has a powered card make its key, when the plan wants one. */
enum kb_err kb_factory_make_key(const struct kb_factory *factory, struct kb_reader *reader,
                                struct kb_factory_card *card, struct kb_report *why);
/* Issues the credentials of all cards that have a key, in one commit. */
enum kb_err kb_factory_certify(struct kb_factory *factory, struct kb_report *why);
/* Withdraws the credentials of cards that were not finished, now or in a run that was killed. */
enum kb_err kb_factory_settle(struct kb_factory *factory, struct kb_report *why);

/* Both ways: credential, SET STATUS, then the maker's own fields, in a powered card. */
enum kb_err kb_factory_secure(struct kb_factory *factory, struct kb_reader *reader,
                              const struct kb_factory_card *card, struct kb_report *why);

#endif
