#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes configure and the Makefile.in out of configure.ac and the Makefile.am, in a fresh clone or after a change of configure.ac.
set -eu
cd "$(dirname "$0")"
exec autoreconf --install
