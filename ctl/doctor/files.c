/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be thought of each FILE: here, beneath whose roots, and at each node. Pure: see doctor.h. */
#include <errno.h>
#include <string.h>

#include "ctl/doctor/doctor.h"
#include "lib/base/text.h"
#include "lib/fastq/kind.h"

#define EXAMPLES "/usr/share/doc/fqcluster-common/examples/fqworkerd.service.d"

static const fq_Node *node_find(const struct doctor_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->nodes_n; i++)
		if (strcmp(facts->nodes[i].name, name) == 0)
			return &facts->nodes[i];
	return NULL;
}

static bool is_beneath(const char *path, const char *root)
{
	size_t n = strlen(root);

	while (n > 0 && root[n - 1] == '/')
		n--;
	return strncmp(path, root, n) == 0 && path[n] == '/' && path[n + 1] != '\0';
}

/* Beneath none of the roots that the node told; where it did not tell all, nobody knows. */
static bool is_outside(const fq_Node *node, const char *path)
{
	if (!node || node->roots_n == 0 || node->roots_n > node->roots_count)
		return false;
	for (pb_size_t i = 0; i < node->roots_count; i++)
		if (is_beneath(path, node->roots[i]))
			return false;
	return true;
}

/* ---- here */

static void advise_here(struct finding *finding, const struct probe_file *file)
{
	switch (-file->why) {
	case EACCES:
	case EPERM:
		finding_advise(finding, "namei -l %s shows who may read it; id shows your groups", TEXT(file->path));
		break;
	case ENOENT:
	case ENOTDIR:
		finding_advise(finding, "ls -l %s; is it spelled right, and its file system mounted here: findmnt -T %s", TEXT(file->path),
		               TEXT(file->path));
		break;
	case ETIMEDOUT:
	case EIO:
	case ESTALE:
		finding_advise(finding, "findmnt -T %s; dmesg | tail; the server of this storage has to answer first", TEXT(file->path));
		break;
	default:
		finding_advise(finding, "ls -l %s", TEXT(file->path));
	}
}

/* ---- at a node */

static void advise_outside(struct finding *finding, const char *node, const char *path)
{
	const char *slash = strchr(path + 1, '/');
	char top[300];

	(void)snprintf(top, sizeof top, "%.*s", slash ? (int)(slash - path) : 1, path);
	finding_advise(finding, "on %s: add \"%s\" to roots in /etc/fqcluster/fqworkerd.conf; below /home also " EXAMPLES "/home.conf; "
	               "systemctl restart fqworkerd", node, TEXT(top));
}

static void advise_there(struct finding *finding, const fq_Probed *row, const char *path)
{
	const char *node = TEXT(row->node);

	switch (row->answer == fq_ProbeAnswer_PROBE_OTHER ? -1 : row->error_number) {
	case -1:
		finding_advise(finding, "here and on %s: findmnt -T %s; stat %s; the same file system has to be mounted on both", node,
		               TEXT(path), TEXT(path));
		break;
	case ENOENT:
	case ENOTDIR:
		finding_advise(finding, "on %s: findmnt -T %s; mount the same file system as here (" EXAMPLES "/mounts.conf makes the "
		               "worker wait for it)", node, TEXT(path));
		break;
	case EACCES:
	case EPERM:
		finding_advise(finding, "on %s: namei -l %s; the user fqcluster has to read it, by a group: " EXAMPLES "/groups.conf "
		               "(SupplementaryGroups=)", node, TEXT(path));
		break;
	case ETIMEDOUT:
	case EIO:
	case ESTALE:
		finding_advise(finding, "on %s: findmnt -T %s; dmesg | tail; its storage does not answer", node, TEXT(path));
		break;
	case ELOOP:
	case EXDEV:
		finding_advise(finding, "on %s: give the path without symbolic links (realpath), or say :links behind the root in "
		               "/etc/fqcluster/fqworkerd.conf", node);
		break;
	default:
		finding_advise(finding, "on %s: findmnt -T %s; namei -l %s; journalctl -u fqworkerd -n 20 says why; so does, to an "
		               "administrator: fqctl probe %s %s", node, TEXT(path), TEXT(path), node, TEXT(path));
	}
}

/* Those of a node that could not be asked are no fault of the file. */
static bool was_asked(const fq_Probed *row)
{
	return row->answer == fq_ProbeAnswer_PROBE_OPENED || row->answer == fq_ProbeAnswer_PROBE_FAILED ||
	       row->answer == fq_ProbeAnswer_PROBE_OTHER || row->answer == fq_ProbeAnswer_PROBE_SILENT;
}

static void judge_at(const struct doctor_facts *facts, const struct doctor_file *file, const fq_Probed *row, bool alone,
                     struct findings *findings)
{
	const char *path = file->file.path;
	const bool outside = is_outside(node_find(facts, row->node), path);
	struct finding *finding;

	if (row->answer == fq_ProbeAnswer_PROBE_OPENED || !was_asked(row))
		return;
	finding = finding_add(findings, "file", alone ? MARK_BAD : MARK_WARN, "%s on %s: %s", TEXT(path), TEXT(row->node),
	                      outside ? "it is beneath none of this node's roots" : SENTENCE(row->text));
	if (outside)
		advise_outside(finding, TEXT(row->node), path);
	else
		advise_there(finding, row, path);
}

static void judge_answers(const struct doctor_facts *facts, const struct doctor_file *file, struct findings *findings)
{
	size_t can = 0, asked = 0;

	for (size_t i = 0; i < file->answers.n; i++) {
		can += file->answers.rows[i].answer == fq_ProbeAnswer_PROBE_OPENED;
		asked += was_asked(&file->answers.rows[i]);
	}
	if (asked == 0)
		finding_add(findings, "file", MARK_SKIP, "%s: there is no node that could be asked for it", TEXT(file->file.path));
	else if (can == asked)
		finding_add(findings, "file", MARK_OK, "%s: %zu of %zu node%s can open it%s", TEXT(file->file.path), can, asked,
		            asked == 1 ? "" : "s", file->file.here ? ", and it is the same there as here" : "");
	else
		finding_add(findings, "file", can == 0 ? MARK_BAD : MARK_WARN, can == 0
		            ? "%s: %zu of %zu nodes can open it as it is here: a job on it fails"
		            : "%s: %zu of %zu nodes can open it as it is here; the others cannot help", TEXT(file->file.path), can, asked);
	for (size_t i = 0; i < file->answers.n; i++)
		judge_at(facts, file, &file->answers.rows[i], can == 0, findings);
}

static void judge_file(const struct doctor_facts *facts, const struct doctor_file *file, struct findings *findings)
{
	char size[16];

	if (!file->file.path) {
		finding_advise(finding_add(findings, "file", MARK_BAD, "%s", file->step.error.text), "ls -l %s", TEXT(file->name));
		return;
	}
	if (file->file.content.class != ERROR_NONE) { /* whether nodes can open it is of no interest */
		finding_advise(finding_add(findings, "file", MARK_BAD, "%s", file->file.content.text), "head -c 100 %s | od -c shows how it begins",
		               TEXT(file->name));
		return;
	}
	if (file->file.here)
		finding_add(findings, "file", MARK_OK, "%s can be read here, %s", TEXT(file->file.path), text_bytes(size, file->file.size));
	else
		advise_here(finding_add(findings, "file", MARK_BAD, "%s", file->file.error.text), &file->file);
	if (file->asked.done && file->asked.r < 0)
		finding_advise(finding_add(findings, "file", MARK_WARN, "%s: the nodes could not be asked: %s", TEXT(file->file.path),
		                           file->asked.error.text), "try again in some seconds: fqctl doctor %s", TEXT(file->name));
	else if (file->asked.done)
		judge_answers(facts, file, findings);
	else if (file->file.here)
		finding_add(findings, "file", MARK_SKIP, "%s: no node was asked for it", TEXT(file->file.path));
}

void judge_files(const struct doctor_facts *facts, struct findings *findings)
{
	for (size_t i = 0; i < facts->files_n; i++)
		judge_file(facts, &facts->files[i], findings);
}
