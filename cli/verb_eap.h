/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn eap: subscribers from exports, and the socket they are asked for on. */
#ifndef KB_CLI_VERB_EAP_H
#define KB_CLI_VERB_EAP_H

#include "cli/verb_desk.h"
#include "service/subscribers.h"

struct kb_eap_server {
    const char *path; /* of the socket */
    uint8_t ind;
    struct kb_subscribers *subscribers;
    enum kb_err failed; /* what the store answered when it was not to be relied on any more */
    uint64_t counts[KB_EAP_DB_RESULTS];
};

/* Answers until SIGTERM or SIGINT, then takes the socket away. KB_ERR_EXISTS: another one serves
 * there, or the name is not that of a socket. */
enum kb_err kb_cli_eap_serve(const struct kb_cli *cli, struct kb_eap_server *server,
                             struct kb_report *why);

#endif
