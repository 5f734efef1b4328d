/* SPDX-License-Identifier: Apache-2.0 */
/* Readers behind PC/SC. Each has a context of its own, so that each may be used by its own thread.
 */
#include "reader/reader.h"

#include "crypto/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

enum { SETTLE_MS = 1500, SETTLE_STEP_MS = 100 };

struct pcsc {
    struct kb_reader reader; /* first: a kb_reader of ours is a pcsc */
    SCARDCONTEXT context;
    SCARDHANDLE card;
    bool is_connected;
    DWORD protocol;
    DWORD changes; /* the service's count of cards put in and taken out, when ours was seen */
};

/* What the service says, in our errors and in words that tell what to do. */
static const struct {
    LONG code;
    enum kb_err err;
    const char *text;
} answers[] = {
    {SCARD_E_NO_SMARTCARD, KB_ERR_NO_CARD, "no card in the reader"},
    {SCARD_W_REMOVED_CARD, KB_ERR_NO_CARD, "the card was pulled out"},
    {SCARD_W_UNPOWERED_CARD, KB_ERR_NO_CARD, "the card has no power"},
    {SCARD_W_UNRESPONSIVE_CARD, KB_ERR_NO_CARD,
     "the card does not answer to reset; is it the right way round?"},
    {SCARD_W_UNSUPPORTED_CARD, KB_ERR_NO_CARD, "the reader cannot speak to this card"},
    {SCARD_E_NOT_TRANSACTED, KB_ERR_NO_CARD, "the card stopped answering; was it pulled out?"},
    {SCARD_E_PROTO_MISMATCH, KB_ERR_NO_CARD, "the card speaks neither T=0 nor T=1"},
    {SCARD_W_RESET_CARD, KB_ERR_READER, "another program reset the card"},
    {SCARD_E_SHARING_VIOLATION, KB_ERR_READER, "another program is using the card"},
    {SCARD_E_UNKNOWN_READER, KB_ERR_READER, "the reader is gone"},
    {SCARD_E_READER_UNAVAILABLE, KB_ERR_READER, "the reader is gone"},
    {SCARD_E_NO_READERS_AVAILABLE, KB_ERR_READER, "no PC/SC reader is connected"},
    {SCARD_E_INVALID_HANDLE, KB_ERR_READER,
     "the PC/SC service has forgotten us; was it restarted?"},
    {SCARD_F_COMM_ERROR, KB_ERR_READER, "the PC/SC service ended"},
    {SCARD_E_SERVICE_STOPPED, KB_ERR_READER, "the PC/SC service ended"},
    {SCARD_E_NO_SERVICE, KB_ERR_READER, "the PC/SC service (pcscd) is not running"},
    {SCARD_E_NO_ACCESS, KB_ERR_READER, "this user may not use the PC/SC service"},
    {SCARD_W_SECURITY_VIOLATION, KB_ERR_READER, "this user may not use the PC/SC service"},
    {SCARD_E_INSUFFICIENT_BUFFER, KB_ERR_TOO_LONG, "the card's answer is longer than any allowed"},
    {SCARD_E_TIMEOUT, KB_ERR_TIMEOUT, "nothing happened in time"},
    {SCARD_E_NO_MEMORY, KB_ERR_MEMORY, "out of memory"},
};

static enum kb_err explain(LONG code, const char *name, struct kb_report *why)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        if (answers[i].code == code)
            return kb_report(why, answers[i].err, "%s: %s", name, answers[i].text);
    return kb_report(why, KB_ERR_READER, "%s: %s", name, pcsc_stringify_error(code));
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static DWORD time_left(int timeout_ms, int64_t deadline)
{
    int64_t left = deadline - now_ms();

    if (timeout_ms < 0)
        return INFINITE;
    return left > 0 ? (DWORD)left : 0;
}

/* A card taken out and another put in while nobody looked counts as gone. */
static bool is_as_wanted(const struct pcsc *pcsc, DWORD event, bool present)
{
    bool is_present = event & SCARD_STATE_PRESENT;

    return present ? is_present : !is_present || event >> 16 != pcsc->changes;
}

static enum kb_err pcsc_wait(struct kb_reader *reader, bool present, int timeout_ms,
                             struct kb_report *why)
{
    struct pcsc *pcsc = (struct pcsc *)reader;
    SCARD_READERSTATE state = {.szReader = reader->name, .dwCurrentState = SCARD_STATE_UNAWARE};
    int64_t deadline = now_ms() + timeout_ms;

    for (;;) {
        LONG code = SCardGetStatusChange(pcsc->context, time_left(timeout_ms, deadline), &state, 1);

        if (code == SCARD_E_TIMEOUT)
            return kb_report(why, KB_ERR_TIMEOUT,
                             present ? "%s: no card was put in" : "%s: the card was not taken out",
                             reader->name);
        if (code != SCARD_S_SUCCESS)
            return explain(code, reader->name, why);
        if (state.dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE))
            return explain(SCARD_E_READER_UNAVAILABLE, reader->name, why);
        if (is_as_wanted(pcsc, state.dwEventState, present)) {
            pcsc->changes = state.dwEventState >> 16;
            return KB_OK;
        }
        state.dwCurrentState = state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
    }
}

static void pcsc_power_down(struct kb_reader *reader)
{
    struct pcsc *pcsc = (struct pcsc *)reader;

    if (pcsc->is_connected)
        SCardDisconnect(pcsc->card, SCARD_UNPOWER_CARD);
    pcsc->is_connected = false;
}

static LONG connect_card(struct pcsc *pcsc)
{
    LONG code;

    if (pcsc->is_connected) {
        code = SCardReconnect(pcsc->card, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_ANY,
                              SCARD_RESET_CARD, &pcsc->protocol);
        if (code == SCARD_S_SUCCESS)
            return code;
        pcsc_power_down(&pcsc->reader); /* perhaps another card lies there now */
    }
    code = SCardConnect(pcsc->context, pcsc->reader.name, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_ANY,
                        &pcsc->card, &pcsc->protocol);
    if (code != SCARD_S_SUCCESS)
        return code;
    pcsc->is_connected = true;
    /* The card may be powered since somebody else used it: forget what they did. */
    return SCardReconnect(pcsc->card, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_ANY, SCARD_RESET_CARD,
                          &pcsc->protocol);
}

/* The service looks at a reader a few times a second. A card changed in between is not yet known to
 * it, and the old one gets no power: try again until it has seen the new one. */
static LONG connect_settled(struct pcsc *pcsc)
{
    int64_t deadline = now_ms() + SETTLE_MS;

    for (;;) {
        LONG code = connect_card(pcsc);

        if ((code != SCARD_W_UNPOWERED_CARD && code != SCARD_W_REMOVED_CARD) ||
            now_ms() >= deadline)
            return code;
        pcsc_power_down(&pcsc->reader);
        if (pcsc_wait(&pcsc->reader, false, SETTLE_STEP_MS, NULL) == KB_OK)
            pcsc_wait(&pcsc->reader, true, (int)time_left(SETTLE_MS, deadline), NULL);
    }
}

static enum kb_err pcsc_power_up(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                                 struct kb_report *why)
{
    struct pcsc *pcsc = (struct pcsc *)reader;
    uint8_t found[MAX_ATR_SIZE];
    DWORD len = sizeof(found);
    LONG code = connect_settled(pcsc);

    if (code == SCARD_S_SUCCESS)
        code = SCardStatus(pcsc->card, NULL, NULL, NULL, NULL, found, &len);
    if (code != SCARD_S_SUCCESS)
        return explain(code, reader->name, why);
    memcpy(atr, found, len);
    *atr_len = len;
    return KB_OK;
}

/* T=0 has a fifth byte in every command, and no room for Le behind data (ISO/IEC 7816-3
 * clause 12.2): the card offers the answer of such a command by 61XX. */
static void shape_for_t0(struct kb_span cmd, struct kb_writer *wr)
{
    size_t lc = cmd.len > 5 ? cmd.data[4] : 0;

    if (cmd.len == 4)
        kb_wr_u8(wr, 0);
    else if (lc && cmd.len == 5 + lc + 1)
        wr->len--;
}

static enum kb_err pcsc_transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp,
                                 size_t *len, struct kb_report *why)
{
    struct pcsc *pcsc = (struct pcsc *)reader;
    bool is_t0 = pcsc->protocol == SCARD_PROTOCOL_T0;
    uint8_t bytes[KB_APDU_SHORT_MAX + KB_RESPONSE_DATA_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    DWORD got = KB_RESPONSE_MAX;
    LONG code;

    if (!pcsc->is_connected)
        return explain(SCARD_W_UNPOWERED_CARD, reader->name, why);
    kb_wr_copy(&wr, cmd.data, cmd.len);
    if (wr.is_bad)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: the command is too long", reader->name);
    if (is_t0)
        shape_for_t0(cmd, &wr);
    code = SCardTransmit(pcsc->card, is_t0 ? SCARD_PCI_T0 : SCARD_PCI_T1, wr.data, (DWORD)wr.len,
                         NULL, rsp, &got);
    kb_wipe(bytes, sizeof(bytes));
    /* Who was let in stays in: a service that dies under a command is reported like that at times.
     */
    if (code == SCARD_E_NO_ACCESS || code == SCARD_W_SECURITY_VIOLATION)
        code = SCARD_E_SERVICE_STOPPED;
    if (code != SCARD_S_SUCCESS)
        return explain(code, reader->name, why);
    *len = got;
    return KB_OK;
}

static void pcsc_close(struct kb_reader *reader)
{
    struct pcsc *pcsc = (struct pcsc *)reader;

    pcsc_power_down(reader);
    SCardReleaseContext(pcsc->context);
    free(pcsc);
}

static const struct kb_reader_ops pcsc_ops = {pcsc_wait, pcsc_power_up, pcsc_transmit,
                                              pcsc_power_down, pcsc_close};

/* The names of all readers, one after the other, each with its zero, an empty one last. The caller
 * frees them. */
static enum kb_err list_names(SCARDCONTEXT context, char **names, struct kb_report *why)
{
    DWORD len = 0;
    LONG code = SCardListReaders(context, NULL, NULL, &len);

    *names = NULL;
    if (code == SCARD_S_SUCCESS) {
        *names = calloc(1, len + 1);
        if (!*names)
            return kb_report(why, KB_ERR_MEMORY, "out of memory");
        code = SCardListReaders(context, NULL, *names, &len);
    }
    if (code == SCARD_E_NO_READERS_AVAILABLE) {
        free(*names);
        *names = calloc(1, 1);
        return *names ? KB_OK : kb_report(why, KB_ERR_MEMORY, "out of memory");
    }
    if (code == SCARD_S_SUCCESS)
        return KB_OK;
    free(*names);
    *names = NULL;
    return explain(code, "PC/SC", why);
}

/* The one name that is wanted or has wanted in it; an exact match wins. */
static enum kb_err choose(const char *names, const char *wanted, const char **chosen,
                          struct kb_report *why)
{
    size_t found = 0;

    *chosen = NULL;
    for (const char *name = names; *name; name += strlen(name) + 1) {
        if (strcmp(name, wanted) == 0) {
            *chosen = name;
            return KB_OK;
        }
        if (strstr(name, wanted)) {
            *chosen = name;
            found++;
        }
    }
    if (found == 1)
        return KB_OK;
    if (!*names)
        return kb_report(why, KB_ERR_READER, "%s: no PC/SC reader is connected", wanted);
    if (found == 0)
        return kb_report(why, KB_ERR_READER, "%s: no PC/SC reader has this name; there is \"%s\"",
                         wanted, names);
    return kb_report(why, KB_ERR_USAGE, "%s: %zu PC/SC readers have this in their name, as \"%s\"",
                     wanted, found, *chosen);
}

static enum kb_err open_chosen(struct pcsc *pcsc, const char *wanted, struct kb_report *why)
{
    const char *chosen = NULL;
    char *names;
    enum kb_err err = list_names(pcsc->context, &names, why);

    if (names)
        err = choose(names, wanted, &chosen, why);
    if (!err && chosen)
        snprintf(pcsc->reader.name, sizeof(pcsc->reader.name), "%s", chosen);
    free(names);
    return err;
}

enum kb_err kb_reader_open_pcsc(const char *name, struct kb_reader **reader, struct kb_report *why)
{
    struct pcsc *pcsc = calloc(1, sizeof(*pcsc));
    enum kb_err err;
    LONG code;

    *reader = NULL;
    if (!pcsc)
        return kb_report(why, KB_ERR_MEMORY, "%s: out of memory", name);
    pcsc->reader.ops = &pcsc_ops;
    code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &pcsc->context);
    if (code != SCARD_S_SUCCESS) {
        free(pcsc);
        return explain(code, name, why);
    }
    err = open_chosen(pcsc, name, why);
    if (err)
        pcsc_close(&pcsc->reader);
    else
        *reader = &pcsc->reader;
    return err;
}

enum kb_err kb_reader_list_pcsc(void (*seen)(void *ctx, const char *name), void *ctx,
                                struct kb_report *why)
{
    SCARDCONTEXT context;
    char *names;
    enum kb_err err;
    LONG code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);

    if (code != SCARD_S_SUCCESS)
        return explain(code, "PC/SC", why);
    err = list_names(context, &names, why);
    for (const char *name = names; name && *name; name += strlen(name) + 1)
        seen(ctx, name);
    free(names);
    SCardReleaseContext(context);
    return err;
}
