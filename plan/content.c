/* SPDX-License-Identifier: Apache-2.0 */
/* Initial contents of files: hexadecimal, or made from what a maker knows by other names. */
#include <stdlib.h>
#include <string.h>

#include "card/files/bertlv.h"
#include "plan/build.h"
#include "wire/tlv.h"

enum { BLOCK_MAX = 255 }; /* of SET DATA, which the factory sends once for each object */

struct generated {
    const yaml_node_t *services, *gsm_services, *application, *label, *text;
};

static const struct kb_key transparent_keys[] = {
    {"services", KB_KEY_LIST, false, offsetof(struct generated, services), 1, 512, NULL},
    {"gsm_services", KB_KEY_LIST, false, offsetof(struct generated, gsm_services), 1, 512, NULL},
    {"text", KB_KEY_SCALAR, false, offsetof(struct generated, text), 0, 0, NULL},
    {0},
};

static const struct kb_key record_keys[] = {
    {"application", KB_KEY_SCALAR, false, offsetof(struct generated, application), 0, 0, NULL},
    {"label", KB_KEY_SCALAR, false, offsetof(struct generated, label), 0, 0, NULL},
    {"text", KB_KEY_SCALAR, false, offsetof(struct generated, text), 0, 0, NULL},
    {0},
};

/* A service table: service n is bit (n - 1) % 8 + 1 of byte (n - 1) / 8 + 1 (TS 31.102 clause
 * 4.2.8). In EF.SST it is two bits, allocated and activated (TS 51.011 clause 10.3.7). The bytes
 * without a service are zero. */
static enum kb_err put_services(struct kb_plan_build *build, const yaml_node_t *list, unsigned bits,
                                struct kb_writer *wr)
{
    uint32_t per_byte = 8 / bits;
    size_t size = wr->cap;

    kb_wr_fill(wr, 0, size);
    for (size_t i = 0; i < kb_yaml_count(list); i++) {
        const yaml_node_t *node = kb_yaml_element(&build->yaml, list, i);
        uint32_t service = 1;
        enum kb_err err = kb_schema_number(&build->yaml, node, "service", 1,
                                           (uint32_t)(per_byte * size), &service);
        unsigned place = (service - 1) % per_byte * bits;

        if (err)
            return err;
        wr->data[(service - 1) / per_byte] |= (uint8_t)(((1u << bits) - 1) << place);
    }
    return KB_OK;
}

static enum kb_err put_text(struct kb_plan_build *build, const yaml_node_t *node, const char *what,
                            struct kb_writer *wr)
{
    char text[256];
    enum kb_err err = kb_schema_text(&build->yaml, node, what, text, sizeof text);

    if (!err)
        kb_wr_copy(wr, text, strlen(text));
    return err;
}

/* A record of EF.DIR: 61 with 4F AID and 50 label (TS 102 221 clause 13.1). */
static enum kb_err put_application(struct kb_plan_build *build, const struct generated *raw,
                                   struct kb_writer *wr)
{
    const struct kb_plan_file *adf;
    struct kb_path path;
    size_t template, label;
    enum kb_err err = kb_plan_read_path(build, raw->application, "application", &path);

    if (err)
        return err;
    adf = kb_plan_file_at(build->plan, &path);
    if (!adf || adf->kind != KB_FILE_ADF)
        return kb_yaml_fail(&build->yaml, raw->application, KB_ERR_ABSENT,
                            "application: %s is no ADF of this plan; name one of type adf",
                            kb_plan_path_text(&path).text);
    template = kb_tlv_open(wr, 0x61);
    kb_tlv_put(wr, 0x4F, kb_span(adf->aid, adf->aid_len));
    if (raw->label) {
        label = kb_tlv_open(wr, 0x50);
        err = put_text(build, raw->label, "label", wr);
        kb_tlv_close(wr, label);
    }
    kb_tlv_close(wr, template);
    return err;
}

static enum kb_err put_generated(struct kb_plan_build *build, const yaml_node_t *node,
                                 const struct kb_key *keys, struct kb_writer *wr)
{
    struct generated raw = {0};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (err)
        return err;
    if (kb_yaml_count(node) != (raw.application && raw.label ? 2u : 1u) ||
        (raw.label && !raw.application))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "one way to make a content is enough; keep one key (label goes with "
                            "application)");
    if (raw.services || raw.gsm_services)
        return put_services(build, raw.services ? raw.services : raw.gsm_services,
                            raw.services ? 1 : 2, wr);
    if (raw.application)
        return put_application(build, &raw, wr);
    return put_text(build, raw.text, "text", wr);
}

/* One body or record: hexadecimal or a mapping that says how it is made. */
static enum kb_err put_piece(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_key *keys, uint8_t *out, size_t size)
{
    struct kb_writer wr = kb_wr(out, size);
    size_t len = 0;
    enum kb_err err;

    if (node->type == YAML_MAPPING_NODE)
        err = put_generated(build, node, keys, &wr);
    else
        err = kb_schema_hex(&build->yaml, node, "content", 0, size, out, &len);
    if (!err && wr.is_bad)
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_TOO_LONG,
                           "content is longer than its place, %zu bytes; shorten it or give the "
                           "file more room",
                           size);
    return err;
}

static enum kb_err read_records(struct kb_plan_build *build, const yaml_node_t *node,
                                struct kb_plan_file *file)
{
    size_t count = kb_yaml_count(node);
    enum kb_err err = KB_OK;

    if (node->type != YAML_SEQUENCE_NODE)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "content of a file with records should be a list, one element a "
                            "record");
    if (count > file->record_count)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "content has %zu records; the file has %u", count, file->record_count);
    for (size_t i = 0; !err && i < count; i++)
        err = put_piece(build, kb_yaml_element(&build->yaml, node, i), record_keys,
                        file->content + i * file->record_size, file->record_size);
    return err;
}

/* The data objects of a file with BER-TLV structure, one element each (TS 102 221 clause 8.2.2.4).
 */
static enum kb_err read_data_objects(struct kb_plan_build *build, const yaml_node_t *node,
                                     struct kb_plan_file *file)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "content of a file of type ber-tlv should be a list, one element a "
                            "data object");
    file->content_len = 0;
    for (size_t i = 0; i < kb_yaml_count(node); i++) {
        const yaml_node_t *element = kb_yaml_element(&build->yaml, node, i);
        uint8_t *at = file->content + file->content_len;
        size_t left = file->size - file->content_len, len = 0;
        enum kb_err err = kb_schema_hex(&build->yaml, element, "content", 2,
                                        left < BLOCK_MAX ? left : BLOCK_MAX, at, &len);
        struct kb_cursor rd = kb_rd(kb_span(at, len)), tag = rd;
        struct kb_tlv tlv;

        if (err)
            return err;
        if (!kb_bertlv_read_tag(&tag) || !kb_tlv_next(&rd, &tlv) || !kb_rd_is_done(&rd))
            return kb_yaml_fail(
                &build->yaml, element, KB_ERR_MALFORMED,
                "an element is no data object of such a file; it should be a tag of "
                "class 80 to BF, a length and as many bytes");
        file->content_len += len;
    }
    return KB_OK;
}

/* A body that ends in FF is blank there anyhow; records stay whole. */
static void trim(struct kb_plan_file *file)
{
    size_t unit = file->record_size ? file->record_size : 1;

    while (file->content_len && file->content[file->content_len - 1] == 0xFF)
        file->content_len--;
    file->content_len = (file->content_len + unit - 1) / unit * unit;
    if (file->content_len)
        return;
    free(file->content);
    file->content = NULL;
}

static enum kb_err read_content(struct kb_plan_build *build, size_t index)
{
    struct kb_plan_file *file = &build->plan->files[index];
    const yaml_node_t *node = build->content_of[index];
    enum kb_err err = KB_OK;

    file->content = malloc(file->size);
    if (!file->content)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    memset(file->content, build->fill_of[index], file->size);
    file->content_len = file->size;
    if (file->kind == KB_FILE_BER_TLV)
        return read_data_objects(build, node, file);
    if (node && file->kind == KB_FILE_TRANSPARENT)
        err = put_piece(build, node, transparent_keys, file->content, file->size);
    else if (node)
        err = read_records(build, node, file);
    trim(file);
    return err;
}

enum kb_err kb_plan_read_contents(struct kb_plan_build *build)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; !err && i < build->plan->file_count; i++) {
        size_t mark = kb_yaml_enter(&build->yaml, "files: %s", build->plan->files[i].name);
        bool is_declared = build->content_of[i] || build->fill_of[i] != 0xFF;

        if (is_declared && !kb_plan_is_df(&build->plan->files[i]) && !build->plan->files[i].content)
            err = read_content(build, i);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err;
}
