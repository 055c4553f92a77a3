# A unit comes from its .in file by $(SUBSTITUTE) and is listed in nodist_systemdsystemunit_DATA, CLEANFILES and (the .in)
# EXTRA_DIST; sysusers files are listed in dist_sysusers_DATA.
