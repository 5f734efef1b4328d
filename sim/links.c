/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/links.h"

#include <stddef.h>

static const char *const names[KB_LINKS] = {
    [KB_LINK_CARD] = "card",       [KB_LINK_RADIO] = "radio",      [KB_LINK_ROAMING] = "roaming",
    [KB_LINK_SMS] = "SMS",         [KB_LINK_CENTRE] = "centre",    [KB_LINK_CHANNEL] = "channel",
    [KB_LINK_SERVERS] = "servers", [KB_LINK_REGISTER] = "register"};

const char *kb_sim_link_name(enum kb_sim_link link)
{
    return names[link];
}

enum kb_err kb_sim_links_start(struct kb_sim_links *links, const struct kb_crypto *crypto)
{
    *links = (struct kb_sim_links){.crypto = crypto};
    return crypto->sha256_start(&links->digest);
}

void kb_sim_links_observe(struct kb_sim_links *links, kb_sim_observe *observe, void *ctx)
{
    if (links->observer_count < KB_SIM_OBSERVERS) {
        links->observers[links->observer_count].observe = observe;
        links->observers[links->observer_count++].ctx = ctx;
    }
}

static void digest(struct kb_sim_links *links, const struct kb_sim_crossing *crossing)
{
    uint8_t head[24];
    struct kb_writer wr = kb_wr(head, sizeof(head));

    kb_wr_u32(&wr, (uint32_t)((uint64_t)crossing->at >> 32));
    kb_wr_u32(&wr, (uint32_t)crossing->at);
    kb_wr_u32(&wr, (uint32_t)(crossing->card >> 32));
    kb_wr_u32(&wr, (uint32_t)crossing->card);
    kb_wr_u8(&wr, (uint8_t)crossing->link);
    kb_wr_u8(&wr, crossing->is_up);
    kb_wr_u32(&wr, (uint32_t)crossing->bytes.len);
    links->crypto->sha256_update(&links->digest, head, wr.len);
    if (crossing->bytes.len)
        links->crypto->sha256_update(&links->digest, crossing->bytes.data, crossing->bytes.len);
}

struct kb_sim_fate kb_sim_links_cross(struct kb_sim_links *links,
                                      const struct kb_sim_crossing *crossing)
{
    struct kb_sim_fate fate = {.goes[0].bytes = crossing->bytes, .count = 1};

    links->count[crossing->link].messages++;
    links->count[crossing->link].bytes += crossing->bytes.len;
    digest(links, crossing);
    for (size_t i = 0; i < links->observer_count; i++)
        links->observers[i].observe(links->observers[i].ctx, crossing);
    if (links->meddle)
        links->meddle(links->meddle_ctx, crossing, &fate);
    return fate;
}

void kb_sim_links_finish(struct kb_sim_links *links, uint8_t out[KB_SHA256_SIZE])
{
    links->crypto->sha256_finish(&links->digest, out);
}
