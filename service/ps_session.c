/* SPDX-License-Identifier: Apache-2.0 */
/* The attempt of a card at a PS. */
#include "service/ps_session.h"

#include <stddef.h>

/* What is not here is ignored and changes nothing. */
static const struct {
    enum kb_ps_state state;
    enum kb_ps_event event;
    struct kb_ps_step step;
} table[] = {
    {KB_PS_NONE, KB_PS_NEW, {KB_PS_START, KB_PS_AGREEING}},

    {KB_PS_OFFERED, KB_PS_NEW, {KB_PS_START, KB_PS_AGREEING}},
    {KB_PS_OFFERED, KB_PS_AGAIN, {KB_PS_REPEAT, KB_PS_OFFERED}},
    {KB_PS_OFFERED, KB_PS_FIRST, {KB_PS_START, KB_PS_AGREEING}},
    {KB_PS_OFFERED, KB_PS_LAST, {KB_PS_START, KB_PS_AGREEING}},
    {KB_PS_OFFERED, KB_PS_CONFIRMED, {KB_PS_SUCCEED, KB_PS_FINISHED}},
    {KB_PS_OFFERED, KB_PS_DROPPED, {KB_PS_TAKE_BACK, KB_PS_OFFERED}},
    {KB_PS_OFFERED, KB_PS_GAVE_UP, {KB_PS_GIVE_UP, KB_PS_OVER}},

    {KB_PS_AGREEING, KB_PS_NEW, {KB_PS_START, KB_PS_AGREEING}},
    {KB_PS_AGREEING, KB_PS_AGAIN, {KB_PS_REPEAT, KB_PS_AGREEING}},
    {KB_PS_AGREEING, KB_PS_LAST, {KB_PS_COMPLETE, KB_PS_PROVISIONING}},
    {KB_PS_AGREEING, KB_PS_CONFIRMED, {KB_PS_SUCCEED, KB_PS_FINISHED}},
    {KB_PS_AGREEING, KB_PS_DROPPED, {KB_PS_TAKE_BACK, KB_PS_AGREEING}},
    {KB_PS_AGREEING, KB_PS_GAVE_UP, {KB_PS_GIVE_UP, KB_PS_OVER}},

    /* What the card had before is gone, and what it will have did not leave: nobody can say
     * anything about it yet. */
    {KB_PS_PROVISIONING, KB_PS_NEW, {KB_PS_START, KB_PS_AGREEING}},
    {KB_PS_PROVISIONING, KB_PS_DONE, {KB_PS_RELEASE, KB_PS_ISSUED}},
    {KB_PS_PROVISIONING, KB_PS_FAILED, {KB_PS_FAIL, KB_PS_OVER}},
    {KB_PS_PROVISIONING, KB_PS_GAVE_UP, {KB_PS_GIVE_UP, KB_PS_OVER}},

    /* A refusal without a seal is anybody's: the card may be using the pair. */
    {KB_PS_ISSUED, KB_PS_NEW, {KB_PS_START, KB_PS_AGREEING}},
    {KB_PS_ISSUED, KB_PS_AGAIN, {KB_PS_REPEAT, KB_PS_ISSUED}},
    {KB_PS_ISSUED, KB_PS_CONFIRMED, {KB_PS_SUCCEED, KB_PS_FINISHED}},
    {KB_PS_ISSUED, KB_PS_DROPPED, {KB_PS_TAKE_BACK, KB_PS_OVER}},

    {KB_PS_OVER, KB_PS_NEW, {KB_PS_START, KB_PS_AGREEING}},
    {KB_PS_OVER, KB_PS_AGAIN, {KB_PS_REPEAT, KB_PS_OVER}},
    {KB_PS_OVER, KB_PS_LAST, {KB_PS_REPEAT, KB_PS_OVER}},
    {KB_PS_OVER, KB_PS_CONFIRMED, {KB_PS_SUCCEED, KB_PS_FINISHED}},
    {KB_PS_OVER, KB_PS_DROPPED, {KB_PS_TAKE_BACK, KB_PS_OVER}},

    {KB_PS_FINISHED, KB_PS_NEW, {KB_PS_SAY_FINISHED, KB_PS_FINISHED}},
    {KB_PS_FINISHED, KB_PS_LAST, {KB_PS_SAY_FINISHED, KB_PS_FINISHED}},
    {KB_PS_FINISHED, KB_PS_CONFIRMED, {KB_PS_SAY_SUCCESS, KB_PS_FINISHED}},
};

struct kb_ps_step kb_ps_step(enum kb_ps_state state, enum kb_ps_event event)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].state == state && table[i].event == event)
            return table[i].step;
    }
    return (struct kb_ps_step){KB_PS_IGNORE, state};
}
