/* SPDX-License-Identifier: Apache-2.0 */
/* The reader without a reader: a card file powered in this process. */
#include "reader/reader.h"

#include "crypto/secret.h"
#include "reader/card_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct local {
    struct kb_reader reader; /* first: a kb_reader of ours is a local */
    struct kb_card_file *file;
    bool is_powered;
};

static enum kb_err local_wait(struct kb_reader *reader, bool present, int timeout_ms,
                              struct kb_report *why)
{
    (void)timeout_ms;
    if (present)
        return KB_OK;
    return kb_report(why, KB_ERR_TIMEOUT, "%s: the card stays in until the reader is closed",
                     reader->name);
}

static enum kb_err local_power_up(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                                  struct kb_report *why)
{
    struct local *local = (struct local *)reader;
    enum kb_err err = kb_card_power_up(kb_card_file_card(local->file),
                                       kb_card_file_port(local->file), atr, atr_len);

    local->is_powered = !err;
    if (err)
        return kb_report(why, err, "%s: the card does not come up: %s", reader->name,
                         kb_err_text(err));
    return KB_OK;
}

static enum kb_err local_transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp,
                                  size_t *len, struct kb_report *why)
{
    struct local *local = (struct local *)reader;
    struct kb_span answer;

    if (!local->is_powered)
        return kb_report(why, KB_ERR_NO_CARD, "%s: the card has no power", reader->name);
    answer = kb_card_transmit(kb_card_file_card(local->file), cmd);
    memcpy(rsp, answer.data, answer.len);
    *len = answer.len;
    return KB_OK;
}

static void local_power_down(struct kb_reader *reader)
{
    struct local *local = (struct local *)reader;

    local->is_powered = false;
    kb_wipe(kb_card_file_card(local->file), sizeof(struct kb_card));
}

static void local_close(struct kb_reader *reader)
{
    struct local *local = (struct local *)reader;

    kb_card_file_close(local->file);
    free(local);
}

static const struct kb_reader_ops local_ops = {local_wait, local_power_up, local_transmit,
                                               local_power_down, local_close};

enum kb_err kb_reader_open_file(const char *path, struct kb_reader **reader, struct kb_report *why)
{
    struct local *local = calloc(1, sizeof(*local));
    enum kb_err err;

    *reader = NULL;
    if (!local)
        return kb_report(why, KB_ERR_MEMORY, "%s: out of memory", path);
    err = kb_card_file_open(path, &local->file, why);
    if (err) {
        free(local);
        return err;
    }
    local->reader.ops = &local_ops;
    snprintf(local->reader.name, sizeof(local->reader.name), "%s", path);
    *reader = &local->reader;
    return KB_OK;
}
