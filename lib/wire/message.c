/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages of fqcluster.proto to and from bytes: see message.h.
 *
 * All that is to be known of a frame type without code is its row in the table: name, C struct,
 * largest payload, and what nanopb does not check by itself (numbers of enums, parts that must be
 * there). nanopb bounds every string and list by fqcluster.options and allocates nothing.
 */
#include "lib/wire/message.h"

#include <assert.h>
#include <errno.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "lib/base/failpoint.h"

#define EXTRA 256 /* bytes of fields that a newer version may have added; they are skipped */

uint32_t message_version(void)
{
	return FAILPOINT_ON("speak-1") ? 1 : PROTO_VERSION;
}

typedef const char *(*check_fn)(const void *message); /* NULL, or what is wrong */

struct row {
	const char *name;
	const pb_msgdesc_t *fields;
	size_t struct_size;
	uint32_t payload_max;
	check_fn check;
};

static const char *check_role(fq_Role role)
{
	return role < fq_Role_ROLE_NONE || role > _fq_Role_MAX ? "its role is unknown" : NULL;
}

static const char *check_peer(const void *message)
{
	return check_role(((const fq_Peer *)message)->role);
}

static const char *check_token_info(const void *message)
{
	return check_role(((const fq_TokenInfo *)message)->role);
}

static const char *check_state(fq_JobState state)
{
	return state < fq_JobState_JOB_PENDING || state > _fq_JobState_MAX ? "its state is unknown"
	                                                                   : NULL;
}

static const char *check_ref(bool has_ref)
{
	return has_ref ? NULL : "it names no slice";
}

static const char *check_joined(const void *message)
{
	return check_role(((const fq_Joined *)message)->role);
}

static const char *check_token(const void *message)
{
	return check_role(((const fq_TokenRequest *)message)->role);
}

static const char *check_hello(const void *message)
{
	const fq_Hello *hello = message;

	if (hello->coordinator.size != 0 && hello->coordinator.size != sizeof hello->coordinator.bytes)
		return "the coordinator's name has a wrong length";
	return check_role(hello->role);
}

static const char *check_welcome(const void *message)
{
	const fq_Welcome *welcome = message;

	if (welcome->nonce.size != 0 && welcome->nonce.size != sizeof welcome->nonce.bytes)
		return "its nonce has a wrong length";
	return check_role(welcome->role);
}

static const char *check_open(const void *message)
{
	const fq_Open *open = message;

	if (open->proof_wanted &&
	    (open->proof_key.size != sizeof open->proof_key.bytes || open->proof.size != sizeof open->proof.bytes))
		return "its proof has a wrong length";
	return NULL;
}

static const char *check_look(const void *message)
{
	const fq_Look *look = message;

	if (look->proof_wanted &&
	    (look->proof_key.size != sizeof look->proof_key.bytes || look->proof.size != sizeof look->proof.bytes))
		return "its proof has a wrong length";
	return NULL;
}

static const char *check_looked(const void *message)
{
	const fq_Looked *looked = message;

	return looked->ends.size != 0 && looked->ends.size != sizeof looked->ends.bytes ? "its fingerprint has a wrong length" : NULL;
}

static const char *check_probe(const void *message)
{
	const fq_Probe *probe = message;

	if (probe->path[0] && probe->uuid.size != sizeof probe->uuid.bytes)
		return "its uuid has a wrong length";
	return probe->proof.size != 0 && probe->proof.size != sizeof probe->proof.bytes ? "its proof has a wrong length" : NULL;
}

static const char *check_probed(const void *message)
{
	const fq_Probed *probed = message;

	if (probed->answer < fq_ProbeAnswer_PROBE_OPENED || probed->answer > _fq_ProbeAnswer_MAX)
		return "its answer is unknown";
	return probed->ends.size != 0 && probed->ends.size != sizeof probed->ends.bytes ? "its fingerprint has a wrong length" : NULL;
}

static const char *check_health(const void *message)
{
	const fq_HealthTold *health = message;

	return health->proof < fq_ProofOf_PROOF_ALL || health->proof > _fq_ProofOf_MAX ? "its proof is unknown" : NULL;
}

static const char *check_cache(const void *message)
{
	const fq_CacheRequest *request = message;

	return request->what < fq_CacheWhat_CACHE_LIST || request->what > _fq_CacheWhat_MAX ? "what it wants is unknown" : NULL;
}

static const char *check_submit_file(const void *message)
{
	const fq_SubmitFile *file = message;

	return file->proof.size != 0 && file->proof.size != sizeof file->proof.bytes ? "its proof has a wrong length" : NULL;
}

static const char *check_opened(const void *message)
{
	const fq_Opened *opened = message;

	return opened->has_error || opened->has_fingerprint
	           ? NULL
	           : "it has neither an error nor a fingerprint";
}

static const char *check_task(const void *message)
{
	const fq_Task *task = message;

	if (task->brief > BRIEF_NUMBER_MAX)
		return "it needs a brief that there cannot be";
	if (task->split != task->ref.split)
		return "its slice is of another plan";
	if (task->ref.scout && (!task->split || task->ref.again))
		return "it is a scout of a file that is not in slices";
	if (task->split && !task->ref.scout && !task->has_point)
		return "it does not say where its text begins";
	return !task->has_fingerprint ? "it has no fingerprint" : check_ref(task->has_ref);
}

static const char *check_brief(const void *message)
{
	const fq_Brief *brief = message;

	if (brief->number == 0 || brief->number > BRIEF_NUMBER_MAX)
		return "its number is unknown";
	return brief->blob_bytes == 0 || brief->blob_bytes > BRIEF_MAX ? "its size cannot be" : NULL;
}

static const char *check_result(const void *message)
{
	return check_ref(((const fq_Result *)message)->has_ref);
}

static const char *check_submit(const void *message)
{
	const fq_Submit *submit = message;

	return submit->split_gzip < fq_SplitGzip_SPLIT_GZIP_DEFAULT || submit->split_gzip > _fq_SplitGzip_MAX
	           ? "whether it splits gzip is unknown"
	           : NULL;
}

static const char *check_progress(const void *message)
{
	return check_ref(((const fq_Progress *)message)->has_ref);
}

static const char *check_crashed(const void *message)
{
	return check_ref(((const fq_Crashed *)message)->has_ref);
}

static const char *check_io_error(const void *message)
{
	return check_ref(((const fq_IoError *)message)->has_ref);
}

static const char *check_plain_ref(const void *message)
{
	return check_ref(((const fq_Ref *)message)->has_ref);
}

static const char *check_job(const void *message)
{
	return check_state(((const fq_Job *)message)->state);
}

static const char *check_file(const void *message)
{
	return check_state(((const fq_File *)message)->state);
}

#define ROW(type, message, check)                                                                  \
	[fq_Type_##type] = {#type, fq_##message##_fields, sizeof(fq_##message),                    \
	                    fq_##message##_size + EXTRA, check}

static const struct row rows[_fq_Type_ARRAYSIZE] = {
    ROW(PING, Empty, NULL),
    ROW(PONG, Empty, NULL),
    ROW(ERROR, Error, NULL),
    [fq_Type_DATA] = {"DATA", NULL, 0, DATA_MAX, NULL},
    ROW(HELLO, Hello, check_hello),
    ROW(WELCOME, Welcome, check_welcome),
    ROW(JOIN, Join, NULL),
    ROW(JOINED, Joined, check_joined),
    ROW(OPEN, Open, check_open),
    ROW(TASK, Task, check_task),
    ROW(RESULT_ACK, Ref, check_plain_ref),
    ROW(DROP, Ref, check_plain_ref),
    ROW(DRAIN, Empty, NULL),
    ROW(RESUME, Empty, NULL),
    ROW(BRIEF, Brief, check_brief),
    ROW(OPENED, Opened, check_opened),
    ROW(PROGRESS, Progress, check_progress),
    ROW(RESULT, Result, check_result),
    ROW(CRASHED, Crashed, check_crashed),
    ROW(IO_ERROR, IoError, check_io_error),
    ROW(RETURN, Ref, check_plain_ref),
    ROW(DRAINING, Empty, NULL),
    ROW(SUBMIT, Submit, check_submit),
    ROW(SUBMIT_FILE, SubmitFile, check_submit_file),
    ROW(STATUS, JobsRequest, NULL),
    ROW(SHOW, JobsRequest, NULL),
    ROW(WAIT, JobsRequest, NULL),
    ROW(FETCH, JobsRequest, NULL),
    ROW(CANCEL, JobsRequest, NULL),
    ROW(NODES, Empty, NULL),
    ROW(NODE_DRAIN, NodeRequest, NULL),
    ROW(NODE_RESUME, NodeRequest, NULL),
    ROW(TOKEN, TokenRequest, check_token),
    ROW(BACKUP, Empty, NULL),
    ROW(PEERS, Empty, NULL),
    ROW(TOKENS, Empty, NULL),
    ROW(REVOKE, RevokeRequest, NULL),
    ROW(ACCEPTED, Accepted, NULL),
    ROW(JOB, Job, check_job),
    ROW(FILE, File, check_file),
    ROW(SLICE, Slice, NULL),
    ROW(FILE_RESULT, FileResult, NULL),
    ROW(NODE, Node, NULL),
    ROW(TOKEN_MADE, TokenMade, NULL),
    ROW(DONE, Empty, NULL),
    ROW(END, Empty, NULL),
    ROW(BACKUP_MADE, BackupMade, NULL),
    ROW(PEER, Peer, check_peer),
    ROW(TOKEN_INFO, TokenInfo, check_token_info),
    ROW(REVOKED, Revoked, NULL),
    ROW(LOOK, Look, check_look),
    ROW(LOOKED, Looked, check_looked),
    ROW(PROBE, Probe, check_probe),
    ROW(PROBED, Probed, check_probed),
    ROW(HEALTH, Empty, NULL),
    ROW(HEALTH_TOLD, HealthTold, check_health),
    ROW(CACHE, CacheRequest, check_cache),
    ROW(CACHED, Cached, NULL),
    ROW(PROFILES, ProfilesRequest, NULL),
    ROW(PROFILE, Profile, NULL),
};

static const struct row *row_of(uint16_t type)
{
	return type < _fq_Type_ARRAYSIZE && rows[type].name ? &rows[type] : NULL;
}

const char *message_name(uint16_t type)
{
	const struct row *row = row_of(type);

	return row ? row->name : "a frame of unknown type";
}

uint32_t message_payload_max(uint16_t type)
{
	const struct row *row = row_of(type);

	return row ? row->payload_max : 0;
}

size_t message_struct_size(uint16_t type)
{
	const struct row *row = row_of(type);

	return row ? row->struct_size : 0;
}

size_t message_struct_size_largest(void)
{
	size_t largest = 0;

	for (size_t i = 0; i < _fq_Type_ARRAYSIZE; i++)
		if (rows[i].struct_size > largest)
			largest = rows[i].struct_size;
	return largest;
}

int message_encode(uint16_t type, const void *message, uint8_t *out, size_t out_size, size_t *ret_n)
{
	static const fq_Empty empty = {0};
	const struct row *row = row_of(type);
	pb_ostream_t stream;

	assert(out && ret_n);
	if (!row || !row->fields)
		return -EINVAL;
	if (!message && row->fields != fq_Empty_fields)
		return -EINVAL;
	stream = pb_ostream_from_buffer(out, out_size);
	if (!pb_encode(&stream, row->fields, message ? message : &empty))
		return -EMSGSIZE;
	*ret_n = stream.bytes_written;
	return 0;
}

int message_decode(uint16_t type, const uint8_t *payload, size_t n, void *ret_message,
                   struct error *err)
{
	const struct row *row = row_of(type);
	pb_istream_t stream = pb_istream_from_buffer(payload, n);
	const char *wrong;

	assert((payload || !n) && ret_message);
	if (!row || !row->fields)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL, "%s (type %u) is no message",
		                 message_name(type), type);
	memset(ret_message, 0, row->struct_size);
	/* Zero bytes are what an absent field is in all of them. */
	if (!pb_decode_ex(&stream, row->fields, ret_message, PB_DECODE_NOINIT))
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent a %s of %zu bytes that cannot be read: %s",
		                 row->name, n, PB_GET_ERROR(&stream));
	wrong = row->check ? row->check(ret_message) : NULL;
	if (wrong)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent a %s that makes no sense: %s", row->name,
		                 wrong);
	return 0;
}
