/* SPDX-License-Identifier: Apache-2.0 */
/* A port that remembers. */
#include "tests/agree/spy.h"

#include <stdlib.h>
#include <string.h>

enum { SEEN_MAX = 1 << 16, RECORDS_MAX = 2048 };

static const struct kb_crypto *real;
static uint8_t seen[SEEN_MAX];
static struct kb_span records[RECORDS_MAX];
static size_t seen_len, record_count;

void spy_start(void)
{
    seen_len = record_count = 0;
}

static void open_record(void)
{
    if (record_count == RECORDS_MAX)
        abort();
    records[record_count++] = kb_span(seen + seen_len, 0);
}

static void append(const void *bytes, size_t len)
{
    if (len > SEEN_MAX - seen_len)
        abort();
    if (len)
        memcpy(seen + seen_len, bytes, len);
    seen_len += len;
    records[record_count - 1].len += len;
}

void spy_add(struct kb_span bytes)
{
    open_record();
    append(bytes.data, bytes.len);
}

bool spy_has_seen(struct kb_span bytes)
{
    for (size_t i = 0; i < record_count; i++) {
        for (size_t at = 0; at + bytes.len <= records[i].len; at++) {
            if (memcmp(records[i].data + at, bytes.data, bytes.len) == 0)
                return true;
        }
    }
    return false;
}

/* One hash is finished before the next one is started, so its input is one record. */
static enum kb_err sha256_start(struct kb_sha256 *sha)
{
    open_record();
    return real->sha256_start(sha);
}

static enum kb_err sha256_update(struct kb_sha256 *sha, const void *data, size_t len)
{
    append(data, len);
    return real->sha256_update(sha, data, len);
}

static enum kb_err sha256_finish(struct kb_sha256 *sha, uint8_t digest[KB_SHA256_SIZE])
{
    enum kb_err err = real->sha256_finish(sha, digest);

    spy_add(kb_span(digest, KB_SHA256_SIZE));
    return err;
}

static enum kb_err p256_public(const uint8_t *private_key, uint8_t *public_key)
{
    enum kb_err err = real->p256_public(private_key, public_key);

    spy_add(kb_span(private_key, KB_P256_PRIVATE));
    spy_add(kb_span(public_key, KB_P256_PUBLIC));
    return err;
}

static enum kb_err p256_shared(const uint8_t *private_key, const uint8_t *x, uint8_t *shared)
{
    enum kb_err err = real->p256_shared(private_key, x, shared);

    spy_add(kb_span(private_key, KB_P256_PRIVATE));
    spy_add(kb_span(x, KB_P256_X));
    spy_add(kb_span(shared, KB_P256_X));
    return err;
}

static void add_cipher(const uint8_t *key, const uint8_t *nonce, struct kb_span aad)
{
    spy_add(kb_span(key, KB_CCM_KEY));
    spy_add(kb_span(nonce, KB_CCM_NONCE));
    spy_add(aad);
}

static enum kb_err ccm_seal(const uint8_t *key, const uint8_t *nonce, struct kb_span aad,
                            struct kb_span plain, uint8_t *out, uint8_t *tag, size_t tag_len)
{
    enum kb_err err = real->ccm_seal(key, nonce, aad, plain, out, tag, tag_len);

    add_cipher(key, nonce, aad);
    spy_add(plain);
    spy_add(kb_span(out, plain.len));
    append(tag, tag_len);
    return err;
}

static enum kb_err ccm_open(const uint8_t *key, const uint8_t *nonce, struct kb_span aad,
                            struct kb_span sealed, const uint8_t *tag, size_t tag_len, uint8_t *out)
{
    enum kb_err err = real->ccm_open(key, nonce, aad, sealed, tag, tag_len, out);

    add_cipher(key, nonce, aad);
    spy_add(kb_span(out, sealed.len));
    return err;
}

const struct kb_crypto *spy_on(const struct kb_crypto *backend)
{
    static struct kb_crypto spy;

    real = backend;
    spy = *backend;
    spy.sha256_start = sha256_start;
    spy.sha256_update = sha256_update;
    spy.sha256_finish = sha256_finish;
    spy.p256_public = p256_public;
    spy.p256_shared = p256_shared;
    spy.ccm_seal = ccm_seal;
    spy.ccm_open = ccm_open;
    return &spy;
}
