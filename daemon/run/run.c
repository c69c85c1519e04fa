#include "daemon/run/run.h"

#include <assert.h>

#include "daemon/run/worker.h"

struct run *run_create(const struct run_row *row, const char *name,
		       const struct config_source *source)
{
	struct run *run = calloc(1, sizeof(*run));
	if (run == NULL)
		return NULL;
	run->row = *row;
	run->name = name;
	run->source = source;
	return run;
}

void run_destroy(struct run *run)
{
	if (run == NULL)
		return;
	worker_destroy(run->worker);
	buf_finish(&run->seen);
	for (size_t i = 0; i < run->file_count; i++)
		buf_finish(&run->files[i].name);
	free(run);
}

void run_move(struct run *run, enum run_state state)
{
	assert(run_state_may_follow((enum run_state)run->row.state, state));
	run->row.state = (uint8_t)state;
}

struct delivery run_delivery(const struct run *run)
{
	struct delivery delivery = { .run = run->row.id,
				     .source = run->row.source,
				     .source_name = run->name };
	memcpy(delivery.interpretation, run->row.interpretation, sizeof(delivery.interpretation));
	if (run->source != NULL && run->source->as_of.constant != NULL)
		delivery.as_of = blob_text(run->source->as_of.constant);
	return delivery;
}
