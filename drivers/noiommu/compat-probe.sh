#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Ask a kernel's headers what compat.h wants to know.
#
# usage: compat-probe.sh INCLUDE-DIR > compat-probed.h
set -eu

include=${1:?usage: compat-probe.sh INCLUDE-DIR}

# struct_of NAME FILE: print the definition of struct NAME, comments dropped
struct_of()
{
	if [ ! -r "$include/$2" ]; then
		echo "compat-probe.sh: $include/$2: not found; wrong headers?" >&2
		exit 1
	fi
	awk -v start="^struct $1 [{]" '
		$0 ~ start { inside = 1 }
		inside { text = text $0 "\n" }
		inside && /^}/ { found = 1; exit }
		END {
			if (!found) exit 1
			while (match(text, /\/\*([^*]|\*+[^*\/])*\*+\//))
				text = substr(text, 1, RSTART - 1) \
				       substr(text, RSTART + RLENGTH)
			printf "%s", text
		}' "$include/$2" || {
		echo "compat-probe.sh: struct $1 is not in $2" >&2
		exit 1
	}
}

# has SYMBOL FILE REGEX: define SYMBOL if a line of FILE matches
has()
{
	if grep -Eq "$3" "$include/$2"; then
		echo "#define $1 1"
	fi
}

# probe SYMBOL STRUCT FILE REGEX: define SYMBOL if a member of STRUCT matches
probe()
{
	body=$(struct_of "$2" "$3") || exit 1
	if printf '%s' "$body" | tr -s ' \t\n' ' ' | grep -Eq "$4"; then
		echo "#define $1 1"
	fi
}

echo "/* Written by compat-probe.sh. */"
probe HAVE_ATTACH_DEV_OLD iommu_domain_ops linux/iommu.h \
	'\(\*attach_dev\)\([^)]*, [^),]*, ?[^)]*\)'
probe HAVE_DOMAIN_ALLOC_PAGING iommu_ops linux/iommu.h \
	'\(\*domain_alloc_paging\)\('
probe HAVE_DOMAIN_ALLOC iommu_ops linux/iommu.h '\(\*domain_alloc\)\('
probe HAVE_IDENTITY_DOMAIN iommu_ops linux/iommu.h '\*identity_domain;'
probe HAVE_BLOCKED_DOMAIN iommu_ops linux/iommu.h '\*blocked_domain;'
probe HAVE_OPS_PGSIZE_BITMAP iommu_ops linux/iommu.h ' pgsize_bitmap;'
probe HAVE_BUS_IOMMU_OPS bus_type linux/device/bus.h '\*iommu_ops;'
has HAVE_FOLLOW_PFNMAP linux/mm.h '^int follow_pfnmap_start\('
has HAVE_FOLLOW_PTE_MM linux/mm.h '^int follow_pte\(struct mm_struct \*'
has HAVE_OLD_UNSHARE linux/mm.h 'gup_must_unshare\(unsigned int flags'
has HAVE_PMD_SPECIAL linux/mm.h 'pmd_special\(pmd_t '
probe HAVE_VFIO_IOMMUFD vfio_device_ops linux/vfio.h '\(\*bind_iommufd\)'
probe HAVE_VFIO_DETACH_IOAS vfio_device_ops linux/vfio.h '\(\*detach_ioas\)'
probe HAVE_VFIO_PASID vfio_device_ops linux/vfio.h '\(\*pasid_attach_ioas\)'
probe HAVE_VFIO_REGION_CAPS vfio_device_ops linux/vfio.h \
	'\(\*get_region_info_caps\)'
probe HAVE_VFIO_TOKEN_UUID vfio_device_ops linux/vfio.h '\(\*match_token_uuid\)'
