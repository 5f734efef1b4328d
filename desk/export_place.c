/* SPDX-License-Identifier: Apache-2.0 */
/* Places of sealed values. The line is read the way the program reads it that gets the export. */

#include "desk/export_place.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static bool is_text(struct kb_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

/* --- Tables: pySim goes by the names of columns, srsRAN by their places --- */

static const char srsran_head[] = "# Name,Auth,IMSI,Key,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc";
static const char srsran_names[] = "iccid,auth,imsi,ki,type,opc";

void kb_export_places_line(struct kb_export_places *places, const char *line)
{
    size_t len = strcspn(line, "\r\n");
    struct kb_span head = kb_span(line, len);

    if (places->is_begun)
        return;
    places->is_begun = true;
    if (is_text(head, srsran_head))
        head = kb_span(srsran_names, sizeof srsran_names - 1);
    else if (line[0] == '{' || line[0] == '#' || strncmp(line, "SET ", 4) == 0)
        return;
    if (head.len < sizeof places->names)
        memcpy(places->names, head.data, head.len);
}

/* The n-th value of a line without quotes. */
static struct kb_span cell(const char *line, size_t n)
{
    size_t len = strcspn(line, ",\r\n");

    for (; n > 0 && line[len] == ','; n--) {
        line += len + 1;
        len = strcspn(line, ",\r\n");
    }
    return kb_span(line, n ? 0 : len);
}

/* The only column of this name; false when there is none, or another one. */
static bool find_column(const char *names, const char *name, size_t *at)
{
    size_t count = 1, found = 0;

    for (const char *comma = names; (comma = strchr(comma, ',')) != NULL; comma++)
        count++;
    for (size_t i = 0; i < count; i++) {
        if (!is_text(cell(names, i), name))
            continue;
        *at = i;
        found++;
    }
    return found == 1;
}

static bool is_in_table(const struct kb_export_places *places, const char *line,
                        struct kb_span token, const char *imsi, const char *column)
{
    size_t imsi_at, at;
    struct kb_span value;

    if (strcmp(column, "adm1") == 0)
        column = "pin_adm";
    if (strchr(line, '"') || !find_column(places->names, "imsi", &imsi_at) ||
        !find_column(places->names, column, &at))
        return false;
    value = cell(line, at);
    return is_text(cell(line, imsi_at), imsi) && value.data == token.data && value.len == token.len;
}

/* --- Documents: Open5GS --- */

static bool is_in_document(const char *line, struct kb_span token, const char *imsi,
                           const char *column)
{
    json_t *document = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    json_t *security = json_object_get(document, "security");
    const char *key = strcmp(column, "ki") == 0 ? "k" : column;
    const char *owner = json_string_value(json_object_get(document, "imsi"));
    const char *value = json_string_value(json_object_get(security, key));
    bool is_own = owner && value && strcmp(owner, imsi) == 0 && is_text(token, value);

    json_decref(document);
    return is_own;
}

/* --- Commands: OsmoHLR --- */

/* "SET id subscriber.by-imsi-IMSI.aud3g ALGORITHM,Ki,opc,OPc[,...]", or aud2g with Ki alone */
static bool is_in_command(const char *line, struct kb_span token, const char *imsi,
                          const char *column)
{
    static const char between[] = ",opc,";
    char start[80];
    int len = snprintf(start, sizeof start, " subscriber.by-imsi-%s.aud", imsi);
    const char *at = line + strlen("SET ");

    at += strspn(at, "0123456789");
    if (len < 0 || (size_t)len >= sizeof start || strncmp(at, start, (size_t)len) != 0)
        return false;
    at += len;
    if (strncmp(at, "3g ", 3) != 0 && strncmp(at, "2g ", 3) != 0)
        return false;
    at += 3 + strspn(at + 3, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (*at++ != ',')
        return false;
    if (strcmp(column, "opc") == 0) {
        at += strcspn(at, ",");
        if (strncmp(at, between, sizeof between - 1) != 0)
            return false;
        at += sizeof between - 1;
    } else if (strcmp(column, "ki") != 0) {
        return false;
    }
    return (const char *)token.data == at;
}

bool kb_export_place_is_own(const struct kb_export_places *places, const char *line,
                            struct kb_span token, const char *imsi, const char *column)
{
    if (places->names[0])
        return is_in_table(places, line, token, imsi, column);
    if (line[0] == '{')
        return is_in_document(line, token, imsi, column);
    return strncmp(line, "SET ", 4) == 0 && is_in_command(line, token, imsi, column);
}
