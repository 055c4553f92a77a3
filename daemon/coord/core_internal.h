/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the files behind core.h, whose state is in core_state.h:
 *
 *     core.c            new, free, load, step: which event goes where
 *     core_actions.c    the list of actions, and one function for each kind that is emitted
 *     core_node.c       nodes: hello, gone, drained; what each runs
 *     core_job.c        jobs: submit, end, cancel
 *     core_file.c       their files: open, plan, end
 *     core_owner.c      what one owner has unfinished, and may have
 *     core_slice.c      slices: progress and results
 *     core_trouble.c    slices that come back without a result: crashes, losses, I/O errors
 *     core_word.c       what a node says alone, of crashes, losses and data
 *     core_suspect.c    nodes that hang, or fail where others do not
 *     core_straggler.c  copies of slow slices
 *     core_audit.c      copies on purpose
 *     core_copy.c       that copies agree
 *     core_kept.c       files whose result is kept from an earlier job
 *     core_again.c      second counts of slices
 *     core_split.c      gzip streams in slices
 *     core_split_plan.c whether a file is read so
 *     core_scout.c      who inflates slices of those, and keeps their text
 *     core_group.c      groups of files, and second counts of their members
 *     core_schedule.c   who opens and counts what next
 *     core_alone.c      slices that go alone to a node
 *     core_index.c      what is kept beside the state so that an event need not walk over all of it
 *     core_view.c       looking
 *
 * An event changes the state in one of the middle files; what follows for idle nodes is core_schedule.c's, after every step.
 */
#pragma once

#include "daemon/coord/core_state.h"

/* ---- core_actions.c: each appends one action; out of memory is remembered in coord->oom */
struct action *emit(struct coord *coord, enum action_kind kind, uint64_t peer);
void emit_id(struct coord *coord, enum action_kind kind, uint64_t peer, const struct slice_id *id);
void emit_job(struct coord *coord, const struct job *job);
void emit_file(struct coord *coord, const struct file *file);
void emit_slice(struct coord *coord, enum action_kind kind, const struct file *file, uint64_t i);
/* It was counted: to be saved with all that comes with it. */
void emit_counted(struct coord *coord, const struct file *file, uint64_t i, const struct event *event);
void emit_merge(struct coord *coord, enum action_kind kind, const struct file *file);
void emit_trouble(struct coord *coord, const struct file *file, uint64_t i);
void emit_node(struct coord *coord, const struct node *node);
void emit_changed(struct coord *coord, const struct job *job);
void emit_granted(struct coord *coord, uint64_t request, uint64_t job);
void emit_refused(struct coord *coord, uint64_t request, const struct error *error);
void emit_log(struct coord *coord, int level, struct log_about about, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What a line is about: an event (daemon/events.h) and what it happened to; node may be NULL, slice SLICE_ALL. */
struct log_about about_job(int event, const struct job *job);
struct log_about about_slice(int event, const struct file *file, uint64_t slice, const struct node *node);
struct log_about about_node(int event, const struct node *node);

/* ---- core_node.c */
struct node *node_of_name(const struct coord *coord, const char *name);
struct node *node_of_number(const struct coord *coord, uint32_t number);
bool node_takes_work(const struct node *node); /* it is there and not drained; it may be suspect */
struct run *run_find(struct node *node, const struct slice_id *id); /* whatever its lease */
struct run *run_add(struct coord *coord, struct node *node, const struct slice_id *id);
void run_remove(struct coord *coord, struct node *node, struct run *run);
bool node_brought(struct node *node, const struct slice_id *id); /* once */
uint32_t nodes_slots(const struct coord *coord);
void node_hello(struct coord *coord, const struct event *event);
void node_gone(struct coord *coord, struct node *node);
void node_draining(struct coord *coord, struct node *node); /* it says that it is about to end */
void node_drain(struct coord *coord, const struct event *event);
void node_resume(struct coord *coord, const struct event *event);
void node_coming(struct coord *coord, struct node *node); /* EVENT_COMING */
void nodes_forget(struct coord *coord);                      /* when it is due */
uint64_t node_forget_due(const struct node *node);           /* UINT64_MAX: never */
void node_free(struct node *node);
int node_load(struct coord *coord, const char *name, const char *reason);

/* ---- core_job.c */
struct job *job_find(const struct coord *coord, uint64_t id);
uint32_t jobs_from(const struct coord *coord, uint64_t id); /* place of the first with this id or a higher one */
struct file *file_find(const struct coord *coord, uint64_t job, uint32_t file, struct job **ret_job);
int job_add(struct coord *coord, const struct job_row *row, struct job **ret);
void job_free(struct coord *coord, struct job *job);
void jobs_reap(struct coord *coord);
void job_submit(struct coord *coord, const struct event *event);
void job_cancel(struct coord *coord, const struct event *event);
void job_begin(struct coord *coord, struct job *job); /* if it is not */
void job_end_if_done(struct coord *coord, struct job *job);
/* The level for a line about something that went wrong with the job: level, or after some of them that of details. */
int job_trouble(struct coord *coord, struct job *job, int level);
void job_renew(struct coord *coord, struct job *job); /* with the present algorithm, from the beginning */

/* ---- core_file.c */
int file_plan(struct coord *coord, struct job *job, struct file *file, struct error *err);
void file_opened(struct coord *coord, const struct event *event);
void file_open_failed(struct coord *coord, struct job *job, struct file *file, struct node *node, int error_number,
                      const struct error *error);
/* It is to be opened by some node (again). */
void file_unopened(struct coord *coord, struct job *job, const struct file *file);
/* The node that was asked to open it need not answer any more, or has. */
void open_end(struct coord *coord, struct file *file);
/* No node that is there can open it. */
void file_open_fail(struct coord *coord, struct job *job, struct file *file);
/* Its row, which says how, is saved; nobody counts it any more. */
void file_end(struct coord *coord, struct job *job, struct file *file);
void file_fail(struct coord *coord, struct job *job, struct file *file, const struct error *error);
void file_merged(struct coord *coord, const struct event *event);
int file_fail_add(struct file *file, uint64_t slice, const struct node *node, int error_number);
/* Also where it failed with all of the file. */
bool file_failed_on(const struct file *file, uint64_t slice, const char *node);
bool file_failed_so(const struct file *file, uint64_t slice, int error_number); /* on some node, with exactly that */
bool errno_lacks(int error_number); /* it says that the node does not have the file, not that reading goes wrong */
void file_release(struct coord *coord, struct job *job, struct file *file);
void runs_drop(struct coord *coord, struct job *job, const struct file *file);

/* ---- core_owner.c */
int owner_add(struct coord *coord, struct job *job);
void owner_remove(struct coord *coord, struct job *job);
int owner_check(const struct coord *coord, const struct job_row *row, struct error *err); /* may it submit this too? */
bool owner_full(const struct coord *coord, const struct owner *owner); /* of slices */
uint64_t owner_slice_size(struct coord *coord, struct job *job, const struct file *file, uint64_t size); /* so large, or larger */

/* ---- core_slice.c */
void slice_progress(struct coord *coord, const struct event *event);
void slice_result(struct coord *coord, const struct event *event);
/* The unfinished file and slice that an event of a worker is about, or NULL. */
struct file *slice_file(struct coord *coord, const struct slice_id *id, struct job **ret_job);
/* Whether a node's count of it would be of use: the slice is not counted, or not for a second time, as id says. */
bool slice_wanted(const struct file *file, const struct slice_id *id);
/* Whether it is to be handed out. */
bool slice_open(const struct file *file, uint64_t i);
bool run_end(struct coord *coord, uint64_t peer, const struct slice_id *id, struct run *ret_run);
void others_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i);
/* It was taken from the node, whose result may yet come. */
void slice_taken(struct file *file, uint64_t i, uint64_t lease, const struct node *node);
bool is_taken(const struct file *file, const struct node *node, const struct slice_id *id); /* under this lease, as the last one */
bool was_taken(struct file *file, const struct node *node, const struct slice_id *id);      /* ... once: its end is here */
/* The node runs it no more, and it is removed from the node's list. */
void run_stopped(struct coord *coord, const struct run *run);
/* What the chain says after a change: merge, or fail. */
void file_advance(struct coord *coord, struct job *job, struct file *file);

/* ---- core_trouble.c */
void slice_crashed(struct coord *coord, const struct event *event);
bool crash_known(const struct slice *slice, const struct slice_id *id);
void slice_io_error(struct coord *coord, const struct event *event);
void slice_returned(struct coord *coord, const struct event *event);
/* The node does not count it any more and has no result: a loss. The run is removed by the caller. */
void run_lost(struct coord *coord, const struct run *run, const struct node *node);
/*
 * The node is not at the slice any more, however that ended. What nobody can be given, now or when those that are gone or drained come
 * back, is not waited for: this slice, or one that is open again by what was told of it.
 */
void slice_ended(struct coord *coord, const struct slice_id *id, const struct node *node);
/*
 * Whether some node that is there, speaks at least this protocol and counts as the job asks for has not failed with the slice (SLICE_ALL:
 * with all of the file).
 */
bool node_left(const struct coord *coord, const struct job *job, const struct file *file, uint64_t slice, uint32_t proto);
/* What the node told of it cannot be: dealt with as what cannot be read there. */
void slice_absurd(struct coord *coord, struct job *job, struct file *file, uint64_t i, struct node *node);
void io_error(struct coord *coord, struct job *job, struct file *file, uint64_t slice, struct node *node, int error_number,
              const struct error *error);

/* ---- core_word.c */
void word_by(struct slice *slice, uint64_t *by, const struct node *node); /* it, one of the slice's two, happened with this node, too */
bool word_spent(const struct coord *coord, const struct slice *slice, const struct node *node); /* all troubles but the last were its */
/* Whether a witness is there who is none of these, and may be given the slice (SLICE_ALL: asked to open the file). */
bool word_other_left(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, uint64_t who);
/* Whether the node is not to be given the slice: it failed with it, or had all troubles with it alone, and others are there. */
bool slice_barred(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, const struct node *node);
/* Whether this error of the slice, or (SLICE_ALL) the file, is believed: told by two witnesses, or by two nodes and no other is left. */
bool word_agreed(const struct coord *coord, const struct job *job, const struct file *file, uint64_t slice, int error_number);
/* The data of the slice at `proven` are at fault, says who counted it (NULL: not known). True: it is open again, for others. */
bool word_doubted(struct coord *coord, struct job *job, struct file *file, const struct node *teller);
/* Nobody else is left who could say what file->doubt says. */
bool word_is_all(const struct coord *coord, const struct job *job, const struct file *file);
void words_settle(struct coord *coord); /* at the end of a step: where nodes have left, a doubt may be all there is to be had */

/* ---- core_suspect.c */
void node_stalls(struct coord *coord); /* when it is due */
void node_suspect(struct coord *coord, struct node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
void node_answers(struct coord *coord, struct node *node); /* it made progress, or had an answer */
/* Whether it may be given something new now: one that is suspect has one chance when it was so for a while. */
bool node_takes_new(const struct coord *coord, const struct node *node);
/* The coordinator drains it itself, durably; a person resumes it. */
void node_retire(struct coord *coord, struct node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Takes from it what it counts: what comes from it is not believed. */
void node_distrust(struct coord *coord, struct node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The node opened the file (SLICE_ALL), or counted the slice: those that could not are at fault. */
void node_succeeded(struct coord *coord, struct node *node, struct file *file, uint64_t slice);
void node_failed_alone(struct coord *coord, struct node *node, const struct file *file, uint64_t slice);

/* ---- core_straggler.c */
void slice_paced(struct coord *coord, struct job *job, const struct file *file, const struct run *run); /* it was counted */
/* Whether it is time to look for them; slow audits are dropped then. */
bool stragglers_look(struct coord *coord);
void schedule_stragglers(struct coord *coord, const struct node *emptied);
uint64_t stragglers_deadline(const struct coord *coord);

/* ---- core_audit.c */
void audit_add(struct coord *coord, struct job *job, struct file *file, uint64_t slice); /* if it is one of those chosen */
uint64_t audit_take(const struct file *file, const struct node *node);                  /* chain.n: none */
void audit_begun(struct coord *coord, struct job *job, struct file *file, uint64_t slice);
void audit_end(struct coord *coord, struct job *job, struct file *file, uint64_t slice); /* its result has come, or will not */
/* Forgets those that no node can do. */
void audits_review(struct coord *coord, struct job *job, struct file *file);
/* At the end of a step: the same where nodes have changed; and files go on that have no audit left. */
void audits_settle(struct coord *coord);

/* ---- core_copy.c */
/* Whether this result contradicts the one that was taken; then the file has failed and both nodes are drained. */
bool copies_disagree(struct coord *coord, struct job *job, struct file *file, const struct event *event);
void counted_by(struct coord *coord, struct file *file, const struct event *event); /* it was taken */

/* ---- core_kept.c */
void file_use_kept(struct coord *coord, struct file *file, uint64_t kept); /* its result is that one */
void file_kept(struct coord *coord, struct job *job, struct file *file, const struct event *event); /* ... ends with it */

/* ---- core_again.c */
void again_begin(struct coord *coord, struct job *job, struct file *file, const struct event *event);
struct again_slice *again_find(const struct file *file, uint64_t slice); /* NULL: not to be counted again */
uint64_t again_take(const struct coord *coord, const struct job *job, struct file *file, const struct node *node, bool *ret_barred);
void again_opened(struct file *file, uint64_t slice);
void again_result(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event);
void again_task(const struct file *file, uint64_t slice, struct action *action);

/* ---- core_split.c */
bool split_leads(const struct file *file); /* as chain_leads() */
void split_follow(struct file *file, uint64_t from, uint64_t to); /* the file's chain, for links [from, to) */
void split_task(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, struct action *action);
/* As chain_offer(). *ret_absurd: it is none that can be. */
enum chain_outcome split_offer(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event,
                               bool *ret_used, bool *ret_absurd);
void split_inflated(struct coord *coord, struct job *job, struct file *file, const struct event *event); /* a scout's result */
void split_pointed(struct coord *coord, const struct event *event);
void seek_wrong(struct coord *coord, struct file *file); /* its index is of no use any more, to nobody */
void split_load(struct coord *coord, struct file *file, const struct slice_row *row);
void split_load_point(struct coord *coord, struct job *job, struct file *file, const struct event *point);
void split_loaded(struct coord *coord, struct file *file); /* an index that is wrong, or gone, goes */
/* Something else than an offer may have changed: a scout came to nothing, a text is lost, a slice goes alone. */
void split_look(struct coord *coord, struct job *job, struct file *file);
bool split_seam_valid(const struct file *file, const struct slice_task *task, enum slice_outcome outcome, const struct slice_seam *seam);

/* ---- core_split_plan.c */
enum file_way split_way(const struct coord *coord, const struct job *job, const struct file *file, uint64_t seek_size,
                        uint64_t *ret_slice_size);
uint64_t file_slices(const struct file_row *row, uint64_t slice_size); /* into how many it is cut */
int split_plan(struct coord *coord, struct file *file, struct error *err);
void split_release(struct coord *coord, struct file *file);
/* Its slices do not go together: it is counted anew, in one. */
void split_give_up(struct coord *coord, struct job *job, struct file *file);
void splits_settle(struct coord *coord); /* at the end of a step */
void splits_wake(struct coord *coord); /* more of them may be handed out now */

/* ---- core_scout.c */
uint64_t split_ahead(const struct coord *coord, const struct file *file); /* slices from there on are not inflated yet */
bool node_counts(const struct node *node, const struct job *job, const struct file *file); /* it can, if it may */
struct node *text_holder(const struct coord *coord, const struct file *file, uint64_t i); /* NULL: nobody keeps it */
void text_keep(struct file *file, uint64_t i, struct node *node);
void text_gone(struct coord *coord, struct file *file, uint64_t i); /* who kept it has forgotten it */
void text_drop(struct coord *coord, struct file *file, uint64_t i); /* and is told to */
void texts_gone(struct coord *coord, struct node *node);            /* all that it kept */
void scouts_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i); /* who inflates it need not go on */
void scouts_overdue(struct coord *coord);
void scout_send(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i);
/* The file's next slice to be counted by the node, or to be inflated (*ret_scout), or chain.n; *ret_barred as in file_take(). */
uint64_t split_take(struct coord *coord, const struct job *job, const struct file *file, const struct node *node, bool leads,
                    bool *ret_barred, bool *ret_scout);

/* ---- core_group.c */
uint32_t groups_rows(const struct group *groups, uint32_t n);
int groups_make_rows(struct job *job, const struct group *groups, uint32_t n); /* behind the inputs' rows. -ENOMEM; -EINVAL */
int groups_link(struct job *job); /* once all rows are there. -EINVAL: they make no sense */
void groups_loaded(struct coord *coord, struct job *job);
void group_row_ended(struct coord *coord, struct job *job, struct file *file); /* any row of a job with groups, whose end is saved */
struct file *group_member(struct job *job, const struct file *group, uint32_t k); /* from 0, in order */
void group_again(struct coord *coord, struct job *job, struct file *group, const struct event *event);
bool file_held(const struct file *file); /* nothing of it is to be opened or handed out now */
bool second_changed(struct job *job, const struct file *file, const struct file_facts *facts); /* since it was counted first */

/* ---- core_schedule.c */
void schedule(struct coord *coord);
bool takeable(const struct file *file, uint64_t i);
uint32_t slots_free(const struct coord *coord, const struct node *node);
void hand_out(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i);

/* ---- core_alone.c */
#define LOSSES_ALONE 2
bool slice_alone(const struct file *file, uint64_t i);
/* Once, when it was lost so often. */
void alone_add(struct coord *coord, struct job *job, struct file *file, uint64_t i);
/* Hands out what goes alone as far as nodes are empty. The node that is to become empty for the next one, or NULL. */
struct node *schedule_alone(struct coord *coord);

/* ---- core_index.c */
void node_peer_set(struct coord *coord, struct node *node, uint64_t peer); /* 0: it is down */
struct node *node_of_peer(const struct coord *coord, uint64_t peer);
void node_refresh(struct coord *coord, struct node *node); /* its runs or OPENs have changed */
void nodes_change(struct coord *coord);  /* something else of some node has: who may be given what is looked at anew */
void nodes_refresh(struct coord *coord);
struct node *node_freest(struct coord *coord); /* of those with free slots; NULL: none has */
void due_by(struct coord *coord, uint64_t ms); /* something is to be looked at then, or later */
void work_set(struct coord *coord, struct job *job, const struct file *file);
void work_clear(struct coord *coord, struct job *job, uint32_t file);
uint32_t work_next(struct job *job, uint32_t file); /* the first one from there on; row.files: none */
void file_sums(const struct file *file, struct sums *ret);
void file_changed(struct job *job, struct file *file); /* whatever of it is in the sums */
