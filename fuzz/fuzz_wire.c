/* SPDX-License-Identifier: Apache-2.0 */
/* TLVs, data groupings, APDUs, digits and hex from any bytes: what is read again after writing is
 * the same. */

#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/apdu.h"
#include "wire/bcd.h"
#include "wire/hex.h"
#include "wire/tlv.h"

enum { SIZE = 70000 };

static uint8_t written[SIZE];

typedef bool (*next_object)(struct kb_cursor *rd, struct kb_tlv *out);

/* Every object lies inside the input and behind the one before it. */
static void walk(struct kb_span input, next_object next)
{
    struct kb_cursor rd = kb_rd(input);
    struct kb_tlv tlv;
    size_t at = 0;

    while (next(&rd, &tlv)) {
        kb_fuzz_insist(rd.at > at && rd.at <= input.len, "an object takes bytes of the input");
        kb_fuzz_insist(tlv.value.len <= rd.at - at, "a value lies inside its object");
        at = rd.at;
    }
}

static void write_again(struct kb_span input)
{
    struct kb_writer wr = kb_wr(written, sizeof(written));
    struct kb_cursor rd = kb_rd(input);
    struct kb_span found;
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv)) {
        struct kb_tlv again;
        struct kb_cursor back;

        wr.len = 0;
        kb_tlv_put(&wr, tlv.tag, tlv.value);
        back = kb_rd(kb_wr_span(&wr));
        kb_fuzz_insist(kb_tlv_next(&back, &again) && kb_rd_is_done(&back),
                       "a TLV can be read again");
        kb_fuzz_insist(again.tag == tlv.tag && again.value.len == tlv.value.len, "it is the same");
    }
    kb_tlv_find(input, 0x83, &found);
}

static void parse_apdu(struct kb_span input)
{
    struct kb_writer wr = kb_wr(written, sizeof(written));
    struct kb_apdu first, second;

    if (kb_apdu_parse(input, &first))
        return;
    kb_apdu_write(&wr, &first);
    kb_fuzz_insist(!wr.is_bad && !kb_apdu_parse(kb_wr_span(&wr), &second),
                   "an APDU can be written");
    kb_fuzz_insist(first.data.len == second.data.len && first.ins == second.ins &&
                       first.has_le == second.has_le && first.ne == second.ne,
                   "a written APDU is the same");
}

static void read_digits(struct kb_span input)
{
    char digits[64];
    uint8_t bcd[32];
    size_t len;

    if (!kb_bcd_decode(input, digits, sizeof(digits), &len))
        kb_fuzz_insist(kb_is_digits(kb_span(digits, len)), "BCD decodes to digits");
    if (!kb_bcd_encode(input, bcd, sizeof(bcd)))
        kb_fuzz_insist(!kb_bcd_decode(kb_span(bcd, sizeof(bcd)), digits, sizeof(digits), &len) &&
                           len == input.len && (!len || !memcmp(digits, input.data, len)),
                       "digits come back from BCD");
    if (input.len == 9 && !kb_imsi_decode(input.data, digits, &len))
        kb_fuzz_insist(len <= KB_IMSI_MAX, "an IMSI has its length");
    if (!kb_hex_decode(input, bcd, sizeof(bcd), &len))
        kb_fuzz_insist(len <= input.len / 2, "hex halves");
    kb_iccid_check(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_span input = kb_span(data, size);

    if (size > 65536)
        return 0;
    walk(input, kb_tlv_next);
    walk(input, kb_dgi_next);
    write_again(input);
    parse_apdu(input);
    read_digits(input);
    return 0;
}
