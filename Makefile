# Plumbline needs Go, a C compiler (for the race detector), make and Docker. Everything else it builds.
#
#   make conformance       judge the reference orchestrator, and write out/report.html, report.json and junit.xml
#   make conformance-kubernetes   the same for upstream Kubernetes, built from its modules
#   make conformance-late KUBECONFIG=…   judge a cluster whose API server's answers arrive 300 ms late (DELAY=…)
#   make test              everything that has to hold before a change goes in
#   make bench             measure the reference beside its budgets, and write out/bench.json (ONLY=pods,api RUNS=3)
#   make bench-compare     the same on upstream Kubernetes in turn, as ratios
#   make compare REPORTS='one/report.json other/report.json'   what implementations do differently, as Markdown and out/compare.html
#   make verify REPORTS=out/report.json                        judge a report anew from its records, without a cluster
#   make golden            ask upstream Kubernetes again, and write down its answers (fixtures/golden); NAME=pods/probes for one file
#   make runner-image      the compiled runner as an image, for a Job in the cluster that it judges; see ci/README.md
#   make pages             try the pages for a browser in headless Chromium, and leave pictures of them in out/pages
#   make kernel            as root, with both families of iptables: the reference's rules in this machine's kernel, in namespaces of their own
#   make mutants           break the reference in each way that is known to be caught, and see it caught; see ci/README.md
#   make variants          change the reference in ways in which it stays right, and see it pass
#
# A run can be narrowed: make conformance CLAIM=labels/in, SCENARIO=…, CHAPTER=6, PROFILE=api, SLOW=1, HISTORIC=1, SEED=7,
# CONCURRENCY=4, NODES=1, KEEP=1, OUT=…, KUBECTL=…, LIST=1, DRY_RUN=1. EXPECTED=known.yaml names a file of known failures
# (features/CHANGES.md), with which only other failures, and known ones that are gone, fail the run. What is judged:
# TARGET=kubernetes, TARGET=image IMAGE=…, or TARGET=kubeconfig with KUBECONFIG=…, CONTEXT=…, WORKLOAD_IMAGE=….

ARGS := -make $(if $(SCENARIO),-scenario=$(SCENARIO)) $(if $(CLAIM),-claim=$(CLAIM)) $(if $(CHAPTER),-chapter=$(CHAPTER)) \
	$(if $(PROFILE),-profile=$(PROFILE)) $(if $(SLOW),-slow) $(if $(HISTORIC),-historic) $(if $(SEED),-seed=$(SEED)) \
	$(if $(CONCURRENCY),-concurrency=$(CONCURRENCY)) $(if $(NODES),-nodes=$(NODES)) $(if $(KEEP),-keep) $(if $(OUT),-out=$(OUT)) $(if $(TARGET),-target=$(TARGET)) \
	$(if $(IMAGE),-image=$(IMAGE)) $(if $(filter kubeconfig,$(TARGET)),$(if $(filter command,$(firstword $(origin KUBECONFIG))),-kubeconfig=$(KUBECONFIG))) \
	$(if $(CONTEXT),-context=$(CONTEXT)) $(if $(WORKLOAD_IMAGE),-workload-image=$(WORKLOAD_IMAGE)) \
	$(if $(KUBECTL),-kubectl=$(KUBECTL)) $(if $(EXPECTED),-expected-failures=$(EXPECTED)) $(if $(LIST),-list) $(if $(DRY_RUN),-dry-run)

# What runs in containers is built static and without paths. Building the suite in the same way saves compiling the
# same packages twice; only the race detector needs cgo, and its own.
PLAIN = CGO_ENABLED=0
RACED = CGO_ENABLED=1

# Without a package argument go test neither holds back what the run prints nor keeps its result.
CONFORMANCE = $(PLAIN) go test -trimpath -vet=off -count=1 -timeout=0 -run='^TestConformance$$'
TESTED = $(shell go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)

.PHONY: conformance conformance-all conformance-kubernetes conformance-late list suite test format vet unit kernel pages mutants variants bench bench-compare compare verify reference reference-down kubernetes kubernetes-down workload-image runner runner-image example generate golden clean

conformance: suite
	@$(CONFORMANCE) -args $(ARGS)

conformance-all: suite
	@$(CONFORMANCE) -args -slow -historic $(ARGS)

conformance-kubernetes:
	@$(MAKE) --no-print-directory conformance TARGET=kubernetes

list:
	@$(CONFORMANCE) -args -list $(ARGS)

suite:
	@echo "Compiling the suite (the first time this takes minutes)"
	@$(PLAIN) go run ./ci/build -trimpath .

test: format vet unit conformance

format:
	@echo "Checking the formatting"
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt has to be run on:"; echo "$$unformatted"; exit 1; }

vet: suite
	@echo "Vetting"
	@$(PLAIN) go run ./ci/build -trimpath ./...
	@$(PLAIN) go vet -trimpath ./...

unit:
	@echo "Running the unit tests with the race detector"
	@$(RACED) go run ./ci/build -race $(TESTED)
	@$(RACED) go test -race -vet=off -count=1 -timeout=20m -skip='^TestConformance$$' $(TESTED)
	@cd fixtures/kubernetes && $(PLAIN) go test -trimpath -vet=off -count=1 ./node

# CHROMIUM names the program, where it is not on the path as chromium.
pages:
	@command -v $(or $(CHROMIUM),chromium) >/dev/null || { echo "make pages needs Chromium: apt-get install chromium"; exit 1; }
	@$(PLAIN) go vet -trimpath -tags=pages ./ci/pages
	@$(PLAIN) $(if $(CHROMIUM),CHROMIUM=$(CHROMIUM)) go test -trimpath -vet=off -tags=pages -count=1 ./ci/pages

# The tests that change a packet filter make network namespaces for it.
kernel:
	@$(PLAIN) go test -trimpath -vet=off -count=1 -tags=kernel -run='Kernel|Traffic|LeftBehind' ./reference/proxy

mutants: suite
	@$(PLAIN) go run -trimpath ./ci/mutate $(if $(NAME),-name=$(NAME)) $(if $(CLAIM),-claim=$(CLAIM)) $(if $(SAMPLE),-sample=$(SAMPLE)) \
		$(if $(SEED),-seed=$(SEED)) $(if $(AGAIN),-again) $(if $(PARALLEL),-at-a-time=$(PARALLEL)) $(if $(LEDGER),-ledger=ci/caught.txt) $(if $(OUT),-out=$(OUT))

# A run can be narrowed as make conformance can.
variants: suite
	@$(PLAIN) go run -trimpath ./ci/vary $(if $(NAME),-name=$(NAME)) $(if $(OUT),-out=$(OUT)) -- $(filter-out -make -keep -list -dry-run -out=% -target=% -image=% -kubeconfig=% -context=% -workload-image=% -expected-failures=%,$(ARGS))

BENCH = $(PLAIN) go run -trimpath ./ci/bench $(if $(TARGET),-target=$(TARGET)) $(if $(IMAGE),-image=$(IMAGE)) $(if $(ONLY),-only=$(ONLY)) $(if $(RUNS),-runs=$(RUNS)) $(if $(OUT),-out=$(OUT))

bench: suite
	@$(BENCH)

bench-compare: suite
	@$(BENCH) -against=$(or $(AGAINST),kubernetes)

# The cluster is that of KUBECONFIG=…, as `make reference` leaves one; DELAY is how late its answers come.
conformance-late: suite
	@$(PLAIN) go run -trimpath ./ci/late $(or $(KUBECONFIG),$(error KUBECONFIG=… names the cluster, such as the one that make reference leaves)) \
		$(or $(DELAY),300ms) env $(CONFORMANCE) -args -target=kubeconfig $(filter-out -target=% -kubeconfig=%,$(ARGS))

generate:
	go generate ./reference/openapi

golden: suite
	@$(PLAIN) go run -trimpath ./fixtures/golden/record $(if $(SHOW),-show) $(NAME)

# Nodes come with the workload image, and with those in the archives IMAGES='one.tar other.tar'.
reference kubernetes: suite
	@$(PLAIN) go run -trimpath ./fixtures/cluster up $@ $(or $(NODES),3) $(IMAGES)

reference-down:
	@$(PLAIN) go run -trimpath ./fixtures/cluster down $(or $(RUN),lasting)

kubernetes-down:
	@$(PLAIN) go run -trimpath ./fixtures/cluster down $(or $(RUN),kubernetes)

workload-image:
	@$(PLAIN) go run -trimpath ./fixtures/cluster workload-image $(or $(ARCH),$(shell go env GOARCH))

compare:
	@$(PLAIN) go run -trimpath ./ci/plumbline compare $(if $(OUT),-out=$(OUT)) $(REPORTS)

verify:
	@$(PLAIN) go run -trimpath ./ci/plumbline verify $(REPORTS)

# The runner is for GOOS and GOARCH, if those are given.
runner: suite
	@$(PLAIN) GOOS= GOARCH= go run -trimpath ./ci/pack .build $(or $(GOOS),$(shell go env GOOS)) $(or $(GOARCH),$(shell go env GOARCH))

# An image of the runner, for a Job in the cluster that it judges: ci/README.md says how.
runner-image: suite
	@$(PLAIN) GOOS= GOARCH= go run -trimpath ./ci/pack -image .build linux $(or $(ARCH),$(shell go env GOARCH))

example: suite
	@$(PLAIN) go run -trimpath ./ci/example

clean:
	rm -rf out .build
