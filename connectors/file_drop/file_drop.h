/* File drop: one file of a folder, as it was delivered. README.md is its manual page. */
#pragma once

#include "connectors/connector.h"

extern const struct connector_ops file_drop_ops;
