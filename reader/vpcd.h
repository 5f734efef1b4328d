/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card side of vpcd, the virtual PC/SC reader of vsmartcard: we connect to it, it sends what a
 * reader does to a card. Each message is a length of two bytes and a body: one byte 00 power off,
 * 01 power on, 02 reset, 04 answer to reset wanted; anything else is an APDU. Only the last two are
 * answered.
 */
#ifndef KB_READER_VPCD_H
#define KB_READER_VPCD_H

#include <signal.h>
#include <stdint.h>

#include "reader/card_file.h"

enum kb_vpcd_end {
    KB_VPCD_TAKEN_OUT, /* used, then powered off */
    KB_VPCD_STOPPED,   /* kb_vpcd_stop was called */
    KB_VPCD_CLOSED     /* the reader ended the connection */
};

/* One connection after the other, for one card after the other. */
struct kb_vpcd {
    volatile sig_atomic_t fd; /* -1: not connected */
    volatile sig_atomic_t is_stopped;
    uint64_t commands; /* APDUs of the last kb_vpcd_serve */
    int64_t left_at;   /* when the last card was taken out, 0: never; monotonic milliseconds */
    size_t start, end; /* what was received and not yet used */
    uint8_t received[2 + 65535];
};

void kb_vpcd_init(struct kb_vpcd *vpcd);

/* Connects to "HOST:PORT" ("[::1]:35963" for IPv6); tries again until timeout_ms have passed, as
 * the reader may still be starting. After another card it first leaves the reader empty for as long
 * as the PC/SC service needs to notice. KB_ERR_USAGE: the address is none; KB_ERR_READER: nobody
 * there. Stopped meanwhile: KB_OK, and kb_vpcd_serve ends at once. */
enum kb_err kb_vpcd_connect(struct kb_vpcd *vpcd, const char *address, int timeout_ms,
                            struct kb_report *why);

/* Waits until the reader looks at the card for the first time; timeout_ms -1: until stopped. false:
 * it does not. A connection to a slot that holds another card waits until that one is taken out. */
bool kb_vpcd_is_asked(const struct kb_vpcd *vpcd, int timeout_ms);

/* Puts the card in and answers until it is over. is_once: the card is taken out when it is powered
 * off after at least one APDU since it was powered on. Disconnects, which takes the card out. An
 * error is the card's: its memory holds no valid store. */
enum kb_err kb_vpcd_serve(struct kb_vpcd *vpcd, struct kb_card_file *file, bool is_once,
                          enum kb_vpcd_end *end, struct kb_report *why);

/* Makes kb_vpcd_connect and kb_vpcd_serve end soon; may be called in a signal handler. */
void kb_vpcd_stop(struct kb_vpcd *vpcd);

#endif
