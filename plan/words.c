/* SPDX-License-Identifier: Apache-2.0 */
/* Words of plans and entity views, and the search for the one that was meant. */
#include "plan/words.h"

#include <stdio.h>
#include <string.h>

const char *const kb_words_format[] = {"bytes", "digits", "text", "plmns", "dial", NULL};
const char *const kb_words_check[] = {"none", "luhn", "not-flat", NULL};
const char *const kb_words_encoder[] = {"raw",        "bcd",      "imsi", "iccid", "acc",
                                        "plmn",       "plmn-act", "spn",  "smsp",  "pin",
                                        "mnc-length", "aka",      NULL};
const char *const kb_words_algorithm[] = {"milenage", "tuak", "xor", NULL};
const char *const kb_words_gsm[] = {"from-3g", "comp128v1", "comp128v2", "comp128v3", "xor", NULL};
const char *const kb_words_aka[] = {"algorithm",  "gsm",      "res",   "ck",        "ik", "mac",
                                    "iterations", "ind_bits", "delta", "age_limit", NULL};
const char *const kb_words_aka_role[] = {"algorithm",  "gsm_algorithm", "res_length",
                                         "ck_length",  "ik_length",     "mac_length",
                                         "iterations", "sqn_ind",       NULL};
const char *const kb_words_method[] = {"code", "challenge", NULL};
const char *const kb_words_data[] = {"tlv", "dgi", NULL};
const char *const kb_words_state[] = {"IDLE", "READY", "ALERT", "PERSO", "LOCKED", "BLOCKED", NULL};
const char *const kb_words_event[] = {
    "ENABLE", "ENABLE_ALERTED", "VERIFY_OK", "VERIFY_WRONG", "VERIFY_EXHAUSTED",
    "PUT",    "LOCK",           NULL};
const char *const kb_words_role[] = {
    "imsi",      "ki",         "opc",        "iccid",         "acc",        "pin1",
    "puk1",      "pin2",       "puk2",       "adm1",          "smsp",       "spn",
    "msisdn",    "mnc_length", "algorithm",  "gsm_algorithm", "res_length", "ck_length",
    "ik_length", "mac_length", "iterations", "sqn_ind",       NULL};

bool kb_words_has(const char *const *words, const char *text)
{
    for (; *words; words++) {
        if (!strcmp(*words, text))
            return true;
    }
    return false;
}

void kb_words_list(const char *const *words, char *out, size_t size)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i]; i++) {
        const char *between = !i ? "" : words[i + 1] ? ", " : " or ";

        if (at + strlen(between) + strlen(words[i]) + 5 > size) {
            memcpy(out + at, " ...", 5);
            return;
        }
        at += (size_t)snprintf(out + at, size - at, "%s%s", between, words[i]);
    }
}

/* Edit distance, two rows of the usual table. */
static size_t distance(const char *a, const char *b)
{
    size_t row[33];
    size_t columns = strlen(b);

    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            size_t change = diagonal + (a[i] != b[j]);
            size_t insert = row[j] + 1;
            size_t delete = row[j + 1] + 1;

            diagonal = row[j + 1];
            row[j + 1] = change < insert ? change : insert;
            row[j + 1] = row[j + 1] < delete ? row[j + 1] : delete;
        }
    }
    return row[columns];
}

const char *kb_words_nearest(const char *text, const char *const *words)
{
    const char *nearest = NULL;
    size_t best = strlen(text) / 3 + 1;

    if (strlen(text) > 32)
        return NULL;
    for (; *words; words++) {
        size_t now = strlen(*words) > 32 ? best + 1 : distance(text, *words);

        if (now <= best && now < strlen(*words)) {
            nearest = *words;
            best = now ? now - 1 : 0;
        }
    }
    return nearest;
}
