# Booted hosts with the Debian packages: make check TESTS=tests/nodes/nodes.t, as root.
dist_check_SCRIPTS += tests/nodes/nodes.t
EXTRA_DIST += tests/nodes/rig.sh
