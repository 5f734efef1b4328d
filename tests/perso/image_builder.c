/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/perso/image_builder.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CRC = 4, SIGNATURE = 64, POLYNOMIAL = 0x04C11DB7 };

static const size_t row_sizes[BUILDER_TABLES] = {3, 10, 8, 14, 18};

uint8_t *builder_add(struct builder *builder, enum builder_table table, const uint8_t *row)
{
    uint8_t *place = builder->rows[table][builder->counts[table]];

    assert_true(builder->counts[table] < BUILDER_ROWS);
    memcpy(place, row, row_sizes[table]);
    builder->counts[table]++;
    return place;
}

void builder_drop(struct builder *builder, enum builder_table table)
{
    assert_true(builder->counts[table] > 0);
    builder->counts[table]--;
}

uint16_t builder_name(struct builder *builder, const char *name)
{
    size_t offset = builder->names_len, len = strlen(name);

    assert_true(offset + 1 + len <= BUILDER_NAMES);
    builder->names[offset] = (uint8_t)len;
    memcpy(builder->names + offset + 1, name, len);
    builder->names_len += 1 + len;
    return (uint16_t)offset;
}

static void put_u16(struct kb_writer *wr, size_t value)
{
    kb_wr_u8(wr, (uint8_t)(value >> 8));
    kb_wr_u8(wr, (uint8_t)value);
}

size_t builder_content(const struct builder *builder, uint8_t image[BUILDER_IMAGE])
{
    struct kb_writer wr = kb_wr(image, BUILDER_IMAGE);
    size_t total = BUILDER_HEADER + builder->names_len + CRC + SIGNATURE;

    for (size_t table = 0; table < BUILDER_TABLES; table++)
        total += builder->counts[table] * row_sizes[table];
    kb_wr_copy(&wr, "KBPI", 4);
    put_u16(&wr, 1);
    put_u16(&wr, total);
    kb_wr_u8(&wr, builder->states);
    for (size_t table = 0; table < BUILDER_TABLES; table++)
        kb_wr_u8(&wr, (uint8_t)builder->counts[table]);
    put_u16(&wr, builder->names_len);
    put_u16(&wr, builder->plan_name);
    put_u16(&wr, 0);
    for (size_t table = 0; table < BUILDER_TABLES; table++) {
        for (size_t row = 0; row < builder->counts[table]; row++)
            kb_wr_copy(&wr, builder->rows[table][row], row_sizes[table]);
    }
    kb_wr_copy(&wr, builder->names, builder->names_len);
    assert_false(wr.is_bad);
    return wr.len;
}

/* CRC-32 of IEEE 802.3, bit by bit, as its clause 3.2.9 describes the division. */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
    uint32_t remainder = 0xFFFFFFFF, reflected = 0;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint32_t in = data[bit / 8] >> bit % 8 & 1;
        uint32_t top = remainder >> 31 ^ in;

        remainder = remainder << 1 ^ (top ? POLYNOMIAL : 0);
    }
    for (unsigned bit = 0; bit < 32; bit++)
        reflected |= (~remainder >> bit & 1) << (31 - bit);
    return reflected;
}

size_t builder_sign(uint8_t image[BUILDER_IMAGE], size_t len,
                    const uint8_t private_key[KB_P256_PRIVATE])
{
    uint8_t digest[KB_SHA256_SIZE];
    struct kb_sha256 sha;

    assert_true(len + SIGNATURE <= BUILDER_IMAGE);
    assert_int_equal(kb_crypto_openssl.sha256_start(&sha), KB_OK);
    assert_int_equal(kb_crypto_openssl.sha256_update(&sha, image, len), KB_OK);
    assert_int_equal(kb_crypto_openssl.sha256_finish(&sha, digest), KB_OK);
    assert_int_equal(kb_crypto_openssl.p256_sign(private_key, digest, image + len), KB_OK);
    return len + SIGNATURE;
}

size_t builder_seal(uint8_t image[BUILDER_IMAGE], size_t len,
                    const uint8_t private_key[KB_P256_PRIVATE])
{
    uint32_t crc = crc32_of(image, len);

    assert_true(len + CRC <= BUILDER_IMAGE);
    for (unsigned i = 0; i < CRC; i++)
        image[len + i] = (uint8_t)(crc >> (24 - 8 * i));
    return builder_sign(image, len + CRC, private_key);
}

size_t builder_image(const struct builder *builder, const uint8_t private_key[KB_P256_PRIVATE],
                     uint8_t image[BUILDER_IMAGE])
{
    return builder_seal(image, builder_content(builder, image), private_key);
}
