/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between coord_options.c and coord_finish.c. */
#pragma once

#include "conf/load.h"

/* Of conf->settings, a struct coord_settings with all options in it. 0 or positive, or negative with a sentence. */
int coord_finish(struct conf *conf, struct error *err);
