/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/ota/remote_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "card/ota/remote_keys.h"
#include "wire/hex.h"

enum { SECRET = 8 }; /* KIc and KID of OPERATOR and GUEST */

struct rig rig;
struct sender sender;

static uint64_t counters[KB_REMOTE_SETS];
static unsigned current;
static uint32_t current_tar;

static const struct {
    uint8_t number;
    const char *object;
} sets[] = {
    {3, "0300160208 09 B000003F00 B000017FF1"},
    {4, "0400120008 09"},
    {2, "020016021C 1D"},
};

static void must(const char *command)
{
    assert_int_equal(rig_send(&rig, command), 0x9000);
}

static void put_object(unsigned object, const char *value)
{
    char command[128];

    snprintf(command, sizeof(command), "8044%04X (%s)", object, value);
    must(command);
}

static void make_files(void)
{
    must("80440020 (01 03 0A 07 31323334FFFFFFFF 3132333435363738)");
    must("80440028 (03 0A 01)");
    must("80440021 (0A 03 00 00 4142434445464748 FFFFFFFFFFFFFFFF)");
    must("80440029 (03 00 01)");
    must("00E00000 (62(82(7821) 83(3F00) 8A(05) 8B(2F0601)))");
    must("00E00000 (62(82(4221001804) 83(2F06) 8A(05) 8B(2F0601) 80(0060) 88()))");
    must("00DC0104 (80017F 9000 840132 9000 FFFFFFFFFFFFFFFFFFFFFFFFFFFF)");
    must("00DC0204 (800101 A4(830101) 800102 A4(83010A) FFFFFFFFFFFFFFFF)");
    must("00E00000 (62(82(4121) 83(2F05) 8A(05) 8B(2F0601) 80(0005) 88()))");
    must("00D60000 (0102030405)");
    must("00E00000 (62(82(4121) 83(2F10) 8A(05) 8B(2F0601) 80(012C) 88()))");
    must("00E00000 (62(82(4121) 83(2F11) 8A(05) 8B(2F0602) 80(0002) 88()))");
    must("00E00000 (62(82(4621000204) 83(2F12) 8A(05) 8B(2F0601) 80(0008) 88()))");
    must("00E00000 (62(82(7821) 83(7FF1) 84(A0000000871002) 8A(05) 8B(2F0601)))");
    must("00E00000 (62(82(4121) 83(6F07) 8A(05) 8B(2F0602) 80(0002) 88()))");
    must("00A4000C");
}

int remote_start(void **state)
{
    (void)state;
    memset(counters, 0, sizeof(counters));
    rig_blank(&rig);
    rig.port.application = &asking;
    asking_clear();
    sender_start(&sender, &rig);
    make_files();
    for (unsigned i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        put_object(KB_OBJ_REMOTE_KEYS + i, sets[i].object);
        put_object(KB_OBJ_REMOTE_CNTR + i, "0000000000");
    }
    remote_use(OPERATOR, 0xB00000);
    remote_put_keys(SECRET);
    rig_secure(&rig);
    must("80100000 (FF)");
    asking_heard();
    return 0;
}

void remote_use(unsigned set, uint32_t tar)
{
    current = set;
    current_tar = tar;
    sender.keys.number = sets[set].number;
    memcpy(sender.keys.kic.value, "remote key (KIc)", 16);
    memcpy(sender.keys.kid.value, "remote key (KID)", 16);
}

void remote_put_keys(unsigned secret)
{
    struct kb_nvm *nvm = &rig.card.nvm;
    uint16_t object = (uint16_t)(KB_OBJ_SECRET + secret);

    assert_int_equal(kb_nvm_put(nvm, object, sender.keys.kic.value, 16), KB_OK);
    assert_int_equal(kb_nvm_put(nvm, object + 1, sender.keys.kid.value, 16), KB_OK);
}

static struct kb_span from_hex(const char *text)
{
    static uint8_t bytes[1200];
    static char expanded[2400];
    size_t len;

    rig_expand(text, expanded);
    assert_int_equal(kb_hex_decode(kb_span(expanded, strlen(expanded)), bytes, sizeof(bytes), &len),
                     KB_OK);
    return kb_span(bytes, len);
}

uint16_t remote_send(const char *script, uint8_t spi2)
{
    sender.cntr = counters[current];
    sender_make(&sender, FULL, spi2, from_hex(script));
    sender.command.tar[0] = (uint8_t)(current_tar >> 16);
    sender.command.tar[1] = (uint8_t)(current_tar >> 8);
    sender.command.tar[2] = (uint8_t)current_tar;
    sender_seal(&sender);
    counters[current] = sender.cntr;
    return sender_send_all(&sender, &rig);
}

void remote_expect(const char *script, const char *answer)
{
    assert_int_equal(remote_send(script, POR_DELIVER), 0x9000);
    assert_report(&sender, kb_span(rig.response, rig.response_len - 2), KB_STATUS_POR_OK, answer);
}
