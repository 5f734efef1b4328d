/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application server among short messages, frames and messages between servers made of any
 * bytes, and packets of a card it knows around any message: steps of kind (1), length (2), bytes.
 */
#include <string.h>

#include "card/ota/inbox.h"
#include "fuzz/fuzz.h"
#include "service/as.h"

enum { RAW_SMS, RAW_FRAME, SERVER, SEALED_SMS, SEALED_FRAME, START, KINDS, SPI = 0x16 };

static const char id_sc[] = "8949000010000000018", admin_code[] = "7182818284590452";
static const uint8_t key[KB_GCM_KEY] = {1};

struct world {
    struct kb_as *as;
    struct kb_ota_keys keys;
    uint64_t cntr, mail;
};

static struct kb_span text_span(const char *text)
{
    return kb_span(text, strlen(text));
}

static int64_t tell_time(void *ctx)
{
    (void)ctx;
    return 1700000000;
}

/* Each run draws the same. */
static enum kb_err draw(void *ctx, void *out, size_t len)
{
    uint8_t *bytes = out, *next = ctx;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (*next)++;
    return KB_OK;
}

static void begin(struct world *world, uint8_t *next)
{
    const struct kb_as_config config = {.path = ":memory:",
                                        .crypto = &kb_crypto_openssl,
                                        .random = {draw, next},
                                        .key = key,
                                        .now = tell_time};
    const struct kb_as_card card = {.id_sc = text_span(id_sc),
                                    .admin_code = text_span(admin_code),
                                    .kic = {1},
                                    .kid = {2},
                                    .credential = text_span("token"),
                                    .number = text_span("+4915")};
    const struct kb_as_operator op = {.id_o = text_span("001-01"),
                                      .name = text_span("Alder"),
                                      .code = text_span("4711"),
                                      .server = text_span("ps-one"),
                                      .has_contract = true};

    memset(world, 0, sizeof(*world));
    world->keys = (struct kb_ota_keys){.number = KB_OTA_KEY_SET,
                                       .cc_len = 8,
                                       .kic = {KB_ALGORITHM_AES, 16, {1}},
                                       .kid = {KB_ALGORITHM_AES, 16, {2}}};
    kb_fuzz_insist(!kb_as_open(&config, &world->as, NULL), "a server opens");
    kb_fuzz_insist(!kb_as_add_card(world->as, &card), "a card is made known");
    kb_fuzz_insist(!kb_as_set_operator(world->as, &op), "and an operator");
}

/* What carries a message of the card; an empty span when it does not fit. */
static struct kb_span seal(struct world *world, enum kb_packet_bearer bearer, struct kb_span bytes,
                           struct kb_writer *wr)
{
    struct kb_ota_command command = {
        .bearer = bearer, .spi = {SPI, 0}, .tar = KB_TAR_SERVICE, .data = bytes};
    uint8_t sender[KB_SESSION_SENDER], packet[KB_MAIL_BODY_MAX];
    struct kb_writer out = kb_wr(packet, sizeof(packet));
    struct kb_sms_split split = {.packet = KB_SMS_COMMAND_PACKET, .sender = sender};

    command.cntr = ++world->cntr;
    kb_session_sender(text_span(id_sc), sender);
    kb_ota_command_name_keys(&command, &world->keys);
    if (kb_ota_protect(&kb_crypto_openssl, &world->keys, &command, &out))
        return kb_span(NULL, 0);
    split.contents = kb_wr_span(&out);
    if (bearer == KB_PACKET_SMS) {
        kb_sms_split_write(&split, 1, wr);
    } else {
        kb_wr_u16(wr, (uint16_t)(sizeof(sender) + out.len));
        kb_wr_copy(wr, sender, sizeof(sender));
        kb_wr_copy(wr, out.data, out.len);
    }
    return wr->is_bad ? kb_span(NULL, 0) : kb_wr_span(wr);
}

static void deliver(struct world *world, unsigned kind, struct kb_span bytes)
{
    static const uint8_t mail_kinds[] = {KB_MAIL_SMS, KB_MAIL_CHANNEL, KB_MAIL_SERVER, KB_MAIL_SMS,
                                         KB_MAIL_CHANNEL};
    struct kb_mail mail = {.kind = (enum kb_mail_kind)mail_kinds[kind], .body = bytes};
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));

    if (kind == SEALED_SMS)
        mail.body = seal(world, KB_PACKET_SMS, bytes, &wr);
    if (kind == SEALED_FRAME)
        mail.body = seal(world, KB_PACKET_CHANNEL, bytes, &wr);
    strcpy(mail.peer, kind == SERVER ? "ps-one" : "+4915");
    if (kind == SERVER)
        mail.id = ++world->mail;
    kb_fuzz_insist(!kb_as_receive(world->as, &mail, NULL), "any mail can be acknowledged");
}

static void look_at_what_leaves(struct world *world)
{
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_mail mail;

    kb_fuzz_insist(!kb_as_commit(world->as), "what was done is committed");
    while (!kb_as_outbox(world->as, 0, &mail, room)) {
        kb_fuzz_insist(!memmem(mail.body.data, mail.body.len, admin_code, sizeof(admin_code) - 1),
                       "the admin code leaves in packets alone");
        kb_fuzz_insist(!kb_as_sent(world->as, mail.id), "what was sent is gone");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    struct kb_as_status status;
    struct world world;
    uint8_t next = 0;
    uint64_t line;

    begin(&world, &next);
    for (unsigned steps = 0; kb_rd_left(&rd) && steps < 32; steps++) {
        unsigned kind = kb_rd_u8(&rd) % KINDS;
        size_t len = kb_rd_u16(&rd);
        struct kb_span bytes = kb_rd_span(&rd, len < kb_rd_left(&rd) ? len : kb_rd_left(&rd));

        if (kind == START)
            kb_as_start(world.as, text_span(id_sc));
        else
            deliver(&world, kind, bytes);
        look_at_what_leaves(&world);
    }
    kb_fuzz_insist(!kb_as_status(world.as, text_span(id_sc), &status), "the card is there");
    kb_fuzz_insist(status.has_admin_code != (status.state == KB_AS_FINISHED),
                   "the admin code is forgotten when success was seen, and not before");
    kb_fuzz_insist(!kb_store_audit_check(kb_as_store(world.as), &line), "the trail is whole");
    kb_as_close(world.as);
    return 0;
}
