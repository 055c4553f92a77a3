/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of k-mers: the k-mers of every fiftieth read by position (FASTQC.md section 1.12). A slice that does not know how many
 * reads lie before it counts none and is counted again (prior.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct kmers;
