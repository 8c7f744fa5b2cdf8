-- Hosts know no upper case: an app is found by its id in small letters.
create unique index apps_by_host on apps (lower(id));

-- What a page of the hub hands to an app's origin, to be traded for a session there; each counts once.
create table app_tickets (
  -- SHA-256 of the ticket.
  ticket_hash bytea primary key,
  app_id text not null references apps (id),
  session_id text not null references sessions (id) on delete cascade,
  expires_at bigint not null
);
create index app_tickets_by_session on app_tickets (session_id);
create index app_tickets_by_expires_at on app_tickets (expires_at);

-- A signed-in browser on the origin of one app; it ends with the session that it comes from.
create table app_sessions (
  -- SHA-256 of what the cookie holds.
  token_hash bytea primary key,
  app_id text not null references apps (id),
  session_id text not null references sessions (id) on delete cascade,
  created_at bigint not null,
  expires_at bigint not null
);
create index app_sessions_by_session on app_sessions (session_id);
create index app_sessions_by_expires_at on app_sessions (expires_at);
