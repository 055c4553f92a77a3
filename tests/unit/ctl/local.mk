dist_check_SCRIPTS += tests/unit/ctl/help.t
TESTS += tests/unit/ctl/help.t
