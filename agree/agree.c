/* SPDX-License-Identifier: Apache-2.0 */
/* One interface over both agreements. */
#include "agree/agree.h"

#include <string.h>

#include "agree/saved.h"

static enum kb_err edhoc_step(void *edhoc, struct kb_span message, struct kb_writer *out)
{
    return kb_edhoc_step(edhoc, message, out);
}

static enum kb_err edhoc_export(const void *edhoc, uint16_t label, struct kb_span context,
                                uint8_t *out, size_t out_len)
{
    return kb_edhoc_export(edhoc, label, context, out, out_len);
}

static enum kb_err edhoc_update(void *edhoc, struct kb_span context)
{
    return kb_edhoc_update(edhoc, context);
}

static enum kb_agree_state edhoc_state(const void *edhoc)
{
    return (enum kb_agree_state)((const struct kb_edhoc *)edhoc)->state;
}

static int16_t edhoc_suite(const void *edhoc)
{
    return ((const struct kb_edhoc *)edhoc)->suite;
}

static void edhoc_save(const void *edhoc, struct kb_writer *out)
{
    kb_edhoc_save(edhoc, out);
}

static void edhoc_end(void *edhoc)
{
    kb_edhoc_end(edhoc);
}

static enum kb_err dh_step(void *dh, struct kb_span message, struct kb_writer *out)
{
    return kb_dh_step(dh, message, out);
}

static enum kb_err dh_export(const void *dh, uint16_t label, struct kb_span context, uint8_t *out,
                             size_t out_len)
{
    return kb_dh_export(dh, label, context, out, out_len);
}

static enum kb_err dh_update(void *dh, struct kb_span context)
{
    return kb_dh_update(dh, context);
}

static enum kb_agree_state dh_state(const void *dh)
{
    return (enum kb_agree_state)((const struct kb_dh *)dh)->state;
}

static int16_t dh_suite(const void *dh)
{
    return ((const struct kb_dh *)dh)->group;
}

static void dh_save(const void *dh, struct kb_writer *out)
{
    kb_dh_save(dh, out);
}

static void dh_end(void *dh)
{
    kb_dh_end(dh);
}

static const struct kb_agree_kind edhoc_kind = {
    "edhoc",     edhoc_step,  edhoc_export, edhoc_update,
    edhoc_state, edhoc_suite, edhoc_save,   edhoc_end,
};

static const struct kb_agree_kind dh_kind = {
    "dh", dh_step, dh_export, dh_update, dh_state, dh_suite, dh_save, dh_end,
};

enum kb_err kb_agree_edhoc(struct kb_agree *agree, enum kb_agree_role role,
                           const struct kb_edhoc_config *config)
{
    memset(agree, 0, sizeof(*agree));
    agree->kind = &edhoc_kind;
    return kb_edhoc_start(&agree->as.edhoc, role, config);
}

enum kb_err kb_agree_dh(struct kb_agree *agree, enum kb_agree_role role,
                        const struct kb_dh_config *config)
{
    memset(agree, 0, sizeof(*agree));
    agree->kind = &dh_kind;
    return kb_dh_start(&agree->as.dh, role, config);
}

enum kb_err kb_agree_restore_edhoc(struct kb_agree *agree, const struct kb_edhoc_config *config,
                                   struct kb_span saved)
{
    memset(agree, 0, sizeof(*agree));
    agree->kind = &edhoc_kind;
    return kb_edhoc_restore(&agree->as.edhoc, config, saved);
}

enum kb_err kb_agree_restore_dh(struct kb_agree *agree, const struct kb_dh_config *config,
                                struct kb_span saved)
{
    memset(agree, 0, sizeof(*agree));
    agree->kind = &dh_kind;
    return kb_dh_restore(&agree->as.dh, config, saved);
}

enum kb_err kb_agree_step(struct kb_agree *agree, struct kb_span message, struct kb_writer *out)
{
    return agree->kind->step(&agree->as, message, out);
}

enum kb_agree_state kb_agree_state(const struct kb_agree *agree)
{
    return agree->kind->state(&agree->as);
}

int16_t kb_agree_suite(const struct kb_agree *agree)
{
    return agree->kind->suite(&agree->as);
}

enum kb_err kb_agree_export(const struct kb_agree *agree, uint16_t label, struct kb_span context,
                            uint8_t *out, size_t out_len)
{
    return agree->kind->export_key(&agree->as, label, context, out, out_len);
}

enum kb_err kb_agree_update(struct kb_agree *agree, struct kb_span context)
{
    return agree->kind->update(&agree->as, context);
}

void kb_agree_end(struct kb_agree *agree)
{
    agree->kind->end(&agree->as);
}

void kb_agree_save(const struct kb_agree *agree, struct kb_writer *out)
{
    agree->kind->save(&agree->as, out);
}
