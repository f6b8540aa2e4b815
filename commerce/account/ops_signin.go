package account

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// SignIn is the part of a Service with which people come in.
type SignIn interface {
	Register(ctx context.Context, in RegisterInput) (Accepted, error)
	VerifyEmail(ctx context.Context, in CodeInput) (op.Nothing, error)
	Login(ctx context.Context, in LoginInput) (SignedIn, error)
	StaffLogin(ctx context.Context, in LoginInput) (StaffSignedIn, error)
	Refresh(ctx context.Context, in RefreshInput) (Grant, error)
	Logout(ctx context.Context, in LogoutInput) (op.Nothing, error)
	LogoutAll(ctx context.Context, in MeInput) (op.Nothing, error)
	Sessions(ctx context.Context, in SessionsInput) (page.Page[Session], error)
	EndSession(ctx context.Context, in IDInput) (op.Nothing, error)
	ForgotPassword(ctx context.Context, in ForgotInput) (Accepted, error)
	StaffForgotPassword(ctx context.Context, in ForgotInput) (Accepted, error)
	ResetPassword(ctx context.Context, in ResetInput) (op.Nothing, error)
	ChangePassword(ctx context.Context, in ChangePasswordInput) (op.Nothing, error)
	ChangeEmail(ctx context.Context, in ChangeEmailInput) (Accepted, error)
	Me(ctx context.Context, in MeInput) (User, error)
	JWKS(ctx context.Context, in MeInput) (JWKS, error)
	Challenge(ctx context.Context, in ChallengeInput) (ChallengeOutput, error)
}

// The operations of signing in.
var (
	OpRegister = op.Op[RegisterInput, Accepted]{Name: "account.register", Access: op.Anyone,
		Doc: "Makes an account and mails a code that proves its address. The answer is the same for an address that has one: the mail tells.", Fails: []*fault.Error{ErrWeakPassword, ErrTooManyAttempts, ErrNoSignIn}}
	OpVerifyEmail = op.Op[CodeInput, op.Nothing]{Name: "account.verify_email", Access: op.Anyone,
		Doc: "Proves an address, of a registration or a new one, with the code of a mail.", Fails: []*fault.Error{ErrCodeInvalid, ErrEmailTaken}}
	OpLogin = op.Op[LoginInput, SignedIn]{Name: "account.login", Access: op.Anyone,
		Doc: "Signs a customer in. Idempotency keys are ignored: no answer with tokens is kept.", Fails: []*fault.Error{ErrBadCredentials, ErrTooManyAttempts, ErrNoSignIn}}
	OpStaffLogin = op.Op[LoginInput, StaffSignedIn]{Name: "account.staff_login", Access: op.Anyone,
		Doc: "Signs a member of the staff in.", Fails: []*fault.Error{ErrBadCredentials, ErrTooManyAttempts, ErrNoSignIn}}
	OpRefresh = op.Op[RefreshInput, Grant]{Name: "account.refresh", Access: op.Anyone,
		Doc: "Gives the next refresh token and another access token. Within 10 seconds the same request gets the same successor; later a used token ends its session.", Fails: []*fault.Error{ErrSignedOut, ErrNoSignIn}}
	OpLogout = op.Op[LogoutInput, op.Nothing]{Name: "account.logout", Access: op.Anyone,
		Doc: "Ends the session of a refresh token, or the caller's own. A repeat does nothing."}
	OpLogoutAll = op.Op[MeInput, op.Nothing]{Name: "account.logout_all", Access: op.Owner,
		Doc: "Ends all sessions of the caller. Access tokens live on for 10 minutes at most.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied}}
	OpSessions = op.Op[SessionsInput, page.Page[Session]]{Name: "account.sessions", Kind: op.Query, Access: op.Owner,
		Doc: "Where the caller is signed in, the newest first.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied}}
	OpEndSession = op.Op[IDInput, op.Nothing]{Name: "account.end_session", Access: op.Owner,
		Doc: "Ends a session of the caller. A repeat does nothing.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied, ErrSessionNotFound}}
	OpForgotPassword = op.Op[ForgotInput, Accepted]{Name: "account.forgot_password", Access: op.Anyone,
		Doc: "Mails a code that sets a password. The answer is the same for an address without account.", Fails: []*fault.Error{ErrTooManyAttempts, ErrNoSignIn}}
	OpStaffForgotPassword = op.Op[ForgotInput, Accepted]{Name: "account.staff_forgot_password", Access: op.Anyone,
		Doc: "Mails a member of the staff a code that sets a password.", Fails: []*fault.Error{ErrTooManyAttempts, ErrNoSignIn}}
	OpResetPassword = op.Op[ResetInput, op.Nothing]{Name: "account.reset_password", Access: op.Anyone,
		Doc: "Sets a password with the code of a mail and ends all sessions.", Fails: []*fault.Error{ErrCodeInvalid, ErrWeakPassword, ErrNoSignIn}}
	OpChangePassword = op.Op[ChangePasswordInput, op.Nothing]{Name: "account.change_password", Access: op.Owner,
		Doc: "Replaces the password of the caller and ends their other sessions.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied, ErrWrongPassword, ErrWeakPassword, ErrTooManyAttempts, ErrNoSignIn}}
	OpChangeEmail = op.Op[ChangeEmailInput, Accepted]{Name: "account.change_email", Access: op.Owner,
		Doc: "Mails a code to another address; it makes that the address of the caller. The one until then is told.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied, ErrWrongPassword, ErrTooManyAttempts, ErrNoSignIn}}
	OpMe = op.Op[MeInput, User]{Name: "account.me", Kind: op.Query, Access: op.Owner,
		Doc: "Who asks.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied}}
	OpJWKS = op.Op[MeInput, JWKS]{Name: "account.jwks", Kind: op.Query, Access: op.Anyone,
		Doc: "The keys with which access tokens can be verified."}
	OpChallenge = op.Op[ChallengeInput, ChallengeOutput]{Name: "account.challenge", Kind: op.Query, Access: op.Inside,
		Doc: "What a mail about an account needs, with its code.", Fails: []*fault.Error{ErrChallengeNotFound}}
)

// RegisterInput is a customer to be.
type RegisterInput struct {
	Email    string `json:"email" format:"email" maxLength:"254"`
	Password string `json:"password" minLength:"8" maxLength:"128"`
	Name     string `json:"name,omitempty" maxLength:"200"`
	Locale   string `json:"locale,omitempty" maxLength:"35" pattern:"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"`
}

// Secretless implements what package idem asks of inputs with secrets.
func (in RegisterInput) Secretless() any {
	in.Password = ""
	return in
}

// Accepted says that something will come by mail, or not.
type Accepted struct{}

// CodeInput is a code from a mail.
type CodeInput struct {
	Code string `json:"code" minLength:"1" maxLength:"100"`
}

// LoginInput is who somebody says they are.
type LoginInput struct {
	Email     string `json:"email" format:"email" maxLength:"254"`
	Password  string `json:"password" minLength:"1" maxLength:"128"`
	Device    string `json:"device,omitempty" maxLength:"100" doc:"What an earlier sign-in on this device has given: others cannot lock it out."`
	Session   string `json:"session,omitempty" enum:"token,cookie" doc:"With cookie, the refresh token comes as a cookie that scripts cannot read."`
	UserAgent string `json:"user_agent,omitempty" header:"User-Agent"`
}

// WantsCookie implements what transports ask of inputs that choose how a secret
// of the answer travels.
func (in LoginInput) WantsCookie() bool { return in.Session == "cookie" }

// Unkeyed implements what package idem asks of inputs whose answers are never
// kept.
func (LoginInput) Unkeyed() {}

// Grant is what a session gives.
type Grant struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"` // "Bearer"
	ExpiresIn    int    `json:"expires_in" doc:"Of the access token, in seconds."`
	RefreshToken string `json:"refresh_token" cookie:"__Host-mercer-refresh" doc:"For one use. It ends with its session. Empty when it comes as a cookie."`
	SessionID    string `json:"session_id"`
}

// SignedIn is a customer who has come in.
type SignedIn struct {
	Grant
	Device   string `json:"device" doc:"To be kept on this device and shown with the next sign-in."`
	Customer User   `json:"customer"`
}

// StaffSignedIn is a member of the staff who has come in.
type StaffSignedIn struct {
	Grant
	Device string `json:"device" doc:"To be kept on this device and shown with the next sign-in."`
	Staff  User   `json:"staff"`
}

// RefreshInput is a refresh token. Transports that know cookies take it from
// there when it is absent.
type RefreshInput struct {
	RefreshToken string `json:"refresh_token,omitempty" cookie:"__Host-mercer-refresh" maxLength:"200"`
}

// Unkeyed implements what package idem asks of inputs whose answers are never
// kept.
func (RefreshInput) Unkeyed() {}

// LogoutInput says which session ends: that of a refresh token, or else the
// caller's own.
type LogoutInput struct {
	RefreshToken string `json:"refresh_token,omitempty" cookie:"__Host-mercer-refresh" maxLength:"200"`
}

// MeInput asks about the caller.
type MeInput struct{}

// SessionsInput asks for a page of sessions.
type SessionsInput struct {
	page.Query
}

// ForgotInput names an account by its address.
type ForgotInput struct {
	Email string `json:"email" format:"email" maxLength:"254"`
}

// ResetInput sets a password.
type ResetInput struct {
	Code     string `json:"code" minLength:"1" maxLength:"100"`
	Password string `json:"password" minLength:"8" maxLength:"128"`
}

// Secretless implements what package idem asks of inputs with secrets.
func (in ResetInput) Secretless() any {
	in.Password = ""
	return in
}

// ChangePasswordInput replaces a password.
type ChangePasswordInput struct {
	CurrentPassword string `json:"current_password" minLength:"1" maxLength:"128"`
	Password        string `json:"password" minLength:"8" maxLength:"128"`
}

// Secretless implements what package idem asks of inputs with secrets.
func (in ChangePasswordInput) Secretless() any {
	in.CurrentPassword, in.Password = "", ""
	return in
}

// ChangeEmailInput asks for another address.
type ChangeEmailInput struct {
	Email    string `json:"email" format:"email" maxLength:"254"`
	Password string `json:"password" minLength:"1" maxLength:"128"`
}

// Secretless implements what package idem asks of inputs with secrets.
func (in ChangeEmailInput) Secretless() any {
	in.Password = ""
	return in
}

// ChallengeInput names a challenge.
type ChallengeInput struct {
	ID string `json:"id" minLength:"1" maxLength:"64"`
}

// ChallengeOutput is whom to write to about an account, and the code to send.
type ChallengeOutput struct {
	ID        string        `json:"id"`
	Kind      ChallengeKind `json:"kind"`
	UserID    string        `json:"user_id"`
	UserKind  Kind          `json:"user_kind"`
	Email     string        `json:"email"`
	OldEmail  string        `json:"old_email"` // until now, when Email is a new one
	Name      string        `json:"name"`
	Locale    string        `json:"locale"`
	Code      string        `json:"code"`       // "" when there is none
	ExpiresAt *time.Time    `json:"expires_at"` // of the code
}

func registerSignIn(r op.Registrar, s SignIn) {
	op.Handle(r, OpRegister, s.Register)
	op.Handle(r, OpVerifyEmail, s.VerifyEmail)
	op.Handle(r, OpLogin, s.Login)
	op.Handle(r, OpStaffLogin, s.StaffLogin)
	op.Handle(r, OpRefresh, s.Refresh)
	op.Handle(r, OpLogout, s.Logout)
	op.Handle(r, OpLogoutAll, s.LogoutAll)
	op.Handle(r, OpSessions, s.Sessions)
	op.Handle(r, OpEndSession, s.EndSession)
	op.Handle(r, OpForgotPassword, s.ForgotPassword)
	op.Handle(r, OpStaffForgotPassword, s.StaffForgotPassword)
	op.Handle(r, OpResetPassword, s.ResetPassword)
	op.Handle(r, OpChangePassword, s.ChangePassword)
	op.Handle(r, OpChangeEmail, s.ChangeEmail)
	op.Handle(r, OpMe, s.Me)
	op.Handle(r, OpJWKS, s.JWKS)
	op.Handle(r, OpChallenge, s.Challenge)
}
