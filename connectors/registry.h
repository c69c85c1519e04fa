/* Registry: the connectors that this program has. */
#pragma once

#include "connectors/connector.h"

/** By the name in the YAML; NULL if there is none. */
const struct connector_ops *registry_find(struct blob name);
