-- Signing in to apps (OAuth 2). Codes and tokens stand here as their SHA-256 alone.

create table app_redirect_uris (
  app_id text not null references apps (id),
  uri text not null,
  -- 1 when whoever answers there can keep no secret, and proves itself by PKCE alone.
  is_public bigint not null,
  created_at bigint not null,
  primary key (app_id, uri)
);

-- What a person has allowed an app, so as not to ask again.
create table oauth_consents (
  user_id text not null references users (id),
  app_id text not null references apps (id),
  scopes text not null,
  given_at bigint not null,
  primary key (user_id, app_id)
);

-- One signing-in: its code, and the refresh token of the moment.
create table oauth_grants (
  id text primary key,
  app_id text not null references apps (id),
  user_id text not null references users (id),
  scopes text not null,
  redirect_uri text not null,
  is_public bigint not null,
  code_hash bytea not null unique,
  code_challenge text,
  code_expires_at bigint not null,
  code_used_at bigint,
  -- What all its refresh tokens have in common, so that an old one is known when it comes back.
  family_hash bytea unique,
  refresh_hash bytea,
  refresh_expires_at bigint,
  created_at bigint not null,
  -- When the last of its code and tokens ends.
  ends_at bigint not null,
  revoked_at bigint
);
create index oauth_grants_by_user on oauth_grants (user_id, app_id);
create index oauth_grants_by_ends_at on oauth_grants (ends_at, id);

create table oauth_access_tokens (
  token_hash bytea primary key,
  grant_id text not null references oauth_grants (id),
  expires_at bigint not null
);
create index oauth_access_tokens_by_grant on oauth_access_tokens (grant_id, expires_at);
