/* SPDX-License-Identifier: Apache-2.0 */
/* Every refusal names file and line, what was wrong and what would be right. One row a refusal:
 * what is replaced in the small plan, by what ('@' stands where the line is expected), and words of
 * the message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plan/small_plan.h"

struct row {
    const char *part, *by, *words, *cure;
};

static const struct row rows[] = {
    /* YAML and keys */
    {"name: small", "name: 'small\n", "not valid YAML", "correct this line"},
    {"name: small", "name: small\n\t@bad: tab", "not valid YAML", "correct this line"},
    {"keyborn-plan-1", "@keyborn-plan-2", "format is 'keyborn-plan-2'", "reads 'keyborn-plan-1'"},
    {"keyborn-plan-1", "@keyborn-entity-1", "format is 'keyborn-entity-1'",
     "reads 'keyborn-plan-1'"},
    {"format: keyborn-plan-1\n", "@", "no keyborn plan", "begin with 'format: keyborn-plan-1'"},
    {"name: small", "@nme: small", "unknown key 'nme'", "did you mean 'name'?"},
    {"name: small", "name: small\n@name: twice", "key 'name' is there twice", "keep one"},
    {"name: small", "@[a]: small", "a key is a list", "a key is a word"},
    {"name: small", "@&a []: small", "a key is a list", "a key is a word"},
    {"name: small", "name: @9small", "name is '9small'", "should be a letter"},
    {"name: small", "name: @[small]", "name is a list", "should be a single value"},
    {"name: small", "name: @s1234567890123456789012345678901234", "longer than 32", "characters"},
    {"name: small\n", "", "key 'name' is missing", "add it"},
    {"name: small", "name: small\n--- @{}", "second document", "one document"},

    /* memory, ATR, numbers */
    {"sectors: 16", "sectors: @1", "sectors is 1", "2 to 65534"},
    {"{sectors: 16,", "@{sectors: 15,", "sectors is 15", "should be even"},
    {"sectors: 16", "sectors: @0x10", "sectors is '0x10'", "decimal number from 2 to 65534"},
    {"sectors: 16", "sectors: @99999999999999999999999", "sectors is 9999", "2 to 65534"},
    {"sectors: 16", "sectors: @-2", "sectors is '-2'", "decimal number"},
    {"{sectors: 16, sector_size: 2048, program: 8}",
     "@{sectors: 16, sector_size: 2048, program: 12}", "program is 12", "4, 8, 16 or 32"},
    {"{sectors: 16, sector_size: 2048", "@{sectors: 16, sector_size: 2044", "sector_size is 2044",
     "multiple of program, 8"},
    {"{sectors: 16, sector_size: 2048", "@{sectors: 65534, sector_size: 2048", "half of the memory",
     "to 65535 units"},
    {"{sectors: 16,", "@{sectors: 2,", "the plan needs about", "more or larger sectors"},
    {"atr: 3B", "atr: @3C", "begins with 3C", "3B or 3F"},
    {"A5\niccid", "A6\niccid", "TCK, is wrong", "exclusive or of 00"},
    {"01A5\niccid", "01\niccid", "has 21 bytes", "promise 22"},
    {"atr: 3B9F", "atr: @3B9", "atr is not hexadecimal", "pairs of the digits"},
    {"prefix: '8900101'", "prefix: @'7900101'", "prefix is 7900101", "begins with 89"},
    {"prefix: '8900101'", "prefix: @'89x'", "prefix should be", "decimal digits"},
    {"digits: 19", "digits: @17", "digits is 17", "18 to 20"},
    {"first: 1}", "first: @123456789012}", "first should be 1 to 11", "decimal digits"},
    {"first: 1}", "file: @3F00/2FE3}", "3F00/2FE3 is no transparent file of 10 bytes",
     "EF.ICCID is one"},
    {"digits: 15}", "digits: 15, file: @3F00/2FE2}", "no transparent file of 9 bytes",
     "EF.IMSI is one"},
    {"first: 1}\nimsi_t: {prefix: '90170', digits: 15}",
     "first: 98765}\nimsi_t: @{prefix: '90170', digits: 9}",
     "first serial number 98765 has no room", "at most 4 digits"},
    {"prefix: '90170'", "prefix: @'9017'", "prefix should be 5 to 14", "decimal digits"},

    /* PINs */
    {"reference: 01", "reference: @09", "reference is 09", "01-08 or 81-88"},
    {"reference: 0A", "reference: @01", "belongs to another PIN", "choose a free one"},
    {"index: 1,", "index: @8,", "index is 8", "0 to 7"},
    {"- {name: adm1, index: 1,", "- @{name: adm1, index: 0,", "index 0 belongs to 'pin1'",
     "choose a free one"},
    {"name: adm1, index", "name: @pin1, index", "name 'pin1' is there twice", "its own"},
    {"value: '1234'", "value: @'123'", "value should be 4 to 8", "decimal digits"},
    {"unblock: '12345678'", "unblock: @'1234567'", "unblock should be 8", "decimal digits"},
    {"unblock: '12345678'", "unblock: @random", "value and unblock", "both be random"},
    {"tries: 10", "tries: @16", "tries is 16", "1 to 15"},

    {"index: 1, ref", "shared: @maybe, index: 1, ref", "shared is 'maybe'", "it may be no, yes"},

    /* authentication */
    {"access:\n", "authentication: @[]\naccess:\n", "authentication has 0 elements", "1 to 2"},
    {"access:\n", "authentication: [@{algorithm: tuak}]\naccess:\n", "'subscription' is missing",
     "add it"},
    {"access:\n", "authentication: [{subscription: @2}]\naccess:\n", "subscription is 2", "0 to 1"},
    {"access:\n", "authentication: [{subscription: 1}, @{subscription: 1}]\naccess:\n",
     "subscription 1 is there twice", "keep one"},
    {"access:\n", "authentication: [{subscription: 1, algorithm: @milenag}]\naccess:\n",
     "algorithm is 'milenag'", "milenage, tuak or xor"},
    {"access:\n", "authentication: [{subscription: 1, mac: @9}]\naccess:\n", "mac is '9'",
     "8, 16 or 32"},
    {"access:\n", "authentication: [{subscription: 1, delta: @0}]\naccess:\n", "delta is '0'",
     "none or 1 to"},
    {"access:\n", "authentication: [@{subscription: 1, res: 16}]\naccess:\n",
     "these lengths do not go with the algorithm", "milenage has res 4 to 8"},
    {"access:\n", "authentication: [@{subscription: 1, algorithm: tuak, res: 5}]\naccess:\n",
     "these lengths do not go with the algorithm", "tuak has res 4, 8 or 16"},
    {"length: 16, check: not-flat, mandatory: yes, write: [{ki", "length: 32, write: [{ki",
     "subscription 1 has algorithm milenage", "key has 16 bytes"},
    {"length: 16, check: not-flat, mandatory: yes, write: [{ki", "length: 32, write: [{opc",
     "subscription 1 has algorithm milenage", "operator variant has 16 bytes"},
    {"access:\n", "authentication: [{subscription: 1, algorithm: tuak}]\naccess:\n",
     "algorithm tuak and gsm from-3g, which cannot do without an operator variant",
     "add an item that writes opc"},

    /* access */
    {"read: always, update: [adm1]", "@reed: always", "unknown key 'reed'", "did you mean 'read'?"},
    {"read: always", "read: @allways", "'allways' is no condition", "always, never or a list"},
    {"update: [adm1]", "update: [@adm2]", "PIN is 'adm2'", "did you mean 'adm1'?"},
    {"update: [adm1]", "update: @[]", "list of PINs is empty", "write 'never'"},
    {"folder: {create: [adm1]}", "folder: @{create: [adm1], read: always}", "'create' is for DFs",
     "two rules"},
    {"folder: {create: [adm1]}", "folder: @{}", "the rule is empty", "say who may do what"},
    {"own: {read", "@open: {read", "open: this rule is there twice", "keep one"},

    /* files */
    {"files:\n", "filles:\n", "unknown key 'filles'", "did you mean 'files'?"},
    {"path: 3F00/2F00", "path: @3F00/2F0", "path is '3F00/2F0'", "such as 3F00/7FF0/6F07"},
    {"path: 3F00/2F00", "path: @2F00", "path is '2F00'", "FIDs from the MF downward"},
    {"path: 3F00/2F00", "path: @3F00/7F10/2F00", "3F00/7F10, is not listed", "list it before"},
    {"path: 3F00/2FE2", "path: @3F00/2F00/2FE2", "3F00/2F00, is an EF", "list it before"},
    {"path: 3F00/2FE2", "path: @3F00/2F00", "3F00/2F00 is there already (EF.DIR, line 16)", "once"},
    {"path: 3F00/2FE2", "path: @3F00/2F06", "is there already (EF.ARR", "key 'arr'"},
    {"path: 3F00/2FE2", "path: @3F00/3FFF", "FID 3FFF is reserved", "choose another"},
    {"path: 3F00/7FF0/6F07", "path: @3F00/7FF0/7FF0", "FID 7FF0 is that of the DF above",
     "choose another"},
    {"- {path: 3F00/7FF0, name: ADF.USIM", "- @{path: 3F00, name: ADF.USIM", "the MF, and no other",
     "type mf and path 3F00"},
    {"type: adf", "type: @addf", "type is 'addf'", "did you mean 'adf'?"},
    {"- {path: 3F00/7FF0, name: ADF.USIM, type: adf, aid: A0000000871002",
     "- @{path: 3F00/7FF0, name: ADF.USIM, type: adf", "type adf needs 'aid'", "add it"},
    {"- {path: 3F00/2FE2, name: EF.ICCID, type: transparent, size: 10",
     "- @{path: 3F00/2FE2, name: EF.ICCID, type: transparent", "needs 'size'", "add it"},
    {"- {path: 3F00/2FE2, name: EF.ICCID, type: transparent, size: 10",
     "- @{path: 3F00/2FE2, name: EF.ICCID, size: 10", "key 'type' is missing", "add it"},
    {"type: transparent, size: 9, sfi: 7, access: own",
     "@type: ber-tlv, size: 9, fill: '00', access: own", "type ber-tlv has no 'fill'", "remove it"},
    {"type: transparent, size: 9, sfi: 7, access: own",
     "type: ber-tlv, size: 9, access: own, content: @'8000'", "type ber-tlv should be a list",
     "one element a data object"},
    {"type: transparent, size: 9, sfi: 7, access: own",
     "type: ber-tlv, size: 9, access: own, content: ['8000', @'800201']",
     "an element is no data object", "a length and as many bytes"},
    {"type: transparent, size: 12, access: own, fill: FF", "same_as: @3F00/7FF0/6F08",
     "3F00/7FF0/6F08 is not listed", "name an EF that is listed before"},
    {"type: transparent, size: 12, access: own, fill: FF", "same_as: @3F00/7FF0",
     "3F00/7FF0 is a DF", "name an EF that is listed before"},
    {"- {path: 3F00/7FF0/6F7B, name: EF.FPLMN, type: transparent, size: 12, access: own, fill: FF",
     "- @{path: 3F00/7FF0/6F7B, name: EF.FPLMN, same_as: 3F00/7FF0/6F07, access: own",
     "has only path, name and sfi of its own", "remove the other keys"},
    {"type: transparent, size: 9, sfi: 7, access: own", "same_as: 3F00/2FE2",
     "EF.IMSI is another name for 3F00/2FE2", "write there"},
    {"- {path: 3F00/2FE2, name: EF.ICCID, type: transparent, size: 10",
     "- @{path: 3F00/2FE2, name: EF.ICCID, type: transparent, size: 10, records: 2",
     "type transparent has no 'records'", "remove it"},
    {"aid: A0000000871002", "aid: @A0000000", "aid should be 5 to 16 bytes", "hexadecimal"},
    {"size: 10, access", "size: @40000, access", "size is 40000", "1 to 32767"},
    {"sfi: 7,", "sfi: @31,", "sfi is 31", "1 to 30"},
    {"size: 4, access", "size: 4, sfi: @7, access", "sfi 7 belongs to EF.IMSI",
     "choose a free one"},
    {"access: folder}\n  - {path: 3F00/2F00", "access: @own}\n  - {path: 3F00/2F00",
     "rule 'own' speaks of read", "made for DFs"},
    {"size: 10, access: open", "size: 10, access: @folder", "rule 'folder' speaks of create",
     "made for EFs"},
    {"size: 10, access: open", "size: 10, access: @opn", "access is 'opn'", "did you mean 'open'?"},
    {"type: mf, access: folder", "type: mf, access: folder, arr: {fid: @2F}", "fid should be four",
     "such as 6F06"},
    {"type: adf,", "type: adf, arr: {fid: 6F07},", "is there already (EF.ARR", "key 'arr'"},

    /* contents */
    {"label: USIM}", "label: @USIM USIM USIM USIM USIM}",
     "content is longer than its place, 32 bytes", "more room"},
    {"[{application: 3F00/7FF0,", "[{application: @3F00/7FF1,", "3F00/7FF1 is no ADF",
     "name one of type adf"},
    {"[{application: 3F00/7FF0, label: USIM}]", "[@{label: USIM}]", "one way to make a content",
     "keep one key"},
    {"[{application: 3F00/7FF0, label: USIM}]", "@'00'", "content of a file with records",
     "should be a list"},
    {"[{application: 3F00/7FF0, label: USIM}]", "@['00', '00', '00']", "content has 3 records",
     "the file has 2"},
    {"services: [1, 10, 32]", "services: [1, @33]", "service is 33", "1 to 32"},
    {"content: {services: [1, 10, 32]}", "content: @0102030405", "content should be 0 to 4 bytes",
     "hexadecimal"},
    {"fill: '00'", "fill: @'0000'", "fill should be 1 bytes", "hexadecimal"},

    /* state machine */
    {"states: [WAITING]", "states: [WAITING, @ALERT]", "ALERT is there already", "of your own"},
    {"states: [WAITING]", "states: [WAITING, LOST]", "no way leads from IDLE to LOST", "add one"},
    {"  - {from: PERSO, event: LOCK, to: LOCKED}\n", "", "no way leads from IDLE to LOCKED",
     "add one"},
    {"- {from: PERSO, event: LOCK, to: LOCKED}", "- @{from: LOCKED, event: ENABLE, to: READY}",
     "LOCKED and BLOCKED are for ever", "remove it"},
    {"- {from: PERSO, event: LOCK, to: LOCKED}", "- @{from: BLOCKED, event: ENABLE, to: READY}",
     "LOCKED and BLOCKED are for ever", "remove it"},
    {"- {from: PERSO, event: LOCK, to: LOCKED}", "- @{from: READY, event: PUT, to: PERSO}",
     "data are written in PERSO only", "start from PERSO"},
    {"- {from: READY, event: VERIFY_WRONG, to: WAITING}",
     "- @{from: READY, event: VERIFY_WRONG, to: PERSO}", "reached by a verified code only",
     "use event VERIFY_OK"},
    {"- {from: IDLE, event: ENABLE, to: READY}", "- @{from: IDLE, event: VERIFY_OK, to: PERSO}",
     "leaves IDLE", "begin with one of them"},
    {"- {from: READY, event: VERIFY_WRONG, to: WAITING}",
     "- @{from: READY, event: VERIFY_WRONG, to: BLOCKED}", "leads to BLOCKED", "VERIFY_EXHAUSTED"},
    {"- {from: PERSO, event: LOCK, to: LOCKED}", "- @{from: PERSO, event: LOCK, to: IDLE}", "LOCK,",
     "leads to LOCKED"},
    {"- {from: PERSO, event: LOCK, to: LOCKED}", "- @{from: IDLE, event: ENABLE, to: ALERT}",
     "ENABLE in state IDLE has a transition already", "keep one"},
    {"- {from: ALERT, event: VERIFY_OK, to: PERSO}",
     "- @{from: ALERT, event: VERIFY_OK, to: READY}", "VERIFY_OK and PUT lead to PERSO",
     "correct 'to'"},
    {"- {from: PERSO, event: PUT, to: PERSO}", "- @{from: PERSO, event: PUT, to: READY}",
     "VERIFY_OK and PUT lead to PERSO", "correct 'to'"},
    {"to: WAITING}", "to: @WAITNG}", "to is 'WAITNG'", "did you mean 'WAITING'?"},
    {"event: LOCK", "event: @LOK", "event is 'LOK'", "did you mean 'LOCK'?"},
    {"  - {from: ALERT, event: VERIFY_EXHAUSTED, to: BLOCKED}\n", "", "state ALERT knows only some",
     "give it all of them"},

    /* fields and commands */
    {"name: tele", "name: boot", "name 'boot' is there twice", "its own"},
    {"tries: 5", "number: 0", "number 0 is that of field 'boot'", "choose a free one"},
    {"tries: 5", "number: @8", "number is 8", "0 to 7"},
    {"tries: 5", "tries: @0", "tries is 0", "1 to 15"},
    {"made: maker", "made: @makr", "made is 'makr'", "did you mean 'maker'?"},
    {"80 5E 00 00", "@80 5E 00", "the header should be CLA INS P1 P2", "such as '80 48 00 00'"},
    {"80 5E 00 00", "@80 XX 00 00", "the header should be CLA INS P1 P2", "may be XX"},
    {"80 5E 00 00", "@00 5E 00 00", "class 00 is not a plan's", "80, 84, 88 or 8C"},
    {"80 5E 00 00", "@90 5E 00 00", "class 90 is not a plan's", "80, 84, 88 or 8C"},
    {"80 5E 00 00", "@80 6E 00 00", "instruction 6E is no instruction", "choose another"},
    {"80 5E 00 00", "@80 9E 00 00", "instruction 9E is no instruction", "choose another"},
    {"80 5E 00 00", "@80 F2 00 00", "instruction F2 is STATUS", "choose another"},
    {"80 5E 00 00", "@80 C2 00 00", "instruction C2 is ENVELOPE", "choose another"},
    {"80 5E 00 00", "@80 46 00 00", "instruction 46 is LOAD ALGORITHM", "choose another"},
    {"80 5E 00 00", "@80 E2 60 07", "collides with another one of field 'tele'", "another header"},
    {"80 5E 00 00", "@80 40 00 00", "collides with another one of field 'boot'", "another header"},
    {"method: code}", "method: @cod}", "method is 'cod'", "did you mean 'code'?"},
    {"{header: 84 52 00 00, method: code}", "@{header: 84 52 00 00, method: challenge}",
     "method challenge is there twice", "keep one"},
    {"data: tlv", "data: @tvl", "data is 'tvl'", "it may be tlv or dgi"},

    /* items */
    {"name: centre", "name: @ki", "this item is there twice", "its own name"},
    {"role: smsp", "role: @smps", "role is 'smps'", "did you mean 'smsp'?"},
    {"role: smsp", "role: @imsi", "role 'imsi' is that of item 'imsi'", "one item has it"},
    {"tag: C3", "tag: @C4C5C6", "tag should be 1 to 2 bytes", "hexadecimal"},
    {"tag: C4", "tag: @C3", "tag C3 is that of item 'pin1'", "its own"},
    {"tag: C4", "tag: @'00'", "tag 00 names nothing", "for example C1"},
    {"tag: C4", "tag: DF", "item 'fplmn' (line 58) has tag DF", "use for example C1"},
    {"tag: C4", "tag: C1C2", "has tag C1C2", "use for example C1"},
    {"- {name: fplmn, tag: C4", "- @{name: fplmn", "either a 'tag' or a 'command'", "add one"},
    {"- {name: fplmn, tag: C4", "- @{name: fplmn, tag: C4, command: 80 D0 02 02",
     "either a 'tag' or a 'command'", "keep one"},
    {"{name: pin1, tag: C3", "{name: pin1, command: @80 D0 01 02",
     "collides with another one of field 'tele'", "another header"},
    {"format: plmns", "format: @plmn", "format is 'plmn'", "did you mean 'plmns'?"},
    {"- {name: ki, tag: DF21, format: bytes, length: 16",
     "- @{name: ki, tag: DF21, format: bytes, length: 16, max: 16", "says min and max at once",
     "keep 'length'"},
    {"- {name: ki, tag: DF21, format: bytes, length: 16", "- @{name: ki, tag: DF21, format: bytes",
     "how long may the value be?", "Add 'length'"},
    {"- {name: pin1, tag: C3, format: digits, min: 4, max: 8",
     "- @{name: pin1, tag: C3, format: digits, min: 8, max: 4", "min is 8 and max is 4",
     "should not be greater"},
    {"max: 27", "max: @1001", "max is 1001", "1 to 1000"},
    {"- {name: ki, tag: DF21, format: bytes, length: 16, check: not-flat",
     "- @{name: ki, tag: DF21, format: bytes, length: 16, check: luhn", "check luhn is for digits",
     "format digits"},
    {"mandatory: yes", "mandatory: @maybe", "mandatory is 'maybe'", "it may be no, yes"},
    {"about: Service centre", "about: @\"two\\nlines\"", "about holds a control character",
     "one line"},

    /* what the maker makes */
    {"- {name: ak, tag: C2, format: bytes, length: 16, made: {value: random}",
     "- @{name: ak, tag: C2, format: bytes, length: 16", "the factory finishes this field",
     "add 'made'"},
    {"tag: C4,", "tag: C4, made: @{value: code},", "'made' is for fields that the factory finishes",
     "remove it"},
    {"{value: random}", "@{value: random, size: 8}", "the value made has 8 bytes",
     "the item takes 16 to 16"},
    {"{value: random}", "@{value: code}", "value code goes with format digits", "change one"},
    {"{value: random}", "{value: @randm}", "value is 'randm'", "did you mean 'random'?"},
    {"{value: random}", "{value: random, column: @ident}", "column 'ident' is there twice",
     "its own"},
    {"made: {value: imsi_t}", "made: {value: imsi_t, column: @iccid}",
     "column 'iccid' names the card", "another name"},
    {"name: temp, tag: C3", "name: iccid, tag: C3", "column 'iccid' names the card",
     "another name"},
    {"imsi_t: {prefix: '90170', digits: 15}\n", "", "no range of temporary identities",
     "add 'imsi_t: {}'"},

    /* writes */
    {"write: [{ki: 1}]", "write: @[]", "write has 0 elements", "1 to 8"},
    {"{ki: 1}", "@{encoder: raw}", "this one has 0", "name one of file, secret"},
    {"{ki: 1}", "@{ki: 1, secret: 2}", "this one has 2", "name one of file, secret"},
    {"{ki: 1}", "{ki: @2}", "ki is 2", "0 to 1"},
    {"{ki: 1}", "{scp03: @'301'}", "scp03 is not hexadecimal", "pairs of the digits"},
    {"{ki: 1}", "{scp03: 31}", "item 'ki': the security domain has no key set 31",
     "add it to 'keys'"},
    {"format: digits, min: 4, max: 8, write: [{encoder: pin, pin: pin1}]",
     "format: bytes, min: 4, max: 8, write: [{scp03: @30}]", "a key set is its three keys",
     "use format bytes, one length"},
    {"{ki: 1}", "{aka: @2, part: gsm}", "aka is 2", "0 to 1"},
    {"[{encoder: pin, pin: pin1}]", "[@{aka: 1}]", "which part of the authentication?",
     "Add 'part'"},
    {"{ki: 1}", "{aka: 1, part: @gms}", "part is 'gms'", "did you mean 'gsm'?"},
    {"{ki: 1}", "@{ki: 1, part: gsm}", "'part' and encoder aka go with 'aka'", "add that"},
    {"{ki: 1}", "@{aka: 1, part: gsm}", "encoder aka does not take format bytes", "change one"},
    {"{ki: 1}", "{secret: @28}", "secret is 28", "0 to 27"},
    {"{ki: 1}", "@{ki: 1, offset: 3}", "go with a file", "remove them"},
    {"[{encoder: pin, pin: pin1}]", "[@{encoder: pin, ki: 1}]",
     "a subscriber key is 16 or 32 bytes", "use format bytes"},
    {"{ki: 1}", "@{ki: 0}", "item 'ak' of field 'boot' (line 42) writes there as well",
     "belongs to one item"},
    {"{ki: 1}", "{file: 3F00/7FF0/6F07, @encodr: raw}", "unknown key 'encodr'",
     "did you mean 'encoder'?"},
    {"{encoder: imsi,", "{encoder: @imis,", "encoder is 'imis'", "did you mean 'imsi'?"},
    {"[{encoder: imsi, file: 3F00/7FF0/6F07}]", "[{encoder: imsi, file: @3F00/7FF0/6F09}]",
     "file 3F00/7FF0/6F09 is not in this plan", "add it under 'files'"},
    {"[{encoder: imsi, file: 3F00/7FF0/6F07}]", "[@{encoder: imsi, file: 3F00/7FF0}]",
     "ADF.USIM is no place for an item", "transparent or linear-fixed"},
    {"[{encoder: imsi, file: 3F00/7FF0/6F07}]", "[@{file: 3F00/7FF0/6F39}]",
     "EF.ACM is no place for an item", "transparent or linear-fixed"},
    {"[{encoder: imsi, file: 3F00/7FF0/6F07}]", "[@{file: 3F00/7FF0/6F06, record: 1}]",
     "access rules of an EF.ARR", "no item may change"},
    {"[{encoder: imsi, file: 3F00/7FF0/6F07}]",
     "[@{encoder: imsi, file: 3F00/7FF0/6F07, record: 1}]", "EF.IMSI has no records",
     "remove 'record'"},
    {"[{encoder: imsi, file: 3F00/7FF0/6F07}]",
     "[@{encoder: imsi, file: 3F00/7FF0/6F07, offset: 1}]", "bytes 1 to 9 do not lie in EF.IMSI",
     "correct offset or length"},
    {"record: 2}", "record: 3}", "EF.SMSP has records 1 to 2", "record is 3"},
    {"{encoder: imsi,", "@{encoder: spn,", "encoder spn does not take format digits", "change one"},
    {"{encoder: imsi, file: 3F00/7FF0/6F07}", "@{encoder: imsi, file: 3F00/7FF0/6F07, length: 8}",
     "encoder imsi cannot fill 8 bytes", "it fills 9"},
    {"{encoder: imsi, file", "@{encoder: imsi, display: 1, file", "'display' goes with encoder spn",
     "remove it"},
    {"min: 14, max: 15, mandatory: yes, write: [{encoder",
     "min: 14, max: 16, mandatory: yes, write: [@{encoder", "the item has 14 to 16 characters",
     "takes 6 to 15"},
    {"[{encoder: pin, pin: pin1}]", "[{encoder: pin, pin: @pin3}]", "pin is 'pin3'",
     "did you mean 'pin1'?"},
    {"[{encoder: pin, pin: pin1}]", "[{encoder: pin, unblock: @pin1}]", "unblock code has 8 digits",
     "length: 8"},
    {"[{encoder: pin, pin: pin1}]", "[{pin: @pin1}]", "a PIN is digits padded", "use encoder pin"},
    {"[{encoder: plmn, file: 3F00/7FF0/6F7B}]", "[@{encoder: raw, serial: yes}]",
     "the card's identifier has at most 20 digits", "use format digits"},
    {"length: 19, made: {value: iccid}, write: [{serial: yes}]",
     "length: 19, made: {value: iccid}, write: [@{encoder: bcd, secret: 1}]",
     "kept as they are sent", "use encoder raw"},

    /* remote management */
    {"states: [WAITING]\n", "remote: [@{number: 16, targets: []}]\nstates: [WAITING]\n",
     "number is 16", "1 to 15"},
    {"states: [WAITING]\n",
     "remote: [@{number: 1, targets: [{tar: B00001, start: 3F00}]}]\nstates: [WAITING]\n",
     "which keys?", "Add kic and kid"},
    {"states: [WAITING]\n",
     "remote: [@{number: 1, kic: 1, kid: 2, targets: [{tar: B00001, start: 3F00}]}]\n"
     "states: [WAITING]\n",
     "no item writes secret 1", "without a key"},
    {"states: [WAITING]\n",
     "remote: [@{number: 1, kic: 0, operator: yes, targets: [{tar: B00001, start: 3F00}]}]\n"
     "states: [WAITING]\n",
     "the keys made with the operator", "remove it"},
    {"states: [WAITING]\n",
     "remote: [{number: 1, operator: yes, targets: [{tar: @B000, start: 3F00}]}]\n"
     "states: [WAITING]\n",
     "tar should be 3 bytes", "hexadecimal"},
    {"states: [WAITING]\n",
     "remote: [{number: 1, operator: yes, targets: [{tar: B00001, start: @3F00/7FF0/6F07}]}]\n"
     "states: [WAITING]\n",
     "3F00/7FF0/6F07 is no MF", "name one of this plan"},
    {"states: [WAITING]\n",
     "remote: [{number: 1, operator: yes, grants: [@adm7], targets: [{tar: B00001, start: "
     "3F00}]}]\n"
     "states: [WAITING]\n",
     "PIN is 'adm7'", "did you mean 'adm1'?"},

    /* the security domain */
    {"states: [WAITING]\n", "security_domain: {keys: [{version: @00}]}\nstates: [WAITING]\n",
     "version is 00", "01 to 7F"},
    {"states: [WAITING]\n", "security_domain: {keys: [{version: @38}]}\nstates: [WAITING]\n",
     "version is 38", "the keys of fields"},
    {"states: [WAITING]\n",
     "security_domain: {keys: [{version: 30}, {version: @30}]}\nstates: [WAITING]\n",
     "version 30 is there twice", "its own"},
    {"states: [WAITING]\n",
     "security_domain: {keys: [@{version: 30, length: 20}]}\nstates: [WAITING]\n", "length is 20",
     "16, 24 or 32 bytes"},
    {"states: [WAITING]\n", "security_domain: {cplc: @'00'}\nstates: [WAITING]\n",
     "cplc should be 42 bytes", "hexadecimal"},
    {"      state: 80 5C 00 00\n", "      state: 80 5C 00 00\n      scp03: yes\n",
     "field 'tele' is opened by scp03", "choose another instruction"},

    /* what the entity must not learn */
    {"about: Service centre", "about: Goes to 6f42", "tells a place, 6F42", "other words"},
    {"about: Service centre", "about: The SMSP of ef.smsp", "tells a place, EF.", "other words"},
    {"about: Service centre", "about: In A0000000871002", "tells a place, A0000000871002",
     "other words"},
    {"command: 80 D0 01 02", "command: 80 D0 6F 42", "tells a place, a FID", "other words"},
    {"{name: imsi, tag: C1", "{name: imsi, command: 80 D0 07 00",
     "tells a place, an SFI and record", "other words"},
    {"name: tele", "name: tele.EF.", "tells a place, EF.", "other words"},
    {"name: small", "name: at-6F07", "tells a place, 6F07", "other words"},
};

static bool is_as_promised(const struct row *row)
{
    char path[64], prefix[100];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    char *text = replaced(small_plan, row->part, row->by);
    int line = take_mark(text);
    enum kb_err err = load_plan(text, strlen(text), path, &plan, &why);
    bool is_good;

    free(text);
    snprintf(prefix, sizeof prefix, line ? "%s:%d: " : "%s:", path, line);
    is_good = err && !plan && why.err == err && !strncmp(why.text, prefix, strlen(prefix)) &&
              strstr(why.text, row->words) && strstr(why.text, row->cure);
    if (!is_good)
        print_error("by: %s\n  wanted %s... %s ... %s\n  got %s\n", row->by, prefix, row->words,
                    row->cure, err ? why.text : "no refusal");
    kb_plan_free(plan);
    return is_good;
}

static void each_refusal_names_file_line_and_cure(void **state)
{
    size_t broken = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        broken += !is_as_promised(&rows[i]);
    assert_int_equal(broken, 0);
}

/* A service that is available comes with its files (TS 31.102 clause 4.2). */
static void a_service_without_its_file_is_told_of(void **state)
{
    char path[64], expected[2][200];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    size_t at = 0;

    (void)state;
    assert_int_equal(load_plan(small_plan, strlen(small_plan), path, &plan, &why), KB_OK);
    for (size_t i = 0; i < 2; i++) {
        snprintf(expected[i], sizeof expected[i],
                 "%s:21: EF.UST of ADF.USIM says that service 10 is available; the file %s that "
                 "comes with it is not in this plan",
                 path, i ? "6F43" : "6F3C");
        assert_true(kb_plan_next_warning(plan, &at, &why));
        assert_string_equal(why.text, expected[i]);
    }
    assert_false(kb_plan_next_warning(plan, &at, &why));
    kb_plan_free(plan);
}

static void the_small_plan_is_welcome(void **state)
{
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    enum kb_err err = load_plan(small_plan, strlen(small_plan), path, &plan, &why);

    (void)state;
    if (err)
        fail_msg("%s", why.text);
    assert_int_equal(plan->field_count, 2);
    assert_int_equal(plan->made_count, 3);
    assert_int_equal(plan->state_count, KB_PERSO_STATES + 1);
    kb_plan_free(plan);
}

/* A message about a value that may be secret does not repeat it. */
static void codes_and_contents_are_not_repeated(void **state)
{
    static const char *const edits[][2] = {
        {"value: '1234'", "value: '12345678901'"},
        {"unblock: '12345678'", "unblock: '987654321'"},
        {"content: {services: [1, 10, 32]}", "content: DEADBEEFDEADBEEF"},
    };
    static const char *const secrets[] = {"12345678901", "987654321", "DEADBEEF"};

    (void)state;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char path[64];
        struct kb_report why = {0};
        struct kb_plan *plan = NULL;
        char *text = replaced(small_plan, edits[i][0], edits[i][1]);

        assert_int_not_equal(load_plan(text, strlen(text), path, &plan, &why), KB_OK);
        assert_null(strstr(why.text, secrets[i]));
        free(text);
    }
}

/* The keys of COMP128 have 16 bytes; TUAK alone would take 32. */
static void a_long_key_goes_with_no_gsm_algorithm(void **state)
{
    char *long_key = replaced(small_plan, "length: 16, check: not-flat, mandatory: yes",
                              "length: 32, check: not-flat, mandatory: yes");
    char *text = replaced(long_key, "access:\n",
                          "authentication: [{subscription: 1, algorithm: tuak, gsm: comp128v3}]\n"
                          "access:\n");
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;

    (void)state;
    assert_int_equal(load_plan(text, strlen(text), path, &plan, &why), KB_ERR_RULE);
    assert_non_null(strstr(why.text, ":55: item 'ki': subscription 1 has algorithm tuak and gsm "
                                     "comp128v3, which takes a key of 16 bytes only; use 'length: "
                                     "16', or gsm from-3g"));
    free(text);
    free(long_key);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;

    (void)state;
    assert_int_equal(kb_plan_load("/tmp/keyborn-no-such-file.yaml", &plan, &why), KB_ERR_ABSENT);
    assert_non_null(strstr(why.text, "/tmp/keyborn-no-such-file.yaml"));
    assert_null(plan);
    assert_int_equal(kb_plan_load("/tmp", &plan, &why), KB_ERR_ABSENT);
    assert_null(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_without_its_file_is_told_of),
        cmocka_unit_test(the_small_plan_is_welcome),
        cmocka_unit_test(each_refusal_names_file_line_and_cure),
        cmocka_unit_test(codes_and_contents_are_not_repeated),
        cmocka_unit_test(a_long_key_goes_with_no_gsm_algorithm),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
