/* SPDX-License-Identifier: Apache-2.0 */
/* The factory's tables. */

#include "desk/factory_tables.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "desk/safe_file.h"
#include "wire/hex.h"

enum { LINES_MAX = 16384, HEX_MAX = KB_CREDENTIAL_MAX };

/* Lines of text being put together. */
struct text {
    char data[LINES_MAX];
    size_t len;
};

static enum kb_err blame(const char *path, struct kb_report *why)
{
    return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
}

static void add(struct text *text, const char *part)
{
    size_t len = strlen(part);

    if (len >= sizeof text->data - text->len)
        return;
    memcpy(&text->data[text->len], part, len);
    text->len += len;
}

static void add_hex(struct text *text, const uint8_t *value, size_t len)
{
    char hex[2 * HEX_MAX + 1];

    kb_hex_encode(kb_span(value, len), hex);
    add(text, hex);
    kb_wipe(hex, sizeof hex);
}

/* --- Mending --- */

/* Copies the names, and the lines of cards that are there; a line without an end was torn. */
static bool copy_lines(FILE *from, FILE *to, kb_factory_has has, void *ctx)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    for (bool is_first = true; (len = getline(&line, &size, from)) > 0; is_first = false) {
        char iccid[KB_ICCID_TEXT] = "";
        size_t digits = strcspn(line, ",\n");

        if (digits < sizeof iccid)
            memcpy(iccid, line, digits);
        if (line[len - 1] == '\n' && (is_first || !has || has(ctx, iccid)))
            fwrite(line, 1, (size_t)len, to);
    }
    if (line)
        kb_wipe(line, size);
    free(line);
    return !ferror(from) && !ferror(to);
}

/* Puts the copy in the table's place when it is shorter. */
static enum kb_err replace(FILE *from, FILE *to, const char *path, const char *fresh,
                           struct kb_report *why)
{
    if (fflush(to) || fsync(fileno(to)))
        return blame(fresh, why);
    if (ftell(from) == ftell(to))
        return unlink(fresh) ? blame(fresh, why) : KB_OK;
    return rename(fresh, path) ? blame(path, why) : KB_OK;
}

static enum kb_err mend(const char *path, kb_factory_has has, void *ctx, struct kb_report *why)
{
    char fresh[KB_FACTORY_TABLE_PATH + 8];
    enum kb_err err = KB_OK;
    FILE *from = fopen(path, "re"), *to = NULL;
    int fd;

    if (!from)
        return errno == ENOENT ? KB_OK : blame(path, why);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0)
        to = fdopen(fd, "w");
    if (!to)
        err = blame(fresh, why);
    else if (!copy_lines(from, to, has, ctx))
        err = blame(fresh, why);
    else
        err = replace(from, to, path, fresh, why);
    if (to)
        fclose(to);
    fclose(from);
    return err;
}

/* --- Opening --- */

static enum kb_err write_text(struct kb_factory_table *table, const struct text *text,
                              struct kb_report *why)
{
    table->start = lseek(table->fd, 0, SEEK_END);
    if (table->start < 0 || !kb_safe_write(table->fd, text->data, text->len) ||
        fdatasync(table->fd) != 0)
        return blame(table->path, why);
    return KB_OK;
}

/* A table with other columns would take lines that nobody can read. */
static enum kb_err check_names(const struct kb_factory_table *table, const struct text *names,
                               struct kb_report *why)
{
    char found[sizeof names->data];
    ssize_t len = pread(table->fd, found, names->len, 0);

    if (len < 0)
        return blame(table->path, why);
    if ((size_t)len == names->len && !memcmp(found, names->data, names->len))
        return KB_OK;
    return kb_report(why, KB_ERR_EXISTS, "%s: has other columns than this plan's cards need",
                     table->path);
}

static enum kb_err open_table(struct kb_factory_table *table, const struct text *names,
                              kb_factory_has has, void *ctx, struct kb_report *why)
{
    enum kb_err err = mend(table->path, has, ctx, why);

    if (err)
        return err;
    table->fd = open(table->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (table->fd < 0)
        return blame(table->path, why);
    if (lseek(table->fd, 0, SEEK_END) > 0)
        return check_names(table, names, why);
    return write_text(table, names, why);
}

/* The ICCID is the first column of both tables; a plan's own column of that name is the same. */
static bool is_column(const struct kb_plan_made_item *made)
{
    return made->column[0] && strcmp(made->column, "iccid") != 0;
}

static void name_columns(struct text *text, const struct kb_plan *plan)
{
    add(text, "iccid");
    for (size_t i = 0; i < plan->made_count; i++) {
        if (!is_column(&plan->made[i]))
            continue;
        add(text, ",");
        add(text, plan->made[i].column);
    }
    if (plan->air.has_credential)
        add(text, ",number,credential");
    add(text, "\n");
}

enum kb_err kb_factory_tables_open(struct kb_factory_tables *tables, const struct kb_plan *plan,
                                   const char *dir, kb_factory_has has, void *ctx,
                                   struct kb_report *why)
{
    struct text names = {.len = 0};
    enum kb_err err;

    *tables = (struct kb_factory_tables){.plan = plan};
    tables->handover.fd = tables->bootstrap.fd = -1;
    snprintf(tables->handover.path, KB_FACTORY_TABLE_PATH, "%s/handover.csv", dir);
    snprintf(tables->bootstrap.path, KB_FACTORY_TABLE_PATH, "%s/bootstrap.csv", dir);
    add(&names, "iccid,field,perso_code\n");
    err = open_table(&tables->handover, &names, has, ctx, why);
    names.len = 0;
    name_columns(&names, plan);
    if (!err)
        err = open_table(&tables->bootstrap, &names, has, ctx, why);
    if (err)
        kb_factory_tables_close(tables);
    return err;
}

void kb_factory_tables_close(struct kb_factory_tables *tables)
{
    if (tables->handover.fd >= 0)
        close(tables->handover.fd);
    if (tables->bootstrap.fd >= 0)
        close(tables->bootstrap.fd);
    tables->handover.fd = tables->bootstrap.fd = -1;
}

/* --- Lines --- */

static void put_handover(struct text *text, const struct kb_plan *plan,
                         const struct kb_fresh *fresh)
{
    for (size_t i = 0; i < plan->field_count; i++) {
        if (plan->fields[i].is_made)
            continue;
        add(text, fresh->iccid);
        add(text, ",");
        add(text, plan->fields[i].name);
        add(text, ",");
        add_hex(text, fresh->code[i], KB_PERSO_CODE);
        add(text, "\n");
    }
}

static void put_credential(struct text *text, const struct kb_ca_row *credential)
{
    char number[32];

    snprintf(number, sizeof number, ",%" PRIu64 ",", credential->serial);
    add(text, number);
    add_hex(text, credential->token, credential->token_len);
}

static void put_bootstrap(struct text *text, const struct kb_plan *plan,
                          const struct kb_fresh *fresh, const struct kb_ca_row *credential)
{
    add(text, fresh->iccid);
    for (size_t i = 0; i < plan->made_count; i++) {
        char value[KB_FRESH_VALUE + 1] = "";

        if (!is_column(&plan->made[i]))
            continue;
        add(text, ",");
        memcpy(value, fresh->made[i].value, fresh->made[i].len);
        if (kb_fresh_is_bytes(&plan->made[i]))
            add_hex(text, fresh->made[i].value, fresh->made[i].len);
        else
            add(text, value);
        kb_wipe(value, sizeof value);
    }
    if (plan->air.has_credential)
        put_credential(text, credential);
    add(text, "\n");
}

enum kb_err kb_factory_tables_add(struct kb_factory_tables *tables, const struct kb_fresh *fresh,
                                  const struct kb_ca_row *credential, struct kb_report *why)
{
    struct text text = {.len = 0};
    enum kb_err err;

    put_handover(&text, tables->plan, fresh);
    err = write_text(&tables->handover, &text, why);
    kb_wipe(&text, sizeof text);
    if (err)
        return err;
    put_bootstrap(&text, tables->plan, fresh, credential);
    err = write_text(&tables->bootstrap, &text, why);
    kb_wipe(&text, sizeof text);
    return err;
}

static enum kb_err cut(struct kb_factory_table *table, struct kb_report *why)
{
    return ftruncate(table->fd, table->start) ? blame(table->path, why) : KB_OK;
}

enum kb_err kb_factory_tables_undo(struct kb_factory_tables *tables, struct kb_report *why)
{
    enum kb_err err = cut(&tables->handover, why);

    return err ? err : cut(&tables->bootstrap, why);
}
