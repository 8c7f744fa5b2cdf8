-- The outbox: work that a transaction wants done after its commit.
--
-- state: `ready` may be taken when due; `behind` waits for an earlier job of its ordering key; `dead` is
-- kept and shown, and not tried until someone asks for it.
-- due_at: when a job may be taken. While a runner holds it, that is when the hold ends, so that a job
-- whose runner died comes up again by itself.

create table jobs (
  id text primary key,
  kind text not null,
  payload text not null,
  ordering_key text,
  place bigint not null,
  state text not null,
  due_at bigint not null,
  attempts bigint not null,
  lease_id text,
  last_error text,
  created_at bigint not null
);
create index jobs_by_state_due_at on jobs (state, due_at, id);
create unique index jobs_by_ordering_key on jobs (ordering_key, place)
  where ordering_key is not null;
create index jobs_by_ordering_key_state on jobs (ordering_key, state, place)
  where ordering_key is not null;
