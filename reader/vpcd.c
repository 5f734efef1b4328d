/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/vpcd.h"

#include "crypto/secret.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* pcscd looks at its readers every 400 ms. A card put in sooner after another one may be taken for
 * it, and stay unusable. */
enum { GAP_MS = 450, RETRY_MS = 100, LENGTH_SIZE = 2 };

enum control { POWER_OFF = 0x00, POWER_ON = 0x01, RESET = 0x02, GET_ATR = 0x04 };

void kb_vpcd_init(struct kb_vpcd *vpcd)
{
    memset(vpcd, 0, sizeof(*vpcd));
    vpcd->fd = -1;
}

void kb_vpcd_stop(struct kb_vpcd *vpcd)
{
    int fd = vpcd->fd;

    vpcd->is_stopped = 1;
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR); /* wakes a waiting recv; safe in a signal handler */
}

/* Divides "HOST:PORT", the host perhaps in brackets. */
static enum kb_err split_address(const char *address, char host[256], const char **port,
                                 struct kb_report *why)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;

    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (!colon || len == 0 || len > 255 || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
        return kb_report(why, KB_ERR_USAGE, "%s: an address is written HOST:PORT", address);
    memcpy(host, address, len);
    host[len] = '\0';
    *port = colon + 1;
    return KB_OK;
}

static int connect_once(const struct addrinfo *found)
{
    int last = ECONNREFUSED;

    for (; found; found = found->ai_next) {
        int on = 1;
        int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);

        if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            return fd;
        }
        last = errno;
        if (fd >= 0)
            close(fd);
    }
    errno = last;
    return -1;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ends early when stopped: the signal interrupts it. */
static void wait_ms(int64_t duration)
{
    const struct timespec pause = {duration / 1000, duration % 1000 * 1000000};

    if (duration > 0)
        nanosleep(&pause, NULL);
}

static enum kb_err connect_until(struct kb_vpcd *vpcd, const struct addrinfo *found,
                                 const char *address, int timeout_ms, struct kb_report *why)
{
    int64_t deadline = now_ms() + timeout_ms;

    if (vpcd->left_at)
        wait_ms(vpcd->left_at + GAP_MS - now_ms());
    while (!vpcd->is_stopped) {
        int fd = connect_once(found);

        if (fd >= 0) {
            vpcd->fd = fd;
            break;
        }
        if (now_ms() >= deadline)
            return kb_report(why, KB_ERR_READER, "no virtual reader at %s: %s", address,
                             strerror(errno));
        wait_ms(RETRY_MS);
    }
    return KB_OK;
}

enum kb_err kb_vpcd_connect(struct kb_vpcd *vpcd, const char *address, int timeout_ms,
                            struct kb_report *why)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char host[256];
    const char *port = NULL;
    enum kb_err err = split_address(address, host, &port, why);
    int failure;

    if (err)
        return err;
    failure = getaddrinfo(host, port, &wanted, &found);
    if (failure)
        return kb_report(why, KB_ERR_READER, "%s: %s", address, gai_strerror(failure));
    vpcd->start = vpcd->end = 0;
    err = connect_until(vpcd, found, address, timeout_ms, why);
    freeaddrinfo(found);
    return err;
}

bool kb_vpcd_is_asked(const struct kb_vpcd *vpcd, int timeout_ms)
{
    struct pollfd wait = {.fd = vpcd->fd, .events = POLLIN};
    int ready;

    if (vpcd->fd < 0) /* stopped before it was connected */
        return false;
    do
        ready = poll(&wait, 1, timeout_ms);
    while (ready < 0 && errno == EINTR && !vpcd->is_stopped);
    return ready > 0 && !vpcd->is_stopped;
}

/* Receives until at least len bytes wait. false: the connection is over. */
static bool receive(struct kb_vpcd *vpcd, size_t len)
{
    if (vpcd->start == vpcd->end) {
        vpcd->start = vpcd->end = 0;
    } else if (vpcd->start > 0 && vpcd->start + len > sizeof(vpcd->received)) {
        memmove(vpcd->received, vpcd->received + vpcd->start, vpcd->end - vpcd->start);
        vpcd->end -= vpcd->start;
        vpcd->start = 0;
    }
    while (vpcd->end - vpcd->start < len) {
        int on = 1;
        ssize_t got;

        /* vpcd writes length and body apart; without an acknowledgement at once the second write
         * would wait for a delayed one. The kernel forgets the option after each use. */
        setsockopt(vpcd->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
        got = recv(vpcd->fd, vpcd->received + vpcd->end, sizeof(vpcd->received) - vpcd->end, 0);
        if (got < 0 && errno == EINTR && !vpcd->is_stopped)
            continue;
        if (got <= 0)
            return false;
        vpcd->end += (size_t)got;
    }
    return true;
}

static bool next_message(struct kb_vpcd *vpcd, struct kb_span *message)
{
    struct kb_cursor rd;
    size_t len;

    if (!receive(vpcd, LENGTH_SIZE))
        return false;
    rd = kb_rd(kb_span(vpcd->received + vpcd->start, LENGTH_SIZE));
    len = kb_rd_u16(&rd);
    if (!receive(vpcd, LENGTH_SIZE + len))
        return false;
    *message = kb_span(vpcd->received + vpcd->start + LENGTH_SIZE, len);
    vpcd->start += LENGTH_SIZE + len;
    return true;
}

/* Sends a message whose body lies behind two free bytes. */
static bool send_message(const struct kb_vpcd *vpcd, uint8_t *message, size_t len)
{
    struct kb_writer wr = kb_wr(message, LENGTH_SIZE);
    size_t sent = 0;

    kb_wr_u16(&wr, (uint16_t)len);
    while (sent < LENGTH_SIZE + len) {
        ssize_t got = send(vpcd->fd, message + sent, LENGTH_SIZE + len - sent, MSG_NOSIGNAL);

        if (got < 0 && errno == EINTR && !vpcd->is_stopped)
            continue;
        if (got <= 0)
            return false;
        sent += (size_t)got;
    }
    return true;
}

/* The card in the reader. */
struct session {
    struct kb_vpcd *vpcd;
    struct kb_card *card;
    const struct kb_card_port *port;
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;
    bool is_powered;
    bool is_used; /* since it was powered on */
    bool is_over;
    enum kb_err err;
};

static void power_on(struct session *session)
{
    session->err = kb_card_power_up(session->card, session->port, session->atr, &session->atr_len);
    session->is_powered = !session->err;
    session->is_used = false;
}

static void power_off(struct session *session)
{
    session->is_powered = false;
    kb_wipe(session->card, sizeof(*session->card));
}

static void reset(struct session *session)
{
    if (session->is_powered)
        session->err = kb_card_reset(session->card, session->atr, &session->atr_len);
    else
        power_on(session);
}

/* The reader asks for it also while the card has no power, to see whether one is there. */
static void get_atr(struct session *session)
{
    uint8_t message[LENGTH_SIZE + KB_ATR_MAX];

    memcpy(message + LENGTH_SIZE, session->atr, session->atr_len);
    session->is_over = !send_message(session->vpcd, message, session->atr_len);
}

static const struct {
    uint8_t byte;
    void (*run)(struct session *session);
} controls[] = {{POWER_OFF, power_off}, {POWER_ON, power_on}, {RESET, reset}, {GET_ATR, get_atr}};

/* A card without power cannot answer, but a reader that gets nothing would wait for ever. */
static struct kb_span answer_without_power(void)
{
    static const uint8_t sw[] = {KB_SW_NO_PRECISE_DIAGNOSIS >> 8,
                                 KB_SW_NO_PRECISE_DIAGNOSIS & 0xFF};

    return kb_span(sw, sizeof(sw));
}

static void answer_command(struct session *session, struct kb_span command)
{
    uint8_t message[LENGTH_SIZE + KB_RESPONSE_MAX];
    struct kb_span answer =
        session->is_powered ? kb_card_transmit(session->card, command) : answer_without_power();

    session->is_used = session->is_powered;
    session->vpcd->commands++;
    memcpy(message + LENGTH_SIZE, answer.data, answer.len);
    session->is_over = !send_message(session->vpcd, message, answer.len);
    kb_wipe(message, LENGTH_SIZE + answer.len);
}

static void handle(struct session *session, struct kb_span message)
{
    for (size_t i = 0; message.len == 1 && i < sizeof(controls) / sizeof(controls[0]); i++)
        if (controls[i].byte == message.data[0]) {
            controls[i].run(session);
            return;
        }
    answer_command(session, message);
}

static enum kb_vpcd_end serve_until_over(struct session *session, bool is_once)
{
    struct kb_vpcd *vpcd = session->vpcd;
    struct kb_span message;

    while (!session->is_over && !session->err && next_message(vpcd, &message)) {
        handle(session, message);
        if (is_once && session->is_used && !session->is_powered)
            return KB_VPCD_TAKEN_OUT;
    }
    return vpcd->is_stopped ? KB_VPCD_STOPPED : KB_VPCD_CLOSED;
}

static void disconnect(struct kb_vpcd *vpcd)
{
    int fd = vpcd->fd;

    vpcd->fd = -1; /* first: a signal must not reach a descriptor that is somebody else's */
    if (fd >= 0)
        close(fd);
    vpcd->left_at = now_ms();
    kb_wipe(vpcd->received, sizeof(vpcd->received));
}

enum kb_err kb_vpcd_serve(struct kb_vpcd *vpcd, struct kb_card_file *file, bool is_once,
                          enum kb_vpcd_end *end, struct kb_report *why)
{
    struct session session = {
        .vpcd = vpcd, .card = kb_card_file_card(file), .port = kb_card_file_port(file)};

    vpcd->commands = 0;
    *end = KB_VPCD_STOPPED;
    power_on(&session); /* to learn its answer to reset; the reader powers it on itself */
    if (!session.err) {
        power_off(&session);
        *end = serve_until_over(&session, is_once);
    }
    power_off(&session);
    disconnect(vpcd);
    if (session.err)
        return kb_report(why, session.err, "the card does not come up: %s",
                         kb_err_text(session.err));
    return KB_OK;
}
