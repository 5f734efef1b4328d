/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and statements of the application server. */
#include "service/as_inside.h"

#define VERSION_1                                                                                  \
    /* What the maker says of a card. admin_code: empty once it is forgotten. */                   \
    "CREATE TABLE as_card(id_sc TEXT PRIMARY KEY, admin_code BYTEA NOT NULL, keys BYTEA NOT NULL," \
    " has_old_keys INTEGER NOT NULL, credential BYTEA NOT NULL, id_o TEXT NOT NULL,"               \
    " number TEXT NOT NULL);" /* Where it stands. kind, peer: where its newest packet came from.   \
                               */                                                                  \
    "CREATE TABLE as_session(id_sc TEXT PRIMARY KEY, turn BIGINT NOT NULL, step INTEGER NOT NULL," \
    " reason INTEGER NOT NULL, session BIGINT NOT NULL, revoked_seen BIGINT NOT NULL,"             \
    " id_o TEXT NOT NULL, server TEXT NOT NULL, cntr_in BIGINT NOT NULL, cntr_out BIGINT NOT "     \
    "NULL,"                                                                                        \
    " repeats INTEGER NOT NULL, kind INTEGER NOT NULL, peer TEXT NOT NULL, answer BYTEA NOT "      \
    "NULL);"                                                                                       \
    "CREATE TABLE as_operator(id_o TEXT PRIMARY KEY, name TEXT NOT NULL, code TEXT NOT NULL,"      \
    " server TEXT NOT NULL, has_contract INTEGER NOT NULL);"                                       \
    "CREATE UNIQUE INDEX as_operator_code ON as_operator(code) WHERE code <> '';"                  \
    "CREATE TABLE as_part(peer TEXT NOT NULL, reference INTEGER NOT NULL, total INTEGER NOT NULL," \
    " number INTEGER NOT NULL, taken BIGINT NOT NULL, sender BYTEA NOT NULL, body BYTEA NOT NULL," \
    " PRIMARY KEY(peer, reference, total, number));"                                               \
    "CREATE INDEX as_part_taken ON as_part(taken);"

/* Scripts of remote management. key_set, tar, spi: of the packet; status: of its proof of receipt,
 * -1 as long as there is none. 2, "the counter was there before", is what a packet gets that came
 * twice: a better one may be on its way still. */
#define VERSION_2                                                                                  \
    "CREATE TABLE as_script(id BIGINT PRIMARY KEY, id_sc TEXT NOT NULL, peer TEXT NOT NULL,"       \
    " key_set INTEGER NOT NULL, tar BYTEA NOT NULL, spi BYTEA NOT NULL, cntr BIGINT NOT NULL,"     \
    " queued BIGINT NOT NULL, answered BIGINT NOT NULL, status INTEGER NOT NULL,"                  \
    " answer BYTEA NOT NULL);"                                                                     \
    "CREATE UNIQUE INDEX as_script_cntr ON as_script(id_sc, key_set, cntr);"                       \
    "CREATE INDEX as_script_peer ON as_script(peer) WHERE (status < 0 OR status = 2);"

const char kb_as_schema[] = VERSION_1 VERSION_2;

const struct kb_store_upgrade kb_as_upgrades[KB_AS_UPGRADES] = {{VERSION_1, VERSION_2}};

#define SAVED                                                                                      \
    "turn = turn + 1, step = $3, reason = $4, session = $5, revoked_seen = $6, id_o = $7, "        \
    "server = $8, cntr_in = $9, cntr_out = $10, repeats = $11, kind = $12, peer = $13"

#define WHERE_TURN " WHERE id_sc = $1 AND turn = $2"

const char *const kb_as_statements[AS_STATEMENTS] = {
    [AS_ADD_CARD] = "INSERT INTO as_card(id_sc, admin_code, keys, credential, id_o, number, "
                    "has_old_keys) VALUES($1, $2, $3, $4, $5, $6, $7)",
    [AS_ADD_SESSION] = "INSERT INTO as_session(id_sc, turn, step, reason, session, revoked_seen, "
                       "id_o, server, cntr_in, cntr_out, repeats, kind, peer, answer) "
                       "VALUES($1, 0, 0, 0, 0, 0, '', '', 0, 0, 0, 0, '', $2)",
    [AS_CARD] = "SELECT admin_code, keys, credential, id_o, number, has_old_keys FROM as_card "
                "WHERE id_sc = $1",
    [AS_KEYS] = "SELECT keys, has_old_keys FROM as_card WHERE id_sc = $1",
    [AS_CODE] = "SELECT admin_code FROM as_card WHERE id_sc = $1",
    [AS_FORGET_CODE] = "UPDATE as_card SET admin_code = $2 WHERE id_sc = $1",
    [AS_SESSION] = "SELECT turn, step, reason, session, revoked_seen, id_o, server, cntr_in, "
                   "cntr_out, repeats, kind, peer FROM as_session WHERE id_sc = $1",
    [AS_SAVE] = "UPDATE as_session SET " SAVED WHERE_TURN,
    [AS_SAVE_ANSWER] = "UPDATE as_session SET " SAVED ", answer = $14" WHERE_TURN,
    [AS_ANSWER] = "SELECT answer FROM as_session WHERE id_sc = $1",
    [AS_SET_OPERATOR] =
        "INSERT INTO as_operator(id_o, name, code, server, has_contract) "
        "VALUES($1, $2, $3, $4, $5) ON CONFLICT(id_o) DO UPDATE SET name = excluded.name, "
        "code = excluded.code, server = excluded.server, has_contract = excluded.has_contract",
    [AS_OPERATOR_BY_ID] = "SELECT id_o, server, has_contract FROM as_operator WHERE id_o = $1",
    [AS_OPERATOR_BY_CODE] =
        "SELECT id_o, server, has_contract FROM as_operator WHERE code = $1 AND code <> ''",
    [AS_OFFERS] =
        "SELECT id_o, name FROM as_operator WHERE has_contract = 1 ORDER BY name, id_o LIMIT 8",
    [AS_ADD_PART] = "INSERT INTO as_part(peer, reference, total, number, taken, sender, body) "
                    "VALUES($1, $2, $3, $4, $5, $6, $7) "
                    "ON CONFLICT(peer, reference, total, number) DO UPDATE SET "
                    "taken = excluded.taken, sender = excluded.sender, body = excluded.body",
    [AS_COUNT_PARTS] = "SELECT count(*) FROM as_part WHERE peer = $1",
    [AS_PARTS] = "SELECT sender, body FROM as_part WHERE peer = $1 AND reference = $2 AND "
                 "total = $3 ORDER BY number",
    [AS_FORGET_PARTS] = "DELETE FROM as_part WHERE peer = $1 AND reference = $2 AND total = $3",
    [AS_FORGET_PEER] = "DELETE FROM as_part WHERE peer = $1",
    [AS_FORGET_OLD] = "DELETE FROM as_part WHERE taken < $1",
    [AS_ALL_PARTS] = "SELECT count(*) FROM as_part",
    [AS_LAST_SCRIPT] = "SELECT coalesce(max(id), 0) FROM as_script",
    [AS_LAST_CNTR] =
        "SELECT coalesce(max(cntr), 0) FROM as_script WHERE id_sc = $1 AND key_set = $2",
    [AS_ADD_SCRIPT] = "INSERT INTO as_script(id, id_sc, peer, key_set, tar, spi, cntr, queued, "
                      "answered, status, answer) VALUES($1, $2, $3, $4, $5, $6, $7, $8, 0, -1, $9)",
    [AS_WAITING] = "SELECT id, id_sc, key_set, tar, spi, cntr, status FROM as_script "
                   "WHERE peer = $1 AND (status < 0 OR status = 2) ORDER BY id DESC LIMIT 8",
    [AS_ANSWER_SCRIPT] = "UPDATE as_script SET answered = $2, status = $3, answer = $4 "
                         "WHERE id = $1 AND (status < 0 OR status = 2)",
    [AS_SCRIPT] = "SELECT id, id_sc, key_set, tar, spi, cntr, queued, answered, status, answer "
                  "FROM as_script WHERE id > $1 ORDER BY id LIMIT 1",
};

_Static_assert((int)KB_STATUS_CNTR_LOW == 2, "a script with this status waits still");
_Static_assert((int)KB_SESSION_OPERATORS == 8, "AS_OFFERS reads as many as a list can have");
