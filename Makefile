# Plumbline needs Go, a C compiler (for the race detector), make and Docker. Everything else it builds.
#
#   make conformance       judge the reference orchestrator, and write out/report.json and out/junit.xml
#   make test              everything that has to hold before a change goes in
#
# A run can be narrowed: make conformance CLAIM=labels/in, SCENARIO=…, CHAPTER=6, PROFILE=api, SLOW=1, HISTORIC=1, SEED=7,
# CONCURRENCY=4, KEEP=1, OUT=…, TARGET=…, LIST=1.

comma := ,
ARGS := $(if $(SCENARIO),-scenario=$(SCENARIO)) $(if $(CLAIM),-claim=$(CLAIM)) $(if $(CHAPTER),-chapter=$(CHAPTER)) \
	$(if $(PROFILE),-profile=$(PROFILE)) $(if $(SLOW),-slow) $(if $(HISTORIC),-historic) $(if $(SEED),-seed=$(SEED)) \
	$(if $(CONCURRENCY),-concurrency=$(CONCURRENCY)) $(if $(KEEP),-keep) $(if $(OUT),-out=$(OUT)) $(if $(TARGET),-target=$(TARGET)) \
	$(if $(LIST),-list)

# Without a package argument go test neither buffers what the run prints nor keeps its result.
CONFORMANCE = go test -vet=off -count=1 -timeout=0 -run='^TestConformance$$'

.PHONY: conformance conformance-all list test format vet unit mutant reference reference-down generate clean

conformance:
	@echo "Building the suite (the first time this takes minutes)"
	@$(CONFORMANCE) -args $(ARGS)

conformance-all:
	@echo "Building the suite (the first time this takes minutes)"
	@$(CONFORMANCE) -args -slow -historic $(ARGS)

list:
	@$(CONFORMANCE) -args -list $(ARGS)

test: format vet unit conformance

format:
	@echo "Checking the formatting"
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt has to be run on:"; echo "$$unformatted"; exit 1; }

vet:
	@echo "Vetting"
	@go vet ./...

unit:
	@echo "Running the unit tests with the race detector"
	@go test -race -count=1 -timeout=20m -skip='^TestConformance$$' ./...

mutant:
	@go run ./ci/mutate $(subst $(comma), ,$(NAME))

generate:
	go generate ./reference/openapi

reference:
	@go run ./fixtures/cluster up

reference-down:
	@go run ./fixtures/cluster down

clean:
	rm -rf out .build
