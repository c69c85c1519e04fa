/* Rest push: the connector `rest_push`, which delivers batches to the national system over HTTPS. */
#pragma once

#include "connectors/connector.h"

extern const struct connector_ops rest_push_ops;
