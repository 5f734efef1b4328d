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
 * even the model's file was finished (kb_card_file_create). */
static bool is_remainder(const char *name)
{
    const char *end = name[0] == '.' ? strstr(name, unfinished) : NULL;

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
                              struct kb_report *why)
{
    struct kb_commands secure = {0};
    enum kb_err err;

    kb_blueprint_secure(&secure);
    err = kb_commands_send(&secure, reader, why);
    kb_commands_free(&secure);
    for (size_t i = 0; i < factory->field_count && !err; i++) {
        const struct kb_maker_field *field = &factory->fields[i];

        err = kb_maker_field_values(field, factory->plan, &factory->fresh, factory->record, why);
        if (!err)
            err = kb_personalize(reader, factory->source.crypto, &factory->source.random,
                                 &field->view, factory->fresh.code[field->index], factory->record,
                                 true, why);
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

static enum kb_err finish_file(struct kb_factory *factory, const char *path, struct kb_report *why)
{
    struct kb_reader *reader = NULL;
    enum kb_err err = kb_reader_open_file(path, &reader, why);

    if (err)
        return err;
    err = kb_talk_power_up(reader, why);
    if (!err)
        err = kb_commands_send(&factory->own, reader, why);
    if (!err)
        err = kb_factory_secure(factory, reader, why);
    reader->ops->power_down(reader);
    reader->ops->close(reader);
    return err;
}

/* First the lines, then the name: a card that has its name has its lines. */
static enum kb_err give_name(struct kb_factory *factory, const char *path, struct kb_report *why)
{
    char name[KB_FACTORY_PATH + 64];
    enum kb_err err = kb_factory_tables_add(&factory->tables, &factory->fresh, why);

    if (err)
        return err;
    snprintf(name, sizeof name, "%s/%s.card", factory->options->dir, factory->fresh.iccid);
    return rename(path, name) ? blame(name, why) : KB_OK;
}

enum kb_err kb_factory_card_file(struct kb_factory *factory, struct kb_report *why)
{
    char path[KB_FACTORY_PATH + 64];
    enum kb_err err;

    snprintf(path, sizeof path, "%s/.%s%s", factory->options->dir, factory->fresh.iccid,
             unfinished);
    err = copy_file(factory->model, path, why);
    if (!err)
        err = finish_file(factory, path, why);
    if (!err)
        err = give_name(factory, path, why);
    if (!err)
        return KB_OK;
    unlink(path);
    kb_report_in(why, "%s", factory->fresh.iccid);
    return err;
}
