/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the store of an application server with one card, for tests of the command: make_as STORE
 * KEYFILE. The keys are of the tests and of no card. */
#include <stdio.h>
#include <string.h>

#include "service/as.h"
#include "wire/hex.h"

int main(int argc, char **argv)
{
    static const uint8_t key[KB_GCM_KEY] = "a key that is of the tests alone";
    const struct kb_as_config config = {
        .path = argc == 3 ? argv[1] : "", .crypto = &kb_crypto_openssl, .key = key};
    struct kb_as_card card = {.id_sc = kb_span("8988211000000000013", 19),
                              .admin_code = kb_span("12345678", 8),
                              .number = kb_span("491510000001", 12)};
    struct kb_report why = {KB_OK, ""};
    char hex[2 * KB_GCM_KEY + 1];
    struct kb_as *as;
    FILE *file;
    enum kb_err err;

    if (argc != 3 || kb_as_open(&config, &as, &why)) {
        fprintf(stderr, "make_as: %s\n", why.text);
        return 1;
    }
    memcpy(card.kic, "KIc of the tests", sizeof(card.kic));
    memcpy(card.kid, "KID of the tests", sizeof(card.kid));
    err = kb_as_add_card(as, &card);
    if (!err)
        err = kb_as_commit(as);
    kb_as_close(as);
    kb_hex_encode(kb_span(key, sizeof(key)), hex);
    file = fopen(argv[2], "w");
    if (err || !file)
        return 1;
    fprintf(file, "%s\n", hex);
    return fclose(file) ? 1 : 0;
}
