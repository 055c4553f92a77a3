/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A daemon's own key, and its pin for whoever writes it into the files of others (--print-pin). */
#pragma once

#include "lib/base/error.h"

/* What root has written for a service belongs to the service's user, who owns `folder`. Does nothing for others than root. */
int own_key_give(const char *folder, const char *path, struct error *err);

/*
 * Prints the pin of the key in the file key, 64 hexadecimal digits and a line feed. A key is made where there is none; in the folder
 * state or below it becomes the property of that folder's owner. 0 or negative with a sentence.
 */
int own_key_print_pin(const char *key, const char *state, struct error *err);
