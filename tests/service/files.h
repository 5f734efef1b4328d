/* SPDX-License-Identifier: Apache-2.0 */
/* All files of a folder: searched for bytes, and removed with it. */
#ifndef KB_TESTS_SERVICE_FILES_H
#define KB_TESTS_SERVICE_FILES_H

#include "wire/cursor.h"

/* How often these bytes stand in the files. */
unsigned files_search(const char *folder, struct kb_span bytes);
void files_remove(const char *folder); /* the files, not the folder */

#endif
