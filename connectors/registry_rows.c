#include "connectors/registry_rows.h"

#include "connectors/file_drop/options.h"
#include "connectors/rest_push/options.h"

/* Sorted by name. */
static const struct connector_rows items[] = {
	{ .name = "file_drop",
	  .rows = file_drop_option_rows,
	  .size = sizeof(struct file_drop_options),
	  .check = file_drop_options_check },
	{ .name = "rest_push",
	  .pushes = true,
	  .rows = rest_push_option_rows,
	  .size = sizeof(struct rest_push_options),
	  .check = rest_push_options_check },
};

const struct connector_list registry_rows = { items, sizeof(items) / sizeof(items[0]) };
