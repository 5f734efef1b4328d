/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The factory: makes semi-finished cards from a plan, as files in a folder or in a reader, with the
 * tables that go to others: entity.yaml and handover.csv to the bureau, bootstrap.csv to the
 * servers that speak to the cards over the air.
 *
 * A card gets its name only when it is whole and its lines in the tables are durable; so a killed
 * factory leaves neither half a card nor a line too many, and the next run goes on where it was.
 */
#ifndef KB_DESK_FACTORY_H
#define KB_DESK_FACTORY_H

#include <signal.h>
#include <stdio.h>

#include "desk/fresh.h"

enum { KB_MASTER_KEY = 32, KB_FACTORY_PATH = 512 };

struct kb_factory_options {
    const char *plan;   /* file */
    const char *dir;    /* made when it is not there */
    const char *reader; /* blank cards in this PC/SC reader; NULL: card files */
    uint8_t maker_key[KB_P256_PRIVATE];
    /* For a plan whose cards have credentials over the air; otherwise not looked at. */
    const char *maker_ca;       /* folder of the root that certifies cards (desk/ca.h) */
    const char *maker_ca_key;   /* its private key; NULL: in the folder */
    const char *operators_root; /* the operators' root, as kb_air_trust_read takes it */
    const char *operators_name; /* NULL: the root is a folder */
    const char *revoked;        /* NULL: the folder's list */
    const uint8_t *master; /* KB_MASTER_KEY bytes that codes are derived from; NULL: random codes */
    uint64_t count;
    bool has_first;
    uint64_t first;  /* serial number, when it is not to be the plan's */
    unsigned wait_s; /* with a reader: how long without a card before the run ends */
    FILE *progress;  /* NULL: silent */
    const volatile sig_atomic_t *stop; /* not 0: end after this card; may be NULL */
};

struct kb_factory_summary {
    uint64_t made, skipped;                         /* skipped: they were there already */
    char first[KB_ICCID_TEXT], last[KB_ICCID_TEXT]; /* made in this run */
    double seconds;
};

/* KB_ERR_EXISTS: the folder holds cards of another plan, or a card's number has a credential
 * already; KB_ERR_USAGE: the plan needs roots that were not named. */
enum kb_err kb_factory_make(const struct kb_factory_options *options,
                            struct kb_factory_summary *summary, struct kb_report *why);

#endif
