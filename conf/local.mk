# The option tables, the loader, and the files and man pages that are installed for them.
noinst_LIBRARIES += conf/libconf.a

conf_libconf_a_SOURCES = \
	conf/arguments.c \
	conf/arguments.h \
	conf/batch.c \
	conf/batch.h \
	conf/client_options.c \
	conf/client_settings.h \
	conf/coord_finish.c \
	conf/coord_finish.h \
	conf/coord_options.c \
	conf/coord_settings.h \
	conf/elastic_options.c \
	conf/elastic_settings.h \
	conf/load.c \
	conf/load.h \
	conf/option.c \
	conf/option.h \
	conf/places.c \
	conf/places.h \
	conf/print.c \
	conf/print.h \
	conf/roots.c \
	conf/roots.h \
	conf/scan.c \
	conf/scan.h \
	conf/start.c \
	conf/start.h \
	conf/worker_options.c \
	conf/worker_room.c \
	conf/worker_room.h \
	conf/worker_settings.h

dist_fqconf_DATA += conf/fqcoordd.conf conf/fqworkerd.conf conf/fqctl.conf
dist_pkgdata_DATA += conf/adapter_list.txt conf/contaminant_list.txt conf/limits.txt
dist_man_MANS += conf/fqcoordd.conf.5 conf/fqworkerd.conf.5 conf/fqctl.conf.5
