/* SPDX-License-Identifier: Apache-2.0 */
/* Words and numbers of a subscription's authentication. A part that may be absent is a flag and a
 * number of six bytes. */

#include "card/perso/profile.h"

#include <string.h>

enum { FLAGS_AT = 8, NUMBER = 6, WORDS = 5, WORD = 9 };

const uint8_t kb_profile_usual[KB_PROFILE_SIZE] = {0, 0, 8, 16, 16, 8, 1, 5, 0x01, 0, 0, 0x10};

static const char algorithms[][WORD + 1] = {"milenage", "tuak", "xor"};
static const char gsm_algorithms[WORDS][WORD + 1] = {"from-3g", "comp128v1", "comp128v2",
                                                     "comp128v3", "xor"};

static const struct part {
    const char (*words)[WORD + 1];
    uint8_t at;
    uint8_t min, max; /* of words: how many; of numbers that may be absent: their flag */
    uint8_t among;    /* a number is one of min, 2 * min, 4 * min */
} parts[KB_PROFILE_PARTS] = {
    [KB_PROFILE_ALGORITHM] = {algorithms, 0, 0, 3, 0},
    [KB_PROFILE_GSM] = {gsm_algorithms, 1, 0, WORDS, 0},
    [KB_PROFILE_RES] = {NULL, 2, 4, 16, 0},
    [KB_PROFILE_CK] = {NULL, 3, 16, 32, 1},
    [KB_PROFILE_IK] = {NULL, 4, 16, 32, 1},
    [KB_PROFILE_MAC] = {NULL, 5, 8, 32, 1},
    [KB_PROFILE_ITERATIONS] = {NULL, 6, 1, 255, 0},
    [KB_PROFILE_IND_BITS] = {NULL, 7, 0, 5, 0},
    [KB_PROFILE_DELTA] = {NULL, 9, 0x01, 0, 0},
    [KB_PROFILE_AGE_LIMIT] = {NULL, 15, 0x02, 0, 0},
};

static bool may_be_absent(const struct part *part)
{
    return !part->max;
}

size_t kb_profile_part_size(uint8_t part)
{
    if (part >= KB_PROFILE_PARTS)
        return 0;
    return may_be_absent(&parts[part]) ? 1 + NUMBER : 1;
}

static bool is_word(struct kb_span text, const char *word)
{
    return strlen(word) == text.len && !memcmp(word, text.data, text.len);
}

static enum kb_err take_word(const struct part *part, struct kb_span text, uint8_t *out)
{
    for (*out = 0; *out < part->max; ++*out)
        if (is_word(text, part->words[*out]))
            return KB_OK;
    return KB_ERR_MALFORMED;
}

static enum kb_err take_number(struct kb_span text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';

        if (digit > 9)
            return KB_ERR_MALFORMED;
        if (*out >> (8 * NUMBER))
            return KB_ERR_RANGE;
        *out = *out * 10 + digit;
    }
    return text.len ? KB_OK : KB_ERR_MALFORMED;
}

static bool suits(const struct part *part, uint64_t number)
{
    if (may_be_absent(part))
        return number && !(number >> (8 * NUMBER));
    if (part->among)
        return number == part->max || number == part->min || number == 2u * part->min;
    return number >= part->min && number <= part->max;
}

enum kb_err kb_profile_encode(uint8_t part, struct kb_span text, uint8_t *out, size_t size)
{
    const struct part *row = &parts[part];
    uint64_t number;
    enum kb_err err;

    if (!size || size != kb_profile_part_size(part))
        return KB_ERR_USAGE;
    memset(out, 0, size);
    if (row->words)
        return take_word(row, text, out);
    if (may_be_absent(row) && is_word(text, "none"))
        return KB_OK;
    err = take_number(text, &number);
    if (err)
        return err;
    if (!suits(row, number))
        return KB_ERR_RANGE;
    for (size_t i = size; i-- > (size > 1); number >>= 8)
        out[i] = (uint8_t)number;
    if (size > 1)
        out[0] = row->min;
    return KB_OK;
}

void kb_profile_place(uint8_t part, const uint8_t *encoded, uint8_t object[KB_PROFILE_SIZE])
{
    const struct part *row = &parts[part];

    if (!may_be_absent(row)) {
        object[row->at] = encoded[0];
        return;
    }
    object[FLAGS_AT] = (uint8_t)((object[FLAGS_AT] & ~row->min) | encoded[0]);
    memcpy(object + row->at, encoded + 1, NUMBER);
}
