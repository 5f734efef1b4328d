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
};

/* KB_ERR_MALFORMED: fewer than 4 bytes or lengths that contradict each other; cla and ins are set
 * when they are there. */
enum kb_err kb_apdu_parse(struct kb_span input, struct kb_apdu *out);

/* Writes the shortest coding; extended when data or ne need it. Le is written only with has_le; ne
 * 0 is then coded like 256. */
void kb_apdu_write(struct kb_writer *wr, const struct kb_apdu *apdu);

static inline uint16_t kb_apdu_p1p2(const struct kb_apdu *apdu)
{
    return (uint16_t)(apdu->p1 << 8 | apdu->p2);
}

#endif
