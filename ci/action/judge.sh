#!/usr/bin/env bash
# Runs the runner with what the action was given, and tells the job of its verdict: by the exit code, the outputs and the summary.
set -euo pipefail

# A line break would end an output, or begin a command to the service.
for value in "$OUT" "$RUNNER" "$SLOW" "$LOAD_IMAGE"; do
	case $value in
	*$'\n'*)
		echo "::error::an input of the action has several lines"
		exit 2
		;;
	esac
done

flags=("-out=$OUT")
add() { [ -z "$2" ] || flags+=("-$1=$2"); }
if [ -n "$IMAGE" ]; then
	if [ -n "$KUBECONFIG_GIVEN$CONTEXT$WORKLOAD_IMAGE$LOAD_IMAGE" ]; then
		echo "::error::image: an image's clusters are started by the run; kubeconfig, context, workload-image and load-image belong to a cluster that is there"
		exit 2
	fi
	flags+=(-target=image "-image=$IMAGE")
else
	flags+=(-target=kubeconfig)
	add kubeconfig "$KUBECONFIG_GIVEN"
	add context "$CONTEXT"
	add workload-image "$WORKLOAD_IMAGE"
fi
add profile "$PROFILES"
add claim "$CLAIMS"
add scenario "$SCENARIOS"
add expected-failures "$EXPECTED_FAILURES"
case $SLOW in
true) flags+=(-slow) ;;
false | '') ;;
*)
	echo "::error::slow: \"$SLOW\" is neither true nor false"
	exit 2
	;;
esac

if [ -n "$LOAD_IMAGE" ]; then
	# All nodes are taken to be machines like this one.
	archives=("$(dirname "$RUNNER")"/workload-"$(case $(uname -m) in aarch64 | arm64) echo arm64 ;; *) echo amd64 ;; esac)".tar)
	# The command may have arguments of its own.
	read -r -a load <<<"$LOAD_IMAGE"
	"${load[@]}" "${archives[@]}"
fi

# What an earlier step left there must not be taken for this one's.
rm -f "$OUT/report.json" "$OUT/summary.md"
code=0
"$RUNNER" "${flags[@]}" || code=$?

if [ -f "$OUT/summary.md" ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
	cat "$OUT/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
if [ -f "$OUT/report.json" ]; then
	passed=false
	[ "$code" != 0 ] || passed=true
	{
		echo "passed=$passed"
		echo "report=$OUT/report.json"
		echo "page=$OUT/report.html"
		echo "junit=$OUT/junit.xml"
	} >>"$GITHUB_OUTPUT"
fi
case $code in
0) ;;
1) echo "::error::the cluster does not conform, or could not be judged; the summary of the job says more" ;;
*) echo "::error::the run could not begin; the log of this step says why" ;;
esac
exit "$code"
