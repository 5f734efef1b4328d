/* SPDX-License-Identifier: Apache-2.0 */
/* Secured packets: what is asked for, what is allowed, and what is answered. */
#include "card/ota/secured.h"

#include <string.h>

#include "card/ota/seal.h"
#include "crypto/secret.h"

/* What a response bears counts only when there may be one. */
static enum kb_packet_check response_check(const uint8_t spi[2])
{
    if (kb_spi_get(spi, KB_SPI_POR) == KB_POR_NEVER)
        return KB_CHECK_ABSENT;
    return (enum kb_packet_check)kb_spi_get(spi, KB_SPI_POR_CHECK);
}

static bool is_any_check(const uint8_t spi[2], enum kb_packet_check check)
{
    return kb_spi_get(spi, KB_SPI_CHECK) == check || response_check(spi) == check;
}

static bool is_any_ciphered(const uint8_t spi[2])
{
    return kb_spi_get(spi, KB_SPI_CIPHERING) ||
           (kb_spi_get(spi, KB_SPI_POR) != KB_POR_NEVER && kb_spi_get(spi, KB_SPI_POR_CIPHERING));
}

/* One KID names the algorithm of a CC or of an RC, so the command cannot bear one and its response
 * the other; a DS has no algorithm. */
static bool is_coherent(const uint8_t spi[2], uint8_t kid)
{
    if (kb_spi_get(spi, KB_SPI_POR) == KB_POR_RESERVED || is_any_check(spi, KB_CHECK_DS))
        return false;
    if (is_any_check(spi, KB_CHECK_RC))
        return !is_any_check(spi, KB_CHECK_CC) && kb_ota_check_len(NULL, KB_CHECK_RC, kid) != 0;
    return true;
}

static bool is_keyless(const uint8_t spi[2])
{
    return !is_any_ciphered(spi) && !is_any_check(spi, KB_CHECK_CC);
}

/* KIc and KID count as far as the SPI needs them. */
static bool is_named(const struct kb_ota_keys *keys, const uint8_t spi[2], uint8_t kic, uint8_t kid)
{
    return (!is_any_ciphered(spi) || kic == kb_ota_kic(keys)) &&
           (!is_any_check(spi, KB_CHECK_CC) || kid == kb_ota_kid(keys));
}

void kb_ota_command_name_keys(struct kb_ota_command *command, const struct kb_ota_keys *keys)
{
    command->kic = kb_ota_kic(keys);
    command->kid = kb_ota_kid(keys);
    if (is_any_check(command->spi, KB_CHECK_RC))
        command->kid = (uint8_t)(keys->number << 4 | KB_ALGORITHM_CRC32);
}

size_t kb_ota_protected_len(const struct kb_ota_command *command, const struct kb_ota_keys *keys)
{
    struct kb_ota_protection protection =
        kb_ota_protection(NULL, keys, command->spi, command->kid, KB_PACKET_COMMAND);
    size_t padding;

    return KB_PACKET_HEAD_MAX +
           kb_ota_body_len(&protection, KB_PACKET_COMMAND, command->data.len, &padding);
}

enum kb_err kb_ota_protect(const struct kb_crypto *crypto, const struct kb_ota_keys *keys,
                           const struct kb_ota_command *command, struct kb_writer *wr)
{
    struct kb_ota_protection protection =
        kb_ota_protection(crypto, keys, command->spi, command->kid, KB_PACKET_COMMAND);
    struct kb_packet packet = {.bearer = command->bearer,
                               .kind = KB_PACKET_COMMAND,
                               .kic = command->kic,
                               .kid = command->kid};
    struct kb_packet_body body = {.cntr = command->cntr, .data = command->data};
    enum kb_err err = kb_ota_keys_check(keys);

    if (err)
        return err;
    if (command->cntr > KB_CNTR_MAX || !is_coherent(command->spi, command->kid) ||
        !is_named(keys, command->spi, command->kic, command->kid))
        return KB_ERR_USAGE;
    memcpy(packet.spi, command->spi, sizeof(packet.spi));
    memcpy(packet.tar, command->tar, KB_TAR_SIZE);
    return kb_ota_seal(&protection, &packet, &body, wr);
}

static const struct kb_ota_keys *find_keys(const struct kb_ota_receiver *receiver,
                                           const struct kb_packet *packet)
{
    for (size_t i = 0; i < receiver->key_count; i++) {
        const struct kb_ota_keys *keys = &receiver->keys[i];

        if (!kb_ota_keys_check(keys) && is_named(keys, packet->spi, packet->kic, packet->kid))
            return keys;
    }
    return NULL;
}

static const struct kb_ota_target *find_target(const struct kb_ota_receiver *receiver,
                                               const uint8_t tar[KB_TAR_SIZE])
{
    for (size_t i = 0; i < receiver->target_count; i++) {
        if (memcmp(receiver->targets[i].tar, tar, KB_TAR_SIZE) == 0)
            return &receiver->targets[i];
    }
    return NULL;
}

/* Each of the three fields on its own, TS 102 226 clause 8.2.1.3.2.4.2. */
static bool is_secure_enough(const uint8_t spi[2], uint8_t minimum)
{
    static const enum kb_spi_field fields[] = {KB_SPI_CHECK, KB_SPI_CIPHERING, KB_SPI_COUNTER};
    const uint8_t least[2] = {minimum, 0};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (kb_spi_get(spi, fields[i]) < kb_spi_get(least, fields[i]))
            return false;
    }
    return true;
}

static bool is_counted(const uint8_t spi[2])
{
    return kb_spi_get(spi, KB_SPI_COUNTER) >= KB_COUNTER_HIGHER;
}

/* TS 102 225 clause 5.1.4. */
static enum kb_packet_status check_counter(const struct kb_ota_receiver *receiver,
                                           struct kb_ota_command *command)
{
    uint64_t last = 0;

    if (!is_counted(command->spi))
        return KB_STATUS_POR_OK;
    if (receiver->counter->read(receiver->counter->self, &last))
        return KB_STATUS_SECURITY_ERROR;
    command->is_repeat = command->cntr == last;
    if (last >= KB_CNTR_MAX)
        return KB_STATUS_CNTR_BLOCKED;
    if (command->cntr <= last)
        return KB_STATUS_CNTR_LOW;
    if (kb_spi_get(command->spi, KB_SPI_COUNTER) == KB_COUNTER_NEXT && command->cntr != last + 1)
        return KB_STATUS_CNTR_HIGH;
    return KB_STATUS_POR_OK;
}

/* What stands against a command whose RC/CC is right or absent. */
static enum kb_packet_status judge(const struct kb_ota_receiver *receiver,
                                   const struct kb_ota_protection *protection,
                                   struct kb_ota_command *command, struct kb_packet_body *body)
{
    const struct kb_ota_target *target = find_target(receiver, command->tar);
    enum kb_packet_status status;

    if (!target)
        return KB_STATUS_TAR_UNKNOWN;
    if (!is_secure_enough(command->spi, target->minimum))
        return KB_STATUS_INSUFFICIENT_SECURITY;
    status = check_counter(receiver, command);
    if (status)
        return status;
    if (kb_ota_unpad(protection, body))
        return protection->is_ciphered ? KB_STATUS_CIPHERING_ERROR : KB_STATUS_SECURITY_ERROR;
    if (protection->check == KB_CHECK_CC && is_counted(command->spi) &&
        receiver->counter->commit(receiver->counter->self, command->cntr))
        return KB_STATUS_SECURITY_ERROR;
    return KB_STATUS_POR_OK;
}

static void take_head(const struct kb_packet *packet, struct kb_ota_command *out)
{
    memcpy(out->spi, packet->spi, sizeof(out->spi));
    memcpy(out->tar, packet->tar, KB_TAR_SIZE);
    out->kic = packet->kic;
    out->kid = packet->kid;
}

/* Gives the verdict on a packet whose shape is right; what it deciphered is still there. */
static enum kb_ota_verdict examine(const struct kb_ota_receiver *receiver,
                                   const struct kb_packet *packet, uint8_t *body_bytes,
                                   struct kb_ota_command *out)
{
    const struct kb_ota_keys *keys = find_keys(receiver, packet);
    struct kb_ota_protection protection =
        kb_ota_protection(receiver->crypto, keys, packet->spi, packet->kid, KB_PACKET_COMMAND);
    struct kb_packet_body body;
    enum kb_err err;

    if (!is_coherent(packet->spi, packet->kid) || (!keys && !is_keyless(packet->spi)))
        return KB_OTA_SILENCE;
    out->keys = keys;
    err = kb_ota_unseal(&protection, packet, body_bytes, &body);
    if (err) {
        out->status = err == KB_ERR_INTEGRITY ? KB_STATUS_CHECK_FAILED : KB_STATUS_CIPHERING_ERROR;
        return KB_OTA_SILENCE;
    }
    out->cntr = body.cntr;
    out->status = judge(receiver, &protection, out, &body);
    if (out->status && protection.check == KB_CHECK_CC)
        return KB_OTA_REFUSED;
    if (out->status) {
        out->is_repeat = false;
        return KB_OTA_SILENCE;
    }
    out->data = body.data;
    return KB_OTA_ACCEPTED;
}

enum kb_ota_verdict kb_ota_open(const struct kb_ota_receiver *receiver,
                                enum kb_packet_bearer bearer, uint8_t *bytes, size_t len,
                                struct kb_ota_command *out)
{
    struct kb_packet packet;
    enum kb_ota_verdict verdict;

    memset(out, 0, sizeof(*out));
    out->bearer = bearer;
    out->status = KB_STATUS_SECURITY_ERROR;
    out->data = kb_span(bytes, 0);
    if (kb_packet_parse(kb_span(bytes, len), bearer, KB_PACKET_COMMAND, &packet))
        return KB_OTA_SILENCE;
    take_head(&packet, out);
    verdict = examine(receiver, &packet, bytes + packet.head.len, out);
    if (verdict != KB_OTA_ACCEPTED)
        kb_wipe(bytes + packet.head.len, packet.body.len);
    return verdict;
}

bool kb_ota_wants_response(const struct kb_ota_command *command, enum kb_packet_status status)
{
    unsigned por = kb_spi_get(command->spi, KB_SPI_POR);
    bool is_error = status != KB_STATUS_POR_OK && status != KB_STATUS_MORE_TIME &&
                    status != KB_STATUS_ANSWER_BY_SUBMIT && status != KB_STATUS_ANSWER_BY_USSD;

    return por == KB_POR_ALWAYS || (por == KB_POR_ON_ERROR && is_error);
}

enum kb_err kb_ota_respond(const struct kb_crypto *crypto, const struct kb_ota_command *command,
                           const struct kb_ota_response *response, struct kb_writer *wr)
{
    struct kb_ota_protection protection =
        kb_ota_protection(crypto, command->keys, command->spi, command->kid, KB_PACKET_RESPONSE);
    struct kb_packet packet = {.bearer = command->bearer, .kind = KB_PACKET_RESPONSE};
    struct kb_packet_body body = {
        .cntr = command->cntr, .status = (uint8_t)response->status, .data = response->data};

    if (!is_coherent(command->spi, command->kid) ||
        kb_spi_get(command->spi, KB_SPI_POR) == KB_POR_NEVER ||
        (!command->keys && !is_keyless(command->spi)))
        return KB_ERR_USAGE;
    memcpy(packet.tar, command->tar, KB_TAR_SIZE);
    return kb_ota_seal(&protection, &packet, &body, wr);
}

/* A response belongs to the command whose TAR and counter it repeats. */
static enum kb_err examine_response(const struct kb_ota_protection *protection,
                                    const struct kb_packet *packet,
                                    const struct kb_ota_command *command, uint8_t *body_bytes,
                                    struct kb_ota_response *out)
{
    struct kb_packet_body body;
    enum kb_err err = kb_ota_unseal(protection, packet, body_bytes, &body);

    if (err)
        return err == KB_ERR_RANGE ? KB_ERR_MALFORMED : err;
    if (body.cntr != command->cntr || memcmp(packet->tar, command->tar, KB_TAR_SIZE) != 0)
        return KB_ERR_INTEGRITY;
    err = kb_ota_unpad(protection, &body);
    if (err)
        return err;
    out->status = (enum kb_packet_status)body.status;
    out->data = body.data;
    return KB_OK;
}

enum kb_err kb_ota_open_response(const struct kb_crypto *crypto, const struct kb_ota_keys *keys,
                                 const struct kb_ota_command *command, uint8_t *bytes, size_t len,
                                 struct kb_ota_response *out)
{
    struct kb_ota_protection protection =
        kb_ota_protection(crypto, keys, command->spi, command->kid, KB_PACKET_RESPONSE);
    struct kb_packet packet;
    enum kb_err err;

    out->status = KB_STATUS_SECURITY_ERROR;
    out->data = kb_span(bytes, 0);
    if (!is_coherent(command->spi, command->kid) ||
        !is_named(keys, command->spi, command->kic, command->kid))
        return KB_ERR_USAGE;
    err = kb_packet_parse(kb_span(bytes, len), command->bearer, KB_PACKET_RESPONSE, &packet);
    if (err)
        return err;
    err = examine_response(&protection, &packet, command, bytes + packet.head.len, out);
    if (err)
        kb_wipe(bytes + packet.head.len, packet.body.len);
    return err;
}
