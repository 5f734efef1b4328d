/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of remote management and answers to them from any bytes: what is read lies in the input
 * and comes to an end, what was read can be written again, and an answer keeps to its limit,
 * whatever its results are, and can be read. An input is one byte how, and the rest. */

#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/remote.h"

enum { SIZE = 70000, ROOM = 1024 };

static uint8_t written[SIZE], room[ROOM];

static void insist_inside(struct kb_span input, struct kb_span part)
{
    kb_fuzz_insist(!part.len || (part.data >= input.data && part.len <= input.len &&
                                 (size_t)(part.data - input.data) <= input.len - part.len),
                   "what is read lies in the input");
}

/* Reads a script and writes its commands again. */
static void read_script(struct kb_span input)
{
    struct kb_remote_script script;
    struct kb_remote_item item;
    size_t count = 0;

    kb_remote_script_open(&script, input);
    while (kb_remote_script_next(&script, &item)) {
        struct kb_writer wr = kb_wr(written, sizeof(written));

        insist_inside(input, item.value);
        insist_inside(input, item.apdu.data);
        kb_fuzz_insist(++count <= input.len, "a script ends");
        if (!item.is_apdu)
            continue;
        kb_remote_script_put_command(&wr, script.format, &item.apdu);
        kb_fuzz_insist(!wr.is_bad, "a command can be written again");
        if (script.format == KB_REMOTE_COMPACT)
            kb_fuzz_insist(wr.len == item.value.len && !memcmp(written, item.value.data, wr.len),
                           "it is the same");
    }
}

static void read_response(struct kb_span input, bool is_expanded)
{
    struct kb_remote_response response;
    struct kb_remote_result result;

    if (kb_remote_response_open(&response, input, is_expanded))
        return;
    while (kb_remote_response_next(&response, &result))
        insist_inside(input, result.data);
}

/* Results in a row, each its length in two bytes, and how. */
static void answer(struct kb_span input, unsigned how)
{
    enum kb_remote_format format = (enum kb_remote_format)(how % 3);
    size_t limit = KB_REMOTE_FRAME + how * 3u % 640;
    struct kb_cursor rd = kb_rd(input);
    struct kb_writer wr = kb_wr(room, sizeof(room));
    struct kb_remote_answer one;
    struct kb_remote_response response;
    struct kb_remote_result result;
    unsigned results = 0;
    bool goes_on = true;

    kb_remote_answer_begin(&one, format, &wr, limit);
    while (goes_on && kb_rd_left(&rd)) {
        struct kb_writer data = kb_remote_answer_open(&one);

        one.count++;
        kb_wr_fill(&data, 0x5A, kb_rd_u16(&rd) % 1200u);
        goes_on = kb_remote_answer_close(&one, &data, 0x9000, kb_rd_u8(&rd) & 1);
    }
    kb_remote_answer_end(&one);
    kb_fuzz_insist(!wr.is_bad && wr.len <= limit + KB_REMOTE_FRAME, "an answer has its limit");
    kb_fuzz_insist(
        !kb_remote_response_open(&response, kb_wr_span(&wr), format != KB_REMOTE_COMPACT),
        "an answer can be read");
    while (kb_remote_response_next(&response, &result))
        results++;
    kb_fuzz_insist(!response.rd.is_bad && results <= one.count + 1u, "as many as there are");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_span input;

    if (size < 1 || size > 65000)
        return 0;
    input = kb_span(data + 1, size - 1);
    read_script(input);
    read_response(input, data[0] & 1);
    answer(input, data[0]);
    return 0;
}
