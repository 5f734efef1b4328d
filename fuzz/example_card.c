/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/example_card.h"

#include <string.h>

#include "desk/blueprint.h"
#include "fuzz/fuzz.h"
#include "tests/card/rig_reader.h"

static uint8_t image[KB_IMAGE_MAX];

static void send_all(struct rig *rig, struct kb_commands *list)
{
    struct rig_reader reader;
    struct kb_report why = {0};

    rig_reader_init(&reader, rig);
    kb_fuzz_insist(!kb_commands_send(list, &reader.reader, &why), why.text);
    kb_commands_free(list);
}

void kb_example_card(struct rig *rig, struct kb_fresh *fresh, bool is_secured)
{
    struct kb_writer out = kb_wr(image, sizeof(image));
    uint8_t maker_private[KB_P256_PRIVATE], maker_public[KB_P256_PUBLIC];
    struct kb_fresh_source source = {.crypto = &kb_crypto_openssl};
    struct kb_commands list = {0};
    struct kb_report why = {0};
    struct kb_plan *plan;

    rig_blank(rig);
    kb_fuzz_insist(!kb_plan_load(KB_FUZZ_PLAN, &plan, &why), why.text);
    kb_fuzz_insist(!kb_crypto_openssl.p256_keypair(maker_private, maker_public), "a key is made");
    kb_fuzz_insist(!kb_plan_image(plan, &kb_crypto_openssl, maker_private, &out, &why), why.text);
    kb_fuzz_insist(!kb_fresh_make(fresh, plan, &source, 1, &why), why.text);
    kb_blueprint_common(&list, plan, maker_public, kb_wr_span(&out));
    kb_blueprint_card(&list, plan, fresh);
    if (is_secured)
        kb_blueprint_secure(&list);
    send_all(rig, &list);
    kb_plan_free(plan);
}

void kb_example_secret(struct rig *rig, uint8_t secret[KB_EXAMPLE_SECRET])
{
    struct kb_nvm *nvm = &rig->card.nvm;

    /* Nothing else on the card looks like it: not the challenges, which come from a seeded
     * generator. */
    memcpy(secret, "planted Ki + OPc", KB_EXAMPLE_SECRET);
    kb_fuzz_insist(!kb_nvm_put(nvm, KB_OBJ_KI, secret, KB_EXAMPLE_SECRET), "a key is planted");
    kb_fuzz_insist(!kb_nvm_put(nvm, KB_OBJ_OPC, secret, KB_EXAMPLE_SECRET), "twice");
}
