// SPDX-License-Identifier: GPL-2.0-only
/* noiommuctl cdi: a function as a specification of the Container Device Interface. */
#include <stdio.h>

#include "noiommuctl.h"

static void add_node(struct json_object *nodes, const char *path)
{
	struct json_object *node = json_object_new_object();

	json_object_object_add(node, "path", json_object_new_string(path));
	json_object_array_add(nodes, node);
}

static struct json_object *edits_with(struct json_object *nodes)
{
	struct json_object *edits = json_object_new_object();

	json_object_object_add(edits, "deviceNodes", nodes);
	return edits;
}

static struct json_object *device(const struct function *function)
{
	struct json_object *nodes = json_object_new_array();
	struct json_object *one = json_object_new_object();
	char path[NAME_SIZE * 2];

	snprintf(path, sizeof(path), "/dev/vfio/%d", function->group);
	add_node(nodes, path);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", function->cdev);
	if (*function->cdev && file_exists("%s", path))
		add_node(nodes, path);
	json_object_object_add(one, "name", json_object_new_string(function->address));
	json_object_object_add(one, "containerEdits", edits_with(nodes));
	return one;
}

static struct json_object *specification(const struct function *function)
{
	struct json_object *spec = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	struct json_object *nodes = json_object_new_array();

	json_object_array_add(devices, device(function));
	/* Every container needs them, whichever function it has. */
	add_node(nodes, "/dev/vfio/vfio");
	add_node(nodes, "/dev/noiommu");
	json_object_object_add(spec, "cdiVersion", json_object_new_string("0.5.0"));
	json_object_object_add(spec, "kind", json_object_new_string("noiommu/function"));
	json_object_object_add(spec, "devices", devices);
	json_object_object_add(spec, "containerEdits", edits_with(nodes));
	return spec;
}

int command_cdi(int argc, char **argv)
{
	char address[ADDRESS_SIZE] = "", advice[64];
	struct function function;
	int ret;

	if (argc != 2)
		return EXIT_USAGE;
	ret = target_find(argv[1], address);
	if (ret)
		return ret;
	if (function_read(&function, address) || !function.claimed ||
	    !driver_is_ours(function.driver)) {
		snprintf(advice, sizeof(advice), "noiommuctl bind %s", address);
		report(advice, "%s: not bound for userspace, so it has no device file", address);
		return EXIT_FAILED;
	}
	return json_print(specification(&function));
}
