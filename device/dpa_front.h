/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front ends of the device personalization application (dpa.h).
 *
 * Text: lines on any terminal. A menu and a list are answered by a number, a question by its answer
 * (an empty line takes the proposal, or says that a text was read), and these words work always:
 * :back, :end (of the card's dialogue), :menu, :info, :help, :quit.
 *
 * Automatic: nobody sits there. What is shown was read, every yes-or-no is a yes, a proposal is
 * taken; nothing is chosen from a list and nothing typed, which the card sees as a user that does
 * not respond.
 */
#ifndef KB_DEVICE_DPA_FRONT_H
#define KB_DEVICE_DPA_FRONT_H

#include <stdio.h>

#include "device/dpa.h"

/* Prints news as lines. */
void kb_dpa_text_tell(FILE *out, const struct kb_dpa *dpa, const struct kb_dpa_news *news);

/* A line of the user, without its end; the caller wipes it. What is wrong with it is told on out.
 * false: :quit. */
bool kb_dpa_text_line(struct kb_dpa *dpa, FILE *out, const char *line);

/* IMSI, ICCID, service: "IMSI 001010123456789, card 8988..., normal service". */
void kb_dpa_text_info(FILE *out, const struct kb_dpa *dpa);

/* Answers the question that stands, and those that follow. */
void kb_dpa_automatic(struct kb_dpa *dpa);

/* How a user says that: "normal service", ... */
const char *kb_dpa_service_text(enum kb_cat_service service);

#endif
