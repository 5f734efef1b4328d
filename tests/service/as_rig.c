/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/service/as_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card/cpa/cpa.h"
#include "card/ota/inbox.h"
#include "service/as_session.h"
#include "tests/service/files.h"
#include "wire/bcd.h"
#include "wire/sms_parts.h"

enum { SPI = 0x16 };

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

const struct kb_span share_1 = BYTES("the card's first message of the agreement"),
                     share_2 =
                         BYTES("the server's, with the operator's token as it comes by value: "
                               "some hundred bytes of it, so that it takes two messages"),
                     share_3 = BYTES("the card's last"), sealed_identity = BYTES("sealed identity"),
                     sealed_used = BYTES("sealed!!");

static struct kb_span text_span(const char *text)
{
    return kb_span(text, strlen(text));
}

/* --- The server --- */

static int64_t tell_time(void *ctx)
{
    return *(int64_t *)ctx;
}

static enum kb_err die(void *ctx, const char *where)
{
    struct as_rig *rig = ctx;

    rig->points++;
    if (rig->points != rig->dies_at)
        return KB_OK;
    rig->died = where;
    return KB_ERR_TIMEOUT;
}

enum kb_err rig_open(struct as_rig *rig)
{
    const struct kb_as_config config = {.path = rig->path,
                                        .crypto = &kb_crypto_openssl,
                                        .key = rig->key,
                                        .now = tell_time,
                                        .now_ctx = &rig->now,
                                        .revoked = rig->revoked,
                                        .fault = die,
                                        .fault_ctx = rig};
    struct kb_report why = {0};

    rig->points = 0;
    return kb_as_open(&config, &rig->as, &why);
}

void rig_close(struct as_rig *rig)
{
    kb_as_close(rig->as);
    rig->as = NULL;
}

static void add_operator(struct as_rig *rig, const char *id_o, const char *name, const char *code,
                         const char *server, bool has_contract)
{
    const struct kb_as_operator op = {.id_o = text_span(id_o),
                                      .name = text_span(name),
                                      .code = text_span(code),
                                      .server = text_span(server),
                                      .has_contract = has_contract};

    assert_int_equal(kb_as_set_operator(rig->as, &op), KB_OK);
}

static void begin(struct as_rig *rig)
{
    memset(rig->key, 0x5A, sizeof(rig->key));
    rig->now = 1700000000;
    assert_int_equal(rig_open(rig), KB_OK);
    add_operator(rig, "001-01", "Alder", "4711", "ps-one", true);
    add_operator(rig, "001-02", "Birch", "", "ps-two", true);
    add_operator(rig, "001-03", "Cedar", "", "ps-three", false);
    assert_int_equal(kb_as_commit(rig->as), KB_OK);
}

void rig_enter(struct as_rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->folder, sizeof(rig->folder), "/tmp/keyborn-as-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof(rig->path), "%s/as.db", rig->folder);
    begin(rig);
}

void rig_enter_memory(struct as_rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->path, sizeof(rig->path), ":memory:");
    begin(rig);
}

void rig_leave(struct as_rig *rig)
{
    rig_close(rig);
    if (!rig->folder[0])
        return;
    files_remove(rig->folder);
    rmdir(rig->folder);
}

unsigned rig_search(const struct as_rig *rig, struct kb_span bytes)
{
    return files_search(rig->folder, bytes);
}

struct kb_as_status rig_status(struct as_rig *rig, const struct fake_card *card)
{
    struct kb_as_status status;

    assert_int_equal(kb_as_status(rig->as, text_span(card->id_sc), &status), KB_OK);
    return status;
}

enum kb_err rig_give(struct as_rig *rig, const struct kb_mail *mail)
{
    enum kb_err err = kb_as_receive(rig->as, mail, NULL);

    return err ? err : kb_as_commit(rig->as);
}

static struct letter *new_letter(struct letters *letters)
{
    struct letter *letter = &letters->at[letters->count++];

    assert_true(letters->count <= RIG_LETTERS);
    memset(letter, 0, sizeof(*letter));
    return letter;
}

enum kb_err rig_collect(struct as_rig *rig, struct letters *letters)
{
    enum kb_err err;

    for (;;) {
        struct letter *letter = new_letter(letters);

        err = kb_as_outbox(rig->as, 0, &letter->mail, letter->body);
        if (err) {
            letters->count--;
            return err == KB_ERR_ABSENT ? kb_as_commit(rig->as) : err;
        }
        err = kb_as_sent(rig->as, letter->mail.id);
        if (err)
            return err;
    }
}

void rig_deliver(struct as_rig *rig, const struct letters *letters)
{
    for (size_t i = 0; i < letters->count; i++)
        assert_int_equal(rig_give(rig, &letters->at[i].mail), KB_OK);
}

/* --- Cards --- */

static void use_old_keys(struct fake_card *card, bool is_old)
{
    card->keys.is_old = is_old;
    card->keys.kic.algorithm = card->keys.kid.algorithm =
        is_old ? KB_ALGORITHM_3DES2 : KB_ALGORITHM_AES;
}

void card_changes_cipher(struct fake_card *card)
{
    use_old_keys(card, !card->keys.is_old);
}

static void make_card(struct as_rig *rig, unsigned n, bool is_old, struct fake_card *card)
{
    struct kb_as_card known = {0};
    char digits[KB_ID_SC_MAX];
    size_t len;

    memset(card, 0, sizeof(*card));
    len = (size_t)snprintf(digits, sizeof(digits), "894900001%09u", n);
    snprintf(card->id_sc, sizeof(card->id_sc), "%s%c", digits, kb_luhn_digit(kb_span(digits, len)));
    snprintf(card->number, sizeof(card->number), "+49151%07u", n);
    snprintf(card->code, sizeof(card->code), "%016llu", 7182818284590ULL * (n + 1));
    card->bearer = KB_MAIL_SMS;
    card->keys.number = KB_OTA_KEY_SET;
    card->keys.cc_len = 8;
    use_old_keys(card, is_old);
    card->keys.kic.len = card->keys.kid.len = 16;
    for (size_t i = 0; i < 16; i++) {
        card->keys.kic.value[i] = (uint8_t)(n * 31 + i * 7 + 1);
        card->keys.kid.value[i] = (uint8_t)(n * 17 + i * 11 + 2);
    }
    known.id_sc = text_span(card->id_sc);
    known.admin_code = text_span(card->code);
    memcpy(known.kic, card->keys.kic.value, 16);
    memcpy(known.kid, card->keys.kid.value, 16);
    known.has_old_keys = is_old;
    known.credential = text_span("the card's token");
    known.number = text_span(card->number);
    assert_int_equal(kb_as_add_card(rig->as, &known), KB_OK);
    assert_int_equal(kb_as_commit(rig->as), KB_OK);
}

void rig_card(struct as_rig *rig, unsigned n, struct fake_card *card)
{
    make_card(rig, n, false, card);
}

void rig_old_card(struct as_rig *rig, unsigned n, struct fake_card *card)
{
    make_card(rig, n, true, card);
}

static void write_parts(struct fake_card *card, struct kb_span packet, struct letters *letters)
{
    uint8_t sender[KB_SESSION_SENDER];
    const struct kb_sms_split split = {.contents = packet,
                                       .packet = KB_SMS_COMMAND_PACKET,
                                       .sender = sender,
                                       .reference = card->reference++};

    kb_session_sender(text_span(card->id_sc), sender);
    for (unsigned i = 1; i <= kb_sms_split_count(&split); i++) {
        struct letter *letter = new_letter(letters);
        struct kb_writer wr = kb_wr(letter->body, KB_SMS_USER_DATA);

        kb_sms_split_write(&split, i, &wr);
        assert_false(wr.is_bad);
        letter->mail.kind = KB_MAIL_SMS;
        snprintf(letter->mail.peer, sizeof(letter->mail.peer), "%s", card->number);
        letter->mail.body = kb_wr_span(&wr);
    }
}

static void write_frame(struct fake_card *card, struct kb_span packet, struct letters *letters)
{
    struct letter *letter = new_letter(letters);
    struct kb_writer wr = kb_wr(letter->body, sizeof(letter->body));
    uint8_t sender[KB_SESSION_SENDER];

    kb_session_sender(text_span(card->id_sc), sender);
    kb_wr_u16(&wr, (uint16_t)(sizeof(sender) + packet.len));
    kb_wr_copy(&wr, sender, sizeof(sender));
    kb_wr_copy(&wr, packet.data, packet.len);
    assert_false(wr.is_bad);
    letter->mail.kind = KB_MAIL_CHANNEL;
    snprintf(letter->mail.peer, sizeof(letter->mail.peer), "connection of %s", card->number);
    letter->mail.body = kb_wr_span(&wr);
}

void card_writes_bytes(struct fake_card *card, struct kb_span bytes, struct letters *letters)
{
    uint8_t packet[KB_MAIL_BODY_MAX];
    struct kb_writer out = kb_wr(packet, sizeof(packet));
    struct kb_ota_command command = {.spi = {SPI, 0}, .tar = KB_TAR_SERVICE};

    command.bearer = card->bearer == KB_MAIL_SMS ? KB_PACKET_SMS : KB_PACKET_CHANNEL;
    command.cntr = ++card->sent;
    command.data = bytes;
    kb_ota_command_name_keys(&command, &card->keys);
    assert_int_equal(kb_ota_protect(&kb_crypto_openssl, &card->keys, &command, &out), KB_OK);
    if (card->bearer == KB_MAIL_SMS)
        write_parts(card, kb_wr_span(&out), letters);
    else
        write_frame(card, kb_wr_span(&out), letters);
}

void card_writes(struct fake_card *card, const struct kb_session_message *message,
                 struct letters *letters)
{
    uint8_t bytes[RIG_MESSAGE];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_session_write(&wr, message);
    assert_false(wr.is_bad);
    card_writes_bytes(card, kb_wr_span(&wr), letters);
}

static enum kb_err read_taken(void *self, uint64_t *last)
{
    *last = ((struct fake_card *)self)->taken;
    return KB_OK;
}

static enum kb_err keep_taken(void *self, uint64_t value)
{
    ((struct fake_card *)self)->taken = value;
    return KB_OK;
}

static bool opens(struct fake_card *card, enum kb_packet_bearer bearer, struct kb_span packet,
                  uint8_t *room, struct kb_session_message *message)
{
    uint8_t bytes[KB_MAIL_BODY_MAX];
    const struct kb_ota_counter counter = {card, read_taken, keep_taken};
    const struct kb_ota_target target = {.tar = KB_TAR_CPA, .minimum = SPI};
    const struct kb_ota_receiver receiver = {
        &kb_crypto_openssl, &card->keys, 1, &target, 1, &counter};
    struct kb_ota_command command;

    memcpy(bytes, packet.data, packet.len);
    if (kb_ota_open(&receiver, bearer, bytes, packet.len, &command) != KB_OTA_ACCEPTED)
        return false;
    memcpy(room, command.data.data, command.data.len);
    assert_int_equal(kb_session_read(kb_span(room, command.data.len), message), KB_OK);
    return true;
}

bool card_reads(struct fake_card *card, const struct letters *letters, uint8_t *room,
                struct kb_session_message *message)
{
    uint8_t joined[4][KB_INBOX_ROOM];
    struct kb_sms_join places[4] = {0}, *whole;
    bool found = false;

    for (size_t i = 0; i < 4; i++)
        places[i] = (struct kb_sms_join){.room = joined[i], .cap = KB_INBOX_ROOM};
    for (size_t i = 0; i < letters->count; i++) {
        const struct kb_mail *mail = &letters->at[i].mail;
        struct kb_sms_address address = {0};

        if (mail->kind == KB_MAIL_CHANNEL && strstr(mail->peer, card->number))
            found |= opens(card, KB_PACKET_CHANNEL,
                           kb_span(mail->body.data + KB_SESSION_FRAME_HEAD,
                                   mail->body.len - KB_SESSION_FRAME_HEAD),
                           room, message);
        if (mail->kind != KB_MAIL_SMS || strcmp(mail->peer, card->number) != 0)
            continue;
        assert_int_equal(kb_sms_join(places, 4, &address, true, mail->body, &whole), KB_OK);
        if (!whole)
            continue;
        found |= opens(card, KB_PACKET_SMS, whole->contents, room, message);
        kb_sms_join_forget(whole);
    }
    return found;
}

/* --- Messages --- */

struct kb_session_message request_of(uint32_t session, const char *id_o)
{
    return (struct kb_session_message){.kind = KB_SESSION_REQUEST,
                                       .session = session,
                                       .id_o = text_span(id_o),
                                       .agreement = KB_SESSION_EDHOC,
                                       .agree = share_1};
}

struct kb_session_message message_of(enum kb_session_kind kind, uint32_t session)
{
    struct kb_session_message message = {.kind = kind, .session = session};

    if (kind == KB_SESSION_AGREE)
        message.agree = share_3;
    if (kind == KB_SESSION_CONFIRM)
        message.sealed = sealed_used;
    if (kind == KB_SESSION_REFUSE)
        message.reason = KB_REASON_USER;
    return message;
}

struct kb_session_message server_message_of(enum kb_session_kind kind, uint32_t session,
                                            const struct fake_card *card)
{
    struct kb_session_message message = {
        .kind = kind, .session = session, .id_sc = text_span(card->id_sc)};

    if (kind == KB_SESSION_AGREE) {
        message.agree = share_2;
        message.id_o = text_span("001-01");
    }
    if (kind == KB_SESSION_IDENTITY)
        message.sealed = sealed_identity;
    if (kind == KB_SESSION_REFUSE)
        message.reason = KB_REASON_NO_IDENTITY;
    return message;
}

void server_writes(const char *name, uint64_t id, const struct kb_session_message *message,
                   struct letters *letters)
{
    struct letter *letter = new_letter(letters);
    struct kb_writer wr = kb_wr(letter->body, sizeof(letter->body));

    kb_session_write(&wr, message);
    assert_false(wr.is_bad);
    letter->mail.kind = KB_MAIL_SERVER;
    letter->mail.id = id;
    snprintf(letter->mail.peer, sizeof(letter->mail.peer), "%s", name);
    letter->mail.body = kb_wr_span(&wr);
}

void card_says(struct as_rig *rig, struct fake_card *card, const struct kb_session_message *message,
               struct letters *answers)
{
    static struct letters mine;

    mine.count = 0;
    card_writes(card, message, &mine);
    rig_deliver(rig, &mine);
    answers->count = 0;
    assert_int_equal(rig_collect(rig, answers), KB_OK);
}

void server_says(struct as_rig *rig, const char *name, const struct kb_session_message *message,
                 struct letters *answers)
{
    static struct letters mine;
    static uint64_t id = 1000;

    mine.count = 0;
    server_writes(name, ++id, message, &mine);
    rig_deliver(rig, &mine);
    answers->count = 0;
    assert_int_equal(rig_collect(rig, answers), KB_OK);
}

void rig_go(struct as_rig *rig, struct fake_card *card, uint32_t session, unsigned step)
{
    static struct letters answers;
    /* Who speaks to get where, the card or the server, and what. */
    static const struct {
        uint8_t step, kind;
        bool is_card;
    } way[] = {
        {KB_AS_STEP_ASKED, KB_SESSION_REQUEST, true},
        {KB_AS_STEP_COMMANDED, KB_SESSION_AGREE, false},
        {KB_AS_STEP_AGREED, KB_SESSION_AGREE, true},
        {KB_AS_STEP_RELAYED, KB_SESSION_IDENTITY, false},
        {KB_AS_STEP_CONFIRMED, KB_SESSION_CONFIRM, true},
        {KB_AS_STEP_FINISHED, KB_SESSION_CONFIRM, false},
    };
    struct kb_session_message message;

    for (size_t i = 0; i < sizeof(way) / sizeof(way[0]) && way[i].step <= step; i++) {
        enum kb_session_kind kind = (enum kb_session_kind)way[i].kind;

        if (kind == KB_SESSION_REQUEST)
            message = request_of(session, "001-01");
        else
            message =
                way[i].is_card ? message_of(kind, session) : server_message_of(kind, session, card);
        if (way[i].is_card)
            card_says(rig, card, &message, &answers);
        else
            server_says(rig, "ps-one", &message, &answers);
    }
}
