// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mappings.h"
#include "memory.h"
#include "userfault.h"

static int map_twice(struct userfault *userfault)
{
	int memfd = memfd_create("minor", MFD_CLOEXEC);

	if (memfd < 0 || ftruncate(memfd, userfault->length))
		return -errno;
	userfault->memory = mmap(NULL, userfault->length, PROT_READ | PROT_WRITE,
				 MAP_SHARED, memfd, 0);
	userfault->other = mmap(NULL, userfault->length, PROT_READ | PROT_WRITE,
				MAP_SHARED, memfd, 0);
	close(memfd);
	if (userfault->memory == MAP_FAILED || userfault->other == MAP_FAILED)
		return -errno;
	memset(userfault->other, USERFAULT_BYTE, userfault->length);
	return 0;
}

static int map(struct userfault *userfault)
{
	if (userfault->mode == UFFDIO_REGISTER_MODE_MINOR)
		return map_twice(userfault);
	userfault->memory = mapping_create(MAPPING_SMALL, userfault->length,
					   NULL);
	if (userfault->memory == MAP_FAILED)
		return -errno;
	if (userfault->mode == UFFDIO_REGISTER_MODE_WP)
		memset(userfault->memory, USERFAULT_BYTE, userfault->length);
	return 0;
}

static int protect(struct userfault *userfault, uintptr_t at, size_t length,
		   unsigned long mode)
{
	struct uffdio_writeprotect protect = {
		.range = { at, length },
		.mode = mode,
	};

	return ioctl(userfault->fd, UFFDIO_WRITEPROTECT, &protect) ? -errno : 0;
}

int userfault_create(struct userfault *userfault, unsigned long mode,
		     size_t length)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register where = { .mode = mode };
	int ret;

	*userfault = (struct userfault){ .mode = mode, .length = length };
	userfault->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (userfault->fd < 0 || ioctl(userfault->fd, UFFDIO_API, &api))
		return -errno;
	ret = map(userfault);
	if (ret)
		return ret;
	where.range.start = (uintptr_t)userfault->memory;
	where.range.len = length;
	if (ioctl(userfault->fd, UFFDIO_REGISTER, &where))
		return -errno;
	if (mode != UFFDIO_REGISTER_MODE_WP)
		return 0;
	return protect(userfault, where.range.start, length,
		       UFFDIO_WRITEPROTECT_MODE_WP);
}

static int answer(struct userfault *userfault, uintptr_t at)
{
	static char page[PAGE];
	struct uffdio_continue resume = { .range = { at, PAGE } };
	struct uffdio_copy copy = {
		.dst = at,
		.src = (uintptr_t)page,
		.len = PAGE,
	};

	switch (userfault->mode) {
	case UFFDIO_REGISTER_MODE_MINOR:
		return ioctl(userfault->fd, UFFDIO_CONTINUE, &resume);
	case UFFDIO_REGISTER_MODE_WP:
		return protect(userfault, at, PAGE, 0);
	default:
		memset(page, USERFAULT_BYTE, sizeof(page));
		return ioctl(userfault->fd, UFFDIO_COPY, &copy);
	}
}

static void *handler(void *argument)
{
	struct userfault *userfault = argument;
	struct uffd_msg message;
	uintptr_t at;
	struct pollfd wait[] = {
		{ .fd = userfault->fd, .events = POLLIN },
		{ .fd = userfault->stop[0], .events = POLLIN },
	};

	while (poll(wait, 2, -1) > 0 && !wait[1].revents) {
		if (read(userfault->fd, &message, sizeof(message)) !=
		    sizeof(message))
			continue;
		at = message.arg.pagefault.address & ~(PAGE - 1);
		if (userfault->before)
			userfault->before(userfault, (void *)at);
		userfault->served++;
		answer(userfault, at);
	}
	return NULL;
}

int userfault_serve(struct userfault *userfault)
{
	if (pipe(userfault->stop))
		return -errno;
	return -pthread_create(&userfault->handler, NULL, handler, userfault);
}

void userfault_destroy(struct userfault *userfault)
{
	if (userfault->handler) {
		close(userfault->stop[1]);
		pthread_join(userfault->handler, NULL);
		close(userfault->stop[0]);
	}
	close(userfault->fd);
	munmap(userfault->memory, userfault->length);
	if (userfault->other)
		munmap(userfault->other, userfault->length);
}
