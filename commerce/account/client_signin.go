package account

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Register implements Service.
func (c Client) Register(ctx context.Context, in RegisterInput) (Accepted, error) {
	return op.Call(ctx, c.Caller, OpRegister, in)
}

// VerifyEmail implements Service.
func (c Client) VerifyEmail(ctx context.Context, in CodeInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpVerifyEmail, in)
}

// Login implements Service.
func (c Client) Login(ctx context.Context, in LoginInput) (SignedIn, error) {
	return op.Call(ctx, c.Caller, OpLogin, in)
}

// StaffLogin implements Service.
func (c Client) StaffLogin(ctx context.Context, in LoginInput) (StaffSignedIn, error) {
	return op.Call(ctx, c.Caller, OpStaffLogin, in)
}

// Refresh implements Service.
func (c Client) Refresh(ctx context.Context, in RefreshInput) (Grant, error) {
	return op.Call(ctx, c.Caller, OpRefresh, in)
}

// Logout implements Service.
func (c Client) Logout(ctx context.Context, in LogoutInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpLogout, in)
}

// LogoutAll implements Service.
func (c Client) LogoutAll(ctx context.Context, in MeInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpLogoutAll, in)
}

// Sessions implements Service.
func (c Client) Sessions(ctx context.Context, in SessionsInput) (page.Page[Session], error) {
	return op.Call(ctx, c.Caller, OpSessions, in)
}

// EndSession implements Service.
func (c Client) EndSession(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpEndSession, in)
}

// ForgotPassword implements Service.
func (c Client) ForgotPassword(ctx context.Context, in ForgotInput) (Accepted, error) {
	return op.Call(ctx, c.Caller, OpForgotPassword, in)
}

// StaffForgotPassword implements Service.
func (c Client) StaffForgotPassword(ctx context.Context, in ForgotInput) (Accepted, error) {
	return op.Call(ctx, c.Caller, OpStaffForgotPassword, in)
}

// ResetPassword implements Service.
func (c Client) ResetPassword(ctx context.Context, in ResetInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpResetPassword, in)
}

// ChangePassword implements Service.
func (c Client) ChangePassword(ctx context.Context, in ChangePasswordInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpChangePassword, in)
}

// ChangeEmail implements Service.
func (c Client) ChangeEmail(ctx context.Context, in ChangeEmailInput) (Accepted, error) {
	return op.Call(ctx, c.Caller, OpChangeEmail, in)
}

// Me implements Service.
func (c Client) Me(ctx context.Context, in MeInput) (User, error) {
	return op.Call(ctx, c.Caller, OpMe, in)
}

// JWKS implements Service.
func (c Client) JWKS(ctx context.Context, in MeInput) (JWKS, error) {
	return op.Call(ctx, c.Caller, OpJWKS, in)
}

// Challenge implements Service.
func (c Client) Challenge(ctx context.Context, in ChallengeInput) (ChallengeOutput, error) {
	return op.Call(ctx, c.Caller, OpChallenge, in)
}
