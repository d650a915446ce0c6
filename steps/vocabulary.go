package steps

import (
	"context"
	"reflect"

	"github.com/cucumber/godog"
)

// Initialize registers every sentence of the vocabulary with godog.
func Initialize(sc *godog.ScenarioContext) {
	registerAll(vocabulary{func(sentence string, function any) { sc.Step(sentence, function) }})
}

func registerAll(v vocabulary) {
	submitSentences(v)
	admissionSentences(v)
	changeSentences(v)
	acceptanceSentences(v)
	fieldSentences(v)
	selectorSentences(v)
	querySentences(v)
	choiceSentences(v)
	watchSentences(v)
	listSentences(v)
	podSentences(v)
	placementSentences(v)
	sharingSentences(v)
	nodeSentences(v)
	storageSentences(v)
	programSentences(v)
	logSentences(v)
	trafficSentences(v)
	waySentences(v)
	outsideSentences(v)
	serviceSentences(v)
	nameSentences(v)
	insideSentences(v)
	nodePortSentences(v)
	replicaSetSentences(v)
	rolloutSentences(v)
	autoscalingSentences(v)
	kubectlSentences(v)
	backgroundSentences(v)
	transferSentences(v)
	clusterSentences(v)
	crashSentences(v)
	ruleSentences(v)
	recordedSentences(v)
}

// vocabulary registers sentences so that every text in one may use what the scenario remembers, as ${name}.
type vocabulary struct {
	register func(sentence string, function any)
}

// Step binds a sentence to its function, whose first argument is the scenario's context.
func (v vocabulary) Step(sentence string, function any) {
	plain := reflect.ValueOf(function)
	v.register(sentence, reflect.MakeFunc(plain.Type(), func(arguments []reflect.Value) []reflect.Value {
		ctx, _ := arguments[0].Interface().(context.Context)
		for i, argument := range arguments {
			if argument.Kind() != reflect.String {
				continue
			}
			text, err := expanded(ctx, argument.String())
			if err != nil {
				return []reflect.Value{reflect.ValueOf(&err).Elem()}
			}
			arguments[i] = reflect.ValueOf(text)
		}
		return plain.Call(arguments)
	}).Interface())
}
