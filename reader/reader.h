/* SPDX-License-Identifier: Apache-2.0 */
/* One way to reach a card, whatever is behind it: in this process, behind PC/SC, behind a virtual
 * reader. */
#ifndef KB_READER_READER_H
#define KB_READER_READER_H

#include "wire/apdu.h"
#include "wire/report.h"

struct kb_reader;

struct kb_reader_ops {
    /* Waits until a card is there (or, present false, until it is gone). KB_ERR_TIMEOUT;
     * KB_ERR_READER. timeout_ms < 0: for ever. */
    enum kb_err (*wait)(struct kb_reader *reader, bool present, int timeout_ms,
                        struct kb_report *why);

    /* Powers the card up (again). atr: 33 bytes. KB_ERR_NO_CARD, KB_ERR_READER. */
    enum kb_err (*power_up)(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                            struct kb_report *why);

    /* One APDU as it is. rsp: KB_RESPONSE_MAX bytes. *len: at least 2. KB_ERR_NO_CARD,
     * KB_ERR_READER. */
    enum kb_err (*transmit)(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp, size_t *len,
                            struct kb_report *why);

    /* Powers the card down so that it can be taken out. */
    void (*power_down)(struct kb_reader *reader);

    void (*close)(struct kb_reader *reader); /* also frees */
};

struct kb_reader {
    const struct kb_reader_ops *ops;
    char name[128];
};

/* A reader with the card of one file (kb_card_file, in this process). */
enum kb_err kb_reader_open_file(const char *path, struct kb_reader **reader, struct kb_report *why);

/* A PC/SC reader by its exact name or a unique part of it. */
enum kb_err kb_reader_open_pcsc(const char *name, struct kb_reader **reader, struct kb_report *why);

/* Calls seen for each PC/SC reader's name. KB_ERR_READER: no PC/SC service. */
enum kb_err kb_reader_list_pcsc(void (*seen)(void *ctx, const char *name), void *ctx,
                                struct kb_report *why);

#endif
