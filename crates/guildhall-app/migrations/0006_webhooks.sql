-- Webhooks: who hears of what happens, what happened, and what became of telling it.
--
-- An event and all that hangs on it is removed 30 days after it happened.

create table webhooks (
  id text primary key,
  -- The company it is managed in: its own, or the one that owns its app.
  company_id text not null references companies (id),
  -- Set when it hears of every company that installed this app.
  app_id text references apps (id),
  url text not null,
  api_version text not null,
  -- Words with spaces between.
  events text not null,
  secret text not null,
  enabled bigint not null,
  -- Why it was switched off, when its receiver asked for that.
  disabled_reason text,
  created_at bigint not null,
  deleted_at bigint
);
create index webhooks_by_company on webhooks (company_id, id);
create index webhooks_by_app on webhooks (app_id, id);

create table webhook_events (
  id text primary key,
  -- Without `app_`, even when apps hear of it.
  event text not null,
  company_id text not null references companies (id),
  subject_id text not null,
  subject text not null,
  created_at bigint not null
);
create index webhook_events_by_created_at on webhook_events (created_at, id);

-- One event on its way to one webhook.
-- state: `waiting` as long as its job is there and not dead; `delivered`; `failed` when its receiver is gone;
-- `dropped` when the webhook was switched off meanwhile.
create table webhook_deliveries (
  id text primary key,
  webhook_id text not null references webhooks (id),
  event_id text not null references webhook_events (id),
  job_id text not null,
  state text not null,
  created_at bigint not null,
  updated_at bigint not null,
  unique (webhook_id, event_id)
);
create index webhook_deliveries_by_event on webhook_deliveries (event_id, id);
create index webhook_deliveries_by_state on webhook_deliveries (state, id);

-- One try. Without a duration it is under way, or was cut off.
create table webhook_attempts (
  delivery_id text not null references webhook_deliveries (id),
  number bigint not null,
  url text not null,
  began_at bigint not null,
  duration_ms bigint,
  status bigint,
  answer text,
  error text,
  primary key (delivery_id, number)
);
