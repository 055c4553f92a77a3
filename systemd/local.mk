# A unit comes from its .in file by $(SUBSTITUTE); it names the programs where they are installed.
FQ_UNITS = systemd/fqcoordd.service systemd/fqworkerd.service

nodist_systemdsystemunit_DATA += $(FQ_UNITS)
CLEANFILES += $(FQ_UNITS) systemd/fqcluster.conf
EXTRA_DIST += systemd/fqcoordd.service.in systemd/fqworkerd.service.in systemd/fqcluster.sysusers

systemd/fqcoordd.service: systemd/fqcoordd.service.in Makefile
	$(SUBSTITUTE) $(srcdir)/systemd/fqcoordd.service.in >$@

systemd/fqworkerd.service: systemd/fqworkerd.service.in Makefile
	$(SUBSTITUTE) $(srcdir)/systemd/fqworkerd.service.in >$@

# systemd-sysusers reads only *.conf.
nodist_sysusers_DATA = systemd/fqcluster.conf

systemd/fqcluster.conf: systemd/fqcluster.sysusers Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(srcdir)/systemd/fqcluster.sysusers $@
