/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "daemon/coord/core_internal.h"

/* What the core keeps beside its state is not what the state says: a word for it, or NULL. */
const char *recount(const struct coord *coord);
