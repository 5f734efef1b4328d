/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of wire/session.h and their bytes, made by hand from RFC 8949 clauses 3 and 4.2.1: a
 * head is the major type in three bits and the argument in five, or 18, 19, 1A, 1B (of an unsigned
 * integer) and the argument in 1, 2, 4 or 8 bytes. Seeds of the fuzz target come from here too. */
#ifndef KB_TESTS_WIRE_SESSION_EXAMPLES_H
#define KB_TESTS_WIRE_SESSION_EXAMPLES_H

#include "wire/session.h"

/* A string without its terminating zero. */
#define S(text)                                                                                    \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct session_example {
    const char *why;
    const char *hex;
    struct kb_session_message message;
} session_examples[] = {
    {"a card asks for its operator and begins to agree",
     "01 01 A4 02 66 3030312D3031 04 01 05 43 010203 0A 19 012C",
     {.kind = KB_SESSION_REQUEST,
      .session = 1,
      .id_o = S("001-01"),
      .agreement = KB_SESSION_EDHOC,
      .agree = S("\x01\x02\x03"),
      .revoked_seen = 300}},
    {"a card asks for whom the service knows",
     "01 17 A2 04 02 05 41 00",
     {.kind = KB_SESSION_REQUEST, .session = 23, .agreement = KB_SESSION_DH, .agree = S("\0")}},
    {"a card asks for a list",
     "01 18 18 A1 0E F5",
     {.kind = KB_SESSION_REQUEST, .session = 24, .wants_operators = true}},
    {"the service commands",
     "02 18 FF A6 02 66 3030312D3031 03 01 05 41 0A 06 68 3132333435363738 09 1A 6553F100 0B 42 "
     "FFFE",
     {.kind = KB_SESSION_COMMAND,
      .session = 255,
      .command = KB_COMMAND_PERSONALIZE,
      .id_o = S("001-01"),
      .agree = S("\x0A"),
      .admin_code = S("12345678"),
      .time = 1700000000,
      .revoked = S("\xFF\xFE")}},
    {"the service lists operators",
     "02 19 0100 A2 03 02 0D 84 66 3030312D3031 65 416C706861 66 3236322D3939 64 42657461",
     {.kind = KB_SESSION_COMMAND,
      .session = 256,
      .command = KB_COMMAND_CHOOSE,
      .operators = S("\x84\x66"
                     "001-01\x65"
                     "Alpha\x66"
                     "262-99\x64"
                     "Beta")}},
    {"the service starts a card",
     "02 00 A1 03 03",
     {.kind = KB_SESSION_COMMAND, .command = KB_COMMAND_START}},
    {"the last word of the card's agreement",
     "03 19 FFFF A1 05 43 AABBCC",
     {.kind = KB_SESSION_AGREE, .session = 65535, .agree = S("\xAA\xBB\xCC")}},
    {"one server asks another",
     "03 1A 00010000 A5 01 73 38393439303132333435363738393031323334 02 66 3030312D3031 04 01 05 "
     "41 "
     "00 0C 42 0102",
     {.kind = KB_SESSION_AGREE,
      .session = 65536,
      .id_sc = S("8949012345678901234"),
      .id_o = S("001-01"),
      .agreement = KB_SESSION_EDHOC,
      .agree = S("\0"),
      .credential = S("\x01\x02")}},
    {"an identity under its seal",
     "04 1A FFFFFFFF A1 07 44 00112233",
     {.kind = KB_SESSION_IDENTITY, .session = UINT32_MAX, .sealed = S("\0\x11\x22\x33")}},
    {"it worked",
     "05 02 A1 07 48 0001020304050607",
     {.kind = KB_SESSION_CONFIRM, .session = 2, .sealed = S("\0\x01\x02\x03\x04\x05\x06\x07")}},
    {"it was heard", "05 02 A0", {.kind = KB_SESSION_CONFIRM, .session = 2}},
    {"it is over",
     "06 03 A1 08 0F",
     {.kind = KB_SESSION_REFUSE, .session = 3, .reason = KB_REASON_INTERNAL}},
    {"it is over and the pair is dropped",
     "06 04 A2 07 41 5A 08 0A",
     {.kind = KB_SESSION_REFUSE,
      .session = 4,
      .sealed = S("\x5A"),
      .reason = KB_REASON_NOT_ATTACHED}},
};

static const struct {
    const char *hex;
    struct kb_identity identity;
} identity_examples[] = {
    {"A4 01 6F 303031303130313233343536373839 02 02 03 65 416C706861 04 6B 2B34393137303030303030",
     {.imsi = S("001010123456789"),
      .mnc_length = 2,
      .name = S("Alpha"),
      .centre = S("+4917000000")}},
    {"A2 01 6E 3331303431303132333435363738 02 03", {.imsi = S("31041012345678"), .mnc_length = 3}},
};

enum {
    SESSION_EXAMPLES = sizeof(session_examples) / sizeof(session_examples[0]),
    IDENTITY_EXAMPLES = sizeof(identity_examples) / sizeof(identity_examples[0])
};

#endif
