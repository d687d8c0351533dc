# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The suites of tests/suites: parse the table, build and run a suite. Sourced, never run.
# kernel is a name of scripts/kernels/list; call select_kernel before building and running.
# shellcheck disable=SC2154 # top and kernel are the caller's
# shellcheck disable=SC2034 # some of what parse_guest sets is for the caller

# shellcheck source=scripts/kernels/matrix.sh
. "$top/scripts/kernels/matrix.sh"
# shellcheck source=tests/vm/parts.sh
. "$top/tests/vm/parts.sh"

# The table, read once, because check asks it for each suite on each kernel: the suites' names in
# order; and for each of them the words after its name.
suites_in_order=()
declare -A suite_words=()
read_suites() {
	local line name=""

	while IFS= read -r line; do
		case $line in
		"#"*)		continue ;;
		[![:space:]]*)	name=${line%%[[:space:]]*} line=${line#"$name"}
				suites_in_order+=("$name") ;;
		esac
		[ -z "$name" ] || suite_words[$name]+=" $line"
	done <"$top/tests/suites"
}
read_suites

# Prints the names of all suites.
guest_suites() {
	printf '%s\n' "${suites_in_order[@]}"
}

# Prints the names of their groups.
groups() {
	guest_suites | sed -n 's|/.*||p' | sort -u
}

# selected NAME: does the list suites have this suite, or its group?
selected() {
	[[ " $suites " == *" $1 "* || " $suites " == *" ${1%%/*} "* ]]
}

# check_names WHAT "ALL" "NAMES"
check_names() {
	local unknown

	unknown=$(xargs -n1 <<<"$3" | grep -vxF -f <(xargs -n1 <<<"$2") | xargs) || :
	[ -z "$unknown" ] || die "unknown $1 $unknown; choose from: $(xargs <<<"$2")"
}

# Does the kernel have sanitizers? They find what tests do not look for, and are slow.
has_sanitizers() {
	[[ ,${kernel_columns[$kernel]##* }, == *,debug,* ]]
}

# Sets dir, the kernel's directory; out, where the modules of tests/ are built; builder and
# programs, the same for the kernel that programs are built for; and logs.
select_kernel() {
	dir=$("$top/scripts/kernels/kernel" "$kernel") || return
	builder=$("$top/scripts/kernels/kernel" "$(programs_kernel "$kernel")") || return
	out=$top/build/$(cat "$dir/release")/tests
	programs=$top/build/$(cat "$builder/release")/tests
	logs=$top/build/check
	mkdir -p "$logs"
}

# configured OPTION: does the kernel have this option?
configured() {
	grep -q "^$1=[ym]" "$dir/config"
}

# --- The table -------------------------------------------------------------

# add OPTION...: these options of tests/vm/run, too.
add() {
	options+=("$@")
}

# ports DEVICE: two of this device, each on a hub with a NIC for the guest's kernel.
ports() {
	local slot device

	for slot in 4 5 6 7; do
		device=$1
		[ "$slot" -lt 6 ] || device=virtio-net-pci
		add --device "$device,netdev=nic$slot,addr=$slot,romfile=" \
			--qemu -netdev --qemu "hubport,id=nic$slot,hubid=$((slot % 2))"
	done
}

# edu ADDR,...: QEMU's edu at each of these addresses; its DMA reaches 40 bits.
edu() {
	local addr

	for addr in ${1//,/ }; do
		add --device "edu,addr=$addr,dma_mask=0xffffffffff"
	done
}

# ivshmem ADDR: a function whose BAR 2 is 4 MiB of memory.
ivshmem() {
	add --qemu -object --qemu memory-backend-ram,id=shm,size=4M,share=on \
		--device "ivshmem-plain,memdev=shm,addr=$1"
}

# QEMU keeps what the guest writes to it.
null_disk() {
	add --qemu -drive --qemu if=none,id=disk,driver=null-co,size=16M,read-zeroes=on,snapshot=on
}

# nvme ADDR: an nvme with that disk.
nvme() {
	null_disk
	add --device "nvme,serial=x,drive=disk,addr=$1"
}

# sriov PORT: an nvme for one virtual function, which has queues and a vector of its own.
sriov() {
	local nvme=nvme,serial=x,subsys=subsystem,bus=$1,sriov_max_vfs=1

	nvme+=,sriov_vq_flexible=2,sriov_vi_flexible=1,max_ioqpairs=4,msix_qsize=4
	add --qemu -device --qemu nvme-subsys,id=subsystem --qemu -device --qemu "$nvme"
}

# functions N: this many functions, eight in each slot of PCI bridges. They have no I/O ports: the
# firmware would run out of these.
functions() {
	local i bus slot

	for ((i = 0; i < $1; i++)); do
		bus=$((i / 240))
		[ $((i % 240)) -ne 0 ] ||
			add --device "pci-bridge,id=bus$bus,chassis_nr=$((bus + 1)),addr=$((bus + 8))"
		printf -v slot %x $((i % 240 / 8 + 1))
		add --device "edu,bus=bus$bus,addr=$slot.$((i % 8)),multifunction=on"
	done
}

# disk IMAGE: a disk with this content, which the guest may change for itself. It comes before
# all other functions that have a driver.
disk() {
	add --qemu -drive --qemu "if=none,id=disk,format=raw,snapshot=on,file=$1" \
		--device virtio-blk-pci,drive=disk,addr=2
}

# Two NUMA nodes of 512 MiB; both CPUs belong to the first.
two_nodes() {
	add --qemu -object --qemu memory-backend-ram,id=m0,size=512M \
		--qemu -object --qemu memory-backend-ram,id=m1,size=512M \
		--qemu -numa --qemu node,memdev=m0,cpus=0-1 --qemu -numa --qemu node,memdev=m1
}

# guest_options WORD: add the options that it stands for.
guest_options() {
	case $1 in
	ports=*)	ports "${1#*=}" ;;
	edu=*)		edu "${1#*=}" ;;
	ivshmem=*)	ivshmem "${1#*=}" ;;
	numa=2)		two_nodes ;;
	null-disk)	null_disk ;;
	nvme=*)		nvme "${1#*=}" ;;
	functions=*)	functions "${1#*=}" ;;
	sriov=*)	sriov "${1#*=}" ;;
	@/modules/*)	add "$out${1#@}" ;;
	@*)		add "$programs${1#@}" ;;
	*)		add "$1" ;;
	esac
}

# Sets program, as GROUP/NAME, and needs, on, also, dpdk, disk, tree, alone and options, from
# the suite's words.
parse_guest() {
	local words word intx="" smp=""

	read -r -a words <<<"${suite_words[$1]}"
	program=${1%%/*}/${words[0]} needs="" on="" also="" dpdk="" disk="" tree="" alone="" options=()
	for word in "${words[@]:1}"; do
		case $word in
		needs=*)	needs=${word#*=} ;;
		on=*)		on=${word#*=} ;;
		also=*)		also=${word#*=} ;;
		dpdk=*)		dpdk=${word#*=} ;;
		disk=*)		disk=${word#*=} ;;
		tree=*)		tree=${word#*=} ;;
		alone|last)	alone=$word ;;
		intx)		intx=yes ;;
		smp)		smp=yes ;;
		*)		guest_options "$word" ;;
		esac
	done
	has_sanitizers || return 0
	[ -n "$intx" ] || options+=(--insmod "$out/modules/no_intx.ko")
	[ -n "$smp" ] || options+=(--cpus 1)
}

# Is the suite for the kernel's architecture? Device trees are arm64's, and each DPDK is for one
# architecture. Call parse_guest first.
is_for_architecture() {
	[ -n "$tree$dpdk" ] || return 0
	if [ -n "$tree" ] || [ "$dpdk" = debian-arm64 ]; then
		is_for_arm64 "$kernel"
	else
		! is_for_arm64 "$kernel"
	fi
}

# --- Building and running --------------------------------------------------

# guest_files NAME: print the files that make has to build for the suite, one a line.
guest_files() {
	local program needs on also dpdk disk tree alone options file

	parse_guest "$1"
	[ -z "$needs" ] || configured "$needs" || return 0
	for file in "$programs/$program" "${options[@]}"; do
		[[ $file != "$out"/* && $file != "$programs"/* ]] || echo "$file"
	done
}

# make_tests KERNEL OUT FILE...: build those of the files that lie there.
make_tests() (
	mine=()
	for file in "${@:3}"; do
		[[ $file != "$2"/* ]] || mine+=("$file")
	done
	[ ${#mine[@]} -gt 0 ] || return 0
	use_ccache
	make -j"${jobs:-$(nproc)}" -C "$top/tests" KERNEL="$1" OUT="$2" \
		MODULES="$clone${2#"$top"}/modules" "${mine[@]}"
)

# build_suites NAME...: build the modules, and the programs of these suites.
build_suites() {
	local log=$logs/build-$kernel.log name files=()

	for name; do
		mapfile -t -O "${#files[@]}" files < <(guest_files "$name")
	done
	{
		make_modules "$dir" modules &&
			make_tests "$dir" "$out" "${files[@]}" &&
			{ [ "$programs" = "$out" ] || make_tests "$builder" "$programs" "${files[@]}"; }
	} >"$log" 2>&1 || {
		# Other jobs of make may have gone on for long.
		grep -E 'error:|\*\*\*' "$log" | head -n 10 >&2
		die "building for $kernel failed: see $log"
	}
}

# prepare_guest NAME: set program and options for the suite's guest, and skip to the reason if
# the suite cannot run on this kernel.
prepare_guest() {
	local made

	parse_guest "$1"
	skip=""
	if [ -n "$needs" ] && ! configured "$needs"; then
		skip="this kernel has no $needs"
	elif [ -n "$dpdk" ] && has_sanitizers; then
		# DPDK programs poll.
		skip="this kernel is too slow for DPDK"
	fi
	[ -z "$skip" ] || return 0
	if [ -n "$dpdk" ]; then
		made=$("$top/dpdk-patches/tree" "$dpdk") || return
		options+=(--tree "$made")
	fi
	if [ -n "$disk" ]; then
		made=$("$top/tests/$disk/image") || return
		disk "$made"
	fi
	if [ -n "$tree" ]; then
		made=$logs/$tree.dtb
		"$top/tests/vm/device-tree" "$tree" "$made" || return
		options+=(--qemu -dtb --qemu "$made")
	fi
}

# run_guest NAME [ARG...]: run the suite's program in its guest, with these arguments.
run_guest() {
	local program needs on also dpdk disk tree alone options skip

	prepare_guest "$1" || return
	if [ -n "$skip" ]; then
		echo "1..0 # SKIP $skip"
	else
		boot_guest "$1" "${options[@]}" --file "$programs/$program" \
			-- env "TORTURE=${TORTURE:-}" "./${program##*/}" "${@:2}"
	fi
}

# boot_guest NAME OPTION...: the time limit ends a guest that hangs.
boot_guest() {
	local limit=900

	# The long form of the suites of torture takes hours.
	[ -z "${TORTURE:-}" ] || limit=86400
	"$top/tests/vm/run" --kernel "$dir" --timeout "$limit" --log "$(console_of "$1")" "${@:2}"
}

console_of() {
	echo "$logs/${1//\//-}-$kernel.console"
}

# --- Suites that share a guest ---------------------------------------------

# A boot and, on a kernel with sanitizers, the search for leaks take longer than most suites.
SUITES_A_GUEST=20

# guest_key NAME: set key to what suites that share a guest have in common, or to nothing if the
# suite needs a guest of its own; functions to what the guest needs besides; base to the name of
# the suite's program there; and alone to last if it must be the last one there.
guest_key() {
	local program needs on also dpdk disk tree options out="" programs="" files without fixed

	parse_guest "$1"
	base=${program##*/} key="" functions=""
	[ "$alone" != alone ] || return 0
	[ -z "$disk$tree" ] || return 0
	split_options "${options[@]}"
	printf -v key '<%s>' "dpdk=$dpdk" "${fixed[@]}"
}

# split_options OPTION...: set files to the options --file, and without to the others. Of these, set
# functions to the arguments of QEMU that add a function to the guest, one a line, and fixed to the
# rest.
split_options() {
	local nr

	files=() without=() fixed=() functions=""
	while [ $# -gt 0 ]; do
		nr=2
		case $1 in
		--icount)			nr=1 ;;
		--qemu)				nr=4 ;;
		esac
		case "$1 ${2:-}" in
		"--file "*)			files+=("${@:1:nr}") ;;
		*" -numa"|*" -global")		fixed+=("${@:1:nr}") ;;
		"--device "*|"--qemu "*)	functions+="${*:1:nr}"$'\n' ;;
		*)				fixed+=("${@:1:nr}") ;;
		esac
		[ "$1" = --file ] || without+=("${@:1:nr}")
		shift $nr
	done
}

# has_functions ALL SOME: does ALL have each function of SOME?
has_functions() {
	local one

	while read -r one; do
		[[ $'\n'$1$'\n' == *$'\n'$one$'\n'* ]] || return
	done <<<"$2"
}

# share_guests: read names of suites, and print those of each guest on a line. One of them needs all
# functions of the guest. The programs of a guest lie in one directory, so their names differ.
share_guests() {
	local name key functions base alone i
	local -a names=() lasts=() keys=() guests=() bases=() counts=()
	while read -r name; do
		guest_key "$name"
		for ((i = 0; i < ${#names[@]}; i++)); do
			if [ -z "$key" ] || [ "${keys[i]}" != "$key" ] || [ "${counts[i]}" -ge "$SUITES_A_GUEST" ] ||
				[[ " ${bases[i]} " == *" $base "* ]] || [ "$alone,${lasts[i]:+last}" = last,last ]; then
				continue
			elif has_functions "$functions" "${guests[i]}"; then
				guests[i]=$functions
			elif ! has_functions "${guests[i]}" "$functions"; then
				continue
			fi
			break
		done
		if [ "$i" -eq ${#names[@]} ]; then
			names+=("") lasts+=("") keys+=("$key") guests+=("$functions") bases+=("") counts+=(0)
		fi
		if [ "$alone" = last ]; then
			lasts[i]=$name
		else
			names[i]+="$name "
		fi
		bases[i]+=" $base" counts[i]=$((counts[i] + 1))
	done
	for ((i = 0; i < ${#names[@]}; i++)); do
		echo "${names[i]}${lasts[i]}"
	done
}

# run_guests NAME...: run these suites, which share a guest, one after another. The output has the
# marks of tests/vm/in-turn.
run_guests() {
	local program needs on also dpdk disk tree alone options skip files without fixed functions name
	local most="" guest=() shared=() parts=()

	for name; do
		prepare_guest "$name" || return
		split_options "${options[@]}"
		if [ -z "${guest[*]}" ] || ! has_functions "$most" "$functions"; then
			guest=("${without[@]}") most=$functions
		fi
		if [ -n "$skip" ]; then
			printf '=== %s\n1..0 # SKIP %s\n=== %s: 0\n' "$name" "$skip" "$name"
			continue
		fi
		shared+=("${files[@]}" --file "$programs/$program")
		parts+=("$name=${program##*/}")
	done
	[ ${#parts[@]} -eq 0 ] ||
		boot_guest "$1" "${guest[@]}" "${shared[@]}" --file "$top/tests/vm/in-turn" \
			-- env "TORTURE=${TORTURE:-}" ./in-turn "${parts[@]}"
}
