package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Seal gives each scenario's record the digest of what stands in it. The run does so when it has written everything down, so that Verify
// notices a record that has lost a step, or whose words are others. It guards against damage, and not against forgery: whoever changes a
// record on purpose can seal it anew.
func (r *Report) Seal() error {
	for i := range r.Scenarios {
		digest, err := r.Scenarios[i].digest()
		if err != nil {
			return err
		}
		r.Scenarios[i].Digest = digest
	}
	return nil
}

// digest is that of a record, but for the digest that it has.
func (record *Record) digest() (string, error) {
	bare := *record
	bare.Digest = ""
	data, err := json.Marshal(bare)
	if err == nil {
		// What JSON cannot hold, such as broken UTF-8, is replaced as it is written. The digest is that of what can be read.
		var read Record
		if err = json.Unmarshal(data, &read); err == nil {
			data, err = json.Marshal(read)
		}
	}
	if err != nil {
		return "", fmt.Errorf("compute the digest of %s: %w", record.ID, err)
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
