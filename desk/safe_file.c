/* SPDX-License-Identifier: Apache-2.0 */
/* New files that may hold secrets. */

#include "desk/safe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"

enum { BUFFER = 65536 };

static enum kb_err blame(const char *path, struct kb_report *why)
{
    return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
}

bool kb_safe_write(int fd, const void *data, size_t len)
{
    const char *next = data;

    while (len > 0) {
        ssize_t written = write(fd, next, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        next += written;
        len -= (size_t)written;
    }
    return true;
}

static int open_fresh(struct kb_safe_file *file)
{
    if (file->is_standard)
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    return mkostemp(file->fresh, O_CLOEXEC);
}

enum kb_err kb_safe_file_open(struct kb_safe_file *file, const char *path, struct kb_report *why)
{
    int fd;

    *file = (struct kb_safe_file){0};
    if (strlen(path) >= sizeof file->path)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: the name is too long", path);
    snprintf(file->path, sizeof file->path, "%s", path);
    snprintf(file->fresh, sizeof file->fresh, "%s.XXXXXX", path);
    file->is_standard = strcmp(path, KB_SAFE_FILE_STANDARD) == 0;
    file->buffer = malloc(BUFFER);
    fd = file->buffer ? open_fresh(file) : -1;
    if (fd >= 0)
        file->out = fdopen(fd, "w");
    if (!file->out) {
        blame(path, why);
        if (fd >= 0)
            close(fd);
        free(file->buffer);
        return KB_ERR_IO;
    }
    setvbuf(file->out, file->buffer, _IOFBF, BUFFER);
    return KB_OK;
}

static bool close_file(struct kb_safe_file *file)
{
    bool is_whole = !fflush(file->out) && !ferror(file->out);

    if (!file->is_standard)
        is_whole = is_whole && !fsync(fileno(file->out));
    is_whole = !fclose(file->out) && is_whole;
    kb_wipe(file->buffer, BUFFER);
    free(file->buffer);
    file->out = NULL;
    return is_whole;
}

enum kb_err kb_safe_file_keep(struct kb_safe_file *file, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    if (!close_file(file) || (!file->is_standard && rename(file->fresh, file->path)))
        err = blame(file->path, why);
    if (err && !file->is_standard)
        unlink(file->fresh);
    return err;
}

void kb_safe_file_drop(struct kb_safe_file *file)
{
    if (!file->out)
        return;
    close_file(file);
    if (!file->is_standard)
        unlink(file->fresh);
}
