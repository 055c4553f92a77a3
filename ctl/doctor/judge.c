/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be thought of the way to the coordinator, and of the coordinator itself: facts to findings, and nothing else. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/doctor.h"
#include "lib/base/text.h"
#include "lib/wire/message.h"

#define CLOCK_MS 5000            /* clocks that differ by more are worth a word */
#define DISK_LOW (64ULL << 20)   /* bytes: less is little */
#define DISK_PART 20             /* so is less than this part of the disk */

/* ---- the way to the coordinator */

static void judge_config(const struct doctor_facts *facts, struct findings *findings)
{
	if (facts->config.class != ERROR_NONE)
		finding_advise(finding_add(findings, "config", MARK_BAD, "%s", facts->config.text),
		               "mend that line, then: fqctl doctor --check-config (the rest of this is as if the files were not there)");
	else if (facts->config_files[0])
		finding_add(findings, "config", MARK_OK, "%s", facts->config_files);
	else
		finding_add(findings, "config", MARK_OK, "there is no fqctl.conf, and none is needed");
}

static void judge_way(const struct doctor_facts *facts, struct findings *findings)
{
	if (facts->way == WAY_NONE)
		finding_advise(finding_add(findings, "host", MARK_BAD, "no coordinator is named"),
		               "fqctl doctor -h HOST; for good: export FQ_HOST=HOST, or host = \"HOST\"; in "
		               "~/.config/fqcluster/fqctl.conf");
	else
		finding_add(findings, "host", MARK_OK, "%s, from %s", facts->address, facts->source);
}

static void judge_name(const struct doctor_facts *facts, struct findings *findings)
{
	const struct doctor_step *name = &facts->name;

	if (facts->way != WAY_HOST || !name->done)
		return;
	if (name->r == 0)
		finding_add(findings, "name", MARK_OK, "%s is known", TEXT(facts->host));
	else if (name->r == -ETIMEDOUT)
		finding_advise(finding_add(findings, "name", MARK_BAD, "%s: the name service does not answer", TEXT(facts->host)),
		               "cat /etc/resolv.conf; getent hosts %s; or go by its address: fqctl doctor -h ADDRESS:%u",
		               TEXT(facts->host), facts->port);
	else
		finding_advise(finding_add(findings, "name", MARK_BAD, "%s is unknown: %s", TEXT(facts->host), name->error.text),
		               "getent hosts %s; is it spelled right, and in the DNS or /etc/hosts of this machine?", TEXT(facts->host));
}

static void advise_socket(struct finding *finding, const struct doctor_facts *facts)
{
	if (facts->connect.r == -EACCES)
		finding_advise(finding, "ls -l %s; who may use it is set by SocketMode and SocketGroup in: systemctl edit fqcoordd.socket",
		               TEXT(facts->address));
	else
		finding_advise(finding, "systemctl status fqcoordd.socket fqcoordd; systemctl start fqcoordd.socket; or name a host: "
		               "fqctl doctor -h HOST");
}

static void advise_connect(struct finding *finding, const struct doctor_facts *facts)
{
	switch (-facts->connect.r) {
	case ECONNREFUSED:
		finding_advise(finding, "nobody listens at this port; on %s: systemctl status fqcoordd.socket fqcoordd; ss -ltn "
		               "'sport = :%u'; is the port right (-h HOST:PORT)?", TEXT(facts->host), facts->port);
		break;
	case ETIMEDOUT:
		finding_advise(finding, "the host is off, or a firewall drops what is sent to port %u; ping %s; on it: nft list ruleset; "
		               "systemctl show -p IPAddressAllow fqcoordd.socket", facts->port, TEXT(facts->host));
		break;
	case EHOSTUNREACH:
	case ENETUNREACH:
		finding_advise(finding, "no way leads there from here; ip route get %s; is the network up, or a VPN missing?",
		               TEXT(facts->host));
		break;
	default:
		finding_advise(finding, "ping %s; ip route get %s", TEXT(facts->host), TEXT(facts->host));
	}
}

static void judge_connect(const struct doctor_facts *facts, struct findings *findings)
{
	struct finding *finding;

	if (!facts->connect.done)
		return;
	if (facts->connect.r == 0) {
		finding_add(findings, "connect", MARK_OK, "%s listens", facts->address);
		return;
	}
	finding = finding_add(findings, "connect", MARK_BAD, "%s", facts->connect.error.text);
	if (facts->way == WAY_SOCKET)
		advise_socket(finding, facts);
	else
		advise_connect(finding, facts);
}

/* ---- who is it, and who am I */

static void advise_join(struct finding *finding, const struct doctor_facts *facts)
{
	finding_advise(finding, "on the coordinator, as root: fqctl token --role client; then here: fqctl join %s TOKEN", facts->address);
}

static void judge_wrong_key(const struct doctor_facts *facts, struct findings *findings)
{
	finding_advise(finding_add(findings, "trust", MARK_BAD, "%s", facts->greet.error.text),
	               "another machine may stand between: ask the administrator whether the key was changed; only if so: "
	               "sed -i '/^%s /d' %s && fqctl join %s TOKEN", facts->address, TEXT(facts->known), facts->address);
}

static void judge_denied(const struct doctor_facts *facts, struct findings *findings)
{
	struct finding *finding;

	finding_add(findings, "trust", MARK_OK, facts->way == WAY_HOST ? "the coordinator has the key that is known here"
	                                                               : "the unix socket needs none");
	finding = finding_add(findings, "key", MARK_BAD, "%s", facts->greet.error.text);
	if (facts->way == WAY_HOST)
		advise_join(finding, facts);
}

/* A key file or a file of known coordinators, which the sentence names: its bits, or what is in it. */
static void judge_own_files(const struct doctor_facts *facts, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "trust", MARK_BAD, "%s", facts->greet.error.text);
	const char *slash = strrchr(facts->known, '/');

	if (facts->greet.error.class == ERROR_DENIED)
		finding_advise(finding, "ls -la %.*s: all of it yours, and the key readable by you alone (chmod 600)",
		               slash ? (int)(slash - facts->known) : 1, slash ? TEXT(facts->known) : ".");
	else
		finding_advise(finding, "put the file that is named back from a backup, or move it away and join again: on the coordinator, as root: "
		               "fqctl token --role client; then here: fqctl join %s TOKEN", facts->address);
}

static void judge_greet_failed(const struct doctor_facts *facts, struct findings *findings)
{
	const struct doctor_step *greet = &facts->greet;
	const char *text = greet->error.text;

	if (greet->r == -EKEYREJECTED) {
		judge_wrong_key(facts, findings);
	} else if (greet->r == -ENOKEY || greet->r == -ENOENT) {
		advise_join(finding_add(findings, "trust", MARK_BAD, "%s", text), facts);
	} else if (greet->error.class == ERROR_PROTOCOL) {
		finding_advise(finding_add(findings, "versions", MARK_BAD, "%s", text),
		               "install the same version here and there: apt install ./fqcluster-{common,client}_*.deb; fqctl --version");
	} else if (greet->r == -EREMOTEIO && greet->error.class == ERROR_DENIED) {
		judge_denied(facts, findings);
	} else if (greet->r == -EREMOTEIO) {
		finding_advise(finding_add(findings, "greeting", MARK_BAD, "%s", text), "on the coordinator: systemctl status fqcoordd; "
		               "journalctl -u fqcoordd -n 20");
	} else if (greet->error.class == ERROR_DENIED || greet->error.class == ERROR_CONFIG) {
		judge_own_files(facts, findings);
	} else {
		finding_advise(finding_add(findings, "greeting", MARK_BAD, "%s", text),
		               "something listens there that does not answer as a coordinator does; on it: systemctl status fqcoordd; "
		               "journalctl -u fqcoordd -n 20; is the port right?");
	}
}

static const char *role_in_words(fq_Role role)
{
	return role == fq_Role_ROLE_ADMIN ? "an administrator" : role == fq_Role_ROLE_CLIENT ? "a client" : "of another role";
}

static void judge_greet(const struct doctor_facts *facts, struct findings *findings)
{
	if (!facts->greet.done)
		return;
	if (facts->greet.r < 0) {
		judge_greet_failed(facts, findings);
		return;
	}
	finding_add(findings, "trust", MARK_OK, facts->way == WAY_HOST ? "the coordinator has the key that is known here"
	                                                               : "the unix socket needs none");
	if (facts->told.name[0])
		finding_add(findings, "key", MARK_OK, "you are %s, %s", TEXT(facts->told.name), role_in_words(facts->welcome.role));
	else
		finding_add(findings, "key", MARK_OK, "you are %s", role_in_words(facts->welcome.role));
}

/* ---- versions and clocks */

static void judge_version(const struct doctor_facts *facts, struct findings *findings)
{
	const fq_Welcome *welcome = &facts->welcome;

	if (welcome->proto < facts->proto)
		finding_advise(finding_add(findings, "versions", MARK_WARN,
		                           "the coordinator (%s) speaks protocol %u, this fqctl (%s) also %u: what is newer is not used",
		                           TEXT(welcome->version), welcome->proto, facts->version, facts->proto),
		               "on the coordinator: apt install ./fqcluster-{common,coordinator}_*.deb (running jobs go on)");
	else if (strcmp(welcome->version, facts->version) != 0)
		finding_add(findings, "versions", MARK_WARN, "the coordinator is of version %s, this fqctl of %s; both speak protocol %u",
		            TEXT(welcome->version), facts->version, welcome->proto);
	else
		finding_add(findings, "versions", MARK_OK, "coordinator and fqctl are of version %s, protocol %u", facts->version,
		            welcome->proto);
}

static void judge_clock_of(struct findings *findings, const char *what, const char *than, int64_t ms, uint32_t round_ms)
{
	const uint64_t off = ms < 0 ? -(uint64_t)ms : (uint64_t)ms, unsure = round_ms / 2;

	if (off <= CLOCK_MS + unsure)
		return;
	finding_advise(finding_add(findings, "clocks", MARK_WARN, "the clock of %s is %s by %" PRIu64 ".%" PRIu64 " s against that of %s",
	                           what, ms < 0 ? "slow" : "fast", off / 1000, off % 1000 / 100, than),
	               "times of tokens, jobs and files will look wrong; on the one that is wrong: timedatectl; timedatectl set-ntp true");
}

static void judge_clocks(const struct doctor_facts *facts, struct findings *findings)
{
	const size_t before = findings->n;
	size_t told = 0;

	judge_clock_of(findings, "the coordinator", "this machine", facts->clock_ms, facts->round_ms);
	for (size_t i = 0; i < facts->looks.n; i++) {
		const fq_Probed *row = &facts->looks.rows[i];

		if (!row->clock_told)
			continue;
		told++;
		judge_clock_of(findings, TEXT(row->node), "the coordinator", row->clock_ms, row->round_ms);
	}
	if (findings->n == before)
		finding_add(findings, "clocks", MARK_OK, "here, on the coordinator and on %zu node%s within %d s", told,
		            told == 1 ? "" : "s", CLOCK_MS / 1000);
}

/* ---- the coordinator */

static void judge_disk(const struct doctor_facts *facts, struct findings *findings)
{
	const fq_HealthTold *told = &facts->told;
	char free_text[16], size_text[16];

	(void)text_bytes(free_text, told->disk_free);
	(void)text_bytes(size_text, told->disk_size);
	if (told->disk_full)
		finding_advise(finding_add(findings, "disk", MARK_BAD, "the coordinator's disk is full (%s of %s are free): no job is taken "
		                           "and nothing is handed out", free_text, size_text),
		               "on the coordinator, as root: df -h /var/lib/fqcluster; make room, and it goes on by itself");
	else if (told->disk_size == 0)
		finding_add(findings, "disk", MARK_OK, "the coordinator does not tell how much is free");
	else if (told->disk_free < DISK_LOW || told->disk_free < told->disk_size / DISK_PART)
		finding_advise(finding_add(findings, "disk", MARK_WARN, "the coordinator's disk is nearly full: %s of %s are free",
		                           free_text, size_text),
		               "on the coordinator, as root: df -h /var/lib/fqcluster; make room, or keep ended jobs for a shorter time: "
		               "keep = \"2d\"; in /etc/fqcluster/fqcoordd.conf");
	else
		finding_add(findings, "disk", MARK_OK, "%s of %s are free on the coordinator", free_text, size_text);
}

static void judge_troubles(const struct doctor_facts *facts, struct findings *findings)
{
	const fq_HealthTold *told = &facts->told;

	if (told->slices == 0)
		finding_add(findings, "troubles", MARK_OK, "no slice of a running job had to be counted anew");
	else
		finding_advise(finding_add(findings, "troubles", MARK_WARN,
		                           "%" PRIu64 " slice%s of running jobs ended badly: %" PRIu64 " crashes, %" PRIu64 " losses of a "
		                           "node or its storage", told->slices, told->slices == 1 ? "" : "s", told->crashes, told->losses),
		               "fqctl status; fqctl show --slices ID; on the coordinator: journalctl -u fqcoordd -p warning -n 50");
}

static void judge_proof(const struct doctor_facts *facts, struct findings *findings)
{
	static const char *const words[] = {"everybody has to prove that he can read what he submits",
	                                    "all but administrators have to prove that they can read what they submit",
	                                    "nobody has to prove that he can read what he submits"};

	finding_add(findings, "proof", MARK_OK, "%s", words[facts->told.proof <= fq_ProofOf_PROOF_NONE ? facts->told.proof : 0]);
}

static void judge_coordinator(const struct doctor_facts *facts, struct findings *findings)
{
	judge_version(facts, findings);
	if (facts->welcome.proto < PROTO_PROBES) {
		finding_add(findings, "health", MARK_SKIP,
		            "the coordinator is too old to be asked for clocks, disk, proof, roots and files");
	} else if (facts->health.r < 0) {
		finding_advise(finding_add(findings, "health", MARK_BAD, "%s", facts->health.error.text),
		               "on the coordinator: systemctl status fqcoordd; journalctl -u fqcoordd -n 20");
	} else {
		judge_clocks(facts, findings);
	}
	judge_nodes(facts, findings);
	if (facts->health.done && facts->health.r == 0) {
		judge_disk(facts, findings);
		judge_troubles(facts, findings);
		judge_proof(facts, findings);
	}
}

void doctor_judge(const struct doctor_facts *facts, struct findings *ret)
{
	judge_config(facts, ret);
	judge_way(facts, ret);
	judge_name(facts, ret);
	judge_connect(facts, ret);
	judge_greet(facts, ret);
	if (facts->greet.done && facts->greet.r == 0)
		judge_coordinator(facts, ret);
	else
		finding_add(ret, "cluster", MARK_SKIP, "versions, clocks, nodes, disk and roots: there is nobody to ask");
	judge_files(facts, ret);
}
