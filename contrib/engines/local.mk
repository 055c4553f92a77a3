# Workers as jobs of batch systems (docs/engines.md).
engineexampledir = $(docdir)/examples/engines
dist_engineexample_DATA = \
	contrib/engines/flux.sh \
	contrib/engines/gridengine.sh \
	contrib/engines/htcondor.sub \
	contrib/engines/kubernetes.yaml \
	contrib/engines/parallel.sh \
	contrib/engines/pbs.sh \
	contrib/engines/slurm.sbatch
