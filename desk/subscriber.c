/* SPDX-License-Identifier: Apache-2.0 */
/* From the roles of values to keys and algorithms. */

#include "desk/subscriber.h"

#include <string.h>

#include "crypto/secret.h"
#include "plan/profile.h"
#include "plan/words.h"

enum { LONG_KEY = 32 };

enum kb_err kb_subscriber_tell(const struct kb_entity_field *field, struct kb_record *record)
{
    char text[KB_PROFILE_TEXT];
    enum kb_err err = KB_OK;

    for (uint8_t part = 0; field->has_profile && part < KB_PROFILE_SHOWN && !err; part++) {
        kb_profile_show(field->profile, part, text);
        err = kb_record_put(record, "", kb_words_aka_role[part], kb_span(text, strlen(text)));
    }
    return err;
}

enum kb_err kb_subscriber_profile(const struct kb_record *record, struct kb_subscriber_keys *keys)
{
    uint8_t bytes[KB_PROFILE_SIZE], encoded[KB_PROFILE_PART_MAX];
    struct kb_cursor rd = kb_rd(kb_span(bytes, sizeof bytes));

    memcpy(bytes, kb_profile_usual, sizeof bytes);
    for (uint8_t part = 0; part < KB_PROFILE_SHOWN; part++) {
        struct kb_span text = kb_record_role(record, kb_words_aka_role[part]);

        if (!text.len)
            continue;
        if (kb_profile_encode(part, text, encoded, kb_profile_part_size(part)))
            return KB_ERR_RANGE;
        kb_profile_place(part, encoded, bytes);
    }
    keys->profile.algorithm = kb_rd_u8(&rd);
    keys->profile.gsm = kb_rd_u8(&rd);
    keys->profile.res_len = kb_rd_u8(&rd);
    keys->profile.ck_len = kb_rd_u8(&rd);
    keys->profile.ik_len = kb_rd_u8(&rd);
    keys->profile.mac_len = kb_rd_u8(&rd);
    keys->profile.iterations = kb_rd_u8(&rd);
    keys->ind_bits = kb_rd_u8(&rd);
    return kb_aka_check(&keys->profile);
}

static enum kb_err take_key(const struct kb_record *record, const char *role,
                            uint8_t key[KB_AKA_KEY_MAX], uint8_t *len)
{
    struct kb_span value = kb_record_role(record, role);

    if (value.len > KB_AKA_KEY_MAX)
        return KB_ERR_ABSENT;
    if (value.len)
        memcpy(key, value.data, value.len);
    *len = (uint8_t)value.len;
    return KB_OK;
}

enum kb_err kb_subscriber_keys(const struct kb_record *record, struct kb_subscriber_keys *keys)
{
    enum kb_err err;

    memset(keys, 0, sizeof *keys);
    keys->pin1 = kb_record_role(record, "pin1");
    err = kb_subscriber_profile(record, keys);
    if (!err)
        err = take_key(record, "ki", keys->ki, &keys->ki_len);
    if (!err)
        err = take_key(record, "opc", keys->opc, &keys->opc_len);
    if (!err && !kb_subscriber_has_3g(keys) && !kb_subscriber_has_gsm(keys))
        err = KB_ERR_ABSENT;
    if (err)
        kb_wipe(keys, sizeof *keys);
    return err;
}

bool kb_subscriber_has_3g(const struct kb_subscriber_keys *keys)
{
    switch (keys->profile.algorithm) {
    case KB_AKA_MILENAGE:
        return keys->ki_len == KB_SUBSCRIBER_KEY && keys->opc_len == KB_SUBSCRIBER_KEY;
    case KB_AKA_TUAK:
        return (keys->ki_len == KB_SUBSCRIBER_KEY || keys->ki_len == LONG_KEY) &&
               keys->opc_len == LONG_KEY;
    default:
        return keys->ki_len == KB_SUBSCRIBER_KEY;
    }
}

bool kb_subscriber_has_gsm(const struct kb_subscriber_keys *keys)
{
    return keys->profile.gsm == KB_GSM_CONVERTED ? kb_subscriber_has_3g(keys)
                                                 : keys->ki_len == KB_SUBSCRIBER_KEY;
}

size_t kb_subscriber_key_size(const struct kb_subscriber_keys *keys, bool is_ki)
{
    bool is_tuak = keys->profile.algorithm == KB_AKA_TUAK;

    if (is_ki && keys->profile.gsm != KB_GSM_CONVERTED)
        return KB_SUBSCRIBER_KEY;
    return is_tuak ? LONG_KEY : KB_SUBSCRIBER_KEY;
}
