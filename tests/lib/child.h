/* SPDX-License-Identifier: GPL-2.0-only */
/* Child processes, and a channel to each. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

/* [0] is the parent's end, [1] the child's; exec closes both. 0 or -errno. */
int child_channel(int channel[2]);
/* fork(); the child dies with this process and keeps only its own end. */
pid_t child_fork(int channel[2]);
/* Waits; returns the exit status, 128 + signal number, or -1 for no such child. */
int child_ended(pid_t pid);
/* Kills the child, and waits; returns what child_ended() does. */
int child_kill(pid_t pid);

bool child_say(int channel, __u32 word);
/* Returns the next message of the other side; 0 after it has gone. */
__u32 child_hear(int channel);
/* Has the other side sent a message, or gone? Does not wait, and leaves the message. */
bool child_has_news(int channel);

/* Send or receive a descriptor. Return 0, or the descriptor; -1 on failure. */
int child_pass(int channel, int fd);
int child_receive(int channel);

#endif
