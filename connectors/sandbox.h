/* Sandbox: what a worker gives up before it reads the first foreign byte.
 *
 * Now: no new privileges, no core files and no tracing (a core would hold personal data), few descriptors.
 * The filters of seccomp and Landlock belong here too; nothing in a connector may need what they will take.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/cleanup.h"
#include "daemon/record/frame_control.h"

struct err;

/** Enter it. ret_in_force: bits of enum frame_sandbox, told in HELLO. Errors: ERR_IO. */
MUST_CHECK int sandbox_enter(enum frame_role role, uint32_t *ret_in_force, struct err *err);
