-- How people sign in. The address itself stands in users.email; accounts make it unique.

create table accounts (
  user_id text primary key references users (id),
  -- The address without case: no two accounts share one.
  email_key text not null unique,
  email_confirmed_at bigint not null,
  -- A PHC string of Argon2id.
  password_hash text not null,
  password_changed_at bigint not null,
  -- Null while signing in takes one step.
  totp_secret bytea,
  -- The step whose code was used last; codes of it and of earlier ones count no more.
  totp_last_step bigint not null,
  -- What was shown to be scanned and not yet proved.
  totp_offered_secret bytea,
  created_at bigint not null
);

create table recovery_codes (
  user_id text not null references accounts (user_id),
  code_hash bytea not null,
  primary key (user_id, code_hash)
);

create table sessions (
  id text primary key,
  -- SHA-256 of what the cookie holds.
  token_hash bytea not null unique,
  user_id text not null references users (id),
  -- What the browser called itself, and where it was, at sign-in.
  agent text not null,
  address text not null,
  created_at bigint not null,
  last_seen_at bigint not null,
  expires_at bigint not null
);
create index sessions_by_user on sessions (user_id, last_seen_at, id);
create index sessions_by_expires_at on sessions (expires_at);

-- Links in letters, and the pass from the first step of signing in to the second: each counts once.
create table one_time_tokens (
  -- SHA-256 of the token.
  token_hash bytea primary key,
  kind text not null,
  -- Null where there is no account yet.
  user_id text references users (id),
  email text not null,
  details text not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index one_time_tokens_by_user on one_time_tokens (user_id, kind);
create index one_time_tokens_by_expires_at on one_time_tokens (expires_at);

-- Who tried what how often: when the tries so far will have been forgotten.
create table throttles (
  name text primary key,
  empty_at bigint not null
);
create index throttles_by_empty_at on throttles (empty_at);
