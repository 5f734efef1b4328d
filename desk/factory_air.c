/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of cards that are personalized over the air. A file in the folder names the keys of a
 * group before the root signs for them and goes when its cards are finished: so a killed run leaves
 * no credential whose card was never finished, and none is issued twice.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "desk/factory_inside.h"
#include "desk/safe_file.h"
#include "wire/hex.h"

static const char pending[] = ".credentials";

enum { ROOT_TEXT = 2 * KB_P256_PUBLIC, KEY_TEXT = 2 * KB_CURVE_SIZE };

/* --- Getting ready --- */

static enum kb_err check_maker_ca(const struct kb_factory *factory, struct kb_report *why)
{
    const char *dir = factory->options->maker_ca;
    struct kb_ca *ca = NULL;
    enum kb_err err = kb_ca_open(dir, &ca, why);

    if (!err && kb_ca_root(ca)->kind != KB_CA_MAKER)
        err = kb_report(why, KB_ERR_RULE, "%s: is the root of operators, not of a maker", dir);
    kb_ca_close(ca);
    return err;
}

enum kb_err kb_factory_read_trust(struct kb_factory *factory, struct kb_report *why)
{
    const struct kb_factory_options *options = factory->options;
    enum kb_err err;

    if (!factory->plan->air.has_credential)
        return KB_OK;
    if (!options->maker_ca)
        return kb_report(why, KB_ERR_USAGE,
                         "%s: its cards get credentials for the air; name the root that signs them "
                         "with --maker-ca (keyborn ca init --kind maker makes one)",
                         factory->plan->path);
    if (!options->operators_root)
        return kb_report(why, KB_ERR_USAGE,
                         "%s: its cards trust operators over the air; name their root with "
                         "--operators-root (keyborn ca init makes one)",
                         factory->plan->path);
    err = check_maker_ca(factory, why);
    return err ? err
               : kb_air_trust_read(&factory->trust, options->operators_root,
                                   options->operators_name, options->revoked, why);
}

enum kb_err kb_factory_make_key(const struct kb_factory *factory, struct kb_reader *reader,
                                struct kb_factory_card *card, struct kb_report *why)
{
    if (!factory->plan->air.has_credential)
        return KB_OK;
    return kb_static_key_make(reader, factory->plan->air.curve, &card->key, why);
}

/* --- What is under way --- */

static void place(const struct kb_factory *factory, char path[KB_FACTORY_PATH + 32])
{
    snprintf(path, KB_FACTORY_PATH + 32, "%s/%s", factory->options->dir, pending);
}

/* The root's public key, then for each card its number and the key it made. */
static enum kb_err note_keys(const struct kb_factory *factory, const struct kb_ca *ca,
                             struct kb_report *why)
{
    char path[KB_FACTORY_PATH + 32], text[ROOT_TEXT + 1];
    struct kb_safe_file file;
    enum kb_err err;

    place(factory, path);
    err = kb_safe_file_open(&file, path, why);
    if (err)
        return err;
    kb_hex_encode(kb_span(kb_ca_root(ca)->public_key, KB_P256_PUBLIC), text);
    fprintf(file.out, "%s\n", text);
    for (size_t i = 0; i < factory->card_count; i++) {
        kb_hex_encode(kb_span(factory->cards[i].key.public_key, KB_CURVE_SIZE), text);
        fprintf(file.out, "%s %s\n", factory->cards[i].fresh.iccid, text);
    }
    return kb_safe_file_keep(&file, why);
}

static enum kb_err issue(struct kb_factory *factory, struct kb_ca *ca, struct kb_report *why)
{
    struct kb_ca_row *rows[KB_FACTORY_GROUP];

    for (size_t i = 0; i < factory->card_count; i++) {
        struct kb_factory_card *card = &factory->cards[i];

        rows[i] = &card->credential;
        *rows[i] = (struct kb_ca_row){.curve = card->key.curve, .is_odd = card->key.is_odd};
        memcpy(rows[i]->subject, card->fresh.iccid, sizeof card->fresh.iccid);
        memcpy(rows[i]->public_key, card->key.public_key, KB_CURVE_SIZE);
    }
    return kb_ca_issue_all(ca, factory->options->maker_ca_key, rows, factory->card_count,
                           (int64_t)time(NULL), why);
}

enum kb_err kb_factory_certify(struct kb_factory *factory, struct kb_report *why)
{
    struct kb_ca *ca = NULL;
    enum kb_err err;

    if (!factory->plan->air.has_credential || !factory->card_count)
        return KB_OK;
    err = kb_ca_open(factory->options->maker_ca, &ca, why);
    if (!err)
        err = note_keys(factory, ca, why);
    if (!err)
        err = issue(factory, ca, why);
    kb_ca_close(ca);
    return err;
}

/* --- What was not finished --- */

static enum kb_err check_root(const struct kb_ca *ca, FILE *file, const char *path,
                              struct kb_report *why)
{
    char found[ROOT_TEXT + 2] = "", text[ROOT_TEXT + 1];

    kb_hex_encode(kb_span(kb_ca_root(ca)->public_key, KB_P256_PUBLIC), text);
    if (fgets(found, sizeof found, file) && strncmp(found, text, ROOT_TEXT) == 0)
        return KB_OK;
    return kb_report(why, KB_ERR_RULE,
                     "%s: a run that was ended had its cards certified by another root; name that "
                     "one with --maker-ca",
                     path);
}

/* The next card whose key was named and which is not there; false: no more. */
static bool next_unfinished(struct kb_factory *factory, FILE *file, char iccid[KB_ICCID_TEXT],
                            uint8_t public_key[KB_CURVE_SIZE])
{
    char key[KEY_TEXT + 1];
    size_t len;

    _Static_assert(KB_ICCID_TEXT == 21 && KEY_TEXT == 64, "as scanned below");
    while (fscanf(file, "%20s %64s", iccid, key) == 2)
        if (!factory->has(factory, iccid) &&
            !kb_hex_decode(kb_span(key, strlen(key)), public_key, KB_CURVE_SIZE, &len) &&
            len == KB_CURVE_SIZE)
            return true;
    return false;
}

static enum kb_err withdraw(struct kb_factory *factory, FILE *file, const char *path,
                            struct kb_report *why)
{
    char iccid[KB_ICCID_TEXT];
    uint8_t public_key[KB_CURVE_SIZE];
    struct kb_ca *ca = NULL;
    enum kb_err err = kb_ca_open(factory->options->maker_ca, &ca, why);

    rewind(file);
    if (!err)
        err = check_root(ca, file, path, why);
    while (!err && next_unfinished(factory, file, iccid, public_key))
        err = kb_ca_withdraw(ca, iccid, public_key, why);
    kb_ca_close(ca);
    return err;
}

static bool has_unfinished(struct kb_factory *factory, FILE *file)
{
    char root[ROOT_TEXT + 2], iccid[KB_ICCID_TEXT];
    uint8_t public_key[KB_CURVE_SIZE];

    return fgets(root, sizeof root, file) && next_unfinished(factory, file, iccid, public_key);
}

enum kb_err kb_factory_settle(struct kb_factory *factory, struct kb_report *why)
{
    char path[KB_FACTORY_PATH + 32];
    FILE *file = NULL;
    enum kb_err err = KB_OK;

    if (!factory->plan->air.has_credential)
        return KB_OK;
    place(factory, path);
    file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? KB_OK : kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    if (has_unfinished(factory, file))
        err = withdraw(factory, file, path, why);
    fclose(file);
    if (!err && unlink(path))
        err = kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    return err;
}
