/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn-bench card FILE | pcsc READER | air CARDS: prints figures as rows; tools/bench calls it.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/air.h"
#include "bench/in_process.h"
#include "bench/rows.h"
#include "bench/through_pcsc.h"

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "card") == 0)
        kb_bench_in_process(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "pcsc") == 0)
        kb_bench_through_pcsc(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "air") == 0)
        kb_bench_air(strtoull(argv[2], NULL, 10));
    else
        kb_give_up("usage: keyborn-bench card FILE | pcsc READER | air CARDS");
    return 0;
}
