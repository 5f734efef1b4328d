/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One smart card without its plastic: APDU in, answer out. No heap, no globals, no I/O; memory,
 * randomness and cryptography are handed in by the port. A struct kb_card is self-contained:
 * thousands may live in one process, one thread each at a time.
 */
#ifndef KB_CARD_CARD_H
#define KB_CARD_CARD_H

#include "card/channel.h"
#include "card/cpa/cpa.h"
#include "card/files/files.h"
#include "card/files/pin.h"
#include "card/gp/gp.h"
#include "card/ota/inbox.h"
#include "card/perso/perso.h"
#include "card/sim/sim.h"
#include "card/toolkit/toolkit.h"
#include "crypto/crypto.h"

enum { KB_CARD_CHAIN_MAX = 1024, KB_ATR_MAX = 33, KB_RULES = 4 };

enum kb_transport {
    KB_TRANSPORT_APDU, /* Le is honoured; answers nobody asked for wait behind 61XX */
    KB_TRANSPORT_T0,   /* every answer of a case 4 command waits behind 61XX, a wrong Le of case 2
                          gets 6CXX (TS 102 221 clause 7.3.1.1) */
    KB_TRANSPORT_T1    /* a command without Le gets no data */
};

struct kb_card_port {
    const struct kb_nvm_device *device;
    const struct kb_crypto *crypto;
    enum kb_err (*random)(void *ctx, void *out, size_t len);
    void *random_ctx;
    enum kb_transport transport;
    const struct kb_application *application; /* NULL: the built-in one, kb_cpa */
};

/* An access rule, resolved: which PINs each operation needs. */
struct kb_rule {
    uint16_t arr_object; /* 0: empty */
    uint8_t arr_record;
    bool is_df;                  /* the bits of an access mode mean other things for a DF */
    uint8_t pins[KB_OPERATIONS]; /* bit n: PIN object n */
    uint32_t modes; /* two bits for each operation: enum kb_rule_mode in files/access.h */
};

struct kb_card {
    const struct kb_card_port *port;
    struct kb_nvm nvm;

    uint8_t life_cycle; /* enum kb_life_cycle */
    uint8_t suspension; /* enum kb_uicc_suspension */

    /* What the logical channel in use has; the others' is kept in channels. */
    uint8_t channel;
    struct kb_file df;     /* current DF or ADF */
    struct kb_file ef;     /* current EF; kind KB_FILE_NONE when none is selected */
    struct kb_file adf;    /* current application; kind KB_FILE_NONE before one is selected */
    uint8_t record;        /* current record, 0 when undefined */
    uint8_t pins_verified; /* bit n: PIN object n */
    struct kb_channel channels[KB_CHANNELS + 1]; /* the last one is remote management's */
    uint16_t channels_open;                      /* bit n: channel n */

    uint8_t pin_of_reference[KB_PINS]; /* key reference of each PIN object, 0 when absent */
    uint8_t pins_disabled;             /* bit n */
    uint8_t pins_replaced;             /* bit n: the universal PIN stands for it */
    uint8_t pins_shared;       /* bit n: verified on one channel, it counts on all of them */
    uint8_t gsm_rehabilitated; /* class A0, in this session: bit 0 EF.IMSI, bit 1 EF.LOCI */
    struct kb_rule rules[KB_RULES];
    uint8_t rule_next;
    struct kb_transfer transfer;

    struct kb_perso perso;
    struct kb_gp gp;
    struct kb_sim sim;
    struct kb_toolkit toolkit;
    struct kb_inbox inbox;
    struct kb_cpa cpa;

    struct {
        uint8_t cla, ins, p1, p2, channel;
    } chain; /* header of the chain being received */
    bool is_chaining;
    uint16_t chain_len;  /* data of the command that lies at the beginning of buffer */
    uint16_t pending_at; /* answer bytes waiting in buffer for GET RESPONSE */
    uint16_t pending_len;
    uint16_t pending_sw; /* what the last of them come with */
    uint8_t covered[2];  /* the first two of them, where SW of the last answer lies */
    uint16_t used;       /* bytes of buffer that are not all zero */
    uint8_t buffer[KB_RESPONSE_MAX];
};

/* A blank card: empty memory, ADMINISTRATIVE, no MF. port must outlive the card. */
enum kb_err kb_card_format(struct kb_card *card, const struct kb_card_port *port);

/* Power-up: mounts the memory, forgets all session state. atr: at least KB_ATR_MAX bytes. */
enum kb_err kb_card_power_up(struct kb_card *card, const struct kb_card_port *port, uint8_t *atr,
                             size_t *atr_len);

/* Warm reset: as power-up without a mount. */
enum kb_err kb_card_reset(struct kb_card *card, uint8_t *atr, size_t *atr_len);

/* One command. Returns the answer with SW, at least 2 bytes, which lies in the card and is valid
 * until the next call. Any input is welcome; it must not lie in the card. */
struct kb_span kb_card_transmit(struct kb_card *card, struct kb_span command);

#endif
