/* SPDX-License-Identifier: GPL-2.0-only */
/* Child processes, and a channel to talk with them. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

/* [0] is the parent's end, [1] the child's; both go with exec. 0 or -errno. */
int child_channel(int channel[2]);
/* fork() of one that dies with this process and has only its own end. */
pid_t child_fork(int channel[2]);
/* Its exit status; 128 + the number for a signal; -1 if there is none. */
int child_ended(pid_t pid);

bool child_say(int channel, __u32 word);
/* What the other side says; 0 if it has gone. */
__u32 child_hear(int channel);

/* A message with a descriptor in it; 0, or the descriptor; or -1. */
int child_pass(int channel, int fd);
int child_receive(int channel);

#endif
