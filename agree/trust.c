/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a party believes. */
#include "agree/trust.h"

#include <string.h>

static enum kb_err find_token(const struct kb_trust *trust, struct kb_span id_cred,
                              struct kb_span *token)
{
    enum kb_credential_header header;
    struct kb_span value;
    enum kb_err err = kb_credential_read_id(id_cred, &header, &value);

    if (err)
        return err;
    if (header == KB_CREDENTIAL_KID)
        return trust->look_up ? trust->look_up(trust->context, value, token) : KB_ERR_ABSENT;
    *token = value;
    return header == KB_CREDENTIAL_KCWT ? KB_OK : KB_ERR_ABSENT;
}

static enum kb_err verify(const struct kb_trust *trust, struct kb_span token,
                          struct kb_credential *credential)
{
    enum kb_err err = KB_ERR_RULE;

    /* Two roots may have one name, while a new key takes over. */
    for (size_t i = 0; i < trust->root_count && (err == KB_ERR_RULE || err == KB_ERR_INTEGRITY);
         i++)
        err = kb_credential_verify(trust->crypto, &trust->roots[i], trust->now, token, credential);
    return err;
}

enum kb_err kb_trust_find_peer(void *context, struct kb_span id_cred, struct kb_edhoc_peer *peer)
{
    struct kb_trust *trust = context;
    struct kb_credential credential;
    struct kb_span token;
    enum kb_err err = find_token(trust, id_cred, &token);

    if (!err)
        err = verify(trust, token, &credential);
    if (!err && trust->judge)
        err = trust->judge(trust->context, &credential);
    if (err)
        return err;
    memcpy(trust->subject, credential.subject.data, credential.subject.len);
    trust->subject_len = credential.subject.len;
    memcpy(peer->public_key, credential.public_key, sizeof(peer->public_key));
    peer->curve = credential.curve;
    peer->cred = token;
    return KB_OK;
}
