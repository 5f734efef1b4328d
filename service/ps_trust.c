/* SPDX-License-Identifier: Apache-2.0 */
/* Which card a PS believes. */
#include "service/ps_trust.h"

#include <string.h>

static bool is_same(struct kb_span a, struct kb_span b)
{
    return a.len == b.len && a.len && memcmp(a.data, b.data, a.len) == 0;
}

enum kb_err kb_ps_makers_open(struct kb_ps_makers *makers, const struct kb_crypto *crypto,
                              const struct kb_credential_root *roots, size_t count,
                              struct kb_span revoked)
{
    enum kb_err err = KB_ERR_RULE;

    *makers = (struct kb_ps_makers){.crypto = crypto, .roots = roots, .count = count};
    if (!revoked.len)
        return KB_OK;
    /* The signature is looked at before the issuer, so another root's list fails by that. */
    for (size_t i = 0; i < count && (err == KB_ERR_RULE || err == KB_ERR_INTEGRITY); i++)
        err = kb_revoked_read(crypto, &roots[i], 0, revoked, &makers->revoked);
    return err == KB_ERR_INTEGRITY ? KB_ERR_RULE : err;
}

static bool has_maker(const struct kb_ps_makers *makers, struct kb_span name)
{
    for (size_t i = 0; i < makers->count; i++) {
        if (is_same(makers->roots[i].name, name))
            return true;
    }
    return false;
}

static enum kb_err judge(const struct kb_ps_trust *trust, const struct kb_credential *credential)
{
    const struct kb_ps_makers *makers = trust->makers;

    if (!is_same(credential->subject, trust->id_sc) || !has_maker(makers, credential->issuer))
        return KB_ERR_RULE;
    return kb_revoked_judge(makers->crypto, &makers->revoked, credential);
}

static enum kb_err judge_verified(void *context, const struct kb_credential *credential)
{
    return judge(context, credential);
}

/* Whatever name the card gives its credential, it is the one that the AS knows: another one does
 * not fit its MAC. */
static enum kb_err look_up(void *context, struct kb_span kid, struct kb_span *token)
{
    const struct kb_ps_trust *trust = context;

    (void)kid;
    *token = trust->token;
    return trust->token.len ? KB_OK : KB_ERR_ABSENT;
}

void kb_ps_trust_start(struct kb_ps_trust *trust, const struct kb_ps_makers *makers,
                       struct kb_span id_sc, struct kb_span token, int64_t now)
{
    *trust = (struct kb_ps_trust){
        .makers = makers, .id_sc = id_sc, .token = token, .now = now, .has_refused = false};
    trust->trust = (struct kb_trust){
        .crypto = makers->crypto,
        .roots = makers->roots,
        .root_count = makers->count,
        .now = &trust->now,
        .look_up = look_up,
        .context = trust,
        .judge = judge_verified,
    };
}

static bool is_in_time(const struct kb_credential *credential, int64_t now)
{
    return now >= credential->not_before && (!credential->expires || now < credential->expires);
}

enum kb_err kb_ps_trust_look(const struct kb_ps_trust *trust)
{
    struct kb_credential credential;
    struct kb_sign1 token;
    enum kb_err err = kb_sign1_read(trust->token, &token);

    if (!err)
        err = kb_credential_read_claims(token.payload, &credential);
    if (!err && !is_in_time(&credential, trust->now))
        err = KB_ERR_RANGE;
    return err ? err : judge(trust, &credential);
}

enum kb_err kb_ps_trust_find(void *context, struct kb_span id_cred, struct kb_edhoc_peer *peer)
{
    struct kb_ps_trust *trust = context;
    enum kb_err err = kb_trust_find_peer(&trust->trust, id_cred, peer);

    trust->has_refused = err != KB_OK;
    return err;
}
