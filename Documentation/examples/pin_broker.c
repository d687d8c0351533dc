// SPDX-License-Identifier: GPL-2.0-only
/*
 * A broker keeps a device's memory pinned while the process that drives the device
 * restarts.
 *
 * usage: pin_broker SOCKET            keep memory and pins until killed
 *        pin_broker SOCKET worker     get them, and wait until killed
 *
 * The broker opens /dev/noiommu and allocates huge pages. It hands both descriptors to
 * each worker that connects. The first worker pins the memory, which may take a while.
 * The next worker finds the memory unchanged, at the same addresses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/noiommu.h>

#define HUGE (2UL << 20)
/* Two pins: the rings of a device, and its buffers. */
#define RINGS_SIZE HUGE
#define BUFFERS_SIZE (4 * HUGE)
#define MEMORY_SIZE (RINGS_SIZE + BUFFERS_SIZE)
#define MAX_PINS 2
/* An address that is free in every process, wherever its libraries are. */
#define MEMORY_AT ((void *)(1UL << 44))
#define MAX_EXTENTS (MEMORY_SIZE / HUGE)

/* The descriptors that the broker keeps. */
enum { NOIOMMU, MEMORY, KEPT };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(const char *path, struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	if (strlen(path) >= sizeof(address->sun_path)) {
		fprintf(stderr, "%s: too long\n", path);
		exit(2);
	}
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	strcpy(address->sun_path, path);
	return fd;
}

/* A message with room for the descriptors. */
struct message {
	struct msghdr header;
	struct iovec iov;
	char byte;
	union {
		char buffer[CMSG_SPACE(KEPT * sizeof(int))];
		struct cmsghdr align;
	} control;
};

static void prepare(struct message *message)
{
	memset(message, 0, sizeof(*message));
	message->iov.iov_base = &message->byte;
	message->iov.iov_len = 1;
	message->header.msg_iov = &message->iov;
	message->header.msg_iovlen = 1;
	message->header.msg_control = message->control.buffer;
	message->header.msg_controllen = sizeof(message->control.buffer);
}

/* --- The broker -------------------------------------------------------------- */

static void hand_over(int worker, const int *kept)
{
	struct message message;
	struct cmsghdr *control;

	prepare(&message);
	control = CMSG_FIRSTHDR(&message.header);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(KEPT * sizeof(int));
	memcpy(CMSG_DATA(control), kept, KEPT * sizeof(int));
	/* Only report: a worker that has gone away meanwhile may connect again. */
	if (sendmsg(worker, &message.header, MSG_NOSIGNAL) != 1)
		perror("sendmsg");
}

/* Whoever connects to the socket gets access to all memory, so only root may connect. */
static int serve(const char *path)
{
	struct sockaddr_un address;
	int kept[KEPT], listener, worker;

	kept[NOIOMMU] = open("/dev/noiommu", O_RDWR | O_CLOEXEC);
	if (kept[NOIOMMU] < 0)
		fail("/dev/noiommu");
	kept[MEMORY] = memfd_create("pin_broker", MFD_CLOEXEC | MFD_HUGETLB);
	if (kept[MEMORY] < 0 || ftruncate(kept[MEMORY], MEMORY_SIZE))
		fail("memfd_create");

	listener = open_socket(path, &address);
	unlink(path);
	umask(0077);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 1))
		fail(path);
	while ((worker = accept(listener, NULL, NULL)) >= 0) {
		hand_over(worker, kept);
		close(worker);
	}
	fail("accept");
	return 1;
}

/* --- The worker -------------------------------------------------------------- */

static struct noiommu_pin_info pins[MAX_PINS];
static struct noiommu_extent extents[MAX_EXTENTS];

static void receive(const char *path, int *kept)
{
	struct sockaddr_un address;
	int fd = open_socket(path, &address);
	struct message message;
	struct cmsghdr *control;

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		fail(path);
	prepare(&message);
	if (recvmsg(fd, &message.header, MSG_CMSG_CLOEXEC) != 1)
		fail("recvmsg");
	control = CMSG_FIRSTHDR(&message.header);
	if (!control || control->cmsg_len != CMSG_LEN(KEPT * sizeof(int))) {
		fprintf(stderr, "the broker sent something else\n");
		exit(1);
	}
	memcpy(kept, CMSG_DATA(control), KEPT * sizeof(int));
	close(fd);
}

/* Returns the number of pins. */
static unsigned int list(int noiommu)
{
	struct noiommu_list_pins cmd = {
		.size = sizeof(cmd),
		.pins = (uintptr_t)pins,
		.extents = (uintptr_t)extents,
		.nr_pins = MAX_PINS,
		.nr_extents = MAX_EXTENTS,
	};

	if (ioctl(noiommu, NOIOMMU_LIST_PINS, &cmd))
		fail("NOIOMMU_LIST_PINS");
	return cmd.nr_pins;
}

static void pin(int noiommu, void *va, size_t length)
{
	struct noiommu_pin cmd = {
		.size = sizeof(cmd),
		.flags = NOIOMMU_ACCESS_WRITE,
		.va = (uintptr_t)va,
		.length = length,
	};

	if (ioctl(noiommu, NOIOMMU_PIN, &cmd))
		fail("NOIOMMU_PIN");
}

static void unpin(int noiommu, __u32 id)
{
	struct noiommu_unpin cmd = { .size = sizeof(cmd), .id = id };

	if (ioctl(noiommu, NOIOMMU_UNPIN, &cmd))
		fail("NOIOMMU_UNPIN");
}

static char *map(int memory, void *where)
{
	char *va = mmap(where, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED_NOREPLACE, memory, 0);

	if (va == MAP_FAILED)
		fail("mmap");
	return va;
}

/* Returns the address where the worker that pinned the memory had mapped it. */
static void *first_address(void)
{
	return (void *)(uintptr_t)(pins[0].va < pins[1].va ? pins[0].va :
				   pins[1].va);
}

/*
 * Maps the memory, and pins it unless both pins exist. A single pin is useless: its worker
 * was killed between its two pins.
 */
static char *get_memory(const int *kept)
{
	unsigned int count = list(kept[NOIOMMU]);
	char *rings;

	if (count == MAX_PINS)
		return map(kept[MEMORY], first_address());
	while (count--)
		unpin(kept[NOIOMMU], pins[count].id);
	rings = map(kept[MEMORY], MEMORY_AT);
	pin(kept[NOIOMMU], rings, RINGS_SIZE);
	pin(kept[NOIOMMU], rings + RINGS_SIZE, BUFFERS_SIZE);
	list(kept[NOIOMMU]);
	printf("pinned now\n");
	return rings;
}

static void print_pins(void)
{
	const struct noiommu_extent *extent = extents;
	unsigned int i, j;

	for (i = 0; i < MAX_PINS; i++) {
		printf("pin %u: %#llx bytes at %#llx are at", pins[i].id,
		       (unsigned long long)pins[i].length,
		       (unsigned long long)pins[i].va);
		for (j = 0; j < pins[i].nr_extents; j++, extent++)
			printf(" %#llx+%#llx", (unsigned long long)extent->phys,
			       (unsigned long long)extent->length);
		printf("\n");
	}
}

static int work(const char *path)
{
	int kept[KEPT];
	char *memory;

	receive(path, kept);
	memory = get_memory(kept);
	print_pins();
	/* A real worker would open the device here, and drive it. */
	printf("worker %d has the memory\n", ++*(int *)memory);
	fflush(stdout);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return serve(argv[1]);
	if (argc == 3 && !strcmp(argv[2], "worker"))
		return work(argv[1]);
	fprintf(stderr, "usage: pin_broker SOCKET [worker]\n");
	return 2;
}
