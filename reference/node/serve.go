package node

import "context"

func (a *Agent) serve(ctx context.Context) (<-chan error, error) { return nil, nil }
