/* Leaf: what one entry of the audit log says, before leaf_writer.h makes bytes of it.
 *
 * Words.  act: what happened, from a closed list. private: what may hold personal data: element keys,
 *         values before and after, free text. It never stands in the leaf, only a commitment to it.
 * Rules.  The caller gives one struct; only leaf_writer.c decides what goes where, so that nothing
 *         private can reach a leaf by a slip of a caller.
 *         What is the same for a whole run stands in run.begin, for a process in start.
 *         Texts are words of ours, but where a comment says that they are foreign.
 */
#pragma once

#include <stdbool.h>

#include "daemon/audit/act.h"

enum { LEAF_SUBJECT_SIZE = 16 }; /* a person's random surrogate */

struct leaf_actor {
	const char *type; /* system, operator, upstream */
	const char *via;  /* socket, timer, cli */
	struct blob name; /* of an operator's account; may be empty */
	uint32_t uid;     /* of an operator */
};

struct leaf_source {
	const char *name; /* NULL: the leaf has no source row */
	uint16_t file;    /* index into the files of run.begin */
	uint64_t row, byte_off;
};

struct leaf_rule {
	const char *decision; /* NULL: none */
	uint16_t id, model;
	int32_t score, threshold;
};

enum leaf_op { LEAF_OP_SET, LEAF_OP_CLEAR, LEAF_OP_KEEP, LEAF_OP_REJECT };

struct leaf_field {
	const char *path; /* degree[].level */
	enum leaf_op op;
	struct blob key, before, after; /* private; data NULL: there is none */
};

/* Where a push met the other side. Texts that came from there are escaped and cut. */
struct leaf_upstream {
	const char *endpoint; /* NULL: no push */
	const char *outcome;
	const char *item_key, *batch_key; /* hex of ours */
	const uint8_t *answer_sha256;
	struct blob peer, receipt, problem;
	uint32_t attempt, status;
};

struct leaf_file {
	struct blob name;
	uint64_t size;
	const uint8_t *sha256;
};

struct leaf_process {
	const char *name, *version, *build_id, *boot_id;
	struct blob host;
};

/* Lists that stand as one object: names of ours, in ascending order. */
struct leaf_count {
	const char *name;
	uint64_t value;
};
struct leaf_hash {
	const char *name;
	const uint8_t *sha256;
};
struct leaf_private {
	const char *name;
	struct blob text;
};

/* Zero or NULL is "none" throughout. */
struct leaf {
	enum audit_act act;
	const struct leaf_actor *actor;
	const uint8_t *subject;
	uint64_t run, batch, case_id;
	const char *state; /* of a run, batch or case, as DESIGN.md words it */
	struct leaf_source source;
	uint64_t version_from, version_to; /* of the person */
	struct leaf_rule rule;
	struct leaf_upstream upstream;
	const char *err_class, *err_code;
	const struct leaf_process *process; /* of start */
	const uint8_t *config_sha256;

	/* A whole new record: its fields are only named, and bound by the commitment to the payload;
	 * the leaves of a first load would else be mostly hashes.
	 */
	bool whole_record;
	/* Those past the leaf's room are counted there; the payload has all. */
	const struct leaf_field *fields;
	const struct leaf_file *files;
	const struct leaf_count *counts;
	const struct leaf_hash *hashes;
	const char *const *reasons; /* codes of the catalogue */
	const struct leaf_private *privates;
	size_t field_count, file_count, count_count, hash_count, reason_count, private_count;
};
