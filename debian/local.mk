# What makes Debian packages of this tree or of its tarball.
EXTRA_DIST += \
	debian/changelog \
	debian/control \
	debian/copyright \
	debian/fqcluster-client.examples \
	debian/fqcluster-client.install \
	debian/fqcluster-common.docs \
	debian/fqcluster-common.install \
	debian/fqcluster-coordinator.install \
	debian/fqcluster-coordinator.postrm \
	debian/fqcluster-worker.install \
	debian/fqcluster-worker.postrm \
	debian/rules \
	debian/source/format \
	debian/source/options \
	debian/tests/cluster \
	debian/tests/control
