/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/ram_card.h"

#include <stdlib.h>
#include <string.h>

#include "bench/rows.h"
#include "reader/card_file.h"
#include "wire/hex.h"

/* One backend's generator, in the shape of the port's. */
static enum kb_err draw(void *ctx, void *out, size_t len)
{
    return ((const struct kb_crypto *)ctx)->random(out, len);
}

static void copy_flash(struct kb_ram_card *card, const char *path)
{
    struct kb_card_file *file;
    struct kb_report why;
    const struct kb_nvm_device *from;
    size_t size;

    if (kb_card_file_open(path, &file, &why))
        kb_give_up("%s", why.text);
    from = kb_card_file_port(file)->device;
    size = (size_t)from->sector_size * from->sector_count;
    card->flash = malloc(size);
    if (!card->flash || from->read(from->ctx, 0, card->flash, size))
        kb_give_up("%s: its memory cannot be read", path);
    kb_flash_ram_init(&card->ram, &card->device, card->flash, from->sector_size, from->sector_count,
                      from->program_size);
    kb_card_file_close(file);
}

void kb_ram_card_load(struct kb_ram_card *card, const char *path, const struct kb_crypto *crypto)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;
    enum kb_err err;

    memset(card, 0, sizeof(*card));
    copy_flash(card, path);
    card->port = (struct kb_card_port){.device = &card->device,
                                       .crypto = crypto,
                                       .random = draw,
                                       .random_ctx = (void *)(uintptr_t)crypto};
    err = kb_card_power_up(&card->card, &card->port, atr, &atr_len);
    if (err)
        kb_give_up("%s: no power-up: %s", path, kb_err_text(err));
}

void kb_ram_card_free(struct kb_ram_card *card)
{
    free(card->flash);
    card->flash = NULL;
}

uint16_t kb_ram_card_send(struct kb_ram_card *card, const uint8_t *command, size_t len)
{
    struct kb_span answer = kb_card_transmit(&card->card, kb_span(command, len));

    card->response = answer;
    return (uint16_t)(answer.data[answer.len - 2] << 8 | answer.data[answer.len - 1]);
}

uint16_t kb_ram_card_send_hex(struct kb_ram_card *card, const char *hex)
{
    uint8_t command[KB_APDU_SHORT_MAX];
    size_t len;

    if (kb_hex_decode(kb_span(hex, strlen(hex)), command, sizeof(command), &len))
        kb_give_up("%s: not a command", hex);
    return kb_ram_card_send(card, command, len);
}
