/* SPDX-License-Identifier: Apache-2.0 */
/* What comes to a server and what it sends, whatever carries it. */
#ifndef KB_SERVICE_MAIL_H
#define KB_SERVICE_MAIL_H

#include <stdint.h>

#include "wire/cursor.h"

enum kb_mail_kind {
    KB_MAIL_SMS = 1,     /* peer: the card's number; body: user data of one short message, with its
                            header (TP-UDHI) */
    KB_MAIL_CHANNEL = 2, /* peer: name of a connection; body: a frame of wire/session.h */
    KB_MAIL_SERVER = 3,  /* between AS and PS. peer: its name; body: a message of wire/session.h */
    KB_MAIL_REGISTER = 4 /* between PS and its register; body: service/register.h. It may hold keys:
                            it never leaves the operator, and is sealed wherever it is kept */
};

enum { KB_MAIL_PEER = 64, KB_MAIL_BODY_MAX = 1400 };

struct kb_mail {
    enum kb_mail_kind kind;
    uint64_t id; /* going out: number in the outbox. Coming in: the sender's number, by which it is
                    known again; 0 when the way there keeps none (short messages) */
    char peer[KB_MAIL_PEER];
    struct kb_span body;
};

#endif
