/* SPDX-License-Identifier: Apache-2.0 */
/* Words and numbers of a profile, each by itself and against the others. */
#include "plan/profile.h"

#include <stdio.h>
#include <string.h>

#include "crypto/aka.h"
#include "plan/words.h"

/* What a part may be, for messages. */
static const char *const values[KB_PROFILE_PARTS] = {
    [KB_PROFILE_ALGORITHM] = "milenage, tuak or xor",
    [KB_PROFILE_GSM] = "from-3g, comp128v1, comp128v2, comp128v3 or xor",
    [KB_PROFILE_RES] = "4 to 16",
    [KB_PROFILE_CK] = "16 or 32",
    [KB_PROFILE_IK] = "16 or 32",
    [KB_PROFILE_MAC] = "8, 16 or 32",
    [KB_PROFILE_ITERATIONS] = "1 to 255",
    [KB_PROFILE_IND_BITS] = "0 to 5",
    [KB_PROFILE_DELTA] = "none or 1 to 281474976710655",
    [KB_PROFILE_AGE_LIMIT] = "none or 1 to 281474976710655",
};

static enum kb_err read_part(struct kb_yaml *yaml, const yaml_node_t *node, uint8_t part,
                             uint8_t profile[KB_PROFILE_SIZE])
{
    const char *text = kb_yaml_text(node);
    uint8_t encoded[KB_PROFILE_PART_MAX];
    enum kb_err err =
        kb_profile_encode(part, kb_span(text, strlen(text)), encoded, kb_profile_part_size(part));

    if (err)
        return kb_yaml_fail(yaml, node, err, "%s is '%s'; it should be %s", kb_words_aka[part],
                            kb_schema_shown(text).text, values[part]);
    kb_profile_place(part, encoded, profile);
    return KB_OK;
}

/* Lengths that only go with some algorithms (crypto/aka.h). */
static enum kb_err check(struct kb_yaml *yaml, const yaml_node_t *node,
                         const uint8_t profile[KB_PROFILE_SIZE])
{
    const struct kb_aka_profile lengths = {.algorithm = profile[0],
                                           .gsm = profile[1],
                                           .res_len = profile[2],
                                           .ck_len = profile[3],
                                           .ik_len = profile[4],
                                           .mac_len = profile[5],
                                           .iterations = profile[6]};

    if (!kb_aka_check(&lengths))
        return KB_OK;
    return kb_yaml_fail(yaml, node, KB_ERR_RULE,
                        "these lengths do not go with the algorithm: milenage has res 4 to 8, xor "
                        "4 to 16, both ck 16, ik 16 and mac 8; tuak has res 4, 8 or 16");
}

enum kb_err kb_profile_read(struct kb_yaml *yaml, const yaml_node_t *node,
                            const yaml_node_t *const *parts, size_t count,
                            uint8_t profile[KB_PROFILE_SIZE])
{
    enum kb_err err = KB_OK;

    for (uint8_t part = 0; part < count && !err; part++)
        if (parts[part])
            err = read_part(yaml, parts[part], part, profile);
    return err ? err : check(yaml, node, profile);
}

void kb_profile_show(const uint8_t profile[KB_PROFILE_SIZE], uint8_t part,
                     char text[KB_PROFILE_TEXT])
{
    if (part == KB_PROFILE_ALGORITHM)
        snprintf(text, KB_PROFILE_TEXT, "%s", kb_words_algorithm[profile[part]]);
    else if (part == KB_PROFILE_GSM)
        snprintf(text, KB_PROFILE_TEXT, "%s", kb_words_gsm[profile[part]]);
    else
        snprintf(text, KB_PROFILE_TEXT, "%u", profile[part]);
}
