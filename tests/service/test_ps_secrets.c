/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the files of a PS: at no time a key in the clear, and after success nothing that a
 * key could come from. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/service/ps_world.h"

static struct world world;
static char folder[48], path[60];
static const char *const ends[] = {"", "-wal", "-shm"};

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/keyborn-ps-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/ps.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char name[80];

        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
    return rmdir(folder);
}

static bool is_in_file(const char *end, struct kb_span needle)
{
    static uint8_t bytes[4 << 20];
    char name[80];
    FILE *file;
    size_t len;

    snprintf(name, sizeof(name), "%s%s", path, end);
    file = fopen(name, "rb");
    if (!file)
        return false;
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_in_range(len, 0, sizeof(bytes) - 1);
    return memmem(bytes, len, needle.data, needle.len) != NULL;
}

static bool is_stored(struct kb_span needle)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (is_in_file(ends[i], needle))
            return true;
    }
    return false;
}

static void no_secret_is_stored(const struct world_card *card)
{
    assert_true(is_stored(kb_span(card->id_sc, strlen(card->id_sc)))); /* it can be found */
    assert_true(world.draw_count > 0);
    for (size_t i = 0; i < world.draw_count; i++)
        assert_false(is_stored(kb_span(world.draws[i], sizeof(world.draws[i]))));
    if (!card->is_agreed)
        return;
    assert_false(is_stored(kb_span(card->k, WORLD_KEY)));
    assert_false(is_stored(kb_span(card->opc, WORLD_KEY)));
    assert_false(is_stored(kb_span(card->kic, WORLD_KEY)));
    assert_false(is_stored(kb_span(card->seal, WORLD_KEY)));
    assert_false(is_stored(kb_span(card->agree.as.edhoc.prk, KB_PRK_SIZE)));
}

static int64_t ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    int64_t number;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    number = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return number;
}

static void no_key_is_ever_in_the_files(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, path, 3);
    world_start(&world, card);
    world_deliver(&world); /* the agreement waits for its third message */
    no_secret_is_stored(card);
    world.register_is_silent = true;
    world_run(&world); /* the keys wait for the register */
    assert_true(card->is_agreed);
    no_secret_is_stored(card);
    world.register_is_silent = false;
    card->mood = CARD_IS_SILENT;
    world_start(&world, card);
    world_run(&world); /* the keys wait for the card's word */
    no_secret_is_stored(card);
    world_say(&world, card, KB_SEALED_USED, false);
    world_run(&world);
    world_is_personalized(&world, card);
    no_secret_is_stored(card);
    world_close(&world);
    no_secret_is_stored(card);
}

/* Sealed or not: the register has them now. */
static void after_success_only_the_packet_keys_are_left(void **state)
{
    (void)state;
    assert_int_equal(ask("SELECT count(*) FROM session"), 1);
    assert_int_equal(ask("SELECT sum(length(saved) + length(answer)) FROM session"), 0);
    assert_int_equal(ask("SELECT sum(length(seal)) FROM holding"), 0);
    assert_true(ask("SELECT sum(length(packets)) FROM holding") >= 3 * WORLD_KEY);
    assert_int_equal(ask("SELECT count(*) FROM kb_outbox"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_is_ever_in_the_files),
        cmocka_unit_test(after_success_only_the_packet_keys_are_left),
    };

    return cmocka_run_group_tests_name("ps secrets", tests, make_folder, remove_folder);
}
