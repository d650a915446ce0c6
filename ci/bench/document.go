package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// documentVersion is the version of the JSON's format. It changes when a reader of the old one would be misled.
const documentVersion = 1

// document is everything that a run found out, as out/bench.json has it.
type document struct {
	Version     int               `json:"version"`
	Complete    bool              `json:"complete"` // false after an interrupt or when something could not be measured
	Began       time.Time         `json:"began"`
	Finished    time.Time         `json:"finished"`
	Machine     machine           `json:"machine"`
	Targets     []string          `json:"targets"` // the second one is what the first is compared with
	Figures     []summary         `json:"figures"`
	Rounds      []*round          `json:"rounds"` // in the order in which they were made
	NotMeasured map[string]string `json:"notMeasured"`
	Problems    []string          `json:"problems"`
}

// summary is what all rounds say of one figure.
type summary struct {
	ID       string            `json:"id"`
	What     string            `json:"what"`
	Unit     string            `json:"unit"`
	Better   string            `json:"better"` // "less" or "more"
	Budget   float64           `json:"budget,omitempty"`
	Over     bool              `json:"overBudget"`        // the first target's median is over it
	ByTarget map[string]spread `json:"targets"`           // no entry where it could not be measured
	Ratio    *spread           `json:"ratio,omitempty"`   // the first target to the second, pair by pair
	Missing  map[string]string `json:"missing,omitempty"` // by target: why there is no value
}

// summarise brings the rounds together, figure by figure. Ratios are made pair by pair, from rounds next to each other,
// because what slows the machine down for a while slows both.
func summarise(figures []figure, targets []string, rounds []*round) []summary {
	var all []summary
	for _, f := range figures {
		s := summary{ID: f.id, What: f.what, Unit: f.unit, Better: "less", Budget: f.budget, ByTarget: map[string]spread{}, Missing: map[string]string{}}
		if f.more {
			s.Better = "more"
		}
		values := map[string]map[int]float64{} // by target, by round
		for _, r := range rounds {
			if v, ok := r.Values[f.id]; ok {
				if values[r.Target] == nil {
					values[r.Target] = map[int]float64{}
				}
				values[r.Target][r.Number] = v
			} else if why, ok := r.Missing[f.id]; ok {
				s.Missing[r.Target] = why
			}
		}
		for target, byRound := range values {
			var flat []float64
			for _, v := range byRound {
				flat = append(flat, v)
			}
			if sp, ok := spreadOf(flat); ok {
				s.ByTarget[target] = sp
			}
		}
		if len(targets) == 2 {
			var ratios []float64
			for number, v := range values[targets[0]] {
				if other, ok := values[targets[1]][number]; ok && other != 0 {
					ratios = append(ratios, v/other)
				}
			}
			if sp, ok := spreadOf(ratios); ok {
				s.Ratio = &sp
			}
		}
		first, ok := s.ByTarget[targets[0]]
		s.Over = ok && f.budget > 0 && first.Median > f.budget
		all = append(all, s)
	}
	return all
}

func (d *document) write(folder string) (string, error) {
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the figures as JSON: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of the figures: %w", err)
	}
	path := filepath.Join(folder, "bench.json")
	if err := os.WriteFile(path+".part", append(data, '\n'), 0o644); err != nil {
		return "", fmt.Errorf("write the figures: %w", err)
	}
	return path, os.Rename(path+".part", path)
}
