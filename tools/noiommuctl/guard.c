// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions that this host needs: for its default route, for the SSH session of the user,
 * and for its disks.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "noiommuctl.h"

/* Interfaces on interfaces: a VLAN on a bond on a NIC. */
#define DEEPEST 8

struct route {
	char interface[IF_NAMESIZE];
	unsigned char destination[16];
	unsigned int prefix;
};

/* Does the interface, or one below it, belong to the function? */
static bool interface_uses(const char *interface, const char *address, int depth)
{
	char path[PATH_SIZE], at[ADDRESS_SIZE];
	struct dirent *entry;
	bool uses = false;
	DIR *directory;

	path_function(at, "/sys/class/net/%s/device", interface);
	if (!strcmp(at, address))
		return true;
	if (depth == DEEPEST || path_make(path, "/sys/class/net/%s", interface))
		return false;
	directory = opendir(path);
	if (!directory)
		return false;
	while (!uses && (entry = readdir(directory)))
		if (!strncmp(entry->d_name, "lower_", 6))
			uses = interface_uses(entry->d_name + 6, address, depth + 1);
	closedir(directory);
	return uses;
}

static bool leads_to(const struct route *route, const unsigned char *to)
{
	unsigned int bytes = route->prefix / 8, bits = route->prefix % 8;

	if (memcmp(route->destination, to, bytes))
		return false;
	return !bits || !((route->destination[bytes] ^ to[bytes]) >> (8 - bits));
}

/* One line of /proc/net/route, whose numbers are in network byte order in memory. */
static bool parse_route4(const char *line, struct route *route)
{
	unsigned int destination, mask;

	if (sscanf(line, "%15s %8x %*x %*x %*d %*d %*d %8x", route->interface, &destination,
		   &mask) != 3)
		return false;
	memcpy(route->destination, &destination, sizeof(destination));
	route->prefix = __builtin_popcount(mask);
	return true;
}

/* One line of /proc/net/ipv6_route. */
static bool parse_route6(const char *line, struct route *route)
{
	char text[33];
	int i;

	if (sscanf(line, "%32s %2x %*s %*s %*s %*s %*s %*s %*s %15s", text, &route->prefix,
		   route->interface) != 3)
		return false;
	for (i = 0; i < 16; i++)
		if (sscanf(text + 2 * i, "%2hhx", &route->destination[i]) != 1)
			return false;
	/* The kernel's own "unreachable" routes are on lo. */
	return strcmp(route->interface, "lo") && route->prefix <= 128;
}

/*
 * Does the function carry the route to an address; with NULL, the default route? All routes
 * with the longest prefix count, whatever their metric: any of them may be in use.
 */
static bool carries(const char *table, const unsigned char *to, const char *address,
		    bool (*parse)(const char *, struct route *))
{
	char path[PATH_SIZE], line[512];
	unsigned int longest = 0;
	struct route route;
	bool uses = false;
	FILE *file;

	file = path_make(path, "%s", table) ? NULL : fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (!parse(line, &route) || route.prefix < longest ||
		    (to ? !leads_to(&route, to) : route.prefix))
			continue;
		if (route.prefix > longest)
			uses = false;
		longest = route.prefix;
		uses |= interface_uses(route.interface, address, 0);
	}
	fclose(file);
	return uses;
}

static bool carries4(const unsigned char *to, const char *address)
{
	return carries("/proc/net/route", to, address, parse_route4);
}

static bool carries6(const unsigned char *to, const char *address)
{
	return carries("/proc/net/ipv6_route", to, address, parse_route6);
}

static bool carries_default(const char *address)
{
	return carries4(NULL, address) || carries6(NULL, address);
}

static bool carries_peer(const char *peer, const char *address)
{
	unsigned char bytes[16];
	char host[64];

	/* A link-local address has its interface after a %. */
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(peer, "%"), peer);
	if (inet_pton(AF_INET, host, bytes) == 1)
		return carries4(bytes, address);
	if (inet_pton(AF_INET6, host, bytes) != 1)
		return false;
	if (peer[strlen(host)])
		return interface_uses(peer + strlen(host) + 1, address, 0);
	/* IPv4 in IPv6 */
	if (!memcmp(bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12))
		return carries4(bytes + 12, address);
	return carries6(bytes, address);
}

/* The parent of a process; 0 without one. */
static pid_t parent_of(pid_t pid)
{
	long long parent = 0;

	file_number("PPid", &parent, "/proc/%d/status", pid);
	return parent;
}

/*
 * The peer of the SSH session. sudo and su remove the variable, so this looks into the
 * environment of the parent processes, too.
 */
static bool ssh_peer(char *peer, size_t size)
{
	static const char name[] = "SSH_CONNECTION=";
	const char *own = getenv("SSH_CONNECTION");
	char environment[65536], *entry, *end;
	pid_t pid;

	for (pid = getppid(); !own && pid > 1; pid = parent_of(pid)) {
		memset(environment, 0, sizeof(environment));
		file_read(environment, sizeof(environment), "/proc/%d/environ", pid);
		end = environment + sizeof(environment) - 1;
		for (entry = environment; entry < end && *entry; entry += strlen(entry) + 1)
			if (!strncmp(entry, name, strlen(name)))
				own = entry + strlen(name);
	}
	if (!own)
		return false;
	snprintf(peer, size, "%.*s", (int)strcspn(own, " "), own);
	return true;
}

bool guard_needs(const char *address, char *reason, size_t size)
{
	char peer[64];

	if (carries_default(address))
		snprintf(reason, size, "it carries the default route");
	else if (ssh_peer(peer, sizeof(peer)) && carries_peer(peer, address))
		snprintf(reason, size, "it carries your SSH session from %s", peer);
	else
		return disk_needs(address, reason, size);
	return true;
}
