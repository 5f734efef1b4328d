/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn eap serve: a datagram socket in front of the vectors. */
#include "cli/verb_eap.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/secret.h"

static const char *const results[KB_EAP_DB_RESULTS] = {
    [KB_EAP_DB_TRIPLES] = "triplets",
    [KB_EAP_DB_VECTOR] = "vector",
    [KB_EAP_DB_RESYNC] = "sequence number set to the card's",
    [KB_EAP_DB_REFUSED] = "resynchronisation refused",
    [KB_EAP_DB_FAILURE] = "failure",
};

/* --- The store, watched --- */

static enum kb_err watch(struct kb_eap_server *server, enum kb_err err)
{
    if (err && err != KB_ERR_ABSENT)
        server->failed = err;
    return err;
}

static enum kb_err find(void *context, struct kb_span imsi, struct kb_eap_subscriber *subscriber)
{
    struct kb_eap_server *server = context;

    return watch(server, kb_subscribers_find(server->subscribers, imsi, subscriber));
}

static enum kb_err keep_seq(void *context, struct kb_span imsi, uint64_t seq)
{
    struct kb_eap_server *server = context;

    return watch(server, kb_subscribers_keep_seq(server->subscribers, imsi, seq));
}

/* --- The socket --- */

static enum kb_err blame(const struct kb_eap_server *server, enum kb_err err, struct kb_report *why)
{
    return kb_report(why, err, "%s: %s", server->path, strerror(errno));
}

/* Takes away what a server left that was killed; one that answers, or another file, stays. */
static enum kb_err make_room(const struct kb_eap_server *server, const struct sockaddr_un *name,
                             struct kb_report *why)
{
    struct stat status;
    bool is_served;
    int probe;

    if (lstat(server->path, &status))
        return KB_OK;
    probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return blame(server, KB_ERR_IO, why);
    is_served = connect(probe, (const struct sockaddr *)name, sizeof(*name)) == 0;
    close(probe);
    if (!S_ISSOCK(status.st_mode) || is_served)
        return kb_report(why, KB_ERR_EXISTS, "%s: %s", server->path,
                         is_served ? "another server answers there" : "is there, and no socket");
    unlink(server->path);
    return KB_OK;
}

static enum kb_err open_socket(const struct kb_eap_server *server, int *fd, struct kb_report *why)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t len = strlen(server->path);
    enum kb_err err;

    if (len == 0 || len >= sizeof(name.sun_path))
        return kb_report(why, KB_ERR_USAGE, "--socket: a name has 1 to %zu characters",
                         sizeof(name.sun_path) - 1);
    memcpy(name.sun_path, server->path, len);
    err = make_room(server, &name, why);
    if (err)
        return err;
    *fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return blame(server, KB_ERR_IO, why);
    if (bind(*fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
        return KB_OK;
    err = blame(server, KB_ERR_IO, why);
    close(*fd);
    return err;
}

/* --- Questions --- */

static void tell(const struct kb_cli *cli, struct kb_span imsi, enum kb_eap_db_result result)
{
    if (!imsi.len)
        return;
    kb_cli_say(cli, "%.*s: %s", (int)imsi.len, (const char *)imsi.data, results[result]);
    fflush(stdout);
}

/* One datagram. Who asks without a name of its own gets no answer; who does not read does not hold
 * others up. */
static void answer_one(const struct kb_cli *cli, struct kb_eap_server *server, int fd)
{
    const struct kb_eap_db db = {
        .crypto = &kb_crypto_openssl,
        .amf = {0x80, 0x00},
        .ind = server->ind,
        .find = find,
        .keep_seq = keep_seq,
        .context = server,
    };
    struct sockaddr_un peer;
    socklen_t peer_len = sizeof(peer);
    uint8_t asked[KB_EAP_DB_MAX], answered[KB_EAP_DB_MAX];
    struct kb_writer answer = kb_wr(answered, sizeof(answered));
    enum kb_eap_db_result result = KB_EAP_DB_IGNORED;
    struct kb_span imsi = {NULL, 0};
    ssize_t len = recvfrom(fd, asked, sizeof(asked), MSG_TRUNC | MSG_DONTWAIT,
                           (struct sockaddr *)&peer, &peer_len);

    if (len < 0)
        return;
    if ((size_t)len <= sizeof(asked))
        result = kb_eap_db_step(&db, kb_span(asked, (size_t)len), &answer, &imsi);
    if (answer.len && !server->failed)
        sendto(fd, answer.data, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&peer, peer_len);
    kb_wipe(answered, sizeof(answered));
    server->counts[result]++;
    tell(cli, imsi, result);
}

/* A signal comes while nothing else is done, or is seen before the next wait. */
static enum kb_err answer_all(const struct kb_cli *cli, struct kb_eap_server *server, int fd,
                              struct kb_report *why)
{
    const volatile sig_atomic_t *is_stopped = kb_cli_stop_flag();
    struct pollfd asked = {.fd = fd, .events = POLLIN};
    sigset_t blocked, waiting;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &waiting);
    while (!*is_stopped && !server->failed) {
        if (ppoll(&asked, 1, NULL, &waiting) > 0)
            answer_one(cli, server, fd);
    }
    sigprocmask(SIG_SETMASK, &waiting, NULL);
    return server->failed
               ? kb_report(why, server->failed, "the store: %s", kb_err_text(server->failed))
               : KB_OK;
}

enum kb_err kb_cli_eap_serve(const struct kb_cli *cli, struct kb_eap_server *server,
                             struct kb_report *why)
{
    int fd = -1;
    enum kb_err err = open_socket(server, &fd, why);

    if (err)
        return err;
    kb_cli_say(cli, "%s: answers", server->path);
    fflush(stdout);
    err = answer_all(cli, server, fd, why);
    unlink(server->path);
    close(fd);
    return err;
}
