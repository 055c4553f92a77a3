noinst_LIBRARIES += lib/libwire.a

lib_libwire_a_SOURCES = \
	lib/wire/blob.c \
	lib/wire/connection.c \
	lib/wire/connection.h \
	lib/wire/dial.c \
	lib/wire/dial.h \
	lib/wire/dial_socket.c \
	lib/wire/durable.c \
	lib/wire/durable.h \
	lib/wire/key.c \
	lib/wire/key.h \
	lib/wire/key_internal.h \
	lib/wire/lines.c \
	lib/wire/lines.h \
	lib/wire/message.c \
	lib/wire/message.h \
	lib/wire/queue.c \
	lib/wire/queue.h \
	lib/wire/shared.c \
	lib/wire/shared.h \
	lib/wire/stream.c \
	lib/wire/stream.h \
	lib/wire/tls.c \
	lib/wire/tls.h \
	lib/wire/tls_certificate.c \
	lib/wire/tls_certificate.h \
	lib/wire/tls_socket.c \
	lib/wire/tls_socket.h \
	lib/wire/trust.c \
	lib/wire/trust.h

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

dist_man_MANS += lib/wire/fqcluster.protocol.7
