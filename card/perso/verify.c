/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ENABLE PERSO and VERIFY PERSO CODE (docs/apdu.md 3). A try is taken away, and that is durable,
 * before the code is compared; only a right code gives it back. A challenge lives until a code was
 * right, a new ENABLE or a reset: wrong answers to it cost a try each and teach nothing, since the
 * MAC of another host challenge is another one.
 */

#include "card/perso/session.h"
#include "crypto/cmac.h"
#include "crypto/diversify.h"
#include "crypto/secret.h"

enum { CODE_SIZE = 16, CHALLENGE_SIZE = 16 };

_Static_assert(sizeof((struct kb_perso *)0)->challenge == CHALLENGE_SIZE, "perso.h");

static uint16_t code_object(const struct kb_image_field *field)
{
    return (uint16_t)(KB_OBJ_PERSO_CODE + field->number % KB_FIELDS);
}

enum kb_sw kb_perso_enable(struct kb_request *request, struct kb_writer *out)
{
    struct kb_card *card = request->card;
    struct kb_condition condition;
    enum kb_perso_event event;
    enum kb_sw sw = kb_condition_check(request, &condition);
    uint8_t to;

    if (sw != KB_SW_OK)
        return sw;
    if (request->cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    event = condition.tries < request->field.tries ? KB_EVENT_ENABLE_ALERTED : KB_EVENT_ENABLE;
    if (kb_machine_next(request, event, &to) ||
        kb_nvm_size(&card->nvm, code_object(&request->field)) != CODE_SIZE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    kb_machine_end(card);
    if (card->port->random(card->port->random_ctx, card->perso.challenge, CHALLENGE_SIZE))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    card->perso.has_challenge = true;
    card->perso.field = request->field_index;
    kb_machine_enter(card, to);
    kb_wr_copy(out, card->perso.challenge, CHALLENGE_SIZE);
    return KB_SW_OK;
}

static enum kb_err mac_of_challenges(struct kb_card *card, const uint8_t code[CODE_SIZE],
                                     struct kb_span host_challenge, uint8_t mac[KB_AES_BLOCK])
{
    struct kb_cmac cmac;
    enum kb_err err = kb_cmac_start(&cmac, card->port->crypto, code, CODE_SIZE);

    if (err)
        return err;
    kb_cmac_update(&cmac, kb_span(card->perso.challenge, CHALLENGE_SIZE));
    kb_cmac_update(&cmac, host_challenge);
    return kb_cmac_finish(&cmac, mac);
}

typedef enum kb_err (*comparison)(struct kb_request *request, const uint8_t code[CODE_SIZE],
                                  bool *is_right);

static enum kb_err compare_code(struct kb_request *request, const uint8_t code[CODE_SIZE],
                                bool *is_right)
{
    *is_right = kb_is_equal(request->cmd->data.data, code, CODE_SIZE);
    return KB_OK;
}

static enum kb_err compare_mac(struct kb_request *request, const uint8_t code[CODE_SIZE],
                               bool *is_right)
{
    struct kb_cursor rd = kb_rd(request->cmd->data);
    struct kb_span host_challenge = kb_rd_span(&rd, CHALLENGE_SIZE);
    struct kb_span sent = kb_rd_span(&rd, KB_AES_BLOCK);
    uint8_t mac[KB_AES_BLOCK];
    enum kb_err err = mac_of_challenges(request->card, code, host_challenge, mac);

    *is_right = !err && kb_rd_is_done(&rd) && kb_is_equal(sent.data, mac, sizeof mac);
    kb_wipe(mac, sizeof mac);
    return err;
}

static const struct {
    size_t length; /* of the data */
    bool needs_challenge;
    comparison compare;
} methods[] = {
    [KB_VERIFY_CODE] = {CODE_SIZE, false, compare_code},
    [KB_VERIFY_CHALLENGE] = {CHALLENGE_SIZE + KB_AES_BLOCK, true, compare_mac},
};

/* A try at the field, with what follows looked up before anything is compared. */
struct trial {
    struct kb_condition condition;
    uint8_t right, wrong; /* states */
};

static enum kb_sw begin_trial(struct kb_request *request, struct trial *trial)
{
    enum kb_sw sw = kb_condition_check(request, &trial->condition);

    if (sw != KB_SW_OK)
        return sw;
    if (kb_machine_next(request, KB_EVENT_VERIFY_OK, &trial->right) ||
        kb_machine_next(request, KB_EVENT_VERIFY_WRONG, &trial->wrong))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    return KB_SW_OK;
}

static enum kb_err read_code(struct kb_request *request, uint8_t code[CODE_SIZE])
{
    return kb_nvm_read(&request->card->nvm, code_object(&request->field), 0, code, CODE_SIZE);
}

static enum kb_err read_and_compare(struct kb_request *request, comparison compare, bool *is_right)
{
    uint8_t code[CODE_SIZE];
    enum kb_err err = read_code(request, code);

    *is_right = false;
    if (!err)
        err = compare(request, code, is_right);
    kb_wipe(code, sizeof code);
    return err;
}

/* All tries are given back; what was verified counts only when that is durable. */
static enum kb_sw accept(struct kb_request *request, uint8_t to)
{
    const struct kb_condition condition = {request->field.tries, KB_CONDITION_OPEN};
    struct kb_perso *perso = &request->card->perso;

    if (kb_condition_write(request->card, &request->field, &condition))
        return KB_SW_MEMORY_PROBLEM;
    perso->is_verified = true;
    perso->has_challenge = false;
    kb_wipe(perso->challenge, sizeof perso->challenge);
    kb_machine_enter(request->card, to);
    return KB_SW_OK;
}

static enum kb_sw refuse(struct kb_request *request, struct kb_condition *condition, uint8_t to)
{
    enum kb_err err = KB_OK;

    if (condition->tries > 0) {
        kb_machine_enter(request->card, to);
        return (enum kb_sw)(KB_SW_VERIFY_FAILED | condition->tries);
    }
    condition->kind = KB_CONDITION_BLOCKED;
    err = kb_condition_write(request->card, &request->field, condition);
    kb_machine_enter(request->card, KB_PERSO_BLOCKED);
    return err ? KB_SW_MEMORY_PROBLEM : KB_SW_VERIFY_FAILED;
}

static enum kb_sw run_trial(struct kb_request *request, struct trial *trial, comparison compare)
{
    bool is_right;

    request->card->perso.is_verified = false;
    trial->condition.tries--;
    if (kb_condition_write(request->card, &request->field, &trial->condition) ||
        read_and_compare(request, compare, &is_right))
        return KB_SW_MEMORY_PROBLEM;
    return is_right ? accept(request, trial->right)
                    : refuse(request, &trial->condition, trial->wrong);
}

enum kb_sw kb_perso_verify(struct kb_request *request, struct kb_writer *out)
{
    uint8_t method = request->command.argument;
    struct trial trial;
    enum kb_sw sw = begin_trial(request, &trial);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (method >= sizeof methods / sizeof *methods)
        return KB_SW_INCORRECT_P1_P2;
    if (request->cmd->data.len != methods[method].length)
        return KB_SW_WRONG_LENGTH;
    if (methods[method].needs_challenge && !request->card->perso.has_challenge)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    return run_trial(request, &trial, methods[method].compare);
}

/* --- By a secure channel --- */

static bool is_scp03(const struct kb_request *request)
{
    return request->command.action == KB_ACTION_VERIFY &&
           request->command.argument == KB_VERIFY_SCP03;
}

/* The enabled field and its row for this method. */
static bool open_enabled(struct kb_card *card, struct kb_request *request)
{
    const struct kb_perso *perso = &card->perso;
    bool is_found = false;

    *request = (struct kb_request){.card = card, .field_index = perso->field};
    if (card->channel || perso->state == KB_PERSO_IDLE ||
        kb_image_open(&card->nvm, perso->image_size, &request->image) ||
        kb_image_field(&request->image, perso->field, &request->field))
        return false;
    for (uint8_t i = 0; i < request->field.commands && !is_found; i++)
        is_found = !kb_image_command(&request->image, (uint8_t)(request->field.first_command + i),
                                     &request->command) &&
                   is_scp03(request);
    return is_found;
}

bool kb_perso_takes_channel(struct kb_card *card)
{
    struct kb_request request;

    return open_enabled(card, &request);
}

enum kb_sw kb_perso_channel_keys(struct kb_card *card, uint8_t *field, uint8_t *enc, uint8_t *mac)
{
    const struct kb_crypto *crypto = card->port->crypto;
    struct kb_request request;
    struct trial trial;
    uint8_t code[CODE_SIZE];
    enum kb_sw sw = KB_SW_CONDITIONS_NOT_SATISFIED;

    if (open_enabled(card, &request))
        sw = begin_trial(&request, &trial);
    if (sw != KB_SW_OK)
        return sw;
    *field = request.field.number;
    if (read_code(&request, code) ||
        kb_diversify(crypto, code, CODE_SIZE, "scp03 enc", kb_span(NULL, 0), enc, KB_AES_BLOCK) ||
        kb_diversify(crypto, code, CODE_SIZE, "scp03 mac", kb_span(NULL, 0), mac, KB_AES_BLOCK))
        sw = KB_SW_MEMORY_PROBLEM;
    kb_wipe(code, sizeof code);
    return sw;
}

static enum kb_err compare_channel(struct kb_request *request, const uint8_t code[CODE_SIZE],
                                   bool *is_right)
{
    enum kb_err err = kb_gp_accept(request->card, request->cmd);

    (void)code;
    *is_right = !err;
    return err == KB_ERR_INTEGRITY ? KB_OK : err;
}

enum kb_sw kb_perso_verify_channel(struct kb_card *card, const struct kb_apdu *cmd)
{
    enum { C_MAC_C_DEC = KB_SCP03_C_MAC | KB_SCP03_C_DEC };
    struct kb_request request;
    struct trial trial;
    enum kb_sw sw = KB_SW_CONDITIONS_NOT_SATISFIED;

    if (open_enabled(card, &request))
        sw = begin_trial(&request, &trial);
    /* What is put travels ciphered, or not at all. */
    if (sw == KB_SW_OK && (cmd->p1 & C_MAC_C_DEC) != C_MAC_C_DEC)
        sw = KB_SW_SECURITY_NOT_SATISFIED;
    if (sw != KB_SW_OK)
        return sw;
    request.cmd = cmd;
    sw = run_trial(&request, &trial, compare_channel);
    card->perso.is_secured = sw == KB_SW_OK;
    if (sw != KB_SW_OK)
        kb_gp_close(card);
    return sw;
}
