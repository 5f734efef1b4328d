/* SPDX-License-Identifier: Apache-2.0 */
/* A small whole plan as text, and loading of texts made from it. */
#ifndef KB_TESTS_PLAN_SMALL_PLAN_H
#define KB_TESTS_PLAN_SMALL_PLAN_H

#include "plan/entity.h"
#include "plan/plan.h"

extern const char small_plan[];
extern const char small_view[]; /* an entity view */

/* Loads the text through a file of its own. path: of that file, gone again; 64 bytes. */
enum kb_err load_plan(const void *text, size_t len, char *path, struct kb_plan **plan,
                      struct kb_report *why);
enum kb_err load_view(const void *text, size_t len, char *path, struct kb_entity **entity,
                      struct kb_report *why);

/* The text with its first part replaced; the caller's to free. Fails the test when it lacks part.
 */
char *replaced(const char *text, const char *part, const char *by);

/* Takes the mark '@' out of the text and returns its line, 0 when there is none. */
int take_mark(char *text);

/* Path of an example, such as "plans/telecom.yaml"; static. */
const char *example(const char *name);

#endif
