// SPDX-License-Identifier: GPL-2.0-only
/* The state as JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "noiommuctl.h"

static struct json_object *text_or_null(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

static struct json_object *json_of_openers(const struct function *function)
{
	struct json_object *array = json_object_new_array();
	struct opener *openers;
	int i, count = openers_of(function, &openers);

	for (i = 0; i < count; i++) {
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "pid", json_object_new_int(openers[i].pid));
		json_object_object_add(one, "comm", json_object_new_string(openers[i].comm));
		json_object_object_add(one, "pinned_bytes",
				       json_object_new_uint64(openers[i].pinned));
		json_object_object_add(one, "memlock_limit",
				       json_object_new_string(openers[i].memlock));
		json_object_array_add(array, one);
	}
	free(openers);
	return array;
}

struct json_object *json_of_function(const struct function *function)
{
	struct json_object *one = json_object_new_object();
	unsigned long long interrupts;
	char text[256], ids[16];

	names_of(function, text, sizeof(text));
	snprintf(ids, sizeof(ids), "%04x:%04x", function->vendor, function->device);
	json_object_object_add(one, "address", json_object_new_string(function->address));
	json_object_object_add(one, "id", json_object_new_string(ids));
	json_object_object_add(one, "name", json_object_new_string(text));
	json_object_object_add(one, "driver", text_or_null(function->driver));
	json_object_object_add(one, "driver_override", text_or_null(function->override));
	json_object_object_add(one, "group", function->group < 0 ? NULL :
			       json_object_new_int(function->group));
	json_object_object_add(one, "claimed", json_object_new_boolean(function->claimed));
	if (!function->claimed) {
		function_reason(function, text, sizeof(text));
		json_object_object_add(one, "reason", json_object_new_string(text));
		return one;
	}
	json_object_object_add(one, "owner", function->owner ?
			       json_object_new_int64(function->owner) : NULL);
	json_object_object_add(one, "dma_limit", json_object_new_uint64(function->limit));
	json_object_object_add(one, "vectors",
			       json_object_new_int(interrupts_of(function, &interrupts)));
	json_object_object_add(one, "interrupts", json_object_new_uint64(interrupts));
	json_object_object_add(one, "openers", json_of_openers(function));
	return one;
}

static void add_total(struct json_object *object, const char *name, const char *path)
{
	char text[32];

	if (!file_read(text, sizeof(text), "%s/%s", path, name))
		json_object_object_add(object, name, json_object_new_int64(atoll(text)));
}

struct json_object *json_totals(void)
{
	struct json_object *object = json_object_new_object();
	char version[NAME_SIZE];

	noiommu_version(version);
	json_object_object_add(object, "loaded",
			       json_object_new_boolean(noiommu_is_loaded()));
	json_object_object_add(object, "version", text_or_null(version));
	add_total(object, "claimed", PROVIDER);
	add_total(object, "mapped_bytes", PROVIDER);
	add_total(object, "refused_maps", PROVIDER);
	add_total(object, "pinned_bytes", "/sys/class/misc/noiommu");
	add_total(object, "held_bytes", "/sys/class/misc/noiommu");
	add_total(object, "allocated_bytes", "/sys/class/misc/noiommu");
	return object;
}

int json_print(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return EXIT_DONE;
}
