/* SPDX-License-Identifier: Apache-2.0 */
/* Which key set a packet for remote management belongs to. */
#include "card/ota/remote_keys.h"

#include <string.h>

#include "card/card.h"
#include "crypto/secret.h"

enum { NUMBER, FLAGS, MINIMUM, GRANTS, KIC, KID, NUMBER_MAX = 15 };

struct record {
    uint8_t bytes[KB_REMOTE_SET_MAX];
    size_t len;
};

enum kb_err kb_remote_set_check(struct kb_span object)
{
    const uint8_t *bytes = object.data;

    if (object.len < KB_REMOTE_HEAD || object.len > KB_REMOTE_SET_MAX ||
        (object.len - KB_REMOTE_HEAD) % KB_REMOTE_TARGET)
        return KB_ERR_MALFORMED;
    if (!bytes[NUMBER] || bytes[NUMBER] > NUMBER_MAX || bytes[KIC] >= KB_SECRETS ||
        bytes[KID] >= KB_SECRETS || bytes[FLAGS] & ~(KB_REMOTE_OLD | KB_REMOTE_SHORT_CC))
        return KB_ERR_RANGE;
    return (bytes[MINIMUM] & KB_REMOTE_LEAST) == KB_REMOTE_LEAST && !(bytes[MINIMUM] & 0xE1)
               ? KB_OK
               : KB_ERR_RANGE;
}

static bool load(struct kb_card *card, unsigned index, struct record *record)
{
    uint16_t object = (uint16_t)(KB_OBJ_REMOTE_KEYS + index);

    record->len = kb_nvm_size(&card->nvm, object);
    return record->len && record->len <= sizeof(record->bytes) &&
           !kb_nvm_read(&card->nvm, object, 0, record->bytes, record->len) &&
           !kb_remote_set_check(kb_span(record->bytes, record->len));
}

static bool has_target(const struct record *record, const uint8_t tar[KB_TAR_SIZE], uint16_t *start)
{
    for (size_t at = KB_REMOTE_HEAD; at < record->len; at += KB_REMOTE_TARGET) {
        const uint8_t *target = record->bytes + at;

        if (memcmp(target, tar, KB_TAR_SIZE))
            continue;
        *start = (uint16_t)(target[KB_TAR_SIZE] << 8 | target[KB_TAR_SIZE + 1]);
        return true;
    }
    return false;
}

/* Also one of another set, for a set that names none. */
static bool reaches(struct kb_card *card, const struct record *record,
                    const uint8_t tar[KB_TAR_SIZE], uint16_t *start)
{
    struct record other;

    if (record->len > KB_REMOTE_HEAD)
        return has_target(record, tar, start);
    for (unsigned i = 0; i < KB_REMOTE_SETS; i++)
        if (load(card, i, &other) && has_target(&other, tar, start))
            return true;
    return false;
}

static enum kb_err read_key(struct kb_card *card, uint8_t secret, bool is_old,
                            struct kb_ota_key *key)
{
    uint16_t id = (uint16_t)(KB_OBJ_SECRET + secret), size = kb_nvm_size(&card->nvm, id);

    if (!size || size > sizeof(key->value))
        return KB_ERR_ABSENT;
    key->algorithm = KB_ALGORITHM_AES;
    if (is_old)
        key->algorithm = size == 16 ? KB_ALGORITHM_3DES2 : KB_ALGORITHM_3DES3;
    key->len = (uint8_t)size;
    return kb_nvm_read(&card->nvm, id, 0, key->value, size);
}

static enum kb_err read_keys(struct kb_card *card, const struct record *record,
                             struct kb_ota_keys *keys)
{
    enum kb_err err;

    memset(keys, 0, sizeof(*keys));
    keys->number = record->bytes[NUMBER];
    keys->is_old = record->bytes[FLAGS] & KB_REMOTE_OLD;
    keys->cc_len = record->bytes[FLAGS] & KB_REMOTE_SHORT_CC ? 4 : KB_CHECK_MAX;
    err = read_key(card, record->bytes[KIC], keys->is_old, &keys->kic);
    if (!err)
        err = read_key(card, record->bytes[KID], keys->is_old, &keys->kid);
    if (!err)
        err = kb_ota_keys_check(keys);
    if (err)
        kb_wipe(keys, sizeof(*keys));
    return err;
}

bool kb_remote_find(struct kb_card *card, const struct kb_packet *packet, struct kb_remote_set *out)
{
    struct record record;

    for (uint8_t i = 0; i < KB_REMOTE_SETS; i++) {
        if (!load(card, i, &record) || record.bytes[NUMBER] != packet->kid >> 4 ||
            !reaches(card, &record, packet->tar, &out->start))
            continue;
        out->index = i;
        out->grants = record.bytes[GRANTS];
        out->target.minimum = record.bytes[MINIMUM];
        memcpy(out->target.tar, packet->tar, KB_TAR_SIZE);
        return !read_keys(card, &record, &out->keys);
    }
    return false;
}

enum kb_err kb_remote_restart(struct kb_card *card)
{
    static const uint8_t zero[KB_CNTR_SIZE];
    struct record record;
    enum kb_err err = KB_OK;

    for (unsigned i = 0; i < KB_REMOTE_SETS && !err; i++)
        if (load(card, i, &record) && record.bytes[KID] >= KB_SECRETS_OF_PLANS)
            err = kb_nvm_put(&card->nvm, (uint16_t)(KB_OBJ_REMOTE_CNTR + i), zero, sizeof(zero));
    return err;
}
