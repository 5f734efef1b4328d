/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/dishonest.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "sim/dishonest_inside.h"
#include "sim/memory.h"

enum { SOON_MS = 3000, LATER_MS = 40000 };

static const uint64_t made_up = UINT64_C(1) << 50; /* numbers of its own mail */

/* --- Cards --- */

struct kb_liar_card *kb_liar_card(struct kb_sim_dishonest *liar, uint64_t number)
{
    if (!liar->cards[number])
        liar->cards[number] = kb_sim_allocate(1, sizeof(*liar->cards[number]));
    return liar->cards[number];
}

static void remember(struct kb_liar_memory *memory, struct kb_span bytes)
{
    if (bytes.len > sizeof(memory->bytes) || !bytes.len)
        return;
    memcpy(memory->bytes, bytes.data, bytes.len);
    memory->len = bytes.len;
}

static struct kb_span remembered(const struct kb_liar_memory *memory)
{
    return kb_span(memory->bytes, memory->len);
}

void kb_sim_dishonest_learn(struct kb_sim_dishonest *liar, uint64_t number,
                            const struct kb_air_card *made)
{
    struct kb_liar_card *card = kb_liar_card(liar, number);
    const bool is_old = liar->world->config.has_old_keys;
    const struct kb_ota_key key = {.algorithm = is_old ? KB_ALGORITHM_3DES2 : KB_ALGORITHM_AES,
                                   .len = KB_LIAR_KEY};

    memcpy(card->id_sc, made->id_sc, strlen(made->id_sc));
    card->keys = (struct kb_ota_keys){
        .number = 1, .is_old = is_old, .cc_len = KB_CHECK_MAX, .kic = key, .kid = key};
    memcpy(card->keys.kic.value, made->kic, sizeof(made->kic));
    memcpy(card->keys.kid.value, made->kid, sizeof(made->kid));
    remember(&card->credential, kb_span(made->credential, made->credential_len));
}

struct kb_sim_dishonest *kb_sim_dishonest_new(struct kb_world *world)
{
    struct kb_sim_dishonest *liar = kb_sim_allocate(1, sizeof(*liar));

    liar->world = world;
    kb_chance_init(&liar->chance, world->config.seed, KB_CHANCE_ATTACKER, 0);
    liar->random = (struct kb_random){kb_chance_fill, &liar->chance};
    liar->cards = kb_sim_allocate(world->config.cards, sizeof(struct kb_liar_card *));
    liar->next_id = made_up;
    if (kb_liar_forge(liar)) {
        kb_sim_dishonest_free(liar);
        return NULL;
    }
    return liar;
}

void kb_sim_dishonest_free(struct kb_sim_dishonest *liar)
{
    if (!liar)
        return;
    for (uint64_t i = 0; i < liar->world->config.cards; i++)
        if (liar->cards[i]) {
            kb_wipe(liar->cards[i], sizeof(*liar->cards[i]));
            free(liar->cards[i]);
        }
    free(liar->cards);
    kb_wipe(liar, sizeof(*liar));
    free(liar);
}

/* --- What it gained --- */

uint64_t kb_sim_dishonest_lies(const struct kb_sim_dishonest *liar)
{
    return liar->lies;
}

static bool has_key_of(const struct kb_sim_dishonest *liar, const struct kb_liar_card *card)
{
    const struct kb_sim_subscriber *subscriber = NULL;
    int home = card->knows_pair ? kb_sim_home_of(liar->world, card->imsi) : -1;

    if (home > 0)
        subscriber = kb_sim_subscribers_find(&liar->world->operators[home].subscribers,
                                             kb_sim_imsi(kb_span(card->imsi, strlen(card->imsi))));
    return subscriber && kb_is_equal(subscriber->k, card->k, KB_LIAR_KEY) &&
           kb_is_equal(subscriber->opc, card->opc, KB_LIAR_KEY);
}

uint64_t kb_sim_dishonest_known(const struct kb_sim_dishonest *liar)
{
    uint64_t count = 0;

    for (uint64_t i = 0; i < liar->world->config.cards; i++)
        count += liar->cards[i] && has_key_of(liar, liar->cards[i]);
    return count;
}

/* --- Letters --- */

static struct kb_sim_letter *copy_of(const struct kb_sim_letter *letter, struct kb_span bytes)
{
    struct kb_sim_letter *copy = kb_sim_letter_new(letter->card, bytes);
    unsigned holders = copy->holders;
    size_t len = copy->len;

    memcpy(copy, letter, offsetof(struct kb_sim_letter, bytes));
    copy->holders = holders;
    copy->len = len;
    copy->is_settled = false;
    return copy;
}

struct kb_sim_letter *kb_liar_rewrite(struct kb_sim_dishonest *liar, struct kb_sim_letter *letter,
                                      const struct kb_session_message *message)
{
    uint8_t room[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_sim_letter *changed;

    (void)liar;
    kb_session_write(&wr, message);
    if (wr.is_bad)
        return letter;
    changed = copy_of(letter, kb_wr_span(&wr));
    kb_sim_letter_drop(letter);
    return changed;
}

/* --- Replaying: what other cards sent, in place of what this one sends --- */

static void replace(struct kb_sim_dishonest *liar, struct kb_liar_card *card, bool is_meant,
                    enum kb_liar_thing thing, struct kb_span *span)
{
    static uint8_t room[KB_SESSION_AGREE_MAX]; /* until the message is written */
    const struct kb_liar_memory before = liar->seen[thing];

    remember(&liar->seen[thing], *span);
    if (!is_meant || card->has_lied || !before.len)
        return;
    memcpy(room, before.bytes, before.len);
    *span = kb_span(room, before.len);
    card->has_lied = true;
    liar->lies++;
}

static void replay_up(struct kb_sim_dishonest *liar, struct kb_liar_card *card, uint64_t number,
                      struct kb_session_message *message)
{
    bool is_first = message->agreement != 0;

    if (message->kind == KB_SESSION_AGREE)
        replace(liar, card, number % 4 == (is_first ? 0 : 1),
                is_first ? KB_LIAR_FIRST : KB_LIAR_THIRD, &message->agree);
}

static void replay_down(struct kb_sim_dishonest *liar, struct kb_liar_card *card, uint64_t number,
                        struct kb_session_message *message)
{
    if (message->kind == KB_SESSION_AGREE)
        replace(liar, card, number % 4 == 2, KB_LIAR_SECOND, &message->agree);
    if (message->kind == KB_SESSION_IDENTITY)
        replace(liar, card, number % 4 == 3, KB_LIAR_SEALED, &message->sealed);
}

/* The token of another card: for this one, or with that one's name. */
static void swap_credential(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                            uint64_t number, struct kb_session_message *message)
{
    const struct kb_liar_card *other = number ? liar->cards[number - 1] : NULL;

    if (message->kind != KB_SESSION_AGREE || !message->credential.len || !other || card->has_lied)
        return;
    message->credential = remembered(&other->credential);
    if (number % 2)
        message->id_sc = kb_span(other->id_sc, strlen(other->id_sc));
    card->has_lied = true;
    liar->lies++;
}

/* --- Reordering: each message again, when it has no place any more --- */

static void send_again(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_dishonest *liar = ctx;
    struct kb_sim_letter *letter = event->letter;
    struct kb_sim_letter *copy = copy_of(letter, kb_sim_letter_span(letter));

    copy->id = liar->next_id++;
    copy->is_settled = true; /* nobody waits for its acknowledgement */
    liar->lies++;
    if (copy->to == 0) {
        kb_sim_host_arrive(&liar->world->hosts[0], copy);
        kb_sim_letter_drop(copy);
    } else {
        kb_sim_post(liar->world, copy, false);
    }
}

static void plan_again(struct kb_sim_dishonest *liar, struct kb_sim_letter *letter)
{
    static const int64_t waits[] = {SOON_MS, LATER_MS};

    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        kb_sim_plan(&liar->world->clock, waits[i],
                    (struct kb_sim_event){
                        .run = send_again, .ctx = liar, .letter = kb_sim_letter_hold(letter)});
}

/* --- Lying about operators --- */

static struct kb_sim_letter *take_elsewhere(struct kb_sim_dishonest *liar,
                                            struct kb_liar_card *card, struct kb_sim_letter *letter,
                                            struct kb_session_message *message)
{
    struct kb_world *world = liar->world;
    unsigned other = letter->to % (world->operator_count - 1) + 1;

    card->claimed = letter->to;
    if (message->id_o.len)
        message->id_o = kb_span(world->operators[other].id_o, strlen(world->operators[other].id_o));
    letter = kb_liar_rewrite(liar, letter, message);
    letter->to = other;
    letter->receiver = world->hosts[other].name;
    liar->lies++;
    return letter;
}

static struct kb_sim_letter *pretend(struct kb_sim_dishonest *liar, const struct kb_liar_card *card,
                                     struct kb_sim_letter *letter,
                                     struct kb_session_message *message)
{
    struct kb_world *world = liar->world;
    const char *id_o = world->operators[card->claimed].id_o;

    if (!card->claimed)
        return letter;
    if (message->id_o.len)
        message->id_o = kb_span(id_o, strlen(id_o));
    letter = kb_liar_rewrite(liar, letter, message);
    letter->from = card->claimed;
    letter->id = liar->next_id++;
    return letter;
}

/* --- Fields --- */

static bool change_for_card(struct kb_sim_dishonest *liar, uint64_t number,
                            struct kb_session_message *message)
{
    static uint8_t room[KB_SESSION_AGREE_MAX]; /* until the message is written */
    struct kb_liar_card *card = kb_liar_card(liar, number);

    if (card->has_lied ||
        !kb_liar_change_field(number % kb_liar_field_count(), KB_LIAR_TO_CARD, message, room))
        return false;
    card->has_lied = true;
    liar->lies++;
    return true;
}

static struct kb_sim_letter *change_field(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                                          struct kb_sim_letter *letter, enum kb_liar_way way,
                                          struct kb_session_message *message)
{
    uint8_t room[KB_SESSION_AGREE_MAX];

    if (card->has_lied ||
        !kb_liar_change_field(letter->card % kb_liar_field_count(), way, message, room))
        return letter;
    card->has_lied = true;
    liar->lies++;
    return kb_liar_rewrite(liar, letter, message);
}

/* --- Its lines --- */

static struct kb_sim_letter *up(struct kb_sim_dishonest *liar, struct kb_sim_letter *letter,
                                struct kb_session_message *message)
{
    struct kb_liar_card *card = kb_liar_card(liar, letter->card);

    switch (liar->world->config.dishonest) {
    case KB_DISHONEST_SHARES:
        kb_liar_middle_up(liar, card, message);
        return kb_liar_rewrite(liar, letter, message);
    case KB_DISHONEST_CREDENTIALS:
        swap_credential(liar, card, letter->card, message);
        return kb_liar_rewrite(liar, letter, message);
    case KB_DISHONEST_REPLAY:
        replay_up(liar, card, letter->card, message);
        return kb_liar_rewrite(liar, letter, message);
    case KB_DISHONEST_REORDER:
        plan_again(liar, letter);
        return letter;
    case KB_DISHONEST_OPERATOR:
        return take_elsewhere(liar, card, letter, message);
    default:
        return change_field(liar, card, letter, KB_LIAR_TO_SERVER, message);
    }
}

static struct kb_sim_letter *down(struct kb_sim_dishonest *liar, struct kb_sim_letter *letter,
                                  struct kb_session_message *message)
{
    struct kb_liar_card *card = kb_liar_card(liar, letter->card);

    switch (liar->world->config.dishonest) {
    case KB_DISHONEST_SHARES:
        kb_liar_middle_down(liar, card, message);
        return kb_liar_rewrite(liar, letter, message);
    case KB_DISHONEST_REPLAY:
        replay_down(liar, card, letter->card, message);
        return kb_liar_rewrite(liar, letter, message);
    case KB_DISHONEST_REORDER:
        plan_again(liar, letter);
        return letter;
    case KB_DISHONEST_OPERATOR:
        return pretend(liar, card, letter, message);
    case KB_DISHONEST_FIELDS:
        return change_field(liar, card, letter, KB_LIAR_FROM_SERVER, message);
    default:
        return letter;
    }
}

static bool reads(const struct kb_sim_letter *letter, struct kb_session_message *message)
{
    return letter->kind == KB_MAIL_SERVER && letter->card != KB_SIM_NOBODY &&
           !kb_session_read(kb_sim_letter_span(letter), message);
}

struct kb_sim_letter *kb_sim_dishonest_sends(struct kb_sim_dishonest *liar,
                                             struct kb_sim_letter *letter)
{
    struct kb_session_message message;

    if (reads(letter, &message))
        return up(liar, letter, &message);
    if (letter->kind != KB_MAIL_SERVER && letter->card != KB_SIM_NOBODY &&
        liar->world->config.dishonest == KB_DISHONEST_FIELDS)
        return kb_liar_repack(liar, letter, change_for_card);
    return letter;
}

struct kb_sim_letter *kb_sim_dishonest_gets(struct kb_sim_dishonest *liar,
                                            struct kb_sim_letter *letter)
{
    struct kb_session_message message;

    return !letter->is_settled && reads(letter, &message) ? down(liar, letter, &message) : letter;
}
