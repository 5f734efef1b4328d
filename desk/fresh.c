/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, codes and PINs of a new card. */

#include "desk/fresh.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/diversify.h"
#include "crypto/secret.h"
#include "wire/bcd.h"

enum { PIN_AT = 4, UNBLOCK_AT = PIN_AT + KB_PIN_SIZE, MASTER = 32, NUMBER_MAX = 20 };

void kb_fresh_wipe(struct kb_fresh *fresh)
{
    kb_wipe(fresh, sizeof *fresh);
}

/* prefix, then the serial number with zeros in front: digits characters in all. */
static enum kb_err number(const char *what, const char *prefix, unsigned digits, uint64_t serial,
                          char *out, struct kb_report *why)
{
    size_t prefix_len = strlen(prefix);
    char text[NUMBER_MAX + 1];
    int len;

    if (digits > NUMBER_MAX || prefix_len >= digits)
        return kb_report(why, KB_ERR_RANGE, "%s: the prefix leaves no room for a serial number",
                         what);
    len = snprintf(text, sizeof text, "%0*" PRIu64, (int)(digits - prefix_len), serial);
    if (len < 0 || (size_t)len != digits - prefix_len)
        return kb_report(why, KB_ERR_RANGE,
                         "%s: serial number %" PRIu64
                         " has more than the %zu digits that prefix %s leaves",
                         what, serial, digits - prefix_len, prefix);
    memcpy(out, prefix, prefix_len);
    memcpy(&out[prefix_len], text, (size_t)len + 1);
    return KB_OK;
}

enum kb_err kb_fresh_iccid(const struct kb_plan *plan, uint64_t serial, char *iccid,
                           struct kb_report *why)
{
    size_t digits = plan->iccid_digits - 1;
    enum kb_err err = number("iccid", plan->iccid_prefix, (unsigned)digits, serial, iccid, why);

    if (err)
        return err;
    iccid[digits] = kb_luhn_digit(kb_span(iccid, digits));
    iccid[digits + 1] = '\0';
    return KB_OK;
}

static enum kb_err draw(const struct kb_fresh_source *source, void *out, size_t len)
{
    return kb_random(source->crypto, &source->random, out, len);
}

/* Even digits: bytes from 250 on are drawn again. */
static enum kb_err draw_digits(const struct kb_fresh_source *source, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint8_t byte;
        enum kb_err err = draw(source, &byte, 1);

        if (err)
            return err;
        if (byte < 250)
            out[i++] = (uint8_t)('0' + byte % 10);
    }
    return KB_OK;
}

static enum kb_err make_code(struct kb_fresh *fresh, const struct kb_plan *plan,
                             const struct kb_fresh_source *source, size_t field)
{
    char label[KB_NAME_MAX + 16];

    if (!source->master)
        return draw(source, fresh->code[field], KB_PERSO_CODE);
    snprintf(label, sizeof label, "perso code %s", plan->fields[field].name);
    return kb_diversify(source->crypto, source->master, MASTER, label,
                        kb_span(fresh->iccid, strlen(fresh->iccid)), fresh->code[field],
                        KB_PERSO_CODE);
}

static enum kb_err make_pin(struct kb_fresh *fresh, const struct kb_plan *plan,
                            const struct kb_fresh_source *source, size_t pin)
{
    enum kb_err err;

    memcpy(fresh->pin[pin], plan->pins[pin].object, KB_PIN_OBJECT);
    if (!plan->pins[pin].is_random)
        return KB_OK;
    err = draw_digits(source, &fresh->pin[pin][PIN_AT], KB_PIN_SIZE);
    if (!err && fresh->pin[pin][3] & KB_PIN_HAS_UNBLOCK)
        err = draw_digits(source, &fresh->pin[pin][UNBLOCK_AT], KB_PIN_SIZE);
    return err;
}

bool kb_fresh_is_bytes(const struct kb_plan_made_item *made)
{
    return made->value == KB_MAKER_RANDOM || made->value == KB_MAKER_DIVERSIFIED;
}

static enum kb_err make_imsi(struct kb_fresh *fresh, const struct kb_plan *plan, uint64_t serial,
                             struct kb_report *why)
{
    char text[NUMBER_MAX + 1];
    enum kb_err err;

    fresh->imsi_t[0] = '\0';
    if (!plan->imsi_t_prefix[0])
        return KB_OK;
    err = number("temporary imsi", plan->imsi_t_prefix, plan->imsi_t_digits, serial, text, why);
    if (!err)
        snprintf(fresh->imsi_t, sizeof fresh->imsi_t, "%.*s", KB_IMSI_MAX, text);
    return err;
}

enum kb_err kb_fresh_check_range(const struct kb_plan *plan, uint64_t serial, uint64_t count,
                                 struct kb_report *why)
{
    struct kb_fresh last;
    enum kb_err err = kb_fresh_iccid(plan, serial + count - 1, last.iccid, why);

    return err ? err : make_imsi(&last, plan, serial + count - 1, why);
}

/* From the master key, so that whoever has it needs no table. */
static enum kb_err derive(const struct kb_fresh *fresh, const struct kb_fresh_source *source,
                          const char *column, uint8_t *out, size_t len)
{
    if (!source->master)
        return KB_ERR_ABSENT;
    return kb_diversify(source->crypto, source->master, MASTER, column,
                        kb_span(fresh->iccid, strlen(fresh->iccid)), out, len);
}

/* The number that a value repeats; NULL when it is drawn. */
static const char *number_of(const struct kb_fresh *fresh, enum kb_maker_value value)
{
    if (value == KB_MAKER_IMSI_T)
        return fresh->imsi_t;
    return value == KB_MAKER_ICCID ? fresh->iccid : NULL;
}

static enum kb_err make_value(struct kb_fresh *fresh, const struct kb_plan *plan,
                              const struct kb_fresh_source *source, size_t at,
                              struct kb_report *why)
{
    const struct kb_plan_made_item *made = &plan->made[at];
    const char *digits = number_of(fresh, made->value);
    uint8_t *value = fresh->made[at].value;
    size_t len = digits ? strlen(digits) : made->size;
    enum kb_err err = KB_OK;

    if (len > KB_FRESH_VALUE)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: more than %d bytes", made->column,
                         KB_FRESH_VALUE);
    fresh->made[at].len = len;
    if (digits)
        memcpy(value, digits, len);
    else if (made->value == KB_MAKER_CODE)
        err = draw_digits(source, value, len);
    else if (made->value == KB_MAKER_DIVERSIFIED)
        err = derive(fresh, source, made->column, value, len);
    else
        err = draw(source, value, len);
    if (err == KB_ERR_ABSENT)
        return kb_report(why, KB_ERR_USAGE,
                         "%s: is derived from the maker's master key; name its file with --master",
                         made->column);
    return err ? kb_report(why, err, "%s: %s", made->column, kb_err_text(err)) : KB_OK;
}

enum kb_err kb_fresh_make(struct kb_fresh *fresh, const struct kb_plan *plan,
                          const struct kb_fresh_source *source, uint64_t serial,
                          struct kb_report *why)
{
    enum kb_err err = kb_fresh_iccid(plan, serial, fresh->iccid, why);

    if (!err)
        err = make_imsi(fresh, plan, serial, why);
    if (err)
        return err;
    if (plan->made_count > KB_FRESH_MADE)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: more than %d values made by the maker",
                         plan->path, KB_FRESH_MADE);
    for (size_t i = 0; i < plan->field_count && !err; i++)
        err = make_code(fresh, plan, source, i);
    for (size_t i = 0; i < plan->pin_count && !err; i++)
        err = make_pin(fresh, plan, source, i);
    if (err)
        return kb_report(why, err, "codes of a card: %s", kb_err_text(err));
    for (size_t i = 0; i < plan->made_count && !err; i++)
        err = make_value(fresh, plan, source, i, why);
    return err;
}
