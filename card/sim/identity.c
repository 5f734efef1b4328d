/* SPDX-License-Identifier: Apache-2.0 */
/* GET IDENTITY: the subscriber's identity, concealed by the card (TS 31.102 clause 7.5, TS 33.501
 * clause 6.12.2 and annex C). */
#include <string.h>

#include "card/card.h"
#include "card/sim/inside.h"
#include "crypto/secret.h"
#include "crypto/suci.h"
#include "wire/bcd.h"
#include "wire/tlv.h"

enum {
    CONTEXT_SUCI = 0x01, /* P2 */
    SERVICE_SUCI = 124,  /* clause 4.2.8: the card has what SUCI is made of */
    SERVICE_SUCI_BY_CARD = 125,
    SERVICE_SUPI_NAI = 130,
    FID_IMSI = 0x6F07,
    FID_AD = 0x6FAD,
    DF_5GS = 0x5FC0,
    FID_SUCI_CALC_INFO = 0x4F07,
    FID_SUPI_NAI = 0x4F09,
    FID_ROUTING_INDICATOR = 0x4F0A,
    DF_SAIP = 0x5FD0, /* SUCI_Calc_Info that the terminal does not read */
    FID_SUCI_CALC_INFO_SAIP = 0x4F01,
    TAG_SUCI = 0xA1,
    TAG_SCHEMES = 0xA0, /* EF.SUCI_Calc_Info, clause 4.4.11.8 */
    TAG_KEYS = 0xA1,
    TAG_KEY_IDENTIFIER = 0x80,
    TAG_KEY = 0x81,
    TAG_NETWORK_SPECIFIC = 0x80, /* EF.SUPI_NAI, clause 4.4.11.10 */
    FORMAT_IMSI = 0x01,          /* TS 24.501 clause 9.11.3.4: type SUCI, and the SUPI's format */
    FORMAT_NETWORK_SPECIFIC = 0x11,
    INFO_MAX = 512,
    NAI_MAX = 253, /* IETF RFC 7542 clause 2.3 */
    OUTPUT_MAX = KB_SUCI_PUBLIC_MAX + NAI_MAX + KB_SUCI_MAC,
    DRAWS_MAX = 8 /* one number in 2^32 is no private key on P-256 */
};

/* What an identity is concealed with. */
struct scheme {
    uint8_t id, key_id;
    struct kb_span key;
};

/* --- The protection scheme --- */

/* Finds the key at an index (1: the first one) of the list. */
static void find_key(struct kb_span keys, unsigned index, struct scheme *scheme)
{
    struct kb_cursor rd = kb_rd(keys);
    struct kb_tlv tlv;

    while (index && kb_tlv_next(&rd, &tlv)) {
        if (tlv.tag == TAG_KEY_IDENTIFIER && tlv.value.len == 1)
            scheme->key_id = tlv.value.data[0];
        if (tlv.tag == TAG_KEY && --index == 0)
            scheme->key = tlv.value;
    }
}

/* The first scheme of the operator's list that the card knows and has a key for. Without any, the
 * home network has not provided what it takes, and the null scheme it is (TS 33.501
 * clause 6.12.2). */
static struct scheme choose(struct kb_span info)
{
    struct kb_span schemes, keys;
    struct kb_cursor rd;

    kb_tlv_find(info, TAG_SCHEMES, &schemes);
    kb_tlv_find(info, TAG_KEYS, &keys);
    rd = kb_rd(schemes);
    while (kb_rd_left(&rd) >= 2) {
        struct scheme scheme = {.id = kb_rd_u8(&rd)};
        uint8_t index = kb_rd_u8(&rd);

        if (scheme.id == KB_SUCI_NULL)
            return scheme;
        if (!kb_suci_public_size(scheme.id))
            continue;
        find_key(keys, index, &scheme);
        if (scheme.key.len)
            return scheme;
    }
    return (struct scheme){0};
}

/* Reads a transparent file of the application as far as there is room; absent: empty. */
static enum kb_err read_file(struct kb_card *card, uint16_t df, uint16_t fid, struct kb_writer *wr)
{
    struct kb_file file;
    enum kb_err err = kb_sim_file(card, df, fid, &file);
    size_t len = wr->cap - wr->len;

    if (err)
        return err;
    if (file.size < len)
        len = file.size;
    return kb_files_read(card, &file, 0, kb_wr_reserve(wr, len), len);
}

static enum kb_err read_info(struct kb_card *card, struct kb_writer *info)
{
    enum kb_err err = read_file(card, DF_SAIP, FID_SUCI_CALC_INFO_SAIP, info);

    if (err == KB_ERR_ABSENT)
        err = read_file(card, DF_5GS, FID_SUCI_CALC_INFO, info);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

/* Writes the scheme output, with a key of the card's own generator that is used once. */
static enum kb_err conceal(const struct kb_card_port *port, const struct scheme *scheme,
                           struct kb_span plain, struct kb_writer *out)
{
    uint8_t ephemeral[KB_SUCI_PRIVATE];
    enum kb_err err = KB_ERR_RANGE;

    if (scheme->id == KB_SUCI_NULL) {
        kb_wr_copy(out, plain.data, plain.len);
        return KB_OK;
    }
    for (unsigned draw = 0; draw < DRAWS_MAX && err == KB_ERR_RANGE; draw++) {
        err = port->random(port->random_ctx, ephemeral, sizeof(ephemeral));
        if (!err)
            err = kb_suci_conceal(port->crypto, scheme->id, scheme->key, ephemeral, plain, out);
    }
    kb_wipe(ephemeral, sizeof(ephemeral));
    return err;
}

/* --- IMSI (TS 24.501 figure 9.11.3.4.3) --- */

static uint8_t digits_of(const char *imsi, unsigned low, unsigned high)
{
    return (uint8_t)((imsi[low] - '0') | (high ? imsi[high] - '0' : 0xF) << 4);
}

/* How many digits the MNC has: EF.AD byte 4, and two when it does not say. */
static unsigned mnc_length(struct kb_card *card)
{
    uint8_t bytes[4] = {0};
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    return !read_file(card, 0, FID_AD, &wr) && (bytes[3] & 0x0F) == 3 ? 3 : 2;
}

/* PLMN, routing indicator, scheme, key, scheme output over the MSIN. */
static enum kb_err conceal_imsi(struct kb_card *card, const struct scheme *scheme,
                                const uint8_t routing[2], struct kb_writer *out)
{
    uint8_t bytes[9], msin[(KB_IMSI_MAX + 1) / 2];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    char imsi[KB_IMSI_MAX];
    size_t len, from = 3 + mnc_length(card), size;
    enum kb_err err = read_file(card, 0, FID_IMSI, &wr);

    if (!err)
        err = wr.len == sizeof(bytes) ? kb_imsi_decode(bytes, imsi, &len) : KB_ERR_ABSENT;
    if (err)
        return KB_ERR_ABSENT;
    size = (len - from + 1) / 2;
    err = kb_bcd_encode(kb_span(imsi + from, len - from), msin, size);
    kb_wr_u8(out, FORMAT_IMSI);
    kb_wr_u8(out, digits_of(imsi, 0, 1));
    kb_wr_u8(out, digits_of(imsi, 2, from == 6 ? 5 : 0));
    kb_wr_u8(out, digits_of(imsi, 3, 4));
    kb_wr_copy(out, routing, 2);
    kb_wr_u8(out, scheme->id);
    kb_wr_u8(out, scheme->key_id);
    return err ? err : conceal(card->port, scheme, kb_span(msin, size), out);
}

/* --- Network access identifier (TS 23.003 clause 28.7.3) --- */

static void put_text(struct kb_writer *out, const char *text)
{
    kb_wr_copy(out, text, strlen(text));
}

static void put_number(struct kb_writer *out, uint8_t number)
{
    if (number >= 10)
        put_number(out, number / 10);
    kb_wr_u8(out, (uint8_t)('0' + number % 10));
}

static void put_hex(struct kb_writer *out, const char *label, struct kb_span bytes)
{
    static const char digits[] = "0123456789abcdef";

    put_text(out, label);
    for (size_t i = 0; i < bytes.len; i++) {
        kb_wr_u8(out, (uint8_t)digits[bytes.data[i] >> 4]);
        kb_wr_u8(out, (uint8_t)digits[bytes.data[i] & 0xF]);
    }
}

/* The user's name before the realm, which is not concealed. */
static enum kb_err conceal_name(const struct kb_card_port *port, const struct scheme *scheme,
                                struct kb_span name, struct kb_writer *out)
{
    size_t key = kb_suci_public_size(scheme->id);
    uint8_t output[OUTPUT_MAX];
    struct kb_writer wr = kb_wr(output, sizeof(output));
    enum kb_err err = conceal(port, scheme, name, &wr);

    if (err)
        return err;
    if (scheme->id == KB_SUCI_NULL) {
        put_text(out, ".userid");
        kb_wr_copy(out, output, wr.len);
        return KB_OK;
    }
    put_text(out, ".hnkey");
    put_number(out, scheme->key_id);
    put_hex(out, ".ecckey", kb_span(output, key));
    put_hex(out, ".cip", kb_span(output + key, wr.len - key - KB_SUCI_MAC));
    put_hex(out, ".mac", kb_span(output + wr.len - KB_SUCI_MAC, KB_SUCI_MAC));
    return KB_OK;
}

/* type, rid, schid, what is concealed, and the realm. */
static enum kb_err conceal_nai(struct kb_card *card, const struct scheme *scheme,
                               const uint8_t routing[2], struct kb_writer *out)
{
    uint8_t bytes[NAI_MAX + 4];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    enum kb_err err = read_file(card, DF_5GS, FID_SUPI_NAI, &wr);
    char rid[4];
    struct kb_span nai;
    size_t at = 0, rid_len;

    /* Identifiers of lines and cables (tags 81, 82) belong to devices that are not this card's. */
    if (err || !kb_tlv_find(kb_wr_span(&wr), TAG_NETWORK_SPECIFIC, &nai) || nai.len > NAI_MAX ||
        kb_bcd_decode(kb_span(routing, 2), rid, sizeof(rid), &rid_len))
        return KB_ERR_ABSENT;
    while (at < nai.len && nai.data[at] != '@')
        at++;
    kb_wr_u8(out, FORMAT_NETWORK_SPECIFIC);
    put_text(out, "type1.rid");
    kb_wr_copy(out, rid, rid_len);
    put_text(out, ".schid");
    put_number(out, scheme->id);
    err = conceal_name(card->port, scheme, kb_span(nai.data, at), out);
    kb_wr_copy(out, nai.data + at, nai.len - at);
    return err;
}

/* Without EF.Routing_Indicator, or digits in it, it is the one digit 0 (TS 24.501
 * clause 9.11.3.4). */
static void read_routing(struct kb_card *card, uint8_t routing[2])
{
    struct kb_writer wr = kb_wr(routing, 2);

    if (read_file(card, DF_5GS, FID_ROUTING_INDICATOR, &wr) || wr.len < 2 || routing[0] == 0xFF) {
        routing[0] = 0xF0;
        routing[1] = 0xFF;
    }
}

enum kb_sw kb_sim_identity(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t info[INFO_MAX], routing[2];
    struct kb_writer wr = kb_wr(info, sizeof(info));
    const struct kb_sim_application *usim;
    struct scheme scheme;
    size_t mark;
    enum kb_err err;
    enum kb_sw sw;

    if (cmd->p1 || cmd->p2 != CONTEXT_SUCI)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    usim = kb_sim_current(card, &sw);
    if (!usim)
        return sw;
    if (!usim->has_gsm || !kb_sim_has_service(card, usim, SERVICE_SUCI, NULL) ||
        !kb_sim_has_service(card, usim, SERVICE_SUCI_BY_CARD, NULL))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    err = read_info(card, &wr);
    if (err)
        return kb_sim_sw(err);
    scheme = choose(kb_wr_span(&wr));
    read_routing(card, routing);
    mark = kb_tlv_open(out, TAG_SUCI);
    if (kb_sim_has_service(card, usim, SERVICE_SUPI_NAI, NULL))
        err = conceal_nai(card, &scheme, routing, out);
    else
        err = conceal_imsi(card, &scheme, routing, out);
    kb_tlv_close(out, mark);
    /* A key that is none is not as good as no key: nothing is shown in clear then. */
    return err == KB_ERR_INTEGRITY ? KB_SW_CONDITIONS_NOT_SATISFIED : kb_sim_sw(err);
}
