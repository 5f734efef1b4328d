/* SPDX-License-Identifier: Apache-2.0 */
/* A message on its way, with what is needed to tell its sender that it came. Events hold it: it
 * goes when the last of them lets it go. */
#ifndef KB_SIM_LETTER_H
#define KB_SIM_LETTER_H

#include "service/mail.h"
#include "sim/links.h"

#define KB_SIM_NOBODY  UINT64_MAX /* no card: a message that concerns none, or nobody knows whom */
#define KB_SIM_OUTSIDE UINT32_MAX /* no server: a centre, a register, a terminal */

struct kb_sim_letter {
    unsigned holders;
    uint64_t card; /* number of the card it is about, or KB_SIM_NOBODY */

    enum kb_sim_link link; /* that it goes over, and how that is told */
    bool is_up;
    const char *sender, *receiver, *what;

    enum kb_mail_kind kind; /* as struct kb_mail */
    uint64_t id;
    char peer[KB_MAIL_PEER];

    unsigned from, to; /* servers by number, or KB_SIM_OUTSIDE */
    uint32_t life;     /* of the sender, when it was sent */
    unsigned tries;
    bool is_settled; /* it came, and the sender knows */

    size_t len;
    uint8_t bytes[];
};

/* A copy of these bytes, held once. Never NULL: a simulation without memory ends. */
struct kb_sim_letter *kb_sim_letter_new(uint64_t card, struct kb_span bytes);
/* The same one with these bytes, of which its sender knows nothing. which: no other forged letter
 * has this number. */
struct kb_sim_letter *kb_sim_letter_forge(const struct kb_sim_letter *letter, struct kb_span bytes,
                                          uint64_t which);
struct kb_sim_letter *kb_sim_letter_hold(struct kb_sim_letter *letter);
void kb_sim_letter_drop(struct kb_sim_letter *letter); /* NULL: nothing */

static inline struct kb_span kb_sim_letter_span(const struct kb_sim_letter *letter)
{
    return (struct kb_span){letter->bytes, letter->len};
}

#endif
