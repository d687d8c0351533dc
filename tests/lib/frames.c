// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "slowness.h"
#include "sysfs.h"

/* IEEE 802 reserves it for experiments, so it is no protocol of the kernel. */
#define ETHERTYPE 0x88b5
/* On a fast host. */
#define PATIENCE_MS 10000
/* Frames in flight: no more than the ring of any NIC holds. */
#define WINDOW 64

/* The interface of a virtio NIC is below a virtio device. */
static int find_interface(const char *pci, char name[IF_NAMESIZE])
{
	char pattern[80];
	glob_t found;
	int ret = -ENODEV;

	snprintf(pattern, sizeof(pattern),
		 "/sys/bus/pci/devices/%s/{,virtio*/}net/*", pci);
	if (!glob(pattern, GLOB_BRACE, NULL, &found)) {
		snprintf(name, IF_NAMESIZE, "%s",
			 strrchr(found.gl_pathv[0], '/') + 1);
		ret = 0;
	}
	globfree(&found);
	return ret;
}

/* No neighbour discovery may get among the frames. */
static int bring_up(struct wire *wire)
{
	struct ifreq request = {};
	char path[80];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		 wire->name);
	file_write(path, "1");
	/* The usual queue drops frames that have waited, as on a busy host. */
	file_write("/proc/sys/net/core/default_qdisc", "pfifo_fast");
	snprintf(request.ifr_name, IF_NAMESIZE, "%s", wire->name);
	if (ioctl(wire->fd, SIOCGIFHWADDR, &request))
		return -errno;
	memcpy(wire->address, request.ifr_hwaddr.sa_data, ETH_ALEN);
	if (ioctl(wire->fd, SIOCGIFFLAGS, &request))
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(wire->fd, SIOCSIFFLAGS, &request) ? -errno : 0;
}

static bool is_running(struct wire *wire)
{
	char path[64];
	long carrier = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", wire->name);
	return !file_read_long(path, &carrier) && carrier == 1;
}

int wire_open(struct wire *wire, const char *pci)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
	};
	int ret, space = 4 << 20;

	ret = find_interface(pci, wire->name);
	if (ret)
		return ret;
	address.sll_ifindex = if_nametoindex(wire->name);
	wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return -errno;
	ret = bring_up(wire);
	if (!ret && !wait_until(is_running(wire)))
		ret = -ENETDOWN;
	if (!ret && (setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUFFORCE, &space,
				sizeof(space)) ||
		     bind(wire->fd, (struct sockaddr *)&address,
			  sizeof(address))))
		ret = -errno;
	if (ret)
		close(wire->fd);
	return ret;
}

void wire_close(struct wire *wire)
{
	close(wire->fd);
}

static __u32 next_random(__u64 *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* Equal seeds and numbers give equal frames; returns the length. */
static size_t make_frame(unsigned char *frame, struct wire *from,
			 struct wire *to, unsigned int seed, unsigned int number)
{
	__u64 state = (__u64)seed << 32 | number;
	size_t at, length;

	next_random(&state);
	length = ETH_ZLEN + next_random(&state) % (ETH_FRAME_LEN - ETH_ZLEN + 1);
	memcpy(frame, to->address, ETH_ALEN);
	memcpy(frame + ETH_ALEN, from->address, ETH_ALEN);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	for (at = ETH_HLEN; at < length; at++)
		frame[at] = next_random(&state);
	return length;
}

static bool comes(struct wire *wire, const unsigned char *frame, size_t length)
{
	struct pollfd ready = { .fd = wire->fd, .events = POLLIN };
	unsigned char got[ETH_FRAME_LEN + 1];
	ssize_t size;

	if (poll(&ready, 1, PATIENCE_MS * slowness()) <= 0) {
		printf("# no frame comes out of %s\n", wire->name);
		return false;
	}
	size = recv(wire->fd, got, sizeof(got), MSG_DONTWAIT);
	if (size == length && !memcmp(got, frame, length))
		return true;
	printf("# another frame comes out of %s\n", wire->name);
	return false;
}

unsigned int frames_pass(struct wire *from, struct wire *to, unsigned int count,
			 unsigned int seed)
{
	unsigned char frame[ETH_FRAME_LEN];
	unsigned int sent = 0, good = 0;
	size_t length;

	while (good < count) {
		for (; sent < count && sent < good + WINDOW; sent++) {
			length = make_frame(frame, from, to, seed, sent);
			if (send(from->fd, frame, length, 0) != length) {
				printf("# %s: %m\n", from->name);
				return good;
			}
		}
		length = make_frame(frame, from, to, seed, good);
		if (!comes(to, frame, length))
			return good;
		good++;
	}
	return good;
}

int frame_send(struct wire *from)
{
	struct wire everybody = { .address = { 255, 255, 255, 255, 255, 255 } };
	unsigned char frame[ETH_FRAME_LEN];
	size_t length = make_frame(frame, from, &everybody, 0, 0);

	return send(from->fd, frame, length, 0) == length ? 0 : -errno;
}
