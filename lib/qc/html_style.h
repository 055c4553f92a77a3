/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look of the page (html.c): light and dark as the reader's system has it, and for printing. */
#pragma once

extern const char html_style[];
