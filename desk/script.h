/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remote management from a desk (docs/ota.md): a script in words or hexadecimal becomes secured
 * packets, these become short messages, and a card in a reader gets them as a phone would hand them
 * over; what it answers is opened and read. Keys are in a file of their own.
 */
#ifndef KB_DESK_SCRIPT_H
#define KB_DESK_SCRIPT_H

#include "card/ota/secured.h"
#include "reader/reader.h"
#include "wire/remote.h"

enum {
    KB_SCRIPT_COMMANDS = 200,
    KB_SCRIPT_ANSWER = 2048, /* bytes of additional response data */
    KB_SCRIPT_PACKET = 4096
};

/* --- script_words.c: what a card shall do --- */

struct kb_script_command {
    unsigned line; /* where it stands in its file */
    uint8_t bytes[KB_APDU_SHORT_MAX];
    size_t len;
};

struct kb_script {
    size_t count;
    struct kb_script_command commands[KB_SCRIPT_COMMANDS];
};

/* One line: an APDU in hexadecimal, or a word and what belongs to it. A blank line and a comment
 * (#) add nothing. KB_ERR_MALFORMED, KB_ERR_RANGE with words, which never repeat the line: it may
 * bear a PIN. */
enum kb_err kb_script_add(struct kb_script *script, unsigned line, struct kb_span text,
                          struct kb_report *why);

/* The word that stands at n, and what belongs to it; NULL past the last. */
const char *kb_script_word(size_t n, const char **needs);

/* The script as it goes into a packet. KB_ERR_TOO_LONG. */
enum kb_err kb_script_write(const struct kb_script *script, enum kb_remote_format format,
                            struct kb_writer *wr, struct kb_report *why);

/* --- script_keys.c: key files and counters --- */

/* A JSON object: number (1 .. 15), algorithm ("aes" or "triple-des"), kic and kid in hexadecimal,
 * and maybe cc, bytes of a CC (4 or 8). The caller wipes. */
enum kb_err kb_script_keys(const char *path, struct kb_ota_keys *keys, struct kb_report *why);

/* The next counter of these keys, kept in PATH.counter: when this returns it is safe there, so no
 * two packets bear the same. Several processes may ask at once. */
enum kb_err kb_script_counter(const char *path, uint64_t *counter, struct kb_report *why);

/* --- script_send.c --- */

struct kb_script_order {
    struct kb_reader *reader; /* powered up */
    const struct kb_ota_keys *keys;
    uint8_t spi[2], tar[KB_TAR_SIZE];
    uint64_t counter;
};

struct kb_script_receipt {
    unsigned messages; /* short messages that went to the card */
    bool is_there;     /* a proof of receipt that belongs to the packet */
    enum kb_packet_status status;
    size_t len;
    uint8_t data[KB_SCRIPT_ANSWER];
};

/* Tells the card that there is a terminal, hands it the script, and takes the proof of receipt,
 * however it comes; other things that the card asks for are put off. KB_ERR_USAGE: an SPI that
 * makes no sense, or keys that do; KB_ERR_TOO_LONG; KB_ERR_CARD; errors of the reader. */
enum kb_err kb_script_send(const struct kb_script_order *order, struct kb_span script,
                           struct kb_script_receipt *receipt, struct kb_report *why);

/* What a status of a proof of receipt means; never NULL. */
const char *kb_script_status_text(enum kb_packet_status status);

#endif
