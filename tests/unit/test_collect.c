/* What becomes of rows whose keys meet: in one delivery (DOMAIN.md, rule HR2), with the store, with quarantine. */
#include "tests/support/delivery_state.h"

#include <inttypes.h>
#include <time.h>

#include "daemon/store/stage.h"

/* Invariant 3: the counts add up, and every quarantined row lies in quarantine, each once. */
static void counts_add_up(const char *rows)
{
	const struct run_counts *counts = &run->row.counts;
	uint64_t skipped = 0;
	for (size_t i = 0; i < RUN_SKIP_KINDS; i++)
		skipped += counts->skipped[i];
	struct quarantine_row list[64];
	struct store_txn *txn = audit_state_read();
	size_t lie = delivery_quarantined(txn, run->row.source, list, 64);
	store_abort(txn);
	if (counts->read != counts->accepted + counts->unchanged + counts->quarantined + skipped ||
	    counts->accepted != counts->created + counts->changed || counts->quarantined != lie)
		fail_msg("'%s': read %u = accepted %u (%u new, %u changed) + unchanged %u + "
			 "quarantined %u (%zu lie there) + skipped %u",
			 rows, (unsigned)counts->read, (unsigned)counts->accepted,
			 (unsigned)counts->created, (unsigned)counts->changed,
			 (unsigned)counts->unchanged, (unsigned)counts->quarantined, lie,
			 (unsigned)skipped);
}

static void keys_that_stand_twice_by_the_table(void **unused)
{
	(void)unused;
	static const struct {
		const char *name, *before, *rows, *then;
		unsigned accepted, unchanged, quarantined;
	} cases[] = {
		{ "a new key", "", "A1", "A1 |", 1, 0, 0 },
		{ "accepted, the same", "", "A1 A1", "A1 |", 1, 1, 0 },
		{ "accepted, another", "", "A1 A2", "| 1d 2d", 0, 0, 2 },
		{ "accepted, another, the first again", "", "A1 A2 A1", "| 1d 2d 3d", 0, 0, 3 },
		{ "accepted, the same, another", "", "A1 A1 A2", "| 1d 3d", 0, 1, 2 },
		{ "accepted, another, a third", "", "A1 A2 A3", "| 1d 2d 3d", 0, 0, 3 },
		{ "accepted, rejected", "", "A1 !A2", "| 1d 2r", 0, 0, 2 },
		{ "rejected, accepted", "", "!A2 A1", "| 1r 2d", 0, 0, 2 },
		{ "rejected twice", "", "!A1 !A2", "| 1r 2r", 0, 0, 2 },
		{ "rejected, accepted, the same", "", "!A2 A1 A1", "| 1r 2d 3d", 0, 0, 3 },
		{ "rejected without a key twice", "", "!1 !1", "| 1r 2r", 0, 0, 2 },
		{ "unchanged", "A1", "A1", "A1 |", 0, 1, 0 },
		{ "unchanged, the same", "A1", "A1 A1", "A1 |", 0, 2, 0 },
		{ "changed, the same", "A1", "A2 A2", "A2 |", 1, 1, 0 },
		{ "changed, another", "A1", "A2 A3", "A1 | 1d 2d", 0, 0, 2 },
		{ "unchanged, another", "A1", "A1 A2", "A1 | 0d 2d", 0, 0, 2 },
		{ "another, unchanged", "A1", "A2 A1", "A1 | 1d 2d", 0, 0, 2 },
		{ "unchanged, another, unchanged", "A1", "A1 A2 A1", "A1 | 0d 2d 3d", 0, 0, 3 },
		{ "unchanged, another, another", "A1", "A1 A2 A2", "A1 | 0d 2d 3d", 0, 0, 3 },
		{ "unchanged twice, another", "A1", "A1 A1 A2", "A1 | 0d 3d", 0, 1, 2 },
		{ "unchanged, rejected", "A1", "A1 !A2", "A1 | 0d 2r", 0, 0, 2 },
		{ "rejected, unchanged", "A1", "!A2 A1", "A1 | 1r 2d", 0, 0, 2 },
		{ "unchanged, rejected, another", "A1", "A1 !A2 A3", "A1 | 0d 2r 3d", 0, 0, 3 },
		{ "a known key rejected", "A1", "!A2", "A1 | 1r", 0, 0, 1 },
		{ "a rejected key mended", "!A1", "A2", "A2 |", 1, 0, 0 },
		{ "duplicates mended", "A1 A2", "A2", "A2 |", 1, 0, 0 },
		{ "duplicates moved on", "A1 A2", "~ A1 A2", "| 2d 3d", 0, 0, 2 },
		{ "a duplicate in quarantine, then unchanged and rejected", "A1 A2", "A2 !A2",
		  "| 1d 2r", 0, 0, 2 },
		{ "others are not touched", "B1 C1", "B1 A1 C2 A2 D1", "B1 C2 D1 | 2d 4d", 2, 1,
		  2 },
		{ "skipped rows count", "", "~ A1 ~", "A1 |", 1, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char then[DELIVERY_TEXT];
		if (i > 0)
			delivery_again();
		deliver(SOURCE_HR, cases[i].before);
		deliver(SOURCE_HR, cases[i].rows);
		const struct run_counts *counts = &run->row.counts;
		delivery_say(SOURCE_HR, then);
		if (strcmp(then, cases[i].then) != 0 || counts->accepted != cases[i].accepted ||
		    counts->unchanged != cases[i].unchanged ||
		    counts->quarantined != cases[i].quarantined)
			fail_msg("%s: '%s' on '%s' gives '%s' and not '%s'; %u accepted, %u "
				 "unchanged, %u quarantined",
				 cases[i].name, cases[i].rows, cases[i].before, then, cases[i].then,
				 (unsigned)counts->accepted, (unsigned)counts->unchanged,
				 (unsigned)counts->quarantined);
		counts_add_up(cases[i].rows);
	}
}

static uint64_t log_size(void)
{
	return audit_log_head(audit)->size;
}

/* A delivery once more: nothing but its run and the leaf of the run's end. */
static void again_writes_nothing(const char *rows)
{
	char *before = delivery_export();
	uint64_t size = log_size();
	uint64_t quarantined = run->row.counts.quarantined;
	deliver(SOURCE_HR, rows);
	counts_add_up(rows);
	char *after = delivery_export();
	if (run->row.counts.accepted != 0 || run->row.counts.quarantined != quarantined ||
	    log_size() != size + 1 || strcmp(before, after) != 0)
		fail_msg("'%s' again: %u accepted, %u quarantined (%u before), %u leaves\n%s%s",
			 rows, (unsigned)run->row.counts.accepted,
			 (unsigned)run->row.counts.quarantined, (unsigned)quarantined,
			 (unsigned)(log_size() - size), before, after);
	free(before);
	free(after);
}

static void whatever_comes_the_counts_add_up_and_a_second_time_writes_nothing(void **unused)
{
	(void)unused;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %" PRIu64 "\n", seed);
	const struct random_source random = random_seeded(&seed);
	for (int i = 0; i < 60; i++) {
		char rows[DELIVERY_TEXT];
		delivery_random(&random, 12, rows);
		deliver(SOURCE_HR, rows);
		counts_add_up(rows);
		again_writes_nothing(rows);
	}
}

static void shuffle(const struct random_source *random, const char *rows, char out[DELIVERY_TEXT])
{
	char words[64][8], copy[DELIVERY_TEXT], *rest = NULL;
	size_t count = 0;
	(void)snprintf(copy, sizeof(copy), "%s", rows);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL && count < 64;
	     word = strtok_r(NULL, " ", &rest))
		(void)snprintf(words[count++], sizeof(words[0]), "%s", word);
	out[0] = '\0';
	for (; count > 0; count--) {
		size_t at = random_below(random, count);
		delivery_put(out, "%s%s", out[0] == '\0' ? "" : " ", words[at]);
		memmove(words[at], words[count - 1], sizeof(words[0]));
	}
}

static void what_is_in_force_does_not_depend_on_the_order_of_rows(void **unused)
{
	(void)unused;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %" PRIu64 "\n", seed);
	const struct random_source random = random_seeded(&seed);
	for (int i = 0; i < 60; i++) {
		char rows[DELIVERY_TEXT], other[DELIVERY_TEXT], left[DELIVERY_TEXT],
			right[DELIVERY_TEXT];
		delivery_random(&random, 10, rows);
		shuffle(&random, rows, other);
		deliver(SOURCE_HR, rows);
		deliver(SOURCE_COLLEGE, other);
		delivery_say(SOURCE_HR, left);
		delivery_say(SOURCE_COLLEGE, right);
		left[strcspn(left, "|")] = right[strcspn(right, "|")] = '\0';
		if (strcmp(left, right) != 0)
			fail_msg("'%s' gives '%s', '%s' gives '%s'", rows, left, other, right);
	}
}

static void another_interpretation_reads_every_row_anew(void **unused)
{
	(void)unused;
	char then[DELIVERY_TEXT];
	deliver(SOURCE_HR, "A1 B1 !C1 D1 D2");
	delivery_interpretation = 2;
	deliver(SOURCE_HR, "A1 B1 !C1 D1 D2");
	assert_int_equal(run->row.counts.accepted, 2);
	assert_int_equal(run->row.counts.unchanged, 0);
	counts_add_up("A1 B1 !C1 D1 D2");
	delivery_say(SOURCE_HR, then);
	assert_string_equal(then, "A1 B1 | 3r 4d 5d");
	again_writes_nothing("A1 B1 !C1 D1 D2");
}

static bool was_seen(char key)
{
	uint8_t idx[KEYRING_IDX_SIZE];
	uint32_t ordinal;
	source_key_idx(store, SOURCE_HR, blob_of(&key, 1), idx);
	OK(source_record_find(session.txn, SOURCE_HR, idx, &ordinal, &state_err));
	return (run->seen.data[ordinal / 8] >> ordinal % 8 & 1) != 0;
}

static void a_record_is_seen_whatever_became_of_its_row(void **unused)
{
	(void)unused;
	deliver(SOURCE_HR, "A1 B1 C1 D1 E1");
	delivery_collect(SOURCE_HR, "A1 B2 !C1 D2 D3");
	assert_true(was_seen('A'));
	assert_true(was_seen('B'));
	assert_true(was_seen('C'));
	assert_true(was_seen('D'));
	assert_false(was_seen('E'));
}

static void rows_are_counted_as_read_while_they_come(void **unused)
{
	(void)unused;
	delivery_collect(SOURCE_HR, "A1 !B1 ~");
	assert_int_equal(run->row.counts.read, 3);
	assert_int_equal(run->row.counts.accepted, 1);
	assert_int_equal(run->row.counts.quarantined, 1);
	assert_int_equal(run->row.counts.skipped[FRAME_SKIP_BLANK], 1);
}

/* ---- a worker that is broken ---- */

static void a_row_of_the_other_record_type_is_refused(void **unused)
{
	(void)unused;
	static const struct config_source students = { .record = CONFIG_RECORD_STUDENT };
	delivery_begin(SOURCE_HR);
	run->source = &students;
	FAILS(delivery_row('A', '1', 1), ERR_PROTOCOL);
}

static void frames_out_of_turn_and_garbage_are_refused(void **unused)
{
	(void)unused;
	static const enum frame_type types[] = { FRAME_ROW, FRAME_REJECT, FRAME_SKIP, FRAME_FILE,
						 FRAME_PROGRESS };
	struct buf body = { 0 };
	buf_put_text(&body, "\x01garbage");
	delivery_begin(SOURCE_HR);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		FAILS(delivery_frame(types[i], &body), ERR_PROTOCOL);
	FAILS(delivery_frame(FRAME_HELLO, &body), ERR_PROTOCOL);
	FAILS(delivery_frame(FRAME_ANSWER, &body), ERR_PROTOCOL);
	buf_finish(&body);
}

static void more_files_than_may_be_are_refused(void **unused)
{
	(void)unused;
	struct buf body = { 0 };
	const struct frame_file file = { .name = blob_text("a.csv"), .size_bytes = 1 };
	frame_put_file(&body, &file);
	delivery_begin(SOURCE_HR);
	for (int i = 0; i < RUN_FILES_MAX; i++)
		OK(delivery_frame(FRAME_FILE, &body));
	FAILS(delivery_frame(FRAME_FILE, &body), ERR_PROTOCOL);
	buf_finish(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DELIVERY_CASE(keys_that_stand_twice_by_the_table),
		DELIVERY_CASE(whatever_comes_the_counts_add_up_and_a_second_time_writes_nothing),
		DELIVERY_CASE(what_is_in_force_does_not_depend_on_the_order_of_rows),
		DELIVERY_CASE(another_interpretation_reads_every_row_anew),
		DELIVERY_CASE(a_record_is_seen_whatever_became_of_its_row),
		DELIVERY_CASE(rows_are_counted_as_read_while_they_come),
		DELIVERY_CASE(a_row_of_the_other_record_type_is_refused),
		DELIVERY_CASE(frames_out_of_turn_and_garbage_are_refused),
		DELIVERY_CASE(more_files_than_may_be_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
