/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of commands: what for (length, text), header (4), length of data (2), data. */

#include "desk/commands.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/talk.h"

enum { WHAT_MAX = 31, FIRST_CAP = 4096 };

static bool grow(struct kb_commands *list, size_t more)
{
    size_t cap = list->cap ? list->cap : FIRST_CAP;
    uint8_t *data;

    while (cap - list->len < more)
        cap *= 2;
    if (cap == list->cap)
        return true;
    data = malloc(cap);
    if (!data)
        return false;
    if (list->data)
        memcpy(data, list->data, list->len);
    if (list->data)
        kb_wipe(list->data, list->cap);
    free(list->data);
    list->data = data;
    list->cap = cap;
    return true;
}

void kb_commands_add(struct kb_commands *list, const char *what, const uint8_t header[4],
                     struct kb_span data)
{
    size_t what_len = strnlen(what, WHAT_MAX);
    struct kb_writer wr;

    if (list->is_bad || !grow(list, 1 + what_len + 4 + 2 + data.len)) {
        list->is_bad = true;
        return;
    }
    wr = (struct kb_writer){list->data, list->cap, list->len, false};
    kb_wr_u8(&wr, (uint8_t)what_len);
    kb_wr_copy(&wr, what, what_len);
    kb_wr_copy(&wr, header, 4);
    kb_wr_u16(&wr, (uint16_t)data.len);
    kb_wr_copy(&wr, data.data, data.len);
    list->is_bad = wr.is_bad;
    list->len = wr.len;
}

enum kb_err kb_commands_send(const struct kb_commands *list, struct kb_reader *reader,
                             struct kb_report *why)
{
    struct kb_cursor rd = kb_rd(kb_span(list->data, list->len));
    struct kb_answer answer;
    enum kb_err err = KB_OK;

    if (list->is_bad)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    while (!err && kb_rd_left(&rd)) {
        struct kb_span name = kb_rd_span(&rd, kb_rd_u8(&rd));
        char what[WHAT_MAX + 1] = "";
        uint8_t header[4];

        memcpy(what, name.data, name.len);
        kb_rd_copy(&rd, header, sizeof header);
        err =
            kb_talk_ok(reader, what, header, kb_rd_span(&rd, kb_rd_u16(&rd)), false, &answer, why);
    }
    return err;
}

void kb_commands_clear(struct kb_commands *list)
{
    if (list->data)
        kb_wipe(list->data, list->len);
    list->len = 0;
}

void kb_commands_free(struct kb_commands *list)
{
    if (list->data)
        kb_wipe(list->data, list->cap);
    free(list->data);
    *list = (struct kb_commands){0};
}
