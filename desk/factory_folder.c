/* SPDX-License-Identifier: Apache-2.0 */
/* Cards as files. What all cards share is done once, in a model; each card starts as its copy. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "desk/factory_inside.h"
#include "desk/safe_file.h"
#include "desk/talk.h"
#include "reader/card_file.h"

static const char unfinished[] = ".partial";

static enum kb_err blame(const char *path, struct kb_report *why)
{
    return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
}

static bool has_card(void *ctx, const char *iccid)
{
    const struct kb_factory *factory = ctx;
    char path[KB_FACTORY_PATH + 64];

    snprintf(path, sizeof path, "%s/%s.card", factory->options->dir, iccid);
    return access(path, F_OK) == 0;
}

/* What a killed run left: .<iccid>.partial, .model.partial, and .model.partial.<letters> when not
 * even the model's file was finished (kb_card_file_create), as .credentials.<letters>
 * (desk/safe_file.h). */
static bool is_remainder(const char *name)
{
    static const char credentials[] = ".credentials.";
    const char *end = name[0] == '.' ? strstr(name, unfinished) : NULL;

    if (strncmp(name, credentials, sizeof credentials - 1) == 0)
        return true;
    return end && (!end[sizeof unfinished - 1] || end[sizeof unfinished - 1] == '.');
}

static enum kb_err sweep(const char *dir, struct kb_report *why)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;

    if (!folder)
        return blame(dir, why);
    while ((entry = readdir(folder)) != NULL)
        if (is_remainder(entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return KB_OK;
}

enum kb_err kb_factory_secure(struct kb_factory *factory, struct kb_reader *reader,
                              const struct kb_factory_card *card, struct kb_report *why)
{
    struct kb_commands secure = {0};
    const struct kb_ca_row *row = &card->credential;
    uint8_t kid[KB_KID_MAX];
    enum kb_err err = KB_OK;

    if (row->token_len)
        err = kb_static_key_certify(reader, kb_span(kid, kb_ca_kid(row->serial, kid)),
                                    kb_span(row->token, row->token_len), why);
    kb_blueprint_secure(&secure);
    if (!err)
        err = kb_commands_send(&secure, reader, why);
    kb_commands_free(&secure);
    for (size_t i = 0; i < factory->field_count && !err; i++) {
        const struct kb_maker_field *field = &factory->fields[i];

        err = kb_maker_field_values(field, factory->plan, &card->fresh, factory->record, why);
        if (!err)
            err = kb_personalize(reader, factory->source.crypto, &factory->source.random,
                                 &field->view, card->fresh.code[field->index], factory->record,
                                 KB_PERSONALIZE_LOCK, why);
        kb_record_clear(factory->record);
    }
    return err;
}

/* --- The model --- */

static enum kb_err fill_model(struct kb_factory *factory, struct kb_report *why)
{
    struct kb_reader *reader = NULL;
    enum kb_err err = kb_reader_open_file(factory->model, &reader, why);

    if (err)
        return err;
    err = kb_talk_power_up(reader, why);
    if (!err)
        err = kb_commands_send(&factory->common, reader, why);
    reader->ops->power_down(reader);
    reader->ops->close(reader);
    return err;
}

static enum kb_err make_model(struct kb_factory *factory, struct kb_report *why)
{
    const struct kb_plan *plan = factory->plan;
    struct kb_card_file *file = NULL;
    enum kb_err err;

    snprintf(factory->model, sizeof factory->model, "%s/.model%s", factory->options->dir,
             unfinished);
    err = kb_card_file_create(factory->model, plan->sector_size, plan->sector_count,
                              plan->program_size, &file, why);
    if (err)
        return err;
    kb_card_file_close(file);
    return fill_model(factory, why);
}

enum kb_err kb_factory_open_folder(struct kb_factory *factory, struct kb_report *why)
{
    enum kb_err err = sweep(factory->options->dir, why);

    factory->has = has_card;
    if (!err)
        err = kb_factory_tables_open(&factory->tables, factory->plan, factory->options->dir,
                                     has_card, factory, why);
    return err ? err : make_model(factory, why);
}

void kb_factory_close_folder(struct kb_factory *factory)
{
    if (factory->model[0])
        unlink(factory->model);
}

/* --- A card --- */

static enum kb_err copy_file(const char *from, const char *to, struct kb_report *why)
{
    uint8_t block[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t got = in < 0 || out < 0 ? -1 : 1;
    enum kb_err err = KB_OK;

    while (got > 0) {
        got = read(in, block, sizeof block);
        if (got > 0 && !kb_safe_write(out, block, (size_t)got))
            got = -1;
    }
    if (got < 0)
        err = blame(to, why);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    kb_wipe(block, sizeof block);
    return err;
}

static void name_file(const struct kb_factory *factory, const struct kb_factory_card *card,
                      const char *before, const char *behind, char path[KB_FACTORY_PATH + 64])
{
    snprintf(path, KB_FACTORY_PATH + 64, "%s/%s%s%s", factory->options->dir, before,
             card->fresh.iccid, behind);
}

enum kb_err kb_factory_begin_file(struct kb_factory *factory, struct kb_factory_card *card,
                                  struct kb_report *why)
{
    char path[KB_FACTORY_PATH + 64];
    enum kb_err err;

    name_file(factory, card, ".", unfinished, path);
    err = copy_file(factory->model, path, why);
    if (!err)
        err = kb_reader_open_file(path, &card->reader, why);
    if (!err)
        err = kb_talk_power_up(card->reader, why);
    if (!err)
        err = kb_commands_send(&factory->own, card->reader, why);
    if (!err)
        err = kb_factory_make_key(factory, card->reader, card, why);
    if (err)
        kb_report_in(why, "%s", card->fresh.iccid);
    return err;
}

static void close_file(struct kb_factory_card *card)
{
    card->reader->ops->power_down(card->reader);
    card->reader->ops->close(card->reader);
    card->reader = NULL;
}

/* First the lines, then the name: a card that has its name has its lines. */
static enum kb_err give_name(struct kb_factory *factory, const struct kb_factory_card *card,
                             struct kb_report *why)
{
    char path[KB_FACTORY_PATH + 64], name[KB_FACTORY_PATH + 64];
    enum kb_err err = kb_factory_tables_add(&factory->tables, &card->fresh, &card->credential, why);

    if (err)
        return err;
    name_file(factory, card, ".", unfinished, path);
    name_file(factory, card, "", ".card", name);
    return rename(path, name) ? blame(name, why) : KB_OK;
}

enum kb_err kb_factory_finish_file(struct kb_factory *factory, struct kb_factory_card *card,
                                   struct kb_report *why)
{
    enum kb_err err = kb_factory_secure(factory, card->reader, card, why);

    close_file(card);
    if (!err)
        err = give_name(factory, card, why);
    if (err)
        kb_report_in(why, "%s", card->fresh.iccid);
    return err;
}

void kb_factory_drop_file(struct kb_factory *factory, struct kb_factory_card *card)
{
    char path[KB_FACTORY_PATH + 64];

    if (factory->reader)
        return;
    if (card->reader)
        close_file(card);
    name_file(factory, card, ".", unfinished, path);
    unlink(path);
}
