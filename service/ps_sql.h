/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and statements of the PS. */
#ifndef KB_SERVICE_PS_SQL_H
#define KB_SERVICE_PS_SQL_H

enum { KB_PS_SCHEMA = 1 };

enum kb_ps_sql {
    PS_SESSION_LOAD,
    PS_SESSION_MAKE,
    PS_SESSION_SAVE,
    PS_SESSION_OLDEST,
    PS_OPEN_ADD,
    PS_OPEN_COUNT,
    PS_OPEN_CHANGE,
    PS_RANGE_AFTER,
    PS_RANGE_ADD,
    PS_RANGE_OPEN,
    PS_RANGE_TAKE,
    PS_HOLDING_OF_CARD,
    PS_HOLDING_OF_IMSI,
    PS_HOLDING_FREE,
    PS_HOLDING_MAKE,
    PS_HOLDING_KEYS,
    PS_HOLDING_STATE,
    PS_HOLDING_USED,
    PS_HOLDING_LEAVE,
    PS_HOLDING_SEAL,
    PS_REQUEST_NEXT,
    PS_COUNT_STATES,
    PS_COUNT_FRESH,
    PS_STATEMENTS
};

extern const char kb_ps_schema[];
extern const char *const kb_ps_statements[PS_STATEMENTS];

#endif
