/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What control groups leave of a machine: trees as kernels show them, and such as none should. */
#include "lib/base/confines.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define MIB (UINT64_C(1) << 20)

static char folder[64] = "/tmp/fq-confines-XXXXXX";
static char root[128];
static unsigned int roots;

/* An empty tree. */
static void begin(void)
{
	(void)snprintf(root, sizeof root, "%s/%u", folder, ++roots);
	(void)mkdir(root, 0700);
}

static void put(const char *path, const char *text)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char whole[512];

	(void)snprintf(whole, sizeof whole, "%s/%s", root, path);
	for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(whole, 0700);
		*slash = '/';
	}
	file = fopen(whole, "we");
	if (!file || fputs(text, file) < 0)
		ok(false, "%s cannot be written: %s", whole, strerror(errno));
}

static struct confines look(void)
{
	struct confines confines;

	confines_read(root, &confines);
	return confines;
}

static void test_v2(void)
{
	begin();
	put("proc/self/cgroup", "0::/system.slice/slurmstepd.scope/job_7/step_batch\n");
	put("proc/self/mountinfo", "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	                           "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
	is_u64(look().memory, 0, "without files no limit of memory");
	is_u64(look().quota, 0, "nor of processors");
	put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_batch/memory.max", "max\n");
	put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_batch/cpu.max", "max 100000\n");
	is_u64(look().memory, 0, "\"max\" is no limit of memory");
	is_u64(look().quota, 0, "nor of processors");
	put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/memory.max", "2147483648\n");
	put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/cpu.max", "250000 100000\n");
	is_u64(look().memory, 2048 * MIB, "the limit of the job holds for its step");
	is_u64(look().quota, 2500, "so does its quota");
	put("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
	put("sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
	is_u64(look().memory, 1024 * MIB, "the least of all groups above");
	is_u64(look().quota, 500, "half a processor");
	put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_batch/memory.max", "536870912\n");
	is_u64(look().memory, 512 * MIB, "and its own");
	put("sys/fs/cgroup/memory.max", "268435456\n");
	is_u64(look().memory, 256 * MIB, "the mount point's too, as in a container");
	put("sys/fs/memory.max", "1\n");
	is_u64(look().memory, 256 * MIB, "nothing above it is a group");
}

static void test_v1(void)
{
	begin();
	put("proc/self/cgroup", "9:name=systemd:/\n5:cpu,cpuacct:/slurm/job_7\n4:memory:/slurm/uid_1000/job_7\n1:cpuset:/x\n");
	put("proc/self/mountinfo", "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
	                           "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	                           "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	put("sys/fs/cgroup/cpuset/x/cpu.cfs_quota_us", "1\n");
	put("sys/fs/cgroup/cpuset/x/cpu.cfs_period_us", "100000\n");
	put("sys/fs/cgroup/memory/slurm/uid_1000/job_7/memory.limit_in_bytes", "9223372036854771712\n");
	put("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us", "-1\n");
	put("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us", "100000\n");
	is_u64(look().memory, 0, "v1: the largest number is no limit");
	is_u64(look().quota, 0, "nor is -1, or what a hierarchy of another controller has");
	put("sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "1073741824\n");
	put("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "300000\n");
	put("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "200000\n");
	is_u64(look().memory, 1024 * MIB, "a limit above");
	is_u64(look().quota, 1500, "one and a half processor");
}

/* Both at once, and a container that sees a part of the tree. */
static void test_mixed(void)
{
	begin();
	put("proc/self/cgroup", "4:memory:/kubepods/pod1/c1\n0::/kubepods/pod1/c1\n");
	put("proc/self/mountinfo", "35 31 0:32 /kubepods/pod1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	                           "41 31 0:38 /elsewhere /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	put("sys/fs/cgroup/memory/c1/memory.limit_in_bytes", "1073741824\n");
	put("sys/fs/cgroup/unified/cpu.max", "400000 100000\n");
	is_u64(look().memory, 1024 * MIB, "the part of the path below what is mounted");
	is_u64(look().quota, 4000, "where nothing fits, the mount point is the group");
	put("proc/self/cgroup", "0::/../../other\n");
	put("sys/fs/cgroup/unified/memory.max", "536870912\n");
	is_u64(look().memory, 512 * MIB, "a group outside of the namespace: the mount point");
}

static void test_nonsense(void)
{
	static const char *const groups[] = {"", "\n", "::\n", "0:\n", "0::x\n", "4:memory\n", "0::/a", "0::/a/b/c/d\n", "99999"};
	static const char *const mounts[] = {
		"", " - \n", "1 - cgroup2 cgroup2 rw\n", "30 22 0:26 / - cgroup2 cgroup2 rw\n", "30 22 0:26 / /m rw - cgroup2\n",
		"30 22 0:26 / /m rw - cgroup2 cgroup2\n", "30 22 0:26 / /m rw cgroup2 cgroup2 rw\n"};
	static const char *const quotas[] = {"", "max", "1", "x 100000", "1 x", "1 0", "0 100000", "-1 100000", "18446744073709551615 1", "1 "};
	struct confines confines;

	begin();
	is_u64(look().memory, 0, "an empty machine has no limits");
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		for (size_t k = 0; k < sizeof mounts / sizeof *mounts; k++) {
			put("proc/self/cgroup", groups[i]);
			put("proc/self/mountinfo", mounts[k]);
			confines = look();
			if (confines.memory != 0 || confines.quota != 0)
				ok(false, "group %zu, mount %zu: a limit came from nowhere", i, k);
		}
	}
	put("proc/self/cgroup", "0::/a\n");
	put("proc/self/mountinfo", "30 22 0:26 / /m rw - cgroup2 cgroup2 rw\n");
	for (size_t i = 0; i < sizeof quotas / sizeof *quotas; i++) {
		put("m/a/cpu.max", quotas[i]);
		is_u64(look().quota, 0, "cpu.max \"%s\" is no limit", quotas[i]);
	}
	put("m/a/cpu.max", "1 1000000");
	is_u64(look().quota, 1, "the smallest part is not none");
	put("m/a/memory.max", "0\n");
	is_u64(look().memory, 0, "0 bytes is no limit by which anything could run");
	put("m/a/memory.max", "99999999999999999999\n");
	is_u64(look().memory, 0, "too large a number is none");
}

static void test_cores(void)
{
	cpu_set_t before, one;

	begin();
	if (sched_getaffinity(0, sizeof before, &before) < 0) {
		skip("the mask of this machine is not to be had");
		return;
	}
	is_u64(look().cores, (uint64_t)CPU_COUNT(&before), "the cores of the mask");
	CPU_ZERO(&one);
	for (int i = 0; CPU_COUNT(&one) == 0 && i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	is_int(sched_setaffinity(0, sizeof one, &one), 0, "bound to one core");
	is_u64(look().cores, 1, "there is one, however many the machine has");
}

int main(void)
{
	char remove[80];

	if (!mkdtemp(folder))
		return skip_all("no folder can be made");
	test_v2();
	test_v1();
	test_mixed();
	test_nonsense();
	test_cores();
	(void)snprintf(remove, sizeof remove, "rm -rf %s", folder);
	is_int(system(remove), 0, "tidied up");
	return done_testing();
}
