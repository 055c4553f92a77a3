/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bugs that the simulator's build (tests/sim) can put into the core, to see that it finds them. Elsewhere MUTANT() is false. */
#pragma once

#include <stdbool.h>

/* Bugs put in on purpose, by number, in the simulator's build only: each must be found by it. */
enum coord_mutant {
	MUTANT_NONE = 0,
	MUTANT_REPLY_BEFORE_SAVE, /* a submit is acknowledged before it is durable */
	MUTANT_NO_SEAM,           /* a guessed start is believed */
	MUTANT_NO_STALL,          /* a slice without progress stays with its node for ever */
	MUTANT_NO_CRASH_LIMIT,    /* a slice that kills children is tried for ever */
	MUTANT_LOSE_ON_GONE,      /* slices of a node that went away are not handed out again */
	MUTANT_DRAINED_GETS_WORK, /* a drained node is given slices */
	MUTANT_TOO_MANY,          /* a node is given one slice more than it has slots */
	MUTANT_NO_REOPEN,         /* a slice that was guessed wrong is not handed out again */
	MUTANT_FAULT_UNPROVEN,    /* a fault is believed before the start of its slice is proven */
	MUTANT_FAULT_ORDINAL,     /* the record's number is that within its slice */
	MUTANT_PLAN_NOT_SAVED,    /* how a file is cut is not durable */
	MUTANT_NO_FORGET,         /* counters from a wrong guess stay in the store */
	MUTANT_MERGE_TWICE,       /* a file is merged twice */
	MUTANT_HELD_IGNORED,      /* what a worker brings with it is not believed to be running */
	MUTANT_ANY_LEASE,         /* the end of an old copy is taken for that of the new one */
	MUTANT_LEASES_AGAIN,      /* each start of the coordinator gives the same leases */
	MUTANT_CANCEL_KEEPS,      /* counters of a cancelled file stay in the store */
	MUTANT_IO_FOREVER,        /* a slice that no node can read is tried for ever */
	MUTANT_AGAIN_FORGOTTEN,   /* a file ends without its second counts */
	MUTANT_AGAIN_BY_FIRST,    /* a late result of a first count is taken for the second one */
	MUTANT_AGAIN_KEPT,        /* what a file that ends within its second counts has stored stays in the store */
	MUTANT_AGAIN_LOST,        /* a second count that came back without a result is not handed out again */
	MUTANT_LEAD_FOR_EVER,     /* slices wait for the first one of their file even when it is proven */
	MUTANT_STRAGGLER_NEVER,   /* a slow slice gets no copy */
	MUTANT_STRAGGLER_EARLY,   /* a slice gets a copy although others are to be handed out */
	MUTANT_STRAGGLER_MANY,    /* a slow slice gets copy after copy */
	MUTANT_STRAGGLER_SAME,    /* ... on its own node */
	MUTANT_LOSER_KEEPS,       /* the slower copy is not dropped */
	MUTANT_COPIES_BELIEVED,   /* copies that differ are not noticed */
	MUTANT_COPIES_KEPT,       /* they are noticed, but their nodes go on */
	MUTANT_DRAIN_NOT_SAVED,   /* ... are drained until the next start only */
	MUTANT_AUDIT_NEVER,       /* nothing is audited */
	MUTANT_AUDIT_SAME,        /* by the node that counted it first */
	MUTANT_AUDIT_EARLY,       /* a file is merged before its audits have come */
	MUTANT_AUDIT_FOR_EVER,    /* an audit that is lost is waited for */
	MUTANT_AUDIT_CRASHES,     /* an audit's crash is one of the slice */
	MUTANT_NOT_ALONE,         /* what was lost twice takes others along */
	MUTANT_TROUBLE_FORGOTTEN, /* how often a slice went wrong is not durable */
	MUTANT_CRASH_TWICE,       /* a crash that is told twice counts twice */
	MUTANT_LOSSES_FOR_EVER,   /* a slice is lost without a limit */
	MUTANT_IO_ONCE,           /* one node's I/O error fails the file */
	MUTANT_IO_SAME_NODE,      /* a slice that could not be read is tried there again */
	MUTANT_HOLE,              /* a node that fails where others do not is not drained */
	MUTANT_HOLE_ODD_PATH,     /* it is drained for what lies elsewhere only */
	MUTANT_HOLE_EVER,         /* what it does well does not count for it */
	MUTANT_SUSPECT_WORKS,     /* a node that hangs is given more */
	MUTANT_SUSPECT_FOR_EVER,  /* ... and never again */
	MUTANT_PROOF_TELLS,       /* why a proof failed is told to the submitter */
	MUTANT_PROOF_ONE,         /* the first node that does not see the file fails it */
	MUTANT_UNPROVEN_COUNTS,   /* a node that has another file there is given slices */
	MUTANT_OLD_ALGORITHM,     /* a job of an older algorithm goes on with its old slices */
	MUTANT_ANY_ALGORITHM,     /* results of another algorithm are taken */
	MUTANT_OWNER_FILES,       /* an owner may have any number of files */
	MUTANT_OWNER_SLICES,      /* an owner may have any number of slices */
	MUTANT_CANCEL_ENDS_LATER, /* a cancelled job's last result completes it */
	MUTANT_UNASKED,           /* results of slices that a node was not given are taken */
	MUTANT_HOLD_IGNORED,      /* slices are handed out while the store has no room */
	MUTANT_GENERATION,        /* (the driver's) a state that was put back is taken for the newest */
	MUTANT_CHANGED_ONCE,      /* one node that has another file there fails the file */
	MUTANT_AUDIT_SLOW,        /* an audit is waited for however slow it is */
	MUTANT_SUMS_STAY,         /* what people see of a job does not follow its slices */
	MUTANT_READY_STAYS,       /* a slot that became free is not seen */
	MUTANT_BARRED_LOST,       /* slices that one node cannot read are forgotten for all */
	MUTANT_KEPT_PRINT,        /* a kept result is used for a file that has changed */
	MUTANT_KEPT_OPTIONS,      /* ... for a job that counts something else */
	MUTANT_KEPT_ALGORITHM,    /* ... that was counted with an older algorithm */
	MUTANT_KEPT_PATH,         /* ... for another file that looks the same */
	MUTANT_KEPT_FRESH,        /* ... for a job that wants none */
	MUTANT_KEPT_AT_ONCE,      /* the result of a file that is being written is kept */
	MUTANT_GROUP_PARTIAL,     /* a group is made without a member that failed */
	MUTANT_GROUP_CHANGED,     /* ... with the second count of a file that has changed */
	MUTANT_GROUP_MODULES,     /* second counts are of everything */
	MUTANT_GROUP_RESTART,     /* groups are forgotten at a restart */
	MUTANT_KEPT_NOT_SAVED,    /* the file has no result */
	MUTANT_TRANSIENT_STAYS,   /* a batch job's node that has left stays in the list */
	MUTANT_SPLIT_SCOUT_LOST,  /* a slice whose scout came to nothing is not looked at again */
	MUTANT_SPLIT_SCOUT_SLOW,  /* a scout is waited for however slow it is */
	MUTANT_SPLIT_WINDOW,      /* a slice is counted again with the window of another one */
	MUTANT_SPLIT_KEEPS,       /* counters of slices that did not go together stay in the store */
	MUTANT_SPLIT_BELIEVED,    /* what a slice told of damage is told of the file */
	MUTANT_SPLIT_BLAMED,      /* who decodes what a wrong scout has not told is at fault */
	MUTANT_SPLIT_OLD_NODES,   /* nodes that know nothing of it are given slices of a gzip stream */
	MUTANT_SEEK_FORGOTTEN,    /* after a restart scouts look for what an index has */
	MUTANT_SEEK_STAYS,        /* an index that proved wrong stays for the next job */
	MUTANT_WORD_CRASHES,      /* a slice that always went wrong with one node is given to it up to the limit */
	MUTANT_WORD_DATA,         /* one node's word that the data are at fault fails the file */
	_MUTANT_MAX,
};
#ifdef COORD_MUTANTS
extern enum coord_mutant coord_mutant;
#define MUTANT(which) (coord_mutant == (which))
#else
#define MUTANT(which) false
#endif
