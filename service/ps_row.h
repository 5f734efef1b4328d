/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of the attempt of one card. */
#ifndef KB_SERVICE_PS_ROW_H
#define KB_SERVICE_PS_ROW_H

#include "agree/agree.h"
#include "service/ps_session.h"
#include "service/store.h"
#include "wire/session.h"

struct kb_ps_session {
    char server[KB_MAIL_PEER]; /* the AS by which it comes; two of them do not meet */
    char id_sc[KB_ID_SC_MAX + 1];
    bool is_kept; /* there is a row */
    int64_t step; /* of that row */
    enum kb_ps_state was;

    uint32_t number;
    enum kb_ps_state state;
    int64_t opened;
    uint8_t agreement;             /* enum kb_session_agreement */
    uint8_t taken[KB_SHA256_SIZE]; /* of the message that was taken last */

    uint8_t credential[KB_SESSION_CREDENTIAL_MAX];
    size_t credential_len;
    uint8_t answer[KB_SESSION_MAX]; /* what was said last, or what waits for the register */
    size_t answer_len;
    uint8_t saved[KB_AGREE_SAVED_MAX]; /* the agreement; secret */
    size_t saved_len;
};

/* A card that was never heard of is KB_PS_NONE. KB_ERR_TOO_LONG: names that are no names. */
enum kb_err kb_ps_session_load(struct kb_store *store, struct kb_span server, struct kb_span id_sc,
                               struct kb_ps_session *session);

/* KB_ERR_EXISTS: another process has changed it meanwhile. */
enum kb_err kb_ps_session_save(struct kb_store *store, struct kb_ps_session *session);

/* Leaves what says where it stands, and wipes the rest. */
void kb_ps_session_clear(struct kb_ps_session *session);

/* How many agreements of this AS wait for a message. */
enum kb_err kb_ps_session_count_open(struct kb_store *store, struct kb_span server,
                                     uint64_t *count);
/* The card whose agreement waits longest, if it began before. KB_ERR_ABSENT: there is none. */
enum kb_err kb_ps_session_oldest(struct kb_store *store, struct kb_span server, int64_t before,
                                 char id_sc[KB_ID_SC_MAX + 1]);

#endif
