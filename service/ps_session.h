/* SPDX-License-Identifier: Apache-2.0 */
/* Where the attempt of one card at this PS stands, and what each event does to it: a pure table. */
#ifndef KB_SERVICE_PS_SESSION_H
#define KB_SERVICE_PS_SESSION_H

/* Numbers are kept in the store and never change. */
enum kb_ps_state {
    KB_PS_NONE = 0,         /* nothing was heard of this card */
    KB_PS_OFFERED = 1,      /* the first message was refused with what is supported instead */
    KB_PS_AGREEING = 2,     /* the second message is out, the third is awaited */
    KB_PS_PROVISIONING = 3, /* the keys are there; the register was told, and did not answer yet */
    KB_PS_ISSUED = 4,       /* IDENTITY is out */
    KB_PS_OVER = 5,         /* the attempt ended without success */
    KB_PS_FINISHED = 6,     /* success was seen: for ever */
    KB_PS_STATES
};

enum kb_ps_event {
    KB_PS_NEW,       /* first message of an agreement, of an attempt with a higher number */
    KB_PS_AGAIN,     /* the very message that was taken last */
    KB_PS_FIRST,     /* another first message in the attempt that is known */
    KB_PS_LAST,      /* any later message of the agreement */
    KB_PS_DONE,      /* the register has the subscriber */
    KB_PS_FAILED,    /* the register will not have it */
    KB_PS_CONFIRMED, /* the card says so, under its seal */
    KB_PS_DROPPED,   /* the card has wiped the pair and says so, under its seal */
    KB_PS_GAVE_UP,   /* REFUSE that nobody sealed */
    KB_PS_EVENTS
};

enum kb_ps_effect {
    KB_PS_IGNORE,
    KB_PS_START,        /* begin an agreement */
    KB_PS_REPEAT,       /* give the last answer once more */
    KB_PS_COMPLETE,     /* end the agreement, take an identity, tell the register */
    KB_PS_RELEASE,      /* let IDENTITY out */
    KB_PS_FAIL,         /* say that it failed within */
    KB_PS_SUCCEED,      /* the identity is used; say so */
    KB_PS_SAY_SUCCESS,  /* once more */
    KB_PS_SAY_FINISHED, /* refuse: this card has been personalized */
    KB_PS_TAKE_BACK,    /* the identity goes back to the pool by way of the register */
    KB_PS_GIVE_UP,      /* nothing but the end */
    KB_PS_EFFECTS
};

struct kb_ps_step {
    enum kb_ps_effect effect;
    enum kb_ps_state next; /* when the effect worked; one that is refused leads to OVER */
};

struct kb_ps_step kb_ps_step(enum kb_ps_state state, enum kb_ps_event event);

#endif
