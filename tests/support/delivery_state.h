/* Delivery state: a source's rows as frames into a real store: collected, applied, and told again in few words.
 *
 * A delivery is written as words, one per row, the first being row 1:
 *	A2   a row under key A in its version 2          !A2  the same, but the worker rejects it
 *	!3   a rejected row without a key, version 3     ~    a skipped row
 * and what is then in the store as "A2 B1 | 3d 4r": versions in force, and quarantined rows by their number, as
 * duplicates or rejected; row 0 is one whose place is not known.
 */
#pragma once

#include "tests/support/reconcile_state.h"

#include <stdio.h>
#include <sys/mman.h>

#include "daemon/base/reason.h"
#include "daemon/run/apply.h"
#include "daemon/run/collect.h"
#include "daemon/run/export.h"
#include "daemon/run/session.h"
#include "daemon/store/quarantine.h"

enum { DELIVERY_KEYS = 5, DELIVERY_TEXT = 512 };

static struct session session;
static struct collector collector;
static struct applier applier;
static struct run *run;
static uint8_t delivery_interpretation; /* of the runs to come */

static inline int delivery_state_make(void **unused)
{
	(void)reconcile_state_make(unused);
	OK(dictionary_ensure(store, DICTIONARY_SOURCE, source_names, 3, NULL, &state_err));
	session = (struct session){ .store = store, .audit = audit, .clock = &audit_state_clock };
	collector = (struct collector){ .session = &session,
					.reconciler = reconciler,
					.schema = schema };
	applier = (struct applier){ .session = &session, .reconciler = reconciler, .audit = audit };
	delivery_interpretation = 1;
	return 0;
}

static inline int delivery_state_end(void **unused)
{
	session_abort(&session);
	run_destroy(TAKE(run));
	collector_finish(&collector);
	applier_finish(&applier);
	return reconcile_state_end(unused);
}

static inline void delivery_again(void)
{
	(void)delivery_state_end(NULL);
	(void)delivery_state_make(NULL);
}

/* Append to one of the short texts. */
__attribute__((format(printf, 2, 3))) static inline void delivery_put(char text[DELIVERY_TEXT],
								      const char *format, ...)
{
	va_list args;
	size_t len = strlen(text);
	va_start(args, format);
	assert_in_range(vsnprintf(text + len, DELIVERY_TEXT - len, format, args), 0,
			DELIVERY_TEXT - len - 1);
	va_end(args);
}

/* ---- collecting ---- */

static inline void delivery_begin(uint16_t source)
{
	struct store_txn *txn;
	struct run_row row = { .source = source,
			       .state = RUN_COLLECTING,
			       .interpretation = { delivery_interpretation } };
	run_destroy(TAKE(run));
	OK(session_txn(&session, &txn, &state_err));
	OK(run_table_create(txn, &row, NULL, &state_err));
	run = run_create(&row, source_names[source - 1], NULL);
	assert_non_null(run);
	OK(collect_begin(&collector, run, &state_err));
}

static inline int delivery_frame(enum frame_type type, const struct buf *body)
{
	const struct frame frame = { .type = type, .body = buf_blob(body) };
	assert_true(buf_ok(body));
	return collect_frame(&collector, run, &frame, &state_err);
}

static inline struct frame_list delivery_cells(char version, struct buf *entries)
{
	struct frame_list cells = { 0 };
	const struct frame_cell cell = { blob_text("phone"), blob_of(&version, 1) };
	frame_list_add_cell(&cells, entries, &cell);
	cells.entries = buf_blob(entries);
	return cells;
}

static inline int delivery_row(char key, char version, uint64_t number)
{
	struct buf record = { 0 }, entries = { 0 }, body = { 0 };
	char text[160];
	(void)snprintf(text, sizeof(text),
		       "identity.full_name=Nguyễn Thị "
		       "%c\nidentity.cccd=02018000000%c\ncontact.phone=+8490000000%c",
		       key, '0' + key - 'A', version);
	struct frame_row row = { .at = { .row = number, .byte_offset = 100 * number },
				 .source_key = blob_of(&key, 1),
				 .cells_hash = { (uint8_t)version, (uint8_t)key },
				 .record = state_record(text, &record) };
	row.cells = delivery_cells(version, &entries);
	frame_put_row(&body, &row);
	int status = delivery_frame(FRAME_ROW, &body);
	buf_finish(&record);
	buf_finish(&entries);
	buf_finish(&body);
	return status;
}

static inline int delivery_reject(struct blob key, char version, uint64_t number)
{
	struct buf reasons = { 0 }, cells = { 0 }, body = { 0 };
	struct frame_reject reject = { .at = { .row = number },
				       .source_key = key,
				       .class = FRAME_CLASS_INVALID };
	const struct frame_reason reason = { blob_text("date_invalid"), blob_text("birth"),
					     blob_of(&version, 1) };
	frame_list_add_reason(&reject.reasons, &reasons, &reason);
	reject.reasons.entries = buf_blob(&reasons);
	reject.cells = delivery_cells(version, &cells);
	frame_put_reject(&body, &reject);
	int status = delivery_frame(FRAME_REJECT, &body);
	buf_finish(&reasons);
	buf_finish(&cells);
	buf_finish(&body);
	return status;
}

static inline int delivery_skip(uint64_t number)
{
	struct buf body = { 0 };
	const struct frame_skip skip = { .at = { .row = number }, .kind = FRAME_SKIP_BLANK };
	frame_put_skip(&body, &skip);
	int status = delivery_frame(FRAME_SKIP, &body);
	buf_finish(&body);
	return status;
}

static inline int delivery_word(const char *word, uint64_t number)
{
	if (word[0] == '~')
		return delivery_skip(number);
	if (word[0] != '!')
		return delivery_row(word[0], word[1], number);
	bool keyed = word[1] >= 'A';
	return delivery_reject(blob_of(word + 1, keyed), word[keyed ? 2 : 1], number);
}

static inline void delivery_collect(uint16_t source, const char *words)
{
	delivery_begin(source);
	for (uint64_t number = 1; *words != '\0'; number++) {
		char word[8] = { 0 };
		memcpy(word, words, strcspn(words, " "));
		OK(delivery_word(word, number));
		words += strcspn(words, " ");
		words += strspn(words, " ");
	}
}

/* ---- applying ---- */

static inline void delivery_commit(void)
{
	OK(session_commit(&session, &state_err));
}

static inline void delivery_guarded(void)
{
	struct store_txn *txn;
	run_move(run, RUN_GUARDING);
	run_move(run, RUN_APPLYING);
	OK(session_txn(&session, &txn, &state_err));
	OK(run_table_put(txn, &run->row, NULL, &state_err));
	delivery_commit();
}

/* The run as a start of the engine finds it. */
static inline void delivery_reload(void)
{
	struct store_txn *txn = audit_state_read();
	struct run_row row;
	OK(run_table_get(txn, run->row.id, &row, &state_err));
	store_abort(txn);
	const char *name = run->name;
	run_destroy(TAKE(run));
	run = run_create(&row, name, NULL);
	assert_non_null(run);
}

/* One piece of what an APPLYING or ended run has to do; false if there is nothing left. */
static inline bool delivery_step(unsigned budget)
{
	if (run->row.phase == RUN_PHASE_DONE)
		return false;
	int status = run->row.state == RUN_APPLYING
			     ? apply_step(&applier, run, budget, &state_err)
			     : apply_sweep(&applier, run, budget, &state_err);
	if (status < 0)
		fail_msg("step: %s", state_err.text[LANGUAGE_EN]);
	return true;
}

static inline void deliver(uint16_t source, const char *words)
{
	delivery_collect(source, words);
	delivery_guarded();
	while (delivery_step(100))
		continue;
	delivery_commit();
	assert_int_equal(run->row.state, RUN_COMPLETE);
}

/* ---- what is there then ---- */

static inline void delivery_put_versions(struct store_txn *txn, uint16_t source, char *text)
{
	for (char key = 'A'; key < 'A' + DELIVERY_KEYS; key++) {
		uint8_t idx[KEYRING_IDX_SIZE];
		uint32_t ordinal;
		struct source_record record;
		source_key_idx(store, source, blob_of(&key, 1), idx);
		int status = source_record_find(txn, source, idx, &ordinal, &state_err);
		if (status == ERR_NOT_FOUND)
			continue;
		OK(status);
		OK(source_record_get(txn, source, ordinal, &record, &state_err));
		delivery_put(text, "%c%c ", key, record.cells_hash[0]);
	}
}

static inline int delivery_compare_rows(const void *a, const void *b)
{
	const struct quarantine_row *left = a, *right = b;
	return (left->row > right->row) - (left->row < right->row);
}

static inline size_t delivery_quarantined(struct store_txn *txn, uint16_t source,
					  struct quarantine_row *rows, size_t max)
{
	struct store_scan *scan = NULL;
	size_t count = 0;
	OK(quarantine_scan(txn, source, NULL, &scan, &state_err));
	while (count < max && quarantine_next(scan, &rows[count], &state_err) == 0 &&
	       rows[count].source == source)
		count++;
	store_scan_close(scan);
	qsort(rows, count, sizeof(*rows), delivery_compare_rows);
	return count;
}

static inline void delivery_say(uint16_t source, char text[DELIVERY_TEXT])
{
	struct quarantine_row rows[64];
	struct store_txn *txn = audit_state_read();
	text[0] = '\0';
	delivery_put_versions(txn, source, text);
	delivery_put(text, "|");
	size_t count = delivery_quarantined(txn, source, rows, 64);
	for (size_t i = 0; i < count; i++)
		delivery_put(text, " %u%c", (unsigned)rows[i].row,
			     strcmp(rows[i].codes, reason_name(REASON_DUPLICATE_KEY)) == 0 ? 'd'
											   : 'r');
	store_abort(txn);
}

static inline int delivery_compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The canonical export, its lines sorted; free() it. */
static inline char *delivery_export(void)
{
	int fd = memfd_create("export", MFD_CLOEXEC);
	assert_true(fd >= 0);
	OK(export_canonical(store, schema, fd, &state_err));
	size_t size = (size_t)lseek(fd, 0, SEEK_CUR), count = 0, at = 0;
	char *text = calloc(1, size + 1), *sorted = calloc(1, size + 1), *rest = NULL, *lines[1024];
	assert_int_equal(pread(fd, text, size, 0), (ssize_t)size);
	for (char *line = strtok_r(text, "\n", &rest); line != NULL && count < 1024;
	     line = strtok_r(NULL, "\n", &rest))
		lines[count++] = line;
	qsort(lines, count, sizeof(lines[0]), delivery_compare_lines);
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(sorted + at, size + 1 - at, "%s\n", lines[i]);
	free(text);
	(void)close(fd);
	return sorted;
}

/* A delivery of up to `max` rows of few keys and versions, so that they meet often. */
static inline void delivery_random(const struct random_source *random, unsigned max,
				   char text[DELIVERY_TEXT])
{
	text[0] = '\0';
	for (uint64_t rows = random_below(random, max + 1); rows > 0; rows--) {
		char key = (char)('A' + random_below(random, DELIVERY_KEYS)),
		     version = (char)('1' + random_below(random, 2));
		const char *space = text[0] == '\0' ? "" : " ";
		switch (random_below(random, 12)) {
		case 0:
			delivery_put(text, "%s~", space);
			break;
		case 1:
			delivery_put(text, "%s!%c", space, version);
			break;
		case 2:
		case 3:
			delivery_put(text, "%s!%c%c", space, key, version);
			break;
		default:
			delivery_put(text, "%s%c%c", space, key, version);
		}
	}
}

#define DELIVERY_CASE(name) \
	cmocka_unit_test_setup_teardown(name, delivery_state_make, delivery_state_end)
