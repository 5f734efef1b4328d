/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of card/cpa know of each other. */
#ifndef KB_CARD_CPA_INSIDE_H
#define KB_CARD_CPA_INSIDE_H

#include "agree/credential.h"
#include "card/card.h"
#include "card/cpa/cpa.h"
#include "card/cpa/plan.h"

/* --- What the terminal may be asked for, the most urgent first --- */

enum kb_cpa_step {
    KB_CPA_STEP_REFRESH,
    KB_CPA_STEP_MENU,
    KB_CPA_STEP_EVENTS,
    KB_CPA_STEP_LOCATE,
    KB_CPA_STEP_CLOSE,
    KB_CPA_STEP_RECEIVE,
    KB_CPA_STEP_SEND,
    KB_CPA_STEP_TIMER,
    KB_CPA_STEP_SELECT,
    KB_CPA_STEP_INPUT,
    KB_CPA_STEP_SURE,
    KB_CPA_STEP_SHOW,
    KB_CPA_STEPS
};

#define KB_CPA_BIT(step) ((uint16_t)(1u << KB_CPA_STEP_##step))

/* Steps that go on whatever the state is; the others belong to one. */
#define KB_CPA_LASTING                                                                             \
    (KB_CPA_BIT(REFRESH) | KB_CPA_BIT(MENU) | KB_CPA_BIT(EVENTS) | KB_CPA_BIT(LOCATE) |            \
     KB_CPA_BIT(CLOSE) | KB_CPA_BIT(RECEIVE))

enum kb_cpa_flag {
    KB_CPA_HAS_PROFILE = 1 << 0,
    KB_CPA_ASKS_USER = 1 << 1,         /* of the plan */
    KB_CPA_HAS_USER = 1 << 2,          /* somebody reads what is shown */
    KB_CPA_IS_PACKET = 1 << 3,         /* bearer of the plan */
    KB_CPA_HAS_MENU = 1 << 4,          /* the terminal shows the entry */
    KB_CPA_WANTS_RESET = 1 << 5,       /* the terminal works with what is no longer in the files */
    KB_CPA_HAS_FEWER_EVENTS = 1 << 6,  /* it did not take all we would hear of */
    KB_CPA_HAS_TIMER = 1 << 7,         /* ours is running */
    KB_CPA_HAS_NO_TIMERS = 1 << 8,     /* the terminal has none */
    KB_CPA_HAS_RETRIED = 1 << 9,       /* by itself, without a timer, since the reset */
    KB_CPA_IS_REJECTED = 1 << 10,      /* an attach was, since the timer began */
    KB_CPA_IS_JUDGING = 1 << 11,       /* LOCATE decides whether this attach was refused */
    KB_CPA_IS_READY_TO_SHOW = 1 << 12, /* success, in this power-up */
    KB_CPA_IS_UNSENT = 1 << 13         /* the terminal could not send the packet */
};

enum {
    KB_CPA_SERVICE_UNKNOWN = 0xFF,
    KB_CPA_MESSAGE_MAX = 660, /* REQUEST with the longest first message of an agreement */
    KB_CPA_PACKET_MAX = 720
};

struct kb_cpa_step_row {
    /* Fills the command; false: it cannot be made. */
    bool (*fill)(struct kb_card *card, struct kb_cat_command *command, struct kb_writer *scratch);
    void (*performed)(struct kb_card *card, const struct kb_cat_response *response);
    void (*refused)(struct kb_card *card, const struct kb_cat_response *response);
};

static inline void kb_cpa_want(struct kb_card *card, uint16_t bits)
{
    card->cpa.due |= bits;
}

static inline bool kb_cpa_is(const struct kb_card *card, unsigned flags)
{
    return (card->cpa.flags & flags) != 0;
}

static inline void kb_cpa_set(struct kb_card *card, unsigned flags)
{
    card->cpa.flags = (uint16_t)(card->cpa.flags | flags);
}

static inline void kb_cpa_clear(struct kb_card *card, unsigned flags)
{
    card->cpa.flags = (uint16_t)(card->cpa.flags & ~flags);
}

/* --- The plan --- */

struct kb_cpa_loaded {
    struct kb_cpa_plan plan;
    uint8_t bytes[KB_CPA_PLAN_MAX];
};
enum kb_err kb_cpa_plan_load(struct kb_card *card, struct kb_cpa_loaded *loaded);

/* --- state.c: what is durable, and what follows from it --- */

/* KB_OBJ_CPA_SESSION. */
struct kb_cpa_record {
    uint8_t state;     /* enum kb_cpa_state */
    uint8_t reason;    /* of the last failure, until the user saw it */
    uint8_t failures;  /* in a row */
    uint8_t refusals;  /* of attaches with the new pair */
    uint8_t reference; /* of the last outgoing packet's short messages */
    bool is_chosen;    /* user or plan chose this very operator */
    uint32_t session;
    uint8_t id_o_len; /* asked for, then agreed with; or a typed code */
    uint8_t id_o[KB_ID_O_MAX];
};

enum kb_err kb_cpa_record_load(struct kb_card *card, struct kb_cpa_record *record);
enum kb_err kb_cpa_record_store(struct kb_card *card, const struct kb_cpa_record *record);

/* What one transaction changes, and what is said with it. */
struct kb_cpa_change {
    struct kb_cpa_record *record;
    const struct kb_session_message *message; /* protected, kept and sent; NULL: none is out now */
    bool keeps_agreement;
    struct kb_span agreement; /* otherwise: to be kept instead; empty: nothing */
    bool keeps_pair;
    struct kb_span pair; /* the same */
    /* What else belongs to it, done first; or NULL. */
    enum kb_err (*also)(struct kb_card *card, void *context);
    void *context;
};

/* All of it or nothing, and then the steps of the new state. */
enum kb_err kb_cpa_commit(struct kb_card *card, const struct kb_cpa_change *change);

/* The steps of a state that is entered, or found at power-up. */
void kb_cpa_enter(struct kb_card *card, const struct kb_cpa_record *record);

/* The attempt is over. fail: the other side is told, with the seal of the last word when there are
 * keys, and what was swapped is swapped back. end: it knows, or cannot be told. */
void kb_cpa_fail(struct kb_card *card, enum kb_session_reason reason);
void kb_cpa_end(struct kb_card *card, enum kb_session_reason reason);

bool kb_cpa_has_tries(struct kb_card *card);

/* The operator's key is in the card. Before the swap: by another way than this, so that nothing is
 * left to be done. */
bool kb_cpa_has_operator(struct kb_card *card);

/* Deletes an object that may not be there. */
enum kb_err kb_cpa_drop(struct kb_card *card, uint16_t object);

/* --- start.c --- */

/* Whom an attempt shall be made with. */
struct kb_cpa_wish {
    struct kb_span id_o;  /* or a typed code; empty: the service knows */
    bool is_chosen;       /* nobody else will do */
    bool wants_operators; /* the service shall send a list */
};
void kb_cpa_begin(struct kb_card *card, const struct kb_cpa_wish *wish);

/* With the operator of the plan, if it has one. */
void kb_cpa_begin_as_planned(struct kb_card *card, const struct kb_cpa_wish *otherwise);
void kb_cpa_begin_by_itself(struct kb_card *card);

/* The user wants to. */
void kb_cpa_selected(struct kb_card *card);

/* What a REQUEST brings: a wish for a list, or the first message of an agreement. */
struct kb_cpa_offer {
    bool wants_operators;
    uint8_t kind; /* enum kb_session_agreement */
    struct kb_span message, saved;
};
/* A new attempt with what the record says. */
enum kb_err kb_cpa_request(struct kb_card *card, struct kb_cpa_record *record,
                           const struct kb_cpa_offer *offer);

/* --- agreement.c --- */

enum { KB_CPA_KEY = 16 };

/* What KB_OBJ_CPA_AGREEMENT holds once the agreement is done; after the swap seal alone. */
struct kb_cpa_keys {
    uint8_t seal[KB_CPA_KEY];
    uint8_t k[KB_CPA_KEY], opc[KB_CPA_KEY];
    uint8_t kic[KB_CPA_KEY], kid[KB_CPA_KEY], kik[KB_CPA_KEY];
};

/* Begins: gives message_1, and the agreement as it is to be kept. */
enum kb_err kb_cpa_agreement_start(struct kb_card *card, uint8_t *kind, struct kb_writer *message,
                                   struct kb_writer *saved);

struct kb_cpa_agreed {
    uint8_t kind;             /* enum kb_session_agreement */
    struct kb_writer message; /* the next one, for the operator */
    struct kb_writer saved;   /* keys, or an agreement that began anew (is_again) */
    bool is_again;
};
/* Goes on with what a COMMAND brought. KB_REASON_NONE: it went well. */
enum kb_session_reason kb_cpa_agreement_take(struct kb_card *card,
                                             const struct kb_session_message *command,
                                             struct kb_cpa_agreed *agreed);

/* --- trust.c: whom the card believes --- */

struct kb_cpa_root {
    struct kb_credential_root is; /* points into bytes */
    uint8_t bytes[1 + KB_CREDENTIAL_NAME_MAX + KB_P256_PUBLIC];
};
enum kb_err kb_cpa_root_load(struct kb_card *card, struct kb_cpa_root *root);

/* The number of the list of revoked credentials that the card has; 0: none. */
uint64_t kb_cpa_revoked_seen(struct kb_card *card);

/* Keeps a newer list that came, if the root signed it. */
void kb_cpa_revoked_take(struct kb_card *card, struct kb_span list);

/* KB_ERR_RULE: the operator with this key was revoked. */
enum kb_err kb_cpa_revoked_judge(struct kb_card *card, const uint8_t public_key[KB_CURVE_SIZE]);

/* The later of what is told now (0: nothing) and what was told before; 0: never. */
int64_t kb_cpa_clock(struct kb_card *card, uint64_t told);
enum kb_err kb_cpa_clock_keep(struct kb_card *card, uint64_t told);

/* --- seal.c --- */

/* Seals the last word about this attempt. KB_ERR_ABSENT: there are no keys. sealed: up to 1 byte
 * and KB_SEALED_TAG. */
enum kb_err kb_cpa_seal(struct kb_card *card, uint32_t session, enum kb_sealed_what what,
                        uint8_t reason, struct kb_writer *sealed);

/* Opens an identity. plain: sealed.len bytes. */
enum kb_err kb_cpa_unseal(struct kb_card *card, uint32_t session, struct kb_span sealed,
                          struct kb_writer *plain);

/* --- pair.c --- */

/* What KB_OBJ_CPA_PAIR holds after the swap: what stood in the files. */
enum { KB_CPA_BACKUP = 1 + 9 + 2 + 1 + 17 + 28 };

/* Puts the new pair in the place of the old one, or fails the attempt. */
void kb_cpa_swap(struct kb_card *card);

/* For kb_cpa_change.also. restore: the old files back, the new pair gone. forget_temporary: the
 * admin code, and unless *context (bool) is true the temporary pair. */
enum kb_err kb_cpa_restore(struct kb_card *card, void *context);
enum kb_err kb_cpa_forget_temporary(struct kb_card *card, void *context);

/* --- talk.c: the outgoing packet --- */

extern const struct kb_cpa_step_row kb_cpa_send_row, kb_cpa_receive_row, kb_cpa_close_row;

/* The event of that name (TS 102 223 clause 7.5.11). */
void kb_cpa_channel_status(struct kb_card *card, const struct kb_cat_objects *with);

/* --- answer.c --- */

enum kb_packet_status kb_cpa_packet(struct kb_card *card, const struct kb_ota_command *packet,
                                    struct kb_writer *answer);

/* --- wait.c: service and time --- */

extern const struct kb_cpa_step_row kb_cpa_timer_row, kb_cpa_locate_row, kb_cpa_events_row,
    kb_cpa_refresh_row;
void kb_cpa_want_reset(struct kb_card *card);
void kb_cpa_serve(struct kb_card *card, uint8_t service);
void kb_cpa_rejected(struct kb_card *card);
void kb_cpa_expired(struct kb_card *card);

/* --- show.c --- */

extern const struct kb_cpa_step_row kb_cpa_menu_row, kb_cpa_select_row, kb_cpa_input_row,
    kb_cpa_sure_row, kb_cpa_show_row;

/* An entry of the menu was taken. */
void kb_cpa_entry(struct kb_card *card, uint8_t item);

#endif
