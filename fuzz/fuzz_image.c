/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader and the interpreter against images of any bytes. The checksum is put right and the
 * signature counts as good, so that the proofs themselves are tried; an input is a length on two
 * bytes, the image, then commands, each with its length on one byte. An image that passed is
 * executed: whatever it says, data is written behind a right code only.
 */

#include <string.h>

#include "fuzz/example_card.h"
#include "fuzz/fuzz.h"
#include "wire/crc32.h"

static struct rig base, rig;
static struct kb_fresh fresh;
static struct kb_crypto lenient;

static enum kb_err accept_all(const uint8_t public_key[KB_P256_PUBLIC],
                              const uint8_t digest[KB_SHA256_SIZE],
                              const uint8_t signature[KB_P256_SIGNATURE])
{
    (void)public_key, (void)digest, (void)signature;
    return KB_OK;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    kb_example_card(&base, &fresh, false);
    rig_blank(&rig);
    lenient = kb_crypto_mbedtls;
    lenient.p256_verify = accept_all;
    rig.port.crypto = &lenient;
    return 0;
}

/* LOAD ALGORITHM in blocks, docs/apdu.md 2.3. Returns the last status. */
static uint16_t load(struct kb_span image)
{
    uint8_t command[5 + KB_IMAGE_BLOCK];
    uint16_t sw = 0;

    for (size_t at = 0; at < image.len; at += KB_IMAGE_BLOCK) {
        size_t part = image.len - at < KB_IMAGE_BLOCK ? image.len - at : KB_IMAGE_BLOCK;
        bool is_last = at + part == image.len;
        const uint8_t header[5] = {0x80, 0x46, is_last ? 0x80 : 0x00,
                                   (uint8_t)(at / KB_IMAGE_BLOCK), (uint8_t)part};

        memcpy(command, header, sizeof(header));
        memcpy(command + 5, image.data + at, part);
        sw = rig_send_bytes(&rig, kb_span(command, 5 + part));
        if (sw != KB_SW_OK)
            break;
    }
    return sw;
}

static uint8_t image[KB_IMAGE_MAX];

static struct kb_span with_checksum(struct kb_span given)
{
    size_t tail = KB_IMAGE_CRC + KB_P256_SIGNATURE;

    memcpy(image, given.data, given.len);
    if (given.len > tail) {
        struct kb_writer wr = kb_wr(image + given.len - tail, KB_IMAGE_CRC);

        kb_wr_u32(&wr, kb_crc32(0, image, given.len - tail));
    }
    return kb_span(image, given.len);
}

static void execute(struct kb_cursor *rd)
{
    for (int i = 0; i < 100 && kb_rd_left(rd); i++) {
        size_t len = kb_rd_u8(rd);

        rig_send_bytes(&rig, kb_rd_span(rd, len < kb_rd_left(rd) ? len : kb_rd_left(rd)));
        kb_fuzz_insist(rig.card.perso.state != KB_PERSO_PERSO || rig.card.perso.is_verified,
                       "PERSO is behind a code");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    size_t len = kb_rd_u16(&rd);
    struct kb_span given = kb_rd_span(&rd, len < kb_rd_left(&rd) ? len : kb_rd_left(&rd));
    uint16_t sw;

    if (!given.len || given.len > KB_IMAGE_MAX)
        return 0;
    memcpy(rig.memory, base.memory, sizeof(rig.memory));
    kb_fuzz_insist(rig_power(&rig), "the card comes up");
    sw = load(with_checksum(given));
    kb_fuzz_insist((sw == KB_SW_OK) == (rig.card.perso.image_size != 0),
                   "an image is loaded whole or not at all");
    if (sw == KB_SW_OK)
        rig_secure(&rig);
    execute(&rd);
    return 0;
}
