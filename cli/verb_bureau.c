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
    {"journal", "FILE", "The journal of this batch; BATCH.journal in this folder unless told.",
     false, false},
    {"audit", "FILE", "The audit log; JOURNAL.audit.jsonl unless told.", false, false},
    {"bureau-key", "FILE",
     "Seals the values in the journal; ~/.keyborn/bureau.key unless told, made on first use.",
     false, false},
    {"generate-keys", NULL, "Draw Ki and OPc where the batch has none.", false, false},
    {"jobs", "N", "With --dir: cards at a time; one for each processor unless told.", false, false},
    {"last-try", NULL, "Give cards their code even when one try is left; a wrong one blocks them.",
     false, false},
    {"no-lock", NULL, "Leave the cards open: values can be put again.", false, false},
    {"no-verify", NULL, "Do not ask each card to authenticate.", false, false},
    {"secure", "METHOD",
     "Fill the cards through a secure channel, so that every value travels ciphered: scp03.", false,
     false},
    {"wait", "SECONDS", "With --reader: how long to wait for the next card; 60 unless told.", false,
     false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option verify_options[] = {
    {"dir", "DIR", "Cards as files DIR/ICCID.card.", false, false},
    {"reader", "NAME", "Cards put into this PC/SC reader; several readers work side by side.",
     false, true},
    {"journal", "FILE",
     "The journal with the keys; unless told, the only *.journal of this folder.", false, false},
    {"export", "FILE", "Take the keys from this export (pysim, srsran, open5gs) instead.", false,
     false},
    {"transport-key", "FILE", "Opens a sealed export.", false, false},
    {"bureau-key", "FILE", "Opens the journal's values; ~/.keyborn/bureau.key unless told.", false,
     false},
    {"audit", "FILE", "The audit log; JOURNAL.audit.jsonl (or EXPORT.audit.jsonl) unless told.",
     false, false},
    {"jobs", "N", "With --dir: cards at a time; one for each processor unless told.", false, false},
    {"wait", "SECONDS", "With --reader: how long to wait for the next card; 60 unless told.", false,
     false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option export_options[] = {
    {"format", "FORMAT", "osmohlr, open5gs, srsran or pysim.", true, false},
    {"out", "FILE", "Where the export goes; made anew, mode 0600. Standard output unless told.",
     false, false},
    {"journal", "FILE", "The journal of the batch; unless told, the only *.journal of this folder.",
     false, false},
    {"transport-key", "FILE", "Seal keys and codes under this key (64 hexadecimal digits).", false,
     false},
    {"clear-keys", NULL, "Let keys and codes leave in clear.", false, false},
    {"register-key", "ID:FILE",
     "Add Ki and OPc encrypted under this AES-128 key (32 hexadecimal digits); ID is its name at "
     "the register.",
     false, false},
    {"bureau-key", "FILE", "Opens the journal's values; ~/.keyborn/bureau.key unless told.", false,
     false},
    {"audit", "FILE", "The audit log; JOURNAL.audit.jsonl unless told.", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option open_options[] = {
    {"transport-key", "FILE", "The key the export was sealed under.", true, false},
    {"out", "FILE", "Where the clear export goes; made anew, mode 0600.", true, false},
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
    {"bureau", "verify", "", 0, 0, "Prove finished cards by authenticating",
     "Asks each finished card to authenticate with the keys of the journal, or of an export, the "
     "way a network would: a stale sequence number first, to learn the card's own from its answer; "
     "then the next one, and RES, CK and IK are compared; then the GSM context. The index value 31 "
     "is used, so that a network's own sequence numbers are not disturbed. The journal learns the "
     "numbers, so that exports made afterwards match the cards.\n\n"
     "  keyborn bureau verify --dir cards\n"
     "  keyborn bureau verify --export user_db.csv --transport-key transport.key --reader ACS",
     verify_options, kb_cli_bureau_verify},
    {"bureau", "export", "", 0, 0, "Hand finished cards to a network",
     "Writes a line for each finished card in the format of a register: osmohlr (commands of "
     "OsmoHLR's control interface), open5gs (documents for mongoimport), srsran (user_db.csv), "
     "pysim (table of pySim-prog). The sequence number is the next one the card takes.\n\n"
     "Keys, PINs and codes are sealed under the transport key (AES-256-GCM) until keyborn bureau "
     "open opens the file at its destination; with --clear-keys they are in clear. --register-key "
     "adds Ki and OPc encrypted with AES-128 for a register that knows that key, where the format "
     "has room for it (pysim, open5gs).\n\n"
     "  keyborn bureau export --format srsran --out user_db.csv --transport-key transport.key",
     export_options, kb_cli_bureau_export},
    {"bureau", "open", "FILE", 1, 1, "Open a sealed export",
     "Writes an export with its sealed values in clear, whatever its format. A value that was "
     "changed, or moved to another subscriber's line, is refused.\n\n"
     "  keyborn bureau open user_db.csv --transport-key transport.key --out clear.csv",
     open_options, kb_cli_bureau_open},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
