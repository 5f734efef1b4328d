/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence diagrams (SVG 1.1). */
#include "cli/sequence.h"

enum { COLUMN = 220, MARGIN = 120, TOP = 92, ROW = 46, FOOT = 30 };

static const char head[] =
    "<style>text{font-family:sans-serif;font-size:13px;fill:#1a1a1a}"
    ".title{font-size:17px;font-weight:bold}.party{font-weight:bold;text-anchor:middle}"
    ".label{text-anchor:middle}.note{text-anchor:middle;font-size:10px;fill:#606060}"
    ".life{stroke:#b0b0b0;stroke-dasharray:4 4}.arrow{stroke:#1f5f99;stroke-width:1.5;fill:none}"
    ".box{fill:#eef4fa;stroke:#1f5f99}.event{fill:#fff7e0;stroke:#b08d2e}</style>\n"
    "<defs><marker id=\"tip\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" "
    "orient=\"auto\"><path d=\"M0,0 L9,4 L0,8 z\" fill=\"#1f5f99\"/></marker></defs>\n";

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            fprintf(out, "&#%u;", c);
        else if (c >= ' ') /* XML 1.0 has no other control characters that are worth keeping */
            fputc(c, out);
    }
}

static void put_text(FILE *out, const char *class, size_t x, size_t y, const char *text)
{
    fprintf(out, "<text class=\"%s\" x=\"%zu\" y=\"%zu\">", class, x, y);
    put_escaped(out, text);
    fputs("</text>\n", out);
}

static size_t column_x(size_t column)
{
    return MARGIN + column * COLUMN;
}

static void put_party(FILE *out, const struct kb_sequence *sequence, size_t column, size_t height)
{
    size_t x = column_x(column);

    fprintf(out, "<line class=\"life\" x1=\"%zu\" y1=\"%d\" x2=\"%zu\" y2=\"%zu\"/>\n", x, TOP - 12,
            x, height - FOOT);
    fprintf(out, "<rect class=\"box\" x=\"%zu\" y=\"%d\" width=\"%d\" height=\"28\" rx=\"4\"/>\n",
            x - (COLUMN - 30) / 2, TOP - 40, COLUMN - 30);
    put_text(out, "party", x, TOP - 21, sequence->parties[column]);
}

static void put_event(FILE *out, const struct kb_sequence_arrow *arrow, size_t y)
{
    size_t x = column_x(arrow->from);

    fprintf(out,
            "<rect class=\"event\" x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"22\" rx=\"4\"/>\n",
            x - (COLUMN - 10) / 2, y - 18, COLUMN - 10);
    put_text(out, "label", x, y - 3, arrow->label);
    put_text(out, "note", x, y + 15, arrow->note);
}

static void put_arrow(FILE *out, const struct kb_sequence_arrow *arrow, size_t y)
{
    size_t from = column_x(arrow->from), to = column_x(arrow->to);

    fprintf(out,
            "<line class=\"arrow\" x1=\"%zu\" y1=\"%zu\" x2=\"%zu\" y2=\"%zu\" "
            "marker-end=\"url(#tip)\"/>\n",
            from, y, to, y);
    put_text(out, "label", (from + to) / 2, y - 7, arrow->label);
    put_text(out, "note", (from + to) / 2, y + 13, arrow->note);
}

void kb_sequence_draw(const struct kb_sequence *sequence, FILE *out)
{
    size_t width = 2 * MARGIN + (sequence->party_count - 1) * COLUMN;
    size_t height = TOP + sequence->arrow_count * ROW + 2 * FOOT;

    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" "
            "viewBox=\"0 0 %zu %zu\">\n",
            width, height, width, height);
    fputs(head, out);
    fprintf(out, "<rect width=\"%zu\" height=\"%zu\" fill=\"#ffffff\"/>\n", width, height);
    put_text(out, "title", 20, 28, sequence->title);
    for (size_t i = 0; i < sequence->party_count; i++)
        put_party(out, sequence, i, height);
    for (size_t i = 0; i < sequence->arrow_count; i++) {
        const struct kb_sequence_arrow *arrow = &sequence->arrows[i];
        size_t y = TOP + (i + 1) * ROW - ROW / 2;

        if (arrow->from == arrow->to)
            put_event(out, arrow, y);
        else
            put_arrow(out, arrow, y);
    }
    fputs("</svg>\n", out);
}
