/* SPDX-License-Identifier: Apache-2.0 */
/* Uses cards through PC/SC as a bureau does, for pcsc.sh: waits for a card, powers it up twice,
 * sends it a command each time, powers it down, waits until it is gone.
 *
 *   pcsc_client READER CARDS     as many cards as that, one after the other
 *   pcsc_client READER hold      one card; a line on standard input makes it send one more command
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/card.h"
#include "reader/exchange.h"

enum { PATIENCE_MS = 20000 };

static enum kb_err use_once(struct kb_reader *reader, struct kb_report *why)
{
    static const struct kb_apdu select = {
        .ins = 0xA4, .p2 = 0x04, .data = {(const uint8_t *)"\x3F", 2}};
    static struct kb_answer answer;
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;
    enum kb_err err = reader->ops->power_up(reader, atr, &atr_len, why);

    if (!err)
        err = kb_exchange(reader, &select, &answer, why);
    if (!err)
        printf("%04X\n", answer.sw);
    return err;
}

static enum kb_err use_card(struct kb_reader *reader, struct kb_report *why)
{
    enum kb_err err = reader->ops->wait(reader, true, PATIENCE_MS, why);

    if (!err)
        err = use_once(reader, why);
    return err ? err : use_once(reader, why);
}

static enum kb_err use_cards(struct kb_reader *reader, int cards, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    for (int i = 0; i < cards && !err; i++) {
        err = use_card(reader, why);
        reader->ops->power_down(reader);
        if (!err)
            err = reader->ops->wait(reader, false, PATIENCE_MS, why);
    }
    return err;
}

static enum kb_err hold_card(struct kb_reader *reader, struct kb_report *why)
{
    uint8_t rsp[KB_RESPONSE_MAX];
    size_t len;
    enum kb_err err = use_card(reader, why);

    if (err)
        return err;
    puts("held");
    fflush(stdout);
    if (getchar() != EOF)
        err = reader->ops->transmit(reader, kb_span("\x80\xF2\0\0", 4), rsp, &len, why);
    return err;
}

int main(int argc, char **argv)
{
    struct kb_reader *reader;
    struct kb_report why = {KB_OK, ""};
    enum kb_err err;

    if (argc != 3)
        return 2;
    err = kb_reader_open_pcsc(argv[1], &reader, &why);
    if (!err) {
        err = strcmp(argv[2], "hold") == 0 ? hold_card(reader, &why)
                                           : use_cards(reader, atoi(argv[2]), &why);
        reader->ops->close(reader);
    }
    if (err)
        printf("error %d: %s\n", (int)err, why.text);
    return err ? 1 : 0;
}
