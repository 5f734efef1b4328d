/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semi-finished cards for the air, made in memory without a file: what the factory does, for a
 * process that keeps many cards itself. What all cards share is put once into a model, whose memory
 * is copied for each card; only what is a card's own is done card by card:
 *
 *     kb_plan_load("telecom.yaml", &plan, &why);            with a section 'air'; plan->air may be
 *                                                           changed here
 *     kb_air_maker_open(&options, &maker, &why);
 *
 *     kb_card_format(&card, &port); kb_card_power_up(&card, &port, atr, &atr_len);   a blank card
 *     kb_memory_reader_init(&reader, &card, &port);         (reader/memory.h)
 *     kb_air_maker_model(maker, &reader.reader, &why);      then keep a copy of its flash
 *
 *     for each card: copy the model's flash, power up, and
 *     kb_air_maker_card(maker, &reader.reader, serial, &made, &why);
 *
 * A card is then SECURED and the maker's own fields are locked; it takes the next power-up as a
 * customer's card. Every random number is drawn from options.random, and the card's own ones from
 * its port, in an order that depends on nothing else; with a crypto whose signatures are
 * deterministic (mbed TLS) the same seed makes the same cards, byte for byte.
 */
#ifndef KB_DESK_AIR_MAKER_H
#define KB_DESK_AIR_MAKER_H

#include "desk/fresh.h"
#include "desk/static_key.h"

struct kb_air_maker;

struct kb_air_maker_options {
    const struct kb_plan *plan;     /* stays the caller's and outlives the maker */
    const struct kb_crypto *crypto; /* the maker's own; that of the cards is their port's */
    struct kb_random random;
    uint8_t maker_key[KB_P256_PRIVATE]; /* signs the algorithm */
    struct kb_span root_name;           /* of the root that certifies cards */
    uint8_t root_key[KB_P256_PRIVATE];
    struct kb_air_trust trust; /* copied into the cards; only needed until open returns */
};

/* What the servers learn of a card, as bootstrap.csv has it. */
struct kb_air_card {
    char id_sc[KB_ICCID_TEXT];
    char imsi_t[KB_IMSI_MAX + 1];
    char admin_code[KB_FRESH_VALUE + 1];
    uint8_t ak_t[16], opc_t[16], kic[16], kid[16];
    uint8_t credential_kid[KB_KID_MAX]; /* the serial number's bytes */
    size_t credential_kid_len;
    uint8_t
        credential[KB_CREDENTIAL_MAX]; /* the token; none when the plan's agreement needs none */
    size_t credential_len;
};

/* KB_ERR_RULE: the plan has no section 'air'. Holds secrets until it is closed. One thread at a
 * time. */
enum kb_err kb_air_maker_open(const struct kb_air_maker_options *options,
                              struct kb_air_maker **maker, struct kb_report *why);
void kb_air_maker_close(struct kb_air_maker *maker);

/* What all cards share, into a blank card that is powered. */
enum kb_err kb_air_maker_model(const struct kb_air_maker *maker, struct kb_reader *reader,
                               struct kb_report *why);

/* The rest, in a powered copy of the model. serial: of ICCID and temporary identity, from 1. card
 * holds secrets: the caller wipes it. */
enum kb_err kb_air_maker_card(struct kb_air_maker *maker, struct kb_reader *reader, uint64_t serial,
                              struct kb_air_card *card, struct kb_report *why);

#endif
