/* Limits: every bound on length, depth, count and time of anything foreign (DESIGN.md, invariant 10).
 *
 * One place, so that a reader can judge them together. Past a limit comes an error that names it.
 */
#pragma once

enum {
	/* messages */
	LIMIT_ARG_TEXT = 96, /* bytes of foreign text shown in one message */

	/* configuration (UX.md section 3) */
	LIMIT_CONFIG_BYTES = 1 << 20,
	LIMIT_CONFIG_DEPTH = 32,
	LIMIT_CONFIG_NODES = 100000,
	LIMIT_CONFIG_KEY_BYTES = 256,
	LIMIT_CONFIG_TEXT = 4096,   /* characters of a value, where its row says nothing else */
	LIMIT_CONFIG_FILES = 256,   /* in connectors.d */
	LIMIT_CONFIG_ERRORS = 100,  /* reported at once; the rest is counted */
	LIMIT_CONFIG_EXCERPT = 120, /* columns of a line shown below an error */
	LIMIT_SECRET_BYTES = 16384,

	/* JSON (RELIABILITY.md section 4) */
	LIMIT_JSON_DEPTH = 32,
	LIMIT_JSON_MEMBERS = 4096, /* members of one object */
	LIMIT_JSON_KEY_BYTES = 256,
	LIMIT_SCHEMA_BYTES = 1 << 20,
	LIMIT_SCHEMA_FIELDS = 4096,
	LIMIT_CODE_LIST_BYTES = 1 << 22, /* one file */
	LIMIT_CODE_LIST_COLUMNS = 32,
	LIMIT_CODE_LISTS = 256,

	/* records */
	LIMIT_FACTS = 1024, /* facts of one record */
	LIMIT_ELEMENT_KEY_BYTES = 2048,
	LIMIT_LIST_ELEMENTS = 128, /* elements of one list */
	LIMIT_VALUE_BYTES = 32768, /* one value, one cell */
	LIMIT_SOURCE_KEY_BYTES = 256,
	LIMIT_RECORD_BYTES = 262144, /* one encoded record */

	/* frames */
	LIMIT_FRAME_BODY = 1 << 20,
	LIMIT_FRAME_FDS = 16,
	LIMIT_FRAME_NAME_BYTES = 1024, /* names, codes, ids, etags */

	/* delimited text (AUDIT-SECURITY.md section 9) */
	LIMIT_CSV_FIELD_BYTES = 32768,
	LIMIT_CSV_ROW_BYTES = 262144,
	LIMIT_CSV_COLUMNS = 1000,

	/* files of a drop folder and how their columns are mapped */
	LIMIT_FILE_NAME_BYTES = 255,
	LIMIT_FILE_MIB = 4096,
	LIMIT_HEADER_ROWS = 50, /* the header is looked for in the first rows */
	LIMIT_BLANK_ROWS = 50,  /* so many in a run end a table (HR2) */
	LIMIT_MAP_COLUMNS = 256,
	LIMIT_MAP_NAMES = 64,    /* further names of one column, words, templates */
	LIMIT_MAP_JOIN = 8,      /* columns joined into one text */
	LIMIT_MAP_PIECES = 64,   /* elements that the split cells of one row give */
	LIMIT_MAP_ELEMENTS = 32, /* kinds of list elements that one row gives */

	/* HTTP towards others (AUDIT-SECURITY.md sections 7, 8) */
	LIMIT_HTTP_ANSWER_BYTES = 1 << 20,
	LIMIT_HTTP_HEADER_BYTES = 65536, /* of one answer, all lines */
	LIMIT_HTTP_HEADER_LINES = 100,
	LIMIT_HTTP_PROBLEM_BYTES = 65536,
	LIMIT_HTTP_TOKEN_BYTES = 8192,
	LIMIT_HTTP_CA_BYTES = 1 << 20,
	LIMIT_HTTP_REASON_BYTES = 1000, /* what upstream says of one refused item */

	/* control */
	LIMIT_CONTROL_BODY = 65536,
	LIMIT_CONTROL_CONNECTIONS = 64,
	LIMIT_CONTROL_TIMEOUT_S = 30, /* for a whole request, then for each piece of its answer */
	LIMIT_CONTROL_MEMORY = 32768, /* of a connection: request line and headers */
	LIMIT_CONTROL_CHUNK = 65536,  /* of a streamed answer */
	LIMIT_PEER_GROUPS = 1024,
	LIMIT_REASON_BYTES = 500,     /* why somebody exports */
	LIMIT_REPLY_BYTES = 16 << 20, /* of the daemon, as trithucctl takes it */
	LIMIT_LIST_ROWS = 1000,       /* rows of one page of an answer */

	/* keys */
	LIMIT_KEY_BUCKETS = 65536, /* 268 million persons */

	/* audit */
	LIMIT_LEAF_BYTES = 16384,
	LIMIT_LEAF_TEXT_BYTES = 128,      /* one foreign text in a leaf; cut there */
	LIMIT_LEAF_FILE_NAME_BYTES = 255, /* as a file system takes it */
};
