/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <string.h>

uint16_t model_id(size_t object)
{
    static const uint16_t ids[MODEL_OBJECTS] = {1, 2, 3, 5, 8, 144, 208, 400, KB_NVM_OBJECTS - 1};

    return ids[object];
}

uint32_t model_choose(uint64_t *seed, uint32_t count)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % count;
}

bool model_matches(const struct model *model, struct kb_nvm *nvm)
{
    for (size_t i = 0; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &model->object[i];
        uint16_t id = model_id(i);
        uint8_t data[MODEL_MAX];

        if (kb_nvm_has(nvm, id) != object->is_there)
            return false;
        if (!object->is_there)
            continue;
        if (kb_nvm_size(nvm, id) != object->len || kb_nvm_read(nvm, id, 0, data, object->len) ||
            memcmp(data, object->data, object->len) != 0)
            return false;
    }
    return true;
}

/* Mostly short, as a card's objects are. */
static uint16_t choose_len(uint64_t *seed)
{
    return (uint16_t)model_choose(seed, model_choose(seed, 6) == 0 ? MODEL_MAX + 1 : 20);
}

static enum kb_err run_put(struct kb_nvm *nvm, uint16_t id, uint64_t *seed,
                           struct model_object *object)
{
    object->is_there = true;
    object->len = choose_len(seed);
    for (size_t i = 0; i < object->len; i++)
        object->data[i] = (uint8_t)model_choose(seed, 256);
    return kb_nvm_put(nvm, id, object->data, object->len);
}

static enum kb_err run_fill(struct kb_nvm *nvm, uint16_t id, uint64_t *seed,
                            struct model_object *object)
{
    uint8_t value = (uint8_t)(model_choose(seed, 2) ? 0xFF : 0x00);

    object->is_there = true;
    object->len = choose_len(seed);
    memset(object->data, value, object->len);
    return kb_nvm_fill(nvm, id, value, object->len);
}

static enum kb_err run_patch(struct kb_nvm *nvm, uint16_t id, uint64_t *seed,
                             struct model_object *object)
{
    uint8_t data[MODEL_MAX];
    size_t offset = model_choose(seed, object->len + 1u);
    size_t len = model_choose(seed, 24);

    if (!object->is_there)
        return KB_OK;
    if (len > MODEL_MAX - offset)
        len = MODEL_MAX - offset;
    for (size_t i = 0; i < len; i++)
        data[i] = object->data[offset + i] = (uint8_t)model_choose(seed, 256);
    if (offset + len > object->len)
        object->len = (uint16_t)(offset + len);
    return kb_nvm_patch(nvm, id, offset, data, len);
}

static enum kb_err run_delete(struct kb_nvm *nvm, uint16_t id, uint64_t *seed,
                              struct model_object *object)
{
    bool was_there = object->is_there;

    (void)seed;
    object->is_there = false;
    return was_there ? kb_nvm_delete(nvm, id) : KB_OK;
}

static enum kb_err run_write(struct kb_nvm *nvm, uint64_t *seed, struct model *model)
{
    static enum kb_err (*const writes[])(struct kb_nvm *, uint16_t, uint64_t *,
                                         struct model_object *) = {
        run_put, run_put, run_put, run_patch, run_patch, run_fill, run_delete};
    size_t object = model_choose(seed, MODEL_OBJECTS);
    size_t kind = model_choose(seed, sizeof writes / sizeof writes[0]);
    struct model_object before = model->object[object];
    enum kb_err err = writes[kind](nvm, model_id(object), seed, &model->object[object]);

    if (err == KB_ERR_NVM_FULL)
        model->object[object] = before;
    return err;
}

static enum kb_err run_many(struct kb_nvm *nvm, uint64_t *seed, struct model *after)
{
    uint32_t writes = model_choose(seed, model_choose(seed, 8) == 0 ? 30 : 5);
    bool gives_up_when_full = model_choose(seed, 2) == 0;
    enum kb_err err = kb_nvm_begin(nvm);

    for (uint32_t i = 0; i < writes && !err; i++) {
        err = run_write(nvm, seed, after);
        if (err == KB_ERR_NVM_FULL && !gives_up_when_full)
            err = KB_OK;
    }
    return err;
}

enum kb_err model_run(struct kb_nvm *nvm, uint64_t seed, const struct model *before,
                      struct model *after)
{
    bool is_single = model_choose(&seed, 3) == 0;
    bool is_dropped = !is_single && model_choose(&seed, 6) == 0;
    enum kb_err err;

    *after = *before;
    err = is_single ? run_write(nvm, &seed, after) : run_many(nvm, &seed, after);
    if (err && err != KB_ERR_NVM_FULL)
        return err;
    if (err || is_dropped) {
        *after = *before;
        kb_nvm_rollback(nvm);
        return KB_OK;
    }
    return is_single ? KB_OK : kb_nvm_commit(nvm);
}
