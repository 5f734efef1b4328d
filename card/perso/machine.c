/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine as the image's transitions tell it. */

#include "card/perso/session.h"
#include "crypto/secret.h"

enum kb_err kb_machine_next(const struct kb_request *request, enum kb_perso_event event,
                            uint8_t *to)
{
    uint8_t state = request->card->perso.state;

    if (state == KB_PERSO_LOCKED || state == KB_PERSO_BLOCKED)
        return KB_ERR_ABSENT;
    for (uint8_t i = 0; i < request->image.transitions; i++) {
        struct kb_image_transition row;
        enum kb_err err = kb_image_transition(&request->image, i, &row);

        if (err)
            return err;
        if (row.from == state && row.event == event) {
            *to = row.to;
            return KB_OK;
        }
    }
    return KB_ERR_ABSENT;
}

void kb_machine_end(struct kb_card *card)
{
    struct kb_perso *perso = &card->perso;

    perso->state = KB_PERSO_IDLE;
    perso->field = 0;
    perso->is_verified = false;
    perso->is_secured = false;
    perso->has_challenge = false;
    kb_wipe(perso->challenge, sizeof perso->challenge);
    kb_gp_end_field(card);
}

void kb_perso_end(struct kb_card *card)
{
    kb_machine_end(card);
}

void kb_machine_enter(struct kb_card *card, uint8_t to)
{
    if (to == KB_PERSO_IDLE || (to == KB_PERSO_PERSO && !card->perso.is_verified))
        kb_machine_end(card);
    else
        card->perso.state = to;
}
