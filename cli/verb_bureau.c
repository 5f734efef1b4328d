/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn bureau: the rows of the table. */
#include "cli/verb_bureau.h"

static const struct kb_cli_option run_options[] = {
    {"entity", "FILE", "The entity view, from the maker.", true, false},
    {"handover", "FILE", "The maker's table of codes: iccid, field, perso_code.", true, false},
    {"batch", "CSV", "Values: a column for each item, and iccid.", true, false},
    {"dir", "DIR", "Cards as files DIR/ICCID.card.", false, false},
    {"reader", "NAME", "Cards put into this PC/SC reader; several readers work side by side.",
     false, true},
    {"field", "NAME", "Which field to fill; needed when the entity view has several.", false,
     false},
    {"journal", "FILE", "The journal of this batch; BATCH.journal unless told.", false, false},
    {"audit", "FILE", "The audit log; JOURNAL.audit.jsonl unless told.", false, false},
    {"bureau-key", "FILE",
     "Seals the values in the journal; ~/.keyborn/bureau.key unless told, made on first use.",
     false, false},
    {"generate-keys", NULL, "Draw Ki and OPc where the batch has none.", false, false},
    {"jobs", "N", "With --dir: cards at a time; one for each processor unless told.", false, false},
    {"no-lock", NULL, "Leave the cards open: values can be put again.", false, false},
    {"no-verify", NULL, "Do not ask each card to authenticate.", false, false},
    {"wait", "SECONDS", "With --reader: how long to wait for the next card; 60 unless told.", false,
     false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_bureau_verbs[] = {
    {"bureau", "run", "", 0, 0, "Personalize a batch of cards",
     "Checks the whole batch first, against the entity view and the handover: an error names file, "
     "line and column, and no card is touched. Then each card is given its values, locked, powered "
     "up again, read back, and asked to authenticate with its new keys.\n\n"
     "Without a column iccid the rows go to the cards in the order of the handover. Values of "
     "items whose format is bytes are hexadecimal, others are text.\n\n"
     "The journal makes a run that was ended harmless: start it again and it goes on, each card "
     "personalized exactly once. Generated keys are in it, sealed, before they are in a card. "
     "Cards that failed are tried again by the next run. The audit log has a line for each "
     "card, and no secret.\n\n"
     "  keyborn bureau run --entity cards/entity.yaml --handover cards/handover.csv --batch "
     "examples/batches/telecom.csv --dir cards --generate-keys",
     run_options, kb_cli_bureau_run},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
