/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/plan/small_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char small_plan[] =
    "format: keyborn-plan-1\n"
    "name: small\n"
    "memory: {sectors: 16, sector_size: 2048, program: 8}\n"
    "atr: 3B9F96801FC78031A073BE21136743200718000001A5\n"
    "iccid: {prefix: '8900101', digits: 19, first: 1}\n"
    "imsi_t: {prefix: '90170', digits: 15}\n"
    "pins:\n"
    "  - {name: pin1, index: 0, reference: 01, value: '1234', unblock: '12345678'}\n"
    "  - {name: adm1, index: 1, reference: 0A, tries: 10, value: random}\n"
    "access:\n"
    "  folder: {create: [adm1]}\n"
    "  open: {read: always, update: [adm1]}\n"
    "  own: {read: [pin1, adm1], update: never}\n"
    "files:\n"
    "  - {path: 3F00, name: MF, type: mf, access: folder}\n"
    "  - {path: 3F00/2F00, name: EF.DIR, type: linear-fixed, record_size: 32, records: 2, sfi: 30, "
    "access: open,\n"
    "     content: [{application: 3F00/7FF0, label: USIM}]}\n"
    "  - {path: 3F00/2FE2, name: EF.ICCID, type: transparent, size: 10, access: open}\n"
    "  - {path: 3F00/7FF0, name: ADF.USIM, type: adf, aid: A0000000871002, access: folder}\n"
    "  - {path: 3F00/7FF0/6F07, name: EF.IMSI, type: transparent, size: 9, sfi: 7, access: own}\n"
    "  - {path: 3F00/7FF0/6F38, name: EF.UST, type: transparent, size: 4, access: own, content: "
    "{services: [1, 10, 32]}}\n"
    "  - {path: 3F00/7FF0/6F42, name: EF.SMSP, type: linear-fixed, record_size: 40, records: 2, "
    "access: own}\n"
    "  - {path: 3F00/7FF0/6F7B, name: EF.FPLMN, type: transparent, size: 12, access: own, fill: "
    "FF}\n"
    "  - {path: 3F00/7FF0/6F39, name: EF.ACM, type: cyclic, record_size: 3, records: 4, access: "
    "own, fill: '00'}\n"
    "states: [WAITING]\n"
    "transitions:\n"
    "  - {from: IDLE, event: ENABLE, to: READY}\n"
    "  - {from: IDLE, event: ENABLE_ALERTED, to: ALERT}\n"
    "  - {from: READY, event: VERIFY_OK, to: PERSO}\n"
    "  - {from: READY, event: VERIFY_WRONG, to: WAITING}\n"
    "  - {from: READY, event: VERIFY_EXHAUSTED, to: BLOCKED}\n"
    "  - {from: ALERT, event: VERIFY_OK, to: PERSO}\n"
    "  - {from: ALERT, event: VERIFY_WRONG, to: WAITING}\n"
    "  - {from: ALERT, event: VERIFY_EXHAUSTED, to: BLOCKED}\n"
    "  - {from: PERSO, event: PUT, to: PERSO}\n"
    "  - {from: PERSO, event: LOCK, to: LOCKED}\n"
    "fields:\n"
    "  - name: boot\n"
    "    made: maker\n"
    "    items:\n"
    "      - {name: ident, tag: C1, format: digits, length: 19, made: {value: iccid}, write: "
    "[{serial: yes}]}\n"
    "      - {name: ak, tag: C2, format: bytes, length: 16, made: {value: random}, write: [{ki: "
    "0}]}\n"
    "      - {name: temp, tag: C3, format: digits, length: 15, made: {value: imsi_t}, write: "
    "[{secret: 0}]}\n"
    "  - name: tele\n"
    "    tries: 5\n"
    "    commands:\n"
    "      enable: 80 50 01 00\n"
    "      verify: [{header: 84 52 00 01, method: challenge}, {header: 84 52 00 00, method: "
    "code}]\n"
    "      put: {header: 80 E2 60 XX, data: tlv}\n"
    "      lock: 80 5E 00 00\n"
    "      state: 80 5C 00 00\n"
    "    items:\n"
    "      - {name: imsi, tag: C1, format: digits, min: 14, max: 15, mandatory: yes, write: "
    "[{encoder: imsi, file: 3F00/7FF0/6F07}]}\n"
    "      - {name: ki, tag: DF21, format: bytes, length: 16, check: not-flat, mandatory: yes, "
    "write: [{ki: 1}]}\n"
    "      - {name: centre, role: smsp, about: Service centre, command: 80 D0 01 02, format: dial, "
    "min: 1, max: 21,\n"
    "         write: [{encoder: smsp, file: 3F00/7FF0/6F42, record: 2}]}\n"
    "      - {name: pin1, tag: C3, format: digits, min: 4, max: 8, write: [{encoder: pin, pin: "
    "pin1}]}\n"
    "      - {name: fplmn, tag: C4, format: plmns, min: 5, max: 27, write: [{encoder: plmn, file: "
    "3F00/7FF0/6F7B}]}\n";

const char small_view[] =
    "format: keyborn-entity-1\n"
    "plan: small\n"
    "fields:\n"
    "  - name: tele\n"
    "    number: 1\n"
    "    tries: 3\n"
    "    commands: {enable: 80400100, verify: 80420100, method: challenge,\n"
    "               put: 80480000, data: dgi, lock: 804A0000, state: 804C0000}\n"
    "    items:\n"
    "      - {name: imsi, role: imsi, tag: C1, format: digits, min: 14, max: 15, mandatory: yes}\n"
    "      - {name: face, about: 'Said: \"so\"', command: 80D00100, format: bytes, min: 0, max: "
    "900, mandatory: no}\n";

static void write_text(const void *text, size_t len, char *path)
{
    int file;

    strcpy(path, "/tmp/keyborn-plan-XXXXXX");
    file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, len), (ssize_t)len);
    close(file);
}

enum kb_err load_plan(const void *text, size_t len, char *path, struct kb_plan **plan,
                      struct kb_report *why)
{
    enum kb_err err;

    write_text(text, len, path);
    err = kb_plan_load(path, plan, why);
    unlink(path);
    return err;
}

enum kb_err load_view(const void *text, size_t len, char *path, struct kb_entity **entity,
                      struct kb_report *why)
{
    enum kb_err err;

    write_text(text, len, path);
    err = kb_entity_load(path, entity, why);
    unlink(path);
    return err;
}

char *replaced(const char *text, const char *part, const char *by)
{
    const char *at = strstr(text, part);
    char *out;

    if (!at)
        fail_msg("the text does not hold: %s", part);
    out = malloc(strlen(text) + strlen(by) + 1);
    assert_non_null(out);
    memcpy(out, text, (size_t)(at - text));
    strcpy(out + (at - text), by);
    strcat(out, at + strlen(part));
    return out;
}

int take_mark(char *text)
{
    char *mark = strchr(text, '@');
    int line = 1;

    if (!mark)
        return 0;
    for (const char *at = text; at < mark; at++)
        line += *at == '\n';
    memmove(mark, mark + 1, strlen(mark));
    return line;
}

const char *example(const char *name)
{
    static char path[512];
    const char *root = getenv("KB_EXAMPLES");

    snprintf(path, sizeof path, "%s/%s", root ? root : "examples", name);
    return path;
}
