/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and statements of the PS. Numbers that stand for states: service/ps_session.h and enum
 * kb_ps_identity. */
#include "service/ps_sql.h"

/*
 * An identity that nobody ever had is no row: ranges hold them, next being the first that is left.
 * A holding is an identity that was taken at some time; its keys are those of the attempt with this
 * number. Of holdings without a card, those that are free (state 0) may be taken again.
 */
const char kb_ps_schema[] =
    "CREATE TABLE session(server TEXT NOT NULL, id_sc TEXT NOT NULL, number BIGINT NOT NULL,"
    " state INTEGER NOT NULL, step BIGINT NOT NULL, opened BIGINT NOT NULL,"
    " agreement INTEGER NOT NULL, credential BYTEA NOT NULL, taken BYTEA NOT NULL,"
    " answer BYTEA NOT NULL, saved BYTEA NOT NULL, PRIMARY KEY(server, id_sc));"
    "CREATE INDEX session_open ON session(server, opened) WHERE state IN (1, 2);"
    "CREATE TABLE open_sessions(server TEXT PRIMARY KEY, count BIGINT NOT NULL);"
    "CREATE TABLE identity_range(digits INTEGER NOT NULL, first BIGINT NOT NULL,"
    " last BIGINT NOT NULL, next BIGINT NOT NULL, PRIMARY KEY(digits, last));"
    "CREATE INDEX range_open ON identity_range(digits, last) WHERE next <= last;"
    "CREATE TABLE holding(imsi TEXT PRIMARY KEY, state INTEGER NOT NULL, server TEXT NOT NULL,"
    " id_sc TEXT NOT NULL, number BIGINT NOT NULL, request BIGINT NOT NULL,"
    " seal BYTEA NOT NULL, packets BYTEA NOT NULL);"
    "CREATE UNIQUE INDEX holding_card ON holding(id_sc, server) WHERE id_sc <> '';"
    "CREATE INDEX holding_free ON holding(imsi) WHERE state = 0;"
    "CREATE TABLE request(number BIGINT NOT NULL);"
    "INSERT INTO request(number) VALUES(0);";

const char *const kb_ps_statements[PS_STATEMENTS] = {
    [PS_SESSION_LOAD] = "SELECT number, state, step, opened, agreement, credential, taken, answer,"
                        " saved FROM session WHERE server = $1 AND id_sc = $2",
    [PS_SESSION_MAKE] = "INSERT INTO session(server, id_sc, step, number, state, opened, agreement,"
                        " credential, taken, answer, saved)"
                        " VALUES($1, $2, $3 + 1, $4, $5, $6, $7, $8, $9, $10, $11)",
    [PS_SESSION_SAVE] = "UPDATE session SET step = step + 1, number = $4, state = $5, opened = $6,"
                        " agreement = $7, credential = $8, taken = $9, answer = $10, saved = $11"
                        " WHERE server = $1 AND id_sc = $2 AND step = $3",
    [PS_SESSION_OLDEST] = "SELECT id_sc FROM session WHERE server = $1 AND state IN (1, 2)"
                          " AND opened < $2 ORDER BY opened LIMIT 1",
    [PS_OPEN_ADD] = "INSERT INTO open_sessions(server, count) VALUES($1, 0)"
                    " ON CONFLICT(server) DO NOTHING",
    [PS_OPEN_COUNT] = "SELECT count FROM open_sessions WHERE server = $1",
    [PS_OPEN_CHANGE] = "UPDATE open_sessions SET count = count + $2 WHERE server = $1",

    [PS_RANGE_AFTER] = "SELECT first, last FROM identity_range WHERE digits = $1 AND last >= $2"
                       " ORDER BY last LIMIT 1",
    [PS_RANGE_ADD] = "INSERT INTO identity_range(digits, first, last, next)"
                     " VALUES($1, $2, $3, $2)",
    [PS_RANGE_OPEN] = "SELECT digits, last, next FROM identity_range WHERE next <= last"
                      " ORDER BY digits, last LIMIT 1",
    [PS_RANGE_TAKE] = "UPDATE identity_range SET next = next + 1"
                      " WHERE digits = $1 AND last = $2 AND next = $3",

    [PS_HOLDING_OF_CARD] = "SELECT imsi, state, server, id_sc, number, request FROM holding"
                           " WHERE id_sc = $2 AND server = $1 AND id_sc <> ''",
    [PS_HOLDING_OF_IMSI] = "SELECT imsi, state, server, id_sc, number, request FROM holding"
                           " WHERE imsi = $1",
    [PS_HOLDING_FREE] = "SELECT imsi FROM holding WHERE state = 0 ORDER BY imsi LIMIT 1",
    [PS_HOLDING_MAKE] = "INSERT INTO holding(imsi, state, server, id_sc, number, request, seal,"
                        " packets) VALUES($1, $2, '', '', 0, 0, '', '')",
    [PS_HOLDING_KEYS] = "UPDATE holding SET state = $3, server = $4, id_sc = $5, number = $6,"
                        " request = $7, seal = $8, packets = $9 WHERE imsi = $1 AND state = $2",
    [PS_HOLDING_STATE] = "UPDATE holding SET state = $3 WHERE imsi = $1 AND state = $2",
    [PS_HOLDING_USED] = "UPDATE holding SET state = $3, seal = '' WHERE imsi = $1 AND state = $2",
    [PS_HOLDING_LEAVE] = "UPDATE holding SET state = $3, request = $4, server = '', id_sc = '',"
                         " seal = '', packets = '' WHERE imsi = $1 AND state = $2",
    [PS_HOLDING_SEAL] = "SELECT seal FROM holding WHERE imsi = $1",
    [PS_REQUEST_NEXT] = "UPDATE request SET number = number + 1 RETURNING number",
    [PS_COUNT_STATES] = "SELECT state, COUNT(*) FROM holding GROUP BY state",
    [PS_COUNT_FRESH] = "SELECT COALESCE(SUM(last - next + 1), 0) FROM identity_range",
};
