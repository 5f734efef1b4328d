/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/in_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ram_card.h"
#include "bench/rows.h"
#include "crypto/milenage.h"

/* 3GPP TS 35.208 clause 4.3, test set 1. */
static const uint8_t ki[16] = {0x46, 0x5B, 0x5C, 0xE8, 0xB1, 0x99, 0xB4, 0x9F,
                               0xAA, 0x5F, 0x0A, 0x2E, 0xE2, 0x38, 0xA6, 0xBC};
static const uint8_t opc[16] = {0xCD, 0x63, 0xCB, 0x71, 0x95, 0x4A, 0x9F, 0x4E,
                                0x48, 0xA5, 0x99, 0x4E, 0x37, 0xA0, 0x2B, 0xAF};
static const uint8_t rand_value[16] = {0x23, 0x55, 0x3C, 0xBE, 0x96, 0x37, 0xA8, 0x9D,
                                       0x21, 0x8A, 0xE6, 0x4D, 0xAE, 0x47, 0xBF, 0x35};

static const uint8_t select_usim[] = {0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0,
                                      0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
static const uint8_t select_imsi[] = {0x00, 0xA4, 0x00, 0x0C, 0x02, 0x6F, 0x07};
static const uint8_t select_imsi_fcp[] = {0x00, 0xA4, 0x00, 0x04, 0x02, 0x6F, 0x07, 0x00};
static const uint8_t read_imsi[] = {0x00, 0xB0, 0x00, 0x00, 0x09};

/* --- reading --- */

static bool read_binary(void *ctx, uint64_t times)
{
    struct kb_ram_card *card = ctx;

    while (times--)
        if (kb_ram_card_send(card, read_imsi, sizeof(read_imsi)) != KB_SW_OK)
            return false;
    return true;
}

static bool select_and_read(void *ctx, uint64_t times)
{
    struct kb_ram_card *card = ctx;

    while (times--)
        if (kb_ram_card_send(card, select_imsi, sizeof(select_imsi)) != KB_SW_OK ||
            kb_ram_card_send(card, read_imsi, sizeof(read_imsi)) != KB_SW_OK)
            return false;
    return true;
}

static bool select_with_fcp_and_read(void *ctx, uint64_t times)
{
    struct kb_ram_card *card = ctx;

    while (times--)
        if (kb_ram_card_send(card, select_imsi_fcp, sizeof(select_imsi_fcp)) != KB_SW_OK ||
            kb_ram_card_send(card, read_imsi, sizeof(read_imsi)) != KB_SW_OK)
            return false;
    return true;
}

/* Into the USIM with EF.IMSI selected. Its rule asks for PIN 1, so PIN 1 is switched on, seen to be
 * asked for after a reset, and verified. */
static void enter(struct kb_ram_card *card)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    kb_ram_card_send_hex(card, "002800010831323334FFFFFFFF");
    if (kb_card_reset(&card->card, atr, &atr_len))
        kb_give_up("the card does not come up again");
    if (kb_ram_card_send(card, select_usim, sizeof(select_usim)) != KB_SW_OK ||
        kb_ram_card_send(card, select_imsi, sizeof(select_imsi)) != KB_SW_OK)
        kb_give_up("the card has no USIM application");
    if (kb_ram_card_send(card, read_imsi, sizeof(read_imsi)) != KB_SW_SECURITY_NOT_SATISFIED)
        kb_give_up("EF.IMSI can be read without PIN 1");
    if (kb_ram_card_send_hex(card, "002000010831323334FFFFFFFF") != KB_SW_OK)
        kb_give_up("PIN 1 is not 1234");
}

static void bench_reading(struct kb_ram_card *card)
{
    enter(card);
    kb_row("READ BINARY 9 B, with access rules", kb_rate(read_binary, card, 2), "/s", 5e6,
           KB_MORE_IS_BETTER);
    kb_row("SELECT + READ BINARY 9 B", kb_rate(select_and_read, card, 2), "/s", 3e6,
           KB_MORE_IS_BETTER);
    kb_row("SELECT with FCP + READ BINARY 9 B", kb_rate(select_with_fcp_and_read, card, 2), "/s", 0,
           KB_MORE_IS_BETTER);
}

/* --- authentication --- */

enum { VECTORS = 1 << 14, AUTHENTICATE_LEN = 5 + 34 };

struct authentication {
    struct kb_ram_card *card;
    const struct kb_crypto *crypto;
    uint64_t sequence; /* of the last vector made */
    uint64_t spent;    /* vectors of the batch that were sent */
    double idle;       /* seconds spent in making vectors */
    uint8_t (*command)[AUTHENTICATE_LEN];
};

/* AUTHENTICATE in the 3G context with a fresh AUTN (TS 33.102 clause 6.3.2); IND goes round as an
 * AuC's does (annex C.1.2). */
static void make_vector(const struct kb_crypto *crypto, uint64_t sequence, uint8_t *command)
{
    static const uint8_t header[] = {0x00, 0x88, 0x00, 0x81, 34};
    static const uint8_t amf[2] = {0x80, 0x00};
    uint64_t number = sequence << 5 | sequence % 32;
    struct kb_writer wr = kb_wr(command, AUTHENTICATE_LEN);
    struct kb_milenage m;
    uint8_t sqn[6], mac[8], ak[6];

    for (int i = 0; i < 6; i++)
        sqn[i] = (uint8_t)(number >> (40 - 8 * i));
    if (kb_milenage_challenge(&m, crypto, ki, opc, rand_value) ||
        kb_milenage_f1(&m, sqn, amf, mac, NULL) || kb_milenage_f2_f5(&m, NULL, ak))
        kb_give_up("Milenage failed");
    kb_milenage_end(&m);
    kb_wr_copy(&wr, header, sizeof(header));
    kb_wr_u8(&wr, 16);
    kb_wr_copy(&wr, rand_value, sizeof(rand_value));
    kb_wr_u8(&wr, 16);
    for (int i = 0; i < 6; i++)
        kb_wr_u8(&wr, sqn[i] ^ ak[i]);
    kb_wr_copy(&wr, amf, sizeof(amf));
    kb_wr_copy(&wr, mac, sizeof(mac));
}

static void make_vectors(struct authentication *run)
{
    double start = kb_seconds();

    for (int i = 0; i < VECTORS; i++)
        make_vector(run->crypto, ++run->sequence, run->command[i]);
    run->spent = 0;
    run->idle += kb_seconds() - start;
}

/* RES, CK, IK and Kc: DB 08 .. 10 .. 10 .. 08 .. (TS 31.102 clause 7.1.2.1). */
static bool authenticate_once(struct authentication *run)
{
    uint8_t get_response[5] = {0x00, 0xC0, 0x00, 0x00, 0x00};
    uint16_t sw;

    if (run->spent == VECTORS)
        make_vectors(run);
    sw = kb_ram_card_send(run->card, run->command[run->spent++], AUTHENTICATE_LEN);
    if ((sw & 0xFF00) != KB_SW_BYTES_REMAINING)
        return false;
    get_response[4] = (uint8_t)sw;
    return kb_ram_card_send(run->card, get_response, sizeof(get_response)) == KB_SW_OK &&
           run->card->response.data[0] == 0xDB;
}

static bool authenticate(void *ctx, uint64_t times)
{
    struct authentication *run = ctx;

    while (times--)
        if (!authenticate_once(run))
            return false;
    return true;
}

/* As kb_rate, but the time an AuC needs for its vectors is not the card's. */
static double authentication_rate(struct authentication *run)
{
    double best = 0;

    for (int round = 0; round < 3; round++) {
        double start = kb_seconds();
        double taken;

        run->idle = 0;
        if (!authenticate(run, 4 * VECTORS))
            kb_give_up("the card does not authenticate");
        taken = kb_seconds() - start - run->idle;
        if (4 * VECTORS / taken > best)
            best = 4 * VECTORS / taken;
    }
    return best;
}

static bool bare_milenage(void *ctx, uint64_t times)
{
    static const uint8_t sqn[6], amf[2];
    uint8_t mac[8], res[8], ak[6], ck[16], ik[16];
    struct kb_milenage m;

    while (times--) {
        if (kb_milenage_challenge(&m, ctx, ki, opc, rand_value) || kb_milenage_f2_f5(&m, res, ak) ||
            kb_milenage_f1(&m, sqn, amf, mac, NULL) || kb_milenage_f3(&m, ck) ||
            kb_milenage_f4(&m, ik))
            return false;
        kb_milenage_end(&m);
    }
    return true;
}

static void start_authentication(struct authentication *run, struct kb_ram_card *card,
                                 const struct kb_crypto *crypto)
{
    *run = (struct authentication){.card = card, .crypto = crypto, .sequence = 1 << 20};
    run->command = malloc(VECTORS * sizeof(*run->command));
    if (!run->command)
        kb_give_up("out of memory");
    make_vectors(run);
}

static void bench_authentication(const char *path, const struct kb_crypto *crypto)
{
    struct kb_ram_card card;
    struct authentication run;
    char what[96];
    double card_rate, bare_rate;

    kb_ram_card_load(&card, path, crypto);
    enter(&card);
    start_authentication(&run, &card, crypto);
    card_rate = authentication_rate(&run);
    bare_rate = kb_rate(bare_milenage, (void *)(uintptr_t)crypto, 1);
    snprintf(what, sizeof(what), "AUTHENTICATE 3G + GET RESPONSE, SQN kept, %s", crypto->name);
    kb_row(what, card_rate, "/s", 0.25e6, KB_MORE_IS_BETTER);
    snprintf(what, sizeof(what), "  bare Milenage f1-f5, %s", crypto->name);
    kb_row(what, bare_rate, "/s", 0, KB_MORE_IS_BETTER);
    kb_row("  its share of the time of an AUTHENTICATE", 100 * card_rate / bare_rate, "%", 0,
           KB_MORE_IS_BETTER);
    free(run.command);
    kb_ram_card_free(&card);
}

/* --- wear and memory --- */

/* Long enough that the store moved from bank to bank many times. */
static void bench_wear(const char *path)
{
    enum { LONG_RUN = 1000000, CYCLES = 100000 };
    struct kb_ram_card card;
    struct authentication run;
    double erases_of_one_sector;

    kb_ram_card_load(&card, path, &kb_crypto_openssl);
    enter(&card);
    start_authentication(&run, &card, &kb_crypto_openssl);
    card.ram.bytes_programmed = card.ram.sectors_erased = 0;
    if (!authenticate(&run, LONG_RUN))
        kb_give_up("the card does not authenticate");
    erases_of_one_sector = (double)card.ram.sectors_erased / card.device.sector_count;
    if (erases_of_one_sector < 2)
        kb_give_up("the long run was too short to tell wear");
    kb_row("NVM bytes programmed per AUTHENTICATE", (double)card.ram.bytes_programmed / LONG_RUN,
           "B", 0, KB_LESS_IS_BETTER);
    kb_row("AUTHENTICATEs until a 100,000-cycle flash is worn out",
           (double)LONG_RUN / erases_of_one_sector * CYCLES, "", 0, KB_MORE_IS_BETTER);
    free(run.command);
    kb_ram_card_free(&card);
}

void kb_bench_in_process(const char *path)
{
    struct kb_ram_card card;

    kb_ram_card_load(&card, path, &kb_crypto_openssl);
    bench_reading(&card);
    kb_ram_card_free(&card);
    bench_authentication(path, &kb_crypto_openssl);
    bench_authentication(path, &kb_crypto_mbedtls);
    bench_wear(path);
    kb_row("RAM of a card: state and buffers, this machine",
           sizeof(struct kb_card) + KB_APDU_SHORT_MAX, "B", 4096, KB_LESS_IS_BETTER);
}
