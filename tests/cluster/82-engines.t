#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of contrib/engines: each is checked by its own engine's tool where that is installed (told as skipped where not), and what
# it runs is run as a plain process with the environment of such a job, told to end as the engine does, and exits 0.
. "$(dirname "$0")/cluster.sh"
engines=$top_src/contrib/engines
python=/usr/bin/python3
[ -x $python ] || python=python3
mkdir "$work/bin" "$work/tmp"
ln -s "$workerd" "$work/bin/fqworkerd"
cluster_start --ping 100ms --dead 1m
admin token --role worker --uses 20 >"$work/fqcluster.token"
chmod 600 "$work/fqcluster.token"

# as_job I [VARIABLE...] -- COMMAND...: in the background, with this environment and no other.
as_job() {
	local i=$1 variables=()
	shift
	while [ "$1" != -- ]; do variables+=("$1") && shift; done
	shift
	(cd "$work" && exec env -i PATH="$work/bin:/usr/bin:/bin" HOME="$work" TMPDIR="$work/tmp" FQ_HOST="$host" "${variables[@]}" "$@") \
		2>"$work/job$i.log" >&2 {never}>&- &
	pid_worker[$i]=$!
}

labels() { admin nodes --no-header -P -o batch | sort | paste -sd' '; }
there() { [ "$(labels)" = "$1" ]; }
# ends NAME I SIGNAL LABEL: the job is in the list under this label, and leaves in order after this signal.
ends() {
	ok "$1: the coordinator knows it as $4" wait_until 30 there "$4" || diag <"$work/job$2.log"
	kill "-$3" "${pid_worker[$2]}"
	wait "${pid_worker[$2]}"
	is "$1: it exits 0 after SIG$3" $? 0
	unset "pid_worker[$2]"
	is "$1: and is forgotten" "$(labels)" ""
}

for script in "$engines"/*.sh "$engines"/*.sbatch; do ok "${script##*/} is a script" bash -n "$script"; done
as_job 1 SLURM_JOB_ID=8 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=1 SLURM_CPUS_PER_TASK=1 SLURM_MEM_PER_CPU=512 -- "$engines/slurm.sbatch"
ends slurm.sbatch 1 TERM slurm:7_1
as_job 2 FLUX_JOB_ID=$'\xC6\x922yzUy4' -- "$engines/flux.sh"
ends flux.sh 2 TERM flux:f2yzUy4
as_job 3 PBS_JOBID='12[3].pbs' NCPUS=1 -- "$engines/pbs.sh"
ends pbs.sh 3 TERM 'pbs:12[3].pbs'
for signal in USR1 USR2; do
	as_job 4 SGE_ROOT=/opt/sge JOB_ID=7 SGE_TASK_ID=2 NSLOTS=1 -- "$engines/gridengine.sh"
	ends gridengine.sh 4 $signal gridengine:7_2
done

# ---- HTCondor: what stands behind "arguments" and "environment"

value() { sed -n "s/^$1 = \"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$engines/htcondor.sub" |
	sed -e "s/\$(FQ_HOST)/$host/; s/\$(request_cpus)/1/; s/\$(ClusterId)/12/; s/\$(ProcId)/0/"; }
# shellcheck disable=SC2046
as_job 5 _CONDOR_SCRATCH_DIR="$work" $(value environment) -- "$work/bin/$(value executable)" $(value arguments)
ends htcondor.sub 5 "$(value kill_sig | sed s/SIG//)" condor:12.0
is "htcondor.sub has only lines KEY = VALUE and queue" "$(grep -vcE '^(#.*|[A-Za-z_]+ = .+|queue [0-9]+|)$' "$engines/htcondor.sub")" 0
ok "and more time to leave than it takes" test "$(value job_max_vacate_time)" -gt 25

# ---- Kubernetes: the job's structure, and its arguments

if "$python" -c 'import yaml' 2>/dev/null; then
	"$python" - "$engines/kubernetes.yaml" >"$work/pod" <<-'END'
		import sys, yaml
		job = yaml.safe_load(open(sys.argv[1]))
		pod = job["spec"]["template"]["spec"]
		container, = pod["containers"]
		assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job") and pod["restartPolicy"] in ("OnFailure", "Never")
		assert pod["terminationGracePeriodSeconds"] > 25, "it is killed before it has left"
		assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
		assert all(not v["secret"]["defaultMode"] & 0o7 for v in pod["volumes"] if "secret" in v), "everybody reads the token"
		print("\n".join(container["command"] + container["args"]))
	END
	is "kubernetes.yaml is a job" $? 0
	mapfile -t words < <(sed "s/^coord.example.org:5381$/$host/; s,^/run/secrets/fqcluster/token$,$work/fqcluster.token," "$work/pod")
	as_job 6 KUBERNETES_SERVICE_HOST=10.0.0.1 HOSTNAME=fqworker-x7b2p -- "${words[@]}" -n 1
	ends kubernetes.yaml 6 TERM kubernetes:fqworker-x7b2p
else
	skip "kubernetes.yaml: python3-yaml is not installed"
fi

# ---- the engines' own tools

if command -v sbatch >/dev/null; then # nobody is there to ask, but options are read before that
	printf '%s\n' ClusterName=fq SlurmctldHost=localhost SlurmctldPort=1 AuthType=auth/munge MessageTimeout=2 "NodeName=localhost CPUs=2" \
		"PartitionName=main Nodes=ALL Default=YES" >"$work/slurm.conf"
	asked() { SLURM_CONF=$work/slurm.conf timeout 60 sbatch --test-only "$1" 2>&1; }
	ok "sbatch takes slurm.sbatch" grep -q 'Unable to contact slurm controller' <(asked "$engines/slurm.sbatch")
	sed s/--cpus-per-task/--cpus-per-tusk/ "$engines/slurm.sbatch" >"$work/wrong"
	ok "and would not take a wrong one" grep -q 'unrecognized option' <(asked "$work/wrong")
else
	skip "slurm.sbatch: slurm-client is not installed"
fi
if command -v kubectl >/dev/null; then
	asked() { kubectl set env --local -f "$1" A=b -o yaml 2>&1; }
	words() { grep -v '^ *#' "$1" | grep -oE '[a-zA-Z]+:' | sort -u; }
	asked "$engines/kubernetes.yaml" >"$work/out"
	is "kubectl takes kubernetes.yaml" $? 0
	is "and knows all its words" "$(comm -23 <(words "$engines/kubernetes.yaml") <(words "$work/out") | paste -sd' ')" ""
	sed 's/parallelism: 8/parallelism: many/' "$engines/kubernetes.yaml" >"$work/wrong"
	ok "and would not take a wrong one" eval '! asked "$work/wrong" >/dev/null'
else
	skip "kubernetes.yaml: kubectl is not installed"
fi
if command -v qsub >/dev/null; then
	mkdir -p "$work/sge/default/common"
	printf '%s\n' "admin_user none" "default_domain none" "ignore_fqdn true" "spooling_method classic" "spooling_lib libspoolc" \
		"spooling_params /tmp" "binary_path /usr/lib/gridengine" "qmaster_spool_dir /tmp" "security_mode none" "listener_threads 2" \
		"worker_threads 2" "scheduler_threads 1" >"$work/sge/default/common/bootstrap"
	echo localhost >"$work/sge/default/common/act_qmaster"
	asked() { SGE_ROOT=$work/sge SGE_CELL=default SGE_QMASTER_PORT=6444 SGE_EXECD_PORT=6445 timeout 60 qsub -verify -v FQ_HOST=coord "$1" 2>&1; }
	ok "qsub takes gridengine.sh" grep -q 'notify: *TRUE' <(asked "$engines/gridengine.sh")
	sed 's/^#\$ -notify/#$ -notifi/' "$engines/gridengine.sh" >"$work/wrong"
	ok "and would not take a wrong one" grep -q 'invalid option argument' <(asked "$work/wrong")
else
	skip "gridengine.sh: gridengine-client is not installed"
fi
if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q 'GNU parallel'; then
	printf '#!/bin/bash\nwhile [[ $1 == -* ]]; do shift; done\n[ "$1" != node1 ] || shift\n[ "${1:-}" != -- ] || shift\nexec bash -c "$*"\n' >"$work/bin/ssh"
	chmod +x "$work/bin/ssh"
	ln -s "$(command -v parallel)" "$work/bin/parallel"
	as_job 7 PARALLEL_SSH="$work/bin/ssh" PATH="$work/bin:$PATH" SHELL=/bin/bash -- "$engines/parallel.sh" node1
	ok "parallel.sh: the coordinator knows it" wait_until 30 there batch || diag <"$work/job7.log"
	name=$(admin nodes --no-header -P -o node)
	kill -TERM "${name##*-}" # the number of its process
	wait "${pid_worker[7]}"
	is "parallel.sh: when its worker has left it exits 0" $? 0
	unset "pid_worker[7]"
	is "parallel.sh: and the worker is forgotten" "$(labels)" ""
else
	skip "parallel.sh: GNU parallel is not installed"
fi
for tool in flux condor_submit; do skip "$tool is not in Debian 12: its example is held to its form only"; done
ok "nothing is left of any of them" test -z "$(ls -A "$work/tmp")"
done_testing
