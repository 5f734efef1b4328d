/* SPDX-License-Identifier: Apache-2.0 */
/* The key set of the service, and packets on their way to it. */
#include "card/ota/service.h"

#include <string.h>

#include "card/card.h"
#include "card/cpa/plan.h"
#include "card/ota/counter.h"
#include "crypto/secret.h"

/* Old keys only where the plan for the air says so. */
static enum kb_err read_is_old(struct kb_card *card, bool *is_old)
{
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_cpa_plan plan;
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_CPA_PLAN);

    *is_old = false;
    if (!size)
        return KB_OK;
    if (size > sizeof(bytes) || kb_nvm_read(&card->nvm, KB_OBJ_CPA_PLAN, 0, bytes, size) ||
        kb_cpa_plan_read(kb_span(bytes, size), &plan))
        return KB_ERR_ABSENT;
    *is_old = plan.has_old_keys;
    return KB_OK;
}

static enum kb_err read_key(struct kb_card *card, uint16_t id, bool is_old, struct kb_ota_key *key)
{
    uint16_t size = kb_nvm_size(&card->nvm, id);

    if (!size || size > sizeof(key->value))
        return KB_ERR_ABSENT;
    key->algorithm = is_old ? KB_ALGORITHM_3DES2 : KB_ALGORITHM_AES;
    key->len = (uint8_t)size;
    return kb_nvm_read(&card->nvm, id, 0, key->value, size);
}

enum kb_err kb_ota_service_keys(struct kb_card *card, struct kb_ota_keys *keys)
{
    enum kb_err err;

    memset(keys, 0, sizeof(*keys));
    keys->number = KB_OTA_KEY_SET;
    keys->cc_len = KB_CHECK_MAX;
    err = read_is_old(card, &keys->is_old);
    if (!err)
        err = read_key(card, KB_OBJ_SECRET + KB_SECRET_KIC, keys->is_old, &keys->kic);
    if (!err)
        err = read_key(card, KB_OBJ_SECRET + KB_SECRET_KID, keys->is_old, &keys->kid);
    if (!err && kb_ota_keys_check(keys))
        err = KB_ERR_ABSENT;
    return err;
}

enum kb_err kb_ota_send(struct kb_card *card, enum kb_packet_bearer bearer, struct kb_span data,
                        struct kb_writer *packet)
{
    struct kb_ota_stored stored = {&card->nvm, KB_OBJ_CNTR_OUT};
    struct kb_ota_command command = {.bearer = bearer, .tar = KB_TAR_SERVICE, .data = data};
    struct kb_ota_keys keys;
    enum kb_err err = kb_ota_service_keys(card, &keys);

    kb_spi_set(command.spi, KB_SPI_CHECK, KB_CHECK_CC);
    kb_spi_set(command.spi, KB_SPI_CIPHERING, 1);
    kb_spi_set(command.spi, KB_SPI_COUNTER, KB_COUNTER_HIGHER);
    if (!err) {
        kb_ota_command_name_keys(&command, &keys);
        err = kb_ota_counter_next(&stored, &command.cntr);
    }
    if (!err)
        err = kb_ota_protect(card->port->crypto, &keys, &command, packet);
    kb_wipe(&keys, sizeof(keys));
    return err;
}
