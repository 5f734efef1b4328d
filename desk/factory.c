/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of semi-finished cards. */

#include "desk/factory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "desk/factory_inside.h"

static enum kb_err blame(const char *path, struct kb_report *why)
{
    return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
}

/* --- The folder --- */

static enum kb_err make_dir(const char *dir, struct kb_report *why)
{
    return mkdir(dir, 0755) && errno != EEXIST ? blame(dir, why) : KB_OK;
}

/* One factory at a time: another would sweep away what this one has begun. */
static enum kb_err lock_dir(struct kb_factory *factory, struct kb_report *why)
{
    const char *dir = factory->options->dir;

    factory->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (factory->lock < 0)
        return blame(dir, why);
    if (flock(factory->lock, LOCK_EX | LOCK_NB))
        return kb_report(why, KB_ERR_EXISTS, "%s: another factory is at work here", dir);
    return KB_OK;
}

static bool is_same(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "re");
    bool same = file != NULL;

    for (size_t i = 0; same && i < len; i++)
        same = fgetc(file) == (unsigned char)text[i];
    same = same && fgetc(file) == EOF;
    if (file)
        fclose(file);
    return same;
}

static enum kb_err write_view(const char *path, const char *text, size_t len, struct kb_report *why)
{
    char fresh[KB_FACTORY_PATH + 40];
    bool is_written;
    FILE *file;

    if (access(path, F_OK) == 0) {
        if (is_same(path, text, len))
            return KB_OK;
        return kb_report(why, KB_ERR_EXISTS, "%s: the folder holds cards of another plan", path);
    }
    snprintf(fresh, sizeof fresh, "%s.new", path);
    file = fopen(fresh, "we");
    if (!file)
        return blame(fresh, why);
    is_written = fwrite(text, 1, len, file) == len && !fflush(file) && !fsync(fileno(file));
    is_written = !fclose(file) && is_written;
    return is_written && !rename(fresh, path) ? KB_OK : blame(path, why);
}

static enum kb_err put_entity_view(struct kb_factory *factory, struct kb_report *why)
{
    char path[KB_FACTORY_PATH + 16];
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    enum kb_err err;

    if (!memory)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    err = kb_plan_entity(factory->plan, memory, why);
    fclose(memory);
    snprintf(path, sizeof path, "%s/entity.yaml", factory->options->dir);
    if (!err)
        err = write_view(path, text, len, why);
    free(text);
    return err;
}

/* --- Getting ready --- */

static enum kb_err make_fields(struct kb_factory *factory, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < factory->plan->field_count && !err; i++)
        if (factory->plan->fields[i].is_made)
            err = kb_maker_field_make(&factory->fields[factory->field_count++], factory->plan,
                                      (uint8_t)i, why);
    factory->record = kb_record_new();
    if (!err && !factory->record)
        err = kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    return err;
}

/* The commands that are the same for all cards. */
static enum kb_err make_blueprint(struct kb_factory *factory, struct kb_report *why)
{
    uint8_t public_key[KB_P256_PUBLIC];
    uint8_t *image = malloc(KB_IMAGE_MAX);
    struct kb_writer wr = kb_wr(image, image ? KB_IMAGE_MAX : 0);
    const struct kb_factory_options *options = factory->options;
    enum kb_err err = factory->source.crypto->p256_public(options->maker_key, public_key);

    if (err || !image)
        err = kb_report(why, image ? err : KB_ERR_MEMORY, "maker's key: %s",
                        kb_err_text(image ? err : KB_ERR_MEMORY));
    if (!err)
        err = kb_plan_image(factory->plan, factory->source.crypto, options->maker_key, &wr, why);
    if (!err) {
        struct kb_air_trust trust = kb_air_trust_of(&factory->trust);

        kb_blueprint_common(&factory->common, factory->plan, public_key, kb_wr_span(&wr));
        kb_static_key_common(&factory->common, factory->plan, &trust);
    }
    free(image);
    return err;
}

static uint64_t first_serial(const struct kb_factory *factory)
{
    const struct kb_factory_options *options = factory->options;

    return options->has_first ? options->first : factory->plan->iccid_first;
}

static enum kb_err prepare(struct kb_factory *factory, struct kb_report *why)
{
    enum kb_err err = kb_plan_load(factory->options->plan, &factory->plan, why);

    if (!err)
        err = kb_fresh_check_range(factory->plan, first_serial(factory), factory->options->count,
                                   why);
    if (!err)
        err = make_fields(factory, why);
    if (!err)
        err = kb_factory_read_trust(factory, why);
    if (!err)
        err = make_blueprint(factory, why);
    if (!err)
        err = make_dir(factory->options->dir, why);
    if (!err)
        err = lock_dir(factory, why);
    if (!err)
        err = put_entity_view(factory, why);
    return err;
}

/* --- The batch --- */

static void count_card(struct kb_factory *factory, const char *iccid)
{
    struct kb_factory_summary *summary = factory->summary;

    if (summary->made++ == 0)
        memcpy(summary->first, iccid, sizeof summary->first);
    memcpy(summary->last, iccid, sizeof summary->last);
    kb_audit_write(&factory->audit,
                   &(struct kb_audit_event){.what = "make", .card = iccid, .result = "done"});
    kb_progress_step(&factory->progress, false);
}

/* Values of the card with this number; *is_there: it has been made. */
static enum kb_err take_card(struct kb_factory *factory, struct kb_factory_card *card,
                             uint64_t serial, bool *is_there, struct kb_report *why)
{
    enum kb_err err = kb_fresh_iccid(factory->plan, serial, card->fresh.iccid, why);

    *is_there = !err && factory->has(factory, card->fresh.iccid);
    if (err || *is_there)
        return err;
    return kb_fresh_make(&card->fresh, factory->plan, &factory->source, serial, why);
}

/* The next card that is not there yet joins the group. */
static enum kb_err begin_card(struct kb_factory *factory, uint64_t serial, struct kb_report *why)
{
    struct kb_factory_card *card = &factory->cards[factory->card_count];
    bool is_there;
    enum kb_err err = take_card(factory, card, serial, &is_there, why);

    if (err)
        return err;
    if (is_there) {
        factory->summary->skipped++;
        kb_progress_skip(&factory->progress);
        return KB_OK;
    }
    factory->card_count++;
    kb_commands_clear(&factory->own);
    kb_blueprint_card(&factory->own, factory->plan, &card->fresh);
    return factory->reader ? KB_OK : kb_factory_begin_file(factory, card, why);
}

static enum kb_err finish_card(struct kb_factory *factory, struct kb_factory_card *card,
                               struct kb_report *why)
{
    enum kb_err err = factory->reader ? kb_factory_card_in_reader(factory, card, why)
                                      : kb_factory_finish_file(factory, card, why);

    if (!err)
        count_card(factory, card->fresh.iccid);
    return err;
}

/* Nothing of a card that failed stays: no file, no credential. */
static enum kb_err end_group(struct kb_factory *factory, enum kb_err err, struct kb_report *why)
{
    struct kb_report ignored;
    enum kb_err settled;

    for (size_t i = 0; i < factory->card_count; i++)
        kb_factory_drop_file(factory, &factory->cards[i]);
    settled = kb_factory_settle(factory, err ? &ignored : why);
    kb_wipe(factory->cards, factory->card_count * sizeof factory->cards[0]);
    factory->card_count = 0;
    return err ? err : settled;
}

/* Cards from this number on, until the group is full or the batch is over; *serial moves on. */
static enum kb_err make_group(struct kb_factory *factory, uint64_t *serial, uint64_t end,
                              struct kb_report *why)
{
    size_t size = factory->reader || !factory->plan->air.has_credential ? 1 : KB_FACTORY_GROUP;
    enum kb_err err = KB_OK;

    while (*serial < end && factory->card_count < size && !err)
        err = begin_card(factory, (*serial)++, why);
    if (!err && !factory->reader)
        err = kb_factory_certify(factory, why);
    for (size_t i = 0; i < factory->card_count && !err; i++)
        err = finish_card(factory, &factory->cards[i], why);
    return end_group(factory, err, why);
}

static enum kb_err make_all(struct kb_factory *factory, struct kb_report *why)
{
    const struct kb_factory_options *options = factory->options;
    uint64_t serial = first_serial(factory), end = serial + options->count;
    enum kb_err err = KB_OK;

    while (serial < end && !err && !(options->stop && *options->stop))
        err = make_group(factory, &serial, end, why);
    return err;
}

static enum kb_err open_audit(struct kb_factory *factory, struct kb_report *why)
{
    char path[KB_FACTORY_PATH + 16];

    snprintf(path, sizeof path, "%s/audit.jsonl", factory->options->dir);
    return kb_audit_open(&factory->audit, path, why);
}

static enum kb_err run(struct kb_factory *factory, struct kb_report *why)
{
    enum kb_err err = prepare(factory, why);

    if (!err)
        err = open_audit(factory, why);
    if (!err)
        err = factory->options->reader ? kb_factory_open_reader(factory, why)
                                       : kb_factory_open_folder(factory, why);
    if (!err)
        err = kb_factory_settle(factory, why);
    if (err)
        return err;
    kb_progress_start(&factory->progress, factory->options->progress, "cards",
                      factory->options->count);
    err = make_all(factory, why);
    kb_progress_end(&factory->progress);
    return err;
}

static void release(struct kb_factory *factory)
{
    kb_factory_close_folder(factory);
    if (factory->reader)
        factory->reader->ops->close(factory->reader);
    kb_factory_tables_close(&factory->tables);
    kb_audit_close(&factory->audit);
    kb_commands_free(&factory->common);
    kb_commands_free(&factory->own);
    kb_record_free(factory->record);
    kb_plan_free(factory->plan);
    if (factory->lock >= 0)
        close(factory->lock);
    kb_wipe(factory, sizeof *factory);
    free(factory);
}

enum kb_err kb_factory_make(const struct kb_factory_options *options,
                            struct kb_factory_summary *summary, struct kb_report *why)
{
    struct kb_factory *factory = calloc(1, sizeof *factory);
    double started = kb_clock();
    enum kb_err err;

    *summary = (struct kb_factory_summary){0};
    if (!factory)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    if (strlen(options->dir) >= KB_FACTORY_PATH) {
        free(factory);
        return kb_report(why, KB_ERR_TOO_LONG, "the folder's name is too long");
    }
    factory->options = options;
    factory->summary = summary;
    factory->source =
        (struct kb_fresh_source){.crypto = &kb_crypto_openssl, .master = options->master};
    factory->lock = factory->audit.fd = factory->tables.handover.fd = factory->tables.bootstrap.fd =
        -1;
    err = run(factory, why);
    release(factory);
    summary->seconds = kb_clock() - started;
    return err;
}
