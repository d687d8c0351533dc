# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of noiommuctl for bash.

# The addresses of all functions, and the interfaces of those that have one.
_noiommuctl_functions() {
	local path

	for path in /sys/bus/pci/devices/*; do
		echo "${path##*/}"
	done
	for path in /sys/class/net/*/device; do
		[ ! -e "$path" ] || basename "${path%/device}"
	done
}

_noiommuctl() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words

	if [ "$COMP_CWORD" -eq 1 ]; then
		words="status bind unbind check translate cdi --help --version"
	elif [ "${COMP_WORDS[COMP_CWORD - 1]}" = --driver ]; then
		words="vfio-pci noiommu-pci"
	else
		case $command in
		status)		words="--json --watch" ;;
		bind)		words="--driver --wc --persist --force $(_noiommuctl_functions)" ;;
		unbind)		words="--force $(_noiommuctl_functions)" ;;
		cdi)		words=$(_noiommuctl_functions) ;;
		translate)	words=self-test ;;
		*)		words="" ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	# An address has colons, at which bash starts a new word.
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$word"
	fi
}

complete -F _noiommuctl noiommuctl
