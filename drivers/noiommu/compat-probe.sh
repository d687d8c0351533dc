#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Probe a kernel's headers for what compat.h needs to know.
#
# usage: compat-probe.sh INCLUDE-DIR > compat-probed.h
#
# The questions are at the end:
#
#   in FILE               the next questions search the code of FILE
#   in FILE struct NAME   ... only this struct of FILE
#   in FILE comments      ... only the comments of FILE
#   SYMBOL TEXT           define SYMBOL if TEXT is found; @ matches the name of a
#                         parameter, or no name
#   only NAME...          fail if the struct has other callbacks: for a table that is
#                         useless if one is left out
#
# The search compares words and signs, and ignores layout and preprocessor conditions.
# If compat.h knows none of the forms found, compat.h reports it. If a file or a struct
# is missing, this script fails.
set -eu

LC_ALL=C awk -v dir="${1:?usage: compat-probe.sh INCLUDE-DIR}" '
function fail(message)
{
	print "compat-probe.sh: " message | "cat >&2"
	exit 1
}

# One blank around each word and each sign.
function spread(text)
{
	gsub(/[^A-Za-z0-9_ \t]/, " & ", text)
	gsub(/[ \t]+/, " ", text)
	return text
}

# Adds a line to code and comments. in_comment: inside a comment, before and after it.
function read_line(line,    whole, out, at)
{
	whole = line
	while (line != "") {
		at = in_comment ? index(line, "*/") : match(line, /\/[*\/]/)
		if (!at)
			at = length(line) + 1
		if (in_comment)
			comments = comments " " substr(line, 1, at - 1)
		else
			out = out " " substr(line, 1, at - 1)
		if (at > length(line))
			break
		line = substr(line, at)
		if (line ~ /^\/\//) {
			comments = comments " " line
			break
		}
		line = substr(line, 3)
		in_comment = !in_comment
	}
	if (directive || out ~ /^[ \t]*#/)
		directive = whole ~ /\\$/
	else
		code = code " " out
}

function read_header(name,    line, status)
{
	code = comments = ""
	in_comment = directive = 0
	while ((status = (getline line < (dir "/" name))) > 0)
		read_line(line)
	if (status < 0)
		fail(dir "/" name ": not found; wrong headers?")
	close(dir "/" name)
	code = spread(code " ")
	gsub(/[*]/, " ", comments)
	comments = spread(comments " ")
	header = name
}

function body_of(struct,    text, depth, i, sign)
{
	text = code
	while (match(text, " struct " struct " [{] ")) {
		text = substr(text, RSTART + RLENGTH - 1)
		# A stub, for kernels that are built without the feature.
		if (text ~ /^ }/)
			continue
		depth = 1
		for (i = 1; depth && i <= length(text); i++) {
			sign = substr(text, i, 1)
			depth += (sign == "{") - (sign == "}")
		}
		if (!depth)
			return substr(text, 1, i - 2)
	}
	fail("struct " struct " is not in " header)
}

function check_callbacks(known,    members, n, i, name)
{
	n = split(place, members, ";")
	for (i = 1; i <= n; i++) {
		if (!match(members[i], /[(] [*] [A-Za-z0-9_]+ [)]/))
			continue
		name = substr(members[i], RSTART + 3, RLENGTH - 4)
		if (!index(known, name))
			fail("struct " struct " has a member" name \
			     "that is not known here")
	}
}

# Returns the text as a regular expression of words and signs, one blank apart.
function pattern(text)
{
	text = spread(" " text " ")
	gsub(/[^A-Za-z0-9_ ]/, "[&]", text)
	gsub(/\[@\] /, "([A-Za-z0-9_]+ )*", text)
	return text
}

BEGIN {
	print "/* Written by compat-probe.sh. */"
}
/^#/ || !NF {
	next
}
$1 == "in" {
	if ($2 != header)
		read_header($2)
	struct = $4
	place = $3 == "struct" ? body_of(struct) : $3 == "comments" ? comments : code
	next
}
{
	question = $1
	sub(/^[^ \t]+[ \t]+/, "")
	if (question == "only")
		check_callbacks(" " $0 " ")
	else if (place ~ pattern($0))
		print "#define " question " 1"
}' <<'END'
in linux/iommu.h struct iommu_domain_ops
HAVE_ATTACH_DEV      int (*attach_dev)(struct iommu_domain *@, struct device *@);
HAVE_ATTACH_DEV_3ARGS  int (*attach_dev)(struct iommu_domain *@, struct device *@, struct iommu_domain *@);

in linux/iommu.h struct iommu_ops
HAVE_DOMAIN_ALLOC_PAGING  struct iommu_domain *(*domain_alloc_paging)(struct device *@);
HAVE_IDENTITY_DOMAIN      struct iommu_domain *identity_domain;
HAVE_BLOCKED_DOMAIN       struct iommu_domain *blocked_domain;
HAVE_DOMAIN_ALLOC         struct iommu_domain *(*domain_alloc)(unsigned @);
HAVE_OPS_PGSIZE_BITMAP    unsigned long pgsize_bitmap;

# In any form: the compiler reports a form that compat.h does not know.
in linux/device/bus.h struct bus_type
HAVE_BUS_IOMMU_OPS  iommu_ops

in linux/rmap.h
HAVE_CONFIG_GUP_FAST  IS_ENABLED(CONFIG_HAVE_GUP_FAST)
HAVE_CONFIG_FAST_GUP  IS_ENABLED(CONFIG_HAVE_FAST_GUP)

in linux/mm.h
HAVE_FOLLOW_PFNMAP  int follow_pfnmap_start(struct follow_pfnmap_args *@);
HAVE_FOLLOW_PTE_MM  int follow_pte(struct mm_struct *@, unsigned long @, pte_t **@, spinlock_t **@);
HAVE_FOLLOW_PTE_VMA int follow_pte(struct vm_area_struct *@, unsigned long @, pte_t **@, spinlock_t **@);
HAVE_PMD_SPECIAL    bool pmd_special(pmd_t @)
HAVE_UNSHARE_ANON   bool gup_must_unshare(unsigned int @, struct page *@)

in linux/gfp.h
HAVE_ACR_FLAGS           int alloc_contig_range_noprof(unsigned long @, unsigned long @, acr_flags_t @, gfp_t @);
HAVE_CONTIG_MIGRATETYPE  int alloc_contig_range(unsigned long @, unsigned long @, unsigned @, gfp_t @);
HAVE_CONTIG_NOPROF       int alloc_contig_range_noprof(unsigned long @, unsigned long @, unsigned @, gfp_t @);

in linux/dma-buf.h struct dma_buf_attach_ops
only invalidate_mappings move_notify
HAVE_INVALIDATE_MAPPINGS  void (*invalidate_mappings)(struct dma_buf_attachment *@);
HAVE_MOVE_NOTIFY          void (*move_notify)(struct dma_buf_attachment *@);

in linux/mm_types.h comments
HAVE_UNSHARE_COW  FAULT_FLAG_UNSHARE: The fault is an unsharing request to break COW

in linux/vfio_pci_core.h struct vfio_pci_core_device
HAVE_VFIO_VMA_LIST  struct list_head vma_list;
HAVE_VFIO_PCI_OPS   const struct vfio_pci_device_ops *pci_ops;

in linux/vfio.h struct vfio_device
HAVE_VFIO_INODE  struct inode *inode;

in linux/vfio.h struct vfio_device_ops
only init release open_device close_device bind_iommufd unbind_iommufd attach_ioas detach_ioas pasid_attach_ioas pasid_detach_ioas read write ioctl get_region_info_caps mmap request match match_token_uuid dma_unmap device_feature
HAVE_VFIO_IOMMUFD      (*bind_iommufd)
HAVE_VFIO_DETACH_IOAS  (*detach_ioas)
HAVE_VFIO_PASID        (*pasid_attach_ioas)
HAVE_VFIO_REGION_CAPS  (*get_region_info_caps)
HAVE_VFIO_TOKEN_UUID   (*match_token_uuid)
END
