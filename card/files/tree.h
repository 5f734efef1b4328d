/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of files as objects hold it: headers, children, applications. Private to files/. */
#ifndef KB_CARD_FILES_TREE_H
#define KB_CARD_FILES_TREE_H

#include "card/files/files.h"

enum {
    KB_DF_AID = 1 + KB_AID_MAX, /* length and AID, in front of the list of children */
    KB_DF_CHILD = 4,            /* FID, then SFI (5 bits) and object number (11 bits) */
    KB_OBJ_MF = KB_OBJ_FILES    /* the first file is the MF */
};

static inline bool kb_file_is_df(const struct kb_file *file)
{
    return file->kind >= KB_FILE_MF && file->kind <= KB_FILE_ADF;
}

static inline bool kb_file_has_records(const struct kb_file *file)
{
    return file->kind == KB_FILE_LINEAR_FIXED || file->kind == KB_FILE_CYCLIC;
}

/* KB_ERR_ABSENT when the object is not there. */
enum kb_err kb_tree_load(struct kb_card *card, uint16_t object, struct kb_file *out);

/* The header of a file as its object begins. */
void kb_tree_pack(const struct kb_file *file, uint8_t header[KB_FILE_HEADER]);

/* Writes the header of a file whose object exists. Not for a file that may have been reached by a
 * link: its name is not the header's. */
enum kb_err kb_tree_store(struct kb_card *card, const struct kb_file *file);

/* Writes what changes in a header: life cycle, records and flags. */
enum kb_err kb_tree_mark(struct kb_card *card, const struct kb_file *file);

/* Object number of a child, 0 when there is none. */
uint16_t kb_tree_child(struct kb_card *card, const struct kb_file *df, uint16_t fid);
uint16_t kb_tree_child_by_sfi(struct kb_card *card, const struct kb_file *df, uint8_t sfi);

/* Loads a child as its entry names it: a link has the FID, the SFI and the DF it is reached by.
 * out may be df. KB_ERR_ABSENT. */
enum kb_err kb_tree_open(struct kb_card *card, const struct kb_file *df, uint16_t fid,
                         struct kb_file *out);
enum kb_err kb_tree_open_sfi(struct kb_card *card, const struct kb_file *df, uint8_t sfi,
                             struct kb_file *out);

/* The entries of a DF one by one, each of KB_DF_CHILD bytes as a number; 0 at the end. *at: 0
 * before the first one. */
uint32_t kb_tree_next(struct kb_card *card, const struct kb_file *df, size_t *at);
uint16_t kb_tree_object_of(uint32_t entry);
uint16_t kb_tree_fid_of(uint32_t entry);

/* The entry of a child, 0 when there is none. */
uint32_t kb_tree_entry(struct kb_card *card, const struct kb_file *df, uint16_t fid);

/* Adds a child to a DF, in the caller's transaction. KB_ERR_NVM_FULL when the list is at its end.
 */
enum kb_err kb_tree_adopt(struct kb_card *card, const struct kb_file *df,
                          const struct kb_file *child);

/* Takes a child's entry out of a DF. KB_ERR_ABSENT. */
enum kb_err kb_tree_forget(struct kb_card *card, const struct kb_file *df, uint16_t fid);

/* Which of the applications with the same start of their AIDs (TS 102 221 table 11.2). */
enum kb_occurrence {
    KB_OCCURRENCE_FIRST,
    KB_OCCURRENCE_LAST,
    KB_OCCURRENCE_NEXT,    /* behind current; the first when there is no current one */
    KB_OCCURRENCE_PREVIOUS /* before it; the last */
};

/* The application whose AID starts with these bytes: its object number, 0 when there is none.
 * current: object number of an application, or 0. */
uint16_t kb_tree_occurrence(struct kb_card *card, struct kb_span aid, enum kb_occurrence which,
                            uint16_t current);

/* The first one. */
uint16_t kb_tree_application(struct kb_card *card, struct kb_span aid);

/* The ADF that a DF is or lies below; false when it lies below the MF alone. */
bool kb_tree_application_of(struct kb_card *card, const struct kb_file *df, struct kb_file *adf);

/* The AID of an ADF. aid: KB_AID_MAX bytes. Returns its length, 0 when it has none. */
size_t kb_tree_aid(struct kb_card *card, const struct kb_file *adf, uint8_t aid[KB_AID_MAX]);

/* The EF.ARR that an EF or DF refers to: looked for from the DF above it upward (TS 102 221
 * clause 9.2.7). 0 when there is none. */
uint16_t kb_tree_rule_file(struct kb_card *card, const struct kb_file *file);

#endif
