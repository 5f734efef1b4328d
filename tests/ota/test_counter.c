/* SPDX-License-Identifier: Apache-2.0 */
/* Counters in the card's memory: power is cut at every write, and nothing runs twice. */
#include "tests/ota/rig.h"

#include "card/nvm/flash_fault.h"
#include "card/nvm/flash_ram.h"
#include "card/ota/counter.h"

enum {
    SECTOR = 256,
    SECTORS = 4,
    UNIT = 8,
    TAKEN = 1, /* objects */
    SENT = 2,
    PACKETS = 40,
    TEARS = 6,
    SIZE = 64,
    FULL = 0x16
};

struct card {
    uint8_t flash[SECTOR * SECTORS];
    struct kb_flash_ram ram;
    struct kb_nvm_device below, device;
    struct kb_flash_fault fault;
    struct kb_nvm nvm;
    struct kb_ota_stored taken, sent;
    struct rig rig;
    unsigned runs[PACKETS + 1]; /* how often a command was acted on, by its counter */
};

static void start(struct card *card)
{
    static const uint8_t zeros[KB_CNTR_SIZE];

    memset(card, 0, sizeof(*card));
    memset(card->flash, 0xFF, sizeof(card->flash));
    kb_flash_ram_init(&card->ram, &card->below, card->flash, SECTOR, SECTORS, UNIT);
    kb_flash_fault_init(&card->fault, &card->device, &card->below);
    assert_int_equal(kb_nvm_format(&card->nvm, &card->device), KB_OK);
    assert_int_equal(kb_nvm_put(&card->nvm, TAKEN, zeros, sizeof(zeros)), KB_OK);
    assert_int_equal(kb_nvm_put(&card->nvm, SENT, zeros, sizeof(zeros)), KB_OK);
    card->taken = (struct kb_ota_stored){&card->nvm, TAKEN};
    card->sent = (struct kb_ota_stored){&card->nvm, SENT};
    rig_start(&card->rig, &kb_crypto_mbedtls);
    card->rig.counter = kb_ota_counter(&card->taken);
}

static void power_up(struct card *card)
{
    kb_flash_fault_arm(&card->fault, KB_FLASH_NEVER, 0);
    assert_int_equal(kb_nvm_mount(&card->nvm, &card->device), KB_OK);
}

static enum kb_ota_verdict take(struct card *card, uint64_t cntr)
{
    struct kb_ota_command command = rig_command(&card->rig, FULL, 0x19, cntr, kb_span("go", 2));
    struct kb_ota_command out;
    uint8_t packet[SIZE];
    size_t len = rig_protect(&card->rig, &command, packet, sizeof(packet));
    enum kb_ota_verdict verdict =
        kb_ota_open(&card->rig.receiver, KB_PACKET_SMS, packet, len, &out);

    if (verdict == KB_OTA_ACCEPTED)
        card->runs[cntr]++;
    return verdict;
}

/* Sends the packets in their order, with power cut once; then all of them again. */
static bool run_cut(struct card *card, uint64_t cut_at, uint64_t tear)
{
    bool was_cut = false;

    start(card);
    kb_flash_fault_arm(&card->fault, cut_at, tear);
    for (uint64_t cntr = 1; cntr <= PACKETS; cntr++) {
        take(card, cntr);
        if (!card->fault.is_off)
            continue;
        assert_int_equal(card->runs[cntr], 0);
        was_cut = true;
        power_up(card);
        take(card, cntr); /* sent again, for want of an answer */
    }
    for (uint64_t cntr = 1; cntr <= PACKETS; cntr++)
        assert_int_equal(take(card, cntr), KB_OTA_REFUSED);
    return was_cut;
}

static void no_packet_runs_twice_whatever_write_loses_power(void **state)
{
    static struct card card;
    uint64_t cut_at = 1;

    (void)state;
    for (uint64_t tear = 0; tear < TEARS; tear++) {
        for (cut_at = 1; run_cut(&card, cut_at, tear); cut_at++) {
            unsigned lost = 0;

            for (unsigned cntr = 1; cntr <= PACKETS; cntr++) {
                assert_in_range(card.runs[cntr], 0, 1);
                lost += !card.runs[cntr];
            }
            assert_in_range(lost, 0, 1); /* its counter was safe, its answer was not */
        }
        assert_in_range(cut_at, PACKETS, 1000);
    }
}

static void no_two_packets_are_sent_with_one_counter(void **state)
{
    static struct card card;

    (void)state;
    for (uint64_t cut_at = 1; cut_at < 60; cut_at++) {
        uint64_t highest = 0, value;

        start(&card);
        kb_flash_fault_arm(&card.fault, cut_at, cut_at);
        for (unsigned i = 0; i < PACKETS; i++) {
            if (kb_ota_counter_next(&card.sent, &value)) {
                assert_int_equal(value, 0);
                power_up(&card);
                continue;
            }
            assert_true(value > highest);
            highest = value;
        }
        assert_in_range(highest, PACKETS - 1, PACKETS);
    }
}

static void a_counter_that_is_absent_or_used_up_takes_and_gives_nothing(void **state)
{
    static const uint8_t all[KB_CNTR_SIZE] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static struct card card;
    uint64_t value;

    (void)state;
    start(&card);
    assert_int_equal(kb_nvm_delete(&card.nvm, TAKEN), KB_OK);
    assert_int_equal(take(&card, 1), KB_OTA_REFUSED);
    assert_int_equal(kb_ota_counter_next(&card.taken, &value), KB_ERR_ABSENT);
    assert_int_equal(kb_nvm_put(&card.nvm, SENT, all, sizeof(all)), KB_OK);
    assert_int_equal(kb_ota_counter_next(&card.sent, &value), KB_ERR_RANGE);
}

static void nothing_is_taken_inside_of_a_transaction_that_could_be_rolled_back(void **state)
{
    static struct card card;

    (void)state;
    start(&card);
    assert_int_equal(kb_nvm_begin(&card.nvm), KB_OK);
    assert_int_equal(take(&card, 1), KB_OTA_REFUSED);
    kb_nvm_rollback(&card.nvm);
    assert_int_equal(take(&card, 1), KB_OTA_ACCEPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_packet_runs_twice_whatever_write_loses_power),
        cmocka_unit_test(no_two_packets_are_sent_with_one_counter),
        cmocka_unit_test(a_counter_that_is_absent_or_used_up_takes_and_gives_nothing),
        cmocka_unit_test(nothing_is_taken_inside_of_a_transaction_that_could_be_rolled_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
