package runtime

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// accounts are an image's /etc/passwd and /etc/group.
type accounts struct{ passwd, group string }

// resolve finds who a container's process is: the security context before
// the image's USER ("user", "uid", "user:group"), completed from the image's
// own files, as the CRI prescribes.
func (a accounts) resolve(imageUser string, security Security) (specs.User, error) {
	name, groupName, _ := strings.Cut(imageUser, ":")
	if security.User != nil {
		name, groupName = strconv.FormatInt(*security.User, 10), ""
	}
	if name == "" {
		name = "0"
	}
	var user specs.User
	entry := a.passwdEntry(name)
	switch uid, err := parseID(name); {
	case entry != nil:
		var err error
		if user.UID, err = parseID(entry[2]); err != nil {
			return user, fmt.Errorf("the entry of user %s in /etc/passwd: %w", name, err)
		}
		if user.GID, err = parseID(entry[3]); err != nil {
			return user, fmt.Errorf("the entry of user %s in /etc/passwd: %w", name, err)
		}
	case err == nil:
		user.UID = uid
	default:
		return user, fmt.Errorf("unable to find user %s: no matching entries in passwd file", name)
	}
	if security.Group != nil {
		user.GID = uint32(*security.Group)
	} else if groupName != "" {
		gid, err := a.groupID(groupName)
		if err != nil {
			return user, err
		}
		user.GID = gid
	}

	groups := []uint32{user.GID}
	if entry != nil {
		groups = append(groups, a.memberships(entry[0])...)
	}
	for _, gid := range security.SupplementalGroups {
		groups = append(groups, uint32(gid))
	}
	for _, gid := range groups {
		if !slices.Contains(user.AdditionalGids, gid) {
			user.AdditionalGids = append(user.AdditionalGids, gid)
		}
	}
	return user, nil
}

// passwdEntry finds a user by name or number.
func (a accounts) passwdEntry(user string) []string {
	for line := range strings.Lines(a.passwd) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) >= 4 && (fields[0] == user || fields[2] == user) {
			return fields
		}
	}
	return nil
}

func (a accounts) groupID(group string) (uint32, error) {
	for line := range strings.Lines(a.group) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) >= 3 && fields[0] == group {
			return parseID(fields[2])
		}
	}
	gid, err := parseID(group)
	if err != nil {
		return 0, fmt.Errorf("unable to find group %s: no matching entries in group file", group)
	}
	return gid, nil
}

// memberships are the groups that list the user.
func (a accounts) memberships(user string) []uint32 {
	var groups []uint32
	for line := range strings.Lines(a.group) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || !slices.Contains(strings.Split(fields[3], ","), user) {
			continue
		}
		if gid, err := parseID(fields[2]); err == nil {
			groups = append(groups, gid)
		}
	}
	return groups
}

func parseID(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n > math.MaxInt32 {
		return 0, fmt.Errorf("%q is no user or group number", text)
	}
	return uint32(n), nil
}
