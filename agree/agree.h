/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface over both agreements, so that a session need not know which one it runs:
 *
 *     kb_agree_edhoc(&agree, KB_AGREE_INITIATOR, &config);      or kb_agree_dh
 *     kb_agree_step(&agree, message, &out);                     until kb_agree_state says DONE
 *     kb_export(&agree, &binding, KB_EXPORT_K, 0, k, 16);       (agree/export.h)
 *     kb_agree_end(&agree);
 *
 * Everything is in the caller's memory. Between two steps an agreement may be written down and gone
 * on with later, perhaps by another process.
 */
#ifndef KB_AGREE_AGREE_H
#define KB_AGREE_AGREE_H

#include "agree/dh.h"
#include "agree/edhoc.h"

enum {
    KB_AGREE_MESSAGE_MAX = KB_EDHOC_MESSAGE_MAX, /* room for any message of either */
    KB_AGREE_SAVED_MAX = 160
};

/* What an agreement can do. The first argument is the struct of its own kind. */
struct kb_agree_kind {
    const char *name; /* "edhoc" or "dh" */
    enum kb_err (*step)(void *agreement, struct kb_span message, struct kb_writer *out);
    enum kb_err (*export_key)(const void *agreement, uint16_t label, struct kb_span context,
                              uint8_t *out, size_t out_len);
    enum kb_err (*update)(void *agreement, struct kb_span context);
    enum kb_agree_state (*state)(const void *agreement);
    int16_t (*suite)(const void *agreement);
    void (*save)(const void *agreement, struct kb_writer *out);
    void (*end)(void *agreement);
};

struct kb_agree {
    const struct kb_agree_kind *kind;
    union {
        struct kb_edhoc edhoc;
        struct kb_dh dh;
    } as;
};

/* As kb_edhoc_start and kb_dh_start. */
enum kb_err kb_agree_edhoc(struct kb_agree *agree, enum kb_agree_role role,
                           const struct kb_edhoc_config *config);
enum kb_err kb_agree_dh(struct kb_agree *agree, enum kb_agree_role role,
                        const struct kb_dh_config *config);

/* As kb_edhoc_step. message and the room in out do not overlap. */
enum kb_err kb_agree_step(struct kb_agree *agree, struct kb_span message, struct kb_writer *out);

enum kb_agree_state kb_agree_state(const struct kb_agree *agree);

/* The cipher suite of EDHOC, or the group of DH; negative: none yet. */
int16_t kb_agree_suite(const struct kb_agree *agree);

enum kb_err kb_agree_export(const struct kb_agree *agree, uint16_t label, struct kb_span context,
                            uint8_t *out, size_t out_len);
enum kb_err kb_agree_update(struct kb_agree *agree, struct kb_span context);
void kb_agree_end(struct kb_agree *agree); /* wipes */

/*
 * Writes an agreement down as it stands, with its secrets: up to KB_AGREE_SAVED_MAX bytes, for a
 * card's own memory or a sealed column. Going on from an older state than the last one is allowed
 * only to repeat the very same step (RFC 9528 clause 7).
 */
void kb_agree_save(const struct kb_agree *agree, struct kb_writer *out);

/* Goes on with what was saved, under the same configuration. KB_ERR_MALFORMED: it was not saved by
 * this kind of agreement; KB_ERR_VERSION: nor by this version of it, or the suite is no longer
 * supported. */
enum kb_err kb_agree_restore_edhoc(struct kb_agree *agree, const struct kb_edhoc_config *config,
                                   struct kb_span saved);
enum kb_err kb_agree_restore_dh(struct kb_agree *agree, const struct kb_dh_config *config,
                                struct kb_span saved);

#endif
