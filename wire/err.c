/* SPDX-License-Identifier: Apache-2.0 */
/* One sentence for each error. */
#include "wire/err.h"

#include <stddef.h>

static const char *const texts[] = {
    [-KB_OK] = "it worked",
    [-KB_ERR_MALFORMED] = "the bytes do not follow their format",
    [-KB_ERR_TOO_LONG] = "it does not fit where it should go",
    [-KB_ERR_RANGE] = "a number is outside its limits",
    [-KB_ERR_CHECK_DIGIT] = "the check digit is wrong",
    [-KB_ERR_INTEGRITY] = "a checksum, MAC or signature does not match",
    [-KB_ERR_VERSION] = "this program does not know that version of the format",
    [-KB_ERR_RULE] = "it is well formed but breaks a rule of safety",
    [-KB_ERR_ABSENT] = "it does not exist",
    [-KB_ERR_EXISTS] = "it exists already",
    [-KB_ERR_NVM] = "the card's memory failed or lost power",
    [-KB_ERR_NVM_FULL] = "no room is left in the card's memory",
    [-KB_ERR_NVM_DAMAGED] = "the card's memory holds no valid store",
    [-KB_ERR_CRYPTO] = "the crypto library refused",
    [-KB_ERR_RANDOM] = "no random numbers could be had",
    [-KB_ERR_IO] = "a file or socket failed",
    [-KB_ERR_READER] = "the reader vanished or does not answer",
    [-KB_ERR_NO_CARD] = "there is no card in the reader, or it was pulled out",
    [-KB_ERR_CARD] = "the card refused",
    [-KB_ERR_TIMEOUT] = "it took too long",
    [-KB_ERR_MEMORY] = "the host is out of memory",
    [-KB_ERR_USAGE] = "what was asked for makes no sense",
    [-KB_ERR_PEER] = "the other side refused",
};

const char *kb_err_text(enum kb_err err)
{
    /* Unsigned, so that positive numbers become huge and are refused with the rest. */
    size_t index = (size_t)0 - (size_t)(long)err;

    if (index >= sizeof(texts) / sizeof(texts[0]))
        return "an unknown error";
    return texts[index];
}
