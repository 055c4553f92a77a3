# Alert rules on the coordinator's metrics, and when they speak; and a dashboard of the same for Grafana.
prometheusexampledir = $(docdir)/examples/prometheus
dist_prometheusexample_DATA = contrib/prometheus/fqcluster.rules.yml
EXTRA_DIST += contrib/prometheus/fqcluster.rules.test.yml

grafanaexampledir = $(docdir)/examples/grafana
dist_grafanaexample_DATA = contrib/grafana/fqcluster.json
