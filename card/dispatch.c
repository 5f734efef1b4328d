/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the card, and which room runs each (TS 102 221 clause 10.1.2). */
#include "card/dispatch.h"

#include "card/card.h"
#include "card/files/commands.h"
#include "card/maker.h"
#include "card/uicc/uicc.h"

struct command {
    uint8_t cla;
    uint8_t ins;
    enum kb_sw (*run)(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
};

static const struct command commands[] = {
    /* CLA  INS   handler                        clause */
    {0x00, 0xB0, kb_files_read_binary},    /* TS 102 221 11.1.3 */
    {0x00, 0xA4, kb_files_select},         /* TS 102 221 11.1.1 */
    {0x00, 0x88, kb_sim_authenticate},     /* TS 31.102 7.1 */
    {0x00, 0xB2, kb_files_read_record},    /* TS 102 221 11.1.5 */
    {0x80, 0x78, kb_sim_identity},         /* TS 31.102 7.5 */
    {0x80, 0xF2, kb_files_status},         /* TS 102 221 11.1.2 */
    {0x00, 0xD6, kb_files_update_binary},  /* TS 102 221 11.1.4 */
    {0x00, 0xDC, kb_files_update_record},  /* TS 102 221 11.1.6 */
    {0x00, 0xA2, kb_files_search_record},  /* TS 102 221 11.1.7 */
    {0x80, 0x32, kb_files_increase},       /* TS 102 221 11.1.8 */
    {0x00, 0x20, kb_pin_verify},           /* TS 102 221 11.1.9 */
    {0x00, 0x24, kb_pin_change},           /* TS 102 221 11.1.10 */
    {0x00, 0x26, kb_pin_disable},          /* TS 102 221 11.1.11 */
    {0x00, 0x28, kb_pin_enable},           /* TS 102 221 11.1.12 */
    {0x00, 0x2C, kb_pin_unblock},          /* TS 102 221 11.1.13 */
    {0x00, 0xE0, kb_files_create},         /* TS 102 222 6.3 */
    {0x00, 0x04, kb_files_deactivate},     /* TS 102 221 11.1.14 */
    {0x00, 0x44, kb_files_activate},       /* TS 102 221 11.1.15 */
    {0x80, 0xCB, kb_files_retrieve_data},  /* TS 102 221 11.3.1 */
    {0x80, 0xDB, kb_files_set_data},       /* TS 102 221 11.3.2 */
    {0x00, 0xE4, kb_files_delete},         /* TS 102 222 6.4 */
    {0x00, 0xE6, kb_files_terminate_df},   /* TS 102 222 6.7 */
    {0x00, 0xE8, kb_files_terminate_ef},   /* TS 102 222 6.8 */
    {0x00, 0xFE, kb_files_terminate_card}, /* TS 102 222 6.9 */
    {0x80, 0xD4, kb_files_resize},         /* TS 102 222 6.10 */
    {0x80, 0x44, kb_maker_put_object},     /* docs/apdu.md 2.2 */
    {0x80, 0x46, kb_perso_load},           /* docs/apdu.md 2.3 */
    {0x80, 0xF0, kb_maker_set_status},     /* docs/apdu.md 2.4 */
    {0x00, 0x70, kb_channel_manage},       /* TS 102 221 11.1.17 */
    {0x00, 0x84, kb_uicc_challenge},       /* TS 102 221 11.1.18 */
    {0x80, 0xAA, kb_uicc_capability},      /* TS 102 221 11.1.19 */
    {0x80, 0x76, kb_uicc_suspend},         /* TS 102 221 11.1.22 */
    {0x80, 0xC2, kb_toolkit_envelope},     /* TS 102 221 11.2.2 */
    {0x80, 0x12, kb_toolkit_fetch},        /* TS 102 221 11.2.3 */
    {0x80, 0x14, kb_toolkit_response},     /* TS 102 221 11.2.4 */
    {0x80, 0x10, kb_toolkit_profile},      /* TS 102 221 11.2.1 */
    {0x80, 0x4E, kb_maker_generate_key},   /* docs/apdu.md 2.5 */
};

static const struct command *find_command(const struct kb_apdu *cmd)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].ins == cmd->ins && commands[i].cla == cmd->cla)
            return &commands[i];
    return NULL;
}

bool kb_dispatch_run(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                     enum kb_sw *sw)
{
    const struct command *command = find_command(cmd);

    if (command)
        *sw = command->run(card, cmd, out);
    return command != NULL;
}

/* The class byte of a command nobody took (TS 102 221 clause 10.1.1): secure messaging that this
 * card does not have gets its own status. */
static enum kb_sw refuse(const struct kb_apdu *cmd)
{
    if (cmd->cla != KB_CLA_INTERINDUSTRY && cmd->cla != KB_CLA_PROPRIETARY)
        return KB_SW_SECURE_MESSAGING_NOT_SUPPORTED;
    return cmd->has_more ? KB_SW_CHAINING_NOT_SUPPORTED : KB_SW_INS_NOT_SUPPORTED;
}

enum kb_sw kb_dispatch(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    enum kb_sw sw;

    if (kb_gp_dispatch(card, cmd, out, &sw) || kb_dispatch_run(card, cmd, out, &sw))
        return sw;
    /* A plan has its commands on the basic channel. */
    if (cmd->cla & KB_CLA_PROPRIETARY && !cmd->channel && kb_perso_dispatch(card, cmd, out, &sw))
        return sw;
    return refuse(cmd);
}
