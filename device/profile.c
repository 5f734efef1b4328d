/* SPDX-License-Identifier: Apache-2.0 */
/* TERMINAL PROFILE: what this terminal can (ETSI TS 102 223 clause 5.2, 3GPP TS 31.111
 * clause 5.2). A bit stands here for each thing that is done, and for nothing else. */
#include <string.h>

#include "device/inside.h"

enum { BYTES = 25 };

static const struct {
    uint8_t byte, bit; /* counted from 1, as the standard does */
} facilities[] = {
    {1, 1},  /* profile download */
    {1, 2},  /* SMS-PP data download */
    {1, 4},  /* menu selection */
    {1, 5},  /* SMS-PP data download is supported for the USIM */
    {1, 6},  /* timer expiration */
    {2, 1},  /* command result */
    {2, 6},  /* UCS2 entry */
    {2, 7},  /* UCS2 display */
    {2, 8},  /* display of extension text */
    {3, 1},  /* DISPLAY TEXT */
    {3, 2},  /* GET INKEY */
    {3, 3},  /* GET INPUT */
    {3, 4},  /* MORE TIME */
    {3, 6},  /* POLL INTERVAL */
    {3, 7},  /* POLLING OFF */
    {3, 8},  /* REFRESH */
    {4, 1},  /* SELECT ITEM */
    {4, 2},  /* SEND SHORT MESSAGE with 3GPP-SMS-TPDU */
    {4, 6},  /* SET UP MENU */
    {4, 7},  /* PROVIDE LOCAL INFORMATION: location, IMEI */
    {5, 1},  /* SET UP EVENT LIST */
    {5, 5},  /* event: location status */
    {6, 3},  /* event: data available */
    {6, 4},  /* event: channel status */
    {8, 1},  /* TIMER MANAGEMENT: start, stop */
    {8, 2},  /* TIMER MANAGEMENT: get current value */
    {8, 3},  /* PROVIDE LOCAL INFORMATION: date, time and time zone */
    {8, 4},  /* GET INKEY: binary choice */
    {12, 1}, /* OPEN CHANNEL */
    {12, 2}, /* CLOSE CHANNEL */
    {12, 3}, /* RECEIVE DATA */
    {12, 4}, /* SEND DATA */
    {12, 5}, /* GET CHANNEL STATUS */
    {13, 2}, /* bearer: GPRS, packet service */
    {13, 6}, /* number of channels, bits 6 - 8: one */
    {17, 1}, /* TCP, UICC in client mode, remote connection */
    {17, 2}, /* UDP, UICC in client mode, remote connection */
    {25, 2}, /* event: network rejection */
};

struct kb_span kb_terminal_profile(uint8_t out[32])
{
    memset(out, 0, BYTES);
    for (size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
        out[facilities[i].byte - 1] |= (uint8_t)(1u << (facilities[i].bit - 1));
    return kb_span(out, BYTES);
}
