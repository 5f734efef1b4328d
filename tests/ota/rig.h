/* SPDX-License-Identifier: Apache-2.0 */
/* A receiver with a counter that a test can look at and break, and key sets to seal with. */
#ifndef KB_TESTS_OTA_RIG_H
#define KB_TESTS_OTA_RIG_H

#include "tests/crypto/backends.h"

#include "card/ota/secured.h"

struct memory {
    uint64_t last;
    unsigned commits;
    enum kb_err read_err, commit_err;
};

struct rig {
    const struct kb_crypto *crypto;
    struct kb_ota_keys keys;
    struct kb_ota_target target;
    struct memory memory;
    struct kb_ota_counter counter;
    struct kb_ota_receiver receiver;
};

static inline enum kb_err memory_read(void *self, uint64_t *last)
{
    const struct memory *memory = self;

    *last = memory->last;
    return memory->read_err;
}

static inline enum kb_err memory_commit(void *self, uint64_t value)
{
    struct memory *memory = self;

    if (memory->commit_err)
        return memory->commit_err;
    memory->last = value;
    memory->commits++;
    return KB_OK;
}

static inline void rig_start(struct rig *rig, const struct kb_crypto *crypto)
{
    static const uint8_t tar[KB_TAR_SIZE] = {0xB0, 0x00, 0x11};
    uint64_t seed = 31115;

    memset(rig, 0, sizeof(*rig));
    rig->crypto = crypto;
    rig->keys.number = 2;
    rig->keys.cc_len = 8;
    rig->keys.kic.algorithm = rig->keys.kid.algorithm = KB_ALGORITHM_AES;
    rig->keys.kic.len = rig->keys.kid.len = 16;
    fill_from_seed(&seed, rig->keys.kic.value, sizeof(rig->keys.kic.value));
    fill_from_seed(&seed, rig->keys.kid.value, sizeof(rig->keys.kid.value));
    memcpy(rig->target.tar, tar, KB_TAR_SIZE);
    rig->counter = (struct kb_ota_counter){&rig->memory, memory_read, memory_commit};
    rig->receiver = (struct kb_ota_receiver){crypto, &rig->keys, 1, &rig->target, 1, &rig->counter};
}

static inline void rig_old_keys(struct rig *rig, enum kb_packet_algorithm algorithm, uint8_t len)
{
    rig->keys.is_old = true;
    rig->keys.cc_len = 8;
    rig->keys.kic.algorithm = rig->keys.kid.algorithm = (uint8_t)algorithm;
    rig->keys.kic.len = rig->keys.kid.len = len;
}

/* A command to the rig's target with this SPI. */
static inline struct kb_ota_command rig_command(const struct rig *rig, uint8_t spi1, uint8_t spi2,
                                                uint64_t cntr, struct kb_span data)
{
    struct kb_ota_command command = {.spi = {spi1, spi2}, .cntr = cntr, .data = data};

    memcpy(command.tar, rig->target.tar, KB_TAR_SIZE);
    kb_ota_command_name_keys(&command, &rig->keys);
    command.keys = &rig->keys;
    return command;
}

static inline size_t rig_protect(const struct rig *rig, const struct kb_ota_command *command,
                                 uint8_t *out, size_t cap)
{
    struct kb_writer wr = kb_wr(out, cap);

    assert_int_equal(kb_ota_protect(rig->crypto, &rig->keys, command, &wr), KB_OK);
    assert_true(wr.len <= kb_ota_protected_len(command, &rig->keys));
    return wr.len;
}

#endif
