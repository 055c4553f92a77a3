/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An opener: a process that opens files, looks at them and hands them to the supervisor, so that a file system that is dead makes
 * an opener wait and never the supervisor. It has no keys and no network, and can write nothing.
 */
#pragma once

/* Enters its cage and serves requests from CHILD_FD until the supervisor closes it; roots as texts. The process's exit status. */
int opener_main(int roots_n, char **roots);
