// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions that may be claimed: endpoints, restricted by the devices= parameter.
 *
 * If devices= is empty, every endpoint without a driver may be claimed. Otherwise only
 * the functions that it names may, by address as lspci prints it ([DDDD:]BB:DD.F) or by
 * vendor:device.
 */
#define pr_fmt(fmt) "noiommu: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include "noiommu.h"

#define NOIOMMU_MAX_FILTERS 64

/**
 * struct noiommu_filter - one entry of devices=
 * @by_id: match @vendor and @device, else @domain, @bus and @devfn
 * @vendor: PCI vendor ID
 * @device: PCI device ID
 * @domain: PCI domain (segment)
 * @bus: bus number
 * @devfn: device and function, as PCI_DEVFN() packs them
 */
struct noiommu_filter {
	bool by_id;
	unsigned int vendor;
	unsigned int device;
	unsigned int domain;
	unsigned int bus;
	unsigned int devfn;
};

static char *noiommu_filter_text[NOIOMMU_MAX_FILTERS];
static struct noiommu_filter noiommu_filters[NOIOMMU_MAX_FILTERS];
static unsigned int noiommu_filter_count;

static bool noiommu_filter_parse_id(struct noiommu_filter *filter,
				    const char *text)
{
	int end = 0;

	/* Require four digits each, or 00:03, half an address, would be an ID. */
	if (strlen(text) != strlen("8086:10d3") ||
	    sscanf(text, "%4x:%4x%n", &filter->vendor, &filter->device,
		   &end) != 2 || text[end])
		return false;
	filter->by_id = true;
	return true;
}

static bool noiommu_filter_parse_address(struct noiommu_filter *filter,
					 const char *text)
{
	unsigned int slot, function;
	int end = 0;

	/* With widths, because sscanf() truncates numbers that are too large. */
	if (sscanf(text, "%8x:%2x:%2x.%1u%n", &filter->domain, &filter->bus,
		   &slot, &function, &end) != 4 || text[end]) {
		filter->domain = 0;
		end = 0;
		if (sscanf(text, "%2x:%2x.%1u%n", &filter->bus, &slot,
			   &function, &end) != 3 || text[end])
			return false;
	}
	if (slot > 0x1f || function > 7)
		return false;
	filter->devfn = PCI_DEVFN(slot, function);
	return true;
}

/**
 * noiommu_filter_init() - parse devices=
 *
 * Return: 0, or -EINVAL if an entry is neither an address nor an ID pair.
 */
int noiommu_filter_init(void)
{
	unsigned int i;

	for (i = 0; i < noiommu_filter_count; i++) {
		const char *text = noiommu_filter_text[i];

		if (!noiommu_filter_parse_address(&noiommu_filters[i], text) &&
		    !noiommu_filter_parse_id(&noiommu_filters[i], text)) {
			pr_err("devices=%s: want [DDDD:]BB:DD.F or VENDOR:DEVICE\n",
			       text);
			return -EINVAL;
		}
	}
	return 0;
}

static bool noiommu_filter_names(const struct noiommu_filter *filter,
				 struct pci_dev *pdev)
{
	if (filter->by_id)
		return pdev->vendor == filter->vendor &&
		       pdev->device == filter->device;
	return pci_domain_nr(pdev->bus) == filter->domain &&
	       pdev->bus->number == filter->bus &&
	       pdev->devfn == filter->devfn;
}

/* An empty list matches all functions. */
static bool noiommu_filter_match(struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < noiommu_filter_count; i++)
		if (noiommu_filter_names(&noiommu_filters[i], pdev))
			return true;
	return !noiommu_filter_count;
}

/**
 * noiommu_claimable() - may a function be claimed while it has no driver?
 * @pdev: the function, with or without a driver
 *
 * Return: true for an endpoint that devices= names, or any endpoint if it is empty.
 */
bool noiommu_claimable(struct pci_dev *pdev)
{
	return pdev->hdr_type == PCI_HEADER_TYPE_NORMAL &&
	       pdev->class >> 16 != PCI_BASE_CLASS_BRIDGE &&
	       noiommu_filter_match(pdev);
}

/**
 * noiommu_filter_report() - log each entry of devices= that names no function
 * @explain: called for each function that an entry names
 */
void noiommu_filter_report(void (*explain)(const char *entry,
					   struct pci_dev *pdev))
{
	unsigned int i;

	for (i = 0; i < noiommu_filter_count; i++) {
		const char *text = noiommu_filter_text[i];
		struct pci_dev *pdev = NULL;
		bool found = false;

		for_each_pci_dev(pdev) {
			if (!noiommu_filter_names(&noiommu_filters[i], pdev))
				continue;
			found = true;
			explain(text, pdev);
		}
		if (!found)
			pr_notice("devices=%s: there is no such function now\n",
				  text);
	}
}

module_param_array_named(devices, noiommu_filter_text, charp,
			 &noiommu_filter_count, 0444);
MODULE_PARM_DESC(devices,
		 "Claim only these functions: [DDDD:]BB:DD.F or VENDOR:DEVICE, comma separated (default: every endpoint without a driver)");
