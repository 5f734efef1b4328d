/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of class A0 and their status words (3GPP TS 51.011 clauses 9.2 and 9.4). */
#include "card/gsm/gsm.h"

#include "card/card.h"
#include "card/dispatch.h"
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

enum { ANY_LENGTH = 0xFF, REFERENCE_CHV1 = 0x01, REFERENCE_CHV2 = 0x81 };

struct command {
    uint8_t ins;
    uint8_t cla;    /* of the ordinary command with the same instruction, when run is NULL */
    uint8_t p2;     /* with P1 00, unless needs says otherwise */
    uint8_t length; /* of the data */
    uint8_t needs;
    enum kb_sw (*run)(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
};

static const struct command commands[] = {
    /* INS CLA   P2                   length      needs and handler                     clause */
    {0xA4, 0x00, NONE, 2, WAITS, kb_gsm_select},                   /* 9.2.1 SELECT */
    {0xF2, 0x00, NONE, 0, READS, kb_gsm_status},                   /* 9.2.2 STATUS */
    {0xB0, 0x00, 0, 0, READS | EF | OPEN | OFFSET, NULL},          /* 9.2.3 READ BINARY */
    {0xD6, 0x00, 0, ANY_LENGTH, EF | OPEN | OFFSET, NULL},         /* 9.2.4 UPDATE BINARY */
    {0xB2, 0x00, MODES, 0, READS | EF | OPEN | ANY_P1, NULL},      /* 9.2.5 READ RECORD */
    {0xDC, 0x00, MODES, ANY_LENGTH, EF | OPEN | ANY_P1, NULL},     /* 9.2.6 UPDATE RECORD */
    {0xA2, 0x00, 0, ANY_LENGTH, WAITS | EF | ANY_P2, kb_gsm_seek}, /* 9.2.7 SEEK */
    {0x32, 0x80, NONE, 3, WAITS | EF, NULL},                       /* 9.2.8 INCREASE */
    {0x20, 0x00, CHV1 | CHV2, 8, CHV, NULL},                       /* 9.2.9 VERIFY CHV */
    {0x24, 0x00, CHV1 | CHV2, 16, CHV, NULL},                      /* 9.2.10 CHANGE CHV */
    {0x26, 0x00, CHV1, 8, CHV, NULL},                              /* 9.2.11 DISABLE CHV */
    {0x28, 0x00, CHV1, 8, CHV, NULL},                              /* 9.2.12 ENABLE CHV */
    {0x2C, 0x00, UNBLOCK_CHV1 | CHV2, 16, CHV, NULL},              /* 9.2.13 UNBLOCK CHV */
    {0x04, 0x00, NONE, 0, EF | OPEN, NULL},                        /* 9.2.14 INVALIDATE */
    {0x44, 0x00, NONE, 0, EF, kb_gsm_rehabilitate},                /* 9.2.15 */
    {0xFA, 0x00, NONE, 0, 0, kb_gsm_sleep},                        /* 9.2.17 SLEEP */
    {0x10, 0x80, NONE, ANY_LENGTH, 0, NULL},                       /* 9.2.19 */
    {0xC2, 0x80, NONE, ANY_LENGTH, WAITS, NULL},                   /* 9.2.20 ENVELOPE */
    {0x12, 0x80, NONE, 0, READS, NULL},                            /* 9.2.21 FETCH */
    {0x14, 0x80, NONE, ANY_LENGTH, 0, NULL},                       /* 9.2.22 */
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

static enum kb_sw translate(const struct kb_card *card, const struct command *command,
                            enum kb_sw sw)
{
    if ((sw & 0xFF00) == KB_SW_CORRECT_LENGTH)
        return (enum kb_sw)(KB_SW_WRONG_LENGTH | (sw & 0xFF));
    if (sw == KB_SW_WRONG_LENGTH && command->p2 == MODES)
        return (enum kb_sw)(KB_SW_WRONG_LENGTH | card->ef.record_size);
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

/* Whether the command can run at all. */
static enum kb_sw check(struct kb_card *card, const struct command *command,
                        const struct kb_apdu *cmd)
{
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
    return needs & OPEN && kb_gsm_is_withheld(card) ? KB_SW_REFERENCED_DATA_INVALIDATED : KB_SW_OK;
}

static enum kb_sw run_below(struct kb_card *card, const struct command *command,
                            const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_apdu ordinary = *cmd;
    enum kb_sw sw = KB_SW_INS_NOT_SUPPORTED;

    ordinary.cla = command->cla;
    if (command->needs & CHV)
        ordinary.p2 = cmd->p2 == 2 ? REFERENCE_CHV2 : REFERENCE_CHV1;
    kb_dispatch_run(card, &ordinary, out, &sw);
    return sw;
}

/* The answer has the length that was asked for, or the status word says which it has. Of STATUS and
 * of what waits less may be asked for. */
static enum kb_sw hand_over(const struct command *command, const struct kb_apdu *cmd,
                            struct kb_writer *out)
{
    size_t wanted = cmd->has_le ? cmd->ne : 256;

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
        sw = command->run ? command->run(card, cmd, out) : run_below(card, command, cmd, out);
    if (sw == KB_SW_OK && !out->is_bad)
        return hand_over(command, cmd, out);
    return translate(card, command, sw);
}
