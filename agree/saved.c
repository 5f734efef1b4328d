/* SPDX-License-Identifier: Apache-2.0 */
/* Agreements written down between two steps. */
#include "agree/saved.h"

#include <string.h>

#include "agree/edhoc_inside.h"
#include "crypto/secret.h"

enum { VERSION = 1 };

/* What both kinds begin with. */
struct head {
    uint8_t version, kind, role, state, has_retried;
    int16_t suite;
};

static void put_head(struct kb_writer *out, const struct head *head)
{
    kb_wr_u8(out, VERSION);
    kb_wr_u8(out, head->kind);
    kb_wr_u8(out, head->role);
    kb_wr_u8(out, head->state);
    kb_wr_u8(out, head->has_retried);
    kb_wr_u16(out, (uint16_t)head->suite);
}

static struct head read_head(struct kb_cursor *rd)
{
    struct head head = {0};

    head.version = kb_rd_u8(rd);
    head.kind = kb_rd_u8(rd);
    head.role = kb_rd_u8(rd);
    head.state = kb_rd_u8(rd);
    head.has_retried = kb_rd_u8(rd);
    head.suite = (int16_t)kb_rd_u16(rd);
    return head;
}

/* The states each role can be found in, a bit for each. */
static bool is_possible(const struct head *head, unsigned initiator_states)
{
    const unsigned responder_states =
        1u << KB_AGREE_START | 1u << KB_AGREE_WAIT_3 | 1u << KB_AGREE_DONE | 1u << KB_AGREE_FAILED;
    unsigned states = head->role == KB_AGREE_INITIATOR ? initiator_states : responder_states;

    return (head->role == KB_AGREE_INITIATOR || head->role == KB_AGREE_RESPONDER) &&
           head->has_retried <= 1 && head->state <= KB_AGREE_FAILED &&
           (states >> head->state & 1) != 0;
}

/* Both say no suite before one was chosen and after a failure. */
static bool has_suite(const struct head *head)
{
    return head->state != KB_AGREE_START && head->state != KB_AGREE_FAILED;
}

static enum kb_err check(const struct kb_cursor *rd, const struct head *head, uint8_t kind,
                         unsigned initiator_states)
{
    if (rd->is_bad || head->kind != kind)
        return KB_ERR_MALFORMED;
    if (head->version != VERSION)
        return KB_ERR_VERSION;
    return kb_rd_is_done(rd) && is_possible(head, initiator_states) ? KB_OK : KB_ERR_MALFORMED;
}

void kb_edhoc_save(const struct kb_edhoc *e, struct kb_writer *out)
{
    const struct head head = {VERSION, 'e', e->role, e->state, e->has_retried, e->suite};

    put_head(out, &head);
    kb_wr_u8(out, e->peer_connection.len);
    kb_wr_copy(out, e->peer_connection.bytes, sizeof(e->peer_connection.bytes));
    kb_wr_copy(out, e->private_key, sizeof(e->private_key));
    kb_wr_copy(out, e->th, sizeof(e->th));
    kb_wr_copy(out, e->prk, sizeof(e->prk));
}

enum kb_err kb_edhoc_restore(struct kb_edhoc *e, const struct kb_edhoc_config *config,
                             struct kb_span saved)
{
    struct kb_cursor rd = kb_rd(saved);
    enum kb_err err = kb_edhoc_start(e, KB_AGREE_INITIATOR, config);
    struct head head = read_head(&rd);

    if (err)
        return err;
    e->peer_connection.len = kb_rd_u8(&rd);
    kb_rd_copy(&rd, e->peer_connection.bytes, sizeof(e->peer_connection.bytes));
    kb_rd_copy(&rd, e->private_key, sizeof(e->private_key));
    kb_rd_copy(&rd, e->th, sizeof(e->th));
    kb_rd_copy(&rd, e->prk, sizeof(e->prk));
    err = check(&rd, &head, 'e',
                1u << KB_AGREE_START | 1u << KB_AGREE_WAIT_2 | 1u << KB_AGREE_WAIT_4 |
                    1u << KB_AGREE_DONE | 1u << KB_AGREE_FAILED);
    if (!err && e->peer_connection.len > KB_EDHOC_IDENTIFIER_MAX)
        err = KB_ERR_MALFORMED;
    if (!err && has_suite(&head) && !kb_edhoc_supports(config, head.suite))
        err = KB_ERR_VERSION;
    if (err) {
        kb_edhoc_end(e);
        return err;
    }
    e->role = head.role;
    e->state = head.state;
    e->has_retried = head.has_retried != 0;
    e->suite = head.suite;
    return KB_OK;
}

void kb_dh_save(const struct kb_dh *dh, struct kb_writer *out)
{
    const struct head head = {VERSION, 'd', dh->role, dh->state, dh->has_retried, dh->group};

    put_head(out, &head);
    kb_wr_copy(out, dh->private_key, sizeof(dh->private_key));
    kb_wr_copy(out, dh->th, sizeof(dh->th));
    kb_wr_copy(out, dh->prk, sizeof(dh->prk));
}

enum kb_err kb_dh_restore(struct kb_dh *dh, const struct kb_dh_config *config, struct kb_span saved)
{
    struct kb_cursor rd = kb_rd(saved);
    enum kb_err err = kb_dh_start(dh, KB_AGREE_INITIATOR, config);
    struct head head = read_head(&rd);

    if (err)
        return err;
    kb_rd_copy(&rd, dh->private_key, sizeof(dh->private_key));
    kb_rd_copy(&rd, dh->th, sizeof(dh->th));
    kb_rd_copy(&rd, dh->prk, sizeof(dh->prk));
    err = check(&rd, &head, 'd',
                1u << KB_AGREE_START | 1u << KB_AGREE_WAIT_2 | 1u << KB_AGREE_DONE |
                    1u << KB_AGREE_FAILED);
    if (!err && has_suite(&head) && !kb_dh_supports(config, head.suite))
        err = KB_ERR_VERSION;
    if (err) {
        kb_dh_end(dh);
        return err;
    }
    dh->role = head.role;
    dh->state = head.state;
    dh->has_retried = head.has_retried != 0;
    dh->group = head.suite;
    return KB_OK;
}
