/* SPDX-License-Identifier: Apache-2.0 */
/* The subscribers of an authentication centre of our own: their keys, sealed, and the highest
 * sequence number that was given out for each. */
#ifndef KB_SERVICE_SUBSCRIBERS_H
#define KB_SERVICE_SUBSCRIBERS_H

#include "net/eap_db.h"
#include "service/store.h"

struct kb_subscribers;

/* Makes the file when there is none; key: KB_GCM_KEY bytes that seal it. Errors: kb_store_open. */
enum kb_err kb_subscribers_open(const char *path, const uint8_t *key, struct kb_subscribers **out,
                                struct kb_report *why);
void kb_subscribers_close(struct kb_subscribers *subscribers); /* what was not committed is gone */

/* Adds one, or gives the one with this IMSI other keys. With the keys it has already its number
 * only grows: an export may be read again. *is_new: nobody had this IMSI. KB_ERR_RANGE: no IMSI. */
enum kb_err kb_subscribers_add(struct kb_subscribers *subscribers, struct kb_span imsi,
                               const struct kb_eap_subscriber *subscriber, bool *is_new);
/* Notes in the audit trail that this many came from there, and commits. */
enum kb_err kb_subscribers_commit(struct kb_subscribers *subscribers, const char *from,
                                  uint64_t count);
enum kb_err kb_subscribers_count(struct kb_subscribers *subscribers, uint64_t *count);

/* As struct kb_eap_db wants them; context: the subscribers. */
enum kb_err kb_subscribers_find(void *context, struct kb_span imsi,
                                struct kb_eap_subscriber *subscriber);
enum kb_err kb_subscribers_keep_seq(void *context, struct kb_span imsi, uint64_t seq);

#endif
