/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A maker's plan (docs/plan.md): what a card holds, who may do what, and how the bureau's data get
 * to their places. A plan is loaded from YAML, checked whole, and compiled into the algorithm image
 * (card/perso/image.h), the files and objects the factory creates, and the entity view (entity.h)
 * from which no place can be told.
 */
#ifndef KB_PLAN_PLAN_H
#define KB_PLAN_PLAN_H

#include <stdio.h>

#include "agree/curve.h"
#include "card/files/pin.h"
#include "card/perso/image.h"
#include "card/perso/profile.h"
#include "crypto/crypto.h"
#include "wire/report.h"

enum {
    KB_PLAN_FILES = 400,
    KB_PLAN_FILE_NAME = 48,
    KB_PLAN_AIR_MAX = 255,
    KB_PLAN_OBJECTS = 16,
    KB_PLAN_OBJECT_MAX = 64,
    KB_PLAN_KEY_SETS = 8, /* of the issuer security domain */
    KB_PLAN_KEYS = 3,     /* of a set: ENC, MAC, DEK */
    KB_PLAN_CPLC = 42,
    KB_PLAN_NO_FIELD = 0xFF
};

/* A file to create, parents before children. */
struct kb_plan_file {
    char name[KB_PLAN_FILE_NAME]; /* "EF.IMSI" */
    struct kb_path path;
    uint8_t kind; /* enum kb_file_kind */
    uint8_t sfi;
    uint8_t record_size;
    uint8_t record_count;
    uint16_t size;     /* of type ber-tlv: the most it may take */
    uint16_t reserved; /* of type ber-tlv: memory nobody else gets */
    uint8_t aid_len;
    uint8_t aid[KB_AID_MAX];
    uint16_t arr_file; /* FID of the EF.ARR with its rule */
    uint8_t arr_record;
    bool is_link; /* one body under two paths: kind and sizes are those of the other file */
    struct kb_path link;
    uint8_t *content; /* initial body, content_len <= size, the rest is FF; NULL when all FF */
    size_t content_len;
    int line; /* in the plan's file, for messages */
};

struct kb_plan_pin {
    uint8_t index; /* PIN object */
    uint8_t object[KB_PIN_OBJECT];
    bool is_enabled;
    bool is_random; /* the factory draws PIN and unblock code for each card */
};

/* An object that is the same in all cards. */
struct kb_plan_object {
    uint16_t object;
    uint8_t len;
    uint8_t bytes[KB_PLAN_OBJECT_MAX];
};

/* A key set of the issuer security domain. Its keys are made[made .. made + KB_PLAN_KEYS]. */
struct kb_plan_key_set {
    uint8_t version, length;
    size_t made;
};

/* How a subscription authenticates: KB_OBJ_AKA, which the factory writes when the plan speaks of
 * it.
 */
struct kb_plan_profile {
    bool is_there;
    uint8_t bytes[KB_PROFILE_SIZE];
};

/* What the factory makes for each card beside its files. */
enum kb_maker_value {
    KB_MAKER_NONE,
    KB_MAKER_ICCID,
    KB_MAKER_IMSI_T,
    KB_MAKER_RANDOM,
    KB_MAKER_CODE,
    KB_MAKER_DIVERSIFIED /* from the maker's master key, column and ICCID */
};

/* One item the factory itself puts through a field of the plan, before SECURED -> bureau; or a
 * value that goes to an object by PUT OBJECT. */
struct kb_plan_made_item {
    uint8_t field; /* index; KB_PLAN_NO_FIELD */
    uint8_t item;  /* index in the field */
    enum kb_maker_value value;
    uint16_t size;                /* bytes (RANDOM, DIVERSIFIED) or digits (CODE) */
    char column[KB_NAME_MAX + 1]; /* of bootstrap.csv */
};

struct kb_plan_write {
    uint8_t encoder, target, argument, record;
    struct kb_path path; /* FILE */
    uint16_t object;     /* index for the other targets */
    uint16_t offset, length;
};

struct kb_plan_item {
    char name[KB_NAME_MAX + 1];
    char role[KB_NAME_MAX +
              1];    /* what it means to exports: imsi, ki, opc, ...; empty when nothing */
    char about[128]; /* one line for the entity view */
    uint16_t tag;
    bool is_mandatory;
    uint8_t format, check;
    uint16_t min, max;
    uint8_t write_count;
    struct kb_plan_write *writes;
    int line;
};

struct kb_plan_command {
    uint8_t cla, ins, p1, p1_mask, p2, p2_mask, action, argument;
};

struct kb_plan_field {
    char name[KB_NAME_MAX + 1];
    uint8_t number, tries;
    bool is_made; /* the factory personalizes and locks this field itself */
    size_t item_count, command_count;
    struct kb_plan_item *items;
    struct kb_plan_command *commands;
};

struct kb_plan_transition {
    uint8_t from, event, to;
};

/* How the cards are personalized over the air, in the bytes that every card gets
 * (card/cpa/plan.h). */
struct kb_plan_air {
    bool is_there;
    bool has_credential; /* the agreement wants one: key, credential and the operators' root */
    enum kb_curve curve; /* of the card's static key */
    size_t len, operators_len;
    uint8_t bytes[KB_PLAN_AIR_MAX];     /* KB_OBJ_CPA_PLAN */
    uint8_t operators[KB_PLAN_AIR_MAX]; /* KB_OBJ_CPA_OPERATORS; no bytes: it offers none */
};

struct kb_plan {
    char path[256]; /* the YAML file, for messages */
    char name[KB_NAME_MAX + 1];
    uint32_t sector_size, sector_count, program_size; /* the card's memory */
    uint8_t atr[33];
    size_t atr_len;         /* 0: the built-in one */
    char iccid_prefix[20];  /* digits before the serial number */
    unsigned iccid_digits;  /* whole length with check digit: 18-20 */
    uint64_t iccid_first;   /* first serial number */
    char imsi_t_prefix[15]; /* temporary identities: prefix, then the serial number; empty: none */
    unsigned imsi_t_digits;
    /* Files that show the temporary identity until a field puts the operator's there: the factory
     * writes them while the card is ADMINISTRATIVE, as it writes EF.ICCID. A field of the maker's
     * cannot: a place belongs to one field (card/perso/image.h). */
    bool has_imsi_t_file, has_acc_t_file;
    struct kb_path imsi_t_path, acc_t_path; /* EF.IMSI, 9 bytes; EF.ACC, 2 bytes */
    bool has_iccid_file;                    /* EF.ICCID is to be written by the factory */
    struct kb_path iccid_path;
    size_t file_count, pin_count, field_count, made_count, transition_count;
    struct kb_plan_file *files;
    struct kb_plan_pin *pins;
    struct kb_plan_field *fields;
    struct kb_plan_made_item *made;
    struct kb_plan_transition *transitions;
    uint8_t state_count;
    struct kb_plan_profile profiles[KB_SUBSCRIPTIONS];
    size_t object_count, key_set_count, remote_count;
    struct kb_plan_object objects[KB_PLAN_OBJECTS];
    struct kb_plan_key_set key_sets[KB_PLAN_KEY_SETS];
    bool has_cplc;
    uint8_t cplc[KB_PLAN_CPLC]; /* the factory puts each card's serial number in */
    struct kb_plan_air air;
};

/* Reads and checks a plan. On failure *plan is NULL and why names file, line and what would be
 * right. */
enum kb_err kb_plan_load(const char *path, struct kb_plan **plan, struct kb_report *why);
void kb_plan_free(struct kb_plan *plan);

/* The algorithm image, signed with the maker's private key. image: KB_IMAGE_MAX bytes at most. */
enum kb_err kb_plan_image(const struct kb_plan *plan, const struct kb_crypto *crypto,
                          const uint8_t maker_key[KB_P256_PRIVATE], struct kb_writer *image,
                          struct kb_report *why);

/* What a plan may say but hardly means: a service table that promises a file which is not there.
 * Start with *at zero; false when there is no further one. */
bool kb_plan_next_warning(const struct kb_plan *plan, size_t *at, struct kb_report *why);

/* Writes the entity view as YAML. */
enum kb_err kb_plan_entity(const struct kb_plan *plan, FILE *out, struct kb_report *why);

#endif
