/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remote file management (ETSI TS 102 226 clause 7): a script from a secured packet runs through
 * the ordinary handlers, in a place of its own beside the logical channels (KB_CHANNEL_REMOTE). It
 * begins at the MF or at the application of its TAR, has what its key set grants and no PIN that
 * the terminal verified, and leaves nothing behind but what it did to files and PINs.
 */
#ifndef KB_CARD_OTA_REMOTE_H
#define KB_CARD_OTA_REMOTE_H

#include "card/ota/remote_keys.h"

/* Runs the script up to its end, or to the first command that fails. answer gets the additional
 * response data, no more than limit bytes. card->inbox.chain remembers scripts that are chained. */
enum kb_packet_status kb_remote_run(struct kb_card *card, const struct kb_remote_set *set,
                                    struct kb_span data, struct kb_writer *answer, size_t limit);

#endif
