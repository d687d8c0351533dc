// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

int child_channel(int channel[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) ?
	       -errno : 0;
}

pid_t child_fork(int channel[2])
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(channel[0]);
	}
	return pid;
}

int child_ended(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

int child_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	return child_ended(pid);
}

bool child_say(int channel, __u32 word)
{
	return send(channel, &word, sizeof(word), MSG_NOSIGNAL) == sizeof(word);
}

__u32 child_hear(int channel)
{
	__u32 word;

	return read(channel, &word, sizeof(word)) == sizeof(word) ? word : 0;
}

bool child_has_news(int channel)
{
	struct pollfd news = { .fd = channel, .events = POLLIN };

	return poll(&news, 1, 0) > 0;
}

/* A message of one byte, with room for one descriptor. */
struct passing {
	struct iovec iov;
	struct msghdr message;
	char control[CMSG_SPACE(sizeof(int))];
	char byte;
};

static struct msghdr *passing_message(struct passing *passing)
{
	*passing = (struct passing){
		.iov = { &passing->byte, 1 },
		.message = {
			.msg_iov = &passing->iov,
			.msg_iovlen = 1,
			.msg_control = passing->control,
			.msg_controllen = sizeof(passing->control),
		},
	};
	return &passing->message;
}

int child_pass(int channel, int fd)
{
	struct passing passing;
	struct msghdr *message = passing_message(&passing);
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(channel, message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int child_receive(int channel)
{
	struct passing passing;
	struct msghdr *message = passing_message(&passing);
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(channel, message, 0) != 1)
		return -1;
	header = CMSG_FIRSTHDR(message);
	if (header)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}
