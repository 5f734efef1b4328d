/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/watch.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "sim/memory.h"

enum { LOG_HEAD = 5 };

static bool shows(struct kb_span bytes, const uint8_t *secret, size_t len)
{
    return bytes.len >= len && memmem(bytes.data, bytes.len, secret, len) != NULL;
}

static bool is_worth_it(const struct kb_sim_watch *watch, struct kb_span secret)
{
    if (secret.len < KB_WATCH_SECRET_MIN || secret.len > KB_WATCH_SECRET_MAX)
        return false;
    if (memcmp(secret.data, secret.data + 1, secret.len - 1) == 0)
        return false;
    for (size_t i = 0; i < watch->secret_count; i++)
        if (watch->secrets[i].len == secret.len &&
            memcmp(watch->secrets[i].value, secret.data, secret.len) == 0)
            return false;
    return watch->secret_count < KB_WATCH_SECRETS;
}

static bool did_show(const struct kb_sim_watch *watch, unsigned allowed, struct kb_span secret)
{
    struct kb_cursor rd = kb_rd(kb_span(watch->log, watch->log_len));

    while (kb_rd_left(&rd)) {
        unsigned link = kb_rd_u8(&rd);
        struct kb_span bytes = kb_rd_span(&rd, kb_rd_u32(&rd));

        if (!(allowed >> link & 1) && shows(bytes, secret.data, secret.len))
            return true;
    }
    return false;
}

const char *kb_sim_watch_add(struct kb_sim_watch *watch, const char *name, unsigned allowed,
                             struct kb_span secret)
{
    size_t at = watch->secret_count;

    if (!is_worth_it(watch, secret))
        return NULL;
    watch->secrets[at].name = name;
    watch->secrets[at].allowed = allowed;
    watch->secrets[at].len = secret.len;
    memcpy(watch->secrets[at].value, secret.data, secret.len);
    watch->secret_count++;
    return did_show(watch, allowed, secret) ? name : NULL;
}

static void keep(struct kb_sim_watch *watch, enum kb_sim_link link, struct kb_span bytes)
{
    struct kb_writer wr;

    while (watch->log_room - watch->log_len < LOG_HEAD + bytes.len)
        watch->log = kb_sim_grow(watch->log, &watch->log_room, 1);
    wr = kb_wr(watch->log + watch->log_len, watch->log_room - watch->log_len);
    kb_wr_u8(&wr, (uint8_t)link);
    kb_wr_u32(&wr, (uint32_t)bytes.len);
    if (bytes.len)
        kb_wr_copy(&wr, bytes.data, bytes.len);
    watch->log_len += wr.len;
}

const char *kb_sim_watch_message(struct kb_sim_watch *watch, enum kb_sim_link link,
                                 struct kb_span bytes)
{
    const char *found = NULL;

    for (size_t i = 0; i < watch->secret_count && !found; i++)
        if (!(watch->secrets[i].allowed >> link & 1) &&
            shows(bytes, watch->secrets[i].value, watch->secrets[i].len))
            found = watch->secrets[i].name;
    keep(watch, link, bytes);
    return found;
}

void kb_sim_watch_end(struct kb_sim_watch *watch)
{
    if (watch->log)
        kb_wipe(watch->log, watch->log_len);
    free(watch->log);
    kb_wipe(watch, sizeof(*watch));
}
