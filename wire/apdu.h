/* SPDX-License-Identifier: Apache-2.0 */
/* Command APDUs, cases 1-4, short and extended (ISO/IEC 7816-3 clause 12.1), and their chaining bit
 * (7816-4 clause 5.3.3). */
#ifndef KB_WIRE_APDU_H
#define KB_WIRE_APDU_H

#include "wire/cursor.h"
#include "wire/err.h"

enum {
    KB_APDU_SHORT_MAX = 5 + 255 + 1,
    KB_APDU_EXTENDED_MAX = 7 + 65535 + 2,
    KB_RESPONSE_DATA_MAX = 1024,               /* what this card ever answers at once */
    KB_RESPONSE_MAX = KB_RESPONSE_DATA_MAX + 2 /* with SW */
};

struct kb_apdu {
    uint8_t cla;
    uint8_t ins;
    uint8_t p1;
    uint8_t p2;
    struct kb_span data; /* points into the input */
    uint32_t ne;         /* greatest number of answer bytes wanted; Le = 0 means 256 or 65536 */
    bool has_le;
    bool is_extended;
    /* Taken out of cla by kb_apdu_read_class, until then 0. */
    uint8_t channel; /* 0 .. 19 */
    bool has_more;   /* links of a chain follow */
};

/* What is left of cla by kb_apdu_read_class. */
enum {
    KB_CLA_INTERINDUSTRY = 0x00,
    KB_CLA_PROPRIETARY = 0x80,
    KB_CLA_SECURED = 0x04, /* with either: secure messaging, in a form of the application's own */
    KB_CLA_GSM = 0xA0
};

/* KB_ERR_MALFORMED: fewer than 4 bytes or lengths that contradict each other; cla and ins are set
 * when they are there. */
enum kb_err kb_apdu_parse(struct kb_span input, struct kb_apdu *out);

/* Takes channel and chaining out of cla (ISO/IEC 7816-4 clause 5.4.1, TS 102 221 clause 10.1.1: the
 * first coding has channels 0 to 3, the further one 4 to 19), so that both codings read alike.
 * Indications of secure messaging stay, in the place of the first coding. false: a class that
 * neither standard knows. */
bool kb_apdu_read_class(struct kb_apdu *apdu);

/* Writes the shortest coding; extended when data or ne need it. Le is written only with has_le; ne
 * 0 is then coded like 256. */
void kb_apdu_write(struct kb_writer *wr, const struct kb_apdu *apdu);

static inline uint16_t kb_apdu_p1p2(const struct kb_apdu *apdu)
{
    return (uint16_t)(apdu->p1 << 8 | apdu->p2);
}

#endif
