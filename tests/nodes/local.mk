# Booted hosts with the Debian packages, as root: make check-nodes, or one of them as make check TESTS=tests/nodes/nodes.t.
NODES_TESTS = \
	tests/nodes/elastic.t \
	tests/nodes/nodes.t \
	tests/nodes/readme.t \
	tests/nodes/units.t \
	tests/nodes/versions.t
dist_check_SCRIPTS += $(NODES_TESTS)
EXTRA_DIST += tests/nodes/fleet.sh tests/nodes/rig.sh

check-nodes:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(NODES_TESTS)'
.PHONY: check-nodes
