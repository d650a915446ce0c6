#!/usr/bin/env bash
# Builds the runner, unless one was given, and tells the next step where it is.
set -euo pipefail
runner=$RUNNER_GIVEN
if [ -z "$runner" ]; then
	root=$(cd "$GITHUB_ACTION_PATH/../.." && pwd)
	os=$(go env GOOS)
	arch=$(go env GOARCH)
	make -C "$root" --no-print-directory runner
	runner=$root/.build/plumbline-$os-$arch/plumbline
fi
if ! [ -x "$runner" ]; then
	echo "::error::runner: $runner is no program"
	exit 1
fi
echo "runner=$runner" >>"$GITHUB_OUTPUT"
