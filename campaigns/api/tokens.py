"""How programs sign in: `Authorization: Token <key>`."""

from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from campaigns import clock
from campaigns.models import ApiToken, User
from campaigns.models.tokens import digest_of


class HashedTokens(TokenAuthentication):
    """Find the token by its hash. It must not have ended, and its user must be active."""

    def authenticate_credentials(self, key: str) -> tuple[User, ApiToken]:
        """Return user and token. Raises `AuthenticationFailed` (401) with a sentence."""
        token = ApiToken.objects.select_related("user").filter(digest=digest_of(key)).first()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed("This token is not known.")
        if token.expires_at <= clock.now():
            raise AuthenticationFailed(f"This token ended on {token.expires_at:%d %b %Y}; make a new one.")
        return token.user, token
