/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the PS share, and nobody else sees. */
#ifndef KB_SERVICE_PS_INSIDE_H
#define KB_SERVICE_PS_INSIDE_H

#include <string.h>

#include "service/ps_agree.h"
#include "service/ps_pool.h"
#include "service/ps_row.h"
#include "service/ps_session.h"

struct kb_ps {
    struct kb_ps_config config;
    struct kb_ps_makers makers;
    struct kb_store *store;
    size_t open_max;
};

/* One event on its way through the table. */
struct kb_ps_turn {
    struct kb_ps *ps;
    const struct kb_session_message *message; /* NULL: the register's doing */
    struct kb_ps_session session;
    struct kb_ps_holding holding;   /* the identity that this is about */
    enum kb_ps_state next;          /* where the effect leads: the table's, unless it says other */
    bool is_unchanged;              /* nothing is to be written down */
    enum kb_session_reason refused; /* KB_REASON_NONE: the effect worked */
};

static inline struct kb_span kb_ps_text(const char *string)
{
    return kb_span(string, strlen(string));
}

static inline int64_t kb_ps_now(const struct kb_ps *ps)
{
    return ps->config.now(ps->config.now_ctx);
}

/* Does what the table says about the event, and writes down where it led. */
enum kb_err kb_ps_turn(struct kb_ps_turn *turn, enum kb_ps_event event);

/* --- Effects of more than a few lines --- */
enum kb_err kb_ps_begin(struct kb_ps_turn *turn);
enum kb_err kb_ps_complete(struct kb_ps_turn *turn);
enum kb_err kb_ps_release(struct kb_ps_turn *turn);

struct kb_ps_parties kb_ps_parties_of(const struct kb_ps_turn *turn);

/* --- What goes out --- */

/* A message about the card that holds nothing else yet. */
struct kb_session_message kb_ps_message(const struct kb_ps_turn *turn, enum kb_session_kind kind,
                                        uint32_t number);
/* To the card's AS. kept: it is also the answer that is given again. */
enum kb_err kb_ps_post(struct kb_ps_turn *turn, const struct kb_session_message *message,
                       bool is_kept);
enum kb_err kb_ps_send(struct kb_ps_turn *turn, struct kb_span body);
enum kb_err kb_ps_keep_answer(struct kb_ps_turn *turn, const struct kb_session_message *message);
/* kept: it is the attempt's end; otherwise an answer to the message alone. */
enum kb_err kb_ps_refuse(struct kb_ps_turn *turn, enum kb_session_reason reason, bool is_kept);
/* About the turn's identity. */
enum kb_err kb_ps_ask_register(struct kb_ps_turn *turn, struct kb_register_message *request);

/* Audit lines about the card, and about the card and its identity. */
enum kb_err kb_ps_note(struct kb_ps_turn *turn, const char *what, const char *result);
enum kb_err kb_ps_note_identity(struct kb_ps_turn *turn, const char *what);

#endif
