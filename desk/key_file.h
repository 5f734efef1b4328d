/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys kept as a line of hexadecimal in files only their owner can read: the maker's signing key,
 * the bureau's sealing key, transport keys. Without a name they lie in $KEYBORN_HOME, or in
 * ~/.keyborn.
 */
#ifndef KB_DESK_KEY_FILE_H
#define KB_DESK_KEY_FILE_H

#include "crypto/crypto.h"
#include "wire/report.h"

enum { KB_KEY_FILE_PATH = 512 };

/* Draws a new key: 32 random bytes, or the private key of a pair. */
typedef enum kb_err (*kb_key_maker)(const struct kb_crypto *crypto, uint8_t *key, size_t len);

enum kb_err kb_key_draw(const struct kb_crypto *crypto, uint8_t *key, size_t len);
enum kb_err kb_key_draw_p256(const struct kb_crypto *crypto, uint8_t *key, size_t len);

/* Where a key without --...-key lies. path: KB_KEY_FILE_PATH bytes. */
enum kb_err kb_key_file_default(const char *name, char *path, struct kb_report *why);

/* Reads a key of exactly len bytes. KB_ERR_ABSENT: no such file; KB_ERR_MALFORMED. */
enum kb_err kb_key_file_read(const char *path, uint8_t *key, size_t len, struct kb_report *why);

/* Reads a key, or makes it with mode 0600 when there is none; *is_new tells which. */
enum kb_err kb_key_file_need(const char *path, const struct kb_crypto *crypto, kb_key_maker make,
                             uint8_t *key, size_t len, bool *is_new, struct kb_report *why);

#endif
