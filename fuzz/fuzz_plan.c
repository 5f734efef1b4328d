/* SPDX-License-Identifier: Apache-2.0 */
/* The plan compiler: any bytes give a plan or words of refusal; a plan that was accepted compiles
 * to an image. */

#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/memory_file.h"
#include "plan/entity.h"
#include "plan/plan.h"

static uint8_t maker_key[KB_P256_PRIVATE] = {[31] = 1};
static uint8_t image[KB_IMAGE_MAX];

/* The compiler is what is tested, not the arithmetic of the signature. */
static enum kb_err sign_nothing(const uint8_t private_key[KB_P256_PRIVATE],
                                const uint8_t digest[KB_SHA256_SIZE],
                                uint8_t signature[KB_P256_SIGNATURE])
{
    (void)private_key, (void)digest;
    memset(signature, 0, KB_P256_SIGNATURE);
    return KB_OK;
}

static void compile(const struct kb_plan *plan)
{
    struct kb_crypto crypto = kb_crypto_openssl;
    struct kb_writer out = kb_wr(image, sizeof(image));
    struct kb_report why = {0};
    FILE *nowhere = fopen("/dev/null", "w");

    crypto.p256_sign = sign_nothing;
    kb_fuzz_insist(!kb_plan_image(plan, &crypto, maker_key, &out, &why) || why.text[0],
                   "an accepted plan compiles, or says why not");
    kb_fuzz_insist(!out.is_bad, "an image fits");
    if (nowhere) {
        kb_plan_entity(plan, nowhere, &why);
        fclose(nowhere);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_memory_file file = kb_memory_file(data, size);
    struct kb_report why = {0};
    struct kb_entity *entity = NULL;
    struct kb_plan *plan = NULL;

    if (!kb_plan_load(file.path, &plan, &why)) {
        compile(plan);
        kb_plan_free(plan);
    } else {
        kb_fuzz_insist(!plan && why.text[0], "a refusal has words and leaves nothing");
    }
    why.text[0] = 0;
    if (!kb_entity_load(file.path, &entity, &why))
        kb_entity_free(entity);
    else
        kb_fuzz_insist(!entity && why.text[0], "so has that of an entity view");
    kb_memory_file_end(&file);
    return 0;
}
