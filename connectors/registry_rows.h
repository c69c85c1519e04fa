/* Registry rows: the option rows of all connectors, for who reads configuration and runs none of them.
 *
 * They stand in the common library; the code of the connectors does not.
 */
#pragma once

#include "config/config_source.h"

/** For config_load(). */
extern const struct connector_list registry_rows;
