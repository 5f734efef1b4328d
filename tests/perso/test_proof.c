/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader proves (docs/loader.md): one image for each rule that breaks just this rule and
 * is signed by the maker all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/perso/sample.h"

enum { BLOCK = 240 };

static struct rig rig;
static struct builder builder;
static uint8_t image[BUILDER_IMAGE];

static int make_key_and_card(void **state)
{
    (void)state;
    sample_make_key();
    sample_prepare(&rig);
    return 0;
}

/* One byte of one row set to a value that breaks one rule. */
struct lie {
    const char *rule;
    enum builder_table table;
    size_t row, byte;
    uint8_t value;
    enum kb_err err;
};

static const struct lie lies[] = {
    {"a transition comes from a state there is", BUILDER_TRANSITIONS, 1, 0, 6, KB_ERR_RANGE},
    {"a transition leads to a state there is", BUILDER_TRANSITIONS, 1, 2, 6, KB_ERR_RANGE},
    {"an event is one of those there are", BUILDER_TRANSITIONS, 1, 1, 7, KB_ERR_RANGE},
    {"a state has one successor for an event", BUILDER_TRANSITIONS, 1, 1, 0, KB_ERR_RULE},
    {"nothing leaves LOCKED", BUILDER_TRANSITIONS, 1, 0, 4, KB_ERR_RULE},
    {"nothing leaves BLOCKED", BUILDER_TRANSITIONS, 1, 0, 5, KB_ERR_RULE},
    {"ENABLE does not lead to PERSO", BUILDER_TRANSITIONS, 0, 2, 3, KB_ERR_RULE},
    {"ENABLE does not lead to LOCKED", BUILDER_TRANSITIONS, 0, 2, 4, KB_ERR_RULE},
    {"a wrong code does not lead to PERSO", BUILDER_TRANSITIONS, 3, 2, 3, KB_ERR_RULE},
    {"a wrong code does not lead to LOCKED", BUILDER_TRANSITIONS, 3, 2, 4, KB_ERR_RULE},
    {"BLOCKED means that no try is left", BUILDER_TRANSITIONS, 3, 2, 5, KB_ERR_RULE},
    {"the last try leads to BLOCKED", BUILDER_TRANSITIONS, 4, 2, 2, KB_ERR_RULE},
    {"the last try does not lead to PERSO", BUILDER_TRANSITIONS, 4, 2, 3, KB_ERR_RULE},
    {"a right code leads to PERSO", BUILDER_TRANSITIONS, 2, 2, 2, KB_ERR_RULE},
    {"a right code does not lead to LOCKED", BUILDER_TRANSITIONS, 2, 2, 4, KB_ERR_RULE},
    {"a code is verified behind an ENABLE", BUILDER_TRANSITIONS, 2, 0, 0, KB_ERR_RULE},
    {"data comes in PERSO", BUILDER_TRANSITIONS, 8, 0, 1, KB_ERR_RULE},
    {"data leaves the card in PERSO", BUILDER_TRANSITIONS, 8, 2, 2, KB_ERR_RULE},
    {"LOCK comes in PERSO", BUILDER_TRANSITIONS, 9, 0, 1, KB_ERR_RULE},
    {"LOCK leads to LOCKED", BUILDER_TRANSITIONS, 9, 2, 0, KB_ERR_RULE},
    {"a state that takes a code takes every outcome", BUILDER_TRANSITIONS, 7, 0, 3, KB_ERR_RULE},

    {"a field's number is below 8", BUILDER_FIELDS, 0, 0, 8, KB_ERR_RANGE},
    {"no two fields have one number", BUILDER_FIELDS, 0, 0, SAMPLE_SECOND, KB_ERR_RULE},
    {"a field has a try", BUILDER_FIELDS, 0, 1, 0, KB_ERR_RANGE},
    {"a field has 15 tries at most", BUILDER_FIELDS, 0, 1, 16, KB_ERR_RANGE},
    {"the first field's items come first", BUILDER_FIELDS, 0, 2, 1, KB_ERR_RULE},
    {"no two fields share an item", BUILDER_FIELDS, 1, 2, 8, KB_ERR_RULE},
    {"every item has a field", BUILDER_FIELDS, 1, 3, 2, KB_ERR_RULE},
    {"no field has items that are not there", BUILDER_FIELDS, 1, 3, 4, KB_ERR_RULE},
    {"the first field's commands come first", BUILDER_FIELDS, 0, 4, 1, KB_ERR_RULE},
    {"no two fields share a command", BUILDER_FIELDS, 1, 4, 5, KB_ERR_RULE},
    {"every command has a field", BUILDER_FIELDS, 1, 5, 5, KB_ERR_RULE},
    {"a field's name lies in the names", BUILDER_FIELDS, 1, 6, 0x10, KB_ERR_MALFORMED},
    {"reserved bytes of a field are zero", BUILDER_FIELDS, 1, 9, 1, KB_ERR_RANGE},

    {"a command's class is proprietary", BUILDER_COMMANDS, 3, 0, 0x00, KB_ERR_RULE},
    {"a command's class has no chaining bit", BUILDER_COMMANDS, 3, 0, 0x90, KB_ERR_RULE},
    {"a command is for the basic channel", BUILDER_COMMANDS, 3, 0, 0x81, KB_ERR_RULE},
    {"a class is not that of further channels", BUILDER_COMMANDS, 3, 0, 0xC0, KB_ERR_RULE},
    {"6X is no instruction", BUILDER_COMMANDS, 3, 1, 0x60, KB_ERR_RULE},
    {"9X is no instruction", BUILDER_COMMANDS, 3, 1, 0x9E, KB_ERR_RULE},
    {"STATUS is taken", BUILDER_COMMANDS, 3, 1, 0xF2, KB_ERR_RULE},
    {"INCREASE is taken", BUILDER_COMMANDS, 3, 1, 0x32, KB_ERR_RULE},
    {"TERMINAL PROFILE is taken", BUILDER_COMMANDS, 3, 1, 0x10, KB_ERR_RULE},
    {"FETCH is taken", BUILDER_COMMANDS, 3, 1, 0x12, KB_ERR_RULE},
    {"TERMINAL RESPONSE is taken", BUILDER_COMMANDS, 3, 1, 0x14, KB_ERR_RULE},
    {"ENVELOPE is taken", BUILDER_COMMANDS, 3, 1, 0xC2, KB_ERR_RULE},
    {"GET RESPONSE is taken", BUILDER_COMMANDS, 3, 1, 0xC0, KB_ERR_RULE},
    {"MANAGE SECURE CHANNEL is taken", BUILDER_COMMANDS, 3, 1, 0x73, KB_ERR_RULE},
    {"TRANSACT DATA is taken", BUILDER_COMMANDS, 3, 1, 0x75, KB_ERR_RULE},
    {"SUSPEND UICC is taken", BUILDER_COMMANDS, 3, 1, 0x76, KB_ERR_RULE},
    {"GET IDENTITY is taken", BUILDER_COMMANDS, 3, 1, 0x78, KB_ERR_RULE},
    {"EXCHANGE CAPABILITIES is taken", BUILDER_COMMANDS, 3, 1, 0x7A, KB_ERR_RULE},
    {"TERMINAL CAPABILITY is taken", BUILDER_COMMANDS, 3, 1, 0xAA, KB_ERR_RULE},
    {"RETRIEVE DATA is taken", BUILDER_COMMANDS, 3, 1, 0xCB, KB_ERR_RULE},
    {"SET DATA is taken", BUILDER_COMMANDS, 3, 1, 0xDB, KB_ERR_RULE},
    {"RESIZE FILE is taken", BUILDER_COMMANDS, 3, 1, 0xD4, KB_ERR_RULE},
    {"PUT OBJECT is the maker's", BUILDER_COMMANDS, 3, 1, 0x44, KB_ERR_RULE},
    {"LOAD ALGORITHM is the maker's", BUILDER_COMMANDS, 3, 1, 0x46, KB_ERR_RULE},
    {"GENERATE KEY is the maker's", BUILDER_COMMANDS, 3, 1, 0x4E, KB_ERR_RULE},
    {"SET STATUS is the maker's", BUILDER_COMMANDS, 3, 1, 0xF0, KB_ERR_RULE},
    {"P1 lies under its mask", BUILDER_COMMANDS, 2, 3, 0xFE, KB_ERR_MALFORMED},
    {"P2 lies under its mask", BUILDER_COMMANDS, 8, 4, 0x01, KB_ERR_MALFORMED},
    {"an action is one of those there are", BUILDER_COMMANDS, 3, 6, 7, KB_ERR_RANGE},
    {"a method is one of those there are", BUILDER_COMMANDS, 2, 7, 2, KB_ERR_RANGE},
    {"an item of its own is there", BUILDER_COMMANDS, 9, 7, SAMPLE_ITEMS_SECOND, KB_ERR_RANGE},
    {"no argument where none has a meaning", BUILDER_COMMANDS, 3, 7, 1, KB_ERR_RANGE},
    {"no two commands of a field look alike", BUILDER_COMMANDS, 4, 1, 0x48, KB_ERR_RULE},
    {"nor under their masks", BUILDER_COMMANDS, 1, 3, 0x00, KB_ERR_RULE},
    {"no two fields have one ENABLE", BUILDER_COMMANDS, 6, 2, 0x00, KB_ERR_RULE},
    {"nor under its mask", BUILDER_COMMANDS, 0, 3, 0x00, KB_ERR_RULE},
    {"no command looks like another field's ENABLE", BUILDER_COMMANDS, 9, 1, 0x40, KB_ERR_RULE},

    {"flags are known", BUILDER_ITEMS, ITEM_OPC, 2, 0x02, KB_ERR_MALFORMED},
    {"a format is one of those there are", BUILDER_ITEMS, ITEM_OPC, 3, 5, KB_ERR_RANGE},
    {"the least length is not above the greatest", BUILDER_ITEMS, ITEM_SECRET, 5, 33, KB_ERR_RANGE},
    {"a value may have a byte", BUILDER_ITEMS, ITEM_SPN, 7, 0, KB_ERR_RANGE},
    {"a value has 1000 bytes at most", BUILDER_ITEMS, ITEM_LONG, 7, 0xE9, KB_ERR_RANGE},
    {"a check is one of those there are", BUILDER_ITEMS, ITEM_OPC, 8, 3, KB_ERR_RANGE},
    {"no two items share a write", BUILDER_ITEMS, ITEM_KI, 9, 1, KB_ERR_RULE},
    {"an item is written somewhere", BUILDER_ITEMS, ITEM_KI, 10, 0, KB_ERR_RULE},
    {"every write has an item", BUILDER_ITEMS, ITEM_SLICE, 10, 2, KB_ERR_RULE},
    {"an item's name lies in the names", BUILDER_ITEMS, ITEM_KI, 11, 0x20, KB_ERR_MALFORMED},
    {"reserved bytes of an item are zero", BUILDER_ITEMS, ITEM_KI, 13, 1, KB_ERR_MALFORMED},
    {"no two items of a field share a tag", BUILDER_ITEMS, ITEM_OPC, 1, 0x81, KB_ERR_RULE},
    {"nor a data grouping", BUILDER_ITEMS, ITEM_SECRET, 1, 0x01, KB_ERR_RULE},
    {"a tag of one byte ends there", BUILDER_ITEMS, ITEM_OPC, 1, 0x9F, KB_ERR_RULE},
    {"a tag of two bytes says so", BUILDER_ITEMS, ITEM_LONG, 0, 0x80, KB_ERR_RULE},
    {"a tag has two bytes at most", BUILDER_ITEMS, ITEM_LONG, 1, 0x90, KB_ERR_RULE},

    {"an encoder is one of those there are", BUILDER_WRITES, 3, 0, 12, KB_ERR_RANGE},
    {"a target is one of those there are", BUILDER_WRITES, 3, 1, 8, KB_ERR_RANGE},
    {"a path has four steps at most", BUILDER_WRITES, 0, 2, 5, KB_ERR_MALFORMED},
    {"a path has no rest", BUILDER_WRITES, 0, 5, 1, KB_ERR_MALFORMED},
    {"a step of a path names a file", BUILDER_WRITES, 10, 2, 3, KB_ERR_MALFORMED},
    {"a file is there", BUILDER_WRITES, 0, 4, 0x08, KB_ERR_ABSENT},
    {"a transparent file has no records", BUILDER_WRITES, 0, 11, 1, KB_ERR_RANGE},
    {"a linear file has records", BUILDER_WRITES, 8, 11, 0, KB_ERR_RANGE},
    {"a record is there", BUILDER_WRITES, 8, 11, 3, KB_ERR_RANGE},
    {"a cyclic file has no fixed records", BUILDER_WRITES, 8, 4, 0x43, KB_ERR_RANGE},
    {"a write begins inside the file", BUILDER_WRITES, 7, 12, 0x03, KB_ERR_RANGE},
    {"a write ends inside the file", BUILDER_WRITES, 7, 15, 0x59, KB_ERR_RANGE},
    {"a write ends inside the record", BUILDER_WRITES, 8, 13, 3, KB_ERR_RANGE},
    {"a write has bytes", BUILDER_WRITES, 11, 15, 0, KB_ERR_RANGE},
    {"an encoder fills what it was made for", BUILDER_WRITES, 0, 15, 8, KB_ERR_RANGE},
    {"no argument where none has a meaning", BUILDER_WRITES, 0, 16, 1, KB_ERR_RANGE},
    {"a display condition has two bits", BUILDER_WRITES, 4, 16, 4, KB_ERR_RANGE},
    {"reserved bytes of a write are zero", BUILDER_WRITES, 0, 17, 1, KB_ERR_MALFORMED},
    {"an object has no path", BUILDER_WRITES, 2, 5, 1, KB_ERR_MALFORMED},
    {"an object has no depth", BUILDER_WRITES, 2, 2, 1, KB_ERR_MALFORMED},
    {"an object has no record", BUILDER_WRITES, 2, 11, 1, KB_ERR_MALFORMED},
    {"an object has no offset", BUILDER_WRITES, 2, 13, 1, KB_ERR_MALFORMED},
    {"a key belongs to a subscription", BUILDER_WRITES, 2, 4, 2, KB_ERR_RANGE},
    {"a key has all bytes of its item", BUILDER_WRITES, 2, 15, 15, KB_ERR_RANGE},
    {"a key is stored as it is", BUILDER_WRITES, 2, 0, 1, KB_ERR_RULE},
    {"a key is never padded", BUILDER_ITEMS, ITEM_KI, 5, 15, KB_ERR_RANGE},
    {"a PIN is there", BUILDER_WRITES, 5, 4, 1, KB_ERR_ABSENT},
    {"a PIN is one of eight", BUILDER_WRITES, 5, 4, 8, KB_ERR_RANGE},
    {"a PIN has digits or bytes", BUILDER_WRITES, 5, 0, 1, KB_ERR_RULE},
    {"a PIN object has two codes", BUILDER_WRITES, 5, 16, 2, KB_ERR_RANGE},
    {"28 secrets are the plan's", BUILDER_WRITES, 11, 4, 28, KB_ERR_RANGE},
    {"an identifier is stored as it is", BUILDER_WRITES, 9, 0, 1, KB_ERR_RULE},
    {"there is one identifier", BUILDER_WRITES, 9, 4, 1, KB_ERR_RANGE},
    {"an identifier has 20 characters", BUILDER_WRITES, 9, 15, 21, KB_ERR_RANGE},
};

/* The card refuses the image and keeps nothing of it. */
static void expect_refused(size_t len)
{
    assert_int_equal(sample_load(&rig, image, len), 0x6A80);
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_IMAGE_SIZE));
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_IMAGE));
    assert_int_equal(sample_send(&rig, 0x80F0800F, NULL, 0), 0x6985);
}

static void tell(const struct lie *lie)
{

    sample_plan(&builder);
    assert_true(lie->row < builder.counts[lie->table]);
    assert_int_not_equal(builder.rows[lie->table][lie->row][lie->byte], lie->value);
    builder.rows[lie->table][lie->row][lie->byte] = lie->value;
    expect_refused(builder_image(&builder, sample_key, image));
}

/* Puts a whole image behind the loader's back to learn for which reason it is refused. */
static enum kb_err reason(size_t len)
{
    for (size_t at = 0; at < len; at += KB_IMAGE_PAGE) {
        size_t part = len - at < KB_IMAGE_PAGE ? len - at : KB_IMAGE_PAGE;

        assert_int_equal(kb_nvm_put(&rig.card.nvm, (uint16_t)(KB_OBJ_IMAGE + at / KB_IMAGE_PAGE),
                                    image + at, part),
                         KB_OK);
    }
    return kb_perso_prove(&rig.card, (uint16_t)len);
}

static void an_image_that_breaks_one_rule_is_refused_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        tell(&lies[i]);
        if (reason(builder_image(&builder, sample_key, image)) != lies[i].err)
            fail_msg("\"%s\" is refused for another reason", lies[i].rule);
    }
}

static void expect_reason(enum kb_err err)
{
    size_t len = builder_image(&builder, sample_key, image);

    expect_refused(len);
    assert_int_equal(reason(len), err);
}

static void no_place_belongs_to_two_fields(void **state)
{
    uint8_t *write;

    (void)state;
    sample_plan(&builder);
    write = builder.rows[BUILDER_WRITES][11]; /* the second field's secret becomes EF.IMSI's end */
    memcpy(write, builder.rows[BUILDER_WRITES][0], 18);
    write[0] = 0;
    write[13] = 8;
    write[15] = 1;
    expect_reason(KB_ERR_RULE);

    sample_plan(&builder); /* the serial becomes the same secret */
    builder.rows[BUILDER_WRITES][9][1] = 1;
    builder.rows[BUILDER_WRITES][9][4] = 3;
    expect_reason(KB_ERR_RULE);

    sample_plan(&builder); /* the unblock code of a PIN that the other field sets */
    builder.rows[BUILDER_WRITES][11][0] = 9;
    builder.rows[BUILDER_WRITES][11][1] = 2;
    builder.rows[BUILDER_WRITES][11][4] = 0;
    builder.rows[BUILDER_WRITES][11][15] = 8;
    builder.rows[BUILDER_WRITES][11][16] = 1;
    expect_reason(KB_ERR_RULE);
}

static void no_place_belongs_to_two_items(void **state)
{
    (void)state;
    sample_plan(&builder);
    builder.rows[BUILDER_WRITES][12][11] = 1; /* the slice moves into the group's record */
    expect_reason(KB_ERR_RULE);
    sample_plan(&builder);
    builder.rows[BUILDER_WRITES][3][1] = 3; /* OPc becomes Ki */
    expect_reason(KB_ERR_RULE);
    sample_plan(&builder);
    builder.rows[BUILDER_WRITES][6][16] = 0; /* unblock code becomes PIN */
    expect_reason(KB_ERR_RULE);
}

/* A word of a subscription's authentication: the encoder, the target and the argument belong
 * together. */
static uint8_t *an_aka_write(uint8_t part, uint8_t length)
{
    uint8_t *write;

    sample_plan(&builder);
    write = builder.rows[BUILDER_WRITES][11];
    memset(write, 0, 18);
    write[0] = 11;
    write[1] = 6;
    write[4] = 1;
    write[15] = length;
    write[16] = part;
    return write;
}

static void a_part_of_the_authentication_has_its_own_length(void **state)
{
    static const uint8_t lengths[] = {1, 1, 1, 1, 1, 1, 1, 1, 7, 7};

    (void)state;
    for (uint8_t part = 0; part < sizeof lengths; part++) {
        an_aka_write(part, lengths[part]);
        assert_int_equal(sample_load(&rig, image, builder_image(&builder, sample_key, image)),
                         0x9000);
        an_aka_write(part, (uint8_t)(8 - lengths[part]));
        expect_reason(KB_ERR_RANGE);
    }
    an_aka_write(sizeof lengths, 1);
    expect_reason(KB_ERR_RANGE);
    an_aka_write(0, 1)[4] = 2; /* no such subscription */
    expect_reason(KB_ERR_RANGE);
    an_aka_write(0, 1)[0] = 0; /* raw */
    expect_reason(KB_ERR_RULE);
    an_aka_write(0, 1)[1] = 1; /* a secret */
    expect_reason(KB_ERR_RULE);
}

/* The second field's secret becomes a key set of the security domain. */
static uint8_t *a_key_set_write(uint8_t set, uint8_t length)
{
    uint8_t *write;

    sample_plan(&builder);
    builder.rows[BUILDER_ITEMS][ITEM_SECRET][5] = builder.rows[BUILDER_ITEMS][ITEM_SECRET][7] =
        length;
    write = builder.rows[BUILDER_WRITES][11];
    memset(write, 0, 18);
    write[1] = 7;
    write[4] = set;
    write[15] = length;
    return write;
}

/* card/gp: version, kind AES, three keys of 16 bytes. */
static void a_key_set_is_there_and_as_long_as_its_item(void **state)
{
    static const uint8_t set[2 + 48] = {0x31, 0x88, 1, 2, 3};

    (void)state;
    a_key_set_write(5, 48);
    expect_reason(KB_ERR_RULE);
    assert_int_equal(kb_nvm_put(&rig.card.nvm, 180 + 5, set, sizeof set), KB_OK);
    a_key_set_write(5, 48);
    assert_int_equal(sample_load(&rig, image, builder_image(&builder, sample_key, image)), 0x9000);
    a_key_set_write(5, 47);
    expect_reason(KB_ERR_RULE);
    a_key_set_write(4, 48);
    expect_reason(KB_ERR_RULE);
    a_key_set_write(8, 48);
    expect_reason(KB_ERR_RULE);
    a_key_set_write(5, 48)[16] = 1; /* an argument */
    expect_reason(KB_ERR_RANGE);
    a_key_set_write(5, 48);
    builder.rows[BUILDER_ITEMS][ITEM_SECRET][5] = 47; /* some of it would stay the maker's */
    expect_reason(KB_ERR_RULE);
    a_key_set_write(5, 48);
    memcpy(builder.rows[BUILDER_WRITES][3], builder.rows[BUILDER_WRITES][11], 18);
    builder.rows[BUILDER_ITEMS][ITEM_OPC][5] = builder.rows[BUILDER_ITEMS][ITEM_OPC][7] = 48;
    expect_reason(KB_ERR_RULE); /* two fields */
    kb_nvm_delete(&rig.card.nvm, 180 + 5);
}

static void a_key_may_be_long(void **state)
{
    (void)state;
    sample_plan(&builder);
    builder.rows[BUILDER_ITEMS][ITEM_KI][5] = 32; /* least length */
    builder.rows[BUILDER_ITEMS][ITEM_KI][7] = 32;
    builder.rows[BUILDER_WRITES][2][15] = 32;
    assert_int_equal(sample_load(&rig, image, builder_image(&builder, sample_key, image)), 0x9000);
    builder.rows[BUILDER_ITEMS][ITEM_KI][5] = 16;
    assert_int_equal(sample_load(&rig, image, builder_image(&builder, sample_key, image)), 0x9000);
    builder.rows[BUILDER_ITEMS][ITEM_KI][5] = 24;
    expect_reason(KB_ERR_RANGE);
    builder.rows[BUILDER_ITEMS][ITEM_KI][5] = 16;
    builder.rows[BUILDER_ITEMS][ITEM_KI][7] = 24;
    builder.rows[BUILDER_WRITES][2][15] = 24;
    expect_reason(KB_ERR_RANGE);
}

static void a_write_goes_to_no_directory(void **state)
{
    uint8_t *write;

    (void)state;
    sample_plan(&builder);
    write = builder.rows[BUILDER_WRITES][10];
    write[2] = 1;
    write[5] = write[6] = 0;
    write[11] = 0;
    expect_reason(KB_ERR_RANGE);
    write[2] = 0;
    write[3] = write[4] = 0;
    expect_reason(KB_ERR_RANGE);
}

static void two_bytes_of_one_record_may_belong_to_two_fields(void **state)
{
    uint8_t *write;

    (void)state;
    sample_plan(&builder);
    write = builder.rows[BUILDER_WRITES][11];
    memcpy(write, builder.rows[BUILDER_WRITES][8], 18); /* before the service centre */
    write[0] = 0;
    write[13] = 0;
    write[15] = 2;
    assert_int_equal(sample_load(&rig, image, builder_image(&builder, sample_key, image)), 0x9000);
}

static void header_fields_are_checked(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum kb_err err;
    } rows[] = {
        {0, 'X', KB_ERR_MALFORMED},  {3, 'i', KB_ERR_MALFORMED},  {5, 2, KB_ERR_VERSION},
        {4, 1, KB_ERR_VERSION},      {7, 0, KB_ERR_MALFORMED},    {8, 5, KB_ERR_RANGE},
        {8, 17, KB_ERR_RANGE},       {9, 9, KB_ERR_MALFORMED},    {10, 0, KB_ERR_MALFORMED},
        {10, 3, KB_ERR_MALFORMED},   {11, 11, KB_ERR_MALFORMED},  {12, 11, KB_ERR_MALFORMED},
        {13, 255, KB_ERR_MALFORMED}, {15, 9, KB_ERR_MALFORMED},   {14, 1, KB_ERR_MALFORMED},
        {16, 9, KB_ERR_MALFORMED},   {17, 255, KB_ERR_MALFORMED}, {18, 1, KB_ERR_MALFORMED},
        {19, 1, KB_ERR_MALFORMED},
    };

    (void)state;
    sample_plan(&builder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = builder_content(&builder, image);

        assert_int_not_equal(image[rows[i].at], rows[i].value);
        image[rows[i].at] = rows[i].value;
        len = builder_seal(image, len, sample_key);
        expect_refused(len);
        assert_int_equal(reason(len), rows[i].err);
    }
}

static void a_plan_has_one_to_eight_fields(void **state)
{
    (void)state;
    sample_plan(&builder);
    memset(builder.counts, 0, sizeof builder.counts);
    expect_reason(KB_ERR_RANGE);
    sample_plan(&builder);
    for (uint8_t i = 2; i < 9; i++) {
        const uint8_t field[10] = {i, 1, 12, 0, 12, 0, 0, 0};

        builder_add(&builder, BUILDER_FIELDS, field);
    }
    expect_reason(KB_ERR_RANGE);
}

/* The third field has nothing at all, which harms nobody. */
static void items_without_a_tag_and_fields_without_items_are_no_lies(void **state)
{
    static const uint8_t field[10] = {7, 15, 12, 0, 12, 0, 0, 0};

    (void)state;
    sample_plan(&builder);
    builder_add(&builder, BUILDER_FIELDS, field);
    for (size_t i = ITEM_SPN; i <= ITEM_PUK; i++)
        builder.rows[BUILDER_ITEMS][i][1] = 0;
    assert_int_equal(sample_load(&rig, image, builder_image(&builder, sample_key, image)), 0x9000);
}

static void an_encoder_fills_512_bytes_at_once(void **state)
{
    uint8_t *write;

    (void)state;
    sample_plan(&builder);
    write = builder.rows[BUILDER_WRITES][7];
    write[0] = 1; /* BCD */
    write[14] = 0x02;
    write[15] = 0x01;
    expect_reason(KB_ERR_TOO_LONG);
    write[15] = 0x00;
    assert_int_equal(sample_load(&rig, image, builder_image(&builder, sample_key, image)), 0x9000);
}

static void names_are_printable_and_fit_in_one_answer(void **state)
{
    char name[33];

    (void)state;
    sample_plan(&builder);
    builder.names[1] = 0x07; /* of the plan */
    expect_reason(KB_ERR_MALFORMED);
    sample_plan(&builder);
    builder.names[builder.names_len - 1] = 0x07; /* of the last item */
    expect_reason(KB_ERR_MALFORMED);
    sample_plan(&builder);
    builder.names[builder.names_len - 6] = 6; /* its length: past the end */
    expect_reason(KB_ERR_MALFORMED);
    sample_plan(&builder);
    builder.names[builder.names_len - 6] = 0;
    expect_reason(KB_ERR_MALFORMED);

    memset(name, 'n', 32);
    name[32] = 0;
    sample_plan(&builder);
    builder.rows[BUILDER_FIELDS][1][3] = SAMPLE_ITEMS_SECOND + 25;
    for (uint8_t i = 0; i < 25; i++) {
        uint16_t at = builder_name(&builder, name);
        const uint8_t item[14] = {
            0x02, i, 0, 0, 0, 1, 0, 1, 0, (uint8_t)(13 + i), 1, (uint8_t)(at >> 8), (uint8_t)at};
        const uint8_t write[18] = {[1] = 1, [4] = (uint8_t)(4 + i), [15] = 1};

        builder_add(&builder, BUILDER_ITEMS, item);
        builder_add(&builder, BUILDER_WRITES, write);
    }
    expect_reason(KB_ERR_TOO_LONG);
}

/* Bytes after the tables, or a table that claims bytes of its neighbour. */
static void sections_fill_the_image_exactly(void **state)
{
    size_t content, len;

    (void)state;
    sample_plan(&builder);
    content = builder_content(&builder, image);
    image[content] = 0;
    len = builder_seal(image, content + 1, sample_key);
    expect_refused(len);
    content = builder_content(&builder, image);
    image[content] = 0;
    image[7] = (uint8_t)(image[7] + 1); /* the length says so */
    len = builder_seal(image, content + 1, sample_key);
    expect_refused(len);
}

static void the_checksum_counts_beside_the_signature(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image) - KB_P256_SIGNATURE;
    image[len - 1] ^= 1;
    len = builder_sign(image, len, sample_key);
    expect_refused(len);
    assert_int_equal(reason(len), KB_ERR_INTEGRITY);
}

static void only_the_makers_signature_counts(void **state)
{
    uint8_t other_key[KB_P256_PRIVATE], other_public[KB_P256_PUBLIC];
    size_t len;

    (void)state;
    assert_int_equal(kb_crypto_openssl.p256_keypair(other_key, other_public), KB_OK);
    sample_plan(&builder);
    len = builder_image(&builder, other_key, image);
    expect_refused(len);
    assert_int_equal(reason(len), KB_ERR_INTEGRITY);

    sample_prepare(&rig);
    assert_int_equal(kb_nvm_delete(&rig.card.nvm, KB_OBJ_MAKER_KEY), KB_OK);
    len = builder_image(&builder, sample_key, image);
    expect_refused(len);
    assert_int_equal(reason(len), KB_ERR_ABSENT);
    sample_prepare(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_that_breaks_one_rule_is_refused_whole),
        cmocka_unit_test(no_place_belongs_to_two_fields),
        cmocka_unit_test(no_place_belongs_to_two_items),
        cmocka_unit_test(a_part_of_the_authentication_has_its_own_length),
        cmocka_unit_test(a_key_set_is_there_and_as_long_as_its_item),
        cmocka_unit_test(a_key_may_be_long),
        cmocka_unit_test(a_write_goes_to_no_directory),
        cmocka_unit_test(two_bytes_of_one_record_may_belong_to_two_fields),
        cmocka_unit_test(header_fields_are_checked),
        cmocka_unit_test(a_plan_has_one_to_eight_fields),
        cmocka_unit_test(items_without_a_tag_and_fields_without_items_are_no_lies),
        cmocka_unit_test(an_encoder_fills_512_bytes_at_once),
        cmocka_unit_test(names_are_printable_and_fit_in_one_answer),
        cmocka_unit_test(sections_fill_the_image_exactly),
        cmocka_unit_test(the_checksum_counts_beside_the_signature),
        cmocka_unit_test(only_the_makers_signature_counts),
    };

    return cmocka_run_group_tests(tests, make_key_and_card, NULL);
}
