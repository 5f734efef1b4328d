/* SPDX-License-Identifier: Apache-2.0 */
/* REFRESH (ETSI TS 102 223 clause 6.4.7): the card has changed what was read from it. */
#include <string.h>

#include "device/inside.h"

enum { APPLICATION_RESET = 0x05, SESSION_RESET = 0x06 };

/* The card takes its activation for the response. The network forgets the device as it does when
 * it is switched off. */
static enum kb_terminal_performed reset(struct kb_terminal *terminal)
{
    kb_terminal_end_session(terminal);
    kb_terminal_forget(terminal);
    kb_terminal_detach(terminal);
    kb_terminal_tell_change(terminal);
    terminal->reader->ops->power_down(terminal->reader);
    if (kb_terminal_start(terminal, NULL))
        kb_terminal_off(terminal);
    return KB_SILENT;
}

/* Selects the USIM anew where the mode says so, and reads all files: those that did not change cost
 * nothing but time. */
static enum kb_terminal_performed read_again(struct kb_terminal *terminal,
                                             struct kb_terminal_work *work, bool selects)
{
    struct kb_answer answer = {.len = 0};
    char before[sizeof(terminal->imsi)];
    enum kb_err err = KB_OK;

    memcpy(before, terminal->imsi, sizeof(before));
    if (selects)
        err = kb_terminal_select_usim(terminal, &answer, NULL);
    if (!err)
        err = kb_terminal_read_files(terminal, NULL);
    if (err == KB_ERR_CARD)
        return kb_terminal_result(work, KB_CAT_PARTIAL_COMPREHENSION);
    if (err)
        return KB_SILENT;
    if (strcmp(before, terminal->imsi) != 0) {
        kb_terminal_detach(terminal);
        kb_terminal_tell_change(terminal);
        terminal->wants_attach = terminal->imsi[0];
    }
    return kb_terminal_result(work, KB_CAT_OK);
}

KB_PERFORM(refresh)
{
    switch (work->command->qualifier) {
    case KB_CAT_REFRESH_FILES:
        return read_again(terminal, work, false);
    case KB_CAT_REFRESH_INIT_AND_FULL:
    case KB_CAT_REFRESH_INIT_AND_FILES:
    case KB_CAT_REFRESH_INIT:
    case APPLICATION_RESET:
    case SESSION_RESET:
        return read_again(terminal, work, true);
    case KB_CAT_REFRESH_RESET:
        return reset(terminal);
    default:
        return kb_terminal_result(work, KB_CAT_BEYOND_CAPABILITIES);
    }
}
