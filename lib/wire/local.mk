noinst_LIBRARIES += lib/libwire.a

lib_libwire_a_SOURCES =

# lib/wire/fqcluster.pb.c and .h: C of the protocol document, made in the build folder and not distributed.
nodist_lib_libwire_a_SOURCES = lib/wire/fqcluster.pb.c lib/wire/fqcluster.pb.h

lib/wire/fqcluster.pb.h: lib/wire/fqcluster.proto lib/wire/fqcluster.options
	$(AM_V_GEN)out=`pwd` && cd $(srcdir) && $(PYTHON3) $(NANOPB_GENERATOR) --quiet --error-on-unmatched \
		-I. -D "$$out" lib/wire/fqcluster.proto

# One call makes both; this rule says so to make, and makes the .c again where it alone was removed.
lib/wire/fqcluster.pb.c: lib/wire/fqcluster.pb.h
	@test -f $@ || { rm -f lib/wire/fqcluster.pb.h && $(MAKE) $(AM_MAKEFLAGS) lib/wire/fqcluster.pb.h; }

BUILT_SOURCES += lib/wire/fqcluster.pb.h lib/wire/fqcluster.pb.c
CLEANFILES += lib/wire/fqcluster.pb.h lib/wire/fqcluster.pb.c
EXTRA_DIST += lib/wire/fqcluster.proto lib/wire/fqcluster.options
