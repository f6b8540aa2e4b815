package accounttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/address"
)

var peopleGuards = []string{"BookRoundTrip", "BookStale", "BookWaits", "GroupRoundTrip", "GroupStale", "GroupCodeOnce", "GroupsInOrder", "GroupDelete",
	"Owner", "RoleRoundTrip", "RoleStale", "RolesInOrder", "RoleDelete", "Members", "ActiveMembers", "LastOwner", "UserText", "UserGroup", "PeopleRollback"}

var peopleCases = map[string]func(*testing.T, account.Store){
	"BookRoundTrip":  bookRoundTrip,
	"BookStale":      bookStale,
	"BookWaits":      bookWaits, // 8 units, 8 addresses
	"GroupRoundTrip": groupRoundTrip,
	"GroupStale":     groupStale,
	"GroupCodeOnce":  groupCodeOnce,
	"GroupsInOrder":  groupsInOrder,
	"GroupDelete":    groupDelete,
	"Owner":          owner, // is there from the beginning
	"RoleRoundTrip":  roleRoundTrip,
	"RoleStale":      roleStale,
	"RolesInOrder":   rolesInOrder,
	"RoleDelete":     roleDelete,
	"Members":        members,
	"ActiveMembers":  activeMembers,
	"LastOwner":      lastOwner, // 6 units take 6 owners their role, 1 is left
	"UserText":       userText,
	"UserGroup":      userGroup,
	"PeopleRollback": peopleRollback,
}

func saved(id string) account.SavedAddress {
	return account.SavedAddress{ID: id, Address: address.Address{Name: hostile, Line1: "1", City: "c", PostalCode: "p", Country: "AT"}, DefaultShipping: true, CreatedAt: day, UpdatedAt: day}
}

func bookOf(t *testing.T, s account.Store, userID string) account.Book {
	t.Helper()
	b, err := s.Book(t.Context(), userID)
	if err != nil {
		t.Fatalf("book of %s: %v", userID, err)
	}
	return b
}

func bookRoundTrip(t *testing.T, s account.Store) {
	empty := account.Book{UserID: "cus_1", Addresses: []account.SavedAddress{}}
	if got := bookOf(t, s, "cus_1"); !reflect.DeepEqual(got, empty) {
		t.Errorf("an empty book is %+v, want %+v", got, empty)
	}
	b := account.Book{UserID: "cus_1", Addresses: []account.SavedAddress{saved("adr_2"), saved("adr_1")}}
	for want := range int64(2) {
		if err := s.SaveBook(t.Context(), &b); err != nil || b.Version != want+1 {
			t.Fatalf("version %d, %v; want %d", b.Version, err, want+1)
		}
		if got := bookOf(t, s, "cus_1"); !reflect.DeepEqual(got, b) {
			t.Errorf("got\n%+v, want\n%+v", got, b)
		}
		b.Addresses = b.Addresses[:1]
	}
	if got := bookOf(t, s, "cus_2"); len(got.Addresses) != 0 {
		t.Errorf("somebody else has %+v", got)
	}
}

func bookStale(t *testing.T, s account.Store) {
	first := account.Book{UserID: "cus_1", Addresses: []account.SavedAddress{saved("adr_1")}}
	late := first
	if err := s.SaveBook(t.Context(), &first); err != nil {
		t.Fatal(err)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		for _, version := range []int64{0, 7} {
			late.Version, late.Addresses = version, nil
			wantErr(t, s.SaveBook(ctx, &late), account.ErrUserStale)
			if late.Version != version {
				t.Errorf("a refused book has version %d, want %d", late.Version, version)
			}
		}
		first.Addresses = append(first.Addresses, saved("adr_2"))
		return s.SaveBook(ctx, &first)
	})
	if err != nil {
		t.Errorf("the unit of a refused book: %v", err)
	}
	if got := bookOf(t, s, "cus_1"); len(got.Addresses) != 2 || got.Version != 2 {
		t.Errorf("the book is %+v", got)
	}
}

func bookWaits(t *testing.T, s account.Store) {
	save(t, s, person("cus_1", "a@example.com"))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
				if _, err := s.User(ctx, "cus_1"); err != nil {
					return err
				}
				b, err := s.Book(ctx, "cus_1")
				if err != nil {
					return err
				}
				b.Addresses = append(b.Addresses, saved(fmt.Sprint("adr_", i)))
				return s.SaveBook(ctx, &b)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := bookOf(t, s, "cus_1"); len(got.Addresses) != 8 {
		t.Errorf("%d addresses, want 8", len(got.Addresses))
	}
}

func group(id, code string) account.Group {
	return account.Group{ID: id, Name: hostile, Code: code, CreatedAt: day, UpdatedAt: day}
}

func saveGroup(t *testing.T, s account.Store, g account.Group) account.Group {
	t.Helper()
	if err := s.SaveGroup(t.Context(), &g); err != nil {
		t.Fatalf("save %s: %v", g.ID, err)
	}
	return g
}

func groupRoundTrip(t *testing.T, s account.Store) {
	g := saveGroup(t, s, group("grp_1", "dealer"))
	for range 2 {
		if got, err := s.Group(t.Context(), "grp_1"); err != nil || !reflect.DeepEqual(got, g) {
			t.Errorf("got\n%+v, %v; want\n%+v", got, err, g)
		}
		g.Name, g.Code = "Other", "other"
		g = saveGroup(t, s, g)
	}
	if g.Version != 3 {
		t.Errorf("version %d, want 3", g.Version)
	}
	for _, id := range []string{"none", "GRP_1", "grp_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.Group(t.Context(), id)
		wantErr(t, err, account.ErrGroupNotFound)
	}
}

func groupStale(t *testing.T, s account.Store) {
	g := saveGroup(t, s, group("grp_1", "a"))
	late := g
	saveGroup(t, s, g)
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		wantErr(t, s.SaveGroup(ctx, &late), account.ErrGroupNotFound)
		gone := group("grp_2", "b")
		gone.Version = 1
		wantErr(t, s.SaveGroup(ctx, &gone), account.ErrGroupNotFound)
		return nil
	})
	if err != nil {
		t.Errorf("the unit of a refused group: %v", err)
	}
	_, err = s.Group(t.Context(), "grp_2")
	wantErr(t, err, account.ErrGroupNotFound)
}

func groupCodeOnce(t *testing.T, s account.Store) {
	saveGroup(t, s, group("grp_1", "a"))
	b := saveGroup(t, s, group("grp_2", "b"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		third := group("grp_3", "a")
		wantErr(t, s.SaveGroup(ctx, &third), account.ErrGroupTaken)
		taken := b
		taken.Code = "a"
		wantErr(t, s.SaveGroup(ctx, &taken), account.ErrGroupTaken)
		third.Code = "A" // another one
		return s.SaveGroup(ctx, &third)
	})
	if err != nil {
		t.Errorf("the unit of a refused group: %v", err)
	}
	if got, err := s.Group(t.Context(), "grp_2"); err != nil || got.Code != "b" {
		t.Errorf("%+v, %v", got, err)
	}
}

func groupsInOrder(t *testing.T, s account.Store) {
	for _, id := range []string{"grp_2", "grp_1", "grp_3"} {
		saveGroup(t, s, group(id, id))
	}
	for _, c := range []struct {
		after string
		limit int
		want  []string
	}{{"", 9, []string{"grp_1", "grp_2", "grp_3"}}, {"", 2, []string{"grp_1", "grp_2"}}, {"grp_1", 1, []string{"grp_2"}}, {"grp_3", 9, nil}} {
		found, err := s.Groups(t.Context(), c.after, c.limit)
		var ids []string
		for _, g := range found {
			ids = append(ids, g.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%d after %q: %v, %v; want %v", c.limit, c.after, ids, err, c.want)
		}
	}
}

func groupDelete(t *testing.T, s account.Store) {
	saveGroup(t, s, group("grp_1", "a"))
	saveGroup(t, s, group("grp_2", "b"))
	if err := errors.Join(s.DeleteGroup(t.Context(), "grp_1"), s.DeleteGroup(t.Context(), "none")); err != nil {
		t.Fatal(err)
	}
	_, err := s.Group(t.Context(), "grp_1")
	wantErr(t, err, account.ErrGroupNotFound)
	saveGroup(t, s, group("grp_3", "a")) // the code is free again
	if _, err := s.Group(t.Context(), "grp_2"); err != nil {
		t.Error(err)
	}
}

func role(id string) account.Role {
	return account.Role{ID: id, Name: hostile, Scopes: []string{"orders:*", "stock:read"}, CreatedAt: day, UpdatedAt: day}
}

func saveRole(t *testing.T, s account.Store, r account.Role) account.Role {
	t.Helper()
	if err := s.SaveRole(t.Context(), &r); err != nil {
		t.Fatalf("save %s: %v", r.ID, err)
	}
	return r
}

func owner(t *testing.T, s account.Store) {
	got, err := s.Role(t.Context(), account.RoleOwner)
	if want := account.Owner(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, %v; want\n%+v", got, err, want)
	}
	all, err := s.Roles(t.Context(), "", 9)
	if err != nil || len(all) != 1 || all[0].ID != account.RoleOwner {
		t.Errorf("a new store has %+v, %v", all, err)
	}
}

func roleRoundTrip(t *testing.T, s account.Store) {
	r := saveRole(t, s, role("rol_1"))
	for range 2 {
		if got, err := s.Role(t.Context(), "rol_1"); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("got\n%+v, %v; want\n%+v", got, err, r)
		}
		r.Scopes = []string{"*"}
		r = saveRole(t, s, r)
	}
	for _, id := range []string{"none", "ROL_1", "rol_1 ", "OWNER", "é☕"} {
		_, err := s.Role(t.Context(), id)
		wantErr(t, err, account.ErrRoleNotFound)
	}
}

func roleStale(t *testing.T, s account.Store) {
	r := saveRole(t, s, role("rol_1"))
	late := r
	r = saveRole(t, s, r)
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		wantErr(t, s.SaveRole(ctx, &late), account.ErrRoleNotFound)
		again := role("rol_1")
		wantErr(t, s.SaveRole(ctx, &again), account.ErrRoleNotFound)
		return s.SaveRole(ctx, &r)
	})
	if err != nil {
		t.Errorf("the unit of a refused role: %v", err)
	}
}

func rolesInOrder(t *testing.T, s account.Store) {
	for _, id := range []string{"rol_2", "rol_1"} {
		saveRole(t, s, role(id))
	}
	for _, c := range []struct {
		after string
		limit int
		want  []string
	}{{"", 9, []string{"owner", "rol_1", "rol_2"}}, {"owner", 1, []string{"rol_1"}}, {"rol_1", 9, []string{"rol_2"}}, {"rol_2", 9, nil}} {
		found, err := s.Roles(t.Context(), c.after, c.limit)
		var ids []string
		for _, r := range found {
			ids = append(ids, r.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%d after %q: %v, %v; want %v", c.limit, c.after, ids, err, c.want)
		}
	}
}

func roleDelete(t *testing.T, s account.Store) {
	saveRole(t, s, role("rol_1"))
	if err := errors.Join(s.DeleteRole(t.Context(), "rol_1"), s.DeleteRole(t.Context(), "none")); err != nil {
		t.Fatal(err)
	}
	_, err := s.Role(t.Context(), "rol_1")
	wantErr(t, err, account.ErrRoleNotFound)
}

func wantMember(t *testing.T, s account.Store, id string, active, want bool) {
	t.Helper()
	if got, err := s.HasMember(t.Context(), id, active); err != nil || got != want {
		t.Errorf("%s has a member (active %v) = %v, %v; want %v", id, active, got, err, want)
	}
}

func members(t *testing.T, s account.Store) {
	u := person("cus_1", "a@example.com")
	u.Groups, u.Roles = []string{"grp_2", "grp_1", "grp_2"}, []string{"rol_1"}
	u = save(t, s, u)
	for id, want := range map[string]bool{"grp_1": true, "grp_2": true, "rol_1": true, "grp_3": false, "cus_1": false, "": false} {
		wantMember(t, s, id, false, want)
	}
	u.Groups, u.Roles = []string{"grp_3"}, []string{}
	save(t, s, u)
	for id, want := range map[string]bool{"grp_1": false, "grp_2": false, "rol_1": false, "grp_3": true} {
		wantMember(t, s, id, true, want)
	}
}

func activeMembers(t *testing.T, s account.Store) {
	u := person("cus_1", "a@example.com")
	u.Roles, u.Disabled = []string{"rol_1"}, true
	u = save(t, s, u)
	wantMember(t, s, "rol_1", true, false)
	wantMember(t, s, "rol_1", false, true)
	u.Disabled = false
	save(t, s, u)
	wantMember(t, s, "rol_1", true, true)
}

var errLast = errors.New("the last")

func lastOwner(t *testing.T, s account.Store) {
	const n = 6
	for i := range n {
		u := person(fmt.Sprint("stf_", i), fmt.Sprintf("%d@example.com", i))
		u.Kind, u.Roles = account.KindStaff, []string{account.RoleOwner}
		save(t, s, u)
	}
	var mu sync.Mutex
	var kept int
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error { return leave(ctx, s, fmt.Sprint("stf_", i)) })
			if err != nil && !errors.Is(err, errLast) {
				t.Error(err)
			}
			if err != nil {
				mu.Lock()
				kept++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if kept != 1 {
		t.Errorf("%d were kept, want 1", kept)
	}
	wantMember(t, s, account.RoleOwner, true, true)
}

// leave takes a user the role of the owner, unless they are the last.
func leave(ctx context.Context, s account.Store, id string) error {
	u, err := s.User(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.Role(ctx, account.RoleOwner); err != nil {
		return err
	}
	u.Roles = []string{}
	if err := s.SaveUser(ctx, &u); err != nil {
		return err
	}
	left, err := s.HasMember(ctx, account.RoleOwner, true)
	if err == nil && !left {
		return errLast
	}
	return err
}

func wantUsers(t *testing.T, s account.Store, f account.UserFilter, want ...string) {
	t.Helper()
	f.Kind = account.KindCustomer
	found, err := s.Users(t.Context(), f, day.Add(time.Second), "", 9)
	var ids []string
	for _, u := range found {
		ids = append(ids, u.ID)
	}
	if err != nil || !slices.Equal(ids, want) {
		t.Errorf("%+v: %v, %v; want %v", f, ids, err, want)
	}
}

func userText(t *testing.T, s account.Store) {
	for id, name := range map[string]string{"cus_1": "Ada  LOVELACE", "cus_2": `100% "Öl" _'\`, "cus_3": ""} {
		u := person(id, id+"@Example.com")
		u.Name = name
		save(t, s, u)
	}
	for text, want := range map[string][]string{
		"": {"cus_3", "cus_2", "cus_1"}, "lovelace": {"cus_1"}, "ada lovelace": {"cus_1"}, "da lo": {"cus_1"}, "öl": {"cus_2"}, "ol": nil, `"öl" _'\`: {"cus_2"}, "0%": {"cus_2"}, "%": {"cus_2"},
		"_2@example.com": {"cus_2"}, "@example": {"cus_3", "cus_2", "cus_1"}, "nobody": nil, "?": nil,
	} {
		wantUsers(t, s, account.UserFilter{Text: text}, want...)
	}
	u := user(t, s, "cus_1")
	u.Name = "Grace"
	save(t, s, u)
	wantUsers(t, s, account.UserFilter{Text: "lovelace"})
	wantUsers(t, s, account.UserFilter{Text: "grace", Email: "cus_1"}, "cus_1")
	wantUsers(t, s, account.UserFilter{Text: "grace", Email: "cus_2"})
}

func userGroup(t *testing.T, s account.Store) {
	for id, groups := range map[string][]string{"cus_1": {"grp_1"}, "cus_2": {"grp_1", "grp_2"}, "cus_3": {}} {
		u := person(id, id+"@example.com")
		u.Groups, u.Disabled = groups, id == "cus_1"
		save(t, s, u)
	}
	wantUsers(t, s, account.UserFilter{Group: "grp_1"}, "cus_2", "cus_1")
	wantUsers(t, s, account.UserFilter{Group: "grp_2"}, "cus_2")
	wantUsers(t, s, account.UserFilter{Group: "grp_3"})
}

func peopleRollback(t *testing.T, s account.Store) {
	u := save(t, s, person("cus_1", "a@example.com"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		g, r := group("grp_1", "a"), role("rol_1")
		u.Groups = []string{"grp_1"}
		return errors.Join(s.SaveBook(ctx, &account.Book{UserID: "cus_1", Addresses: []account.SavedAddress{saved("adr_1")}}),
			s.SaveGroup(ctx, &g), s.SaveRole(ctx, &r), s.SaveUser(ctx, &u), errBoom)
	})
	wantErr(t, err, errBoom)
	if b := bookOf(t, s, "cus_1"); b.Version != 0 || len(b.Addresses) > 0 {
		t.Errorf("a book was not rolled back: %+v", b)
	}
	_, err = s.Group(t.Context(), "grp_1")
	wantErr(t, err, account.ErrGroupNotFound)
	_, err = s.Role(t.Context(), "rol_1")
	wantErr(t, err, account.ErrRoleNotFound)
	wantMember(t, s, "grp_1", false, false)
}
