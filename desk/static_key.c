/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that cards make for themselves. */

#include "desk/static_key.h"

#include <string.h>

#include "card/objects.h"
#include "desk/talk.h"

enum { ROOT_MAX = 1 + KB_CREDENTIAL_NAME_MAX + KB_P256_PUBLIC, COUNTER = 5 };

static void put_object(struct kb_commands *list, unsigned object, struct kb_span value)
{
    const uint8_t header[4] = {0x80, 0x44, (uint8_t)(object >> 8), (uint8_t)object};

    kb_commands_add(list, "PUT OBJECT", header, value);
}

static void put_trust(struct kb_commands *list, const struct kb_air_trust *trust)
{
    uint8_t root[ROOT_MAX];
    struct kb_writer wr = kb_wr(root, sizeof root);

    kb_wr_u8(&wr, (uint8_t)trust->operators.name.len);
    kb_wr_copy(&wr, trust->operators.name.data, trust->operators.name.len);
    kb_wr_copy(&wr, trust->operators.public_key, KB_P256_PUBLIC);
    if (wr.is_bad)
        list->is_bad = true;
    put_object(list, KB_OBJ_OPERATORS_ROOT, kb_wr_span(&wr));
    if (trust->revoked.len)
        put_object(list, KB_OBJ_REVOKED, trust->revoked);
}

void kb_static_key_common(struct kb_commands *list, const struct kb_plan *plan,
                          const struct kb_air_trust *trust)
{
    static const uint8_t zeros[COUNTER];
    const struct kb_plan_air *air = &plan->air;

    if (!air->is_there)
        return;
    put_object(list, KB_OBJ_CPA_PLAN, kb_span(air->bytes, air->len));
    if (air->operators_len)
        put_object(list, KB_OBJ_CPA_OPERATORS, kb_span(air->operators, air->operators_len));
    put_object(list, KB_OBJ_CNTR_IN, kb_span(zeros, sizeof zeros));
    put_object(list, KB_OBJ_CNTR_OUT, kb_span(zeros, sizeof zeros));
    if (air->has_credential)
        put_trust(list, trust);
}

enum kb_err kb_static_key_make(struct kb_reader *reader, enum kb_curve curve,
                               struct kb_static_key *key, struct kb_report *why)
{
    static const uint8_t header[4] = {0x80, 0x4E, 0x00, 0x00};
    const uint8_t number = (uint8_t)curve;
    size_t size = curve == KB_CURVE_P256 ? KB_P256_PUBLIC : KB_X25519_SIZE;
    struct kb_answer answer;
    enum kb_err err =
        kb_talk_ok(reader, "GENERATE KEY", header, kb_span(&number, 1), true, &answer, why);

    if (!err && answer.len != size)
        err = kb_report(why, KB_ERR_CARD, "GENERATE KEY: no public key came back");
    if (err)
        return err;
    key->curve = curve;
    memcpy(key->public_key, answer.data, KB_CURVE_SIZE);
    key->is_odd = curve == KB_CURVE_P256 && answer.data[size - 1] & 1;
    return KB_OK;
}

enum kb_err kb_static_key_certify(struct kb_reader *reader, struct kb_span kid,
                                  struct kb_span token, struct kb_report *why)
{
    static const uint8_t header[4] = {0x80, 0x44, 0x00, KB_OBJ_CREDENTIAL};
    uint8_t value[1 + KB_KID_MAX + KB_CREDENTIAL_MAX];
    struct kb_writer wr = kb_wr(value, sizeof value);
    struct kb_answer answer;

    kb_wr_u8(&wr, (uint8_t)kid.len);
    kb_wr_copy(&wr, kid.data, kid.len);
    kb_wr_copy(&wr, token.data, token.len);
    if (wr.is_bad)
        return kb_report(why, KB_ERR_TOO_LONG, "the credential is too long for the card");
    return kb_talk_ok(reader, "PUT OBJECT", header, kb_wr_span(&wr), false, &answer, why);
}
