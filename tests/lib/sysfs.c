// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sysfs.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define KLOG_SIZE (1 << 20)
#define COMMAND_SIZE 1024
#define COMMAND_WORDS 64

int file_read(const char *path, char *text, size_t size)
{
	ssize_t got;
	int fd, ret = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	if (got < 0)
		ret = -errno;
	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	close(fd);
	return ret;
}

int file_write(const char *path, const char *text)
{
	int fd, ret = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int file_read_long(const char *path, long *value)
{
	char text[64];
	int ret = file_read(path, text, sizeof(text));

	if (!ret)
		*value = strtol(text, NULL, 0);
	return ret;
}

long directory_entries(const char *path)
{
	DIR *directory = opendir(path);
	long count = 0;

	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

int file_field(const char *path, const char *name, long *value)
{
	size_t length = strlen(name);
	char line[256];
	int ret = -ENOENT;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (ret && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) || !strchr(" :", line[length]))
			continue;
		*value = strtol(line + length + strspn(line + length, ": \t"),
				NULL, 0);
		ret = 0;
	}
	fclose(file);
	return ret;
}

bool provider_loaded(void)
{
	return !access("/sys/module/noiommu", F_OK);
}

int provider_unload(void)
{
	int ret;

	if (!provider_loaded())
		return 0;
	/* A claim holds the module. */
	ret = file_write(PROVIDER "/enable", "0");
	return ret ?: run("rmmod noiommu");
}

static long provider_counter(const char *path)
{
	long value = -1;

	file_read_long(path, &value);
	return value;
}

long provider_claimed(void)
{
	return provider_counter(PROVIDER "/claimed");
}

long node_bytes(const char *name)
{
	char path[60];
	long bytes;

	snprintf(path, sizeof(path), "/sys/class/misc/noiommu/%s", name);
	return file_read_long(path, &bytes) ?: bytes;
}

long provider_mapped(void)
{
	return provider_counter(PROVIDER "/mapped_bytes");
}

static bool pci_has_id(const char *address, const char *attribute,
		       unsigned int id)
{
	char path[PATH_MAX];
	long value;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address, attribute);
	return !file_read_long(path, &value) && value == id;
}

int pci_find(unsigned int vendor, unsigned int device, unsigned int nth,
	     char address[PCI_ADDRESS_SIZE])
{
	struct dirent **entries;
	int count, i, ret = -ENODEV;

	count = scandir(PCI_DEVICES, &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	for (i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (ret && pci_has_id(name, "vendor", vendor) &&
		    pci_has_id(name, "device", device) && !nth--) {
			snprintf(address, PCI_ADDRESS_SIZE, "%.15s", name);
			ret = 0;
		}
		free(entries[i]);
	}
	free(entries);
	return ret;
}

int pci_write(const char *address, const char *attribute, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address, attribute);
	return file_write(path, text);
}

void pci_link(const char *address, const char *link, char *name, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t length;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address, link);
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	base = strrchr(target, '/');
	snprintf(name, size, "%s", base ? base + 1 : "");
}

bool pci_exists(const char *address)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", address);
	return !access(path, F_OK);
}

int pci_group(const char *address)
{
	char name[32];

	pci_link(address, "iommu_group", name, sizeof(name));
	return *name ? atoi(name) : -ENOENT;
}

long pci_owner(const char *address)
{
	char path[96];
	long owner;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/noiommu/owner", address);
	return file_read_long(path, &owner) ?: owner;
}

bool pci_is_claimed(const char *address)
{
	char iommu[32];

	pci_link(address, "iommu", iommu, sizeof(iommu));
	return !strcmp(iommu, "noiommu") && pci_group(address) >= 0;
}

bool pci_is_unclaimed(const char *address)
{
	char iommu[32], driver[64];

	pci_link(address, "iommu", iommu, sizeof(iommu));
	pci_link(address, "driver", driver, sizeof(driver));
	/* A link without a group is the hint for DPDK; only a driver brings it. */
	return (!*iommu || *driver) && pci_group(address) == -ENOENT;
}

bool pci_has_driver(const char *address, const char *driver)
{
	char name[64];

	pci_link(address, "driver", name, sizeof(name));
	return !strcmp(name, driver);
}

int pci_unbind(const char *address)
{
	return pci_write(address, "driver/unbind", address);
}

int pci_bind(const char *address, const char *driver)
{
	char path[PATH_MAX];
	int ret;

	ret = pci_write(address, "driver_override", driver);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	ret = file_write(path, address);
	pci_write(address, "driver_override", "\n");
	return ret;
}

/* Splits a command without words that only a shell understands; false if it needs one. */
static bool split(char *command, char *words[COMMAND_WORDS])
{
	size_t first = strcspn(command, " "), nr = 0;
	char *word;

	if (strpbrk(command, "\"'`$\\|&;<>(){}[]*?~#!\n") ||
	    memchr(command, '=', first))
		return false;
	for (word = strtok(command, " "); word; word = strtok(NULL, " ")) {
		if (nr == COMMAND_WORDS - 1)
			return false;
		words[nr++] = word;
	}
	words[nr] = NULL;
	return nr;
}

/*
 * Starts the command with this output, without a shell if it can: on a kernel with sanitizers,
 * a shell takes longer than most commands.
 */
static int start(const char *command, int output, pid_t *pid)
{
	char *shell[6] = { "bash", "-o", "pipefail", "-c", (char *)command, NULL };
	char copy[COMMAND_SIZE], *words[COMMAND_WORDS];
	posix_spawn_file_actions_t actions;
	int ret = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	strcpy(copy, command);
	if (split(copy, words))
		ret = posix_spawnp(pid, words[0], &actions, NULL, words, environ);
	/* It may be a word of the shell. */
	if (ret)
		ret = posix_spawn(pid, "/bin/bash", &actions, NULL, shell, environ);
	posix_spawn_file_actions_destroy(&actions);
	return ret;
}

/* Output of other programs must be a comment in KTAP. */
static void print_comment(int input)
{
	bool begin = true;
	char text[512];
	ssize_t got, i;

	while ((got = read(input, text, sizeof(text))) > 0) {
		for (i = 0; i < got; i++) {
			if (begin)
				fputs("# ", stdout);
			putchar(text[i]);
			begin = text[i] == '\n';
		}
	}
	if (!begin)
		putchar('\n');
	fflush(stdout);
}

int run(const char *format, ...)
{
	char command[COMMAND_SIZE];
	int output[2], status, ret;
	bool waits;
	va_list args;
	pid_t pid;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	printf("# $ %s\n", command);
	fflush(stdout);
	if (pipe2(output, O_CLOEXEC))
		return 128;
	/* A process in the background would keep the pipe. */
	waits = command[strlen(command) - 1] != '&';
	ret = start(command, waits ? output[1] : STDOUT_FILENO, &pid);
	close(output[1]);
	if (!ret && waits)
		print_comment(output[0]);
	close(output[0]);
	if (ret || waitpid(pid, &status, 0) != pid)
		return 128;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void kernel_log_mark(void)
{
	klogctl(5 /* SYSLOG_ACTION_CLEAR */, NULL, 0);
}

bool kernel_log_has(const char *text)
{
	char *log = malloc(KLOG_SIZE);
	bool found = false;
	int length;

	if (!log)
		return false;
	/* Only this action leaves out cleared messages. */
	length = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, KLOG_SIZE - 1);
	if (length > 0) {
		log[length] = '\0';
		found = strstr(log, text);
	}
	free(log);
	return found;
}
