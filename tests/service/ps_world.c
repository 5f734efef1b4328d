/* SPDX-License-Identifier: Apache-2.0 */
/* A PS among cards, a relaying AS and a register. */
#include "tests/service/ps_world.h"

#include <stdio.h>

static const uint8_t store_key[KB_GCM_KEY] = {0x5E, 0xA1};
static const char *const servers[] = {"as"};
static const int16_t suite_2[] = {2}, group_p256[] = {23};

/* --- What is handed to the PS --- */

static enum kb_err fill(void *context, void *out, size_t len)
{
    struct world *world = context;

    fill_from_seed(&world->seed, out, len);
    if (len == sizeof(world->draws[0]))
        memcpy(world->draws[world->draw_count++ % WORLD_DRAWS], out, len);
    return KB_OK;
}

static int64_t now(void *context)
{
    return ((struct world *)context)->now;
}

static enum kb_err fault(void *context, const char *where)
{
    struct world *world = context;

    (void)where;
    if (!world->dies_at || ++world->steps != world->dies_at)
        return KB_OK;
    world->has_died = true;
    return KB_ERR_IO;
}

static void open_ps(struct world *world)
{
    struct kb_report why = {0};

    for (unsigned life = 0; life < 3; life++) {
        if (kb_ps_open(&world->config, &world->ps, &why) == KB_OK)
            return;
        assert_true(world->has_died);
    }
    fail_msg("%s", why.text);
}

static void set_up_card(struct world *world, size_t number)
{
    struct world_card *card = &world->cards[number];

    rig_set_up(&card->rig, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_VALUE);
    snprintf(card->id_sc, sizeof(card->id_sc), "898821900000011%04zu", number);
    card->rig.card.seed = 0x1234567 + number;
    rig_issue(&kb_crypto_mbedtls, &card->rig.maker, &card->rig.card, card->id_sc, 0, 0, RIG_BY_KID,
              0x05);
    card->rig.card.edhoc.has_message_4 = false;
    card->agreement = KB_SESSION_EDHOC;
    card->token = card->rig.card.token_spans[0];
    world->cards[number].mood = CARD_CONFIRMS;
}

void world_offer_suite(struct world *world, int16_t suite)
{
    static int16_t suites[1];

    suites[0] = suite;
    world->config.suites = suites;
    for (size_t i = 0; i < WORLD_CARDS; i++) {
        struct world_card *card = &world->cards[i];

        card->agreement = KB_SESSION_EDHOC;
        card->rig.card.edhoc.suites = suites;
        card->rig.card.edhoc.suite_count = 1;
        card->token = card->rig.card.identities[suite < 2].cred;
    }
}

void world_offer_group(struct world *world, int16_t group)
{
    static int16_t groups[1];

    groups[0] = group;
    world->config.groups = groups;
    for (size_t i = 0; i < WORLD_CARDS; i++) {
        world->cards[i].agreement = KB_SESSION_DH;
        world->cards[i].rig.card.dh.groups = groups;
        world->cards[i].rig.card.dh.group_count = 1;
        world->cards[i].token = kb_span(NULL, 0);
    }
}

static void set_up(struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->now = RIG_NOW;
    world->seed = 0x7073;
    rig_set_up(&world->operators, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_VALUE);
    for (size_t i = 0; i < WORLD_CARDS; i++)
        set_up_card(world, i);
    world->config = (struct kb_ps_config){
        .path = world->path,
        .crypto = &kb_crypto_openssl,
        .random = {fill, world},
        .key = store_key,
        .now = now,
        .now_ctx = world,
        .fault = fault,
        .fault_ctx = world,
        .id_o = kb_span("001-01", 6),
        .name = kb_span("Example", 7),
        .centre = kb_span("+12345", 6),
        .mnc_length = 2,
        .identities = world->operators.operator_.identities,
        .identity_count = RIG_CURVES,
        .makers = &world->operators.maker.root,
        .maker_count = 1,
        .suites = suite_2,
        .suite_count = 1,
        .groups = group_p256,
        .group_count = 1,
        .servers = servers,
        .server_count = 1,
    };
}

/* Keys and credentials take their time, so a world is made once and copied to where it was: it
 * points into itself. */
void world_open(struct world *world, const char *path, uint64_t identities)
{
    static struct world fresh;
    static const struct world *made;

    if (made != world) {
        set_up(world);
        made = world;
        fresh = *world;
    }
    *world = fresh;
    world_offer_suite(world, 2);
    snprintf(world->path, sizeof(world->path), "%s", path ? path : ":memory:");
    open_ps(world);
    assert_int_equal(kb_ps_add_identities(world->ps, kb_span(WORLD_FIRST, 15), identities), KB_OK);
}

void world_close(struct world *world)
{
    kb_ps_close(world->ps);
    world->ps = NULL;
}

void world_reopen(struct world *world)
{
    world_close(world);
    open_ps(world);
}

/* --- Mail to the PS --- */

static void put(struct world_letter *list, size_t *len, const struct world_letter *letter)
{
    assert_in_range(*len, 0, WORLD_LETTERS - 1);
    list[*len] = *letter;
    list[*len].mail.body.data = list[*len].body;
    (*len)++;
}

struct world_letter *world_send(struct world *world, enum kb_mail_kind kind, const char *peer,
                                struct kb_span body)
{
    struct world_letter letter = {.mail = {.kind = kind, .id = ++world->next_id}};

    snprintf(letter.mail.peer, sizeof(letter.mail.peer), "%s", peer);
    assert_in_range(body.len, 0, sizeof(letter.body));
    if (body.len)
        memcpy(letter.body, body.data, body.len);
    letter.mail.body = kb_span(letter.body, body.len);
    put(world->inbox, &world->inbox_len, &letter);
    put(world->history, &world->history_len, &letter);
    if (world->sends_all_twice) {
        put(world->inbox, &world->inbox_len, &letter); /* the very same mail */
        letter.mail.id = ++world->next_id;
        put(world->inbox, &world->inbox_len, &letter); /* the same words in another one */
    }
    return &world->inbox[world->inbox_len - 1];
}

void world_send_message(struct world *world, const struct kb_session_message *message)
{
    uint8_t body[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(body, sizeof(body));

    kb_session_write(&wr, message);
    assert_false(wr.is_bad);
    world_send(world, KB_MAIL_SERVER, "as", kb_wr_span(&wr));
}

struct kb_session_message world_message(const struct world_card *card, enum kb_session_kind kind)
{
    return (struct kb_session_message){
        .kind = kind,
        .session = card->session,
        .id_sc = kb_span(card->id_sc, strlen(card->id_sc)),
        .id_o = kb_span("001-01", 6),
    };
}

void world_start(struct world *world, struct world_card *card)
{
    struct kb_session_message message;
    uint8_t first[KB_AGREE_MESSAGE_MAX];
    struct kb_writer wr = kb_wr(first, sizeof(first)), binding = kb_wr(card->binding, 64);

    kb_wr_copy(&binding, card->id_sc, strlen(card->id_sc) + 1);
    kb_wr_copy(&binding, "001-01", 6);
    card->rig.card.dh.binding = kb_wr_span(&binding);
    card->session++;
    card->is_agreed = card->has_identity = card->is_confirmed = false;
    card->refused = KB_REASON_NONE;
    card->identities = 0;
    assert_int_equal(card->agreement == KB_SESSION_DH
                         ? kb_agree_dh(&card->agree, KB_AGREE_INITIATOR, &card->rig.card.dh)
                         : kb_agree_edhoc(&card->agree, KB_AGREE_INITIATOR, &card->rig.card.edhoc),
                     KB_OK);
    assert_int_equal(kb_agree_step(&card->agree, kb_span(NULL, 0), &wr), KB_OK);
    message = world_message(card, KB_SESSION_AGREE);
    message.agreement = (uint8_t)card->agreement;
    message.agree = kb_wr_span(&wr);
    message.credential = card->token;
    world_send_message(world, &message);
}

/* --- To and fro --- */

static enum kb_err deliver(struct world *world)
{
    size_t count = world->inbox_len;
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < count && !err; i++)
        err = kb_ps_receive(world->ps, &world->inbox[i].mail, NULL);
    if (!err)
        err = kb_ps_commit(world->ps);
    if (err)
        return err;
    world->inbox_len -= count;
    for (size_t i = 0; i < world->inbox_len; i++) {
        world->inbox[i] = world->inbox[i + count];
        world->inbox[i].mail.body.data = world->inbox[i].body;
    }
    return KB_OK;
}

static enum kb_err collect(struct world *world, bool *has_mail)
{
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_mail mail;
    enum kb_err err;

    while ((err = kb_ps_outbox(world->ps, 0, &mail, room)) == KB_OK) {
        *has_mail = true;
        if (mail.kind == KB_MAIL_REGISTER)
            world_register(world, &mail);
        else
            world_as(world, &mail);
        err = kb_ps_sent(world->ps, mail.id);
        if (err)
            return err;
    }
    return err == KB_ERR_ABSENT ? kb_ps_commit(world->ps) : err;
}

void world_deliver(struct world *world)
{
    assert_int_equal(deliver(world), KB_OK);
}

void world_run(struct world *world)
{
    bool has_mail = true;

    for (unsigned round = 0; has_mail || world->inbox_len; round++) {
        enum kb_err err;

        assert_in_range(round, 0, 100);
        has_mail = false;
        err = deliver(world);
        if (!err)
            err = collect(world, &has_mail);
        if (!err)
            continue;
        assert_true(world->has_died);
        world_reopen(world);
        has_mail = true;
    }
}

/* --- What must hold --- */

uint64_t world_count(struct world *world, enum kb_ps_identity state)
{
    struct kb_ps_count count;

    assert_int_equal(kb_ps_count(world->ps, &count), KB_OK);
    return count.identities[state];
}

void world_check(struct world *world, uint64_t identities)
{
    struct kb_ps_count count;
    uint64_t sum = 0;

    assert_int_equal(kb_ps_count(world->ps, &count), KB_OK);
    for (size_t i = 0; i < 5; i++)
        sum += count.identities[i];
    assert_int_equal(sum, identities);
    for (size_t i = 0; i < WORLD_CARDS; i++) {
        for (size_t j = 0; j < i; j++) {
            if (world->cards[i].has_identity && world->cards[j].has_identity)
                assert_string_not_equal(world->cards[i].imsi, world->cards[j].imsi);
        }
    }
}

void world_is_personalized(struct world *world, const struct world_card *card)
{
    const struct world_subscriber *subscriber = world_subscriber(world, card->imsi);

    assert_true(card->has_identity);
    assert_true(card->is_confirmed);
    assert_non_null(subscriber);
    assert_true(subscriber->is_there);
    assert_memory_equal(subscriber->k, card->k, WORLD_KEY);
    assert_memory_equal(subscriber->opc, card->opc, WORLD_KEY);
}
