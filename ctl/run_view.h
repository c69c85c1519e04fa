/* Run view: one run as a person or a script reads it. */
#pragma once

#include "ctl/ask.h"

MUST_CHECK int run_view_show(const struct session *session, const struct answer *answer,
			     struct err *err);
