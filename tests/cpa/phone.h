/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal with its user and a visited network, small enough to be understood: performs what the
 * card asks for, attaches with real vectors, and has no clock but the card's own timer. */
#ifndef KB_TESTS_CPA_PHONE_H
#define KB_TESTS_CPA_PHONE_H

#include "tests/card/rig.h"
#include "tests/cpa/provider.h"
#include "wire/bcd.h"

enum { PHONE_TEXT = 128, PHONE_ITEMS = 16, PHONE_AGAIN = 0xFFFF };

/* Who may attach. */
struct subscriber {
    char imsi[KB_IMSI_MAX + 1];
    uint8_t k[16], opc[16];
};

struct phone {
    struct rig *rig;
    struct provider *provider;
    struct subscriber temporary;
    uint64_t sqn;

    /* The device. */
    bool must_attach;
    uint8_t service; /* enum kb_cat_service */
    bool is_timed;
    uint32_t seconds; /* of the timer */
    uint32_t longest;
    uint16_t sw;
    bool is_lost; /* power was cut in the card */
    struct kb_sms_split down;
    uint8_t channel_in[2048], channel_out[2048]; /* from the card, to the card */
    size_t in_len, out_len;
    bool is_open, has_data_event;

    /* What it saw; of each type the first command, as it came. */
    uint8_t firsts[256][KB_CAT_MAX], first_lens[256];
    unsigned commands[256], short_messages_up, short_messages_down, attaches, refused_attaches;
    unsigned failed_attaches; /* because the card could not compute */
    unsigned expiries, resets;
    char texts[8][PHONE_TEXT], question[PHONE_TEXT], menu[PHONE_TEXT];
    char items[PHONE_ITEMS][PHONE_TEXT];
    size_t text_count, item_count;
    char imsi[16];
    uint8_t question_dcs, question_bytes[KB_CAT_MAX]; /* of GET INKEY */
    size_t question_len;

    /* How it and the network behave. */
    bool takes_new;      /* the network takes the operator's identity */
    uint8_t result[256]; /* of commands of this type; 0: as it should be */
    unsigned times[256]; /* so often; PHONE_AGAIN: always */
    const char *code;    /* what the user types */
    uint8_t item;        /* what the user chooses */
    bool says_yes;
    bool has_no_rejections;    /* tells nothing of network rejections */
    bool tells_nothing;        /* of service and rejections, unless it is asked */
    bool is_nowhere;           /* no network after a reset that the card asked for */
    bool has_no_identity;      /* the card shows none; the network takes it for the temporary one */
    bool loses_up, loses_down; /* every short message */
    bool is_quick;             /* the answer comes before the response to SEND SHORT MESSAGE */
    bool is_refused;           /* a REFUSE comes while the user is asked */
    unsigned expiries_max;
    uint16_t buffer; /* bytes of a channel it grants at most; 0: as many as are asked for */
    uint8_t holds;   /* stops before a message of this kind (enum kb_session_kind) is delivered */
};

void phone_start(struct phone *phone, struct rig *rig, struct provider *provider);

/* Power, TERMINAL PROFILE. False when power failed. */
bool phone_on(struct phone *phone);

/* Until nothing is left to do but wait for the user, or power fails (then false). */
bool phone_run(struct phone *phone);

/* The next thing alone; false when there is nothing to do. */
bool phone_step(struct phone *phone);

/* As phone_run, power restored after every cut. */
void phone_run_on(struct phone *phone);

/* Performs a command, unless it is one of those it shall refuse. */
void phone_perform(struct phone *phone, const struct kb_cat_command *command,
                   struct kb_cat_response *response);

void phone_expire(struct phone *phone); /* the card's timer, set or not */
void phone_menu(struct phone *phone);
/* The terminal tells of this service, whatever the network said. */
void phone_tell_service(struct phone *phone, uint8_t service);
void phone_lose_channel(struct phone *phone);
void phone_put_in_channel(struct phone *phone, struct kb_span bytes);

/* A packet for the card, in short messages. */
void phone_deliver(struct phone *phone, struct kb_span packet);

#endif
