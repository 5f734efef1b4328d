/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler knows beside the plan while it reads one: the YAML tree, access rules and names
 * that the plan itself keeps only in compiled form. Private to the room. Parts are read in the
 * order of the functions below; each may rely on those before it.
 */
#ifndef KB_PLAN_BUILD_H
#define KB_PLAN_BUILD_H

#include "plan/plan.h"
#include "plan/schema.h"
#include "plan/words.h"

enum {
    KB_PLAN_RULES = 64,
    KB_PLAN_ARRS = 24,
    KB_PLAN_RULE_MAX = 254, /* bytes in a record of EF.ARR */
    KB_PLAN_ROWS = 255,     /* of commands, of items and of writes in one image */
    KB_PLAN_STATE_NAME = 24
};

/* Who may do one operation. */
struct kb_plan_condition {
    bool is_given;
    bool is_always;
    bool is_all;  /* every one of the PINs, not any one */
    uint8_t pins; /* bit n: PIN object n; none and not always: never */
};

struct kb_plan_rule {
    char name[KB_NAME_MAX + 1];
    bool is_for_ef, is_for_df; /* speaks of operations that only an EF, only a DF has */
    uint8_t len;
    uint8_t record[KB_PLAN_RULE_MAX];
};

/* One EF.ARR of the plan: the DF it lies in, and the record given to each rule. */
struct kb_plan_arr {
    size_t file;                   /* index in the plan's files */
    size_t numbers;                /* the first EF.ARR in which the same records have these rules */
    uint8_t record[KB_PLAN_RULES]; /* per rule: its record, 0 when it is not used */
};

struct kb_plan_build {
    struct kb_yaml yaml;
    struct kb_plan *plan;
    size_t rule_count, arr_count;
    size_t items_used, writes_used, commands_used;
    char pin_names[KB_PINS][KB_NAME_MAX + 1];
    struct kb_plan_rule rules[KB_PLAN_RULES];
    struct kb_plan_arr arrs[KB_PLAN_ARRS];
    uint8_t rule_of[KB_PLAN_FILES]; /* per file: its rule */
    uint8_t arr_of[KB_PLAN_FILES];  /* per file: the EF.ARR with its record */
    const yaml_node_t *content_of[KB_PLAN_FILES];
    uint8_t fill_of[KB_PLAN_FILES];
    char state_names[KB_IMAGE_STATES][KB_PLAN_STATE_NAME];
};

/* settings.c: memory, ATR and number ranges. nodes may be NULL: defaults. */
enum kb_err kb_plan_read_memory(struct kb_plan_build *build, const yaml_node_t *node);
enum kb_err kb_plan_read_atr(struct kb_plan_build *build, const yaml_node_t *node);
enum kb_err kb_plan_read_iccid(struct kb_plan_build *build, const yaml_node_t *node);
enum kb_err kb_plan_read_imsi_t(struct kb_plan_build *build, const yaml_node_t *node);

/* pins.c */
enum kb_err kb_plan_read_pins(struct kb_plan_build *build, const yaml_node_t *node);
/* Index of the PIN object with this name, or an error with words. */
enum kb_err kb_plan_pin_named(struct kb_plan_build *build, const yaml_node_t *node,
                              const char *what, uint8_t *index);

/* access.c */
enum kb_err kb_plan_read_access(struct kb_plan_build *build, const yaml_node_t *node);
enum kb_err kb_plan_rule_named(struct kb_plan_build *build, const yaml_node_t *node,
                               uint8_t *index);

/* arr.c: adds the EF.ARR of a DF right behind it, so that it is there before the files that refer
 * to it. node: key 'arr', NULL for the usual one. */
enum kb_err kb_plan_add_arr(struct kb_plan_build *build, const yaml_node_t *node,
                            const struct kb_plan_file *df);
/* Notes which EF.ARR a file will refer to. An EF with the FID of that one would be found in its
 * stead and is refused. */
enum kb_err kb_plan_join_arr(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_plan_file *file);
/* When all files are known: numbers the records, writes them, tells each file its own. */
enum kb_err kb_plan_make_arrs(struct kb_plan_build *build);

/* An object that the factory writes into every card. There is room for all that plans can have. */
void kb_plan_add_object(struct kb_plan_build *build, unsigned object, struct kb_span value);

/* A walk over all writes of a plan, all zero before the first; NULL after the last. */
struct kb_plan_walk {
    size_t field, item, write;
    const struct kb_plan_item *of;
};
const struct kb_plan_write *kb_plan_next_write(const struct kb_plan *plan,
                                               struct kb_plan_walk *walk);

/* remote.c and domain.c, when all items are known; node may be NULL. */
enum kb_err kb_plan_read_remote(struct kb_plan_build *build, const yaml_node_t *node);
enum kb_err kb_plan_read_domain(struct kb_plan_build *build, const yaml_node_t *node);

/* authentication.c; node may be NULL: the usual. The keys are checked when all items are known. */
enum kb_err kb_plan_read_authentication(struct kb_plan_build *build, const yaml_node_t *node);
enum kb_err kb_plan_check_keys(struct kb_plan_build *build);

/* files.c; content.c fills what files.c declared. */
enum kb_err kb_plan_read_files(struct kb_plan_build *build, const yaml_node_t *node);
enum kb_err kb_plan_read_contents(struct kb_plan_build *build);
enum kb_err kb_plan_read_path(struct kb_plan_build *build, const yaml_node_t *node,
                              const char *what, struct kb_path *path);
/* NULL when the plan has no such file. */
const struct kb_plan_file *kb_plan_file_at(const struct kb_plan *plan, const struct kb_path *path);
/* "3F00/7FF0/6F07" */
struct kb_plan_path_text {
    char text[5 * (KB_FILE_DEPTH + 1)];
};
struct kb_plan_path_text kb_plan_path_text(const struct kb_path *path);
bool kb_plan_is_df(const struct kb_plan_file *file);
/* Four hexadecimal digits; text goes on behind them. False: something else. */
bool kb_plan_take_fid(const char **text, uint16_t *fid);
enum kb_err kb_plan_check_fid(struct kb_plan_build *build, const yaml_node_t *node, uint16_t fid);
/* The index of a rule that suits the file. */
enum kb_err kb_plan_read_rule(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct kb_plan_file *file, uint8_t *index);
enum kb_err kb_plan_no_room(struct kb_plan_build *build, const yaml_node_t *node);

/* machine.c: the state machine. */
enum kb_err kb_plan_read_machine(struct kb_plan_build *build, const yaml_node_t *states,
                                 const yaml_node_t *transitions);

/* fields.c, with commands.c, items.c and writes.c below it. */
enum kb_err kb_plan_read_fields(struct kb_plan_build *build, const yaml_node_t *node);

/* The commands of a field: its own, or the default coding. items have been read, so that those of
 * single items are there already. */
enum kb_err kb_plan_read_commands(struct kb_plan_build *build, struct kb_plan_field *field,
                                  const yaml_node_t *at, const yaml_node_t *commands);
/* "80 40 01 XX" -> header and masks. */
enum kb_err kb_plan_read_header(struct kb_plan_build *build, const yaml_node_t *node,
                                const char *what, struct kb_plan_command *command);
/* Adds a command to a field after checking it against the standard and all commands before. */
enum kb_err kb_plan_add_command(struct kb_plan_build *build, struct kb_plan_field *field,
                                const yaml_node_t *at, const struct kb_plan_command *command);

enum kb_err kb_plan_read_items(struct kb_plan_build *build, struct kb_plan_field *field,
                               const yaml_node_t *items);
/* The last item of the field so far. No write goes where another one goes. */
enum kb_err kb_plan_read_writes(struct kb_plan_build *build, const struct kb_plan_field *field,
                                struct kb_plan_item *item, const yaml_node_t *writes);

/* air.c: the personalization over the air, when all else is known; node may be NULL: none. */
enum kb_err kb_plan_read_air(struct kb_plan_build *build, const yaml_node_t *node);

/* check.c: what can only be told of the whole plan: the entity view names no place, the image and
 * the memory hold it all. memory: that key, NULL when the plan lacks it. */
enum kb_err kb_plan_check_view(struct kb_plan_build *build);
enum kb_err kb_plan_check_size(struct kb_plan_build *build, const yaml_node_t *memory);

/* image.c: the image without its signature. */
enum kb_err kb_plan_image_body(const struct kb_plan *plan, struct kb_writer *image);

#endif
