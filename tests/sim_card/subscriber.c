/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_card/subscriber.h"

const struct options usual_options = {0, 0, 8, 16, 16, 8, 1, 5, 0x01, (uint64_t)1 << 28, 0};

static void send_ok(struct rig *rig, const char *hex)
{
    assert_int_equal(rig_send(rig, hex), 0x9000);
}

void make_applications(struct rig *rig)
{
    rig_blank(rig);
    send_ok(rig, "00E00000 (62(82(7821) 83(3F00) 8A(05)))");
    send_ok(rig, "00E00000 (62(82(7821) 83(7FF1) 84(A0000000871004) 8A(05)))");
    send_ok(rig, "00E00000 (62(82(4121) 83(6F07) 8A(05) 80(0011)))");
    send_ok(rig, "00E00000 (62(82(4121) 83(6FD5) 8A(05) 80(0040)))");
    send_ok(rig, "00E00000 (62(82(4221003C03) 83(6FD7) 8A(05) 80(00B4)))");
    send_ok(rig, "00A4000C023F00");
    send_ok(rig, "00E00000 (62(82(7821) 83(7FF0) 84(A0000000871002) 8A(05)))");
    send_ok(rig, "00E00000 (62(82(4121) 83(6F38) 8A(05) 80(0011)))");
    send_ok(rig, "00E00000 (62(82(4121) 83(6FD6) 8A(05) 80(0040)))");
    send_ok(rig, "00E00000 (62(82(4221003C03) 83(6FDA) 8A(05) 80(00B4)))");
    select_usim(rig);
}

void select_usim(struct rig *rig)
{
    send_ok(rig, "00A4040C07A0000000871002");
}

void select_isim(struct rig *rig)
{
    send_ok(rig, "00A4040C07A0000000871004");
}

void put_object(struct rig *rig, uint16_t object, const uint8_t *data, size_t len)
{
    uint8_t command[64] = {0x80, 0x44, (uint8_t)(object >> 8), (uint8_t)object, (uint8_t)len};

    memcpy(command + 5, data, len);
    assert_int_equal(rig_send_bytes(rig, kb_span(command, 5 + len)), 0x9000);
}

uint16_t put_options(struct rig *rig, const struct options *o)
{
    uint8_t command[5 + 21];
    struct kb_writer wr = kb_wr(command, sizeof(command));

    kb_wr_u16(&wr, 0x8044);
    kb_wr_u16(&wr, KB_OBJ_AKA);
    kb_wr_u8(&wr, 21);
    kb_wr_copy(&wr, (const uint8_t[]){o->algorithm, o->gsm, o->res, o->ck, o->ik, o->mac}, 6);
    kb_wr_copy(&wr, (const uint8_t[]){o->iterations, o->ind_bits, o->flags}, 3);
    kb_wr_u16(&wr, (uint16_t)(o->delta >> 32));
    kb_wr_u32(&wr, (uint32_t)o->delta);
    kb_wr_u16(&wr, (uint16_t)(o->age_limit >> 32));
    kb_wr_u32(&wr, (uint32_t)o->age_limit);
    return rig_send_bytes(rig, kb_span(command, wr.len));
}

void draw(struct rig *rig, void *out, size_t len)
{
    rig->port.random(rig->port.random_ctx, out, len);
}

uint16_t authenticate(struct rig *rig, uint8_t p2, uint8_t tag, struct kb_span first,
                      struct kb_span second)
{
    const struct kb_span values[] = {first, second};
    uint8_t command[262] = {0x00, 0x88, 0x00, p2};
    struct kb_writer wr = kb_wr(command + 5, sizeof(command) - 6);

    if (tag)
        kb_wr_u8(&wr, tag);
    for (size_t i = 0; i < 2; i++) {
        if (!values[i].data)
            continue;
        kb_wr_u8(&wr, (uint8_t)values[i].len);
        kb_wr_copy(&wr, values[i].data, values[i].len);
    }
    command[4] = (uint8_t)wr.len;
    return rig_send_bytes(rig, kb_span(command, 5 + wr.len + 1));
}
