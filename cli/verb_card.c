/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn card: the rows of the table, and the smallest of the verbs. */
#include "cli/verb_card.h"

#include "reader/card_file.h"

static enum kb_exit card_blank(struct kb_cli *cli)
{
    unsigned long sector_size = 4096;
    unsigned long sectors = 64;
    unsigned long program_size = 8;
    struct kb_card_file *file;
    struct kb_report why;

    if (kb_cli_number(cli, "sector-size", 64, 65536, &sector_size, &why) ||
        kb_cli_number(cli, "sectors", 2, 65536, &sectors, &why) ||
        kb_cli_number(cli, "program-size", 4, 32, &program_size, &why) ||
        kb_card_file_create(kb_cli_operand(cli, 0), (uint32_t)sector_size, (uint32_t)sectors,
                            (uint32_t)program_size, &file, &why))
        return kb_cli_fail(cli, &why);
    kb_card_file_close(file);
    kb_cli_say(cli, "%s: a blank card, ADMINISTRATIVE, %lu bytes of memory", kb_cli_operand(cli, 0),
               sector_size * sectors);
    kb_cli_result(cli, json_pack("{s:s, s:s, s:I}", "card", kb_cli_operand(cli, 0), "life_cycle",
                                 "ADMINISTRATIVE", "memory", (json_int_t)(sector_size * sectors)));
    return KB_EXIT_OK;
}

static const struct kb_cli_option serve_options[] = {
    {"vpcd", "HOST:PORT", "Where vpcd listens for a card; on one machine localhost:35963.", true,
     false},
    {"once", NULL, "Take a single card out, too, once it was used and powered off.", false, false},
    {"timeout", "SECONDS", "How long to wait for the virtual reader to come up; 10 unless told.",
     false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_option blank_options[] = {
    {"sectors", "N", "Sectors of the memory, an even number; 64 unless told.", false, false},
    {"sector-size", "BYTES", "Bytes in a sector; 4096 unless told.", false, false},
    {"program-size", "BYTES", "Bytes that are programmed at once: 4, 8, 16 or 32; 8 unless told.",
     false, false},
    {NULL, NULL, NULL, false, false},
};

const struct kb_cli_verb kb_cli_card_verbs[] = {
    {"card", "apdu", "FILE", 1, 1, "Send commands from standard input to a card",
     "Powers the card up in this process, without any reader, and sends it the APDUs it reads from "
     "standard input: one a line, in hexadecimal, with or without blanks. For each it prints one "
     "line, the answer's data and the status word, or the status word alone. A line with the word "
     "reset powers the card up again; # starts a comment. What the card stored stays in FILE.\n\n"
     "A line that is not hexadecimal is reported with its number and not sent; the others are, "
     "and the exit code is 3. With --json each answer is an object with the line's number.\n\n"
     "  echo 00A40004023F00 | keyborn card apdu 8988211000000000013.card",
     NULL, kb_cli_card_apdu},
    {"card", "serve", "FILE...", 1, 1000000, "Put cards into a virtual PC/SC reader",
     "Connects to vpcd (Debian: vsmartcard-vpcd) as the card in its slot, so that every PC/SC "
     "program sees FILE as a card in a reader. With one FILE the card stays in until the program "
     "is ended by SIGTERM or SIGINT or the reader goes away. With several each one that was used "
     "and then powered off is taken out and the next is put in; after the last the program "
     "ends.\n\n"
     "  keyborn card serve cards/*.card --vpcd localhost:35963",
     serve_options, kb_cli_card_serve},
    {"card", "show", "FILE", 1, 1, "Show the state of a card",
     "Shows life cycle, fields with their states and tries left, the names of items that are "
     "present and missing, number of files and room in the memory. Shows no secret, reads no "
     "file's content and changes nothing.\n\n"
     "  keyborn card show 8988211000000000013.card",
     NULL, kb_cli_card_show},
    {"card", "blank", "FILE", 1, 1, "Make a blank card",
     "Makes FILE, a card without files in the state ADMINISTRATIVE, as it comes from the chip's "
     "maker. An existing file is never replaced. keyborn factory make does this itself.\n\n"
     "  keyborn card blank empty.card --sectors 32",
     blank_options, card_blank},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
