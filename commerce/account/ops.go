package account

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Service is the accounts as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	SignIn
	People

	CreateKey(ctx context.Context, in CreateKeyInput) (NewKey, error)
	Keys(ctx context.Context, in KeysInput) (page.Page[APIKey], error)
	RevokeKey(ctx context.Context, in IDInput) (APIKey, error)
	Authenticate(ctx context.Context, in AuthenticateInput) (AuthenticateOutput, error)
}

// The operations, as transports know them.
var (
	OpCreateKey = op.Op[CreateKeyInput, NewKey]{Name: "account.create_key", Access: "keys:write",
		Doc: "Makes a secret key. Nobody can give rights that they do not have.", Fails: []*fault.Error{ErrScopeUnknown, fault.ErrDenied}}
	OpKeys = op.Op[KeysInput, page.Page[APIKey]]{Name: "account.keys", Kind: op.Query, Access: "keys:read",
		Doc: "The secret keys, newest first, without their secrets."}
	OpRevokeKey = op.Op[IDInput, APIKey]{Name: "account.revoke_key", Access: "keys:write",
		Doc: "Ends a secret key at once. Again is fine.", Fails: []*fault.Error{ErrKeyNotFound}}
	OpAuthenticate = op.Op[AuthenticateInput, AuthenticateOutput]{Name: "account.authenticate", Kind: op.Query, Access: op.Inside,
		Doc: "Finds out whose secret this is.", Fails: []*fault.Error{fault.ErrUnauthenticated}}
)

// IDInput names a key, or whatever else an operation is about.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// CreateKeyInput is a key to be.
type CreateKeyInput struct {
	Name      string     `json:"name" minLength:"1" maxLength:"200"`
	Scopes    []string   `json:"scopes" minItems:"1" maxItems:"50"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// NewKey is a key with its secret, which nobody can show again.
type NewKey struct {
	APIKey
	Secret string `json:"secret"` // "sk_…"
}

// Secretless implements what package idem asks of answers with secrets: a
// replay shows the key without its secret.
func (k NewKey) Secretless() any {
	k.Secret = ""
	return k
}

// KeysInput asks for a page of keys.
type KeysInput struct {
	page.Query
}

// AuthenticateInput is a secret from a request.
type AuthenticateInput struct {
	Secret string `json:"secret" minLength:"1" maxLength:"500"`
}

// AuthenticateOutput says whose it is.
type AuthenticateOutput struct {
	KeyID  string   `json:"key_id"`
	Scopes []string `json:"scopes"`
}

// Register makes r serve the operations of s.
func Register(r op.Registrar, s Service) {
	registerSignIn(r, s)
	registerPeople(r, s)
	op.Handle(r, OpCreateKey, s.CreateKey)
	op.Handle(r, OpKeys, s.Keys)
	op.Handle(r, OpRevokeKey, s.RevokeKey)
	op.Handle(r, OpAuthenticate, s.Authenticate)
}

// Client is a Service that is somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// CreateKey implements Service.
func (c Client) CreateKey(ctx context.Context, in CreateKeyInput) (NewKey, error) {
	return op.Call(ctx, c.Caller, OpCreateKey, in)
}

// Keys implements Service.
func (c Client) Keys(ctx context.Context, in KeysInput) (page.Page[APIKey], error) {
	return op.Call(ctx, c.Caller, OpKeys, in)
}

// RevokeKey implements Service.
func (c Client) RevokeKey(ctx context.Context, in IDInput) (APIKey, error) {
	return op.Call(ctx, c.Caller, OpRevokeKey, in)
}

// Authenticate implements Service.
func (c Client) Authenticate(ctx context.Context, in AuthenticateInput) (AuthenticateOutput, error) {
	return op.Call(ctx, c.Caller, OpAuthenticate, in)
}
