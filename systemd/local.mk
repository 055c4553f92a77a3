# A unit comes from its .in file by $(SUBSTITUTE); it names the programs where they are installed.
FQ_UNITS = systemd/fqcoordd.service systemd/fqworkerd.service systemd/fqcluster-elastic.service

nodist_systemdsystemunit_DATA += $(FQ_UNITS)
dist_systemdsystemunit_DATA = systemd/fqcoordd.socket systemd/fqcoordd-status.socket systemd/fqcluster.slice
CLEANFILES += $(FQ_UNITS) systemd/fqcluster.conf
EXTRA_DIST += systemd/fqcoordd.service.in systemd/fqworkerd.service.in systemd/fqcluster-elastic.service.in systemd/fqcluster.sysusers

systemd/fqcoordd.service: systemd/fqcoordd.service.in Makefile
	$(SUBSTITUTE) $(srcdir)/systemd/fqcoordd.service.in >$@

systemd/fqworkerd.service: systemd/fqworkerd.service.in Makefile
	$(SUBSTITUTE) $(srcdir)/systemd/fqworkerd.service.in >$@

systemd/fqcluster-elastic.service: systemd/fqcluster-elastic.service.in Makefile
	$(SUBSTITUTE) $(srcdir)/systemd/fqcluster-elastic.service.in >$@

# systemd-sysusers reads only *.conf.
nodist_sysusers_DATA = systemd/fqcluster.conf

systemd/fqcluster.conf: systemd/fqcluster.sysusers Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(srcdir)/systemd/fqcluster.sysusers $@

# What the events of the journal mean; journalctl --update-catalog takes it in (on Debian systemd's trigger on this folder does).
catalogdir = $(prefix)/lib/systemd/catalog
dist_catalog_DATA = systemd/fqcluster.catalog

# Drop-ins for a site, in the folders that they have below /etc/systemd/system.
coordexampledir = $(docdir)/examples/fqcoordd.service.d
dist_coordexample_DATA = systemd/examples/fqcoordd.service.d/key.conf

socketexampledir = $(docdir)/examples/fqcoordd.socket.d
dist_socketexample_DATA = \
	systemd/examples/fqcoordd.socket.d/address.conf \
	systemd/examples/fqcoordd.socket.d/hosts.conf

workerexampledir = $(docdir)/examples/fqworkerd.service.d
dist_workerexample_DATA = \
	systemd/examples/fqworkerd.service.d/groups.conf \
	systemd/examples/fqworkerd.service.d/home.conf \
	systemd/examples/fqworkerd.service.d/key.conf \
	systemd/examples/fqworkerd.service.d/mounts.conf \
	systemd/examples/fqworkerd.service.d/network.conf

sliceexampledir = $(docdir)/examples/fqcluster.slice.d
dist_sliceexample_DATA = systemd/examples/fqcluster.slice.d/limits.conf
