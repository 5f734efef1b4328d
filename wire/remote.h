/* SPDX-License-Identifier: Apache-2.0 */
/* Remote APDU format (ETSI TS 102 226 clause 5): what secured packets bear to and from remote
 * management. A script is a row of commands, in the compact format (clause 5.1) one behind the
 * other, in the expanded one (clause 5.2) as TLVs inside a template of definite or indefinite
 * length. Both sides are here; nothing is run or allowed. */
#ifndef KB_WIRE_REMOTE_H
#define KB_WIRE_REMOTE_H

#include "wire/apdu.h"
#include "wire/cursor.h"
#include "wire/err.h"

enum kb_remote_format {
    KB_REMOTE_COMPACT,
    KB_REMOTE_DEFINITE,  /* AA and AB */
    KB_REMOTE_INDEFINITE /* AE 80 .. 00 00 and AF 80 .. 00 00 */
};

/* Tags inside of templates (TS 101 220 clause 7.2, tables 7.19 and 7.20). */
enum kb_remote_tag {
    KB_REMOTE_COMMAND = 0x22,
    KB_REMOTE_RESULT = 0x23,           /* answer data, SW */
    KB_REMOTE_COUNT = 0x80,            /* command TLVs executed */
    KB_REMOTE_IMMEDIATE_ACTION = 0x81, /* of a script and of an answer */
    KB_REMOTE_ERROR_ACTION = 0x82,
    KB_REMOTE_CHAINING = 0x83, /* of a script and of an answer */
    KB_REMOTE_BAD_FORMAT = 0x90
};

/* Values of KB_REMOTE_BAD_FORMAT, clause 5.2.2. */
enum kb_remote_bad {
    KB_REMOTE_IS_WELL,
    KB_REMOTE_UNKNOWN_TAG,
    KB_REMOTE_WRONG_LENGTH,
    KB_REMOTE_NO_LENGTH
};

/* Values of KB_REMOTE_CHAINING in a script, clause 5.2.1.4. */
enum kb_remote_chaining {
    KB_REMOTE_FIRST = 0x01, /* a reset ends the chain */
    KB_REMOTE_NEXT = 0x02,  /* and more follow */
    KB_REMOTE_LAST = 0x03,
    KB_REMOTE_FIRST_KEPT = 0x11, /* the chain outlives a reset */
};

/* Values of KB_REMOTE_CHAINING in an answer. */
enum kb_remote_chaining_error {
    KB_REMOTE_NO_PREVIOUS = 0x01,
    KB_REMOTE_NOT_CHAINED = 0x02, /* the application knows no chaining */
    KB_REMOTE_CANNOT_CHAIN = 0x03
};

enum {
    KB_REMOTE_SUSPENSION_ERROR = 0x01, /* value of KB_REMOTE_IMMEDIATE_ACTION in an answer */
    KB_REMOTE_SW_TRUNCATED = 0x62F1,   /* clauses 5.1.1 and 5.2.1.1 */
    KB_REMOTE_FRAME = 16               /* bytes of an answer without results, whatever its length */
};

/* --- Scripts --- */

struct kb_remote_script {
    enum kb_remote_format format;
    enum kb_remote_bad bad; /* why it ended early; compact scripts know no reason */
    struct kb_cursor rd;
};

struct kb_remote_item {
    enum kb_remote_tag tag;
    struct kb_span value; /* the command as it is written, or the value of another TLV */
    struct kb_apdu apdu;  /* KB_REMOTE_COMMAND: as parsed. All zero when it is no APDU. */
    bool is_apdu;
};

/* Tells the formats apart by the first byte (clause 5.3). */
void kb_remote_script_open(struct kb_remote_script *script, struct kb_span data);

/* The next item; false at the end, and where the script is malformed, which sets bad. A Le of 00
 * asks for all there is, and is ne 256 or 65536 here. */
bool kb_remote_script_next(struct kb_remote_script *script, struct kb_remote_item *out);

/* A script being written: begun, filled with commands and other items, ended with what begin
 * returned. Items other than commands make a compact one bad. */
size_t kb_remote_script_begin(struct kb_writer *wr, enum kb_remote_format format);
void kb_remote_script_end(struct kb_writer *wr, enum kb_remote_format format, size_t mark);
void kb_remote_script_put(struct kb_writer *wr, enum kb_remote_format format,
                          enum kb_remote_tag tag, uint8_t value);

/* In the compact format a command with data and Le is followed by GET RESPONSE, and must then be
 * the last (clause 5.1.1); extended lengths make the writer bad there. */
void kb_remote_script_put_command(struct kb_writer *wr, enum kb_remote_format format,
                                  const struct kb_apdu *command);

/* --- Answers --- */

/* An answer being written, of no more than limit bytes. In the compact format a result replaces the
 * one before it; so it does in one of definite length when nobody asked for that (clause 5.2.1.1).
 */
struct kb_remote_answer {
    enum kb_remote_format format;
    struct kb_writer *wr;
    size_t mark, at; /* where the answer begins, and its next result */
    size_t limit;
    uint16_t count; /* of what was executed: the caller's to raise */
};

/* limit: from KB_REMOTE_FRAME on. */
void kb_remote_answer_begin(struct kb_remote_answer *answer, enum kb_remote_format format,
                            struct kb_writer *wr, size_t limit);

/* Where the next result's data are written: all the room there is, without regard to the limit. */
struct kb_writer kb_remote_answer_open(struct kb_remote_answer *answer);

/* false: the answer is full, or has no room for another result, and the script ends here. Data that
 * are too long are cut, which the SW tells. */
bool kb_remote_answer_close(struct kb_remote_answer *answer, const struct kb_writer *data,
                            uint16_t sw, bool is_asked);

/* One of the tags that say why the script was not run to its end; nothing in the compact format. */
void kb_remote_answer_put(struct kb_remote_answer *answer, enum kb_remote_tag tag, uint8_t value);
void kb_remote_answer_end(struct kb_remote_answer *answer);

struct kb_remote_response {
    enum kb_remote_format format;
    bool has_count; /* not in an answer of indefinite length */
    unsigned count;
    struct kb_cursor rd;
};

struct kb_remote_result {
    enum kb_remote_tag tag; /* KB_REMOTE_RESULT, or one that says what went wrong */
    struct kb_span data;
    uint16_t sw;    /* of KB_REMOTE_RESULT */
    uint8_t reason; /* of the others */
};

/* is_expanded: as the script was. KB_ERR_MALFORMED. */
enum kb_err kb_remote_response_open(struct kb_remote_response *response, struct kb_span data,
                                    bool is_expanded);

/* false at the end, and on malformed input, which marks response->rd bad. */
bool kb_remote_response_next(struct kb_remote_response *response, struct kb_remote_result *out);

#endif
