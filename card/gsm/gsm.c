/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of class A0 and their status words (3GPP TS 51.011 clauses 9.2 and 9.4). */
#include "card/gsm/gsm.h"

#include "card/card.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "card/gsm/inside.h"

/* What a command asks for before it runs, and how its answer travels. */
enum {
    READS = 0x01, /* case 2: the answer has P3 bytes */
    WAITS = 0x02, /* the answer waits behind 9FXX */
    EF = 0x04,    /* there is a current EF */
    OPEN = 0x08,  /* which is not withheld */
    CHV = 0x10,   /* P2 is the number of a CHV */
    ANY_P1 = 0x20,
    ANY_P2 = 0x40,
    OFFSET = ANY_P1 | ANY_P2
};

/* P2, bit n: n is one. */
enum { NONE = 0x01, CHV1 = 0x02, CHV2 = 0x04, UNBLOCK_CHV1 = 0x01, MODES = 0x1C };

enum { ANY_LENGTH = 0xFF };

struct command {
    uint8_t ins;
    uint8_t p2;     /* with P1 00, unless needs says otherwise */
    uint8_t length; /* of the data */
    uint8_t needs;
    enum kb_sw (*run)(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
};

static const struct command commands[] = {
    /* INS P2            length      needs                      handler              clause */
    {0xA4, NONE, 2, WAITS, kb_gsm_select},                                 /* 9.2.1 */
    {0xF2, NONE, 0, READS, kb_gsm_status},                                 /* 9.2.2 */
    {0xB0, 0, 0, READS | EF | OPEN | OFFSET, kb_files_read_binary},        /* 9.2.3 */
    {0xD6, 0, ANY_LENGTH, EF | OPEN | OFFSET, kb_files_update_binary},     /* 9.2.4 */
    {0xB2, MODES, 0, READS | EF | OPEN | ANY_P1, kb_files_read_record},    /* 9.2.5 */
    {0xDC, MODES, ANY_LENGTH, EF | OPEN | ANY_P1, kb_files_update_record}, /* 9.2.6 */
    {0xA2, 0, ANY_LENGTH, WAITS | EF | ANY_P2, kb_gsm_seek},               /* 9.2.7 */
    {0x32, NONE, 3, WAITS | EF, kb_files_increase},                        /* 9.2.8 */
    {0x20, CHV1 | CHV2, 8, CHV, kb_pin_verify},                            /* 9.2.9 */
    {0x24, CHV1 | CHV2, 16, CHV, kb_pin_change},                           /* 9.2.10 */
    {0x26, CHV1, 8, CHV, kb_pin_disable},                                  /* 9.2.11 */
    {0x28, CHV1, 8, CHV, kb_pin_enable},                                   /* 9.2.12 */
    {0x2C, UNBLOCK_CHV1 | CHV2, 16, CHV, kb_pin_unblock},                  /* 9.2.13 */
    {0x04, NONE, 0, EF, kb_gsm_invalidate},                                /* 9.2.14 */
    {0x44, NONE, 0, EF, kb_gsm_rehabilitate},                              /* 9.2.15 */
    {0x88, NONE, 16, WAITS, kb_gsm_run_algorithm},                         /* 9.2.16 */
    {0xFA, NONE, 0, 0, kb_gsm_sleep},                                      /* 9.2.17 */
    {0x10, NONE, ANY_LENGTH, 0, kb_toolkit_profile},                       /* 9.2.19 */
    {0xC2, NONE, ANY_LENGTH, WAITS, kb_toolkit_envelope},                  /* 9.2.20 */
    {0x12, NONE, 0, READS, kb_toolkit_fetch},                              /* 9.2.21 */
    {0x14, NONE, ANY_LENGTH, 0, kb_toolkit_response},                      /* 9.2.22 */
};

/* Clause 9.4. What is not listed is the same in both worlds, as are 9000, 9300 and 9850. */
static const struct {
    uint16_t ordinary, gsm;
} words[] = {
    {KB_SW_NO_EF_SELECTED, 0x9400},
    {KB_SW_WRONG_P1_P2, 0x9402}, /* an offset or a record that the file does not have */
    {KB_SW_RECORD_NOT_FOUND, 0x9402},
    {KB_SW_FILE_NOT_FOUND, 0x9404},
    {KB_SW_END_OF_FILE, 0x9404}, /* no record has the pattern */
    {KB_SW_INCOMPATIBLE_STRUCTURE, 0x9408},
    {KB_SW_CONDITIONS_NOT_SATISFIED, 0x9408},
    {KB_SW_REFERENCED_DATA_NOT_FOUND, 0x9802},
    {KB_SW_SECURITY_NOT_SATISFIED, 0x9804},
    {KB_SW_REFERENCED_DATA_INVALIDATED, 0x9810},
    {KB_SW_BLOCKED, 0x9840},
    {KB_SW_VERIFY_FAILED, 0x9840}, /* that was the last try */
    {KB_SW_MEMORY_PROBLEM, 0x9240},
    {KB_SW_NOT_ENOUGH_MEMORY, 0x9240},
    {KB_SW_INCORRECT_P1_P2, 0x6B00},
    {KB_SW_INCORRECT_DATA, KB_SW_NO_PRECISE_DIAGNOSIS},
    {KB_SW_FUNCTION_NOT_SUPPORTED, KB_SW_NO_PRECISE_DIAGNOSIS},
};

enum { GSM_CHV_WRONG = 0x9804, GSM_CHV_STATUS = 0x9808 };

static enum kb_sw translate(const struct command *command, enum kb_sw sw)
{
    if ((sw & 0xFF00) == KB_SW_CORRECT_LENGTH)
        return (enum kb_sw)(KB_SW_WRONG_LENGTH | (sw & 0xFF));
    if (sw > KB_SW_VERIFY_FAILED && sw <= (KB_SW_VERIFY_FAILED | 15))
        return (enum kb_sw)GSM_CHV_WRONG;
    if (command->needs & CHV &&
        (sw == KB_SW_REFERENCED_DATA_INVALIDATED || sw == KB_SW_CONDITIONS_NOT_SATISFIED))
        return (enum kb_sw)GSM_CHV_STATUS;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].ordinary == sw)
            return (enum kb_sw)words[i].gsm;
    return sw;
}

/* P3 of a command that reads; 00 is 256. */
static size_t wanted_by(const struct kb_apdu *cmd)
{
    return cmd->has_le ? cmd->ne : 256;
}

/* Whether the command can run at all. */
static enum kb_sw check(struct kb_card *card, const struct command *command,
                        const struct kb_apdu *cmd)
{
    size_t wanted = wanted_by(cmd);
    uint8_t needs = command->needs;
    bool is_p2 = needs & ANY_P2 || (cmd->p2 < 8 && command->p2 & 1u << cmd->p2);

    if (!is_p2 || (cmd->p1 && !(needs & ANY_P1)))
        return KB_SW_INCORRECT_P1_P2;
    if (command->length == ANY_LENGTH ? !cmd->data.len : cmd->data.len != command->length)
        return (enum kb_sw)(KB_SW_WRONG_LENGTH |
                            (command->length == ANY_LENGTH ? 0 : command->length));
    if (needs & EF && card->ef.kind == KB_FILE_NONE)
        return KB_SW_NO_EF_SELECTED;
    /* With bit 8 of P1 the ordinary command would mean an SFI. */
    if ((needs & OFFSET) == OFFSET && cmd->p1 & 0x80)
        return KB_SW_WRONG_P1_P2;
    if (command->p2 == MODES && kb_file_has_records(&card->ef) &&
        (needs & READS ? wanted : cmd->data.len) != card->ef.record_size)
        return (enum kb_sw)(KB_SW_WRONG_LENGTH | card->ef.record_size);
    return needs & OPEN && kb_gsm_is_withheld(card) ? KB_SW_REFERENCED_DATA_INVALIDATED : KB_SW_OK;
}

/* The ordinary handlers know key references, not numbers. */
static enum kb_sw run(struct kb_card *card, const struct command *command,
                      const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_apdu ordinary = *cmd;

    if (command->needs & CHV)
        ordinary.p2 = cmd->p2 == 2 ? KB_GSM_CHV2 : KB_GSM_CHV1;
    return command->run(card, &ordinary, out);
}

/* The answer has the length that was asked for, or the status word says which it has. Of STATUS and
 * of what waits less may be asked for. */
static enum kb_sw hand_over(const struct command *command, const struct kb_apdu *cmd,
                            struct kb_writer *out)
{
    size_t wanted = wanted_by(cmd);

    if (command->needs & WAITS && out->len)
        return (enum kb_sw)(KB_SW_GSM_BYTES | (out->len & 0xFF));
    if (command->run == kb_gsm_status && wanted < out->len)
        out->len = wanted;
    if (command->needs & READS && wanted != out->len)
        return (enum kb_sw)(KB_SW_WRONG_LENGTH | (out->len & 0xFF));
    return KB_SW_OK;
}

static const struct command *find_command(uint8_t ins)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].ins == ins)
            return &commands[i];
    return NULL;
}

enum kb_sw kb_gsm_run(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    const struct command *command = find_command(cmd->ins);
    enum kb_sw sw;

    if (!command)
        return KB_SW_INS_NOT_SUPPORTED;
    sw = check(card, command, cmd);
    if (sw == KB_SW_OK)
        sw = run(card, command, cmd, out);
    if (sw == KB_SW_OK && !out->is_bad)
        return hand_over(command, cmd, out);
    return translate(command, sw);
}
