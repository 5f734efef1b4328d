/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of an exchange, changed in every way, against both sides as they were when the message
 * came: neither may ever end well. */
#ifndef KB_TESTS_AGREE_HURT_H
#define KB_TESTS_AGREE_HURT_H

#include "tests/agree/rig.h"

/* Runs the exchange once more, from number on, with other bytes. What arrives lies in memory of its
 * very own size, so that the sanitizers see a read beyond it. True when neither side is done, or
 * only the one that had sent the last message before. */
bool hurt_is_refused(struct rig *rig, const struct rig_message *messages, size_t number,
                     struct kb_span bytes);

/* Every bit (or one in step), every shorter length, one byte more. count: messages in all. */
void hurt_everything(struct rig *rig, const struct rig_message *messages, size_t count,
                     size_t step);

#endif
